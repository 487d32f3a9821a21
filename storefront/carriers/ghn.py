"""Giao Hàng Nhanh (GHN). It fetches parcels at the address of the shop whose id is set.

Sources: https://api.ghn.vn/home/docs/detail?id=123 (Create Order), ?id=47 (Order Status Callback), ?id=48 (statuses);
two-level addresses by ``is_new_to_address``: https://developer.ghn.vn (Create Order).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.carriers import Heard, Refused, Request, Shipment, WithoutSigningIn, text_of
from storefront.order_models import ParcelState

API = "https://online-gateway.ghn.vn"
SENDER_PAYS, LIGHT_GOODS = 1, 2
LOOK_BUT_DO_NOT_TRY = "CHOXEMHANGKHONGTHU"
#: Nobody measures a parcel here; GHN weighs and measures it anyway.
USUAL_CM = {"length": 20, "width": 15, "height": 10}
STATES = {
    "picked": ParcelState.PICKED_UP,
    "storing": ParcelState.IN_TRANSIT,
    "transporting": ParcelState.IN_TRANSIT,
    "sorting": ParcelState.IN_TRANSIT,
    "delivering": ParcelState.IN_TRANSIT,
    "money_collect_delivering": ParcelState.IN_TRANSIT,
    "delivered": ParcelState.DELIVERED,
    "delivery_fail": ParcelState.FAILED,
    "waiting_to_return": ParcelState.FAILED,
    "return": ParcelState.RETURNING,
    "return_transporting": ParcelState.RETURNING,
    "return_sorting": ParcelState.RETURNING,
    "returning": ParcelState.RETURNING,
    "returned": ParcelState.RETURNED,
}


@dataclass(frozen=True)
class Ghn(WithoutSigningIn):
    """GHN with the shop's id and token."""

    shop_id: str = ""
    api: str = API
    key: str = "ghn"

    def booking(self, shipment: Shipment, token: str) -> Request:
        """Tell of a parcel; GHN answers the same ``client_order_code`` with the same parcel."""
        to = shipment.receiver
        return Request(
            url=f"{self.api}/shiip/public-api/v2/shipping-order/create",
            headers={"Token": self.token, "ShopId": self.shop_id},
            body={
                "client_order_code": shipment.number,
                "payment_type_id": SENDER_PAYS,
                "service_type_id": LIGHT_GOODS,
                "required_note": LOOK_BUT_DO_NOT_TRY,
                "note": shipment.note,
                "to_name": to.name,
                "to_phone": to.phone,
                "to_address": to.whole,
                "to_ward_name": to.commune,
                "to_province_name": to.province,
                "is_new_to_address": True,
                "cod_amount": shipment.cash_vnd,
                "insurance_value": min(shipment.worth_vnd, 5_000_000),
                "content": shipment.content,
                "weight": shipment.weight_g,
                **USUAL_CM,
                "items": [
                    {
                        "name": piece.name,
                        "quantity": piece.quantity,
                        "price": piece.price_vnd,
                        "weight": piece.weight_g,
                    }
                    for piece in shipment.pieces
                ],
            },
        )

    def read_booking(self, answer: Mapping[str, Any]) -> str:
        """Take the code out of ``data.order_code``."""
        code = text_of(answer, "data", "order_code")
        if text_of(answer, "code") != "200" or not code:
            raise Refused(text_of(answer, "message") or "no order_code")
        return code


def read_notice(told: Mapping[str, Any]) -> list[Heard]:
    """Read a callback: ``OrderCode``, ``Status``, ``Reason``."""
    code, status, reason = text_of(told, "OrderCode"), text_of(told, "Status"), text_of(told, "Reason")
    if not code or not status:
        return []
    return [Heard(code, STATES.get(status), f"GHN: {status}" + (f" – {reason}" if reason else ""))]
