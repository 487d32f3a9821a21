"""Draw the pictures of the demo data set (maintainers only).

    python tools/pictures/draw.py                 # all pictures
    python tools/pictures/draw.py mat-ong-rung …  # only these
    python tools/pictures/draw.py --previews DIR  # also PNG previews and a contact sheet

Writes `app/demo/pictures/<key>.webp`. Needs Pillow, Playwright and Chromium at
/usr/bin/chromium. Every picture is a function of its key: the same code draws the same
picture again. Nothing at run time or in the tests calls this.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image
from render import render
from scenes import PICTURES

TARGET = Path(__file__).resolve().parents[2] / "app" / "demo" / "pictures"


def main() -> None:
    """Draw what was asked for and print the sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("keys", nargs="*", help="pictures to draw (all by default)")
    parser.add_argument("--previews", type=Path, help="folder for PNG previews and a contact sheet")
    args = parser.parse_args()
    unknown = [key for key in args.keys if key not in PICTURES]
    if unknown:
        parser.error(f"no such picture: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    keys = args.keys or list(PICTURES)
    for key, size in render((PICTURES[key](key) for key in keys), TARGET, previews=args.previews):
        print(f"{size / 1000:7.1f} kB  {key}")
    if args.previews:
        _contact_sheet(keys, args.previews / "_contact.png")


def _contact_sheet(keys: list[str], path: Path, across: int = 6) -> None:
    rows = -(-len(keys) // across)
    sheet = Image.new("RGB", (across * 190 + 10, rows * 145 + 10), "white")
    for i, key in enumerate(keys):
        small = Image.open(TARGET / f"{key}.webp")
        small.thumbnail((180, 135))
        sheet.paste(small, (10 + i % across * 190, 10 + i // across * 145))
    sheet.save(path)


if __name__ == "__main__":
    main()
