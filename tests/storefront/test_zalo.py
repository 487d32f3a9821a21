"""A message to Zalo is a template that was approved, filled in, in Zalo's own format."""

from __future__ import annotations

from pathlib import Path

import pytest

from storefront import zalo
from storefront.short_messages import ShortMessage
from storefront.zalo import Template, Zalo

FACTS = {
    "number": "DH-000123-1",
    "amount": "130.000 ₫",
    "link": "https://shop.example/don-hang/x",
    "path": "don-hang/x",
}
MESSAGE = ShortMessage("order:sent:DH-000123-1:7", "+84900000123", "–", "order:sent", FACTS)


def test_a_request_is_what_zalo_takes() -> None:
    """The recorded format: token in a header of its own, 84… without a plus, the template's id and parameters."""
    account = Zalo({"order:sent": Template("330875", {"ma_don": "{number}", "nut": "{path}?{number}"})}, "tok-en-of-it")

    made = account.sending(MESSAGE)

    assert made is not None
    assert made.url == "https://business.openapi.zalo.me/message/template"
    assert made.headers == {"access_token": "tok-en-of-it"}
    assert made.body == {
        "phone": "84900000123",
        "template_id": "330875",
        "template_data": {"ma_don": "DH-000123-1", "nut": "don-hang/x?DH-000123-1"},
        "tracking_id": "order-sent-DH-000123-1-7",
    }
    assert "tok-en-of-it" not in repr(made) + repr(account)


def test_numbers_abroad_and_what_has_no_template_are_left_to_others() -> None:
    account = Zalo({"order:sent": Template("330875")}, "tok-en-of-it")

    assert account.sending(ShortMessage("k", "+4915112345678", "–", "order:sent", FACTS)) is None
    assert account.sending(ShortMessage("k", "+84900000123", "–", "order:placed", FACTS)) is None


def test_a_token_in_a_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    account = Zalo({"order:sent": Template("330875")}, token_file=file)
    assert account.sending(MESSAGE) is None
    for token in ("first-token", "second-token"):
        file.write_text(token + "\n")
        made = account.sending(MESSAGE)
        assert made is not None
        assert made.headers["access_token"] == token
    file.write_text("not one\r\nX-Other: 1")
    assert account.sending(MESSAGE) is None


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b'{"error": 0, "message": "Success", "data": {"msg_id": "1"}}', ""),
        (b'{"error": -124, "message": "Access token invalid"}', "zalo:-124"),
        (b'{"error": "' + b"x" * 99 + b'"}', "zalo:" + "x" * 35),
        (b"", None),
        (b"[]", None),
        (b"null", None),
        (b'{"message": "Success"}', None),
        (b"\xff", None),
    ],
)
def test_an_answer_is_read(answer: bytes, refusal: str | None) -> None:
    assert Zalo({}, "tok-en-of-it").refusal(answer) == refusal


def test_a_mark_is_no_longer_than_zalo_takes() -> None:
    made = Zalo({"order:sent": Template("1")}, "tok-en-of-it").sending(
        ShortMessage("order:" + "x" * 90, "+84900000123", "–", "order:sent", FACTS)
    )

    assert made is not None
    assert len(made.body["tracking_id"]) == 48
    assert zalo.templates_of({"order:sent": "1"}) == {"order:sent": Template("1", dict(zalo.DATA))}
