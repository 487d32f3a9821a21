"""Today's work: what waits for the person who signed in."""

from __future__ import annotations

from flask import Blueprint, render_template

from accounts.actor import Permission
from accounts.web.guard import requires

blueprint = Blueprint("dashboard", __name__, url_prefix="/quan-tri")


@blueprint.get("")
@requires(Permission.USE_BACK_OFFICE)
def show() -> str:
    """Show the start page of the back office."""
    return render_template("admin/dashboard/show.html", tasks=[])
