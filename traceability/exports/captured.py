"""What captured events say beside the lots they name: where, from whom to whom, with which papers, what of a harvest.

Pure. The words of ilmd are told by the end of their names: their prefixes differ from sender to sender.
Source: Core Business Vocabulary 2.0, sections 7.3 (papers), 7.4 (sources and destinations), 9.2 (ilmd).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from traceability import ilmd
from traceability.epcis.fields import as_name
from traceability.epcis.naming import short_name
from traceability.exports.parties import Party
from traceability.exports.record import PaperRow

_HARVESTS = ("harvesting", "harvest", "collecting")
#: Whether somebody had the goods says more than whose they were, and where they were most.
_ENDS = ("location", "possessing_party", "owning_party")


@dataclass(frozen=True)
class Body:
    """An event in the form of the standard, read."""

    event: Mapping[str, Any]

    @property
    def names(self) -> set[str]:
        """Give all names of parties and places in it."""
        ends = (*_ends(self.event, "source"), *_ends(self.event, "destination"))
        return {*(name for _, name in ends), *([self.place] if self.place else [])}

    @property
    def place(self) -> str:
        """The name of where it happened."""
        for name in ("readPoint", "bizLocation"):
            one = self.event.get(name)
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                return as_name(one["id"])
        return ""

    def end(self, which: str, parties: Mapping[str, Party]) -> str:
        """Tell from where ("source") or to where ("destination") goods went: the place, and who has them there."""
        by_kind: dict[str, list[str]] = {}
        for kind, name in _ends(self.event, which):
            by_kind.setdefault(kind, []).append(parties[name].words)
        found = [*by_kind.get("location", ()), *by_kind.get("possessing_party", ())]
        for words in () if found else by_kind.get("owning_party", ()):
            found.append(words)
        # A place of ours tells whose it is.
        return "; ".join(one for one in dict.fromkeys(found) if not any(one in other != one for other in found))

    @property
    def papers(self) -> tuple[PaperRow, ...]:
        """The papers it names."""
        found: dict[PaperRow, None] = {}
        for one in _listed(self.event, "bizTransactionList"):
            if isinstance(one.get("bizTransaction"), str):
                kind = short_name(one["type"]) if isinstance(one.get("type"), str) else ""
                found[PaperRow(kind, short_name(one["bizTransaction"]))] = None
        return tuple(found)

    @property
    def is_harvest(self) -> bool:
        """Tell whether it calls itself a harvest, or knows of one."""
        return short_name(str(self.event.get("bizStep", ""))).lower() in _HARVESTS or any(
            name.lower().startswith(("harvest", "farm")) for name, _ in self._ilmd()
        )

    @property
    def is_catch(self) -> bool:
        """Tell whether the goods were caught at sea."""
        return any(name.lower().startswith(("vessel", "catch")) for name, _ in self._ilmd())

    @property
    def harvested_on(self) -> date | None:
        """The day on which the harvest ended."""
        days = [
            day for name, value in self._ilmd() if name.lower().startswith("harvest") and (day := ilmd.day_of(value))
        ]
        return max(days, default=None)

    def _ilmd(self) -> Iterator[tuple[str, Any]]:
        said = self.event.get("ilmd")
        for name, value in said.items() if isinstance(said, dict) else ():
            yield re.split(r"[:/#]", name)[-1], value


def _ends(event: Mapping[str, Any], which: str) -> list[tuple[str, str]]:
    found = []
    for one in _listed(event, f"{which}List"):
        kind, name = short_name(str(one.get("type", ""))), one.get(which)
        if kind in _ENDS and isinstance(name, str):
            found.append((kind, as_name(name)))
    return found


def _listed(event: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = event.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
