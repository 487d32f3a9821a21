"""The third layer: what the business knows of an event that the standard cannot. Pure: what the store holds is given.

A refusal here is about what cannot have been: goods that ended before they were made, more out than in, more of a lot
used or sold than there is, recalled or held goods shipped, sold, used or packed. Who may say what of whose goods is a
warning: the event is kept, and not shown in public.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.models import Unit
from kernel.errors import N_
from traceability import ilmd, statements, ways
from traceability.epcis import epc_uris
from traceability.epcis.fields import as_name
from traceability.epcis.naming import QUANTITIES, SMALLEST, Named, amount, named_in
from traceability.epcis.problems import Problem, Profile
from traceability.epcis.prose import instant

LONGEST_ID, LONGEST_WORD, LONGEST_NAME = 300, 300, 400
#: A weighing is never exact to the gram.
TOLERANCE = Decimal("1.001")
EARLIEST_YEAR = 1990

_TOO_LONG = N_("“%(field)s” is longer than the %(most)s signs that can be kept.")
_TOO_LITTLE = N_(
    "“%(field)s” is too little to be kept: the least is 0.000000000001 of a gram, a millilitre or a piece."
)
_NOT_OURS = N_("“%(value)s” is an address of this site, and no batch, material or pack of ours has it.")
_TOO_EARLY = N_("“%(field)s” lies before the year %(year)s: please look at it again.")
_ENDS_BEFORE = N_("“ilmd” says that the goods end on %(end)s, before they were made on %(made)s.")
_MORE_OUT = N_("More comes out of this transformation (%(out)s) than went in (%(into)s).")
_MORE_OUT_AS_FAR = N_(
    "More comes out of this transformation (%(out)s) than went in (%(into)s), as far as the two can be compared:"
    " part of what went in is in another unit."
)
_RECALLED = N_("%(name)s was recalled: it can neither be shipped nor sold.")
_RECALLED_INSIDE = N_("%(name)s was made of recalled goods, or holds some: it can neither be shipped nor sold.")
_RECALLED_USED = N_(
    "%(name)s was recalled, or made of recalled goods: nothing can be made of it, and it cannot be packed."
)
_RECALLED_MAKES = N_("%(name)s cannot have been made of recalled goods: report its making on the screens.")
_RECALLED_MADE = N_("%(name)s was recalled: no more of it can be made.")
_RECALLED_TOO = N_("%(name)s was made of recalled goods: it is recalled too.")
_PAST_ITS_DAY = N_("%(name)s was good until %(end)s: what is sold or sent on after that day was not fit for it.")
_UNFIT = N_(
    "%(name)s was said on %(since)s to be not fit for sale (stolen, damaged, expired, decommissioned …), and nothing"
    " else since: please look at it again."
)
_NO_LOT_RECALLED = N_(
    "%(name)s names goods and no lot of them: no lot is recalled by it. Please name the lots, or the single packs."
)
_HELD = N_(
    "%(name)s is on hold, or holds goods that are: until that ends it can be neither shipped nor sold, used nor packed."
)
_LATE = N_(
    "%(name)s was recalled or put on hold on %(since)s, after this: it is kept as a late report, and makes nothing"
    " fit to be sold."
)
_OVERUSED = N_("“%(field)s” takes more of %(name)s than there is of it: %(taken)s of %(amount)s (%(unit)s).")
_OVERSOLD = N_("“%(field)s” sells more of %(name)s than there is of it: %(taken)s of %(amount)s (%(unit)s).")
_MOVED_MORE = N_("“%(field)s” names more of %(name)s than there is of it: %(taken)s of %(amount)s (%(unit)s).")
_NOT_COMPARED = N_(
    "How much of %(name)s this is cannot be compared with what was made of it (%(unit)s): the event is kept, and this"
    " amount is not counted."
)
_NOT_MOVED = N_(
    "Our stock counts %(name)s: this event changes no balance of it. Please write the sale or the use down on the"
    " screens too."
)
_NOT_SOLD = N_(
    "“%(field)s” brings back %(taken)s of %(name)s, and %(amount)s of it were sold and not brought back until then"
    " (%(unit)s): what is more is not counted."
)
_FOR_THE_OFFICE = N_(
    "%(name)s is in our stock, which only the office recalls and lets go again: what was on sale is on hold now, if"
    " this is a recall, and the office is told."
)
_MADE_HERE = N_(
    "“%(field)s” makes more of %(name)s than was entered on our screens: %(amount)s (%(unit)s). How much there is of it"
    " is corrected there."
)
_MADE_AGAIN = N_(
    "“%(field)s” says that %(name)s was made, which was entered on our screens too: its story tells both, and all of"
    " what went into it counts."
)
_HANDED_ON = N_(
    "Of %(name)s your organisation has %(left)s left to ship, this ships %(taken)s (%(unit)s): the rest was handed on"
    " before, or never came."
)
_MADE_LESS = N_(
    "“%(field)s” leaves less of %(name)s than was used or sold of it: %(amount)s there, %(taken)s gone (%(unit)s)."
)
_IN_CASES = N_(
    "“%(field)s”: with what lies in cases more of %(name)s would be sold, used or destroyed than there is:"
    " %(amount)s there, %(taken)s gone (%(unit)s)."
)
_ADDS_AND_ENDS = N_(
    "“%(field)s” says ADD, that goods are there anew, and the step or disposition that they are sold, shipped or"
    " destroyed: please say OBSERVE or DELETE."
)
_TOO_MUCH = N_("“%(field)s” makes more of %(name)s, with what was made before, than can be kept: %(made)s (%(unit)s).")
_NO_ORIGIN = N_(
    "“%(field)s” makes %(name)s of nothing: no event with the same transformationID says what went in, and none that it"
    " was received or commissioned."
)
_NO_RECEIVER = N_("“destinationList” is missing: what is shipped has somebody who receives it.")
_MADE_TWICE = N_(
    "“%(field)s” commissions %(name)s, and an earlier event said so already: one single thing is made once."
)
_NOT_YOURS = N_("%(name)s is neither owned nor held by your organisation: the event is kept, and not shown in public.")
_TOO_MANY_EDGES = N_("This transformation has too many inputs and outputs: at most %(most)s pairs can be kept.")
_NOT_YOUR_EVENT = N_("The event “%(value)s” was stated by another organisation: only it can declare an error.")
_OF_OUR_SCREENS = N_(
    "The event “%(value)s” (%(step)s) was written by our screens, and goods go by it: please correct it on the screen,"
    " a declaration of error cannot take it back."
)
_OTHER_CONTENT = N_("An event with the eventID “%(value)s” is known already, with other content.")
_OTHER_HASH = N_("The eventID “%(value)s” sets out to be the hash of this event, and is not.")
_STANDS_TWICE = N_(
    "“%(field)s” stands twice in one object: the last one counts here, as with most programs, and others may read the"
    " first."
)
_OTHER_DECLARATION = N_("The event “%(value)s” was declared wrong before, in other words.")


def limits(event: dict[str, Any], path: str, year: int | None) -> list[Problem]:
    """List what of an event cannot be kept.

    :param year: of its eventTime in UTC; None where no calendar has it
    """
    found: list[Problem] = []
    for field, most in (("eventID", LONGEST_ID), ("type", LONGEST_ID), ("bizStep", LONGEST_WORD),
                        ("disposition", LONGEST_WORD), ("transformationID", LONGEST_NAME),
                        ("parentID", LONGEST_NAME), ("action", 8)):  # fmt: skip
        if isinstance(event.get(field), str) and len(event[field]) > most:
            found.append(_problem(path, field, "limit", _TOO_LONG, most=most))
    for field in ("readPoint", "bizLocation"):
        place = event.get(field)
        if isinstance(place, dict) and isinstance(place.get("id"), str) and len(place["id"]) > LONGEST_NAME:
            found.append(_problem(path, f"{field}.id", "limit", _TOO_LONG, most=LONGEST_NAME))
    if year is None or year < EARLIEST_YEAR:
        found.append(_problem(path, "eventTime", "limit", _TOO_EARLY, year=EARLIEST_YEAR))
    return found


def names(named: Iterable[Named], path: str, *, most_pairs: int) -> list[Problem]:
    """Refuse names that are too long to keep, and more pairs of inputs and outputs than can be."""
    found: list[Problem] = []
    inputs = outputs = 0
    for one in named:
        inputs += one.role in ("input", "child")
        outputs += one.role in ("output", "parent")
        if len(one.uri) > LONGEST_NAME and not found:
            found.append(_problem(path, _LIST[one.role], "limit", _TOO_LONG, most=LONGEST_NAME))
    if inputs * outputs > most_pairs:
        found.append(_problem(path, "outputQuantityList", "limit", _TOO_MANY_EDGES, most=most_pairs))
    return found


def too_little(event: dict[str, Any], path: str) -> list[Problem]:
    """Refuse amounts of which nothing would be left where they are written down."""
    found: list[Problem] = []
    for field in QUANTITIES:
        for number, element in enumerate(_list(event.get(field))):
            quantity, _ = amount(element)
            if quantity is not None and 0 < quantity < SMALLEST:
                found.append(_problem(path, f"{field}[{number}].quantity", "limit", _TOO_LITTLE))
    return found


_LIST = {
    "object": "quantityList",
    "input": "inputQuantityList",
    "output": "outputQuantityList",
    "child": "childQuantityList",
    "parent": "parentID",
}


def dates(event: dict[str, Any], path: str) -> list[Problem]:
    """Refuse goods that end before they were made."""
    made, end = ilmd.days([event])
    made = made or _day_of_making(event)
    if made is None or end is None or end >= made:
        return []
    return [_problem(path, "ilmd", "business-dates", _ENDS_BEFORE, end=end.isoformat(), made=made.isoformat())]


def _day_of_making(event: dict[str, Any]) -> date | None:
    """Give the day on which goods were made, where the event is their making."""
    at = instant(event["eventTime"]) if event.get("bizStep") in ("commissioning", "creating_class_instance") else None
    return None if at is None else at.date()


#: What one piece holds, by its name: (how much, in grams or millilitres).
Contents = Mapping[str, tuple[int, Unit]]


def balance(halves: Collection[dict[str, Any]], path: str, contents: Contents) -> list[Problem]:
    """Refuse more out than in: weight against weight, volume against volume.

    What comes out in another unit, or in pieces whose content nobody knows, is left out: the rest may not be more
    than went in. Where something of what went in cannot be compared, more out than in is a warning.

    :param halves: the events of one transformation: itself, and those known before with its transformationID
    :param contents: of pieces of known goods: they count by what they hold
    """
    into, out = _sums(halves, "input", contents), _sums(halves, "output", contents)
    found: list[Problem] = []
    for unit in (Unit.GRAM, Unit.MILLILITRE):
        went, came = into.get(unit, Decimal(0)), out.get(unit, Decimal(0))
        if not went or came <= went * TOLERANCE:
            continue
        is_warning = set(into) != {unit}
        message = _MORE_OUT_AS_FAR if is_warning else _MORE_OUT
        facts = {"out": _plain((came, unit)), "into": _plain((went, unit))}
        found.append(_problem(path, "outputQuantityList", "business-balance", message, is_warning=is_warning, **facts))
    return found or _more_of_the_same(halves, path)


def _more_of_the_same(halves: Collection[dict[str, Any]], path: str) -> list[Problem]:
    """Refuse more pieces out than in where all that goes in and comes out is of one kind of goods, by its GTIN."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    gtins: set[str | None] = set()
    for one in (name for event in halves for name in named_in(event) if name.role in ("input", "output")):
        thing = epc_uris.identify(one.uri)
        gtins.add(thing.path[0][1] if thing is not None and thing.key == "01" else None)
        if one.unit is not Unit.PIECE or one.quantity is None:
            return []
        sums[one.role] += one.quantity
    if len(gtins) != 1 or None in gtins or not sums["input"] or sums["output"] <= sums["input"]:
        return []
    out, into = _plain((sums["output"], Unit.PIECE)), _plain((sums["input"], Unit.PIECE))
    return [_problem(path, "outputQuantityList", "business-balance", _MORE_OUT, out=out, into=into)]


def _sums(events: Collection[dict[str, Any]], side: str, contents: Contents) -> dict[Unit | None, Decimal]:
    """Add up what goes in or comes out, by unit; None stands for what can be compared with nothing."""
    found: dict[Unit | None, Decimal] = defaultdict(Decimal)
    for name, stated, unit in _stated(events, side):
        quantity = stated
        if unit is Unit.PIECE and stated is not None:
            holds, unit = contents.get(name, (0, None))
            quantity = stated * holds
        if quantity is None or unit is None:
            unit, quantity = None, Decimal(0)
        found[unit] += quantity
    return found


def _stated(events: Collection[dict[str, Any]], side: str) -> Iterator[tuple[str, Decimal | None, Unit | None]]:
    for event in events:
        for name in event.get(f"{side}EPCList", ()):
            yield name, Decimal(1), Unit.PIECE
        for element in event.get(f"{side}QuantityList", ()):
            yield element["epcClass"], *amount(element)


def pieces_of(events: Iterable[dict[str, Any]]) -> set[str]:
    """Give the names of what transformations count in pieces."""
    listed = list(events)
    return {
        name for side in ("input", "output") for name, _, unit in _stated(listed, side) if unit is Unit.PIECE
    }  # fmt: skip


def _plain(amount: tuple[Decimal, Unit]) -> str:
    return f"{_number(amount[0])} {amount[1].value}"


def _number(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def takes_in(event: dict[str, Any]) -> bool:
    """Tell whether a transformation says what goes in."""
    return bool(event.get("inputEPCList") or event.get("inputQuantityList"))


def has_begun(event: dict[str, Any]) -> bool:
    """Tell whether an event is one by which goods are there: they were received, harvested, or made of nothing else."""
    return event["type"] == "ObjectEvent" and (
        event.get("action") == "ADD" or _says(event, "bizStep", statements.BEGINS)
    )


def no_origin(name: str, path: str, profile: Profile) -> Problem:
    """Name an output of which nobody says where it comes from: a refusal for our own events, a warning for others'."""
    is_warning = profile is Profile.INTERCHANGE
    return _problem(path, _LIST["output"], "business-origin", _NO_ORIGIN, is_warning=is_warning, name=name)


def receiver(event: dict[str, Any], path: str, profile: Profile) -> list[Problem]:
    """Ask for whom goods are shipped to: a refusal for our own events, a warning for others'."""
    if not _says(event, "bizStep", ways.SHIPS) or event.get("destinationList") or "errorDeclaration" in event:
        return []
    is_warning = profile is Profile.INTERCHANGE
    return [_problem(path, "destinationList", "business-receiver", _NO_RECEIVER, is_warning=is_warning)]


def commissions(event: dict[str, Any]) -> list[str]:
    """Give the names of the single things that an event says were made."""
    if event.get("type") != "ObjectEvent" or event.get("action") != "ADD" or "errorDeclaration" in event:
        return []
    return [as_name(epc) for epc in event.get("epcList", ())] if event.get("bizStep") == "commissioning" else []


def made_twice(name: str, path: str, profile: Profile) -> Problem:
    """Name a single thing that was commissioned before: a refusal for our own events, a warning for others'."""
    is_warning = profile is Profile.INTERCHANGE
    return _problem(path, "epcList", "business-twice", _MADE_TWICE, is_warning=is_warning, name=name)


def moves_on(event: dict[str, Any]) -> bool:
    """Tell whether an event brings goods to somebody else, and not back or to their end."""
    return "errorDeclaration" not in event and (ways.moves_on(*_way(event)) or _changes_hands(event))


def _changes_hands(event: dict[str, Any]) -> bool:
    """Tell whether an event that names no step says that goods are another's now, or that they were invoiced."""
    if event.get("bizStep") or event.get("action") == "DELETE" or ways.goes_back(*_way(event)):
        return False
    if event["type"] == "TransactionEvent" and _INVOICE in {_last(one.get("type")) for one in _papers(event)}:
        return True
    return bool(_parties(event, "destination") - _parties(event, "source"))


_INVOICE = "inv"


def _papers(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _list(event.get("bizTransactionList")) if isinstance(one, dict)]


def _last(name: Any) -> str:
    return str(name).rpartition(":")[2].rpartition("-")[2]


def _parties(event: dict[str, Any], side: str, kind: str = "ing_party") -> set[str]:
    """Give the names of who owns or has goods before ("source") or after ("destination") an event.

    :param kind: ends the types that count: owning or possessing
    """
    return {
        as_name(one[side])
        for one in _list(event.get(f"{side}List"))
        if isinstance(one, dict) and isinstance(one.get(side), str) and str(one.get("type")).endswith(kind)
    }


def makes(event: dict[str, Any], role: str) -> bool:
    """Tell whether an event says that more of a thing is there than before, by its role."""
    if "errorDeclaration" in event:
        return False
    if event["type"] == "ObjectEvent":
        return event.get("action") == "ADD" and role == "object"
    return event["type"] == "TransformationEvent" and role == "output"


def sells(event: dict[str, Any]) -> bool:
    """Tell whether an event sells goods."""
    return ways.sells(*_way(event))


def ends(event: dict[str, Any]) -> bool:
    """Tell whether goods are there no longer after an ObjectEvent, otherwise than by a sale."""
    return event["type"] == "ObjectEvent" and ways.ends(*_way(event), event.get("action"))


def receives(event: dict[str, Any]) -> bool:
    """Tell whether an event says that goods came from somebody else."""
    return event["type"] == "ObjectEvent" and ways.receives(*_way(event), event.get("action"))


def shows(event: dict[str, Any], role: str) -> bool:
    """Tell whether an event says that a thing is there, and not how it came or where it ends."""
    if role not in ("object", "child"):
        return False
    return not ways.sells(*_way(event)) and not ways.ends(*_way(event), event.get("action"))


def contradiction(event: dict[str, Any], path: str) -> list[Problem]:
    """Refuse that goods are said to be there anew (ADD) by an event that sells, ships or ends them."""
    if event["type"] != "ObjectEvent" or event.get("action") != "ADD" or not ways.makes_none(*_way(event)):
        return []
    return [_problem(path, "action", "business-action", _ADDS_AND_ENDS)]


def brings_back(event: dict[str, Any]) -> bool:
    """Tell whether an event brings back goods that were sold."""
    return ways.brings_back(*_way(event))


def ships(event: dict[str, Any]) -> bool:
    """Tell whether an event ships goods, to whomever."""
    return _says(event, "bizStep", ways.SHIPS) and "errorDeclaration" not in event


def hands_on(event: dict[str, Any]) -> bool:
    """Tell whether an event ships goods to somebody whom it names."""
    return _says(event, "bizStep", ways.SHIPS) and bool(receivers(event))


def _says(event: dict[str, Any], name: str, words: Collection[str]) -> bool:
    """Tell whether a field is one of these words; events of a kind of somebody's own may hold anything there."""
    value = event.get(name)
    return isinstance(value, str) and value in words


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def receivers(event: dict[str, Any]) -> set[str]:
    """Give the names of who has the goods after an event."""
    return _parties(event, "destination", "possessing_party")


def builds_on(event: dict[str, Any]) -> str | None:
    """Give the role of what an event makes something of, or packs; None where it does neither."""
    if _goes_back(event) or event.get("action") == "DELETE":
        return None
    return {"TransformationEvent": "input", "AggregationEvent": "child", "AssociationEvent": "child"}.get(event["type"])


def _goes_back(event: dict[str, Any]) -> bool:
    return ways.goes_back(*_way(event)) or "errorDeclaration" in event


def _way(event: dict[str, Any]) -> tuple[str | None, str | None]:
    """Read by what an event says where goods go: its step and its disposition."""
    step, disposition = event.get("bizStep"), event.get("disposition")
    return step if isinstance(step, str) else None, disposition if isinstance(disposition, str) else None


def no_more_of(name: str, path: str, role: str) -> Problem:
    """Refuse that more is made of what was recalled."""
    return _problem(path, _LIST[role], "business-recalled", _RECALLED_MADE, name=name)


def past_its_day(name: str, path: str, role: str, *, end: date) -> Problem:
    """Warn that goods went on after their last day."""
    return _problem(
        path, _LIST[role], "business-fitness", _PAST_ITS_DAY, is_warning=True, name=name, end=end.isoformat()
    )


def unfit(name: str, path: str, role: str, *, since: date) -> Problem:
    """Warn that goods went on that were said to be not fit for it."""
    facts = {"name": name, "since": since.isoformat()}
    return _problem(path, _LIST[role], "business-fitness", _UNFIT, is_warning=True, **facts)


def recalls_no_lot(name: str, path: str, role: str) -> Problem:
    """Warn that a recall names goods and no lot."""
    return _problem(path, _LIST[role], "business-recalled", _NO_LOT_RECALLED, is_warning=True, name=name)


def stopped(name: str, path: str, *, role: str, moves: bool, is_held: bool, is_own: bool) -> Problem:
    """Refuse to ship, sell, use or pack what was recalled or is on hold.

    :param is_own: it was recalled itself, not something it was made of
    """
    field = "bizStep" if moves else _LIST[role]
    if is_held:
        return _problem(path, field, "business-held", _HELD, name=name)
    message = _RECALLED_USED if not moves else _RECALLED if is_own else _RECALLED_INSIDE
    return _problem(path, field, "business-recalled", message, name=name)


def not_ours(uri: str, path: str, role: str) -> Problem:
    """Refuse a name that is an address of ours which leads to nothing."""
    return _problem(path, _LIST[role], "business-unknown", _NOT_OURS, value=uri)


def made_of_recalled(name: str, path: str, role: str) -> Problem:
    """Refuse that a batch of our own becomes one of recalled goods by somebody's event."""
    return _problem(path, _LIST[role], "business-recalled", _RECALLED_MAKES, name=name)


def recalled_too(name: str, path: str, role: str) -> Problem:
    """Warn that what comes out of a making that was open is recalled, as something that went into it is."""
    return _problem(path, _LIST[role], "business-recalled", _RECALLED_TOO, is_warning=True, name=name)


def late(name: str, since: date, path: str) -> Problem:
    """Warn that what happened before a recall was reported after it."""
    return _problem(path, "eventTime", "business-late", _LATE, is_warning=True, name=name, since=since.isoformat())


def beyond(kind: str, name: str, path: str, role: str, *, taken: Decimal, amount: Decimal, unit: Unit) -> Problem:
    """Refuse that more of a lot is used, sold or moved than there is, or that less was made than is gone.

    :param kind: "used", "lost", "sold", "moved", "made" or "received"
    :param role: of the lot in the event, "" for a declaration of error
    """
    message = {"sold": _OVERSOLD, "moved": _MOVED_MORE, "made": _MADE_LESS, "received": _MADE_LESS}.get(kind, _OVERUSED)
    return _problem(
        path, _LIST[role] if role else "errorDeclaration", "business-amount", message,
        name=name, taken=_number(taken), amount=_number(amount), unit=unit.value,
    )  # fmt: skip


def in_cases(name: str, path: str, role: str, *, taken: Decimal, amount: Decimal, unit: Unit) -> Problem:
    """Refuse that more of a lot would be gone than there is, by what lies in the cases that an event names.

    :param role: of what the event names
    """
    return _problem(
        path, _LIST[role], "business-amount", _IN_CASES,
        name=name, taken=_number(taken), amount=_number(amount), unit=unit.value,
    )  # fmt: skip


def not_compared(name: str, path: str, role: str, *, unit: Unit) -> Problem:
    """Warn of an amount that is of another kind than what was made, or is not said."""
    return _problem(path, _LIST[role], "business-uncounted", _NOT_COMPARED, is_warning=True, name=name, unit=unit.value)


def not_sold(name: str, path: str, role: str, *, taken: Decimal, amount: Decimal, unit: Unit) -> Problem:
    """Warn that more comes back than was sold until then."""
    return _problem(
        path, _LIST[role], "business-returned", _NOT_SOLD, is_warning=True,
        name=name, taken=_number(taken), amount=_number(amount), unit=unit.value,
    )  # fmt: skip


def not_moved(name: str, path: str, role: str) -> Problem:
    """Warn that the stock goes by its own papers."""
    return _problem(path, _LIST[role], "business-stock", _NOT_MOVED, is_warning=True, name=name)


def made_here(name: str, path: str, role: str, *, amount: Decimal, unit: Unit) -> Problem:
    """Refuse that events make more of a lot of our screens than these say."""
    return _problem(
        path, _LIST[role], "business-screens", _MADE_HERE, name=name, amount=_number(amount), unit=unit.value
    )


def made_again(name: str, path: str, role: str) -> Problem:
    """Warn that the making of a lot of our screens is told once more."""
    return _problem(path, _LIST[role], "business-screens", _MADE_AGAIN, is_warning=True, name=name)


def for_the_office(name: str, path: str) -> Problem:
    """Warn that a recall of goods in our stock is for the office."""
    return _problem(path, "persistentDisposition", "business-office", _FOR_THE_OFFICE, is_warning=True, name=name)


def too_much(name: str, path: str, role: str, *, made: Decimal, unit: Unit) -> Problem:
    """Refuse that more of a lot is made than the database can write down."""
    return _problem(path, _LIST[role], "limit", _TOO_MUCH, name=name, made=_number(made), unit=unit.value)


def not_yours(name: str, path: str) -> Problem:
    """Warn that an event about another's goods is not shown."""
    return _problem(path, "", "business-custody", _NOT_YOURS, is_warning=True, name=name)


def handed_on(name: str, path: str, *, left: Decimal, taken: Decimal, unit: Unit) -> Problem:
    """Warn that only who has goods ships them."""
    return _problem(
        path, "sourceList", "business-custody", _HANDED_ON, is_warning=True,
        name=name, left=_number(left), taken=_number(taken), unit=unit.value,
    )  # fmt: skip


def not_your_event(event_id: str, path: str) -> Problem:
    """Refuse to declare an error of another's event."""
    return _problem(path, "errorDeclaration", "business-custody", _NOT_YOUR_EVENT, value=event_id)


def of_our_screens(event_id: str, step: str, path: str) -> Problem:
    """Refuse to declare wrong what our screens, stock, orders or notes stand for."""
    return _problem(path, "errorDeclaration", "business-screens", _OF_OUR_SCREENS, value=event_id, step=step)


def other_content(event_id: str, path: str, *, declares_error: bool) -> Problem:
    """Refuse an eventID that was used before for something else (gap 10)."""
    return _problem(path, "eventID", "gap-10", _OTHER_DECLARATION if declares_error else _OTHER_CONTENT, value=event_id)


def other_hash(event_id: str, path: str) -> Problem:
    """Warn of an eventID that sets out to be the hash of its event and is another's (published examples do it)."""
    return _problem(path, "eventID", "event-hash", _OTHER_HASH, is_warning=True, value=event_id)


def stands_twice(name: str) -> Problem:
    """Warn of a field that stands twice in one object."""
    return Problem("", "json-twice", _STANDS_TWICE, {"field": name[:100]}, is_warning=True)


def _problem(path: str, field: str, rule: str, message: str, *, is_warning: bool = False, **facts: Any) -> Problem:
    at = f"{path}.{field}" if path and field else path or field
    return Problem(at, rule, message, {"field": field, **facts}, is_warning=is_warning)
