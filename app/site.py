"""What every page knows of the shop it belongs to, and the probes of those who run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from accounts.web.guard import current_actor, public
from admin.navigation import navigation_for
from app.config import Config
from kernel.db import db, ping
from storefront import texts

probes = Blueprint("probes", __name__)


@dataclass(frozen=True)
class Site:
    """The shop's name and who answers for it."""

    name: str
    owner: str
    phone: str | None
    email: str | None
    is_demo: bool


@probes.get("/healthz")
@public
def alive() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@probes.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Say whether the database answers too."""
    try:
        ping()
    except SQLAlchemyError:
        db.session.rollback()
        return jsonify(status="database does not answer"), 503
    return jsonify(status="ok"), 200


def init_site(app: Flask, config: Config) -> None:
    """Give every template ``site``, ``actor`` and ``navigation``."""
    app.register_blueprint(probes)

    @app.context_processor
    def _site() -> dict[str, Any]:
        site = Site(
            name=gettext("OCOP Ba Tơ"),
            owner=gettext("OCOP programme office, Ba Tơ, Quảng Ngãi"),
            phone=None,
            email="office@demo.example" if not config.is_production else None,
            is_demo=not config.is_production,
        )
        legal_pages = [
            (gettext(title), f"/chinh-sach/{name}") for name, title in texts.NAMES.items() if name != texts.ABOUT
        ]
        shared = {"site": site, "legal_pages": legal_pages}
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "access", "public") in ("public", "person"):
            return {**shared, "actor": None, "navigation": []}  # shared pages know nobody; buyers have no office
        actor = current_actor()
        return {**shared, "actor": actor, "navigation": navigation_for(actor, request.path)}
