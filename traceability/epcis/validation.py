"""The first two layers that hold an event against EPCIS 2.0: its structure, then the prose of the standard.

Pure. The third layer, business, needs the database and belongs to the store; so do the three gaps that ``prose``
names as the store's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from traceability.epcis import prose, structure
from traceability.epcis.problems import Problem, Profile, RefusedEvent, refusals
from traceability.epcis.prose import declares_unnamed, no_earlier_event, open_transformation
from traceability.epcis.spelling import normalise
from traceability.epcis.structure import Place

__all__ = [
    "Problem",
    "Profile",
    "RefusedEvent",
    "check_document",
    "check_event",
    "declares_unnamed",
    "no_earlier_event",
    "normalise",
    "open_transformation",
    "refusals",
]


def check_document(document: Any, *, profile: Profile, now: datetime) -> list[Problem]:
    """List what is wrong with a document: an EPCISDocument, an EPCISQueryDocument, or one bare event.

    All faults of structure come first; the prose is held against those events whose structure is sound. A document
    without refusals (``refusals``) may be stored, once the store has looked at what only it can know.

    :param now: what lies after it, but for a small difference of clocks, cannot have happened yet
    """
    found = structure.check(document)
    for event, place in _events(document):
        path = structure.written(place)
        if not any(_is_within(problem.path, path) for problem in found):
            found += prose.check(normalise(event), place, profile=profile, now=now)
    return found


def check_event(event: Any, *, profile: Profile, now: datetime, context: Any = None, path: str = "") -> list[Problem]:
    """List what is wrong with one event.

    :param context: the ``@context`` of its document; without one the event has to bring its own, as the standard says
    :param path: where in its document it stands: put before the paths of the problems
    """
    place: Place = (None, path) if path else None
    found: list[Problem] = []
    structure.check_event(event, place, found, alone=context is None)
    return found or prose.check(normalise(event), place, profile=profile, now=now)


def _events(document: Any) -> list[tuple[Any, Place]]:
    """Give the events of a document of any kind with their places; none where the way to them is broken."""
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        return []
    if kind not in _WAYS:
        return [(document, None)]
    found: Any = document
    place: Place = None
    for step in _WAYS[kind]:
        found = found.get(step) if isinstance(found, dict) else None
        place = (place, step)
    return [(event, (place, number)) for number, event in enumerate(found)] if isinstance(found, list) else []


_WAYS = {
    "EPCISDocument": ("epcisBody", "eventList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
}


def _is_within(path: str, around: str) -> bool:
    return not around or path == around or path.startswith((f"{around}.", f"{around}["))
