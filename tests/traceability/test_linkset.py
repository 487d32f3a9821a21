"""Which link a request means, and how links are listed. No database, no HTTP."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability import digital_link, key_patterns, linkset
from traceability.linkset import Claim, Level, Link, Standing, Wish

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2].parent / "shared")
GS1 = SHARED / "data" / "gs1"
ABSENT = "the conformance data is not beside the project (set SHARED_DIR)"
GTIN = (("01", "09520123456788"),)
LOT = (*GTIN, ("10", "L/1"))


def _link(href: str, kind: str = "gs1:pip", **facts: Any) -> Link:
    return Link(kind, f"https://a.example/{href}", href, **facts)


def _level(*links: Link, path: Any = GTIN) -> Level:
    return Level(path, "Gạo rẫy", links)


def _chosen(levels: list[Level], **wish: str) -> list[str] | None:
    found = linkset.choose(levels, Wish(**wish))
    return None if found is None else [link.title for link in found[1]]


# --- Kinds of link -----------------------------------------------------------------------------------------------


def test_the_kinds_of_link_are_those_of_the_vocabulary() -> None:
    path = GS1 / "resolver" / "gs1-link-types-1.16.json"
    if not path.exists():
        pytest.skip(ABSENT)
    theirs = {row["linkType"]: row["status"] for row in json.loads(path.read_text(encoding="utf-8"))["linkTypes"]}

    assert {
        one.name: "deprecated" if one.is_deprecated else "stable" for one in linkset.link_types().values()
    } == theirs
    assert len(theirs) == 60
    assert all(one.name_vi and one.name_en for one in linkset.link_types().values())


def test_the_file_of_kinds_is_in_order_and_without_a_name_twice() -> None:
    path = Path(linkset.__file__).parent / "data" / "link_types.csv"
    names = [row["name"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]

    assert len(set(names)) == len(names)


# --- The default -------------------------------------------------------------------------------------------------


def test_the_finest_level_that_leads_anywhere_decides() -> None:
    lot, product = _level(_link("lot"), path=LOT), _level(_link("product"))

    assert _chosen([lot, product]) == ["lot"]
    assert _chosen([product]) == ["product"]
    assert _chosen([]) is None
    assert _chosen([lot, _level(_link("recipe", "gs1:recipeInfo"))], link_type="gs1:recipeInfo") == ["recipe"]


def test_a_notice_goes_before_the_owners_choice_and_that_before_ours() -> None:
    ours = _link("ours", claim=Claim.USUAL, standing=Standing.USUAL)
    theirs = _link("theirs", claim=Claim.CHOSEN)
    notice = _link("notice", "gs1:traceability", claim=Claim.MUST)

    pack = _level(_link("pack", claim=Claim.CHOSEN), path=(*LOT, ("21", "S1")))
    assert _chosen([_level(ours, theirs, notice)]) == ["notice"]
    assert _chosen([pack, _level(ours, notice, path=LOT), _level(theirs)]) == ["notice"]
    assert _chosen([pack, _level(ours, path=LOT)]) == ["pack"]
    assert _chosen([_level(ours, theirs)]) == ["theirs"]
    assert _chosen([_level(_link("first"), ours)]) == ["ours"]
    assert _chosen([_level(_link("first"), _link("second"))]) == ["first"]


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("", "en"),
        ("de", "en"),
        ("vi", "vi"),
        ("vi-VN", "vi"),
        ("VI-vn,en;q=0.9", "vi"),
        ("fr;q=0.9, ja;q=0.95", "ja"),
        ("en;q=0.1, vi;q=0.2", "vi"),
        ("*", "en"),
        ("vi;q=0", "en"),
        (";;;,,q=", "en"),
    ],
)
def test_the_default_follows_the_readers_language_and_is_never_a_choice(languages: str, expected: str) -> None:
    level = _level(
        _link("en", languages=("en",), claim=Claim.CHOSEN),
        _link("vi", languages=("vi",)),
        _link("vi too", languages=("vi",)),
        _link("ja", languages=("ja",)),
    )

    assert _chosen([level], languages=languages) == [expected]


# --- A kind that was asked for -------------------------------------------------------------------------------------


def test_what_nothing_tells_apart_is_a_choice() -> None:
    level = _level(*(_link(name, "gs1:certificationInfo", languages=("vi",)) for name in "abc"), _link("page"))

    assert _chosen([level], link_type="gs1:certificationInfo") == ["a", "b", "c"]
    assert _chosen([level], link_type="gs1:certificationInfo", languages="vi") == ["a", "b", "c"]
    assert _chosen([level], link_type="gs1:menuInfo") is None


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("en-US", ["us"]),
        ("en-GB", ["gb"]),
        ("en", ["gb"]),
        ("en-AU", ["gb"]),
        ("fr", ["any"]),
        ("", ["any"]),
        ("en-US;q=0.3, en-GB;q=0.5", ["gb"]),
    ],
)
def test_languages_are_matched_by_range_and_und_is_for_the_rest(languages: str, expected: list[str]) -> None:
    level = _level(
        _link("gb", languages=("en-GB", "en")), _link("us", languages=("en-US",)), _link("any", languages=("und",))
    )

    assert _chosen([level], link_type="gs1:pip", languages=languages) == expected


def test_media_type_and_context_tell_links_apart_after_the_language() -> None:
    level = _level(
        _link("page", media_type="text/html", context=("VN",)),
        _link("paper", media_type="application/pdf", context=("VN",)),
        _link("abroad", media_type="text/html", context=("EU",)),
    )

    assert _chosen([level], link_type="gs1:pip", context="EU") == ["abroad"]
    assert _chosen([level], link_type="gs1:pip", context="VN", media_types="application/pdf") == ["paper"]
    assert _chosen([level], link_type="gs1:pip", context="VN", media_types="*/*") == ["page", "paper"]


def test_what_the_platform_vouches_for_goes_before_the_owners_and_that_before_our_usual() -> None:
    kinds = {name: _link(name, standing=standing) for name, standing in zip("vou", Standing, strict=True)}

    assert _chosen([_level(*reversed(kinds.values()))], link_type="gs1:pip") == ["v"]
    assert _chosen([_level(kinds["u"], kinds["o"])], link_type="gs1:pip") == ["o"]


# --- Going on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("href", "query", "expected"),
    [
        ("https://a/b", "", "https://a/b"),
        ("https://a/b", "x=1;y=%20", "https://a/b?x=1;y=%20"),
        ("https://a/b?c=d", "x=1", "https://a/b?c=d&x=1"),
        ("https://a/b?", "x=1", "https://a/b?x=1"),
        ("https://a/b#top", "x=1", "https://a/b?x=1#top"),
        ("https://a/b?c#top?", "x", "https://a/b?c&x#top?"),
    ],
)
def test_the_query_goes_along(href: str, query: str, expected: str) -> None:
    assert linkset.onward(href, query) == expected


@pytest.mark.parametrize(
    ("word", "accept", "wanted"),
    [
        ("linkset", "", True),
        ("all", "text/html", True),
        ("", "application/linkset+json", True),
        ("gs1:pip", "application/linkset+json", True),
        ("", "text/html, application/linkset+json;q=0.5", False),
        ("", "application/linkset+json;q=0", False),
        ("", "*/*", False),
        ("", "application/json", False),
    ],
)
def test_the_linkset_is_wanted_by_word_or_header(word: str, accept: str, wanted: bool) -> None:
    assert linkset.asks_for_linkset(word, accept) is wanted


# --- The linkset ---------------------------------------------------------------------------------------------------

languages = st.lists(st.sampled_from(["vi", "en", "en-GB", "und"]), max_size=3, unique=True).map(tuple)
links = st.builds(
    Link,
    link_type=st.sampled_from([name for name, one in linkset.link_types().items() if one.can_be_chosen]),
    href=st.sampled_from(["https://a.example/", "https://b.example/x?y=1#z"]),
    title=st.text(min_size=1, max_size=10),
    languages=languages,
    media_type=st.sampled_from(["", "text/html", "application/vnd.a+json"]),
    context=st.sampled_from([(), ("VN",)]),
    claim=st.sampled_from(Claim),
    standing=st.sampled_from(Standing),
)
levels = st.lists(
    st.builds(
        Level, st.sampled_from([GTIN, LOT]), st.text(max_size=10), st.lists(links, min_size=1, max_size=5).map(tuple)
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def schema() -> Any:
    path = GS1 / "linkset" / "gs1-linkset-schema.json"
    if not path.exists():
        pytest.skip(ABSENT)
    wanted = json.loads(path.read_text(encoding="utf-8"))
    wanted.pop("@id")
    return jsonschema_rs.Draft7Validator(wanted)


@given(levels, st.sampled_from(["", "gs1:pip", "gs1:defaultLinkMulti"]), st.sampled_from(["", "vi", "en-US,*;q=0.1"]))
def test_whatever_is_registered_is_a_valid_linkset_and_has_one_default(
    schema: Any, levels: list[Level], kind: str, wished: str
) -> None:
    document = linkset.document(levels, "https://ocop.example")
    schema.validate(document)
    assert all(len(level[linkset.VOCABULARY + "defaultLink"]) == 1 for level in document["linkset"])
    found = linkset.choose(levels, Wish(kind, wished))
    if found is not None:
        schema.validate(linkset.choices(*found, "https://ocop.example"))
        assert len(found[1]) == 1 or kind


def test_a_slash_in_a_lot_is_encoded_in_its_anchor() -> None:
    (level,) = linkset.document([_level(_link("x"), path=LOT)], "https://ocop.example")["linkset"]

    assert level["anchor"] == "https://ocop.example/01/09520123456788/10/L%2F1"


# --- Patterns of keys ------------------------------------------------------------------------------------------------

values = st.text(alphabet="AB12/+%-", min_size=1, max_size=8)


@given(values, values)
def test_every_pattern_that_fits_gives_back_the_key_when_it_is_filled(lot: str, serial: str) -> None:
    path = (*GTIN, ("10", lot), ("21", serial))
    for pattern, bound in key_patterns.fitting(path):
        assert key_patterns.filled(pattern, bound) == digital_link.written(path)
        assert key_patterns.written(key_patterns.read(pattern)) == pattern


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("9520123456788", "/01/09520123456788"),
        ("(01)09520123456788(10)L1", "/01/09520123456788/10/L1"),
        ("https://id.gs1.org/01/09520123456788/10/a%2fb", "/01/09520123456788/10/a%2Fb"),
        ("/01/09520123456788/10/{lotnumber}/21/{s}", "/01/09520123456788/10/{10}/21/{21}"),
        ("/8004/9520123AB{1}", "/8004/9520123AB{1}"),
        ("/shop/414/9520123450006", None),
        ("/415/9520123450006", None),
        ("/01/{gtin}", None),
        ("/01/09520123456788/21/S/10/L", None),
        ("/10/L", None),
    ],
)
def test_a_key_is_read_as_people_write_it(text: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(key_patterns.InvalidInput):
            key_patterns.read(text)
    else:
        assert key_patterns.written(key_patterns.read(text)) == written
