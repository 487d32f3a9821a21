"""EPC URNs and Digital Links are read into one name."""

from __future__ import annotations

import re

import pytest

from tests.traceability.epcis.suites import GS1, needs_suites, read, say
from traceability.application_identifiers import BadCheckDigit
from traceability.epcis import epc_uris
from traceability.epcis.epc_uris import MalformedUrn, canonical, fault, identify


@needs_suites
def test_the_published_table_of_canonical_links():
    pairs = read(GS1 / "digital-link" / "epc-uri-to-canonical-dl.json")["pairs"]

    wrong = [(pair["in"], canonical(pair["in"])) for pair in pairs if canonical(pair["in"]) != pair["canonical"]]

    say(f"{len(pairs)} names")
    assert (wrong, len(pairs)) == ([], 36)


@pytest.mark.parametrize(
    ("urn", "link"),
    [
        ("urn:epc:id:sgln:9520123.00001.0", "414/9520123000011"),
        ("urn:epc:id:sgln:952012300001..A%2F1", "414/9520123000011/254/A%2F1"),
        ("urn:epc:id:pgln:952012300001.", "417/9520123000011"),
        ("urn:epc:id:grai:9520123.00001.5", "8003/095201230000115"),
        ("urn:epc:id:gsrn:4012345.0000006765", "8018/401234500000067657"),
        ("urn:epc:id:gdti:9520123.00001.X-1", "253/9520123000011X-1"),
        ("urn:epc:id:sgcn:9520123.00001.7", "255/95201230000117"),
        ("urn:epc:id:gsin:4012345.222333444", "402/40123452223334442"),
        ("urn:epc:id:cpi:9520123.A%2FB.7", "8010/9520123A%2FB/8011/7"),
        ("urn:epc:id:upui:9520123.045678.a*b", "01/09520123456788/235/a%2Ab"),
        ("urn:epc:class:lgtin:9520123.045678.L%2f1", "01/09520123456788/10/L%2F1"),
        ("urn:epc:idpat:sgtin:9520123.045678.*", "01/09520123456788"),
        ("https://shop.vn/a/b/01/9520123456788/22/2A/10/L%2f1?17=271231#x", "01/09520123456788/10/L%2F1"),
    ],
)
def test_both_spellings_have_one_name(urn: str, link: str):
    assert canonical(urn) == f"https://id.gs1.org/{link}"


@pytest.mark.parametrize(
    "name",
    [
        "https://id.example.vn/lot/htx-bien-xanh/CA-COM-260301",
        "https://id.example.vn/lo/abcd/0123456789",
        "urn:epc:id:sgtin:9520123.45678.1",
        "urn:epc:id:sgtin:95201.0045678.1",
        "urn:epc:id:sgtin:9520123.045678.",
        "urn:epc:id:sgtin:9520123.045678.một",
        "urn:uuid:7f0a4e0e-6f0e-4d5e-9d69-0b2f7a6b8f11",
        "geo:47.506694,11.104301",
        None,
        42,
    ],
)
def test_what_is_no_key_has_none(name: object):
    assert canonical(name) is None


def test_levels():
    def level(uri: str) -> tuple[bool, bool, str | None]:
        thing = identify(uri)
        assert thing is not None
        return thing.is_instance, thing.is_class, thing.lot

    assert level("https://a/01/09520123456788/10/L1/21/7") == (True, False, None)
    assert level("https://a/01/09520123456788/10/L1") == (False, True, "L1")
    assert level("https://a/01/09520123456788") == (False, True, None)
    assert level("https://a/00/095201230000000014") == (True, False, None)
    assert level("https://a/8003/09520123000011") == (False, True, None)
    assert level("https://a/8003/095201230000115") == (True, False, None)
    assert level("https://a/414/9520123000011") == (False, False, None)


def test_faults_are_named():
    assert isinstance(fault("https://a.vn/01/09520123456789/10/L1"), BadCheckDigit)
    assert isinstance(fault("https://a.vn/414/9520123000012"), BadCheckDigit)
    assert isinstance(fault("urn:epc:id:sgtin:9520123.45678.1"), MalformedUrn)
    assert fault("https://a.vn/01/09520123456788/10/L1") is None
    assert fault("https://a.vn/lot/x/y") is None
    assert fault("urn:epc:id:sgtin:9520123.045678.1") is None


#: One EPC of each scheme, and how far it is the number of a kind of things: so many parts before the serial number.
EPCS = {
    "sgtin:9520123.045678.S1": 2, "upui:9520123.045678.S1": 2, "itip:9520123.045678.01.02.S1": 4,
    "sscc:9520123.0000000001": 1, "sgln:9520123.00001.400": 2, "sgln:401234500002..400": 2, "pgln:9520123.00001": 1,
    "grai:9520123.00001.5": 2, "gdti:9520123.00001.X-1": 2, "sgcn:9520123.00001.7": 2, "gsrn:9520123.0000006765": 1,
    "gsrnp:9520123.0000006765": 1, "gsin:9520123.222333444": 1, "giai:9520123.A%2FB": 1, "ginc:9520123.A-1": 1,
    "cpi:9520123.A%2FB.7": 2,
}  # fmt: skip


def matches(like: str, name: str) -> bool:
    """Match as SQL does."""
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", like)
    return bool(re.fullmatch("".join(signs.get(part, re.escape(part[-1])) for part in parts), name))


@pytest.mark.parametrize(("epc", "known"), [(epc, n) for epc, most in EPCS.items() for n in range(most + 1)])
def test_a_pattern_matches_what_it_stars_and_nothing_else(epc: str, known: int) -> None:
    scheme, _, rest = epc.partition(":")
    parts = rest.split(".")
    like = epc_uris.like("urn:epc:idpat:" + scheme + ":" + ".".join(parts[:known] + ["*"] * (len(parts) - known)))
    assert like is not None
    names = {one: canonical(f"urn:epc:id:{one}") for one in EPCS}
    assert all(names.values())

    company = rest.split(".")[0]
    assert {one for one, name in names.items() if matches(like, name or "")} == {
        one for one in EPCS
        # Of goods a pattern of serial numbers finds what is named below their number.
        if (one.partition(":")[0] == scheme or (scheme, one[:5]) == ("sgtin", "upui:"))
        and (known == 0 or one.partition(":")[2].split(".")[0] == company)
    }  # fmt: skip
    other = canonical(
        f"urn:epc:id:{scheme}:" + ".".join(["6141410" if len(company) == 7 else "614141000001", *parts[1:]])
    )
    assert matches(like, other or "") is (known == 0)


@pytest.mark.parametrize("pattern", [
    "urn:epc:idpat:sgtin:*.045678.*", "urn:epc:idpat:sgtin:9520123.*", "urn:epc:idpat:sscc:9520123.*.*",
    "urn:epc:idpat:grai:95201.*.*", "urn:epc:idpat:sgtin:9520123.45678.*", "urn:epc:idpat:itip:9520123.045678.1.*.*",
    "urn:epc:idpat:sgtin:9520123.045678.S*", "urn:epc:idpat:cpi:9520123.a.*",
])  # fmt: skip
def test_what_is_no_pattern_is_none(pattern: str) -> None:
    assert epc_uris.like(pattern) is None


def test_names_that_are_not_of_gs1_match_as_they_were_sent() -> None:
    assert epc_uris.like("urn:epc:idpat:gid:95100000.*.*") == "urn:epc:id:gid:95100000.%"
