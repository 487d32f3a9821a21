"""What carriers tell of parcels, each time one moves on. The secret in the address says that it is them."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import gettext

from accounts.web.guard import public
from kernel import clock
from kernel.db import transaction
from storefront.carriers import booking

blueprint = Blueprint("carrier_notices", __name__, url_prefix="/van-chuyen")

MOST_BYTES = 200_000


@blueprint.post("/<carrier>")
@public
def take(carrier: str) -> tuple[Response, int]:
    """Write down what a carrier tells. 404 for a parcel that we do not have (yet): carriers tell again then."""
    secret = current_app.config["OCOP"].carrier_notice_secret
    read = booking.READERS.get(carrier)
    if (
        secret is None
        or read is None
        or not hmac.compare_digest(request.args.get("hash", "").encode(), secret.encode())
    ):
        return _answer(gettext("There is no such page."), 404)
    if (request.content_length or 0) > MOST_BYTES:
        return _answer(gettext("This is too long."), 413)
    told: Any = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    heard = read(told) if isinstance(told, dict) else []
    if not heard:
        return _answer(gettext("This does not tell of a parcel."), 400)
    now = clock.now()
    with transaction():
        known = [booking.hear(carrier, one, now=now) for one in heard]
    if not any(known):
        return _answer(gettext("There is no such parcel."), 404)
    return _answer("", 200)


def _answer(sentence: str, status: int) -> tuple[Response, int]:
    return jsonify({"success": status == 200, "message": sentence}), status
