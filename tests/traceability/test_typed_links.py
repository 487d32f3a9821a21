"""What stands on a pack is read as its key, whoever wrote the address and in whatever order the identifiers stand."""

from __future__ import annotations

import pytest

from traceability import typed_links
from traceability.application_identifiers import Malformed
from traceability.digital_link import written

GTIN = "09520123456788"
LOT = (("01", GTIN), ("10", "E10B0"))
VARIANT = (("01", GTIN), ("22", "2A"), ("10", "E10B0"))


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (f"https://id.gs1.org/01/{GTIN}/22/2A/10/E10B0", VARIANT),
        (f"HTTPS://Any.example:8080/a/b/01/{GTIN}/22/2A/10/E10B0/#here", VARIANT),
        (f"id.gs1.org/01/{GTIN}/10/E10B0", LOT),
        (f"/01/{GTIN}/10/E10B0?utm=x", LOT),
        ("https://id.gs1.org/01/9520123456788/10/E10B0", LOT),
        (f"https://id.gs1.org/01/{GTIN}?10=E10B0", LOT),
        (f"https://id.gs1.org/01/{GTIN}/99999/x/10/E10B0", LOT),
        (f"https://id.gs1.org/01/{GTIN}/235/abc?10=E10B0", LOT),
        (f"https://id.gs1.org/01/{GTIN}/235/abc", (("01", GTIN), ("235", "abc"))),
        ("https://id.gs1.org/00/095201234567890016", (("00", "095201234567890016"),)),
        ("https://id.gs1.org/414/9520123456788/254/K1", (("414", "9520123456788"), ("254", "K1"))),
        (f"(01) {GTIN} (10) E10B0", LOT),
        (f"(10)E10B0(01){GTIN}", LOT),
        ("(10)E10B0(17)271122(01)9520123456788(22)2A", VARIANT),
        ("(00)095201234567890016", (("00", "095201234567890016"),)),
    ],
)
def test_the_key_is_read_with_what_qualifies_it(typed: str, path: object) -> None:
    link = typed_links.read(typed)

    assert link is not None
    assert link.path == path


@pytest.mark.parametrize(
    "typed", ["", "L1", "CF/01/17", "(10)L1", "(", "https://goods.example/lot?n=7", "/lo/a/b", "//x"]
)
def test_what_holds_no_key_is_none(typed: str) -> None:
    assert typed_links.read(typed) is None


@pytest.mark.parametrize("typed", ["(01)09520123456787", "https://x.example/01/123", "(00)1", "/01/%00"])
def test_a_key_that_breaks_a_rule_is_refused(typed: str) -> None:
    with pytest.raises(Malformed):
        typed_links.read(typed)


def test_what_may_stand_beside_a_key_goes_along_and_the_rest_is_left_out() -> None:
    link = typed_links.read(f"https://x.example/01/{GTIN}/10/L1?17=271122&15=999999&235=x&999=1&utm=a%20b&x=a|b")

    assert link is not None
    assert written(link.path, link.attributes) == f"/01/{GTIN}/10/L1?17=271122"
    assert link.extensions == ("utm=a%20b", "x=a%7Cb")
