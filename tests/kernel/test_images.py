"""Pictures: what is taken, what is refused and why, and what is left of them."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import subprocess
import time
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from kernel import images
from kernel.errors import InvalidInput
from kernel.images import accept, avif

#: 120 x 160 once upright: a green corner at the top right of a red picture, with a maker and a place in its EXIF.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAABxQABAAAAAAAAAFgAAgAAAAACHQABAAAAAAAAAKgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoBQgeWW6"
    "kkprm4CGgwIAAAMAMgAAAwACEGIAAQAHRAHBcrBiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAACgAAAAeAAAABBw"
    "aXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAAAAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAQht"
    "ZGF0AAAAVCgBr1RuIGZEhipkl//9OB//KT/+oAGeOnzjt+Bqh9wQWj28cUQmCV6/r14wRe8FWlvuFref4nMKp5oVmJ4NA+dr42XU"
    "90AAAAMAABHIAAADAYoJOAAAAAZFeGlmAABNTQAqAAAACAADAQ8AAgAAAAYAAAAyARIAAwAAAAEABgAAiCUABAAAAAEAAAA4AAAA"
    "AE1BS0VSAAAEAAEAAgAAAAJOAAAAAAIABQAAAAMAAABuAAMAAgAAAAJFAAAAAAQABQAAAAMAAACGAAAAAAAAAA4AAAABAAAALAAA"
    "AAEAAAAQAAAAAQAAAGwAAAABAAAALAAAAAEAAAAQAAAAAQ=="
)
RED, GREEN = (163, 32, 27), (28, 92, 58)


def _picture(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """A red picture whose top left quarter is green."""
    picture = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=GREEN)
    return picture.convert(mode)


def _file(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def _look(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture


def _is_near(pixel: Any, colour: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=False))


def _every_file(accepted: images.AcceptedImage) -> list[bytes]:
    return [accepted.master, *accepted.renditions.values(), avif(accepted.master, 480)]


def _exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif[0x0112] = orientation
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (14.0, 44.0, 16.0), "E", (108.0, 44.0, 16.0)
    return exif.tobytes()


# --- Taken -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_once_and_shown_in_three_widths(form):
    accepted = accept(_file(_picture(1600, 1000), form))

    assert (accepted.width, accepted.height) == (1600, 1000)
    assert accepted.digest == hashlib.sha256(accepted.master).hexdigest()
    assert list(accepted.renditions) == [480, 750, 1080]
    for width, data in accepted.renditions.items():
        shown = _look(data)
        assert shown.format == "WEBP"
        assert shown.size == (width, accepted.height_at(width))
        assert _is_near(shown.getpixel((5, 5)), GREEN)
        assert _is_near(shown.getpixel((shown.width - 5, shown.height - 5)), RED)


def test_a_photo_of_an_iphone_is_taken():
    accepted = accept(HEIC)

    assert (accepted.width, accepted.height) == (120, 160)
    assert _is_near(_look(accepted.master).getpixel((110, 10)), GREEN, by=20)
    assert _is_near(_look(accepted.master).getpixel((10, 10)), RED, by=20)


@pytest.mark.parametrize(("width", "widths"), [(300, [300]), (480, [480]), (600, [480, 600]), (1000, [480, 750, 1000])])
def test_a_small_picture_is_never_enlarged(width, widths):
    accepted = accept(_file(_picture(width, 200)))

    assert list(accepted.renditions) == widths
    assert all(_look(data).width == width for width, data in accepted.renditions.items())


def test_at_most_twelve_million_pixels_are_kept():
    accepted = accept(_file(_picture(6000, 4000)))

    assert 11_900_000 < accepted.width * accepted.height <= 12_000_000
    assert abs(accepted.width / accepted.height - 1.5) < 0.001
    assert _look(accepted.master).size == (accepted.width, accepted.height)


def test_a_photo_of_48_million_pixels_is_taken_quickly():
    data = _file(_picture(8000, 6000))
    start = time.process_time()

    accepted = accept(data)

    assert (accepted.width, accepted.height) == (4000, 3000)
    assert time.process_time() - start < 5


def test_a_very_long_picture_is_kept_within_what_its_files_can_hold():
    accepted = accept(_file(_picture(20_000, 120)))

    assert accepted.width == 16_383
    assert accepted.height_at(480) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_taken_with_the_telephone_turned_stands_upright(orientation, form):
    upright = _picture(640, 400)
    turn_back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for turn in turn_back.get(orientation, []):
        stored = stored.transpose(turn)

    accepted = accept(_file(stored, form, exif=_exif(orientation)))

    assert (accepted.width, accepted.height) == (640, 400)
    for data in _every_file(accepted):
        shown = _look(data)
        assert shown.getexif().get(0x0112, 1) == 1
        assert _is_near(shown.convert("RGB").getpixel((5, 5)), GREEN)
        assert _is_near(shown.convert("RGB").getpixel((shown.width - 5, 5)), RED)


@pytest.mark.parametrize("data", [_file(_picture(), form, exif=_exif()) for form in ("JPEG", "PNG", "WEBP")] + [HEIC])
def test_where_and_with_what_a_photo_was_taken_is_nowhere_kept(data):
    for kept in _every_file(accept(data)):
        shown = _look(kept)
        assert not shown.getexif()
        assert not shown.getexif().get_ifd(0x8825)
        assert b"Exif" not in kept
        assert b"MAKER" not in kept
        assert not {"exif", "xmp", "icc_profile", "comment"} & shown.info.keys()


def test_what_is_hidden_behind_or_inside_a_picture_is_not_kept():
    payload = b"<script>alert(1)</script><?php system($_GET[0]);"
    note = struct.pack(">I", len(payload) + 5) + b"tEXtnote\0" + payload
    note += struct.pack(">I", zlib.crc32(note[4:]))
    png = _file(_picture(), "PNG")

    for data in (
        _file(_picture(), "JPEG", comment=payload) + payload + b"PK\x03\x04",
        png[:33] + note + png[33:] + payload,
    ):
        assert payload in data
        assert all(b"script" not in kept and b"PK\x03\x04" not in kept for kept in _every_file(accept(data)))


def test_the_same_picture_is_kept_under_the_same_digest():
    assert accept(_file(_picture(), exif=_exif())).digest == accept(_file(_picture())).digest


# --- Odd kinds of pixels -----------------------------------------------------------------------------------


def test_a_printers_cmyk_photo_keeps_its_colours():
    shown = _look(accept(_file(_picture(mode="CMYK"))).renditions[480])

    assert shown.mode == "RGB"
    assert _is_near(shown.getpixel((5, 5)), GREEN)


def test_a_palette_with_transparency_stays_transparent():
    picture = _picture().quantize(8)
    picture.info["transparency"] = picture.getpixel((0, 0))

    accepted = accept(_file(picture, "PNG"))

    assert accepted.media_type == "image/webp"
    for data in _every_file(accepted):
        shown = _look(data)
        assert shown.mode == "RGBA"
        assert shown.getpixel((5, 5))[3] == 0
        assert shown.getpixel((shown.width - 5, shown.height - 5))[3] == 255


def test_transparency_that_hides_nothing_is_dropped():
    accepted = accept(_file(_picture(mode="RGBA"), "PNG"))

    assert accepted.media_type == "image/jpeg"
    assert accepted.suffix == "jpg"


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P"])
def test_grey_and_black_and_white_are_taken(mode):
    assert accept(_file(_picture(mode=mode), "PNG")).renditions[480]


def test_sixteen_bits_of_grey_are_scaled_not_cut():
    shown = _look(accept(_file(Image.new("I;16", (200, 200), 32_768), "PNG")).master)

    assert _is_near(shown.getpixel((100, 100)), (128, 128, 128), by=2)


def test_of_a_moving_picture_the_first_frame_is_taken():
    frames = [Image.new("RGB", (200, 200), colour) for colour in (GREEN, RED)]
    moving = _file(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)

    accepted = accept(moving)

    assert getattr(_look(accepted.renditions[200]), "n_frames", 1) == 1
    assert _is_near(_look(accepted.renditions[200]).getpixel((100, 100)), GREEN)


def test_colours_of_another_profile_are_brought_to_srgb():
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    picture = _picture()

    broken = accept(_file(picture, icc_profile=b"not a profile"))
    unfit = accept(_file(picture, icc_profile=swapped.tobytes()))
    usual = accept(_file(picture, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))

    assert broken.digest == unfit.digest == usual.digest == accept(_file(picture)).digest


# --- Refused -----------------------------------------------------------------------------------------


def _png_that_says(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 100_000, 9)
    chunks = [head, body, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 6_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size):
    start = time.process_time()

    with pytest.raises(images.TooManyPixels) as refused:
        accept(_png_that_says(*size))

    assert (refused.value.facts["width"], refused.value.facts["height"]) == size
    assert time.process_time() - start < 0.2


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_file(_picture(), "GIF"), "GIF"),
        (_file(_picture(), "BMP"), "BMP"),
        (_file(_picture(), "TIFF"), "TIFF"),
        (_file(_picture(), "AVIF"), "AVIF"),
        (SVG, "SVG"),
        (b"\xef\xbb\xbf  <svg/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
    ],
)
def test_pictures_of_other_kinds_are_refused_by_name(data, kind):
    with pytest.raises(images.UnsupportedImage) as refused:
        accept(data)

    assert refused.value.facts == {"kind": kind}


@pytest.mark.parametrize("data", [b"hello", b"\0" * 5000, b"<html>", b"MZ\x90", b"PK\x03\x04", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(images.NotAnImage):
        accept(data)


def test_a_gif_called_jpeg_is_still_a_gif():
    with pytest.raises(images.DamagedImage):
        accept(b"\xff\xd8\xff" + _file(_picture(), "GIF"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_picture_that_did_not_arrive_whole_is_refused(form, part):
    noise = Image.effect_noise((400, 400), 80).convert("RGB")
    data = _file(noise, form)

    with pytest.raises(images.DamagedImage):
        accept(data[: int(len(data) * part)])


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_an_iphone_photo_that_did_not_arrive_whole_is_refused(part):
    with pytest.raises(images.DamagedImage):
        accept(HEIC[: int(len(HEIC) * part)])


@pytest.mark.parametrize("size", [(1, 1), (99, 500), (500, 99)])
def test_a_picture_too_small_to_see_is_refused(size):
    with pytest.raises(images.ImageTooSmall) as refused:
        accept(_file(Image.new("RGB", size), "PNG"))

    assert (refused.value.facts["width"], refused.value.facts["height"]) == size


def test_nothing_at_all_is_refused():
    with pytest.raises(images.EmptyFile):
        accept(b"")


def test_a_file_too_large_is_refused_with_its_size():
    with pytest.raises(images.ImageTooLarge) as refused:
        accept(b"\xff\xd8\xff" + b"\0" * (3 * 2**19), max_bytes=2**20)

    assert refused.value.facts == {"size_mb": "1.6", "limit_mb": "1"}


WHOLE = [_file(_picture(150, 110), form, exif=_exif(6)) for form in ("JPEG", "PNG", "WEBP")]


@given(place=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=60), whole=st.sampled_from(WHOLE))
@settings(max_examples=100, deadline=None)
def test_a_broken_picture_is_taken_or_refused_by_name_and_never_breaks_the_house(place, junk, whole):
    _take_or_refuse(_broken(whole, place, junk))


@pytest.mark.parametrize("place", range(12))
def test_a_broken_iphone_photo_never_breaks_the_house_either(place):
    _take_or_refuse(_broken(HEIC, place / 12, b"\xff\x01\0\x7f" * 5))


def test_a_photo_that_kills_the_process_that_unpacks_it_is_only_damaged():
    deadly = HEIC[:175] + b"\x3d\xd2\x8f\xea" + HEIC[179:]

    with pytest.raises(images.DamagedImage) as refused:
        accept(deadly)

    killed = refused.value.__cause__.__cause__
    assert isinstance(killed, subprocess.CalledProcessError)
    assert killed.returncode < 0  # by a signal: in our own process it would have been us


def _broken(whole: bytes, place: float, junk: bytes) -> bytes:
    at = int(len(whole) * place)
    return whole[:at] + junk + whole[at + len(junk) :]


def _take_or_refuse(data: bytes) -> None:
    try:
        accepted = accept(data)
    except InvalidInput:
        return
    assert _look(accepted.master).size == (accepted.width, accepted.height)


def test_an_iphone_photo_with_too_many_pixels_is_refused():
    head = HEIC.index(b"ispe") + 8
    huge = HEIC[:head] + struct.pack(">II", 20_000, 20_000) + HEIC[head + 8 :]

    with pytest.raises(images.TooManyPixels) as refused:
        accept(huge)

    assert refused.value.facts["width"] == 20_000


def test_the_avif_of_a_kept_picture_is_as_wide_as_asked_but_never_wider_than_it():
    accepted = accept(_file(_picture(640, 400)))

    assert _look(avif(accepted.master, 480)).size == (480, 300)
    assert _look(avif(accepted.master, 1080)).size == (640, 400)
    assert _look(avif(accepted.master, 480)).format == "AVIF"
