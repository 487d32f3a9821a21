"""Vietnamese text: tidy, folded, searched, sorted."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.text import (
    LONGEST_SLUG,
    LONGEST_SORT_KEY,
    fold,
    nfc,
    one_line,
    search_text,
    slug,
    sort_key,
    tokens,
)

VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz"
vietnamese = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + " -0123456789", max_size=30)
anything = st.text(max_size=40)


# --- Stored ------------------------------------------------------------------------------------------


def test_a_decomposed_name_is_stored_composed():
    assert nfc(unicodedata.normalize("NFD", "Đặng Thùy Trâm")) == "Đặng Thùy Trâm"


def test_both_ways_of_placing_a_tone_are_kept_as_they_were_typed():
    assert nfc("Thuỷ") == "Thuỷ"
    assert nfc("Thủy") == "Thủy"
    assert nfc("Thuỷ") != nfc("Thủy")


@pytest.mark.parametrize("odd", ["\u00a0", "\u2003", "\t", "  ", " \u00a0 ", "\u3000"])
def test_odd_spaces_become_one_space(odd):
    assert nfc(f"rượu{odd}sim") == "rượu sim"


@pytest.mark.parametrize("invisible", ["\u200b", "\ufeff", "\u202e", "\u2066", "\u00ad", "\x00", "\x07", "\ud800"])
def test_what_cannot_be_seen_is_dropped(invisible):
    assert nfc(f"mật{invisible} ong") == "mật ong"


def test_a_mark_parted_from_its_letter_by_something_invisible_joins_it():
    assert nfc("a\u200b\u0301") == "á"


def test_lines_stay_lines_whatever_the_machine_they_were_typed_on():
    assert nfc("một \r\nhai\rba\n\n\n\nbốn\n") == "một\nhai\nba\n\nbốn"


def test_a_name_is_put_on_one_line():
    assert one_line(" HTX\r\nBa Tơ\n\n") == "HTX Ba Tơ"


@given(anything)
def test_tidying_twice_changes_nothing(text):
    assert nfc(nfc(text)) == nfc(text)
    assert one_line(one_line(text)) == one_line(text)


@given(anything)
def test_tidy_text_is_composed_and_can_be_stored(text):
    tidy = nfc(text)

    assert unicodedata.is_normalized("NFC", tidy)
    assert "\x00" not in tidy
    tidy.encode("utf-8")


# --- Searched ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đặc sản", "dac san"),
        ("ĐƯỜNG", "duong"),
        ("Thuỷ", "thuy"),
        ("Thủy", "thuy"),
        ("Ðậu (gõ nhầm chữ Eth)", "dau (go nham chu eth)"),
        ("Ｈｏàng", "hoang"),
        (unicodedata.normalize("NFD", "Rượu cần"), "ruou can"),
    ],
)
def test_folding_takes_case_marks_and_the_stroke_away(written, folded):
    assert fold(written) == folded


def test_two_communes_of_ba_to_fold_alike_and_so_cannot_be_told_apart_by_it():
    assert fold("Ba Tơ") == fold("Ba Tô") == "ba to"


@given(anything)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(vietnamese)
def test_folded_vietnamese_is_plain_ascii(text):
    assert fold(text).isascii()


@given(vietnamese)
def test_any_way_of_writing_a_word_finds_it(text):
    stored = search_text(text)

    for way in (text.upper(), text.lower(), unicodedata.normalize("NFD", text), fold(text)):
        assert all(f" {token}" in stored for token in tokens(way))


def test_the_search_column_has_a_space_before_each_word_the_first_too():
    assert search_text("Rượu sim", None, "", "Ba Vì – 500 ml") == " ruou sim ba vi 500 ml"
    assert search_text("", None) == ""


def test_a_query_can_never_be_a_pattern():
    assert tokens("100% _mật_ ong%") == ["100", "mat", "ong"]
    assert tokens("%_") == []


def test_a_word_asked_twice_is_looked_for_once():
    assert tokens("Mật mat MẬT ong") == ["mat", "ong"]


def test_an_endless_query_asks_for_twelve_words():
    assert len(tokens(" ".join(f"chu{n}" for n in range(500)))) == 12


# --- In addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Rượu sim Ba Tơ – 500 ml", "ruou-sim-ba-to-500-ml"),
        ("HTX Đặng Thùy Trâm", "htx-dang-thuy-tram"),
        ("  --Chè  dây!! ", "che-day"),
        ("蜂蜜", ""),
    ],
)
def test_a_name_becomes_an_address(name, address):
    assert slug(name) == address


@given(anything)
def test_an_address_needs_no_escape_and_is_not_too_long(text):
    made = slug(text)

    assert set(made) <= set(string.ascii_lowercase + string.digits + "-")
    assert len(made) <= LONGEST_SLUG
    assert not made.startswith("-")
    assert not made.endswith("-")
    assert slug(made) == made


def test_a_long_name_is_cut_between_words():
    assert slug("chè dây " * 20) == "-".join(["che-day"] * 10)
    assert slug("một " + "chè dây " * 20) == "-".join(["mot"] + ["che-day"] * 9 + ["che"])
    assert slug("x" * 200) == "x" * LONGEST_SLUG


# --- Sorted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "in_order",
    [
        ["a", "à", "ả", "ã", "á", "ạ", "ă", "ằ", "ẳ", "ẵ", "ắ", "ặ", "â", "ầ", "ẩ", "ẫ", "ấ", "ậ", "b"],
        ["d", "đ", "e", "ê", "f", "o", "ô", "ơ", "p", "u", "ư", "v", "y", "z"],
        ["Ba Dinh", "Ba Động", "Ba Tô", "Ba Tơ", "Ba Vì", "Ba Vinh", "Ba Xa", "Đặng Thùy Trâm"],
        ["an", "An", "AN", "àn", "ản"],
        ["ba to", "bà to", "ba xa", "bà xa", "bach"],
        ["ma", "mà", "mả", "mã", "má", "mạ", "mai"],
        ["lô", "lô 1", "lô 10", "lô 2", "lô a"],
        ["can", "cang", "căn", "căng", "cân"],
        ["duong", "dương", "đuong", "đương"],
        ["", " -", "1", "a", "z", "蜂蜜"],
    ],
)
def test_names_sort_as_a_vietnamese_reader_expects(in_order):
    backwards = in_order[::-1]

    assert sorted(backwards, key=sort_key) == in_order


def _alphabet_place(char: str) -> int:
    return "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz".index(char)


toneless = st.text(alphabet="aăâbcdđeêfghijklmnoôơpqrstuưvwxyz", min_size=1, max_size=12)


@given(toneless, toneless)
def test_without_tones_the_key_is_the_alphabet(one, other):
    by_alphabet = [_alphabet_place(char) for char in one] < [_alphabet_place(char) for char in other]

    assert (sort_key(one) < sort_key(other)) == by_alphabet


@given(vietnamese, vietnamese)
def test_a_tone_never_outweighs_a_letter(one, other):
    def toneless(text: str) -> str:
        kept = (char for char in unicodedata.normalize("NFD", text) if char not in "\u0300\u0301\u0303\u0309\u0323")
        return unicodedata.normalize("NFC", "".join(kept))

    if sort_key(toneless(one.lower())) < sort_key(toneless(other.lower())):
        assert sort_key(one) < sort_key(other)


@given(vietnamese, vietnamese)
def test_different_names_have_different_keys(one, other):
    assert (sort_key(one) == sort_key(other)) == (one_line(one) == one_line(other))


@given(vietnamese)
def test_composed_and_decomposed_names_sort_alike(text):
    assert sort_key(unicodedata.normalize("NFD", text)) == sort_key(text)


@given(vietnamese, vietnamese)
def test_a_shorter_name_comes_before_the_longer_one_it_begins(start, rest):
    if one_line(start) == start and one_line(start + rest) == start + rest and rest:
        assert sort_key(start) < sort_key(start + rest)


@given(anything)
def test_the_key_is_small_letters_and_digits_so_every_engine_sorts_it_alike(text):
    key = sort_key(text)

    assert set(key) <= set(string.ascii_lowercase + string.digits)
    assert len(key) <= LONGEST_SORT_KEY
