"""Where services tell of money: card payments by a signed notice, transfers by one with a secret.

A notice is checked, put into the inbox once, and answered; what it means is worked out after, from the truth.
"""

from __future__ import annotations

import contextlib

from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy.exc import IntegrityError

from accounts.web.guard import public
from kernel import clock
from kernel.db import transaction
from kernel.errors import NotFound
from storefront import cards, gateways, transfers
from storefront.gateways import bank_notices

blueprint = Blueprint("notices", __name__, url_prefix="/webhooks")

MOST_BYTES = 2**20


@blueprint.post("/stripe")
@public
def stripe() -> Response:
    """Take a notice of the provider of card payments."""
    provider = gateways.cards()
    if provider is None:
        raise NotFound()
    now = clock.now()
    request.max_content_length = MOST_BYTES
    notice = provider.read_notice(request.get_data(), request.headers.get("Stripe-Signature", ""), now=now)
    try:
        with transaction():
            is_new = cards.heard(provider.name, notice, now=now)
    except IntegrityError:  # the same notice, at the same time
        is_new = False
    return jsonify(received=True, new=is_new)


@blueprint.post("/bank")
@public
def bank() -> Response:
    """Take a notice of a service that watches bank accounts."""
    secret = current_app.config["OCOP"].bank_notice_secret
    if secret is None:
        raise NotFound()
    now = clock.now()
    request.max_content_length = MOST_BYTES
    bank_notices.check_secret(request.headers.get("Authorization", ""), request.headers.get("Secure-Token", ""), secret)
    for told in bank_notices.read(request.get_data()):
        with contextlib.suppress(IntegrityError), transaction():  # the same notice, at the same time
            transfers.hear(told, now=now)
    return jsonify(success=True)
