"""Compressed links: the examples of the standards, every kind of value, and that nothing else is taken for one."""

from __future__ import annotations

import string
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.factories import Factories
from traceability import epc_binary
from traceability.application_identifiers import Malformed

#: Tag Data Standard 2.3, annex E.3 (SSCC++ and ITIP++ under the headers of its table 14-1, which the annex misprints),
#: and the example of the compression standard, section 4.2.
EXAMPLES = [
    ("SGTIN-96", "30164596f40c0e5cbe991a83", "/01/09528765123457/21/123456789123"),
    ("SGTIN-96", "3066c4409047e140075bcd15", "/01/09506000134352/21/123456789"),
    ("SGTIN-198", "3666c4409047e159b2c2bf100000000000000000000000000000", "/01/09506000134352/21/32a%2Fb"),
    ("SGTIN+", "f73795211411234538566cb0afc4", "/01/79521141123453/21/32a%2Fb"),
    ("DSGTIN+", "fb342cde795211411234538566cb0afc4", "/01/79521141123453/21/32a%2Fb?17=220630"),
    ("SGTIN++", "fd3795211411234538566cb0afc525065f1876f0d996d800", "/01/79521141123453/21/32a%2Fb"),
    ("DSGTIN++", "fc342cde795211411234538566cb0afc525065f1876f0d996d80", "/01/79521141123453/21/32a%2Fb?17=220630"),
    ("SSCC-96", "311ba1b300ce0a6a83000000", "/00/095201234567891235"),
    ("SSCC+", "f90095201234567891235", "/00/095201234567891235"),
    ("SGLN-96", "3276451fd46072000000162e", "/414/9521141123454/254/5678"),
    ("SGLN-195", "3976451fd46072cd9615f8800000000000000000000000000000", "/414/9521141123454/254/32a%2Fb"),
    ("SGLN+", "f2395211411234548566cb0afc4", "/414/9521141123454/254/32a%2Fb"),
    ("SGLN++", "e9395211411234548566cb0afc525065f1876f0d996d8000", "/414/9521141123454/254/32a%2Fb"),
    ("GRAI-96", "3376451fd40c0e400000162e", "/8003/095211411234545678"),
    ("GRAI-170", "3776451fd40c0e59b2c2bf1000000000000000000000", "/8003/0952114112345432a%2Fb"),
    ("GRAI+", "f13095211411234548566cb0afc4", "/8003/0952114112345432a%2Fb"),
    ("GRAI++", "eb3095211411234548566cb0afc525065f1876f0d996d800", "/8003/0952114112345432a%2Fb"),
    ("GIAI-96", "3476451fd40000000000162e", "/8004/95211415678"),
    ("GIAI-202", "3876451fd59b2c2bf10000000000000000000000000000000000", "/8004/952114132a%2Fb"),
    ("GIAI+", "fa3952114132e83c2bf10", "/8004/952114132a%2Fb"),
    ("GIAI++", "ee3952114132e83c2bf1494197c61dbc3665b600", "/8004/952114132a%2Fb"),
    ("GSRN-96", "2d76451fd4499602d2000000", "/8018/952114112345678906"),
    ("GSRN+", "f43952114112345678906", "/8018/952114112345678906"),
    ("GSRN++", "e7395211411234567890692832f8c3b786ccb6c0", "/8018/952114112345678906"),
    ("GSRNP-96", "2e76451fd4499602d2000000", "/8017/952114112345678906"),
    ("GSRNP+", "f53952114112345678906", "/8017/952114112345678906"),
    ("GSRNP++", "e8395211411234567890692832f8c3b786ccb6c0", "/8017/952114112345678906"),
    ("GDTI-96", "2c76451fd46072000000162e", "/253/95211411234545678"),
    ("GDTI-174", "3e76451fd7039b061438997367d0c18b266d1ab66ee0", "/253/9521141987650ABCDefgh012345678"),
    ("GDTI+", "f6395211411234540458b8", "/253/95211411234545678"),
    ("GDTI++", "ea395211411234540458ba4a0cbe30ede1b32db0", "/253/95211411234545678"),
    ("CPI-96", "3c76451fd400c0e680003039", "/8010/952114198765/8011/12345"),
    ("CPI-var", "3d76451fd75411def6b4cc00000003039000", "/8010/95211415PQ7%2FZ43/8011/12345"),
    ("CPI+", "f0395211415e87a145bafb4d19a8c0e4", "/8010/95211415PQ7%2FZ43/8011/12345"),
    ("CPI++", "e6395211415e87a145bafb4d19a8c0e64a0cbe30ede1b32db000", "/8010/95211415PQ7%2FZ43/8011/12345"),
    ("SGCN-96", "3f76451fd612640000019907", "/255/952114167890904711"),
    ("SGCN+", "f839521141678909509338", "/255/952114167890904711"),
    ("SGCN++", "ec3952114167890950933c94197c61dbc3665b60", "/255/952114167890904711"),
    ("ITIP-110", "4076451fd40c0e40820000000f54", "/8006/095211411234540102/21/981"),
    ("ITIP-212", "4176451fd40c0e4082dbdd8b36600000000000000000000000000000", "/8006/095211411234540102/21/mw133"),
    ("ITIP+", "f3309521141123454010266ae27fdf35", "/8006/095211411234540102/21/rif981"),
    ("SSCC++", "ef009520123456789123592832f8c3b786ccb6c0", "/00/095201234567891235"),
    ("ITIP++", "ed309521141123454010266ae27fdf3592832f8c3b786ccb6c00", "/8006/095211411234540102/21/rif981"),
]  # fmt: skip
SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
GTIN = "09506000134352"


def in_base_64(bits: str) -> str:
    bits += "0" * (-len(bits) % 6)
    return "ex" + "".join(SIGNS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def in_hexadecimal(bits: str) -> str:
    bits += "0" * (-len(bits) % 16)
    return "eh" + "".join(f"{int(bits[at : at + 4], 2):x}" for at in range(0, len(bits), 4))


def bits_of(hexadecimal: str) -> str:
    return "".join(f"{int(sign, 16):04b}" for sign in hexadecimal)


def text(value: str, most: int) -> str:
    """Write a value as the standard does, in the first alphabet that has all its signs."""
    count = f"{len(value):0{most.bit_length()}b}"
    if value.isdigit():
        return "000" + count + f"{int(value):0{(10 ** len(value) - 1).bit_length()}b}"
    if set(value) <= set("0123456789ABCDEF"):
        return "001" + count + bits_of(value)
    if set(value) <= set("0123456789abcdef"):
        return "010" + count + bits_of(value)
    if set(value) <= set(SIGNS):
        return "011" + count + "".join(f"{SIGNS.index(sign):06b}" for sign in value)
    if set(value) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"):
        table = " ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
        threes = [value[at : at + 3].ljust(3) for at in range(0, len(value), 3)]
        numbers = (1600 * table.index(a) + 40 * table.index(b) + table.index(c) + 1 for a, b, c in threes)
        return "101" + count + "".join(f"{number:016b}" for number in numbers)
    return "100" + count + "".join(f"{ord(sign):07b}" for sign in value)


def day(yymmdd: str) -> str:
    return f"{int(yymmdd[:2]):07b}{int(yymmdd[2:4]):04b}{int(yymmdd[4:]):05b}"


def sgtin(serial: str = "S1", further: str = "") -> str:
    return "11110111" + "1011" + bits_of(GTIN) + text(serial, 20) + further


@pytest.mark.parametrize(("scheme", "hexadecimal", "link"), EXAMPLES, ids=lambda value: str(value)[:14])
def test_the_examples_of_the_standards_are_read_in_both_forms(scheme: str, hexadecimal: str, link: str) -> None:
    assert epc_binary.decompress(f"eh{hexadecimal}") == link
    assert epc_binary.decompress(in_base_64(bits_of(hexadecimal))) == link


def test_the_example_in_base_64_is_read() -> None:
    assert epc_binary.decompress("exMBZFlvQMDly-mRqD") == "/01/09528765123457/21/123456789123"


@pytest.mark.parametrize(("further", "link"), [
    (bits_of("10") + text("ABC123", 20) + bits_of("17") + day("261231"), "/10/ABC123/21/S1?17=261231"),
    (bits_of("10") + text("L1", 20) + bits_of("22") + text("V1", 20), "/22/V1/10/L1/21/S1"),
    (bits_of("10") + text("A/B", 20), "/10/A%2FB/21/S1"), (bits_of("10") + text("00123", 20), "/10/00123/21/S1"),
    (bits_of("10") + text("LÔ".replace("Ô", "."), 20), "/10/L./21/S1"),
    (bits_of("10") + text("abc1", 20), "/10/abc1/21/S1"), (bits_of("10") + text("A:B", 20), "/10/A%3AB/21/S1"),
    (bits_of("8008") + "01" + day("260115") + f"{14:05b}{30:06b}", "/21/S1?8008=2601151430"),
    (bits_of("7007") + "1" + day("260101") + day("260131"), "/21/S1?7007=260101260131"),
    (bits_of("7003") + day("260115") + f"{14:05b}{30:06b}", "/21/S1?7003=2601151430"),
    (bits_of("3103") + f"{1250:020b}", "/21/S1?3103=001250"), (bits_of("422") + f"{704:010b}", "/21/S1?422=704"),
    (bits_of("7030") + f"{704:010b}" + text("ABC", 27), "/21/S1?7030=704ABC"),
    (bits_of("15") + day("270200"), "/21/S1?15=270200"),
    ("0" * 5, "/21/S1"),
], ids=lambda value: str(value)[-20:])  # fmt: skip
def test_what_follows_the_epc_is_read_too(further: str, link: str) -> None:
    for form in (in_hexadecimal, in_base_64):
        assert epc_binary.decompress(form(sgtin(further=further))) == f"/01/{GTIN}{link}"


@given(serial=st.text(SIGNS + ".:/!%", min_size=1, max_size=20), lot=st.text(SIGNS + ".:", min_size=1, max_size=20))
def test_whatever_was_written_is_read(serial: str, lot: str) -> None:
    written = in_hexadecimal(sgtin(serial, bits_of("10") + text(lot, 20)))

    assert epc_binary.decompress(written) == epc_binary.generate([("01", GTIN), ("10", lot), ("21", serial)], stem="")


@pytest.mark.parametrize("segment", [
    "eh", "ex", "eh3016", "eh00" + "0" * 22, "ehfe" + "0" * 22, "EH30164596f40c0e5cbe991a83",
    "eh30164596F40c0e5cbe991a83",
    "example-of-a-word", "ex" + "A" * 20, "ex+/" + "A" * 20, "eh" + "g" * 24,
])  # fmt: skip
def test_what_has_no_header_of_a_scheme_is_no_compressed_link(segment: str) -> None:
    assert not epc_binary.is_epc(segment)
    with pytest.raises(Malformed):
        epc_binary.decompress(segment)


@pytest.mark.parametrize("segment", [
    "eh30164596f40c0e5cbe991", "eh30164596f40c0e5cbe991a830001", "eh" + "30" + "7f" + "0" * 20,
    in_hexadecimal(sgtin(further=bits_of("14") + "0" * 16)), in_hexadecimal(sgtin(further="1010" + "1" * 12)),
    in_hexadecimal(sgtin(further=bits_of("21") + text("S2", 20))),
    in_hexadecimal(sgtin(further=bits_of("17") + day("260230"))),
    in_hexadecimal(sgtin(further=bits_of("10") + "110" + "00010" + "0" * 12)),
    in_hexadecimal(sgtin(further=bits_of("10") + "011" + "10100" + "0" * 12)),
    in_hexadecimal(sgtin().replace(bits_of(GTIN), bits_of("0950600013435a"))),
    in_hexadecimal(sgtin().replace(bits_of(GTIN), bits_of("09506000134353"))),
    "ehf7" + "0" * 400, "exMBZFlvQMDly-mRqDAAAB",
])  # fmt: skip
def test_bits_that_say_nothing_sound_are_refused(segment: str) -> None:
    with pytest.raises(Malformed):
        epc_binary.decompress(segment)


@given(st.sampled_from(sorted(epc_binary._headers())), st.binary(min_size=10, max_size=60))
def test_whatever_the_bits_are_they_are_read_or_refused(header: str, rest: bytes) -> None:
    segment = f"eh{int(header, 2):02x}{rest.hex()}"
    assume(epc_binary.is_epc(segment))
    try:
        link = epc_binary.decompress(segment)
    except Malformed:
        return
    assert link.startswith("/")


# --- The resolver --------------------------------------------------------------------------------------------------


@pytest.fixture
def rice(make: Factories) -> Any:
    product = make.product(make.producer(code="htxbd"), name="Gạo rẫy", gtin=GTIN, slug="gao-ray")
    make.batch(make.item(product), number="A1", token="7k2qxm90ad")
    return product


def test_a_compressed_link_leads_where_it_leads_written_out(client: FlaskClient, rice: Any) -> None:
    of_lot = in_hexadecimal(sgtin(further=bits_of("10") + text("A1", 20) + bits_of("17") + day("281231")))
    plain = client.get(f"/01/{GTIN}/10/A1/21/S1?17=281231&utm_source=x")
    answer = client.get(f"/{of_lot}?utm_source=x")

    assert (answer.status_code, answer.location) == (307, plain.location)
    assert answer.location == "/lo/htxbd/7k2qxm90ad?17=281231&utm_source=x"
    assert answer.headers["Link"] == plain.headers["Link"]
    assert client.head(f"/{of_lot}?utm_source=x").location == plain.location
    assert client.get(f"/in/the/shop/{of_lot}/?utm_source=x").location == plain.location
    assert (
        client.get(f"/{in_base_64(sgtin(further=bits_of('10') + text('A1', 20)))}").location == "/lo/htxbd/7k2qxm90ad"
    )
    assert client.options(f"/{of_lot}").status_code == 204


def test_a_linkset_is_given_of_a_compressed_link_too(client: FlaskClient, rice: Any) -> None:
    segment = in_hexadecimal(sgtin())
    for headers, query in (({"Accept": "application/linkset+json"}, ""), ({}, "?linkType=linkset")):
        answer = client.get(f"/{segment}{query}", headers=headers)
        assert answer.status_code == 200
        assert answer.json == client.get(f"/01/{GTIN}/21/S1{query}", headers=headers).json


def test_of_what_is_unknown_or_unreadable_the_resolver_says_so(client: FlaskClient, rice: Any) -> None:
    unknown = in_hexadecimal("11110111" + "1011" + bits_of("09520123456788") + text("S1", 20))

    assert client.get(f"/{unknown}").status_code == 404
    cut = client.get("/ehf7395060001343520000", headers={"Accept-Language": "en"})
    assert (cut.status_code, "cannot be read" in cut.text) == (400, True)
    assert client.get(f"/{in_hexadecimal(sgtin())}?21=S2").status_code == 400, "an identifier twice"
    for word in ("/example-of-a-word", "/exhibition-of-crafts", "/eh" + "0" * 30):
        assert client.get(word).status_code == 404
