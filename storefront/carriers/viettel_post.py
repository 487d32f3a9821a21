"""Viettel Post, by addresses in words (``createOrderNlp``).

Sources: https://partner2.viettelpost.vn/document (Tạo đơn, Token, Webhook): the token stands in a header; an answer
with ``error`` true is a refusal, even with HTTP 200; addresses have at most 150 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.carriers import Heard, Refused, Request, Shipment, WithoutSigningIn, text_of
from storefront.order_models import ParcelState

API = "https://partner.viettelpost.vn"
COLLECT_NOTHING, COLLECT_GOODS = 1, 3  #: the cash has the shipping in it: 2 would let the buyer pay that twice
GOODS = "HH"
MOST_BYTES = 150
STATES = {
    **dict.fromkeys(("105", "200"), ParcelState.PICKED_UP),
    **dict.fromkeys(("300", "301", "302", "303", "400", "401", "402", "403"), ParcelState.IN_TRANSIT),
    **dict.fromkeys(("500", "508", "509", "550"), ParcelState.IN_TRANSIT),
    "501": ParcelState.DELIVERED,
    **dict.fromkeys(("505", "506", "507"), ParcelState.FAILED),
    **dict.fromkeys(("502", "515"), ParcelState.RETURNING),
    "504": ParcelState.RETURNED,
}


@dataclass(frozen=True)
class ViettelPost(WithoutSigningIn):
    """Viettel Post with the customer's token and the code of the service that was agreed."""

    service: str = "VCN"
    api: str = API
    key: str = "viettel_post"

    def booking(self, shipment: Shipment, token: str) -> Request:
        """Tell of a parcel; ``CHECK_UNIQUE`` lets the same number be one parcel."""
        pick, to = shipment.sender, shipment.receiver
        for address in (pick.whole, to.whole):
            if len(address.encode()) > MOST_BYTES:
                raise Refused(f"an address has more than {MOST_BYTES} bytes: {address}")
        return Request(
            url=f"{self.api}/v2/order/createOrderNlp",
            headers={"Token": self.token},
            body={
                "ORDER_NUMBER": shipment.number,
                "SENDER_FULLNAME": pick.name,
                "SENDER_ADDRESS": pick.whole,
                "SENDER_PHONE": pick.phone,
                "RECEIVER_FULLNAME": to.name,
                "RECEIVER_ADDRESS": to.whole,
                "RECEIVER_PHONE": to.phone,
                "PRODUCT_NAME": shipment.content[:MOST_BYTES],
                "PRODUCT_DESCRIPTION": "",
                "PRODUCT_QUANTITY": sum(piece.quantity for piece in shipment.pieces),
                "PRODUCT_PRICE": shipment.worth_vnd,
                "PRODUCT_WEIGHT": shipment.weight_g,
                "PRODUCT_LENGTH": 0,
                "PRODUCT_WIDTH": 0,
                "PRODUCT_HEIGHT": 0,
                "PRODUCT_TYPE": GOODS,
                "ORDER_PAYMENT": COLLECT_GOODS if shipment.cash_vnd else COLLECT_NOTHING,
                "ORDER_SERVICE": self.service,
                "ORDER_SERVICE_ADD": "",
                "ORDER_NOTE": shipment.note[:MOST_BYTES],
                "MONEY_COLLECTION": shipment.cash_vnd,
                "CHECK_UNIQUE": True,
                "LIST_ITEM": [
                    {
                        "PRODUCT_NAME": piece.name,
                        "PRODUCT_QUANTITY": piece.quantity,
                        "PRODUCT_PRICE": piece.price_vnd,
                        "PRODUCT_WEIGHT": piece.weight_g,
                    }
                    for piece in shipment.pieces
                ],
            },
        )

    def read_booking(self, answer: Mapping[str, Any]) -> str:
        """Take the code out of ``data.ORDER_NUMBER``."""
        code = text_of(answer, "data", "ORDER_NUMBER")
        if text_of(answer, "status") != "200" or answer.get("error") is True or not code:
            raise Refused(text_of(answer, "message") or "no ORDER_NUMBER")
        return code


def read_notice(told: Mapping[str, Any]) -> list[Heard]:
    """Read a callback: ``DATA.ORDER_NUMBER``, ``DATA.ORDER_STATUS``, ``DATA.STATUS_NAME``."""
    code, status = text_of(told, "DATA", "ORDER_NUMBER"), text_of(told, "DATA", "ORDER_STATUS")
    words = text_of(told, "DATA", "STATUS_NAME")
    if not code or not status:
        return []
    return [Heard(code, STATES.get(status), f"Viettel Post: {status}" + (f" – {words}" if words else ""))]
