"""Codes in photos: of a pack that somebody looks up, of stickers that are bound."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from kernel import images
from kernel.text import one_line


def read_codes(data: bytes) -> list[str]:
    """Read the codes in a photo, the largest first.

    :raises kernel.errors.InvalidInput: as ``kernel.images.accept`` says
    """
    accepted = images.accept(data)
    with Image.open(io.BytesIO(accepted.master)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    return [one_line(code.text) for code in found if code.text.strip()]
