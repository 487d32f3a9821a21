"""How wide words are when they are drawn: enough to break lines in a drawing that no browser has seen yet."""

from __future__ import annotations

import unicodedata

# Advance of each sign of Be Vietnam Pro 700, in hundredths of its size. A letter with marks is as wide as the
# letter. The regular weight is narrower, so what fits in bold fits in regular too.
_WIDTHS: dict[str, int] = {
    sign: width
    for width, signs in {
        22: "'",
        23: " ",
        29: "lI`",
        30: "ij·",
        34: "!.:",
        35: ",;",
        41: 'f"',
        44: "1rt|",
        46: "()²",
        49: "J~{}[]",
        53: "z*/s\\",
        58: "<>uvư",
        60: "kny7hx-^",
        62: "ceFEL?×₫",
        65: "ago2$+",
        68: "bdpqSZ83ơ5Pđ",
        70: "TBR069–",
        73: "KYHUV4_",
        76: "DNAXƯ&",
        79: "CGĐ",
        84: "OQƠ#",
        90: "wMm%…",
        106: "W@",
    }.items()
    for sign in signs
}
_UNKNOWN = 80
# The stand-in face, shown until the real one has come, is a little wider.
_ALLOWANCE = 1.04


def width_of(text: str, size: float) -> float:
    """Estimate the width of a line in bold, in the unit of ``size``; it is rarely less than what is drawn."""
    hundredths = 0
    for sign in unicodedata.normalize("NFC", text):
        known = _WIDTHS.get(sign)
        if known is None:
            known = _WIDTHS.get(unicodedata.normalize("NFD", sign)[0], _UNKNOWN)
        hundredths += known
    return hundredths / 100 * size * _ALLOWANCE


def wrapped(text: str, *, size: float, width: float, most: int) -> list[str]:
    """Break a text into at most ``most`` lines of a width; what does not fit ends in "…".

    A no-break space holds its words together. A dot between two facts (" · ") is dropped where the line ends.
    """
    words = [word for word in text.split(" ") if word]
    lines: list[str] = []
    while words and len(lines) < most:
        line = words.pop(0)
        if width_of(line, size) > width:
            line, rest = _broken(line, size, width)
            words.insert(0, rest)
        else:
            while words and width_of(f"{line} {words[0]}", size) <= width:
                line = f"{line} {words.pop(0)}"
        lines.append(line.removesuffix(" ·"))
        if words[:1] == ["·"]:
            words.pop(0)
    if words:
        last = lines[-1]
        while width_of(last + "…", size) > width and len(last) > 1:
            # Half a name can be another name, so whole words go, as long as one is left.
            last = last.rpartition(" ")[0] or last[:-1]
        lines[-1] = last.rstrip(" ,;·–-") + "…"
    return lines


def _broken(word: str, size: float, width: float) -> tuple[str, str]:
    end = len(word) - 1
    while end > 1 and width_of(word[:end], size) > width:
        end -= 1
    return word[:end], word[end:]
