"""What labels have to say, by kind of goods."""

from __future__ import annotations

import pytest

from catalog import labels
from catalog.labels import LabelKind

KINDS = pytest.mark.parametrize("kind", labels.kinds(), ids=lambda kind: kind.key)


@KINDS
def test_goods_always_say_what_they_are_who_answers_for_them_and_where_they_come_from(kind: LabelKind) -> None:
    given = {thing.key for thing in kind.elsewhere}

    assert given >= ({"name", "responsible", "origin"} if kind.is_goods else {"name", "responsible"})


@KINDS
def test_every_field_has_words_in_both_languages_and_a_source(kind: LabelKind) -> None:
    for field in kind.fields:
        assert all((field.name_vi, field.name_en, field.hint_vi, field.hint_en, field.source)), field.key
        assert 0 < field.max_length <= 1_000


@KINDS
def test_a_key_names_one_field(kind: LabelKind) -> None:
    keys = [field.key for field in kind.fields]

    assert len(keys) == len(set(keys))


@KINDS
def test_an_empty_label_lacks_exactly_what_is_compulsory_for_the_product(kind: LabelKind) -> None:
    lacking = labels.missing(kind.key, {})

    assert lacking == [field for field in kind.product_fields if field.required]
    assert lacking


@KINDS
def test_a_label_filled_in_vietnamese_lacks_nothing(kind: LabelKind) -> None:
    filled = {field.key: {"vi": "Có", "en": ""} for field in kind.product_fields}

    assert labels.missing(kind.key, filled) == []


def test_english_alone_does_not_fill_a_field() -> None:
    filled = {field.key: {"vi": " ", "en": "Here"} for field in labels.fields_for("thuc_pham")}

    assert labels.missing("thuc_pham", filled) == labels.missing("thuc_pham", {})


def test_food_names_ingredients_use_storage_and_warnings() -> None:
    assert [field.key for field in labels.missing("thuc_pham", {})] == ["ingredients", "use", "storage", "warnings"]


def test_food_has_its_days_on_each_batch() -> None:
    days = {field.key: field.required for field in labels.kind("thuc_pham").batch_fields}

    assert days == {"made_on": True, "expires_on": True, "lot": False}


def test_alcohol_says_how_strong_it_is_but_need_not_expire() -> None:
    fields = {field.key: field for field in labels.kind("ruou").fields}

    assert fields["alcohol_content"].required
    assert not fields["expires_on"].required


def test_cloth_says_its_fibres_and_the_year_but_no_net_content() -> None:
    cloth = labels.kind("det_may")

    assert {field.name_vi for field in cloth.fields} >= {"Thành phần sợi", "Năm sản xuất"}
    assert "net_content" not in {thing.key for thing in cloth.elsewhere}


def test_a_tour_is_no_goods_and_says_what_a_guest_must_know() -> None:
    tour = labels.kind("du_lich")

    assert not tour.is_goods
    assert tour.batch_fields == ()
    assert {field.key for field in tour.fields} >= {"duration", "group_size", "meeting_point", "included", "booking"}


def test_kinds_whose_list_was_not_read_in_the_decree_are_marked() -> None:
    doubtful = {kind.key for kind in labels.kinds() if not kind.is_verified}

    assert doubtful == {"duoc_lieu", "bao_ve_suc_khoe", "my_pham", "sinh_vat_canh", "du_lich"}


def test_every_set_of_criteria_has_a_kind_and_every_kind_a_set() -> None:
    assert {labels.kind_of_criteria_set(number) for number in range(1, 27)} == {kind.key for kind in labels.kinds()}


@pytest.mark.parametrize(
    ("number", "kind"),
    [(3, "luong_thuc"), (6, "thuc_pham"), (15, "ruou"), (17, "do_uong"), (22, "det_may"), (26, "du_lich")],
)
def test_a_sub_group_takes_its_kind(number: int, kind: str) -> None:
    assert labels.kind_of_criteria_set(number) == kind


def test_an_unknown_set_or_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        labels.kind_of_criteria_set(27)
    with pytest.raises(KeyError):
        labels.kind("khac")
