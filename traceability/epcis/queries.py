"""The simple query of EPCIS 2.0 (section 8.2.7.1): which events one may see, and which of them are asked for."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true, union
from sqlalchemy.orm import InstrumentedAttribute, aliased

from accounts.actor import SYSTEM, Actor
from accounts.queries import owned_by
from kernel.db import db
from kernel.errors import N_, InvalidInput, NotFound
from traceability import standing
from traceability.epcis import custody, epc_uris, namespaces
from traceability.epcis.fields import as_name, as_number, cut, seconds
from traceability.epcis.formats import is_instant
from traceability.epcis.namespaces import Names
from traceability.epcis.prose import instant
from traceability.epcis.structure import STANDARD_TYPES
from traceability.epcis.vocabulary import words
from traceability.models import (
    EpcisEvent,
    EpcisField,
    EventLot,
    Lot,
    LotKind,
    LotState,
    TraceEvent,
)

PER_PAGE, MOST_PER_PAGE, MOST_VALUES = 30, 1000, 200


class BadQuery(InvalidInput):
    message = N_("The query parameter “%(name)s” is not known.")


class BadValue(BadQuery):
    message = N_("The query parameter “%(name)s” cannot be “%(value)s”.")


class TooManyValues(BadQuery):
    message = N_("The query parameter “%(name)s” has more than %(most)s values.")


class NotTogether(BadQuery):
    message = N_("The query parameters “%(name)s” and “%(other)s” cannot be used together.")


class NeedsOrder(BadQuery):
    message = N_("The query parameter “%(name)s” can only be used with “orderBy”.")


class PrefixNotBound(BadQuery):
    message = N_(
        "The query parameter “%(name)s” uses the prefix “%(prefix)s”, which stands for no namespace: please bind it in "
        "the header GS1-Extensions (%(prefix)s=https://…) or in the “@context” of the query."
    )


class TooManyEvents(InvalidInput):
    message = N_("More than %(most)s events answer this query.")


class NoSuchEpcisEvent(NotFound):
    message = N_("There is no event with this eventID.")


class NothingOfThat(NotFound):
    message = N_("No event that you may see names this.")


# --- Who sees what -------------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> Select[EpcisEvent]:
    """Select the events that one may see.

    Those that one's organisation stated, those about lots that it owns or that were handed to it, an office those of
    its jurisdiction; and everybody the public ones of batches on sale, but for those that tell who bought them: these
    are seen by whom they name as well. A declaration of error is seen with its event.
    """
    if actor is SYSTEM:
        return select(EpcisEvent)
    told = aliased(EpcisEvent)
    line = aliased(TraceEvent)
    may_be_told: ColumnElement[bool] = ~standing.tells_of_buyers(told)
    if actor.organisation_id is not None:
        may_be_told = or_(may_be_told, _names(told, custody.party_names(actor.organisation_id)))
    public = may_be_told & exists().where(
        line.id == told.trace_event_id,
        line.is_public,
        EventLot.event_id == line.id,
        Lot.id == EventLot.lot_id,
        or_(and_(Lot.kind == LotKind.FINISHED, Lot.state != LotState.OPEN), standing.is_of_goods()),
    )
    conditions = [public, owned_by(actor, told.organisation_id)]
    if actor.organisation_id is not None:
        lot, named = aliased(Lot), aliased(EventLot)
        conditions.append(
            exists().where(
                named.event_id == told.trace_event_id,
                lot.id == named.lot_id,
                or_(
                    owned_by(actor, lot.owner_id),
                    lot.id.in_(custody.held_by(actor.organisation_id)),
                    lot.id.in_(custody.came_in_cases(actor.organisation_id)),
                ),
            )
        )
    mine = EpcisEvent.organisation_id == actor.organisation_id if actor.organisation_id is not None else false()
    seen = exists().where(told.event_id == EpcisEvent.event_id, ~told.declares_error, or_(*conditions))
    return select(EpcisEvent).where(or_(mine, seen))


def _names(told: Any, parties: Collection[str]) -> ColumnElement[bool]:
    """Say in SQL of an event that it names one of some parties as giver or receiver."""
    roles = [f"{end}_{kind}_party" for end in ("source", "destination") for kind in ("owning", "possessing")]
    return exists().where(
        EpcisField.epcis_event_id == told.id, EpcisField.name.in_(roles), EpcisField.value.in_(sorted(parties))
    )


# --- What is asked -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A query that was read and found sound."""

    conditions: tuple[ColumnElement[bool], ...] = ()
    order_by: str | None = None  #: "eventTime" or "recordTime"; None: as they were stored
    descending: bool = False
    limit: int | None = None  #: eventCountLimit
    most: int | None = None  #: maxEventCount
    per_page: int = PER_PAGE
    token: str | None = None


@dataclass(frozen=True)
class Page:
    """Events as they are stored, and how to go on."""

    bodies: list[str]
    next_token: str | None = field(default=None)


def read(parameters: Mapping[str, Sequence[str]], names: Names = namespaces.STANDARD) -> Asked:
    """Read the parameters of a query, each a list of alternatives.

    :param names: what prefixes stand for in it
    :raises BadQuery: naming the first parameter that cannot be used
    """
    conditions: list[ColumnElement[bool]] = []
    asked = Asked()
    for name, values in parameters.items():
        if not values or len(values) > MOST_VALUES:
            raise TooManyValues(name=name[:100], most=MOST_VALUES) if values else BadValue(name=name[:100], value="")
        if name in _CONTROLS:
            asked = _control(asked, name, values[-1])
        else:
            conditions.append(_condition(name, list(values), names))
    if asked.limit is not None and asked.most is not None:
        raise NotTogether(name="eventCountLimit", other="maxEventCount")
    if asked.limit is not None and asked.order_by is None:
        raise NeedsOrder(name="eventCountLimit")
    if asked.order_by is not None and "orderDirection" not in parameters:
        asked = replace(asked, descending=True)  # what the standard says where nobody does
    return replace(asked, conditions=tuple(conditions))


def narrowed(asked: Asked, condition: ColumnElement[bool]) -> Asked:
    """Ask for less: for what fulfils a condition too."""
    return replace(asked, conditions=(*asked.conditions, condition))


def parameters_of(query: Any) -> dict[str, list[str]]:
    """Read a query that is written as JSON (query schema 2.0.0).

    :raises BadQuery:
    """
    if not isinstance(query, dict):
        raise BadValue(name="query", value=str(query)[:100])
    found: dict[str, list[str]] = {}
    for name, value in query.items():
        if name == "@context":
            continue
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list | bool) for one in values) and not name.startswith(
            ("EXISTS_", "EQ_boolean")
        ):
            raise BadValue(name=name[:100], value=json.dumps(value)[:100])
        found[name] = ["" if one is None else _written(one) for one in values]
    return found


def names_of(query: Any) -> Names:
    """Give what prefixes stand for by the ``@context`` of a query that is written as JSON.

    :raises BadValue:
    """
    context = query.get("@context") if isinstance(query, dict) else None
    parts = context if isinstance(context, list) else [] if context is None else [context]
    for part in parts:
        if not isinstance(part, dict | str):
            raise BadValue(name="@context", value=json.dumps(part)[:100])
    return namespaces.bound_by(parts)


def _written(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


_CONTROLS = {
    "orderBy", "orderDirection", "eventCountLimit", "maxEventCount", "perPage", "nextPageToken",
}  # fmt: skip


def _control(asked: Asked, name: str, value: str) -> Asked:
    if name == "orderBy":
        return replace(asked, order_by=_one_of(name, value, ("eventTime", "recordTime")))
    if name == "orderDirection":
        return replace(asked, descending=_one_of(name, value, ("ASC", "DESC")) == "DESC")
    if name == "nextPageToken":
        return replace(asked, token=value)
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) < 1:
        raise BadValue(name=name, value=value[:100])
    if name == "perPage":
        return replace(asked, per_page=min(int(value), MOST_PER_PAGE))
    return replace(asked, limit=int(value)) if name == "eventCountLimit" else replace(asked, most=int(value))


def _one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise BadValue(name=name, value=value[:100])
    return value


_TIMES = {"eventTime": EpcisEvent.event_at, "recordTime": EpcisEvent.recorded_at}
_COMPARED = {"EQ", "GT", "GE", "LT", "LE"}
_MATCHES = {
    "epc": ("epc",),
    "parentID": ("parentID",),
    "inputEPC": ("inputEPC",),
    "outputEPC": ("outputEPC",),
    "anyEPC": ("epc", "parentID", "inputEPC", "outputEPC"),
    "epcClass": ("epcClass",),
    "inputEPCClass": ("inputEPCClass",),
    "outputEPCClass": ("outputEPCClass",),
    "anyEPCClass": ("epcClass", "inputEPCClass", "outputEPCClass"),
}
#: Fields whose values name things, and are compared in the form that spellings share.
_NAMING = re.compile(
    r"(?:bizTransaction|source|destination)_\w+|deviceID|deviceMetadata|rawData|dataProcessingMethod|bizRules|uriValue"
    r"|certificationInfo"
)
_PLAIN = {
    "errorReason", "correctiveEventID", "type", "exception", "component", "deviceID", "deviceMetadata", "rawData",
    "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "certificationInfo", "coordinateReferenceSystem",
    "persistentDisposition_set", "persistentDisposition_unset",
}  # fmt: skip
_KINDS = {
    "persistentDisposition_set": "disposition", "persistentDisposition_unset": "disposition",
    "errorReason": "errorReason", "type": "measurement", "exception": "sensorAlert", "component": "component",
}  # fmt: skip
_MEASURED = re.compile(r"(?:quantity|value|minValue|maxValue|meanValue|sDev|percValue|percRank)(?:_[A-Z0-9]{2,4})?")
_INSTANTS = {"time", "startTime", "endTime", "errorDeclarationTime"}
_WHERE = (
    r"(?P<where>(?:INNER_)?"
    r"(?:ILMD_|ERROR_DECLARATION_|SENSORELEMENT_|SENSORMETADATA_|SENSORREPORT_|readPoint_|bizLocation_)?)"
)
_EXTENSION = re.compile(_WHERE + r"(?P<name>[^_\s:][^\s:]*:[^\s]+)")
#: Where the name of an attribute begins, which follows that of its field: as many are tried.
_MOST_SPLITS = 50


def _condition(name: str, values: list[str], names: Names) -> ColumnElement[bool]:
    """Say in SQL what one parameter asks for."""
    if name == "eventType":
        return _of_types(name, values, names)
    operator, _, rest = name.partition("_")
    if operator == "MATCH" and rest in _MATCHES:
        return _matching(_MATCHES[rest], values)
    if operator == "WD" and rest in ("readPoint", "bizLocation"):
        return _within(_COLUMNS[rest], values)
    if operator == "EXISTS":
        return _existing(name, rest, values, names)
    if operator == "HASATTR" and _EXTENSION.fullmatch(rest):
        attributes = [cut(_name(value, names, name) if ":" in value else value) for value in values]
        return _field(EpcisField.name == f"HAS_{_own(rest, names, name)}", EpcisField.value.in_(attributes))
    if operator == "EQATTR" or (operator == "EQ" and rest.startswith("ATTR_")):
        return _extension(_attributes(rest.removeprefix("ATTR_"), names, name), "EQ", values, name)
    if operator not in _COMPARED:
        raise BadQuery(name=name[:100])
    if rest in _TIMES:
        return _compared(_TIMES[rest], operator, [_time(name, value) for value in values], name)
    if operator == "EQ" and rest in _COLUMNS:
        return _among(_COLUMNS[rest], [_as_stored(rest, value) for value in values])
    if operator == "EQ" and rest == "action":
        return _among(EpcisEvent.action, [_one_of(name, value, ("ADD", "OBSERVE", "DELETE")) for value in values])
    rest = {"errorDeclaration_Time": "errorDeclarationTime"}.get(rest, rest)
    if rest in _INSTANTS:
        numbers = [seconds(value) if is_instant(value) else None for value in values]
        return _numbers(rest, operator, numbers, name, values)
    if _MEASURED.fullmatch(rest):
        return _numbers(rest, operator, [as_number(value) for value in values], name, values)
    if operator == "EQ" and rest == "booleanValue":
        values = ["true" if _truth(name, value) else "false" for value in values]
    if operator == "EQ" and (rest in _PLAIN or _NAMING.fullmatch(rest)):
        return _field(EpcisField.name == rest, EpcisField.value.in_([_as_kept(rest, value) for value in values]))
    if _EXTENSION.fullmatch(rest):
        return _extension([_own(rest, names, name)], operator, values, name)
    raise BadQuery(name=name[:100])


_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "bizStep": EpcisEvent.biz_step,
    "disposition": EpcisEvent.disposition,
    "readPoint": EpcisEvent.read_point,
    "bizLocation": EpcisEvent.biz_location,
    "transformationID": EpcisEvent.transformation_id,
    "eventID": EpcisEvent.event_id,
}


def _of_types(name: str, values: list[str], names: Names) -> ColumnElement[bool]:
    standard = [value for value in values if value in STANDARD_TYPES]
    own = [value for value in values if value not in STANDARD_TYPES]
    for value in own:
        if ":" not in value:
            raise BadValue(name=name, value=value[:100])
    among = _among(EpcisEvent.type, standard)
    if not own:
        return among
    wanted = [cut(_name(value, names, name)) for value in own]
    return or_(among, _field(EpcisField.name == "eventType", EpcisField.value.in_(wanted)))


def _name(written: str, names: Names, parameter: str) -> str:
    """Give the address that a name stands for.

    :raises PrefixNotBound:
    """
    whole = namespaces.asked_for(written, names)
    if whole is None:
        raise PrefixNotBound(name=parameter[:100], prefix=written.partition(":")[0][:100])
    return whole


def _own(rest: str, names: Names, parameter: str) -> str:
    """Give the name under which a field of somebody's own is kept."""
    found = _EXTENSION.fullmatch(rest)
    if found is None:
        raise BadQuery(name=parameter[:100])
    return found["where"] + _name(found["name"], names, parameter)


def _attributes(rest: str, names: Names, parameter: str) -> list[str]:
    """Give the names under which an attribute may be kept: where its field's name ends, only the prefixes tell."""
    found = _EXTENSION.fullmatch(rest)
    splits = [place for place, sign in enumerate(found["name"]) if sign == "_"] if found is not None else []
    if found is None or not splits or len(splits) > _MOST_SPLITS:
        raise BadQuery(name=parameter[:100])
    kept, missing = [], found["name"]
    for place in splits:
        field_name, attribute = found["name"][:place], found["name"][place + 1 :]
        whole = namespaces.asked_for(field_name, names) if ":" in field_name else None
        inner = namespaces.asked_for(attribute, names) if ":" in attribute else attribute
        if whole and inner:
            kept.append(f"ATTR_{found['where']}{whole}_{inner}")
        elif whole and attribute:
            missing = attribute
    if not kept:
        raise PrefixNotBound(name=parameter[:100], prefix=missing.partition(":")[0][:100])
    return kept


def _as_stored(column: str, value: str) -> str:
    if column in ("bizStep", "disposition"):
        return words(column).short(value) or cut(value)
    return as_name(value) if column in ("readPoint", "bizLocation") else cut(value)


def _as_kept(name: str, value: str) -> str:
    if name in _KINDS:
        return words(_KINDS[name]).short(value) or cut(value)
    return as_name(value) if _NAMING.fullmatch(name) else cut(value)


def _time(name: str, value: str) -> datetime:
    at = instant(value) if is_instant(value) else None
    try:
        seconds_ = at.timestamp() if at is not None else None
    except (OverflowError, ValueError):
        seconds_ = None
    if at is None or seconds_ is None or not 1 < at.year < 9999:
        raise BadValue(name=name, value=value[:100])
    return at


def _among(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(list(values))
    return found


def _compared(column: Any, operator: str, values: Sequence[Any], name: str) -> ColumnElement[bool]:
    if operator == "EQ":
        return _among(column, values)
    if len(values) != 1:
        raise TooManyValues(name=name[:100], most=1)
    found: ColumnElement[bool] = {
        "GT": column > values[0],
        "GE": column >= values[0],
        "LT": column < values[0],
        "LE": column <= values[0],
    }[operator]
    return found


def _field(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return EpcisEvent.id.in_(select(EpcisField.epcis_event_id).where(*conditions))


def _numbers(
    field_name: str, operator: str, numbers: Sequence[float | None], name: str, values: Sequence[str]
) -> ColumnElement[bool]:
    for number, value in zip(numbers, values, strict=True):
        if number is None:
            raise BadValue(name=name[:100], value=value[:100])
    return _field(EpcisField.name == field_name, _compared(EpcisField.number, operator, numbers, name))


def _extension(kept: list[str], operator: str, values: list[str], name: str) -> ColumnElement[bool]:
    """A field of somebody's own: numbers, instants and days are compared as such, other texts as texts."""
    numbers = [as_number(value) for value in values]
    if operator == "EQ":
        same = EpcisField.value.in_([cut(value) for value in values])
        equal = [number for number in numbers if number is not None]
        return _field(EpcisField.name.in_(kept), or_(same, EpcisField.number.in_(equal)) if equal else same)
    return _numbers(kept[0], operator, numbers, name, values)


def _existing(name: str, rest: str, values: list[str], names: Names) -> ColumnElement[bool]:
    if rest == "errorDeclaration":
        there: ColumnElement[bool] = EpcisEvent.declares_error.is_(True)
    elif rest in ("sensorElementList", "ilmd"):
        there = _field(EpcisField.name == rest)
    elif _EXTENSION.fullmatch(rest):
        there = _field(EpcisField.name == _own(rest, names, name))
    else:
        raise BadQuery(name=name[:100])
    # False asks for nothing: events are returned with it and without it. A name alone is a yes.
    return there if not values[-1] or _truth(name, values[-1]) else true()


def _truth(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise BadValue(name=name[:100], value=value[:100])
    return value.lower() in ("true", "1")


def _matching(names: Sequence[str], values: list[str]) -> ColumnElement[bool]:
    whole: list[str] = []
    patterns: list[ColumnElement[bool]] = []
    for value in values:
        like = _pattern(value)
        if like is None:
            whole.append(as_name(value))
        else:
            patterns.append(EpcisField.value.like(like, escape="\\"))
    return _field(EpcisField.name.in_(names), or_(EpcisField.value.in_(whole), *patterns))


def _pattern(value: str) -> str | None:
    """Give the LIKE of a pattern: an EPC pattern, an address that ends in a star.

    :raises BadValue: for what begins like an EPC pattern, and is none
    """
    if value.startswith("urn:epc:idpat:") and "*" in value:
        like = epc_uris.like(value)
        if like is None:
            raise BadValue(name="MATCH", value=value[:100])
        return like
    if value.endswith("*"):
        stem = value[:-1]
        thing = epc_uris.canonical(stem.rstrip("/"))
        if thing is not None and stem.endswith("/"):
            return f"{_escaped(thing)}/%"
        head, slash, code = stem.rstrip("/").rpartition("/")
        thing = epc_uris.canonical(head)
        # …/01/<GTIN>/10/*: all lots of a product
        return f"{_escaped(thing)}/{_escaped(code)}/%" if thing and slash else f"{_escaped(stem)}%"
    return None


def _escaped(text: str | None) -> str:
    return epc_uris.escaped(cut(text or ""))


def _within(column: Any, values: list[str]) -> ColumnElement[bool]:
    """A place itself, or what lies in it: a GLN with an extension, as far as names tell."""
    names = [as_name(value) for value in values]
    return or_(column.in_(names), *(column.like(f"{_escaped(name)}/254/%", escape="\\") for name in names))


# --- Answers -------------------------------------------------------------------------------------------------------


def search(actor: Actor, asked: Asked) -> Page:
    """Find the events that one may see and asks for, a page of them.

    :raises TooManyEvents: if there are more than maxEventCount; :raises BadValue: for a token that is none
    """
    query = visible_to(actor).where(*asked.conditions)
    if asked.most is not None:
        counted = select(func.count()).select_from(
            query.with_only_columns(EpcisEvent.id).limit(asked.most + 1).subquery()
        )
        if (db.session.scalar(counted) or 0) > asked.most:
            raise TooManyEvents(most=asked.most)
    left = asked.limit
    column: Any = {"eventTime": EpcisEvent.event_at, "recordTime": EpcisEvent.recorded_at}.get(asked.order_by or "")
    if asked.token is not None:
        after, after_id, left = _opened(asked.token, has_order=column is not None, has_limit=left is not None)
        query = query.where(_beyond(column, after, after_id, descending=asked.descending))
    id_ = EpcisEvent.id
    order = [one.desc() if asked.descending else one.asc() for one in ([column, id_] if column is not None else [id_])]
    size = asked.per_page if left is None else min(asked.per_page, left)
    rows = db.session.execute(
        query.with_only_columns(EpcisEvent.id, EpcisEvent.body, EpcisEvent.event_at, EpcisEvent.recorded_at)
        .order_by(*order)
        .limit(size + 1)
    ).all()
    shown = rows[:size]
    has_more = len(rows) > size and (left is None or left > size)
    token = None
    if has_more and shown:
        last = shown[-1]
        at = {"eventTime": last.event_at, "recordTime": last.recorded_at}.get(asked.order_by or "")
        token = _token(at, last.id, None if left is None else left - size)
    return Page([row.body for row in shown], token)


def _beyond(column: Any, after: datetime | None, after_id: int, *, descending: bool) -> ColumnElement[bool]:
    id_ = EpcisEvent.id
    further: ColumnElement[bool] = id_ < after_id if descending else id_ > after_id
    if column is None or after is None:
        return further
    past: ColumnElement[bool] = column < after if descending else column > after
    return or_(past, and_(column == after, further))


def _token(at: datetime | None, id: int, left: int | None) -> str:
    text = json.dumps([at.isoformat() if at else None, id, left])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(token: str, *, has_order: bool, has_limit: bool) -> tuple[datetime | None, int, int | None]:
    try:
        at, id, left = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        after = datetime.fromisoformat(at) if at is not None else None
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadValue(name="nextPageToken", value=token[:100]) from None
    sound = type(id) is int and 0 <= id < 2**31 and (left is None or (type(left) is int and 0 < left < 2**31))
    if not sound or (after is None) is has_order or (left is None) is has_limit or (after and after.tzinfo is None):
        raise BadValue(name="nextPageToken", value=token[:100])
    return after, id, left


def find_events(actor: Actor, event_id: str) -> list[str]:
    """Find an event by its eventID, and the declaration of its error if there is one.

    :raises NoSuchEpcisEvent:
    """
    found = list(
        db.session.scalars(
            visible_to(actor)
            .where(EpcisEvent.event_id == cut(event_id))
            .order_by(EpcisEvent.declares_error)
            .with_only_columns(EpcisEvent.body)
        )
    )
    if not found:
        raise NoSuchEpcisEvent()
    return found


def bindings_of(bodies: Sequence[str]) -> list[tuple[str, str]]:
    """List the prefixes that events bind, in their order, each binding once."""
    found: dict[tuple[str, str], None] = {}
    for body in bodies:
        if '"@context":' in body:
            found.update(dict.fromkeys(namespaces.bound_by(json.loads(body).get("@context")).items()))
    return list(found)


#: Resources under the query interface: the parameter each stands for.
RESOURCES = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
_RESOURCE_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "bizSteps": EpcisEvent.biz_step,
    "bizLocations": EpcisEvent.biz_location,
    "readPoints": EpcisEvent.read_point,
    "dispositions": EpcisEvent.disposition,
}
_ALL_EPCS = (*_MATCHES["anyEPC"], *_MATCHES["anyEPCClass"])


def about(resource: str, value: str, names: Names = namespaces.STANDARD) -> ColumnElement[bool]:
    """Say in SQL that an event is about a value of a resource: an EPC or lot, a step, a place …

    :raises BadValue:
    """
    if resource == "epcs":
        return _matching(_ALL_EPCS, [value])
    return _condition(RESOURCES[resource], [value], names)


def naming(names: Select[str] | Sequence[str]) -> ColumnElement[bool]:
    """Say in SQL that an event names one of some things, by exactly these names."""
    return _field(EpcisField.name.in_(_ALL_EPCS), EpcisField.value.in_(names))


def values_of(actor: Actor, resource: str, *, after: str | None, most: int) -> list[str]:
    """List the values of a resource in events that one may see, in order, beyond ``after``."""
    seen = visible_to(actor)
    named = select(EpcisField.value.label("value")).where(
        EpcisField.epcis_event_id.in_(seen.with_only_columns(EpcisEvent.id))
    )
    if resource == "epcs":
        found = named.where(EpcisField.name.in_(_ALL_EPCS)).distinct().subquery()
    elif resource == "eventTypes":
        standard = seen.with_only_columns(EpcisEvent.type.label("value")).where(EpcisEvent.type.in_(STANDARD_TYPES))
        found = union(standard, named.where(EpcisField.name == "eventType")).subquery()
    else:
        column = _RESOURCE_COLUMNS[resource]
        found = seen.with_only_columns(column.label("value")).where(column.is_not(None)).distinct().subquery()
    query = select(found.c.value).order_by(found.c.value).limit(most)
    return list(db.session.scalars(query if after is None else query.where(found.c.value > after)))


def check_there_is(actor: Actor, resource: str, value: str, names: Names = namespaces.STANDARD) -> None:
    """See that an event one may see names a value.

    :raises NothingOfThat: :raises BadValue:
    """
    if resource == "eventTypes" and value in STANDARD_TYPES:
        return
    seen = visible_to(actor).where(about(resource, value, names)).with_only_columns(EpcisEvent.id).limit(1)
    if db.session.scalar(seen) is None:
        raise NothingOfThat()


__all__ = ["RESOURCES", "Asked", "Page", "about", "find_events", "read", "search", "values_of", "visible_to"]
