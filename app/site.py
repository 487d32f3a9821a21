"""What every page knows of the shop it belongs to, and the probes of those who run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from accounts.web.guard import current_actor, public
from admin.navigation import navigation_for
from app.config import Config
from app.i18n import current_language
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

    app.jinja_env.globals["drawn_once"] = _DrawnOnce(app)
    sites: dict[str, Site] = {}

    def site() -> Site:
        language = current_language()
        if language not in sites:
            sites[language] = Site(
                name=gettext("OCOP Ba Tơ"),
                owner=gettext("OCOP programme office, Ba Tơ, Quảng Ngãi"),
                phone=None,
                email="office@demo.example" if not config.is_production else None,
                is_demo=not config.is_production,
            )
        return sites[language]

    def legal_pages() -> list[tuple[str, str]]:
        return [(gettext(title), f"/chinh-sach/{name}") for name, title in texts.NAMES.items() if name != texts.ABOUT]

    @app.context_processor
    def _site() -> dict[str, Any]:
        shared = {"site": site(), "legal_pages": legal_pages}
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "access", "public") in ("public", "person"):
            return {**shared, "actor": None, "navigation": []}  # shared pages know nobody; buyers have no office
        actor = current_actor()
        return {**shared, "actor": actor, "navigation": navigation_for(actor, request.path)}


class _DrawnOnce:
    """``{% call drawn_once("foot", lang) %}…{% endcall %}``: what is the same on every page is drawn once for each key.

    The key says all that the part depends on; there are few of each. While templates are written, nothing is kept.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._parts: dict[tuple[str, ...], Markup] = {}

    def __call__(self, *key: str, caller: Callable[[], Markup]) -> Markup:
        part = self._parts.get(key)
        if part is None or self._app.debug:
            part = self._parts[key] = caller()
        return part
