"""Draw the application's icon as PNG in the sizes phones ask for, in the same lines as `static/icons/app.svg`.

For maintainers: `python tools/draw_app_icon.py` after a change of the drawing.
"""

from pathlib import Path

from PIL import Image, ImageDraw

ICONS = Path(__file__).resolve().parent.parent / "static" / "icons"
SIZES = (180, 192, 512)
RED = "#a3201b"
FINER = 4  # drawn that much larger, then reduced: Pillow's lines have hard edges


def draw(size: int) -> Image.Image:
    """Draw three white zigzags on red, filling the square: the phone rounds its corners itself."""
    scale = size * FINER / 64
    picture = Image.new("RGB", (size * FINER, size * FINER), RED)
    pen = ImageDraw.Draw(picture)
    for base in (26, 38, 50):
        points = [(6 + 13 * step, base - 11 * (step % 2)) for step in range(5)]
        pen.line([(x * scale, y * scale) for x, y in points], fill="white", width=round(5 * scale), joint="curve")
    return picture.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for size in SIZES:
        draw(size).save(ICONS / f"app-{size}.png", optimize=True)
