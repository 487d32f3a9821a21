"""Vietnam Post (VNPost), by MyVNPost.

Source: https://my-uat.vnpost.vn/static/ (GetAccessToken, CreateOrder, Webhook): a token is asked for first and stands
in a header; cash on delivery is the additional service ``GTG021`` with the property ``PROP0018``; of an address with
two levels the district's code is "VNPOST". What its status codes mean is not published alike everywhere: they are kept
as notes, and a person moves the parcel on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storefront.carriers import Heard, Refused, Request, Shipment, text_of

API = "https://connect-my.vnpost.vn"
FOR_REAL = 1
NO_DISTRICT = "VNPOST"
CASH, AMOUNT_OF_IT = "GTG021", "PROP0018"


@dataclass(frozen=True)
class VnPost:
    """VNPost with a customer's account and the code of the service that was agreed."""

    username: str
    password: str = field(repr=False)
    customer_code: str
    service: str
    api: str = API
    key: str = "vnpost"

    def sign_in(self) -> Request | None:
        """Ask for a token."""
        return Request(
            url=f"{self.api}/customer-partner/GetAccessToken",
            headers={},
            body={"username": self.username, "password": self.password, "customerCode": self.customer_code},
        )

    def read_token(self, answer: Mapping[str, Any]) -> str:
        """Take the token out of the answer."""
        token = text_of(answer, "token")
        if not token:
            raise Refused(text_of(answer, "message") or "no token")
        return token

    def booking(self, shipment: Shipment, token: str) -> Request:
        """Tell of a parcel."""
        pick, to = shipment.sender, shipment.receiver
        cash = [{"code": CASH, "propValue": f"{AMOUNT_OF_IT}:{shipment.cash_vnd}"}] if shipment.cash_vnd else []
        return Request(
            url=f"{self.api}/customer-partner/CreateOrder",
            headers={"token": token},
            body={
                "orderCreationStatus": FOR_REAL,
                "type": "GUI",
                "customerCode": self.customer_code,
                "contractCode": "",
                "informationOrder": {
                    "senderName": pick.name,
                    "senderPhone": pick.phone,
                    "senderAddress": pick.whole,
                    "senderProvinceName": pick.province,
                    "senderDistrictCode": NO_DISTRICT,
                    "senderCommuneName": pick.commune,
                    "receiverName": to.name,
                    "receiverPhone": to.phone,
                    "receiverAddress": to.whole,
                    "receiverProvinceName": to.province,
                    "receiverDistrictCode": NO_DISTRICT,
                    "receiverCommuneName": to.commune,
                    "additionRequest": cash,
                    "serviceCode": self.service,
                    "saleOrderCode": shipment.number,
                    "nameProducts": shipment.content,
                    "contentNote": shipment.content,
                    "weight": shipment.weight_g,
                    "sendType": "1",
                    "deliveryInstruction": shipment.note,
                },
            },
        )

    def read_booking(self, answer: Mapping[str, Any]) -> str:
        """Take the code of the parcel (``itemCode``), or the order's where it has none yet."""
        code = text_of(answer, "itemCode") or text_of(answer, "originalID")
        if not code:
            raise Refused(text_of(answer, "message") or "no itemCode")
        return code


def read_notice(told: Mapping[str, Any]) -> list[Heard]:
    """Read a callback: of each of ``data`` its ``itemCode``, ``status`` and ``statusName``."""
    rows = told.get("data")
    heard = []
    for row in rows if isinstance(rows, list) else []:
        code, status = (text_of(row, name) if isinstance(row, Mapping) else "" for name in ("itemCode", "status"))
        if code and status:
            words = text_of(row, "statusName")
            heard.append(Heard(code, None, f"VNPost: {status}" + (f" – {words}" if words else "")))
    return heard
