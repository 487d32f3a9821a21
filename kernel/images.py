"""Pictures people send: looked at before they are trusted, cleaned, kept once, shown in three widths.

Nothing of the sent file is kept but its pixels: a new file is written, so where a photo was taken (EXIF, XMP),
with which telephone, and whatever was hidden behind or inside it is gone. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import io
import math
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from kernel import heic
from kernel.errors import N_, InvalidInput

#: Widths in pixels that pages use. A narrower picture is shown as it is, never enlarged.
WIDTHS = (480, 750, 1080)
LARGEST_FILE = 20 * 2**20  #: bytes
MOST_PIXELS = 50_000_000  #: the largest pictures telephones take have 48 million
KEPT_PIXELS = 12_000_000
SMALLEST_SIDE = 100  #: pixels
WEBP_QUALITY, AVIF_QUALITY, MASTER_QUALITY = 62, 45, 90
#: The narrowest rendition is what a phone on a bad line loads first: so many bytes at most, with less quality if need
#: be. Woven patterns take twice what a landscape does.
LIGHT_BYTES = 17_000
_LESS_QUALITY, _LEAST_QUALITY = 8, 30

_LONGEST_SIDE = 16_383  # WebP holds no more


class EmptyFile(InvalidInput):
    """Nothing was sent."""

    message = N_("The file is empty. Please choose it again.")


class ImageTooLarge(InvalidInput):
    """More bytes than are taken."""

    message = N_("The picture has %(size_mb)s MB; at most %(limit_mb)s MB are possible. Please choose a smaller one.")


class NotAnImage(InvalidInput):
    """The file is something else than a picture."""

    message = N_("This file is not a picture. Photos as JPEG, PNG, WebP or HEIC are possible.")


class UnsupportedImage(InvalidInput):
    """A picture, but of a kind that is not taken."""

    message = N_("Pictures of the kind %(kind)s cannot be used. Photos as JPEG, PNG, WebP or HEIC are possible.")


class DamagedImage(InvalidInput):
    """The beginning is that of a picture, the rest is missing or broken."""

    message = N_("The picture is damaged or did not arrive whole. Please send it again, or another one.")


class TooManyPixels(InvalidInput):
    """So many pixels that opening it would take the machine down."""

    message = N_(
        "The picture is %(width)s × %(height)s pixels; at most %(limit_mp)s million pixels are possible."
        " Please make it smaller."
    )


class ImageTooSmall(InvalidInput):
    """So few pixels that nobody would see anything."""

    message = N_(
        "The picture is only %(width)s × %(height)s pixels; it needs at least %(least)s on each side."
        " Please choose a larger one."
    )


@dataclass(frozen=True)
class AcceptedImage:
    """A picture that was taken, as new files of its pixels alone."""

    digest: str  #: SHA-256 of ``master``, hexadecimal
    master: bytes  #: the picture that is kept, at most 12 million pixels; other sizes are made from it
    media_type: str  #: of the master: image/jpeg, or image/webp where parts are transparent
    suffix: str  #: of the master: "jpg" or "webp"
    width: int  #: of the master, pixels, as one looks at it
    height: int
    renditions: dict[int, bytes]  #: WebP by width: of 480, 750 and 1080 those not wider than the master, or its own

    def height_at(self, width: int) -> int:
        """Give the height of the picture at a width, in pixels."""
        return _height_at(width, self.width, self.height)


def accept(data: bytes, *, max_bytes: int = LARGEST_FILE) -> AcceptedImage:
    """Check a picture that was sent and make the files that are kept and shown. Takes about half a second.

    JPEG, PNG, WebP and HEIC are taken; of a moving picture its first frame. It is turned upright, its colours are
    brought to sRGB, at most 12 million pixels are kept.

    :raises EmptyFile:
    :raises ImageTooLarge:
    :raises NotAnImage:
    :raises UnsupportedImage: for GIF, SVG, TIFF, PDF and others known by their beginning
    :raises DamagedImage:
    :raises TooManyPixels: known from the file's head, before anything is unpacked
    :raises ImageTooSmall:
    """
    if not data:
        raise EmptyFile
    if len(data) > max_bytes:
        raise ImageTooLarge(size_mb=megabytes(len(data)), limit_mb=megabytes(max_bytes))
    picture = _clean(_opened(data))
    media_type, suffix = ("image/webp", "webp") if picture.mode == "RGBA" else ("image/jpeg", "jpg")
    master = _written(picture, "WEBP" if suffix == "webp" else "JPEG", MASTER_QUALITY)
    return AcceptedImage(
        digest=hashlib.sha256(master).hexdigest(),
        master=master,
        media_type=media_type,
        suffix=suffix,
        width=picture.width,
        height=picture.height,
        renditions=_renditions(picture),
    )


def avif(master: bytes, width: int) -> bytes:
    """Make the AVIF of a kept picture at one of its widths: smaller than WebP, but slow, hence work for a job.

    :param master: as ``accept`` gave it
    :param width: pixels; a picture that is narrower keeps its own width
    """
    with Image.open(io.BytesIO(master), formats=("JPEG", "WEBP")) as picture:
        picture.load()
        width = min(width, picture.width)
        size = (width, _height_at(width, picture.width, picture.height))
        return _light(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3), "AVIF", AVIF_QUALITY)


# --- Looking at what came ----------------------------------------------------------------------------------

# Kinds that are known but not taken, by how their files begin.
_OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"8BPS": "PSD",
    b"\0\0\1\0": "ICO",
    b"<svg": "SVG",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL": "JPEG XL",
    b"\0\0\0\x0cjP": "JPEG 2000",
}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_KIND_OF_BRAND = {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "CR3"}


def sniff(data: bytes) -> str | None:
    """Tell the kind of a file by its first bytes, whatever its name: "JPEG", "PNG", "WEBP", "HEIC" or ``None``."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and _KIND_OF_BRAND.keys().isdisjoint(_brands(data)):
        return "HEIC"
    return None


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[at : at + 4] for at in range(8, end, 4)}


def _opened(data: bytes) -> Image.Image:
    kind = sniff(data)
    if kind is None:
        raise _refusal(data)
    if kind == "HEIC":
        return _opened_heic(data)
    with warnings.catch_warnings():
        # Pillow's own warning about size: the limit here is stricter.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=(kind,))
        except Image.DecompressionBombError as problem:
            raise _too_many(*_announced_size(data, kind)) from problem
        except Exception as problem:  # decoders answer broken files with whatever broke inside them
            raise DamagedImage from problem
    _check_size(*picture.size)
    if kind == "JPEG" and picture.width * picture.height > 2 * KEPT_PIXELS:
        # The decoder can halve a JPEG on the way, for a quarter of the memory.
        scale = math.sqrt(KEPT_PIXELS / (picture.width * picture.height))
        picture.draft("RGB", (math.ceil(picture.width * scale), math.ceil(picture.height * scale)))
    try:
        picture.load()
    except Exception as problem:  # as above
        raise DamagedImage from problem
    return picture


def _opened_heic(data: bytes) -> Image.Image:
    try:
        picture = heic.unpack(data, most_pixels=MOST_PIXELS, kept_pixels=KEPT_PIXELS)
    except heic.TooLarge as problem:
        raise _too_many(*problem.args) from problem
    except heic.Unreadable as problem:
        raise DamagedImage from problem
    _check_size(*picture.size)
    return picture


def _too_many(width: int, height: int) -> TooManyPixels:
    return TooManyPixels(width=width, height=height, limit_mp=MOST_PIXELS // 1_000_000)


def _announced_size(data: bytes, kind: str) -> tuple[int, int]:
    """Read width and height out of a PNG's head; of other kinds only say that they are too large."""
    if kind == "PNG":
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return _LONGEST_SIDE, _LONGEST_SIDE


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_many(width, height)
    if min(width, height) < SMALLEST_SIDE:
        raise ImageTooSmall(width=width, height=height, least=SMALLEST_SIDE)


def _refusal(data: bytes) -> InvalidInput:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        kind = next((_KIND_OF_BRAND[brand] for brand in _brands(data) if brand in _KIND_OF_BRAND), None)
        return UnsupportedImage(kind=kind) if kind else NotAnImage()
    kind = next((kind for sign, kind in _OTHERS.items() if start.startswith(sign)), None)
    if kind is None and start.startswith((b"<?xml", b"<!--", b"<!DOCTYPE")) and b"<svg" in data[:4096]:
        kind = "SVG"
    return UnsupportedImage(kind=kind) if kind else NotAnImage()


def megabytes(size: int) -> str:
    """Say a number of bytes in megabytes, with one figure after the point if it is not whole: "1.5".

    Rounded up: what is a little too large does not read as if it were not.
    """
    return f"{-(-size * 10 // 2**20) / 10:.1f}".removesuffix(".0")


# --- Making it clean ---------------------------------------------------------------------------------------


def _clean(picture: Image.Image) -> Image.Image:
    """Give upright sRGB pixels, RGB or RGBA, at most 12 million, and nothing else that came with them."""
    picture = _upright(picture)
    profile = picture.info.get("icc_profile")
    transparent = _is_transparent(picture)
    picture = _shrunk(_eight_bits(picture))
    if profile:
        picture = _to_srgb(picture, profile)
    picture = picture.convert("RGBA" if transparent else "RGB")
    if transparent and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF says nothing about how to hold the picture
        return picture


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16 bits of grey: Pillow's own conversion would cut, not scale
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("P", "PA", "1", "LA", "La", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA" if _is_transparent(picture) else "RGB")
    return picture


def _shrunk(picture: Image.Image) -> Image.Image:
    scale = min(
        1.0,
        math.sqrt(KEPT_PIXELS / (picture.width * picture.height)),
        _LONGEST_SIDE / max(picture.width, picture.height),
    )
    if scale == 1.0:
        return picture
    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    if picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=wanted)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile, or one for another kind of pixels
        return picture
    return converted or picture


def _renditions(picture: Image.Image) -> dict[int, bytes]:
    made: dict[int, bytes] = {}
    step = picture
    for width in sorted({min(width, picture.width) for width in WIDTHS}, reverse=True):
        size = (width, _height_at(width, picture.width, picture.height))
        if step.size != size:
            step = step.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        made[width] = _light(step, "WEBP", WEBP_QUALITY)
    return dict(sorted(made.items()))


def _height_at(width: int, full_width: int, full_height: int) -> int:
    return max(1, (full_height * width + full_width // 2) // full_width)


def _light(picture: Image.Image, form: str, quality: int) -> bytes:
    """Write a rendition; the narrowest with at most ``LIGHT_BYTES`` where that is to be had."""
    made = _written(picture, form, quality)
    while picture.width <= WIDTHS[0] and len(made) > LIGHT_BYTES and quality - _LESS_QUALITY >= _LEAST_QUALITY:
        quality -= _LESS_QUALITY
        made = _written(picture, form, quality)
    return made


def _written(picture: Image.Image, form: str, quality: int) -> bytes:
    file = io.BytesIO()
    if form == "WEBP":
        picture.save(file, form, quality=quality, method=4)
    else:
        picture.save(file, form, quality=quality)
    return file.getvalue()
