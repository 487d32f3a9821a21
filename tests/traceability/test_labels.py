"""QR codes are decoded back by another library's reader, from every form they are given out in."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from traceability.labels import LABELS_A_PAGE, Label, label_sheet_pdf, qr_matrix, qr_png, qr_svg

FONTS = next((Path(__file__).resolve().parents[2] / "static" / "fonts").glob("be-vietnam-pro-*"))
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
SHORT = Label(OWN, "7K2QX-M90AD", "Mật ong", "L1", date(2026, 11, 3), None, "Hộ bà Ê")


def _sheet(labels: list[Label], **options: object) -> bytes:
    return label_sheet_pdf(
        labels,
        regular=FONTS / "BeVietnamPro-Regular.ttf",
        bold=FONTS / "BeVietnamPro-Bold.ttf",
        title="Tem lô hàng",
        now=NOW,
        **options,
    )


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

    for place in range(LABELS_A_PAGE):
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
    assert "…" in words


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
    hre = Label(OWN, "7K2QX-M90AD", "Katŭ ĕ 蜜", "L1", date(2026, 11, 3), None, "Hộ")

    assert "Katu e ?" in _words(_sheet([hre]), tmp_path)


def test_the_same_labels_give_the_same_file():
    assert _sheet([SHORT]) == _sheet([SHORT])
