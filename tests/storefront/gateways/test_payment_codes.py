"""A payment's code is found again in whatever a bank makes of it, and a damaged one is no code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.gateways import codes

bodies = st.text(codes.LETTERS, min_size=codes.LENGTH, max_size=codes.LENGTH)
CODE = "OC7K2M9XQ4" + codes.check("7K2M9XQ4")


@pytest.mark.parametrize(
    "memo",
    [
        CODE,
        CODE.lower(),
        f"MBVCB.8812345.{CODE}.CT tu 0123 NGUYEN VAN A toi 0456",
        f"thanh toan {CODE[:5]} {CODE[5:]}",
        f"{CODE[:4]}-{CODE[4:8]}-{CODE[8:]}",
        f"ABC{CODE}XYZ",
        f"OCOP {CODE}",
        CODE.replace("0", "O"),
    ],
)
def test_a_code_is_found_in_what_banks_make_of_it(memo: str) -> None:
    assert codes.find(memo) == [CODE]


def test_two_codes_are_both_found_and_one_named_twice_once() -> None:
    other = "OC00000000" + codes.check("00000000")

    assert codes.find(f"{CODE} va {other} va {CODE}") == [CODE, other]


@pytest.mark.parametrize("memo", ["", "OC", "tien hang", "OC12345", CODE[:-1], CODE[:-1] + "Z"])
def test_what_is_no_code_is_not_found(memo: str) -> None:
    assert codes.find(memo) == []


@given(bodies, st.data())
def test_one_wrong_letter_is_no_code(body: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, codes.LENGTH - 1))
    wrong = data.draw(st.sampled_from([letter for letter in codes.LETTERS if letter != body[at]]))
    damaged = "OC" + body[:at] + wrong + body[at + 1 :] + codes.check(body)

    assert not codes.is_code(damaged)


@given(bodies, st.integers(0, codes.LENGTH - 2))
def test_two_neighbours_that_changed_places_are_no_code(body: str, at: int) -> None:
    swapped = body[:at] + body[at + 1] + body[at] + body[at + 2 :]

    assert codes.is_code("OC" + swapped + codes.check(body)) == (swapped == body)


def test_new_codes_are_codes_and_no_two_alike() -> None:
    made = [codes.new_code() for _ in range(200)]

    assert all(codes.is_code(code) for code in made)
    assert len(set(made)) == 200
