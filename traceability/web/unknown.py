"""What is said where nothing is on record under a code: to compare it, the address that is right, a way to report."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import current_app, render_template

#: Where somebody reports a code under which nothing is on record; what they typed follows.
PAGE = "/truy-xuat/phan-anh"
LONGEST = 60  #: signs that are shown, and kept, of a code that is not there


def page(typed: str, report_path: str | None = None) -> tuple[str, int]:
    """Render the page; status 404."""
    shown = typed[:LONGEST]
    path = report_path or f"{PAGE}?{urlencode({'ma': shown})}"
    return render_template("traceability/look_up/unknown.html", typed=shown, host=host(), report_path=path), 404


def host() -> str:
    """The host under which pages of the programme stand: copies of them stand elsewhere."""
    return str(urlsplit(current_app.config["OCOP"].base_url).netloc)
