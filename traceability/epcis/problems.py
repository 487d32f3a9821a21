"""What is wrong with an event, as a sentence that names the field.

Pure. A document may have many faults, and whoever sends it wants all of them at once: hence a list of problems,
not one exception. ``message`` is a msgid and ``facts`` fill it, as in ``kernel.errors``: the edge translates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum

from kernel.errors import N_, InvalidInput


class Profile(StrEnum):
    """How much of the prose of the standard is held against a document."""

    STRICT = "strict"  #: our own screens, imports and producers: every rule holds
    INTERCHANGE = "interchange"  #: the public capture interface: gaps 11, 15 and 19 are warnings


@dataclasses.dataclass(frozen=True)
class Problem:
    """One fault of a document or event."""

    path: str  #: where, from the outermost object: ``epcisBody.eventList[3].quantityList[0].uom``
    rule: str  #: short and stable: ``structure``, ``gap-05``
    message: str  #: msgid of a sentence
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict, hash=False)
    is_warning: bool = False  #: to be named to the sender, but no reason to refuse

    @property
    def field(self) -> str:
        """The innermost field: ``uom``; empty if the document itself is meant."""
        return self.path.rpartition(".")[2].partition("[")[0]

    def __str__(self) -> str:
        return self.message % self.facts if self.facts else self.message


_BREAKS_AS_A_WHOLE = N_("This breaks the rules of EPCIS in %(count)s places; the first is the event as a whole.")


class RefusedEvent(InvalidInput):
    """An event or document that breaks the rules of EPCIS; ``problems`` says how, a sentence each."""

    message = N_("This breaks the rules of EPCIS in %(count)s places; the first is %(path)s.")

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        if not problems[0].path:  # the event as a whole: a field that it lacks
            self.message = _BREAKS_AS_A_WHOLE
        super().__init__(count=len(problems), path=problems[0].path)


def refusals(problems: list[Problem]) -> list[Problem]:
    """Give those that are reasons to refuse."""
    return [problem for problem in problems if not problem.is_warning]
