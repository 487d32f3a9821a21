"""Sheets as SVG, painted by a browser, decoded back; a code looked at on a telephone without scripts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.labels_sample import LABEL
from traceability import sheets

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("key", ["a4-24", "a4-40", "roll-40x30"])
def test_every_label_of_a_drawn_sheet_reads_back(key: str, page: Any) -> None:
    sheet = sheets.PRESETS[key]
    labels = [replace(LABEL, url=f"{LABEL.url}/21/{n:016d}") for n in range(sheet.places)]
    drawn = sheets.label_sheet_svgs(labels, title="Tem", sheet=sheet)[0]

    scale = 8 if sheet.places > 1 else 20
    page.set_viewport_size({"width": int(sheet.page[0]) * scale, "height": int(sheet.page[1]) * scale})
    whole = drawn.replace("<svg ", '<svg style="position:fixed;inset:0;width:100%;height:100%" ', 1)
    page.set_content(f"<!doctype html><title>Tem</title>{whole}")
    picture = Image.open(io.BytesIO(page.screenshot()))

    found = sorted(code.text for code in zxingcpp.read_barcodes(picture.convert("L")))
    assert found == sorted(label.url for label in labels)
