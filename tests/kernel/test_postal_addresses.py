"""What people write as their address is understood: two levels, three former ones, short forms, no marks."""

from __future__ import annotations

from datetime import date

import pytest

from kernel.addresses import understand

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "commune", "province"),
    [
        ("xã Ba Động, Quảng Ngãi", "Ba Động", "51"),
        ("Ba Động, tỉnh Quảng Ngãi", "Ba Động", "51"),
        ("ba dong, quang ngai", "Ba Động", "51"),
        ("Xã Ba Tơ, Quảng Ngãi", "Ba Tơ", "51"),
        ("Xã Ba Tô, Quảng Ngãi", "Ba Tô", "51"),
        ("thị trấn Ba Tơ, huyện Ba Tơ, tỉnh Quảng Ngãi", "Ba Tơ", "51"),
        ("xã Ba Động huyện Ba Tơ tỉnh Quảng Ngãi", "Ba Động", "51"),
        ("thôn 1, xã Ba Động, Ba Tơ, Quảng Ngãi", "Ba Động", "51"),
        ("phường Hoàn Kiếm, Hà Nội", "Hoàn Kiếm", "01"),
        ("P. Hoàn Kiếm, TP. Hà Nội", "Hoàn Kiếm", "01"),
    ],
)
def test_an_address_names_its_commune_of_today(text: str, commune: str, province: str) -> None:
    found = understand(text, TODAY)

    assert [(unit.name_vi, unit.parent_code) for unit in found] == [(commune, province)]


def test_a_former_ward_gives_what_it_became() -> None:
    found = understand("P. Bến Nghé, Q.1, TP.HCM", TODAY)

    assert found
    assert {unit.parent_code for unit in found} == {"79"}
    assert all(unit.stands_on(TODAY) for unit in found)


def test_a_name_that_several_have_gives_all_of_them() -> None:
    found = understand("xã Tân Lập", TODAY)

    assert len({unit.code for unit in found}) > 1


def test_letters_without_marks_that_mean_two_communes_give_both() -> None:
    assert {unit.name_vi for unit in understand("ba to, quang ngai", TODAY)} == {"Ba Tơ", "Ba Tô"}


@pytest.mark.parametrize("text", ["", "  ", ",", "Quảng Ngãi", "xã Không Có, Quảng Ngãi", "'; DROP TABLE", "🙂" * 50])
def test_what_names_no_commune_gives_none(text: str) -> None:
    assert understand(text, TODAY) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("xa Ba Dong quang ngai", "Ba Động"),
        ("Ba Động Quảng Ngãi", "Ba Động"),
        ("thon 1 xa ba dong huyen ba to tinh quang ngai", "Ba Động"),
        ("đảo Lý Sơn, Quảng Ngãi", "Lý Sơn"),
        ("huyện đảo Lý Sơn, Quảng Ngãi", "Lý Sơn"),
        ("dac khu ly son quang ngai", "Lý Sơn"),
        ("phuong pho thanh thi xa duc pho quang ngai", "Sa Huỳnh"),
        ("phường Cầu Thia, thị xã Nghĩa Lộ, Yên Bái", "Cầu Thia"),
        ("phường Cầu Thia thị xã Nghĩa Lộ tỉnh Yên Bái", "Cầu Thia"),
        ("phường Hàm Rồng, TX Sa Pa, Lào Cai", "Sa Pa"),
    ],
)
def test_communes_are_found_without_commas_and_on_islands(text: str, name: str) -> None:
    assert [unit.name_vi for unit in understand(text, TODAY)] == [name]


@pytest.mark.parametrize(
    "text", ["xa Khong Co quang ngai", "xa Khong Co, huyen Ba To, quang ngai", "quang ngai", "đảo"]
)
def test_where_no_commune_is_named_none_is_guessed(text: str) -> None:
    assert understand(text, TODAY) == []
