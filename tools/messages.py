"""The translators' catalogues: one file a part, ``translations/vi/<part>.po``.

``update`` collects new sentences into them (and drops those no longer used); ``check`` fails when one is
missing, empty, fuzzy, or names other facts than the English does.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "translations" / "vi"
PARTS = (
    "kernel", "accounts", "catalog", "ocop", "traceability", "stock", "books",
    "storefront", "consignment", "oversight", "admin", "app",
)  # fmt: skip
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
FACT = re.compile(r"%\((\w+)\)")


def sentences(part: str) -> Catalog:
    """Collect the sentences of a part: its Python, and its templates (layouts and components are app's)."""
    found = Catalog(locale="vi", domain=part, charset="utf-8", fuzzy=False)
    folders = [ROOT / part, ROOT / "templates" / part]
    if part == "app":
        folders += [ROOT / "templates" / name for name in ("layouts", "components", "errors", "security", "email")]
    for folder in folders:
        if not folder.is_dir():
            continue
        for name, line, message, comments, context in extract_from_dir(
            folder,
            method_map=[("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")],
            keywords=KEYWORDS,
            options_map={name: {"trimmed": "true", "silent": "false"} for name in ("**.html", "**.txt")},
        ):
            del line  # line numbers only make the files differ
            location = (str((folder / name).relative_to(ROOT)), None)
            found.add(message, None, [location], auto_comments=comments, context=context)
    return found


def update() -> None:
    """Bring every part's file up to date with its sentences."""
    for part in PARTS:
        found = sentences(part)
        path = CATALOGUES / f"{part}.po"
        known = _read(path) if path.exists() else Catalog(locale="vi")
        for message in found:
            old = known.get(message.id, message.context) if message.id else None
            if old is not None:
                message.string = old.string
        if len(list(found)) > 1 or path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, found, omit_header=True, no_location=True, sort_output=True, width=110)
    for problem in problems():
        print(problem)


def problems() -> list[str]:
    """List what is wrong with the catalogues, a line each."""
    lines, said = [], {}
    for part in PARTS:
        path = CATALOGUES / f"{part}.po"
        known = _read(path) if path.exists() else Catalog(locale="vi")
        for message in sentences(part):
            if not message.id:
                continue
            translated = known.get(message.id, message.context)
            first = message.id if isinstance(message.id, str) else message.id[0]
            texts = _texts(translated.string) if translated is not None else []
            if not texts or not all(texts):
                lines.append(f"{part}: no Vietnamese for {first!r}")
            elif translated is not None and "fuzzy" in translated.flags:
                lines.append(f"{part}: the Vietnamese for {first!r} is marked fuzzy")
            else:
                wanted = set(FACT.findall(str(message.id)))
                if any(not set(FACT.findall(text)) <= wanted for text in texts):
                    lines.append(f"{part}: the Vietnamese for {first!r} names facts that the English has not")
                key = (message.context, first)
                if said.setdefault(key, texts) != texts:
                    lines.append(f"{part}: {first!r} is said in two ways: {said[key]} and {texts}")
    return lines


def _texts(string: object) -> list[str]:
    return list(string) if isinstance(string, tuple | list) else [str(string)]


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="vi")


def main() -> None:
    """Run one of the two commands."""
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["check"]:
            found = problems()
            print(*found, sep="\n", end="\n" if found else "")
            sys.exit(f"translations: {len(found)} to mend (make messages)" if found else 0)
        case _:
            sys.exit("usage: messages.py update|check")


if __name__ == "__main__":
    main()
