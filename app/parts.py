"""The list of parts: which blueprints the application is made of. Read it and you know the product."""

from __future__ import annotations

from flask import Flask

from accounts.web import forgotten, invitation, login
from admin import SCREENS
from app import media_views
from app.config import Config
from consignment.web import counter, points
from storefront.web import browse, pages

PARTS = [
    browse.blueprint,
    pages.blueprint,
    points.blueprint,
    counter.blueprint,
    login.blueprint,
    forgotten.blueprint,
    invitation.blueprint,
    media_views.blueprint,
    *SCREENS,
]


def register(app: Flask, config: Config) -> None:
    """Open the doors of all parts."""
    login.init_sign_in(app, redis_url=config.redis_url)
    for blueprint in PARTS:
        app.register_blueprint(blueprint)
