"""Giao Hàng Tiết Kiệm (GHTK).

Sources: https://api.ghtk.vn/en/docs/submit-order/submit-order-express, https://api.ghtk.vn/en/docs/submit-order/webhook.
Its pages still name a district, which addresses no longer have; an order it refuses for that is told of at its counter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.carriers import Heard, Refused, Request, Shipment, WithoutSigningIn, text_of
from storefront.order_models import ParcelState

API = "https://services.giaohangtietkiem.vn"
NO_OTHER_HAMLET = "Khác"  #: what its pages ask for where the hamlet stands in the address
STATES = {
    "3": ParcelState.PICKED_UP,
    "4": ParcelState.IN_TRANSIT,
    "10": ParcelState.IN_TRANSIT,
    "5": ParcelState.DELIVERED,
    "6": ParcelState.DELIVERED,
    "9": ParcelState.FAILED,
    "20": ParcelState.RETURNING,
    "21": ParcelState.RETURNED,
    "11": ParcelState.RETURNED,
}


@dataclass(frozen=True)
class Ghtk(WithoutSigningIn):
    """GHTK with the shop's token and code."""

    partner_code: str = ""
    api: str = API
    key: str = "ghtk"

    def booking(self, shipment: Shipment, token: str) -> Request:
        """Tell of a parcel; weights of goods are in kilograms."""
        pick, to = shipment.sender, shipment.receiver
        return Request(
            url=f"{self.api}/services/shipment/order/?ver=1.5",
            headers={"Token": self.token, "X-Client-Source": self.partner_code},
            body={
                "products": [
                    {
                        "name": piece.name,
                        "weight": round(piece.weight_g / 1_000, 3),
                        "quantity": piece.quantity,
                    }
                    for piece in shipment.pieces
                ],
                "order": {
                    "id": shipment.number,
                    "pick_name": pick.name,
                    "pick_address": pick.line or pick.commune,
                    "pick_province": pick.province,
                    "pick_ward": pick.commune,
                    "pick_tel": pick.phone,
                    "name": to.name,
                    "tel": to.phone,
                    "address": to.line,
                    "province": to.province,
                    "ward": to.commune,
                    "hamlet": NO_OTHER_HAMLET,
                    "is_freeship": "1",
                    "pick_money": shipment.cash_vnd,
                    "value": shipment.worth_vnd,
                    "note": shipment.note[:120],
                },
            },
        )

    def read_booking(self, answer: Mapping[str, Any]) -> str:
        """Take the code out of ``order.label``."""
        code = text_of(answer, "order", "label")
        if answer.get("success") is not True or not code:
            raise Refused(text_of(answer, "message") or "no label")
        return code


def read_notice(told: Mapping[str, Any]) -> list[Heard]:
    """Read a callback: ``label_id``, ``status_id``, ``reason``."""
    code, status, reason = text_of(told, "label_id"), text_of(told, "status_id"), text_of(told, "reason")
    if not code or not status:
        return []
    return [Heard(code, STATES.get(status), f"GHTK: {status}" + (f" – {reason}" if reason else ""))]
