"""What a text message says: signs that every telephone knows, 160 of them at most, the link whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront import short_messages, text_gateway
from storefront.short_messages import ShortMessage, fit, plain
from storefront.text_gateway import JsonGateway

LINK = "https://ocop.example.vn/don-hang/0123456789abcdefghjkmnpqrs"


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("Đã nhận đơn, xem giúp", "Da nhan don, xem giup"),
        ("130.000\xa0₫ – “mật ong”", '130.000 d - "mat ong"'),
        ("2 × hũ 🍯 mật", "2 x hu mat"),
        ("{a}[b]^~|\\€", "ab"),
        ("một\r\n\thai", "mothai"),
    ],
)
def test_words_are_written_in_the_alphabet_of_every_telephone(words: str, written: str) -> None:
    assert plain(words) == written


def test_words_are_shortened_at_a_word_and_the_link_stays_whole() -> None:
    said = fit("Đơn hàng của bạn đã được đóng gói, " * 8, LINK)

    assert len(said) <= short_messages.MOST_SIGNS
    assert said.endswith(" " + LINK)
    assert plain("Đơn hàng của bạn đã được đóng gói, " * 8).startswith(said.removesuffix(" " + LINK))


@given(st.text(), st.integers(0, 140))
def test_no_message_is_longer_than_one_or_has_another_sign(words: str, length: int) -> None:
    said = fit(words, "/" + "a" * length)

    assert len(said) <= short_messages.MOST_SIGNS
    assert said.endswith("/" + "a" * length)
    assert all(sign.isascii() and sign.isprintable() for sign in said)


@pytest.mark.parametrize("said", sorted(short_messages.WORDS.values()))
def test_no_sentence_has_to_be_shortened_in_english(said: str) -> None:
    words = plain(said % {"number": "DH-000123-12", "amount": "12.345.000 đ"})

    assert fit(words, LINK) == f"{words} {LINK}"


def test_a_body_is_filled_in_at_every_depth_and_once() -> None:
    body = {"messages": [{"to": "{digits}", "text": "{text}", "tries": 1}], "id": "shop-{key}", "by": "{sender}"}
    gateway = JsonGateway("https://sms.example", "token", "BATO", body)

    made = gateway.sending(ShortMessage("k1", "+84900000123", "chao {to} {key}"))

    assert made.body == {
        "messages": [{"to": "84900000123", "text": "chao {to} {key}", "tries": 1}],
        "id": "shop-k1",
        "by": "BATO",
    }


@pytest.mark.parametrize(
    "body", [None, [], "{text}{to}", {}, {"text": "{text}"}, {"to": "{to}"}, {"{text}": "{to}"}, {"a": 1}]
)
def test_a_body_without_words_or_number_is_of_no_use(body: object) -> None:
    assert not text_gateway.is_usable(body)


def test_a_token_is_not_shown() -> None:
    assert "s3cret" not in repr(JsonGateway("https://sms.example", "s3cret", "BATO"))
