"""Industries, groups and sub-groups of the programme."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog import labels
from catalog.models import Industry, ProductGroup, Subgroup
from catalog.taxonomy import GroupFact, SubgroupFact, Taxonomy, read_taxonomy

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).parents[3] / "shared")


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return read_taxonomy()


def _groups(taxonomy: Taxonomy) -> list[GroupFact]:
    return [group for industry in taxonomy.industries for group in industry.groups]


def _subgroups(taxonomy: Taxonomy) -> list[SubgroupFact]:
    return [subgroup for group in _groups(taxonomy) for subgroup in group.subgroups]


def test_there_are_6_industries_17_groups_and_26_sub_groups(taxonomy: Taxonomy) -> None:
    assert (len(taxonomy.industries), len(_groups(taxonomy)), len(_subgroups(taxonomy))) == (6, 17, 26)


def test_sets_of_criteria_are_numbered_1_to_26_in_their_order(taxonomy: Taxonomy) -> None:
    assert [subgroup.criteria_set_no for subgroup in _subgroups(taxonomy)] == list(range(1, 27))


def test_it_holds_since_22_may_2026(taxonomy: Taxonomy) -> None:
    assert (taxonomy.valid_from, taxonomy.valid_until) == (date(2026, 5, 22), None)


def test_slugs_are_plain_and_name_one_thing(taxonomy: Taxonomy) -> None:
    for slugs in (
        [industry.slug for industry in taxonomy.industries],
        [group.slug for group in _groups(taxonomy)],
    ):
        assert len(slugs) == len(set(slugs))
        assert [slug for slug in slugs if not re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)] == []


def test_slugs_that_stand_in_addresses_stay(taxonomy: Taxonomy) -> None:
    assert [industry.slug for industry in taxonomy.industries] == [
        "thuc-pham",
        "do-uong",
        "duoc-lieu",
        "thu-cong-my-nghe",
        "sinh-vat-canh",
        "du-lich",
    ]


def test_codes_name_their_place(taxonomy: Taxonomy) -> None:
    for industry in taxonomy.industries:
        for group in industry.groups:
            assert group.code.startswith(f"{industry.code}.")
            for subgroup in group.subgroups:
                assert subgroup.code == group.code or subgroup.code.startswith(f"{group.code}.")


def test_every_sub_group_has_a_kind_of_label(taxonomy: Taxonomy) -> None:
    known = {kind.key for kind in labels.kinds()}

    assert {subgroup.label_kind for subgroup in _subgroups(taxonomy)} == known


def test_facts_fit_their_columns(taxonomy: Taxonomy) -> None:
    def fits(row: Any, column: Any, text: str) -> bool:
        return len(text) <= row.__table__.c[column].type.length

    assert all(fits(Industry, "name_vi", row.name_vi) for row in taxonomy.industries)
    assert all(fits(ProductGroup, "slug", row.slug) for row in _groups(taxonomy))
    for row in _subgroups(taxonomy):
        assert fits(Subgroup, "name_vi", row.name_vi)
        assert fits(Subgroup, "code", row.code)
        assert fits(Subgroup, "lead_ministry", "; ".join(row.lead_ministries))
        assert fits(Subgroup, "label_kind", row.label_kind)


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_taxonomy("QD148-2023")


def test_names_sets_and_ministries_are_those_of_the_decision(taxonomy: Taxonomy) -> None:
    file = SHARED / "data" / "ocop" / "criteria-qd26.json"
    if not file.exists():
        pytest.skip(f"{file} is not beside the project")
    printed = json.loads(file.read_text(encoding="utf-8"))["taxonomy"]["industries"]

    assert len(printed) == len(taxonomy.industries)
    for industry, as_printed in zip(taxonomy.industries, printed, strict=True):
        assert industry.code == as_printed["code"]
        assert industry.name_vi.casefold() == as_printed["vi"].removeprefix("SẢN PHẨM ").casefold()
        for group, printed_group in zip(industry.groups, as_printed["groups"], strict=True):
            assert (group.code, group.name_vi) == (f"{industry.code}.{printed_group['code']}", printed_group["vi"])
            assert [(row.name_vi, row.criteria_set_no, "; ".join(row.lead_ministries)) for row in group.subgroups] == [
                (row["vi"], row["criteria_set_no"], row["lead_ministry"]) for row in printed_group["subgroups"]
            ]
