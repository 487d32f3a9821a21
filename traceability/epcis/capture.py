"""Capture: documents of events that others send are checked, stored, and told as part of the story of their lots.

A document is checked outside a transaction and stored by one: killed at any step, all of it happened or none. With
``rollback`` one refusal refuses all; with ``proceed`` the sound events are stored. Sent again, it is a replay.

What an event names and is not known becomes a lot of kind EXTERNAL of whoever sent it, and what was made of, packed
into or joined to what becomes an edge, so that the walks go through. Nobody can add to the story of another's goods:
an event about a lot that its sender neither owns nor holds is kept but not shown, and draws no edge to it.
Source: EPCIS 2.0, section 12.6.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from accounts.models import Organisation
from catalog.models import TradeItem, Unit
from kernel import jobs, pages
from kernel.canonical import canonical
from kernel.db import db, insert_rows, listed, on_sqlite
from kernel.errors import N_, Conflict, NotFound
from traceability import addresses, genealogy, records
from traceability.epcis import business, custody, document, epc_uris
from traceability.epcis.event_hash import event_hash
from traceability.epcis.naming import Named, named_in, short_name, titles
from traceability.epcis.problems import Problem, Profile, RefusedEvent, refusals
from traceability.epcis.prose import instant
from traceability.epcis.store import Kept, insert_all
from traceability.epcis.structure import STANDARD_TYPES
from traceability.epcis.validation import (
    check_document,
    declares_unnamed,
    no_earlier_event,
    normalise,
)
from traceability.models import (
    Batch,
    CaptureJob,
    EpcisEvent,
    EpcisField,
    EventKind,
    EventLot,
    Lot,
    LotIdentifier,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)

#: The job that captures a document (``app.event_jobs``).
JOB = "traceability.capture"
#: What one sending may hold.
MOST_EVENTS, MOST_BYTES = 500, 2 * 2**20
#: Pairs of inputs and outputs of one transformation.
MOST_PAIRS = 20_000
#: On PostgreSQL captures are stored one after the other: two halves of a transformation would not see each other.
_ONE_AT_A_TIME = 0x45504349

_EVENT: Any = TraceEvent.__table__
_EVENT_LOT: Any = EventLot.__table__
_LOT: Any = Lot.__table__


class NoSuchJob(NotFound):
    message = N_("There is no such capture job.")


class OtherContent(Conflict):
    message = N_("An event with this eventID is known already, with other content.")

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__()


@dataclass
class Sent:
    """An event of a document, in its normal spelling, and what is wrong with it."""

    path: str  #: where it stands in its document
    event: dict[str, Any]
    hash: str = ""
    at: datetime | None = None
    named: list[Named] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_replay: bool = False
    is_public: bool = True

    @property
    def is_refused(self) -> bool:
        """Tell whether it cannot be stored."""
        return bool(refusals(self.problems))

    @property
    def declares_error(self) -> bool:
        """Tell whether it says that an event was wrong."""
        return "errorDeclaration" in self.event

    @property
    def id(self) -> str:
        """Its eventID."""
        return str(self.event["eventID"])


@dataclass(frozen=True)
class Outcome:
    """What became of a document."""

    events: int
    stored: tuple[str, ...]  #: eventIDs
    replayed: tuple[str, ...]
    problems: tuple[Problem, ...]  #: refusals and warnings

    @property
    def success(self) -> bool:
        """Tell whether nothing was refused."""
        return not refusals(list(self.problems))


# --- Jobs ----------------------------------------------------------------------------------------------------------


def accept(text_: str, *, events: int, on_error: str, organisation_id: int, now: datetime) -> CaptureJob:
    """Take a document in, to be captured by the worker.

    :param on_error: "rollback" or "proceed"
    """
    job = CaptureJob(
        capture_id=str(uuid.uuid4()),
        organisation_id=organisation_id,
        on_error=on_error,
        document=text_,
        created_at=now,
        events=events,
    )
    db.session.add(job)
    db.session.flush()
    jobs.enqueue(JOB, now=now, dedupe=f"capture:{job.capture_id}", job=job.id)
    return job


@dataclass(frozen=True)
class Waiting:
    """A document of a job that waits to be stored."""

    job_id: int
    sent: Examined


def waiting(job_id: int, *, now: datetime) -> Waiting | None:
    """Read and examine the document of a job, outside a transaction that writes; None if it is done already."""
    job = db.session.get(CaptureJob, job_id, populate_existing=True)
    if job is None or job.finished_at is not None or job.document is None:
        return None
    return Waiting(job.id, examine(json.loads(job.document), now=now))


def finish(waiting: Waiting, *, now: datetime) -> None:
    """Store the document of a job and write down what became of it, unless another did."""
    job = db.session.get(CaptureJob, waiting.job_id, populate_existing=True, with_for_update=True)
    if job is None or job.finished_at is not None:
        return
    outcome = capture(
        waiting.sent, on_error=job.on_error, organisation_id=job.organisation_id, capture_id=job.id, now=now
    )
    _finish(job, outcome, now=now)


def _finish(job: CaptureJob, outcome: Outcome, *, now: datetime) -> None:
    job.events, job.stored, job.replayed = outcome.events, len(outcome.stored), len(outcome.replayed)
    job.success, job.finished_at, job.document = outcome.success, now, None
    job.problems = [as_row(problem) for problem in outcome.problems]


def as_row(problem: Problem) -> dict[str, Any]:
    """Write a problem as it is kept with its job: in the words of a msgid, to be told in any language."""
    facts = {name: value if isinstance(value, int) else str(value)[:600] for name, value in problem.facts.items()}
    return {
        "path": problem.path[:600], "rule": problem.rule, "message": problem.message, "facts": facts,
        "warning": problem.is_warning,
    }  # fmt: skip


def get_job(organisation_id: int, capture_id: str) -> CaptureJob:
    """Find a capture job of an organisation.

    :raises NoSuchJob:
    """
    job = db.session.scalar(
        select(CaptureJob).where(CaptureJob.capture_id == capture_id, CaptureJob.organisation_id == organisation_id)
    )
    if job is None:
        raise NoSuchJob()
    return job


def list_jobs(organisation_id: int, *, before: int | None, most: int) -> list[CaptureJob]:
    """List capture jobs of an organisation, the latest first.

    :param before: id of the last one seen
    """
    query = select(CaptureJob).where(CaptureJob.organisation_id == organisation_id)
    if before is not None:
        query = query.where(CaptureJob.id < before)
    return list(db.session.scalars(query.order_by(CaptureJob.id.desc()).limit(most)))


def capture_one(event: Any, *, organisation_id: int, now: datetime) -> Outcome:
    """Capture one event at once, in the caller's transaction.

    :raises RefusedEvent: :raises OtherContent: if its eventID is known with other content
    """
    job = CaptureJob(capture_id=str(uuid.uuid4()), organisation_id=organisation_id, on_error="rollback", created_at=now)
    db.session.add(job)
    db.session.flush()
    outcome = capture(
        examine(event, now=now), on_error="rollback", organisation_id=organisation_id, capture_id=job.id, now=now
    )
    _finish(job, outcome, now=now)
    refused = refusals(list(outcome.problems))
    if any(problem.rule == "gap-10" for problem in refused):
        raise OtherContent(refused)
    if refused:
        raise RefusedEvent(refused)
    return outcome


# --- Before the transaction ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Examined:
    """A document after all that can be found out without the store."""

    sent: tuple[Sent, ...]
    problems: tuple[Problem, ...]  #: of the document itself


def examine(read: Any, *, now: datetime) -> Examined:
    """Hold a document, or one event, against the standard in the interchange profile, and read what it names."""
    problems = check_document(read, profile=Profile.INTERCHANGE, now=now)
    events, place, context = _events(read)
    of_event: dict[str, list[Problem]] = defaultdict(list)
    rest = []
    paths = [f"{place}[{number}]" for number in range(len(events))] if place else [""]
    known = set(paths)
    for problem in problems:
        own = problem.path[: len(place) + problem.path[len(place) :].find("]") + 1] if place else ""
        if own in known and events:
            of_event[own].append(problem)
        else:
            rest.append(problem)
    sent = []
    for path, event in zip(paths, events, strict=False):
        one = Sent(path, event if isinstance(event, dict) else {}, problems=of_event[path])
        if not refusals(rest) and not one.is_refused:
            _read(one, context)
        sent.append(one)
    return Examined(tuple(sent), tuple(rest))


def envelope(read: dict[str, Any], *, now: datetime) -> tuple[int, list[Problem]]:
    """Count the events of a document, and list what is wrong with it around them. One bare event is its own."""
    events, place, _ = _events(read)
    if not place:
        return 1, []
    empty: Any = {**read}
    around = empty
    *way, last = place.split(".")
    for step in way:
        if not isinstance(around.get(step), dict):
            return 0, check_document(read, profile=Profile.INTERCHANGE, now=now)
        around[step] = {**around[step]}
        around = around[step]
    if isinstance(around.get(last), list):
        around[last] = []
    return len(events), refusals(check_document(empty, profile=Profile.INTERCHANGE, now=now))


def _events(read: Any) -> tuple[list[Any], str, Any]:
    """Give the events of a document, where they stand, and its context."""
    if not isinstance(read, dict):
        return [], "", None
    ways = {"EPCISDocument": ("epcisBody", "eventList"),
            "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList")}  # fmt: skip
    kind = read.get("type")
    way = ways.get(kind) if isinstance(kind, str) else None
    if way is None:
        return [read], "", None
    found: Any = read
    for step in way:
        found = found.get(step) if isinstance(found, dict) else None
    return (found if isinstance(found, list) else []), ".".join(way), read.get("@context")


def _read(one: Sent, context: Any) -> None:
    """Bring an event into the form in which it is stored, and look at what cannot be kept."""
    event = normalise(one.event)
    event.pop("recordTime", None)  # when it was recorded is for the store to say
    contexts = _each_once([*_own(context), *_own(event.pop("@context", None))])
    if contexts:
        event["@context"] = contexts
    at = instant(event["eventTime"])
    try:
        one.at = at.astimezone(UTC) if at is not None else None
    except OverflowError:
        one.at = None
    try:
        canonical(contexts)  # the event itself was held against it
    except (ValueError, RecursionError):
        one.problems.append(Problem(one.path, "i-json", _NOT_PORTABLE, {}))
        return
    one.event = event
    one.problems += business.limits(event, one.path, one.at.year if one.at else None)
    if one.is_refused:
        return
    one.hash = event_hash(event)
    if event["type"] not in STANDARD_TYPES:
        return
    one.named = named_in(event)
    one.problems += business.names(one.named, one.path, most_pairs=MOST_PAIRS)
    one.problems += business.dates(event, one.path)


_NOT_PORTABLE = N_(
    "This cannot be written as JSON that every program reads alike (half signs, numbers beyond 2^53, more than 100"
    " levels)."
)


def _each_once(parts: list[Any]) -> list[Any]:
    """Leave out what is said again later: the schema allows no part of a context twice."""
    return [part for number, part in enumerate(parts) if part not in parts[number + 1 :]]


def _own(context: Any) -> list[Any]:
    """Give what of a context is not the standard's own."""
    parts = context if isinstance(context, list) else [] if context is None else [context]
    return [part for part in parts if not (isinstance(part, str) and "epcis-context" in part)]


# --- In the transaction --------------------------------------------------------------------------------------------


def capture(
    document_: Examined,
    *,
    on_error: str,
    organisation_id: int,
    capture_id: int,
    now: datetime,
) -> Outcome:
    """Store the events of an examined document, in the caller's transaction.

    :param on_error: "rollback": one refusal refuses all; "proceed": what is sound is stored
    """
    sent = list(document_.sent)
    # What was found before stays as it is: this may run again.
    before = [list(one.problems) for one in sent]
    try:
        return _capture(document_, on_error=on_error, organisation_id=organisation_id, capture_id=capture_id, now=now)
    except BaseException:
        for one, problems in zip(sent, before, strict=True):
            one.problems, one.is_replay, one.is_public = problems, False, True
        raise


def _capture(document_: Examined, *, on_error: str, organisation_id: int, capture_id: int, now: datetime) -> Outcome:
    sent, problems = list(document_.sent), list(document_.problems)
    if refusals(problems):
        return Outcome(len(sent), (), (), (*problems, *_of(sent)))
    if not on_sqlite():
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    _name(sent, organisation_id)
    _find_replays(sent, organisation_id)
    new = [one for one in sent if not one.is_refused and not one.is_replay]
    lots = _known_lots({name.uri for one in new for name in one.named})
    authority = _authority(lots, organisation_id)
    for one in new:
        _judge(one, lots, authority)
    _weigh(new, organisation_id)
    if on_error == "rollback" and any(one.is_refused for one in sent):
        return Outcome(len(sent), (), (), (*problems, *_of(sent)))
    new = [one for one in new if not one.is_refused]
    _add_lots(new, lots, organisation_id, now=now)
    told = _tell(new, lots, organisation_id, now=now)
    _keep(new, told, organisation_id=organisation_id, capture_id=capture_id, now=now)
    _draw_edges(new, told, lots, authority, organisation_id)
    _recall_external(new, lots, organisation_id)
    _shows_anew({known.id for known in lots.values()})
    return Outcome(
        len(sent),
        tuple(one.id for one in new),
        tuple(one.id for one in sent if one.is_replay),
        (*problems, *_of(sent)),
    )


def _of(sent: Sequence[Sent]) -> list[Problem]:
    return [problem for one in sent for problem in one.problems]


# --- Identity and replays


def _name(sent: Sequence[Sent], organisation_id: int) -> None:
    """Give events without an eventID one: their hash, so that the same content sent again is known again (gap 11)."""
    searched = {one.hash for one in sent if one.hash and declares_unnamed(one.event)}
    earlier: dict[str, str] = {}
    if searched:
        rows = db.session.execute(
            select(EpcisEvent.hash, EpcisEvent.event_id)
            .where(
                EpcisEvent.hash.in_(listed(sorted(searched))),
                EpcisEvent.organisation_id == organisation_id,
                ~EpcisEvent.declares_error,
            )
            .order_by(EpcisEvent.id.desc())
        )
        earlier.update(rows.all())
    for one in sent:
        if one.is_refused or "eventID" in one.event:
            if not one.is_refused:
                earlier.setdefault(one.hash, one.id)
            continue
        if declares_unnamed(one.event) and one.hash not in earlier:
            one.problems.append(no_earlier_event(Profile.INTERCHANGE, one.path))
        one.event["eventID"] = earlier.get(one.hash, one.hash) if one.declares_error else one.hash
        if not one.declares_error:
            earlier.setdefault(one.hash, one.id)


def _find_replays(sent: Sequence[Sent], organisation_id: int) -> None:
    """Tell what is known already: with the same content a replay, with other content a conflict (gap 10)."""
    ids = sorted({one.id for one in sent if not one.is_refused})
    if not ids:
        return
    known: dict[tuple[str, bool], tuple[str, str, int]] = {}
    rows = db.session.execute(
        select(
            EpcisEvent.event_id, EpcisEvent.declares_error, EpcisEvent.hash, EpcisEvent.body, EpcisEvent.organisation_id
        ).where(EpcisEvent.event_id.in_(listed(ids)))
    )
    for event_id, declares, hash_, body, owner_id in rows:
        error = _error_of(json.loads(body)) if declares else ""
        known[event_id, declares] = (hash_, error, owner_id)
    for one in sent:
        if one.is_refused:
            continue
        error = _error_of(one.event) if one.declares_error else ""
        before = known.get((one.id, one.declares_error))
        original = known.get((one.id, False))
        if before is not None and before[:2] == (one.hash, error):
            one.is_replay = True
        elif before is not None:
            one.problems.append(business.other_content(one.id, one.path, declares_error=one.declares_error))
        elif original is not None and original[0] != one.hash:
            one.problems.append(business.other_content(one.id, one.path, declares_error=False))
        elif original is not None and original[2] != organisation_id:
            one.problems.append(business.not_your_event(one.id, one.path))
        else:
            known[one.id, one.declares_error] = (one.hash, error, organisation_id)


def _error_of(event: dict[str, Any]) -> str:
    return canonical(event["errorDeclaration"]).decode()


# --- Lots


@dataclass
class Known:
    """A lot that an event names."""

    id: int
    owner_id: int
    kind: LotKind
    state: LotState
    state_since: datetime
    unit: Unit


_COLUMNS = (Lot.id, Lot.owner_id, Lot.kind, Lot.state, Lot.state_since, Lot.unit)


def _known_lots(uris: set[str]) -> dict[str, Known]:
    """Find the lots that names stand for: by the names they are known by, and our own by how we name them."""
    if not uris:
        return {}
    rows = db.session.execute(
        select(LotIdentifier.uri, *_COLUMNS)
        .join(Lot, Lot.id == LotIdentifier.lot_id)
        .where(LotIdentifier.uri.in_(listed(sorted(uris))))
    )
    found = {row[0]: Known(*row[1:]) for row in rows}
    found |= _own_goods(uris - found.keys())
    return found


def _own_goods(uris: set[str]) -> dict[str, Known]:
    """Find batches of our own that no event named yet."""
    gtins: dict[tuple[str, str], str] = {}
    tokens: dict[tuple[str, str], str] = {}
    own = addresses.base_url() + "/lo/"
    for uri in uris:
        thing = epc_uris.identify(uri)
        if thing is not None and thing.key == "01" and thing.lot is not None:
            gtins[thing.path[0][1], thing.lot or ""] = uri
        elif uri.startswith(own) and uri.count("/", len(own)) == 1:
            code, token = uri[len(own) :].split("/")
            tokens[code, token] = uri
    found: dict[str, Known] = {}
    if gtins:
        rows = db.session.execute(
            select(TradeItem.gtin, Batch.number, *_COLUMNS)
            .join(Batch, Batch.trade_item_id == TradeItem.id)
            .join(Lot, Lot.id == Batch.lot_id)
            .where(
                TradeItem.gtin.in_(listed(sorted({gtin for gtin, _ in gtins}))),
                Batch.number.in_(listed(sorted({number for _, number in gtins}))),
            )
        )
        found |= {gtins[row[0] or "", row[1]]: Known(*row[2:]) for row in rows if (row[0] or "", row[1]) in gtins}
    if tokens:
        of_token = db.session.execute(
            select(Organisation.code, Batch.token, *_COLUMNS)
            .join(Lot, Lot.id == Batch.lot_id)
            .join(Organisation, Organisation.id == Lot.owner_id)
            .where(Batch.token.in_(listed(sorted({token for _, token in tokens}))))
        )
        found |= {tokens[row[0], row[1]]: Known(*row[2:]) for row in of_token if (row[0], row[1]) in tokens}
    _write_names({uri: known.id for uri, known in found.items()})
    return found


def _write_names(lots: dict[str, int]) -> None:
    if lots:
        add = sqlite.insert if on_sqlite() else postgresql.insert
        db.session.execute(
            add(LotIdentifier).on_conflict_do_nothing(),
            [{"uri": uri, "lot_id": lot_id} for uri, lot_id in sorted(lots.items())],
        )


def _authority(lots: dict[str, Known], organisation_id: int) -> set[int]:
    """Give the ids of those lots that an organisation may speak for: its own, and those that were handed to it."""
    own = {known.id for known in lots.values() if known.owner_id == organisation_id}
    others = sorted({known.id for known in lots.values()} - own)
    if not others:
        return own
    return own | set(db.session.scalars(custody.held_by(organisation_id).where(EventLot.lot_id.in_(listed(others)))))


def _judge(one: Sent, lots: dict[str, Known], authority: set[int]) -> None:
    """Look at what the store knows of the lots that an event names."""
    step, disposition = one.event.get("bizStep"), one.event.get("disposition")
    moves_on = step in business.MOVES_ON and disposition not in business.GOES_BACK and not one.declares_error
    for name in one.named:
        known = lots.get(name.uri)
        if known is None:
            continue
        if moves_on and known.state is LotState.RECALLED and one.at is not None and one.at >= known.state_since:
            one.problems.append(business.recalled(short_name(name.uri), one.path))
            return
        if known.id not in authority and one.is_public:
            one.is_public = False
            one.problems.append(business.not_yours(short_name(name.uri), one.path))


def _weigh(new: Sequence[Sent], organisation_id: int) -> None:
    """Weigh transformations: each by itself, or with the other events of its transformationID."""
    ids = sorted({str(one.event["transformationID"]) for one in new if _is_half(one)})
    halves: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if ids:
        wrong = select(EpcisEvent.event_id).where(EpcisEvent.declares_error).subquery()
        rows = db.session.execute(
            select(EpcisEvent.transformation_id, EpcisEvent.body).where(
                EpcisEvent.transformation_id.in_(listed(ids)),
                EpcisEvent.organisation_id == organisation_id,
                EpcisEvent.event_id.not_in(select(wrong.c.event_id)),
            )
        )
        for transformation_id, body in rows:
            halves[transformation_id or ""].append(json.loads(body))
    for one in new:
        if one.is_refused or one.event["type"] != "TransformationEvent" or one.declares_error:
            continue
        others = halves[str(one.event["transformationID"])] if _is_half(one) else []
        others.append(one.event)
        found = business.balance(others, one.path)
        one.problems += found
        if found:
            others.pop()


def _is_half(one: Sent) -> bool:
    return one.event["type"] == "TransformationEvent" and "transformationID" in one.event


def _add_lots(new: Sequence[Sent], lots: dict[str, Known], organisation_id: int, *, now: datetime) -> None:
    """Make lots of what is not known: somebody else's, or not held in stock here."""
    first: dict[str, Named] = {}
    for one in new:
        if one.declares_error:
            continue
        for name in one.named:
            if name.uri not in lots and (name.uri not in first or first[name.uri].whole is None):
                first[name.uri] = name
    if not first:
        return
    rows = [
        {
            "kind": LotKind.EXTERNAL,
            "owner_id": organisation_id,
            "number": short_name(uri)[:20],
            "name_vi": short_name(uri)[:160],
            "name_en": "",
            "quantity": name.whole or 0,
            "used": 0,
            "unit": name.unit or Unit.PIECE,
            "supplier": "",
            "growing_area": "",
            "state": LotState.RELEASED,
            "state_reason": "",
            "state_reason_en": "",
            "state_since": now,
            "note": "",
            "is_sample": False,
            "created_at": now,
        }
        for uri, name in first.items()
    ]
    ids = insert_rows(_LOT, rows)
    for (uri, name), id in zip(first.items(), ids, strict=True):
        lots[uri] = Known(id, organisation_id, LotKind.EXTERNAL, LotState.RELEASED, now, name.unit or Unit.PIECE)
    _write_names({uri: lots[uri].id for uri in first})


# --- The story, the store, the edges


def _tell(new: Sequence[Sent], lots: dict[str, Known], organisation_id: int, *, now: datetime) -> dict[int, int]:
    """Tell events as lines in the story of their lots; give {place in ``new``: id of its line}."""
    told = [place for place, one in enumerate(new) if one.named and not one.declares_error]
    wrong = _declared_wrong(new, organisation_id)
    lines: dict[int, int] = {}
    # What is corrected stands before what corrects it.
    for group in (
        [place for place in told if new[place].id not in wrong],
        [place for place in told if new[place].id in wrong],
    ):
        if group:
            corrects = _corrected({new[place].id: wrong.get(new[place].id) for place in group}, organisation_id)
            rows = [_line(new[place], corrects.get(new[place].id), organisation_id, now=now) for place in group]
            lines.update(zip(group, insert_rows(_EVENT, rows), strict=True))
    named: dict[tuple[int, int, str], dict[str, Any]] = {}
    for place, id in lines.items():
        for name in new[place].named:
            lot = lots[name.uri]
            quantity = name.whole if name.unit is lot.unit else None
            named.setdefault(
                (id, lot.id, name.role), {"event_id": id, "lot_id": lot.id, "role": name.role, "quantity": quantity}
            )
    if named:
        db.session.execute(insert(_EVENT_LOT), list(named.values()))
    records.append_many(lines.values(), now=now)
    return lines


def _line(one: Sent, corrects_id: int | None, organisation_id: int, *, now: datetime) -> dict[str, Any]:
    event = one.event
    title_vi, title_en = titles(event)
    return {
        "event_id": one.id,
        "kind": EventKind(event["type"]),
        "action": event.get("action"),
        "biz_step": event.get("bizStep", ""),
        "disposition": event.get("disposition"),
        "event_at": one.at,
        "recorded_at": now,
        "organisation_id": organisation_id,
        "title_vi": title_vi,
        "title_en": title_en,
        "note_vi": "",
        "note_en": "",
        "corrects_id": corrects_id,
        "facts": {},
        "is_public": one.is_public,
        "is_sample": False,
    }


def _declared_wrong(new: Sequence[Sent], organisation_id: int) -> dict[str, str]:
    """Give {eventID of a correcting event: eventID of what it corrects}, from declarations known and new."""
    wrong: dict[str, str] = {}
    for one in new:
        if one.declares_error:
            for corrective in one.event["errorDeclaration"].get("correctiveEventIDs", ()):
                wrong.setdefault(corrective, one.id)
    ids = sorted({one.id for one in new if not one.declares_error} - wrong.keys())
    if ids:
        rows = db.session.execute(
            select(EpcisField.value, EpcisEvent.event_id)
            .join(EpcisEvent, EpcisEvent.id == EpcisField.epcis_event_id)
            .where(
                EpcisField.name == "correctiveEventID",
                EpcisField.value.in_(listed(ids)),
                EpcisEvent.organisation_id == organisation_id,
            )
        )
        for corrective, event_id in rows:
            wrong[corrective] = event_id
    return wrong


def _corrected(wrong: dict[str, str | None], organisation_id: int) -> dict[str, int]:
    """Give {eventID of a correcting event: id of the line that it corrects}; a line is corrected once."""
    ids = sorted({event_id for event_id in wrong.values() if event_id is not None})
    if not ids:
        return {}
    lines: dict[str, int] = dict(
        db.session.execute(
            select(TraceEvent.event_id, TraceEvent.id).where(
                TraceEvent.event_id.in_(listed(ids)),
                TraceEvent.organisation_id == organisation_id,
                ~exists().where(_later.c.corrects_id == TraceEvent.id),
            )
        ).all()
    )
    return {corrective: lines.pop(event_id) for corrective, event_id in wrong.items() if event_id in lines}


_later = TraceEvent.__table__.alias("later")


def _keep(new: Sequence[Sent], told: dict[int, int], *, organisation_id: int, capture_id: int, now: datetime) -> None:
    recorded = document.in_utc(now)
    insert_all(
        [
            Kept({**one.event, "recordTime": recorded}, one.hash, now, organisation_id, told.get(place), capture_id)
            for place, one in enumerate(new)
        ]
    )


#: (what went in, what it became) of the types of events that tie lots together.
_TIES = {
    "TransformationEvent": ("input", "output"),
    "AggregationEvent": ("child", "parent"),
    "AssociationEvent": ("child", "parent"),
}


def _draw_edges(
    new: Sequence[Sent],
    told: dict[int, int],
    lots: dict[str, Known],
    authority: set[int],
    organisation_id: int,
) -> None:
    """Let the walks go from what was made, packed or joined to what it was made of.

    Only who may speak for what came out can say what went into it.
    """
    ours = authority | {known.id for known in lots.values() if known.owner_id == organisation_id}
    edges: dict[tuple[int, int], int] = {}
    transformations = set()
    for place, one in enumerate(new):
        ties = _TIES.get(one.event["type"])
        if ties is None or place not in told or one.event.get("action") == "DELETE":
            continue
        if _is_half(one):
            transformations.add(str(one.event["transformationID"]))
            continue
        ends = {role: [name for name in one.named if name.role == role] for role in ties}
        inputs = [
            (lots[name.uri].id, name.whole if name.unit is lots[name.uri].unit else None) for name in ends[ties[0]]
        ]
        _tie(edges, inputs, [lots[name.uri].id for name in ends[ties[1]]], ours)
    for inputs, outputs in _halves(sorted(transformations), organisation_id, ours):
        _tie(edges, inputs, outputs, ours | set(outputs))
    if edges:
        add = sqlite.insert if on_sqlite() else postgresql.insert
        db.session.execute(
            add(LotInput).on_conflict_do_nothing(),
            [
                {"output_id": out, "input_id": into, "quantity": quantity}
                for (out, into), quantity in sorted(edges.items())
            ],
        )


def _tie(
    edges: dict[tuple[int, int], int],
    inputs: Sequence[tuple[int, int | None]],
    outputs: Sequence[int],
    ours: set[int],
) -> None:
    for out in outputs:
        for into, quantity in inputs:
            if into != out and out in ours:
                # Of several outputs nobody says how much of it went into each.
                edges[out, into] = (quantity or 0) if len(outputs) == 1 else 0


def _halves(
    transformation_ids: Sequence[str], organisation_id: int, ours: set[int]
) -> Iterable[tuple[list[tuple[int, int | None]], list[int]]]:
    """Put the events of each transformationID together: all that went in, all that came out."""
    if not transformation_ids:
        return
    wrong = select(EpcisEvent.event_id).where(EpcisEvent.declares_error)
    rows = db.session.execute(
        select(EpcisEvent.transformation_id, EventLot.role, EventLot.lot_id, EventLot.quantity, Lot.owner_id)
        .join(EventLot, EventLot.event_id == EpcisEvent.trace_event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .where(
            EpcisEvent.transformation_id.in_(listed(transformation_ids)),
            EpcisEvent.organisation_id == organisation_id,
            EpcisEvent.event_id.not_in(wrong),
        )
        .order_by(EpcisEvent.id, EventLot.lot_id)
    )
    ins: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    outs: dict[str, list[int]] = defaultdict(list)
    for transformation_id, role, lot_id, quantity, owner_id in rows:
        if role == "input":
            ins[transformation_id or ""].append((lot_id, quantity))
        elif role == "output" and (owner_id == organisation_id or lot_id in ours):
            outs[transformation_id or ""].append(lot_id)
    for transformation_id in transformation_ids:
        inputs, outputs = ins[transformation_id], outs[transformation_id]
        yield inputs[: MOST_PAIRS // max(1, len(outputs))], outputs[:MOST_PAIRS]


def _recall_external(new: Sequence[Sent], lots: dict[str, Known], organisation_id: int) -> None:
    """Let an external lot be recalled by the word of its owner, for good or until that is unset."""
    for one in new:
        if one.declares_error or not one.named or one.at is None:
            continue
        held = one.event.get("persistentDisposition")
        said = held if isinstance(held, dict) else {}
        ids = sorted(
            lots[name.uri].id
            for name in one.named
            if lots[name.uri].kind is LotKind.EXTERNAL and lots[name.uri].owner_id == organisation_id
        )
        for half, before, after in (
            ("set", LotState.RELEASED, LotState.RECALLED),
            ("unset", LotState.RECALLED, LotState.RELEASED),
        ):
            if ids and "recalled" in _as_list(said.get(half)):
                db.session.execute(
                    update(Lot)
                    .where(Lot.id.in_(ids), Lot.state == before)
                    .values(state=after, state_since=one.at)
                    .execution_options(synchronize_session=False)
                )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shows_anew(lot_ids: set[int]) -> None:
    """Let the pages of lots, and of all goods made from them, show what was captured."""
    if lot_ids:
        reached = genealogy.downstream(lot_ids)
        pages.bump(*(pages.lot(id) for id in db.session.scalars(select(reached.c.id))))


__all__ = ["MOST_BYTES", "MOST_EVENTS", "Examined", "Outcome", "accept", "capture", "capture_one", "examine", "finish"]
