"""Requests to carriers have the fields of their public pages; answers and notices are read as those show them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from storefront import carriers
from storefront.carriers import Address, Piece, Refused, Shipment, booking, ghn, ghtk, viettel_post, vnpost
from storefront.order_models import ParcelState

SHIPMENT = Shipment(
    number="KH-000044",
    sender=Address("Hợp tác xã mẫu", "0905123456", "Thôn 1", "Xã Ba Động", "Tỉnh Quảng Ngãi"),
    receiver=Address("Người mua mẫu", "0900000123", "12 phố Mẫu", "Phường Mẫu", "Thành phố Hà Nội"),
    pieces=(Piece("Gạo rẫy, gói 500 g", 2, 50_000, 575), Piece("Mật ong, chai 500 ml", 1, 120_000, 575)),
    weight_g=1_725,
    cash_vnd=250_000,
    worth_vnd=220_000,
    note="Giao giờ hành chính",
)
GHN = ghn.Ghn(token="secret", shop_id="885")
GHTK = ghtk.Ghtk(token="secret", partner_code="S308157")
VIETTEL = viettel_post.ViettelPost(token="secret", service="VCN")
VNPOST = vnpost.VnPost("user", "secret", "T000180585", "CTN009")
ALL = [GHN, GHTK, VIETTEL, VNPOST]

#: Fields of the carriers' pages (see the modules' heads): what is sent is among them, and what they need is there.
PUBLIC: dict[str, tuple[set[str], set[str]]] = {
    "ghn": (
        {
            "payment_type_id", "note", "required_note", "to_name", "to_phone", "to_address", "to_ward_name",
            "to_district_name", "to_province_name", "is_new_to_address", "client_order_code", "cod_amount", "content",
            "weight", "length", "width", "height", "insurance_value", "service_id", "service_type_id", "coupon",
            "pick_shift", "items",
        },
        {
            "payment_type_id", "required_note", "to_name", "to_phone", "to_address", "to_ward_name",
            "to_province_name", "weight", "length", "width", "height", "service_type_id", "items",
        },
    ),
    "ghtk": ({"products", "order"}, {"products", "order"}),
    "viettel_post": (
        {
            "ORDER_NUMBER", "SENDER_FULLNAME", "SENDER_ADDRESS", "SENDER_PHONE", "RECEIVER_FULLNAME",
            "RECEIVER_ADDRESS", "RECEIVER_PHONE", "PRODUCT_NAME", "PRODUCT_DESCRIPTION", "PRODUCT_QUANTITY",
            "PRODUCT_PRICE", "PRODUCT_WEIGHT", "PRODUCT_LENGTH", "PRODUCT_WIDTH", "PRODUCT_HEIGHT", "PRODUCT_TYPE",
            "ORDER_PAYMENT", "ORDER_SERVICE", "ORDER_SERVICE_ADD", "ORDER_NOTE", "MONEY_COLLECTION", "CHECK_UNIQUE",
            "LIST_ITEM",
        },
        {"SENDER_ADDRESS", "RECEIVER_ADDRESS", "PRODUCT_WEIGHT", "ORDER_PAYMENT", "ORDER_SERVICE"},
    ),
    "vnpost": (
        {"orderCreationStatus", "type", "customerCode", "contractCode", "informationOrder"},
        {"orderCreationStatus", "type", "customerCode", "informationOrder"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("carrier", ALL, ids=lambda carrier: carrier.key)
def test_a_parcel_is_told_in_the_fields_of_the_public_pages(carrier: carriers.Carrier) -> None:
    request = carrier.booking(SHIPMENT, "token")
    known, needed = PUBLIC[carrier.key]

    assert needed <= set(request.body) <= known
    assert request.url.startswith("https://")
    written = json.dumps(request.body, ensure_ascii=False)
    for fact in ("KH-000044", "0900000123", "Người mua mẫu", "250000", "Gạo rẫy"):
        assert fact in written
    assert "secret" not in written or carrier.key == "vnpost"


@pytest.mark.parametrize("carrier", ALL, ids=lambda carrier: carrier.key)
def test_of_a_paid_parcel_nothing_is_to_be_collected(carrier: carriers.Carrier) -> None:
    body = carrier.booking(replace(SHIPMENT, cash_vnd=0), "token").body

    assert "250000" not in json.dumps(body)
    if carrier.key == "viettel_post":
        assert (body["ORDER_PAYMENT"], body["MONEY_COLLECTION"]) == (1, 0)
    if carrier.key == "vnpost":
        assert body["informationOrder"]["additionRequest"] == []


@pytest.mark.parametrize("carrier", ALL, ids=lambda carrier: carrier.key)
def test_no_secret_shows_when_a_carrier_is_written_out(carrier: carriers.Carrier) -> None:
    assert "secret" not in repr(carrier)


def test_cash_has_the_shipping_in_it_and_is_asked_for_once() -> None:
    body = VIETTEL.booking(SHIPMENT, "").body

    assert (body["ORDER_PAYMENT"], body["MONEY_COLLECTION"]) == (3, 250_000)
    assert GHN.booking(SHIPMENT, "").body["payment_type_id"] == 1
    assert GHTK.booking(SHIPMENT, "").body["order"]["is_freeship"] == "1"
    additions = VNPOST.booking(SHIPMENT, "").body["informationOrder"]["additionRequest"]
    assert additions == [{"code": "GTG021", "propValue": "PROP0018:250000"}]


def test_an_address_that_viettel_post_would_cut_is_refused() -> None:
    long = replace(SHIPMENT, receiver=replace(SHIPMENT.receiver, line="Đường " * 30))

    with pytest.raises(Refused):
        VIETTEL.booking(long, "")


@pytest.mark.parametrize(
    ("carrier", "answer", "code"),
    [
        (GHN, {"code": 200, "message": "Success", "data": {"order_code": "FFFNL9HH"}}, "FFFNL9HH"),
        (
            GHTK,
            {"success": True, "order": {"partner_id": "KH-000044", "label": "S1.A1.2001297581"}},
            "S1.A1.2001297581",
        ),
        (VIETTEL, {"status": 200, "error": False, "data": {"ORDER_NUMBER": "11506020148"}}, "11506020148"),
        (VNPOST, {"itemCode": "CD377518642VN", "originalID": "17"}, "CD377518642VN"),
        (VNPOST, {"itemCode": None, "originalID": 17}, "17"),
    ],
)
def test_a_carriers_code_is_read(carrier: carriers.Carrier, answer: dict[str, Any], code: str) -> None:
    assert carrier.read_booking(answer) == code


@pytest.mark.parametrize("carrier", ALL, ids=lambda carrier: carrier.key)
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"message": "Address is wrong"},
        {"code": 400, "message": "x", "data": None},
        {"success": False, "message": "x"},
        {"status": 200, "error": True, "message": "System error", "data": {"ORDER_NUMBER": "1"}},
        {"data": "x", "order": [], "itemCode": {}, "originalID": True},
    ],
)
def test_an_answer_without_a_code_is_a_refusal(carrier: carriers.Carrier, answer: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        carrier.read_booking(answer)


def test_vnpost_is_asked_for_a_token_first() -> None:
    first = VNPOST.sign_in()

    assert first is not None
    assert first.body == {"username": "user", "password": "secret", "customerCode": "T000180585"}
    assert VNPOST.read_token({"success": True, "token": "abc"}) == "abc"
    assert VNPOST.booking(SHIPMENT, "abc").headers["token"] == "abc"
    with pytest.raises(Refused):
        VNPOST.read_token({"success": False})


@pytest.mark.parametrize(
    ("carrier", "told", "code", "state"),
    [
        ("ghn", {"OrderCode": "Z82BS", "Status": "ready_to_pick", "Type": "create"}, "Z82BS", None),
        ("ghn", {"OrderCode": "Z82BS", "Status": "picked"}, "Z82BS", ParcelState.PICKED_UP),
        ("ghn", {"OrderCode": "Z82BS", "Status": "delivered"}, "Z82BS", ParcelState.DELIVERED),
        ("ghn", {"OrderCode": "Z82BS", "Status": "lost", "Reason": "x"}, "Z82BS", None),
        ("ghtk", {"label_id": "S1.A1.17373471", "status_id": 5, "reason": ""}, "S1.A1.17373471", ParcelState.DELIVERED),
        ("ghtk", {"label_id": "S1.A1.17373471", "status_id": "9"}, "S1.A1.17373471", ParcelState.FAILED),
        ("ghtk", {"label_id": "S1.A1.17373471", "status_id": "45"}, "S1.A1.17373471", None),
        ("viettel_post", {"DATA": {"ORDER_NUMBER": "1150", "ORDER_STATUS": 504}}, "1150", ParcelState.RETURNED),
        ("viettel_post", {"DATA": {"ORDER_NUMBER": "1150", "ORDER_STATUS": 503}}, "1150", None),
        ("vnpost", {"data": [{"itemCode": "CD1VN", "status": "100"}], "sendDate": "x"}, "CD1VN", None),
    ],
)
def test_notices_are_read_and_unknown_words_are_notes(
    carrier: str, told: dict[str, Any], code: str, state: ParcelState | None
) -> None:
    [heard] = booking.READERS[carrier](told)

    assert (heard.code, heard.state) == (code, state)
    assert heard.note


@pytest.mark.parametrize("carrier", sorted(booking.READERS))
@pytest.mark.parametrize("told", [{}, {"DATA": []}, {"data": "x"}, {"data": [1, {}]}, {"OrderCode": {}, "Status": []}])
def test_what_tells_of_no_parcel_is_none(carrier: str, told: dict[str, Any]) -> None:
    assert booking.READERS[carrier](told) == []


def test_a_parcel_is_followed_by_its_code() -> None:
    assert carriers.tracking_url("ghtk", "S1.A1/2 3") == "https://i.ghtk.vn/S1.A1%2F2%203"
    assert carriers.tracking_url("ghtk", None) is None
    assert carriers.tracking_url("hand_over", "X") is None
    assert carriers.dialled("+84905123456") == "0905123456"
