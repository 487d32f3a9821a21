"""Vietnamese text: what is stored, what is searched, what is sorted by, what stands in an address.

All functions are pure. Text is stored as the reader wrote it (NFC); search and order have columns of
their own, filled by ``search_text`` and ``sort_key``, so that both database engines answer alike with a
plain ``LIKE`` and a plain ``ORDER BY``.
"""

from __future__ import annotations

import re
import unicodedata

#: At most so many words of a query are looked for; more only slow the statement down.
MOST_TOKENS = 12
#: Longest slug; a longer one is cut at a word.
LONGEST_SLUG = 80

_WORD = re.compile(r"[^\W_]+")
_WORD_WITH_MARKS = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_SLUG_WORD = re.compile(r"[a-z0-9]+")
_SPACES = re.compile(r"\s+")
_GAPS = re.compile(r"\n{3,}")
# The stroke of đ is no mark in Unicode. Old keyboards give the Icelandic or the African letter for it.
_TO_PLAIN_D = str.maketrans(dict.fromkeys("đĐðÐɖƉ", "d"))


# --- What is stored ---------------------------------------------------------------------------------


def nfc(text: str) -> str:
    """Tidy a text of one or more lines for storing; line breaks stay, as ``\\n``.

    The result is in NFC, without control, formatting (zero-width, direction) or surrogate characters,
    without spaces at the ends of lines or doubled inside them (no-break and other odd spaces count as
    spaces), and with at most one empty line in a row. Doing it twice changes nothing.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    lines = (_SPACES.sub(" ", _without_invisible(line)).strip() for line in text.split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """Tidy a text as ``nfc`` does and put it on one line: for names, numbers, titles."""
    return _SPACES.sub(" ", nfc(text))


def _without_invisible(line: str) -> str:
    # Marks may only meet their letter once what stood between is gone, so NFC comes last.
    kept = "".join(
        " " if char.isspace() else char
        for char in line
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    return unicodedata.normalize("NFC", kept)


# --- What is searched -------------------------------------------------------------------------------


def fold(text: str) -> str:
    """Give the form in which texts are compared for search: no case, no marks, đ as d.

    *Thuỷ*, *Thủy* and *THUY* fold alike. So do *Ba Tơ* and *Ba Tô*: a folded text is never a key.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", plain.translate(_TO_PLAIN_D))


def search_text(*parts: str | None) -> str:
    """Fill the stored search column: the folded words of all parts, each with one space before it.

    Every word, the first too, can so be found from its beginning by ``LIKE '% word%'``. Parts that are
    ``None`` or empty add nothing; without any word the result is empty.
    """
    words = _WORD.findall(fold(" ".join(part for part in parts if part)))
    return "".join(" " + word for word in words)


def tokens(query: str) -> list[str]:
    """Split what a reader typed into folded words to look for, each once, in order, at most 12.

    They hold letters and digits only, so none of them can be a pattern (``%``, ``_``) to the database.
    An empty list means there is nothing to look for, and the answer is then nothing, not everything.
    """
    return list(dict.fromkeys(_WORD.findall(fold(query))))[:MOST_TOKENS]


def words_with_places(text: str) -> list[tuple[int, int]]:
    """Say where the words of a text stand in it: (first, behind the last) of each, in order."""
    return [found.span() for found in _WORD_WITH_MARKS.finditer(text)]


def spelling(word: str) -> tuple[str, str]:
    """Part a word as it is spelled into its letters (ă, ơ, đ kept, no case) and its tone.

    *Thuỷ* and *Thủy* are the same word, set in two ways: their letters and their tone are equal.
    """
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word).casefold()):
        (tones if char in _TONES else letters).append(char)
    return unicodedata.normalize("NFC", "".join(letters)), "".join(tones)


def slug(text: str) -> str:
    """Write a name for an address: ``[a-z0-9]`` words joined by hyphens, at most 80 characters.

    Empty when the name has no Latin letter and no digit: the caller then takes the row's code. Two
    names may share a slug (*Ba Tơ*, *Ba Tô*), so the caller also makes it unique.
    """
    whole = "-".join(_SLUG_WORD.findall(fold(text)))
    if len(whole) <= LONGEST_SLUG:
        return whole
    cut = whole[: LONGEST_SLUG + 1]
    return cut.rsplit("-", 1)[0] if "-" in cut else cut[:LONGEST_SLUG]


# --- What is sorted by ------------------------------------------------------------------------------

#: Longest key ``sort_key`` gives: names alike in so much of it count as equal in order.
LONGEST_SORT_KEY = 240

# The alphabet is a ă â b c d đ e ê f … o ô ơ … u ư … z. A letter with variants is written with a digit,
# one without as itself, so the code stays short, is prefix-free, and sorts as the alphabet does.
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
_VARIANTS = {
    "a": {_BREVE: "1", _CIRCUMFLEX: "2"},
    "e": {_CIRCUMFLEX: "1"},
    "o": {_CIRCUMFLEX: "1", _HORN: "2"},
    "u": {_HORN: "1"},
}
# Order of the tones: none, huyền, hỏi, ngã, sắc, nặng. "7" is any mark that is not Vietnamese.
_TONES = {"\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0301": "5", "\u0323": "6"}
_NO_TONE, _FOREIGN_MARK = "1", "7"
# Signs in the order of the Unicode collation root; what is set in type counts as what is typed.
_SIGNS = {sign: f"2{place:02d}" for place, sign in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$")}
_TYPED = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "‘": "'", "’": "'", "“": '"', "”": '"'})
_END_OF_LEVEL, _SPACE, _OTHER_SIGN, _DIGIT, _OTHER_LETTER = "0", "1", "299", "3", "z1"


def sort_key(text: str) -> str:
    """Give a string by which names sort in Vietnamese order; store it beside the name.

    Letters decide first (a ă â b c d đ e ê … o ô ơ … u ư …), over the whole name; then tones (none,
    huyền, hỏi, ngã, sắc, nặng); then case, small before capital. Spaces come before signs, signs before
    digits, digits before letters, foreign letters last. That is the order of Unicode's ``vi`` collation.

    The key has lower-case ASCII letters and digits only, so it sorts alike bytewise and under any usual
    collation of PostgreSQL or SQLite. It is cut at ``LONGEST_SORT_KEY``.
    """
    letters, tones, cases = "", "", ""
    for char, marks in _clusters(one_line(text).translate(_TYPED)):
        small = char.casefold()
        code, left = _letter(small, marks)
        letters += code
        tones += _tone(left) if small in "aeiouy" or left else ""
        cases += "2" if char != small else "1"
    # Trailing small letters say nothing, since case is the last thing compared.
    key = letters + _END_OF_LEVEL + tones + _END_OF_LEVEL + cases.rstrip("1")
    return key[:LONGEST_SORT_KEY]


def _clusters(text: str) -> list[tuple[str, list[str]]]:
    clusters: list[tuple[str, list[str]]] = []
    for char in unicodedata.normalize("NFKD", text):
        if unicodedata.category(char) == "Mn":
            if clusters:
                clusters[-1][1].append(char)
        else:
            clusters.append((char, []))
    return clusters


def _letter(small: str, marks: list[str]) -> tuple[str, list[str]]:
    """Code one letter, digit or sign, and hand back the marks that did not go into it."""
    if small in _VARIANTS:
        variant = next((mark for mark in marks if mark in _VARIANTS[small]), None)
        digit = _VARIANTS[small][variant] if variant else "0"
        return small + digit, [mark for mark in marks if mark != variant]
    if small in "đðɖ":
        return "d1", marks
    if small == "d":
        return "d0", marks
    if small == "z":
        return "z0", marks
    if "a" <= small <= "z" and len(small) == 1:
        return small, marks
    if small in "0123456789":
        return _DIGIT + small, marks
    if small == " ":
        return _SPACE, marks
    if small in _SIGNS:
        return _SIGNS[small], marks
    kind = _OTHER_LETTER if small[0].isalnum() else _OTHER_SIGN
    return kind + "".join(f"{ord(part):06x}" for part in small), marks


def _tone(marks: list[str]) -> str:
    if not marks:
        return _NO_TONE
    return "".join(_TONES.get(mark, _FOREIGN_MARK) for mark in marks[:1])
