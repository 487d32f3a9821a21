"""The table of application identifiers, the rules for their values, and element strings."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.gs1_identifiers import TABLE, rows
from traceability import application_identifiers as identifiers
from traceability import content_rules, element_strings
from traceability.application_identifiers import Malformed, check_value
from traceability.element_strings import from_brackets, from_scan, to_scan

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2].parent / "shared")
LINK_DATA = SHARED / "data" / "gs1" / "digital-link"
ABSENT = "the conformance data is not beside the project (set SHARED_DIR)"


def _rows(table: str) -> list[Any]:
    path = LINK_DATA / "gs1-syntax-engine-vectors.json"
    if not path.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=ABSENT))]
    return json.loads(path.read_text(encoding="utf-8"))[table]


def test_the_table_is_that_of_the_dictionary():
    dictionary = LINK_DATA / "gs1-syntax-dictionary.txt"
    if not dictionary.exists():
        pytest.skip(ABSENT)
    with TABLE.open(encoding="utf-8", newline="") as file:
        ours = list(csv.DictReader(file))

    assert ours == rows(dictionary.read_text(encoding="utf-8"))
    assert len(ours) == 224


def test_every_rule_that_an_identifier_names_is_held_or_listed_as_not_held():
    named = {rule for one in identifiers.table().values() for component in one.components for rule in component.rules}

    assert named == content_rules.RULES.keys() | content_rules.NOT_HELD


def test_ranges_are_many_identifiers():
    assert identifiers.get("3103").components[0].most == 6
    assert identifiers.get("99").attribute
    assert identifiers.find("3106") is None
    with pytest.raises(identifiers.UnknownIdentifier):
        identifiers.get("89")


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("01", "09520123456788"),
        ("17", "280229"),
        ("17", "270200"),
        ("7003", "2711032359"),
        ("7007", "261101"),
        ("7007", "261101261103"),
        ("8008", "26110308"),
        ("8008", "261103081559"),
        ("3103", "000250"),
        ("422", "704"),
        ("423", "704418"),
        ("3910", "7040"),
        ("3911", "704125000"),
        ("8003", "09520123456788"),
        ("8003", "09520123456788ABC"),
        ("8006", "095201234567880102"),
        ("8007", "DE89370400440532013000"),
        ("8010", "9520123-A/1"),
        ("8011", "0"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K"),
        ("253", "9520123456788"),
        ("255", "9520123456788000"),
        ("4307", "VN"),
        ("4309", "10473780001087380000"[:20]),
        ("7040", "1ABC"),
        ("7258", "1/3"),
        ("8030", "abc-_=="),
    ],
)
def test_right_values(code, value):
    check_value(code, value)


@pytest.mark.parametrize(
    ("code", "value", "error"),
    [
        ("01", "", identifiers.EmptyValue),
        ("01", "0952012345678", identifiers.ValueTooShort),
        ("01", "095201234567880", identifiers.ValueTooLong),
        ("01", "0952012345678A", identifiers.BadSign),
        ("01", "٠٩٥٢٠١٢٣٤٥٦٧٨٨", identifiers.BadSign),
        ("01", "09520123456781", identifiers.BadCheckDigit),
        ("17", "270229", identifiers.BadDay),
        ("17", "271301", identifiers.BadDay),
        ("7006", "271100", identifiers.BadDay),
        ("7003", "2711032400", identifiers.BadDay),
        ("7250", "00001231", identifiers.BadDay),
        ("8006", "095201234567880302", identifiers.BadContent),
        ("8007", "DE89370400440532013001", identifiers.BadContent),
        ("8013", "1987654Ad4X4bL5ttr2310c2L", identifiers.BadContent),
        ("4307", "XX", identifiers.BadContent),
        ("4300", "A%2", identifiers.BadContent),
        ("7258", "4/3", identifiers.BadContent),
        ("7230", "A", identifiers.ValueTooShort),
        ("10", "LÔ1", identifiers.BadSign),
        ("89", "1", identifiers.UnknownIdentifier),
        ("89", "", identifiers.UnknownIdentifier),
    ],
)
def test_wrong_values_are_refused_with_what_is_wrong(code, value, error):
    with pytest.raises(error) as refused:
        check_value(code, value)

    assert refused.value.facts["ai"] == code


@given(st.sampled_from(sorted(identifiers.table())), st.text(max_size=40))
def test_any_value_is_right_or_refused_by_name(code, value):
    refused = _refusal_of(code, value)

    assert refused is None or refused.facts["ai"] == code


def _refusal_of(code: str, value: str) -> Malformed | None:
    try:
        check_value(code, value)
    except Malformed as refused:
        return refused
    return None


# --- Element strings -----------------------------------------------------------------------------------


def test_both_spellings_hold_the_same():
    elements = from_brackets("(01)09520123456788(17)271103(10)L1(21)S1")

    assert to_scan(elements) == "^01095201234567881727110310L1^21S1"
    assert from_scan("^01095201234567881727110310L1^21S1") == elements


lots = st.text(alphabet="".join(sorted(content_rules.CSET_82)), min_size=1, max_size=20)


@given(lots, lots)
def test_what_is_written_reads_back(lot, serial):
    elements = [("01", "09520123456788"), ("10", lot), ("21", serial)]

    assert from_scan(to_scan(elements)) == elements


@given(st.text(alphabet="^()\\0123456789AB", max_size=30))
def test_any_string_is_read_or_refused_by_name(text):
    for read in (from_brackets, from_scan):
        with contextlib.suppress(Malformed):
            assert from_scan(to_scan(read(text))) == read(text)


@pytest.mark.parametrize("row", _rows("bracketedAI"))
def test_gs1_bracketed(row):
    if row["valid"]:
        assert to_scan(from_brackets(row["in"])) == row["elementString"]
    else:
        with pytest.raises(Malformed):
            from_brackets(row["in"])


@pytest.mark.parametrize("row", _rows("elementString"))
def test_gs1_element_strings(row):
    if row["valid"]:
        assert from_scan(row["in"])
    else:
        with pytest.raises(Malformed):
            from_scan(row["in"])


@pytest.mark.parametrize("row", _rows("lint"))
def test_gs1_rules(row):
    code, _, value = row["in"].removeprefix("(").partition(")")
    named = {rule for component in identifiers.get(code).components for rule in component.rules}
    if named & content_rules.NOT_HELD:
        pytest.skip(f"rules that are not held: {', '.join(sorted(named & content_rules.NOT_HELD))}")

    assert _name_of(_refusal_of(code, value), code, value) == row["error"]


SETS = {
    "N": (frozenset("0123456789"), "NON_DIGIT_CHARACTER"),
    "X": (content_rules.CSET_82, "INVALID_CSET82_CHARACTER"),
    "Y": (content_rules.CSET_39, "INVALID_CSET39_CHARACTER"),
    "Z": (content_rules.CSET_64, "INVALID_CSET64_CHARACTER"),
}


def _name_of(refused: Malformed | None, code: str, value: str) -> str | None:
    """Name a refusal as GS1's reference does."""
    if not isinstance(refused, identifiers.BadSign):
        return str(refused.facts["rule"]) if refused else None
    for component in identifiers.get(code).components:
        part, value = value[: component.most], value[component.most :]
        signs, name = SETS[component.kind]
        if not set(part) <= signs:
            return name
    return None


CHECKS = {
    "validateAIrepeats": element_strings.check_repeats,
    "validateAImutex": element_strings.check_exclusions,
    "validateAIrequisites": element_strings.check_requisites,
    "validateDigSigRequiresSerialisedKey": element_strings.check_signature,
}


@pytest.mark.parametrize("row", _rows("association"))
def test_gs1_associations(row):
    parts = row["in"].removeprefix("(").split("(")
    elements = [tuple(part.split(")", 1)) for part in parts]

    if row["valid"]:
        CHECKS[row["rule"]](elements)
    else:
        with pytest.raises(Malformed):
            CHECKS[row["rule"]](elements)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("(01)09520123456788(10)A(10)B", element_strings.Repeated),
        ("(01)09520123456788(02)09520123456788(37)1", element_strings.NotTogether),
        ("(10)A", element_strings.Missing),
        ("(253)9520123456788(8030)ABC", element_strings.NotSerialised),
    ],
)
def test_what_does_not_go_together_is_refused(text, error):
    with pytest.raises(error):
        element_strings.check_together(from_brackets(text))
