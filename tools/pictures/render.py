"""Turn sheets into WebP masters with Chromium."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path

from kit import Sheet
from PIL import Image
from playwright.sync_api import sync_playwright

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts" / "be-vietnam-pro-5.3.0"
AIM_BYTES = 52_000  # the set has to stay under 3.5 MB
LEAST_QUALITY = 60
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]


def _faces() -> str:
    """Return the label fonts as @font-face rules with their bytes inside."""
    rules = []
    for weight in (400, 700):
        data = base64.b64encode((FONTS / f"be-vietnam-pro-{weight}.woff2").read_bytes()).decode()
        rules.append(
            f"@font-face{{font-family:'Be Vietnam Pro';font-weight:{weight};"
            f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )
    return "".join(rules)


def render(sheets: Iterable[Sheet], folder: Path, *, previews: Path | None = None) -> list[tuple[str, int]]:
    """Write `<key>.webp` for every sheet; return (key, bytes) in order.

    The quality starts at 80 and steps down towards AIM_BYTES, to LEAST_QUALITY at the lowest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces, done = _faces(), []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for sheet in sheets:
            page = browser.new_page(viewport={"width": sheet.width, "height": sheet.height})
            page.set_content(f"<style>{faces}html,body{{margin:0}}svg{{display:block}}</style>{sheet.svg()}")
            page.evaluate("document.fonts.ready")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.close()
            done.append((sheet.key, _save(picture, folder / f"{sheet.key}.webp")))
            if previews:
                previews.mkdir(parents=True, exist_ok=True)
                small = picture.resize((1000, round(1000 * picture.height / picture.width)), Image.Resampling.LANCZOS)
                small.save(previews / f"{sheet.key}.png")
        browser.close()
    return done


def _save(picture: Image.Image, path: Path) -> int:
    for quality in range(80, LEAST_QUALITY - 1, -2):
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= AIM_BYTES:
            break
    path.write_bytes(buffer.getvalue())
    return buffer.tell()
