"""The list of parts: which blueprints the application is made of. Read it and you know the product."""

from __future__ import annotations

from flask import Flask

from accounts.web import forgotten, invitation, login
from admin import SCREENS
from app import log_views, media_views
from app.config import Config
from consignment.web import counter, points
from ocop.web import register as certificate_register
from storefront.web import (
    account,
    browse,
    carrier_notices,
    cart,
    changes,
    checkout,
    complaints,
    notices,
    orders,
    pages,
    returns,
    reviews,
    sign_up,
    stock_notices,
)
from traceability.web import (
    batch_events,
    batch_page,
    epcis,
    known_lot,
    known_lot_files,
    look_up,
    passport,
    resolver,
)
from traceability.web import packs as pack_page

PARTS = [
    browse.blueprint,
    pages.blueprint,
    carrier_notices.blueprint,
    notices.blueprint,
    reviews.blueprint,
    complaints.blueprint,
    returns.blueprint,
    cart.blueprint,
    checkout.blueprint,
    orders.blueprint,
    changes.blueprint,
    account.blueprint,
    sign_up.blueprint,
    stock_notices.blueprint,
    points.blueprint,
    counter.blueprint,
    login.blueprint,
    forgotten.blueprint,
    invitation.blueprint,
    media_views.blueprint,
    log_views.blueprint,
    certificate_register.blueprint,
    batch_page.blueprint,
    passport.blueprint,
    batch_events.blueprint,
    epcis.blueprint,
    resolver.blueprint,
    look_up.blueprint,
    known_lot.blueprint,
    known_lot_files.blueprint,
    pack_page.blueprint,
    *SCREENS,
]


def register(app: Flask, config: Config) -> None:
    """Open the doors of all parts."""
    login.init_sign_in(app, redis_url=config.redis_url)
    for blueprint in PARTS:
        app.register_blueprint(blueprint)
    # Reads a photo and changes nothing: its form is on a page that is the same for everybody, without a token.
    app.extensions["csrf"].exempt(look_up.by_photo)
    # The button stands on shared pages too; the view looks at where the form came from.
    app.extensions["csrf"].exempt(cart.add)
    # Carriers come with a secret in the address, which no page of others knows.
    app.extensions["csrf"].exempt(carrier_notices.blueprint)
    # Programs come with a key in a header, which no page of others can make a browser send.
    app.extensions["csrf"].exempt(epcis.blueprint)
    # Services that tell of money sign what they send, or come with a secret.
    app.extensions["csrf"].exempt(notices.blueprint)
