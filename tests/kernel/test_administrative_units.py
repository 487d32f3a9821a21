"""Units of today and of before, what became of what, and finding one by its name."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kernel.administrative_units import (
    FORMER_FROM,
    REFORM,
    Unit,
    find_by_name,
    read_successions,
    read_units,
    successors,
    unit_on,
)
from kernel.text import one_line

TODAY = date(2026, 11, 24)
SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).parents[3] / "shared")


@pytest.fixture(scope="module")
def units() -> list[Unit]:
    return list(read_units())


@pytest.fixture(scope="module")
def ba_to() -> dict[str, Any]:
    """What the programme's notes say of the former district of Ba Tơ."""
    file = SHARED / "data" / "bato" / "products.json"
    if not file.exists():
        pytest.skip(f"{file} is not beside the project")
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["administration"]
    return facts


def _today(units: list[Unit]) -> list[Unit]:
    return [unit for unit in units if unit.stands_on(TODAY)]


def test_there_are_34_provinces_and_3321_communes_today(units: list[Unit]) -> None:
    assert Counter(unit.level for unit in _today(units)) == {"province": 34, "commune": 3321}


def test_nine_provinces_are_cities_and_709_communes_wards_today(units: list[Unit]) -> None:
    kinds = Counter(unit.kind_vi for unit in _today(units))

    assert kinds == {"Thành phố": 9, "Tỉnh": 25, "Xã": 2599, "Phường": 709, "Đặc khu": 13}


def test_there_were_63_provinces_696_districts_and_10035_communes_before(units: list[Unit]) -> None:
    before = [unit for unit in units if unit.stands_on(date(2025, 6, 30))]

    assert Counter(unit.level for unit in before) == {"province": 63, "district": 696, "commune": 10035}


def test_quang_ngai_has_96_communes(units: list[Unit]) -> None:
    kinds = Counter(unit.kind_vi for unit in _today(units) if unit.parent_code == "51")

    assert kinds == {"Xã": 86, "Phường": 9, "Đặc khu": 1}


def test_code_and_first_day_name_a_unit(units: list[Unit]) -> None:
    keys = Counter((unit.code, unit.valid_from) for unit in units)

    assert [key for key, times in keys.items() if times > 1] == []


def test_no_two_units_have_the_same_code_on_the_same_day(units: list[Unit]) -> None:
    spans: dict[str, list[Unit]] = {}
    for unit in units:
        spans.setdefault(unit.code, []).append(unit)

    for same in spans.values():
        same.sort(key=lambda unit: unit.valid_from)
        for earlier, later in itertools.pairwise(same):
            assert earlier.valid_until is not None
            assert earlier.valid_until <= later.valid_from


def test_every_unit_lies_in_a_unit_of_its_time(units: list[Unit]) -> None:
    lost = [unit for unit in units if unit.parent_code and unit_on(unit.parent_code, unit.valid_from) is None]

    assert lost == []


def test_names_are_tidy_and_without_their_kind(units: list[Unit]) -> None:
    assert [unit for unit in units if unit.name_vi != one_line(unit.name_vi)] == []
    assert [unit for unit in _today(units) if unit.name_vi.startswith(("Xã ", "Phường ", "Tỉnh "))] == []


def test_every_kind_has_an_english_word(units: list[Unit]) -> None:
    assert all(unit.kind_en for unit in units)


def test_every_step_leads_from_a_unit_to_one_that_begins_when_it_ends(units: list[Unit]) -> None:
    known = {(unit.code, unit.valid_from): unit for unit in units}

    for step in read_successions():
        old = known[step.old_code, step.old_valid_from]
        new = known[step.new_code, step.new_valid_from]
        # Time only moves on, so no chain of steps can come back to where it began.
        assert old.valid_until == new.valid_from
        assert old.valid_from < new.valid_from


def test_steps_are_named_once() -> None:
    steps = list(read_successions())

    assert len(steps) == len(set(steps))


def test_every_former_unit_became_something(units: list[Unit]) -> None:
    assert [unit for unit in units if unit.valid_from == FORMER_FROM and not successors(unit.code, TODAY)] == []


def test_every_commune_of_today_came_from_somewhere(units: list[Unit]) -> None:
    reached = {step.new_code for step in read_successions()}

    assert {unit.code for unit in _today(units)} - reached == set()


def test_dong_nai_is_a_city_since_30_april_2026() -> None:
    assert unit_on("75", date(2026, 4, 29)).kind_vi == "Tỉnh"  # type: ignore[union-attr]
    assert unit_on("75", date(2026, 4, 30)).kind_vi == "Thành phố"  # type: ignore[union-attr]


def test_a_code_that_was_used_again_names_two_units() -> None:
    before, today = unit_on("21484", date(2025, 6, 30)), unit_on("21484", REFORM)

    assert before is not None
    assert today is not None
    assert (before.kind_vi, today.kind_vi) == ("Thị trấn", "Xã")


def test_a_former_province_leads_to_the_one_it_joined() -> None:
    assert [unit.name_vi for unit in successors("62", TODAY)] == ["Quảng Ngãi"]  # Kon Tum


def test_a_former_unit_is_followed_through_later_changes() -> None:
    (ward,) = successors("26326", TODAY)  # Dầu Giây: a township, a commune, a ward

    assert (ward.kind_vi, ward.valid_from) == ("Phường", date(2026, 4, 30))
    assert [unit.kind_vi for unit in successors("26326", date(2025, 12, 1))] == ["Xã"]


def test_a_unit_is_its_own_successor_while_it_stands() -> None:
    assert [unit.kind_vi for unit in successors("21484", date(2025, 6, 30))] == ["Thị trấn"]


def test_a_divided_commune_leads_to_all_its_parts() -> None:
    assert len(successors("00016", TODAY)) > 1  # phường Hàng Mã, Hà Nội


def test_an_unknown_code_leads_nowhere() -> None:
    assert successors("99999", TODAY) == []


def test_the_former_district_of_ba_to_leads_to_its_eight_communes() -> None:
    codes = [unit.code for unit in successors("535", TODAY)]

    assert codes == ["21484", "21490", "21496", "21499", "21520", "21523", "21529", "21538"]


def test_each_former_unit_of_ba_to_became_what_the_notes_say(ba_to: dict[str, Any]) -> None:
    for old in ba_to["old_units"]:
        was = unit_on(old["code"], date(2025, 6, 30))
        assert was is not None
        assert was.parent_code == "535"
        assert old["name"] in (was.name_vi, f"{was.kind_vi} {was.name_vi}")
        assert [(unit.code, unit.name_vi) for unit in successors(old["code"], TODAY)] == [
            (old["merged_into"]["code"], old["merged_into"]["name"])
        ]
    assert len(ba_to["old_units"]) == 19


def test_the_communes_of_ba_to_have_the_area_the_notes_give(ba_to: dict[str, Any]) -> None:
    for commune in ba_to["new_communes"]:
        unit = unit_on(commune["code"], TODAY)
        assert unit is not None
        assert f"{unit.kind_vi} {unit.name_vi}" == commune["name"]
        assert float(unit.area_km2 or 0) == commune["area_km2"]
    assert len(ba_to["new_communes"]) == 8


def test_the_communes_of_ba_to_have_a_centre_to_draw() -> None:
    places = {unit.code: (unit.lat, unit.lon) for unit in successors("535", TODAY)}

    assert places["21484"] == ("14.7378", "108.738")
    assert places["21523"] == ("14.647", "108.66")
    assert all(lat and lon for lat, lon in places.values())


# --- By name -----------------------------------------------------------------------------------------


def test_marks_tell_ba_to_from_ba_to_with_a_circumflex() -> None:
    assert [unit.code for unit in find_by_name("Ba Tơ", on=TODAY, parent="51")] == ["21484"]
    assert [unit.code for unit in find_by_name("xã Ba Tô", on=TODAY)] == ["21523"]


def test_a_name_without_marks_gives_all_it_may_mean() -> None:
    assert [unit.code for unit in find_by_name("xa ba to", on=TODAY)] == ["21484", "21523"]


def test_the_province_tells_namesakes_apart() -> None:
    assert len(find_by_name("Ba Vì", on=TODAY)) == 2  # in Hà Nội and in Quảng Ngãi
    assert [unit.code for unit in find_by_name("Ba Vì", on=TODAY, parent="51")] == ["21529"]


@pytest.mark.parametrize("spelling", ["Đặng Thùy Trâm", "Đặng Thuỳ Trâm", "XÃ ĐẶNG THÙY TRÂM", "dang thuy tram"])
def test_every_spelling_of_a_commune_finds_it(spelling: str) -> None:
    assert [unit.code for unit in find_by_name(spelling, on=TODAY)] == ["21520"]


def test_a_former_name_is_found_in_its_time_and_under_its_district() -> None:
    assert [unit.code for unit in find_by_name("xã Ba Thành", parent="535")] == ["21493"]
    assert find_by_name("xã Ba Thành", on=TODAY, parent="51") == []


def test_a_former_commune_is_found_under_its_province() -> None:
    assert [unit.code for unit in find_by_name("Ba Thành", on=date(2025, 6, 30), parent="51")] == ["21493"]


def test_a_name_that_is_nowhere_finds_nothing() -> None:
    assert find_by_name("Xã Không Có", on=TODAY) == []
