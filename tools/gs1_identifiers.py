"""Write `traceability/data/application_identifiers.csv` from GS1's syntax dictionary.

For maintainers, when GS1 publishes a new dictionary: `python tools/gs1_identifiers.py gs1-syntax-dictionary.txt`.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "traceability" / "data" / "application_identifiers.csv"
COLUMNS = ("ai", "fixed", "attribute", "format", "requires", "excludes", "key")


def rows(dictionary: str) -> list[dict[str, str]]:
    """Read the dictionary into rows of the table."""
    found = []
    for line in dictionary.splitlines():
        fields = line.split("#")[0].split()
        if not fields:
            continue
        ai, rest = fields[0], fields[1:]
        flags = rest.pop(0) if re.fullmatch(r"[^\w\[]+", rest[0]) else ""
        attributes = [field for field in rest if re.match(r"(req|ex|dlpkey)(=|$)", field)]
        words = dict(field.partition("=")[::2] for field in attributes)
        found.append(
            {
                "ai": ai,
                "fixed": "1" if "*" in flags else "",
                "attribute": "1" if "?" in flags else "",
                "format": " ".join(field for field in rest if field not in attributes),
                "requires": words.get("req", ""),
                "excludes": words.get("ex", ""),
                "key": (words["dlpkey"] or "-") if "dlpkey" in words else "",
            }
        )
    return found


def main() -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows(Path(sys.argv[1]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
