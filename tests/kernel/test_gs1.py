"""GS1 keys, lot numbers, tokens."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import gs1
from kernel.errors import InvalidInput

#: Numbers as printed on packs, and in GS1's own examples.
GENUINE = ["4006381333931", "036000291452", "96385074", "09520123456788", "8938505974194", "9506000134352"]

digits_13 = st.text(alphabet=string.digits, min_size=13, max_size=13)


@pytest.mark.parametrize("printed", GENUINE)
def test_a_gtin_of_any_length_is_read_as_fourteen_digits(printed):
    assert gs1.gtin14(printed) == printed.zfill(14)


def test_spaces_hyphens_and_wide_digits_do_not_hinder():
    assert gs1.gtin14(" 4 006381-333931 ") == "04006381333931"
    assert gs1.gtin14("４００６３８１３３３９３１") == "04006381333931"


@pytest.mark.parametrize("printed", GENUINE)
def test_each_single_mistyped_digit_is_found(printed):
    for place, digit in enumerate(printed):
        for other in set(string.digits) - {digit}:
            with pytest.raises(gs1.WrongCheckDigit):
                gs1.gtin14(printed[:place] + other + printed[place + 1 :])


def test_the_refusal_of_a_check_digit_says_which_would_fit():
    with pytest.raises(gs1.WrongCheckDigit) as refused:
        gs1.gtin14("4006381333930")

    assert refused.value.facts == {"key": "GTIN", "expected": "1"}


@pytest.mark.parametrize(("text", "length"), [("", 0), ("123", 3), ("123456789", 9), ("1" * 15, 15)])
def test_a_wrong_length_is_said(text, length):
    with pytest.raises(gs1.WrongLength) as refused:
        gs1.gtin14(text)

    assert refused.value.facts["length"] == length


@pytest.mark.parametrize(("text", "sign"), [("400638133393O", "O"), ("400638133393/", "/"), ("٤006381333931", "٤")])
def test_what_is_no_digit_is_named(text, sign):
    with pytest.raises(gs1.NotDigits) as refused:
        gs1.gtin14(text)

    assert refused.value.facts["sign"] == sign


@pytest.mark.parametrize(
    ("start", "prefix"),
    [("020", "02"), ("029", "02"), ("040", "04"), ("049", "04"), ("200", "2"), ("250", "2"), ("299", "2")],
)
def test_numbers_for_inside_one_company_are_refused(start, prefix):
    body = start + "123456789"
    number = body + gs1.check_digit(body)

    with pytest.raises(gs1.RestrictedNumber) as refused:
        gs1.gtin14(number)

    assert refused.value.facts == {"prefix": prefix}


@pytest.mark.parametrize("first", ["0", "2"])
def test_short_numbers_of_a_shop_are_refused(first):
    body = first + "123456"

    with pytest.raises(gs1.RestrictedNumber):
        gs1.gtin14(body + gs1.check_digit(body))


@pytest.mark.parametrize("start", ["019", "030", "039", "050", "199", "300", "893"])
def test_numbers_next_to_the_restricted_ones_are_accepted(start):
    body = start + "123456789"

    assert gs1.gtin14(body + gs1.check_digit(body)).startswith("0" + start)


@given(st.text(alphabet=string.digits, min_size=7, max_size=13).filter(lambda body: len(body) in (7, 11, 12, 13)))
def test_a_number_with_its_check_digit_is_accepted_or_restricted_nothing_else(body):
    number = body + gs1.check_digit(body)

    try:
        assert gs1.gtin14(number) == number.zfill(14)
    except gs1.RestrictedNumber:
        assert gs1.prefix_of(number.zfill(14))[0] in "02"


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_by_name(text):
    refusals = [refusal for read in (gs1.gtin14, gs1.gln, gs1.lot_number) for refusal in _refusals(read, text)]

    assert [str(refusal) for refusal in refusals] == [type(refusal).message % refusal.facts for refusal in refusals]


def _refusals(read: Callable[[str], str], text: str) -> list[InvalidInput]:
    try:
        read(text)
    except InvalidInput as refusal:
        return [refusal]
    return []


def test_samples_are_known_by_their_prefix():
    assert gs1.is_sample_gtin("09520123456788")
    assert not gs1.is_sample_gtin("08938505974194")
    assert gs1.prefix_of("08938505974194") == "893"


def test_places_and_cartons_have_their_own_lengths():
    assert gs1.gln("9520123456788") == "9520123456788"
    assert gs1.sscc("106141412345678908") == "106141412345678908"
    with pytest.raises(gs1.WrongLength):
        gs1.gln("09520123456788")
    with pytest.raises(gs1.WrongCheckDigit):
        gs1.sscc("106141412345678901")


@pytest.mark.parametrize("lot", ["L1", "2026-11/03", "A" * 20, "!\"%&'()*+,-./:;<=>?_", "00001"])
def test_a_lot_number_of_set_82_is_kept_as_it_is(lot):
    assert gs1.lot_number(f" {lot} ") == lot


@pytest.mark.parametrize(
    ("text", "error", "facts"),
    [
        ("", gs1.EmptyLot, {}),
        ("  ", gs1.EmptyLot, {}),
        ("A" * 21, gs1.LotTooLong, {"length": 21}),
        ("LÔ 1", gs1.LotHasBadSign, {"sign": "Ô"}),
        ("LO 1", gs1.LotHasBadSign, {"sign": " "}),
        ("lot#1", gs1.LotHasBadSign, {"sign": "#"}),
        ("lot\x001", gs1.LotHasBadSign, {"sign": "\x00"}),
    ],
)
def test_a_bad_lot_number_is_refused_with_what_is_wrong(text, error, facts):
    with pytest.raises(error) as refused:
        gs1.lot_number(text)

    assert isinstance(refused.value, gs1.MalformedLot)
    assert refused.value.facts == facts


def test_set_82_has_82_signs():
    assert len(gs1.CSET_82) == 82


def test_tokens_are_new_each_time_and_look_like_tokens():
    drawn = {gs1.new_token() for _ in range(500)}

    assert len(drawn) == 500
    assert all(gs1.is_token(token) for token in drawn)


@given(st.text(alphabet=gs1.CODE_LETTERS, min_size=10, max_size=10))
def test_a_token_read_from_a_label_and_typed_is_the_token(token):
    assert gs1.typed_token(gs1.spoken_token(token)) == token
    assert gs1.typed_token(f" {token.upper()} ") == token


def test_letters_that_look_like_digits_are_taken_for_them():
    assert gs1.typed_token("O0 iIl–Abcde") == "00111abcde"


@pytest.mark.parametrize("text", ["", "abcde", "abcdefghjku", "abcdefghju", "ABCDEFGHJK", "abcdefgh!k", "abcdefghjkm"])
def test_what_is_not_of_a_tokens_shape_is_none(text):
    assert not gs1.is_token(text)


@pytest.mark.parametrize("code", ["bato", "htx01", "ab12cd"])
def test_organisation_codes(code):
    assert gs1.is_organisation_code(code)


@pytest.mark.parametrize("code", ["8004", "8010", "414", "abc", "abcdefg", "Bato", "ba-to", "batơ", "bato\n"])
def test_what_cannot_be_an_organisations_code(code):
    assert not gs1.is_organisation_code(code)
