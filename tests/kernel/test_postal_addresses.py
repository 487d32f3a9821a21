"""What people write as their address is understood: two levels, three former ones, short forms, no marks."""

from __future__ import annotations

from datetime import date

import pytest

from kernel.addresses import understand
from kernel.administrative_units import Unit, became, read_units

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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("xã Bình Châu, huyện Xuyên Mộc, Bà Rịa - Vũng Tàu", ["Bình Châu"]),
        ("xã Khong Co, Bà Rịa - Vũng Tàu", []),
        ("xã Ba Động - huyện Ba Tơ - tỉnh Quảng Ngãi", ["Ba Động"]),
        ("Ba Động - Ba Tơ - Quảng Ngãi", ["Ba Động"]),
        ("P. Bến Nghé, Q.1, Sài Gòn", ["Sài Gòn"]),
        ("huyện Lý Sơn, tỉnh Quảng Ngãi", ["Lý Sơn"]),
        ("xã An Hải, huyện Lý Sơn, Quảng Ngãi", ["Lý Sơn"]),
        ("huyện Ba Tơ, Quảng Ngãi", []),
        ("phường Trần Phú, Quảng Ngãi", ["Nghĩa Lộ"]),
        ("xã Đăk Hà, Kon Tum", ["Đăk Hà", "Tu Mơ Rông"]),
        ("xã Đăk Hà, Quảng Ngãi", ["Đăk Hà"]),
    ],
)
def test_names_with_dashes_islands_and_old_provinces_are_understood(text: str, names: list[str]) -> None:
    assert [unit.name_vi for unit in understand(text, TODAY)] == names


def called(unit: Unit) -> str:
    return f"{unit.kind_vi} {unit.name_vi}"


def test_every_commune_of_today_is_understood_by_its_own_name() -> None:
    provinces = {unit.code: unit for unit in read_units() if unit.level == "province" and unit.stands_on(TODAY)}
    communes = [unit for unit in read_units() if unit.level == "commune" and unit.stands_on(TODAY)]

    otherwise = [
        unit for unit in communes
        if understand(f"{called(unit)}, {called(provinces[unit.parent_code or ''])}", TODAY) != [unit]
    ]  # fmt: skip

    assert (len(communes), otherwise) == (3_321, [])


def test_every_old_address_of_three_levels_leads_to_what_its_commune_became() -> None:
    former = [unit for unit in read_units() if not unit.stands_on(TODAY)]
    districts = {unit.code: unit for unit in former if unit.level == "district"}
    provinces = {unit.code: unit for unit in read_units() if unit.level == "province"}
    count, otherwise = 0, []
    for commune in (unit for unit in former if unit.level == "commune" and unit.parent_code in districts):
        district = districts[commune.parent_code or ""]
        address = f"{called(commune)}, {called(district)}, {provinces[district.parent_code or ''].name_vi}"
        count += 1
        if not set(understand(address, TODAY)) & set(became(commune, TODAY)):
            otherwise.append(address)

    assert otherwise == []
    assert count > 10_000


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Văn Miếu, Hà Nội", ["Văn Miếu - Quốc Tử Giám"]),
        ("số 5 phố Mẫu, phường Quốc Tử Giám, Hà Nội", ["Văn Miếu - Quốc Tử Giám"]),
        ("van mieu, ha noi", ["Văn Miếu - Quốc Tử Giám"]),
        ("Xuân Hương, Lâm Đồng", ["Xuân Hương - Đà Lạt"]),
        ("Văn Miếu, Phú Thọ", ["Văn Miếu"]),
    ],
)
def test_half_of_a_double_name_is_enough_in_its_province(text: str, names: list[str]) -> None:
    assert [unit.name_vi for unit in understand(text, TODAY)] == names
