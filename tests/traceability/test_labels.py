"""QR codes are decoded back by another library's reader, from every form they are given out in."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from traceability import sheets, typeface
from traceability.labels import MASK, Label, qr_matrix, qr_png, qr_svg
from traceability.sheets import A4_24, PRESETS, label_sheet_pdf, label_sheet_svgs, label_svg

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OWN = "https://ocop.example/lo/bato/7k2qxm90ad"
DIGITAL_LINK = "https://ocop.example/01/09520123456788/10/CF-2611-02%2FA"


def _read(image: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(image.convert("L")))


def _raster(svg: str, px: int = 6) -> Image.Image:
    """Paint an SVG of ours by its own words: a white ground and the runs of its one path."""
    root = ET.fromstring(svg)
    _, _, side, _ = (int(number) for number in root.attrib["viewBox"].split())
    image = Image.new("L", (side * px, side * px), 255)
    path = root.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path.attrib["d"])
    assert "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w in runs) == path.attrib["d"]
    for x, y, width in runs:
        left, top = int(x) * px, int(y) * px
        image.paste(0, (left, top, left + int(width) * px, top + px))
    return image


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("text", [OWN, DIGITAL_LINK, "Rượu sim Ba Tơ"])
def test_a_code_reads_back_from_its_svg_and_its_png(text, level):
    assert _read(_raster(qr_svg(text, title="Mã lô", level=level))) == [text]
    assert _read(_loaded(qr_png(text, level=level))) == [text]


@given(st.text(alphabet=st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=90))
@settings(max_examples=25, deadline=None)
def test_whatever_stands_in_an_address_reads_back(text):
    assert _read(_raster(qr_svg(text, title="Mã"), px=4)) == [text]


def test_error_correction_is_m_unless_asked():
    def level(image: Image.Image) -> str:
        return zxingcpp.read_barcodes(image)[0].ec_level

    assert level(_loaded(qr_png(OWN))) == "M"
    assert level(_loaded(qr_png(OWN, level="Q"))) == "Q"


def test_the_svg_has_no_size_and_no_style_and_is_named():
    root = ET.fromstring(qr_svg(OWN, title='Mã của lô "A&B" <1>'))

    assert not {"width", "height", "style"} & {name for element in root.iter() for name in element.attrib}
    assert root.attrib["shape-rendering"] == "crispEdges"
    assert root.attrib["aria-label"] == 'Mã của lô "A&B" <1>'
    assert root.find("{http://www.w3.org/2000/svg}title").text == 'Mã của lô "A&B" <1>'
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == 1


def test_the_svg_of_an_address_is_small():
    assert len(qr_svg(OWN, title="Mã")) < 6000


def test_a_code_stands_in_a_quiet_zone_of_four_modules():
    side = len(qr_matrix(OWN))
    picture = _loaded(qr_png(OWN, module_px=10))

    assert picture.size == ((side + 8) * 10, (side + 8) * 10)
    assert picture.point(lambda value: 255 - value).getbbox() == (40, 40, (side + 4) * 10, (side + 4) * 10)
    assert f'viewBox="0 0 {side + 8} {side + 8}"' in qr_svg(OWN, title="Mã")


def test_a_picture_too_coarse_to_print_is_not_made():
    with pytest.raises(ValueError, match="8 pixels"):
        qr_png(OWN, module_px=7)


# --- Sheets ------------------------------------------------------------------------------------------

LONG = Label(
    url="https://truyxuat-ocop-bato.example/01/09520123456788/10/A-12345678901234567%2F",
    code="7K2QX-M90AD",
    product="Bột rau má sấy lạnh nguyên chất Đặng Thùy Trâm, hộp thiếc 24 gói dùng thử",
    lot="A-12345678901234567/",
    made_on=date(2026, 11, 3),
    expires_on=date(2027, 11, 3),
    organisation="Hợp tác xã Nông nghiệp và Dịch vụ tổng hợp Người Hrê ở Ba Tơ, Ba Vì và Ba Xa",
    site="truyxuat-ocop-bato.example/truy-xuat",
    remark="DỮ LIỆU MẪU",
)
SHORT = Label(OWN, "7K2QX-M90AD", "Hộ bà Ê", product="Mật ong", lot="L1", made_on=date(2026, 11, 3))


def _sheet(labels: list[Label], **options: object) -> bytes:
    return label_sheet_pdf(labels, title="Tem lô hàng", now=NOW, **options)


def _pages(pdf: bytes, folder: Path, dpi: int = 200) -> list[Image.Image]:
    assert shutil.which("pdftoppm"), "the tests need pdftoppm (poppler-utils)"
    (folder / "sheet.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-png", folder / "sheet.pdf", folder / "page"], check=True)
    return [_loaded(path.read_bytes()) for path in sorted(folder.glob("page*.png"))]


def _loaded(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("L")


def _words(pdf: bytes, folder: Path) -> str:
    (folder / "words.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", folder / "words.pdf", "-"], check=True, capture_output=True)
    return done.stdout.decode()


@pytest.mark.parametrize(("label", "level"), [(LONG, "M"), (LONG, "Q"), (SHORT, "M")])
def test_all_24_codes_of_a_printed_sheet_read_back(label, level, tmp_path):
    pages = _pages(_sheet([label] * 24, level=level), tmp_path)

    assert len(pages) == 1
    assert _read(pages[0]) == [label.url] * 24


def test_a_sheet_is_a4(tmp_path):
    (tmp_path / "sheet.pdf").write_bytes(_sheet([SHORT]))
    told = subprocess.run(["pdfinfo", tmp_path / "sheet.pdf"], check=True, capture_output=True).stdout.decode()

    assert "595.28 x 841.89 pts (A4)" in told


def test_nothing_is_printed_near_the_edge_of_a_label(tmp_path):
    page = _pages(_sheet([LONG] * 24), tmp_path, dpi=254)[0]  # ten pixels a millimetre

    for place in range(A4_24.places):
        left, top = place % 3 * 700, 5 + place // 3 * 370
        ink = page.crop((left, top, left + 700, top + 370)).point(lambda value: 255 - value).getbbox()
        assert ink is not None
        assert ink[0] >= 40
        assert ink[1] >= 25
        assert ink[2] <= 660
        assert ink[3] <= 345


def test_the_label_says_in_letters_what_it_is(tmp_path):
    words = _words(_sheet([LONG]), tmp_path)

    for said in ("DỮ LIỆU MẪU", "Bột rau má", "Lô: A-12345678901234567/", "NSX: 03/11/2026", "HSD: 03/11/2027"):
        assert said in words
    assert "7K2QX-M90AD" in words
    assert "truyxuat-ocop-bato.example/truy-xuat" in words


def test_a_code_that_is_no_gtin_is_said_to_be_the_platforms_own(tmp_path):
    internal = replace(SHORT, is_internal=True)

    assert "Mã nội bộ" in _words(_sheet([internal]), tmp_path)
    assert "Mã nội bộ/Internal code" in _words(_sheet([replace(internal, in_english_too=True)]), tmp_path)
    assert "Mã nội bộ" not in _words(_sheet([SHORT]), tmp_path)


def test_goods_without_a_date_of_expiry_have_no_line_for_it(tmp_path):
    assert "HSD" not in _words(_sheet([SHORT]), tmp_path)


def test_a_25th_label_begins_a_second_sheet(tmp_path):
    pages = _pages(_sheet([SHORT] * 25), tmp_path)

    assert [len(_read(page)) for page in pages] == [24, 1]


def test_used_up_places_of_a_sheet_are_left_empty(tmp_path):
    pages = _pages(_sheet([SHORT] * 2, skip=23), tmp_path)

    assert [len(_read(page)) for page in pages] == [1, 1]
    assert pages[0].crop((0, 0, pages[0].width, pages[0].height * 7 // 8)).point(lambda v: 255 - v).getbbox() is None


@pytest.mark.parametrize("skip", [-1, 24])
def test_a_sheet_has_24_places(skip):
    with pytest.raises(ValueError, match="24 places"):
        _sheet([SHORT], skip=skip)


def test_letters_the_typeface_lacks_are_printed_without_their_mark(tmp_path):
    hre = Label(OWN, "7K2QX-M90AD", "Hộ", product="Katŭ ĕ 蜜", lot="L1", made_on=date(2026, 11, 3))

    assert "Katu e ?" in _words(_sheet([hre]), tmp_path)


def test_the_same_labels_give_the_same_file():
    assert _sheet([SHORT]) == _sheet([SHORT])


# --- Every size -----------------------------------------------------------------------------------------

BOTH = replace(
    LONG,
    product_en="Cold-dried pennywort powder, tin of 24 sachets",
    stars=4,
    in_english_too=True,
)
SERIALS = [
    "".join("0123456789abcdefghjkmnpqrstvwxyz"[(n * 7919 + at * 31) % 32] for at in range(16)) for n in range(30)
]
ITEMS = [
    replace(
        LONG,
        url=f"https://truyxuat-ocop-bato.example/01/09520123456788/10/L261124-01/21/{serial}",
        code="-".join(serial[at : at + 4] for at in range(0, 16, 4)).upper(),
        lot="L261124-01",
    )
    for serial in SERIALS
]


@pytest.mark.parametrize("key", PRESETS)
@pytest.mark.parametrize("level", ["M", "Q"])
def test_every_label_of_every_preset_reads_back(key: str, level, tmp_path):
    sheet = PRESETS[key]
    labels = ITEMS[: sheet.places] * -(-sheet.places // len(ITEMS))
    labels = labels[: max(sheet.places, 3)] if not sheet.is_roll else ITEMS[:5]

    pages = _pages(_sheet(labels, sheet=sheet, level=level), tmp_path, dpi=254)

    assert len(pages) == (5 if sheet.is_roll else 1)
    assert sorted(text for page in pages for text in _read(page)) == sorted(label.url for label in labels)


@pytest.mark.parametrize("key", PRESETS)
@pytest.mark.parametrize("label", [LONG, SHORT, BOTH, ITEMS[0]], ids=["long", "short", "both", "item"])
def test_modules_are_wide_enough_letters_large_enough_and_nothing_leaves_the_label(key: str, label: Label):
    sheet = PRESETS[key]
    if label is BOTH and key == "roll-40x30":  # the longest of everything, twice: refused, not made illegible
        with pytest.raises(sheets.WordsDoNotFit):
            sheets.compose(label, sheet)
        return

    composed = sheets.compose(label, sheet)

    assert composed.module >= 0.4
    quiet, side = 4 * composed.module, len(composed.matrix) * composed.module
    code = (composed.code_left - quiet, composed.code_top - quiet, side + 2 * quiet)
    assert code[0] >= 0
    assert code[1] >= 0
    assert code[0] + code[2] <= sheet.width
    assert code[1] + code[2] <= sheet.height
    for line in composed.lines:
        assert line.size >= 5
        assert line.left + typeface.face(line.bold).width(line.text, line.size) <= sheet.width - sheet.inset[0] + 0.01
        assert line.baseline <= sheet.height - sheet.inset[1]
        em = line.size * typeface.MM_A_POINT
        beside = line.left >= code[0] + code[2]
        below = line.baseline - em >= code[1] + code[2] - 0.3
        assert beside or below, "letters keep out of the quiet zone"


def test_around_the_printed_code_four_modules_are_white(tmp_path):
    label, sheet = ITEMS[0], PRESETS["roll-40x30"]
    composed = sheets.compose(label, sheet)
    page = _pages(_sheet([label], sheet=sheet), tmp_path, dpi=600)[0]

    module = composed.module / 25.4 * 600
    left, top = composed.code_left / 25.4 * 600, composed.code_top / 25.4 * 600
    side = len(composed.matrix) * module
    zone = page.crop(
        tuple(
            round(n) for n in (left - 4 * module, top - 4 * module, left + side + 4 * module, top + side + 4 * module)
        )
    )
    ink = zone.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink == pytest.approx((4 * module, 4 * module, 4 * module + side, 4 * module + side), abs=2)


def test_a_long_name_is_shortened_by_whole_words_and_no_number_ever_is(tmp_path):
    words = _words(_sheet([BOTH], sheet=PRESETS["roll-50x30"]), tmp_path)
    joined = "".join(words.split())

    assert "…" in words
    for said in (
        "A-12345678901234567/",
        "03/11/2026",
        "03/11/2027",
        "7K2QX-M90AD",
        "truyxuat-ocop-bato.example/truy-xuat",
    ):
        assert said in joined
    assert "Lô/Lot" in words
    shortened = next(line for line in words.splitlines() if line.strip().endswith("…"))
    last = shortened.strip().removesuffix("…").split()[-1]
    assert last in (BOTH.product + " " + BOTH.organisation + " " + BOTH.product_en).replace(",", "").split()


@pytest.mark.parametrize("label", [LONG, SHORT, BOTH, ITEMS[0]], ids=["long", "short", "both", "item"])
@pytest.mark.parametrize(("width", "height"), [(side, side) for side in range(24, 52, 3)] + [(35, 35), (58, 22)])
def test_no_date_is_ever_broken(label: Label, width: int, height: int):
    label = replace(label, expires_on=date(2027, 6, 1))
    try:
        lines = [line.text for line in sheets.compose(label, sheets.own_roll(width, height)).lines]
    except sheets.WordsDoNotFit:
        assert min(width, height) < 38, "a larger label holds all these words"
        return
    except sheets.CodeTooSmall:
        return
    for day in ("03/11/2026", "01/06/2027"):
        assert sum(line.endswith(day) for line in lines) == 1, lines


def test_a_date_stands_beside_its_name_where_that_can_be():
    label = replace(ITEMS[0], expires_on=date(2027, 6, 1))

    lines = [line.text for line in sheets.compose(label, sheets.own_roll(38, 38)).lines]

    assert "HSD: 01/06/2027" in lines


def test_a_label_on_which_the_code_would_be_too_small_is_refused_with_a_sentence():
    with pytest.raises(sheets.CodeTooSmall) as refused:
        _sheet(ITEMS[:1], sheet=sheets.own_roll(30, 15))

    assert refused.value.facts["size"] == "30 × 15"
    assert refused.value.facts["needed"] == "18 × 18"  # 37 modules and the quiet zone, 0.4 mm each


def test_a_label_that_cannot_hold_its_words_is_refused_with_a_sentence():
    with pytest.raises(sheets.WordsDoNotFit):
        _sheet([BOTH], sheet=sheets.own_roll(22, 22))


@pytest.mark.parametrize(("width", "height"), [(19, 30), (201, 30), (40, 14), (40, 281)])
def test_sizes_that_no_printer_has_are_refused(width: int, height: int):
    for own in (sheets.own_roll, sheets.own_grid):
        with pytest.raises(sheets.OwnSizeOutOfRange):
            own(width, height)


@given(st.integers(45, 120), st.integers(28, 120))
@settings(max_examples=20, deadline=None)
def test_a_grid_of_ones_own_lies_on_the_page_and_reads_back(width: int, height: int):
    sheet = sheets.own_grid(width, height)

    right, bottom = sheet.corner(sheet.places - 1)
    assert right + sheet.width <= 210
    assert bottom + sheet.height <= 297
    assert sheets.compose(SHORT, sheet).module >= 0.4


def test_stars_are_drawn_as_many_as_the_certificate_says():
    for stars in (0, 3, 5):
        svg = label_svg(replace(SHORT, stars=stars), A4_24)
        assert len(re.findall(r'<path d="M[^"]*L', svg)) == stars


def test_a_roll_has_a_page_for_each_label(tmp_path):
    (tmp_path / "roll.pdf").write_bytes(_sheet(ITEMS[:4], sheet=PRESETS["roll-50x30"]))
    told = subprocess.run(["pdfinfo", tmp_path / "roll.pdf"], check=True, capture_output=True).stdout.decode()

    assert "Pages:           4" in told
    assert "141.73 x 85.04 pts" in told


def test_only_the_letters_used_are_in_the_file_and_vietnamese_is_text(tmp_path):
    pdf = _sheet([SHORT])
    (tmp_path / "f.pdf").write_bytes(pdf)
    fonts = subprocess.run(["pdffonts", tmp_path / "f.pdf"], check=True, capture_output=True).stdout.decode()

    rows = [line.split() for line in fonts.splitlines()[2:]]
    assert len(rows) == 2
    assert all("+BeVietnamPro" in row[0] for row in rows), "a subset has a tag before its name"
    assert all(row[-5:-2] == ["yes", "yes", "yes"] for row in rows), "embedded, subset, with letters that can be copied"
    assert len(pdf) < 40_000


# --- SVG ------------------------------------------------------------------------------------------------


def test_an_svg_has_no_text_that_needs_a_font_and_says_its_words_to_readers():
    page = label_sheet_svgs([LONG] * 25, title="Tem")

    assert len(page) == 2
    root = ET.fromstring(page[0])
    space = "{http://www.w3.org/2000/svg}"
    assert (root.attrib["width"], root.attrib["height"]) == ("210mm", "297mm")
    assert root.findall(f".//{space}text") == []
    assert root.findall(f".//{space}style") == []
    assert len(root.findall(f".//{space}desc")) == 24
    assert LONG.product in root.findall(f".//{space}desc")[0].text
    names = {path.attrib["id"] for path in root.iter(f"{space}path") if "id" in path.attrib}
    assert {use.attrib["href"].removeprefix("#") for use in root.iter(f"{space}use")} == names


# --- Speed ----------------------------------------------------------------------------------------------


def test_a_thousand_labels_of_one_batch_and_a_thousand_of_packs_take_no_more_than_they_may():
    """Measured in time of the processor, with room for a busy machine; the figures are in ``bench/labels.py``."""
    begin = time.process_time()
    _sheet([LONG] * 1000)
    one_batch = time.process_time() - begin
    packs = [
        replace(ITEMS[0], url=f"{ITEMS[0].url[:-4]}{n:04d}", code=f"{ITEMS[0].code[:-4]}{n:04d}") for n in range(1000)
    ]
    begin = time.process_time()
    _sheet(packs)
    each_its_own = time.process_time() - begin

    assert one_batch < 2
    assert each_its_own < 5


def test_one_mask_is_laid_over_every_code():
    best = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    best.add_data(OWN)
    best.make()

    assert [list(map(bool, row)) for row in best.modules] == [list(row) for row in qr_matrix(OWN)]
