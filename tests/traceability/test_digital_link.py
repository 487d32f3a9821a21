"""GS1 Digital Link: read, refused, written. Ours first, then the vectors of GS1's own engine."""

from __future__ import annotations

import json
import os
import string
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import gs1
from traceability import application_identifiers as identifiers
from traceability import digital_link as dl
from traceability.application_identifiers import Malformed
from traceability.digital_link import build, generate, parse, parse_uri, percent_decode, percent_encode
from traceability.element_strings import Repeated, from_brackets

GTIN = "09520123456788"
SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2].parent / "shared")
VECTORS = SHARED / "data" / "gs1" / "digital-link" / "gs1-syntax-engine-vectors.json"

lots = st.text(alphabet="".join(sorted(gs1.CSET_82)), min_size=1, max_size=20)


# --- Read --------------------------------------------------------------------------------------------


def test_a_batch_is_read_from_the_raw_path():
    link = parse(f"/01/{GTIN}/10/CF-2611%2FA", "17=271103&utm_source=zalo&linkType=gs1:pip")

    assert (link.gtin, link.lot, link.serial) == (GTIN, "CF-2611/A", None)
    assert link.key == ("01", GTIN)
    assert link.attributes == (("17", "271103"),)
    assert link.extensions == ("utm_source=zalo", "linkType=gs1:pip")
    assert link.value("17") == "271103"
    assert link.value("21") is None


def test_a_plus_is_a_plus_in_the_path_and_a_space_in_the_query():
    assert parse(f"/01/{GTIN}/10/A+B").lot == "A+B"
    assert parse(f"/01/{GTIN}/10/A%2BB").lot == "A+B"
    assert parse(f"/01/{GTIN}", "99=A%2BB").value("99") == "A+B"
    with pytest.raises(identifiers.BadSign) as refused:
        parse(f"/01/{GTIN}", "99=A+B")
    assert refused.value.facts == {"ai": "99", "sign": " "}


def test_a_lot_may_look_like_an_identifier():
    link = parse(f"/01/{GTIN}/10/00/21/01")

    assert link.path == (("01", GTIN), ("10", "00"), ("21", "01"))


def test_the_rightmost_key_wins():
    assert parse(f"/01/00614141123452/01/{GTIN}/10/L1").gtin == GTIN
    assert parse(f"/shop/414/01/{GTIN}").stem == "/shop/414"
    assert parse(f"/01/{GTIN}/00/006141411234567890").key == ("00", "006141411234567890")


def test_what_stands_before_the_key_is_kept():
    assert parse(f"/some/where/01/{GTIN}").stem == "/some/where"
    assert parse(f"/01/{GTIN}").stem == ""


def test_semicolons_part_the_query_too_and_the_fragment_is_nothing():
    link = parse_uri(f"https://a/01/{GTIN}?17=271103;x=1;99=B#10=C")

    assert link.attributes == (("17", "271103"), ("99", "B"))
    assert link.extensions == ("x=1",)


def test_a_day_00_means_the_whole_month():
    assert parse(f"/01/{GTIN}", "17=271100").value("17") == "271100"


def test_levels_go_from_the_finest_up_to_the_key():
    link = parse(f"/01/{GTIN}/22/V/10/L/21/S")

    assert [[code for code, _ in level] for level in link.levels()] == [
        ["01", "22", "10", "21"],
        ["01", "22", "10"],
        ["01", "22"],
        ["01"],
    ]


def test_a_lot_may_stand_in_the_query_only_beside_a_third_partys_serial():
    assert parse(f"/01/{GTIN}/235/XYZ", "10=L1").value("10") == "L1"
    with pytest.raises(dl.BelongsInThePath):
        parse(f"/01/{GTIN}", "10=L1")
    with pytest.raises(dl.BelongsInThePath):
        parse(f"/01/{GTIN}/21/S", "10=L1")


def test_a_resolver_may_overlook_one_slash_at_the_end():
    assert parse(f"/01/{GTIN}/10/L1/", trailing_slash=True).lot == "L1"
    with pytest.raises(Malformed):
        parse(f"/01/{GTIN}/10/L1/")
    with pytest.raises(Malformed):
        parse(f"/01/{GTIN}/10/L1//", trailing_slash=True)


# --- Refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "error", "facts"),
    [
        ("/01/09520123456789", "", identifiers.BadCheckDigit, {"ai": "01", "expected": "8"}),
        ("/01/9520123456788", "", identifiers.ValueTooShort, {"ai": "01", "value": "9520123456788"}),
        ("/01/095201234567888", "", identifiers.ValueTooLong, {"ai": "01"}),
        ("/01/0952012345678X", "", identifiers.BadSign, {"ai": "01", "sign": "X"}),
        (f"/01/{GTIN}/10/", "", identifiers.EmptyValue, {"ai": "10"}),
        (f"/01/{GTIN}/10/{'A' * 21}", "", identifiers.ValueTooLong, {"ai": "10"}),
        (f"/01/{GTIN}/10/L%C3%94", "", identifiers.BadSign, {"ai": "10", "sign": "Ã"}),
        (f"/01/{GTIN}/10/A%00B", "", dl.ZeroByte, {}),
        (f"/01/{GTIN}", "x=%00", dl.ZeroByte, {}),
        (f"/01/{GTIN}/10/Lô", "", dl.NotAnAddress, {}),
        (f"/01/{GTIN}/10/A B", "", dl.NotAnAddress, {}),
        (f"/01/{GTIN}/21/S/10/L", "", dl.NotAQualifier, {"ai": "10", "key": "01"}),
        (f"/01/{GTIN}/235/T/10/L", "", dl.NotAQualifier, {"ai": "10", "key": "01"}),
        (f"/01/{GTIN}/10/L/10/L", "", dl.RepeatedInLink, {"ai": "10"}),
        (f"/01/{GTIN}/17/271103", "", dl.NotAQualifier, {"ai": "17", "key": "01"}),
        (f"/01/{GTIN}/lot/L", "", dl.NotAQualifier, {"ai": "lot", "key": "01"}),
        (f"/01/{GTIN}/89/L", "", identifiers.UnknownIdentifier, {"ai": "89"}),
        (f"/01/{GTIN}", "89=L", identifiers.UnknownIdentifier, {"ai": "89"}),
        (f"/01/{GTIN}", "%38%39=L", identifiers.UnknownIdentifier, {"ai": "89"}),
        (f"/01/{GTIN}", "99=A&99=A", dl.RepeatedInLink, {"ai": "99"}),
        (f"/01/{GTIN}/10/A", "10=A", dl.RepeatedInLink, {"ai": "10"}),
        (f"/01/{GTIN}", f"01={GTIN}", dl.RepeatedInLink, {"ai": "01"}),
        (f"/01/{GTIN}", "99", identifiers.EmptyValue, {"ai": "99"}),
        (f"/01/{GTIN}", "8200=x", dl.NotAnAttribute, {"ai": "8200"}),
        (f"/01/{GTIN}", "17=271332", identifiers.BadDay, {"ai": "17"}),
        (f"/01/{GTIN}", "7003=2711032460", identifiers.BadDay, {"ai": "7003"}),
        (f"/01/{GTIN}", "422=998", identifiers.BadContent, {"ai": "422", "rule": "NOT_ISO3166"}),
        ("/415/9520123456788", "", dl.QualifierMissing, {"key": "415", "ai": "8020"}),
        ("/01", "", dl.NoKey, {}),
        (f"/01/{GTIN}/10", "", dl.NoKey, {}),
        (f"/gtin/{GTIN}", "", dl.NoKey, {}),
        ("/10/L1", "", dl.NoKey, {}),
        ("/lo/bato/7k2qxm90ad", "", dl.NoKey, {}),
        ("/", "", dl.NoKey, {}),
        ("", "", dl.NoKey, {}),
    ],
)
def test_what_is_wrong_is_said(path, query, error, facts):
    with pytest.raises(error) as refused:
        parse(path, query)

    assert isinstance(refused.value, Malformed)
    assert refused.value.http_status == 400
    assert facts.items() <= refused.value.facts.items()


@pytest.mark.parametrize(
    "uri", ["", "ftp://a/01/x", "//a/01/x", f"https:///01/{GTIN}", f"https://a b/01/{GTIN}", f"https://u@a/01/{GTIN}"]
)
def test_what_is_no_web_address_is_refused(uri):
    with pytest.raises(dl.NotAnAddress):
        parse_uri(uri)


@given(st.text(max_size=60), st.text(max_size=40))
def test_any_text_is_read_or_refused_by_name(path, query):
    try:
        link = parse(path, query)
    except Malformed:
        return
    assert link.path


uri_signs = st.text(alphabet=string.ascii_letters + string.digits + "-._~:/?@!$&'()*+,;=%", max_size=40)


@given(uri_signs, uri_signs)
def test_what_was_read_reads_the_same_in_its_canonical_form(tail, query):
    try:
        link = parse(f"/01/{GTIN}" + tail, query)
    except Malformed:
        return
    again = parse_uri(link.canonical())

    assert again.path == link.path
    assert sorted(again.attributes) == sorted(link.attributes)
    assert again.canonical() == link.canonical()
    assert not again.extensions


# --- Written -----------------------------------------------------------------------------------------


def test_the_address_of_a_label():
    assert build("https://ocop.example/", "9520123456788", "CF/1+2 "[:-1]) == (
        "https://ocop.example/01/09520123456788/10/CF%2F1%2B2"
    )
    assert build("https://ocop.example", GTIN, "L1", "S%1").endswith("/10/L1/21/S%251")


@given(lots, st.none() | lots)
def test_whatever_lot_is_printed_reads_back_as_itself(lot, serial):
    link = parse_uri(build("https://ocop.example/shop", GTIN, lot, serial))

    assert (link.gtin, link.lot, link.serial) == (GTIN, lot, serial)
    assert link.stem == "/shop"


@pytest.mark.parametrize(
    ("gtin", "lot", "error"),
    [
        ("09520123456789", "L1", gs1.WrongCheckDigit),
        ("2112345678900", "L1", gs1.RestrictedNumber),
        (GTIN, "", gs1.EmptyLot),
        (GTIN, "LÔ", gs1.LotHasBadSign),
    ],
)
def test_a_label_that_could_not_be_read_back_is_not_written(gtin, lot, error):
    with pytest.raises(error):
        build("https://ocop.example", gtin, lot)


def test_the_canonical_form_has_gs1s_host_sorted_attributes_and_nothing_else():
    link = parse_uri(f"http://a.example:8000/x/01/{GTIN}/10/a%2fb?utm=1&99=Z&17=271103&b#f")

    assert link.canonical() == f"https://id.gs1.org/01/{GTIN}/10/a%2Fb?17=271103&99=Z"


def test_without_a_stem_the_canonical_form_is_generated():
    elements = [("17", "271103"), ("10", "L1"), ("01", GTIN), ("3103", "000250")]

    assert generate(elements) == f"https://id.gs1.org/01/{GTIN}/10/L1?17=271103&3103=000250"


def test_two_values_of_one_identifier_are_not_written():
    with pytest.raises(Repeated):
        generate([("01", GTIN), ("10", "A"), ("10", "B")])


def test_a_payee_is_written_with_its_payment():
    assert generate([("8020", "X1"), ("415", "9520123456788")]).endswith("/415/9520123456788/8020/X1")
    with pytest.raises(dl.QualifierMissing):
        generate([("415", "9520123456788")])


@given(st.text(max_size=20), st.booleans())
def test_what_is_encoded_decodes_to_itself(text, query):
    latin = "".join(sign for sign in text if ord(sign) < 256)

    assert percent_decode(percent_encode(latin, query=query), query=query) == latin


# --- Vectors of GS1's engine (half of them, chosen at random; see the readme beside them) ---------------------


def _rows(table: str) -> list[Any]:
    if not VECTORS.exists():
        reason = "the conformance data is not beside the project (set SHARED_DIR)"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason))]
    return json.loads(VECTORS.read_text(encoding="utf-8"))[table]


def _strict(rows: list[Any]) -> list[Any]:
    """Rows with options test lenient switches that this parser does not have."""
    skip = pytest.mark.skip(reason="tests a lenient switch: permitted here is only what the standard permits")
    return [
        pytest.param(row, marks=skip, id=str(row.get("src"))) if isinstance(row, dict) and "options" in row else row
        for row in rows
    ]


def test_every_table_of_vectors_is_run(capsys):
    if not VECTORS.exists():
        pytest.skip("the conformance data is not beside the project (set SHARED_DIR)")
    tables = {
        name: rows for name, rows in json.loads(VECTORS.read_text(encoding="utf-8")).items() if isinstance(rows, list)
    }
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    lenient = sum("options" in row for rows in tables.values() for row in rows if isinstance(row, dict))
    with capsys.disabled():
        counts = ", ".join(f"{name} {len(rows)}" for name, rows in tables.items())
        print(f"\ngs1-syntax-engine-vectors.json: {counts}; {lenient} rows of lenient switches skipped")  # noqa: T201

    assert sum(map(len, tables.values())) == 252
    assert [name for name in tables if f'_rows("{name}")' not in tests] == []


@pytest.mark.parametrize("row", _strict(_rows("parse")))
def test_gs1_parse(row):
    if row["valid"]:
        assert parse_uri(row["uri"]).element_string() == row["elementString"]
    else:
        with pytest.raises(Malformed):
            parse_uri(row["uri"])


@pytest.mark.parametrize("row", _rows("percentDecode"))
def test_gs1_percent_decode(row):
    assert percent_decode(row["in"]) == row["path"]
    assert percent_decode(row["in"], query=True) == row["query"]


@pytest.mark.parametrize("row", _rows("percentEncode"))
def test_gs1_percent_encode(row):
    assert percent_encode(row["in"]) == row["path"]
    assert percent_encode(row["in"], query=True) == row["query"]


@pytest.mark.parametrize("row", _strict(_rows("generate")))
def test_gs1_generate(row):
    elements = from_brackets(row["ai"])
    if row["ok"]:
        assert generate(elements, row["stem"]) == row["uri"]
    else:
        with pytest.raises(Malformed):
            generate(elements, row["stem"])


@pytest.mark.parametrize("row", _rows("validPathSequences"))
def test_gs1_valid_path_sequences_and_no_other_order_of_them(row):
    assert dl.is_path(row)
    for order in permutations(row):
        assert dl.is_path(order) == (list(order) == row)


# --- Every sequence there is ---------------------------------------------------------------------------


def _all_paths() -> set[tuple[str, ...]]:
    paths = set()
    for code, identifier in identifiers.table().items():
        for order in identifier.qualifiers or ():
            for chosen in range(2 ** len(order)):
                paths.add((code, *(q for n, q in enumerate(order) if chosen >> n & 1)))
    return paths


def test_the_keys_and_their_qualifiers_are_those_of_the_standard():
    said = {
        "00": [()], "253": [()], "255": [()], "401": [()], "402": [()], "8003": [()], "8013": [()],
        "01": [("22", "10", "21"), ("235",)], "8006": [("22", "10", "21")], "8010": [("8011",)],
        "414": [("254",), ("7040",)], "415": [("8020",)], "417": [("7040",)], "8004": [("7040",)],
        "8017": [("8019",)], "8018": [("8019",)],
    }  # fmt: skip

    assert {code: list(one.qualifiers) for code, one in identifiers.table().items() if one.is_key} == said


@given(st.lists(st.sampled_from(sorted({code for path in _all_paths() for code in path})), min_size=1, max_size=4))
def test_a_sequence_is_a_path_exactly_when_the_standard_lists_it(codes):
    assert dl.is_path(codes) == (tuple(codes) in _all_paths())
