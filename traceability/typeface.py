"""The typeface of what is printed: how wide its words are, where lines break, the outlines of its letters.

Be Vietnam Pro holds all letters of Vietnamese. Other papers and labels are measured with what the file itself says,
so that what fits here fits on paper; the drawings of pages, which no font is loaded for, use ``lettering``.
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

FAMILY = "Be Vietnam Pro"
MM_A_POINT = 25.4 / 72
_FOLDER = Path(__file__).resolve().parent.parent / "static" / "fonts" / "be-vietnam-pro-5.3.0"
REGULAR, BOLD = _FOLDER / "BeVietnamPro-Regular.ttf", _FOLDER / "BeVietnamPro-Bold.ttf"


class Face:
    """One weight of the typeface."""

    def __init__(self, path: Path) -> None:
        font = TTFont(io.BytesIO(path.read_bytes()))  # in memory: no file stays open
        self.units: int = font["head"].unitsPerEm
        self._glyphs: Any = font.getGlyphSet()
        self._names: dict[int, str] = font.getBestCmap()
        metrics: Any = font["hmtx"]
        self._advances = {sign: metrics[name][0] for sign, name in self._names.items()}

    def advance(self, sign: str) -> int:
        """Give how far a sign moves the pen, in units of the font."""
        return int(self._advances.get(ord(sign), self.units))

    def width(self, text: str, size: float) -> float:
        """Measure a line set in ``size`` points, in millimetres."""
        return sum(map(self.advance, text)) / self.units * size * MM_A_POINT

    def printable(self, text: str) -> str:
        """Write what the typeface lacks (ĕ ŏ ŭ of Hrê spelling) without its mark, so that no empty box is printed."""
        out = ""
        for sign in unicodedata.normalize("NFC", text):
            plain = sign if ord(sign) in self._names else unicodedata.normalize("NFD", sign)[0]
            out += plain if ord(plain) in self._names else " " if plain.isspace() else "?"
        return out

    def outline(self, sign: str) -> str:
        """Draw a sign as the data of an SVG path, y upwards, in units of the font."""
        pen = SVGPathPen(self._glyphs)
        self._glyphs[self._names[ord(sign)]].draw(pen)
        return str(pen.getCommands())


@lru_cache(maxsize=2)
def face(bold: bool) -> Face:
    """Give a weight of the typeface; its file is read once a process."""
    return Face(BOLD if bold else REGULAR)


@lru_cache(maxsize=4096)
def wrapped(text: str, *, bold: bool, size: float, width: float, most: int) -> tuple[tuple[str, ...], bool]:
    """Break a text into at most ``most`` lines of ``width`` mm; tell whether something had to go.

    What does not fit ends in "…": whole words go, as long as one is left, since half a name can be another name.
    """
    letters = face(bold)
    words = letters.printable(text).split()
    lines: list[str] = []
    while words and len(lines) < most:
        line = words.pop(0)
        if letters.width(line, size) > width:
            line, rest = _broken(letters, line, size, width)
            words.insert(0, rest)
        else:
            while words and letters.width(f"{line} {words[0]}", size) <= width:
                line = f"{line} {words.pop(0)}"
        lines.append(line)
    if words:
        last = lines[-1]
        while letters.width(last + "…", size) > width and len(last) > 1:
            last = last.rpartition(" ")[0] or last[:-1]
        lines[-1] = last.rstrip(" ,;–-") + "…"
    return tuple(lines), bool(words)


def unbroken(text: str, *, bold: bool, size: float, width: float) -> tuple[str, ...]:
    """Break a number or an address into as many lines as it takes; nothing of it may go.

    It breaks after a space, a hyphen or a slash where there is one.
    """
    letters = face(bold)
    rest, lines = letters.printable(text), []
    while letters.width(rest, size) > width and len(rest) > 1:
        head, _ = _broken(letters, rest, size, width)
        at = max((head.rfind(mark) + 1 for mark in " -/."), default=0)
        at = at if at > len(head) // 3 else len(head)
        lines.append(rest[:at].rstrip())
        rest = rest[at:]
    return (*lines, rest)


def _broken(letters: Face, word: str, size: float, width: float) -> tuple[str, str]:
    end = len(word) - 1
    while end > 1 and letters.width(word[:end], size) > width:
        end -= 1
    return word[:end], word[end:]
