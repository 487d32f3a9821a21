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
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, exists, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from accounts.models import Organisation
from catalog.models import TradeItem, Unit
from kernel import gs1, jobs, pages
from kernel.canonical import canonical
from kernel.clock import business_date
from kernel.db import db, insert_rows, listed, on_sqlite
from kernel.errors import N_, Conflict, NotFound
from traceability import addresses, cases, contents, genealogy, items, links, records, rounding, standing, statements
from traceability.contents import Key, Step
from traceability.epcis import business, claims, custody, document, epc_uris, in_stock, in_turn, lot_names
from traceability.epcis.claims import Known
from traceability.epcis.event_hash import event_hash
from traceability.epcis.fitness import Fitness
from traceability.epcis.naming import (
    Named,
    added_up,
    counted_in,
    is_single,
    kinds_in,
    named_in,
    short_name,
    titles,
)
from traceability.epcis.problems import Problem, Profile, RefusedEvent, refusals
from traceability.epcis.prose import instant, many_as_one
from traceability.epcis.stops import Stop, stops_of
from traceability.epcis.store import Kept, insert_all
from traceability.epcis.structure import STANDARD_TYPES
from traceability.epcis.validation import (
    check_document,
    declares_unnamed,
    no_earlier_event,
    normalise,
)
from traceability.item_models import ItemCode
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
#: Fields that stand twice, as many as are named.
_MOST_NAMED = 10
#: What one sending may hold.
MOST_EVENTS, MOST_BYTES = 500, 2 * 2**20

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
    units: dict[str, str] = field(default_factory=dict)  #: names of single units → those of their lots
    problems: list[Problem] = field(default_factory=list)
    is_replay: bool = False
    is_public: bool = True
    sender_id: int = 0  #: the organisation that sent it
    of_others: set[str] = field(default_factory=set)  #: names not known yet, of goods under others' GTINs

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
    document_, doubled = read(job.document)
    return Waiting(job.id, examine(document_, doubled=doubled, now=now))


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


def give_up(job_id: int, *, now: datetime) -> None:
    """End a job whose document the database does not take: nothing of it is stored."""
    job = db.session.get(CaptureJob, job_id, populate_existing=True, with_for_update=True)
    if job is not None and job.finished_at is None:
        _finish(job, Outcome(job.events, (), (), (Problem("", "store", _NOT_STORED),)), now=now)


_NOT_STORED = N_(
    "The store could not take this document, although nothing wrong was found in it: none of its events was kept."
    " Please send its events one by one, or ask the operator of this site."
)


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


def capture_one(event: Any, *, doubled: Sequence[str] = (), organisation_id: int, now: datetime) -> Outcome:
    """Capture one event at once, in the caller's transaction.

    :param doubled: fields that stood twice in an object of it
    :raises RefusedEvent: :raises OtherContent: if its eventID is known with other content
    """
    job = CaptureJob(capture_id=str(uuid.uuid4()), organisation_id=organisation_id, on_error="rollback", created_at=now)
    db.session.add(job)
    db.session.flush()
    outcome = capture(
        examine(event, doubled=doubled, now=now),
        on_error="rollback", organisation_id=organisation_id, capture_id=job.id, now=now,
    )  # fmt: skip
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


def read(text: str) -> tuple[Any, list[str]]:
    """Read JSON as most programs do, where the last of two fields of one name counts; give the names of such fields.

    Published examples hold such objects (GS1's AssociationEvent-h has two eventIDs).

    :raises ValueError: :raises RecursionError:
    """
    doubled: list[str] = []

    def each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found and len(doubled) < _MOST_NAMED:
                doubled.append(name)
            found[name] = value
        return found

    return json.loads(text, object_pairs_hook=each), doubled


def examine(read: Any, *, doubled: Sequence[str] = (), now: datetime) -> Examined:
    """Hold a document, or one event, against the standard in the interchange profile, and read what it names.

    :param doubled: fields that stood twice in an object of it
    """
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
    return Examined(tuple(sent), (*rest, *(business.stands_twice(name) for name in dict.fromkeys(doubled))))


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


def events_of(read: Any) -> list[Any]:
    """Give the events of a document as they came; none where it has none."""
    return _events(read)[0]


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
    named = event.get("eventID", "")
    if named.startswith("ni:///") and "ver=CBV2.0" in named and named != one.hash:
        one.problems.append(business.other_hash(named, one.path))
    if event["type"] not in STANDARD_TYPES:
        return
    one.problems += many_as_one(
        event, (None, one.path) if one.path else None, lambda uri: _own_address(addresses.folded(uri)) is not None
    )
    one.problems += business.too_little(event, one.path)
    one.named = named_in(event)
    one.problems += business.names(one.named, one.path, most_pairs=statements.MOST_PAIRS)
    one.problems += business.dates(event, one.path)
    one.problems += business.contradiction(event, one.path)
    one.problems += business.receiver(event, one.path, Profile.INTERCHANGE)


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
    before = [(list(one.problems), one.event, one.named) for one in sent]
    try:
        return _capture(document_, on_error=on_error, organisation_id=organisation_id, capture_id=capture_id, now=now)
    except BaseException:
        for one, (problems, event, named) in zip(sent, before, strict=True):
            one.problems, one.event, one.is_replay, one.is_public = problems, event, False, True
            one.named, one.units = named, {}
        raise


def _capture(document_: Examined, *, on_error: str, organisation_id: int, capture_id: int, now: datetime) -> Outcome:
    sent, problems = list(document_.sent), list(document_.problems)
    if refusals(problems):
        return Outcome(len(sent), (), (), (*problems, *_of(sent)))
    in_turn.wait()
    _name(sent, organisation_id)
    apart = _as_goods_of_lots([one for one in sent if not one.is_refused])
    _find_replays(sent, organisation_id)
    _refuse_of_our_screens(sent)
    new = [one for one in sent if not one.is_refused and not one.is_replay]
    lots = _known_lots({name.uri for one in new for name in one.named})
    wrong = {one.id for one in new if one.declares_error}
    taken_back = _lots_named_by(wrong)
    makings = _open_makings(new, organisation_id)
    named = {known.id for known in lots.values()} | set(taken_back) | makings.lot_ids
    held = claims.locked(named | contents.below(named))
    lots = {uri: held[known.id] for uri, known in lots.items()}
    _count_by_content(new, lots)
    _open_recalled_cases(new, lots, held, organisation_id)
    authority = _authority(lots, organisation_id)
    owners = _owners_of_unknown({name.uri for one in new for name in one.named} - lots.keys(), organisation_id)
    for one in new:
        one.sender_id = organisation_id
        _speak(one, lots, authority, owners)
    _refuse_unknown(new, lots)
    reaches = _judge(new, lots, makings, held)
    _warn_of_holds(new, lots)
    _look_at_fitness(new, lots)
    _look_for_origins(new, lots, _weigh(new, organisation_id))
    said, has_cases = _count(new, lots, held)
    _look_at_custody(new, lots, authority, organisation_id)
    _look_for_second_makings(new, organisation_id)
    if on_error == "rollback" and any(one.is_refused for one in sent):
        return Outcome(len(sent), (), (), (*problems, *_of(sent)))
    new = [one for one in new if not one.is_refused]
    wrong = {one.id for one in new if one.declares_error}
    wrong_lines = _lines_of(wrong)
    loosened = statements.outputs_of(wrong_lines) if wrong_lines else set()
    loosened |= _opened(new, lots, set(taken_back))
    tied = statements.ties(loosened) if loosened else {}
    _add_lots(new, lots, owners, organisation_id, now=now)
    _call_anew(new, lots, held)
    loosened |= _tie_units(new, lots, apart)
    told = _tell(new, lots, organisation_id, now=now)
    _keep(new, told, organisation_id=organisation_id, capture_id=capture_id, now=now)
    drawn = _draw_edges(new, told, loosened, tied)
    unmade = {id for id, roles in taken_back.items() if roles & {"output", "object"}} if wrong else set()
    unmade |= {
        lots[name.uri].id for one in new if one.id in wrong and not one.declares_error for name in one.named
        if name.role in ("output", "object")
    }  # fmt: skip
    claims.settle(
        [*held.values(), *(known for known in lots.values() if known.id not in held)],
        said, unmade=unmade, has_cases=has_cases,
    )  # fmt: skip
    recalls = [one for one in new if _says_recalled(one.event)]
    changed = {lots[name.uri].id for one in recalls for name in one.named if name.uri in lots}
    changed |= statements.recalls_among(wrong_lines)
    drawn -= changed
    _recall_anew(changed, drawn, held, reaches)
    _warn_of_recalled_makings(new, lots, drawn)
    _hold_own(new, lots, changed, organisation_id, now=now)
    _shows_anew({known.id for known in lots.values()} | set(taken_back))
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


@dataclass(frozen=True)
class _Before:
    """An event, or the declaration of its error, that is known already."""

    hash: str
    error: str
    organisation_id: int
    is_counted: bool | None  #: its sender could speak for all it names; None where it names nothing with a story


def _find_replays(sent: Sequence[Sent], organisation_id: int) -> None:
    """Tell what is known already: with the same content a replay, with other content a conflict (gap 10)."""
    known = _known_events({one.id for one in sent if not one.is_refused})
    _name_apart(sent, known, organisation_id)
    for one in sent:
        if one.is_refused:
            continue
        error = _error_of(one.event) if one.declares_error else ""
        before = known.get((one.id, one.declares_error))
        original = known.get((one.id, False))
        if before is not None and (before.hash, before.error) == (one.hash, error):
            one.is_replay = True
        elif before is not None:
            one.problems.append(business.other_content(one.id, one.path, declares_error=one.declares_error))
        elif original is not None and original.hash != one.hash:
            one.problems.append(business.other_content(one.id, one.path, declares_error=False))
        elif original is not None and original.organisation_id != organisation_id:
            one.problems.append(business.not_your_event(one.id, one.path))
        else:
            known[one.id, one.declares_error] = _Before(one.hash, error, organisation_id, None)


def _refuse_of_our_screens(sent: Sequence[Sent]) -> None:
    """Let nobody take back from outside what our screens wrote: batches on sale would be out of reach of a recall."""
    declarations = [one for one in sent if one.declares_error and not one.is_refused and not one.is_replay]
    fixed = statements.fixed_among({one.id for one in declarations})
    for one in declarations:
        if one.id in fixed:
            one.problems.append(business.of_our_screens(one.id, fixed[one.id], one.path))


def _known_events(event_ids: Collection[str]) -> dict[tuple[str, bool], _Before]:
    """Find events that are known already, by eventID and whether it is the declaration of error."""
    if not event_ids:
        return {}
    rows = db.session.execute(
        select(
            EpcisEvent.event_id, EpcisEvent.declares_error, EpcisEvent.hash, EpcisEvent.body,
            EpcisEvent.organisation_id, TraceEvent.is_public,
        )
        .outerjoin(TraceEvent, TraceEvent.id == EpcisEvent.trace_event_id)
        .where(EpcisEvent.event_id.in_(listed(sorted(event_ids))))
    )  # fmt: skip
    return {
        (event_id, declares): _Before(hash_, _error_of(json.loads(body)) if declares else "", by, is_public)
        for event_id, declares, hash_, body, by, is_public in rows
    }


def _name_apart(sent: Sequence[Sent], known: dict[tuple[str, bool], _Before], organisation_id: int) -> None:
    """Let nobody be silenced by an eventID that somebody else used first: give the statement a name of its own.

    An eventID that the content itself gives is known to whoever knows the content. What another organisation said of
    goods it cannot speak for does not count, and must not be taken for the word of who can. Where the earlier
    statement counts already, and the sender may speak for the same goods, it is one fact and stays a replay.
    """
    contested = [
        one for one in sent
        if not one.is_refused
        and (halves := [known[key] for half in (False, True) if (key := (one.id, half)) in known])
        and all(before.organisation_id != organisation_id for before in halves)
    ]  # fmt: skip
    if not contested:
        return
    own: dict[str, str] = dict(
        db.session.execute(
            select(EpcisEvent.hash, EpcisEvent.event_id)
            .where(
                EpcisEvent.hash.in_(listed(sorted({one.hash for one in contested}))),
                EpcisEvent.organisation_id == organisation_id,
            )
            .order_by(EpcisEvent.id)
        ).all()
    )
    lots = _known_lots({name.uri for one in contested for name in one.named})
    spoken_for = {uri for uri, lot in lots.items() if lot.id in _authority(lots, organisation_id)}
    for one in contested:
        if one.hash not in own and not _is_apart(one, known.get((one.id, False)), spoken_for):
            continue
        one.event = {**one.event, "eventID": own.setdefault(one.hash, f"urn:uuid:{uuid.uuid4()}")}
    known.update(_known_events({one.id for one in contested} - {event_id for event_id, _ in known}))


def _is_apart(one: Sent, original: _Before | None, spoken_for: Container[str]) -> bool:
    """Tell whether an event is another statement than the one of another organisation with its eventID.

    :param spoken_for: names of the lots that the sender may speak for
    """
    if original is None:
        return True  # somebody declared wrong what nobody had said
    if one.declares_error:
        return False
    if original.hash != one.hash:
        return original.is_counted is False
    # Only its owner's word recalls a lot of others, whoever holds it.
    if not original.is_counted or not one.named or _says_recalled(one.event):
        return True
    return not all(name.uri in spoken_for for name in one.named)


def _error_of(event: dict[str, Any]) -> str:
    return canonical(event["errorDeclaration"]).decode()


# --- Lots


def _known_lots(uris: set[str]) -> dict[str, Known]:
    """Find the lots that names stand for: by the names they are known by, and our own by how we name them."""
    if not uris:
        return {}
    rows = db.session.execute(
        select(LotIdentifier.uri, *claims.COLUMNS)
        .join(Lot, Lot.id == LotIdentifier.lot_id)
        .where(LotIdentifier.uri.in_(listed(sorted(uris))))
    )
    found = {row[0]: Known(*row[1:]) for row in rows}
    found |= _own_goods(uris - found.keys())
    return found


def _as_goods_of_lots(sent: Sequence[Sent]) -> dict[str, Known]:
    """Let single units count as goods of their lots, where these are known: what stops a lot stops each pack of it.

    The lot is the one that the event gives with the unit, the one on whose packs our codes are, or the one that an
    earlier event gave.

    :return: units that were known by themselves before, by name: they stay named beside their lots
    """
    units = {name.uri for one in sent for name in one.named if is_single(name.uri) or _own_serial(name.uri)}
    if not units:
        return {}
    coded = _lots_of_codes(units)
    of_units = _known_lots(units)
    of_lots = _known_lots({*coded.values(), *(name.lot for one in sent for name in one.named if name.lot)})
    apart: dict[str, Known] = {}
    given = {name.uri: name.lot for one in sent for name in one.named if name.lot and name.uri not in of_units}
    for one in sent:
        named: list[Named] = []
        packs: set[tuple[str, str]] = set()
        for name in one.named:
            serial = _serial_of_ours(name.uri) if name.uri in coded else ""
            if serial and (serial, name.role) in packs:
                continue  # one pack in two spellings: by its GTIN, and by the address on its sticker
            packs.add((serial, name.role))
            lots = list(
                dict.fromkeys(lot for lot in (coded.get(name.uri), name.lot or given.get(name.uri)) if lot is not None)
            )
            named += [replace(name, uri=lot, lot=None) for lot in lots]
            before = of_units.get(name.uri)
            if lots:
                one.units[name.uri] = lots[0]
                if before is not None and all(lot not in of_lots or of_lots[lot].id != before.id for lot in lots):
                    apart[name.uri] = before
            if not lots or name.uri in apart:
                named.append(name)
        one.named = added_up(named)
    return apart


def _lots_of_codes(uris: Collection[str]) -> dict[str, str]:
    """Give the names of the batches on whose packs our own codes are."""
    named: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for uri in uris:
        thing = epc_uris.identify(uri)
        if thing is None:
            named[_own_serial(uri)].append((uri, None))
        elif thing.key == "01" and items.is_serial(serial := _serial_of_ours(uri)):
            named[serial].append((uri, thing.path[0][1]))
    if not named:
        return {}
    rows = db.session.execute(
        select(ItemCode.serial, TradeItem.gtin, Organisation.code, Batch.token, Batch.number)
        .join(Batch, Batch.lot_id == ItemCode.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(ItemCode.serial.in_(listed(sorted(named))))
    )
    return {
        uri: addresses.of_goods(code, token, gtin, number)
        for serial, gtin, code, token, number in rows
        for uri, of_gtin in named[serial]
        if of_gtin in (None, gtin)
    }


def _own_serial(uri: str) -> str:
    """Read the code of a pack from an address of ours without a GTIN; "" for any other."""
    start = addresses.base_url() + items.path_of("")
    return uri.removeprefix(start) if uri.startswith(start) and items.is_serial(uri.removeprefix(start)) else ""


def _serial_of_ours(uri: str) -> str:
    """Read the code of a pack from its name, be it by its GTIN or by an address of ours."""
    thing = epc_uris.identify(uri)
    return _own_serial(uri) if thing is None else gs1.typed_token(thing.path[-1][1])


def _tie_units(new: Sequence[Sent], lots: dict[str, Known], apart: dict[str, Known]) -> set[int]:
    """Remember of which lot a unit is, by the word of who may speak for the lot: its name leads there from now on.

    :return: ids of units that were lots of their own before, and are now known to be of another
    """
    ties = {
        unit: lots[lot] for one in new if one.is_public and not one.declares_error
        for unit, lot in one.units.items() if lot in lots
    }  # fmt: skip
    _write_names({unit: lot.id for unit, lot in ties.items() if unit not in apart})
    moved: set[int] = set()
    for unit, lot in sorted(ties.items()):
        alone = apart.get(unit)
        if alone is None or alone.kind is not LotKind.EXTERNAL or alone.owner_id != lot.owner_id:
            continue
        names = db.session.scalars(select(LotIdentifier.uri).where(LotIdentifier.lot_id == alone.id)).all()
        if names == [unit]:
            db.session.execute(update(LotIdentifier).where(LotIdentifier.uri == unit).values(lot_id=lot.id))
            moved.add(alone.id)
    return moved


def _own_address(uri: str) -> tuple[str, str] | None:
    """Read the organisation's code and the token of a batch from an address of ours without a GTIN."""
    code, part, token = uri.removeprefix(addresses.base_url() + "/lo/").partition("/")
    is_ours = uri.startswith(addresses.base_url() + "/lo/") and part and "/" not in token
    return (code, token) if is_ours else None


def _own_goods(uris: set[str]) -> dict[str, Known]:
    """Find batches of our own that no event named yet."""
    gtins: dict[tuple[str, str], str] = {}
    tokens: dict[tuple[str, str], str] = {}
    for uri in uris:
        thing = epc_uris.identify(uri)
        if thing is not None and thing.key == "01" and thing.lot is not None:
            gtins[thing.path[0][1], thing.lot or ""] = uri
        elif (own := _own_address(uri)) is not None:
            tokens[own] = uri
    found: dict[str, Known] = {}
    if gtins:
        rows = db.session.execute(
            select(TradeItem.gtin, Batch.number, *claims.COLUMNS)
            .join(Batch, Batch.trade_item_id == TradeItem.id)
            .join(Lot, Lot.id == Batch.lot_id)
            .where(
                TradeItem.gtin.in_(listed(sorted({gtin for gtin, _ in gtins}))),
                Batch.number.in_(listed(sorted({number for _, number in gtins}))),
            )
        )
        found |= {
            gtins[row[0] or "", row[1]]: Known(*tuple(row)[2:]) for row in rows if (row[0] or "", row[1]) in gtins
        }
    if tokens:
        of_token = db.session.execute(
            select(Organisation.code, Batch.token, *claims.COLUMNS)
            .join(Lot, Lot.id == Batch.lot_id)
            .join(Organisation, Organisation.id == Lot.owner_id)
            .where(Batch.token.in_(listed(sorted({token for _, token in tokens}))))
        )
        found |= {tokens[row[0], row[1]]: Known(*tuple(row)[2:]) for row in of_token if (row[0], row[1]) in tokens}
    _write_names({uri: known.id for uri, known in found.items()})
    return found


def _refuse_unknown(new: Sequence[Sent], lots: dict[str, Known]) -> None:
    """Refuse what is called by an address of ours that leads to nothing: no lot is named like one of ours.

    A code that is on no pack yet is one of ours all the same.
    """
    named = {name.uri for one in new if not one.declares_error for name in one.named}
    unknown = {uri for uri in named - lots.keys() if addresses.is_of_goods(uri)}
    serials = {serial: uri for uri in unknown if (serial := _own_serial(uri))}
    if serials:
        codes = select(ItemCode.serial).where(ItemCode.serial.in_(listed(sorted(serials))))
        unknown -= {serials[serial] for serial in db.session.scalars(codes)}
    for one in new if unknown else ():
        wrong = [] if one.declares_error else [name for name in one.named if name.uri in unknown]
        if wrong:
            one.problems.append(business.not_ours(wrong[0].uri, one.path, wrong[0].role))


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
    others = {known.id for known in lots.values()} - own
    return own | custody.held(organisation_id, others) if others else own


def _owners_of_unknown(uris: set[str], organisation_id: int) -> dict[str, int]:
    """Give whose things not known yet are, where the GTIN is another's: whoever names a lot first does not own it."""
    gtins: dict[str, list[str]] = defaultdict(list)
    for uri in uris:
        thing = epc_uris.identify(uri)
        if thing is not None and thing.key == "01":
            gtins[thing.path[0][1]].append(uri)
    owners = links.owners_of_gtins(gtins)
    return {
        uri: min(owners[gtin])
        for gtin, named in gtins.items()
        if owners[gtin] and organisation_id not in owners[gtin]
        for uri in named
    }


def _lines_of(event_ids: Collection[str]) -> list[int]:
    """Give the lines of events that a document declares wrong."""
    if not event_ids:
        return []
    return list(db.session.scalars(select(TraceEvent.id).where(TraceEvent.event_id.in_(listed(sorted(event_ids))))))


def _lots_named_by(event_ids: Collection[str]) -> dict[int, set[str]]:
    """Give the lots that events known before name, with their roles."""
    found: dict[int, set[str]] = defaultdict(set)
    if event_ids:
        rows = db.session.execute(
            select(EventLot.lot_id, EventLot.role)
            .join(TraceEvent, TraceEvent.id == EventLot.event_id)
            .where(TraceEvent.event_id.in_(listed(sorted(event_ids))))
        )
        for lot_id, role in rows:
            found[lot_id].add(role)
    return found


def _speak(one: Sent, lots: dict[str, Known], authority: set[int], owners: dict[str, int]) -> None:
    """Keep from the public what somebody says of things that are not theirs."""
    one.of_others = {name.uri for name in one.named if name.uri in owners}
    for name in one.named:
        known = lots.get(name.uri)
        if name.uri in owners if known is None else known.id not in authority:
            one.is_public = False
            one.problems.append(business.not_yours(short_name(name.uri), one.path))
            return


@dataclass(frozen=True)
class _Makings:
    """What earlier events of the same transformationIDs say went in and came out, by these ids."""

    inputs: dict[str, set[int]]
    outputs: dict[str, set[int]]

    @property
    def lot_ids(self) -> set[int]:
        return {id for some in (*self.inputs.values(), *self.outputs.values()) for id in some}


def _open_makings(new: Sequence[Sent], organisation_id: int) -> _Makings:
    """Read the other halves of transformations that are told of in several events."""
    inputs: dict[str, set[int]] = defaultdict(set)
    outputs: dict[str, set[int]] = defaultdict(set)
    ids = sorted({str(one.event["transformationID"]) for one in new if _is_half(one) and not one.declares_error})
    if ids:
        rows = db.session.execute(
            select(EpcisEvent.transformation_id, EventLot.role, EventLot.lot_id)
            .join(TraceEvent, TraceEvent.id == EpcisEvent.trace_event_id)
            .join(EventLot, EventLot.event_id == TraceEvent.id)
            .where(
                EpcisEvent.transformation_id.in_(listed(ids)), EpcisEvent.organisation_id == organisation_id,
                EventLot.role.in_(("input", "output")), standing.stands(),
            )
        )  # fmt: skip
        for transformation_id, role, lot_id in rows:
            (inputs if role == "input" else outputs)[transformation_id or ""].add(lot_id)
    return _Makings(inputs, outputs)


def _judge(new: Sequence[Sent], lots: dict[str, Known], makings: _Makings, held: dict[int, Known]) -> dict[str, Stop]:
    """Let nothing recalled or held be shipped, sold, used or packed; what happened before is a late report.

    :param makings: what the transformations among these took in, and gave, by earlier events
    :return: things without a lot yet, or of others, that are made of or hold what was recalled, by name
    """
    of_lot = stops_of({known.id for known in lots.values()} | makings.lot_ids)
    stops = {uri: of_lot[known.id] for uri, known in lots.items() if known.id in of_lot}
    words = _Words(new, lots)
    for uri, since in words.stopped.items():
        before_it = stops.get(uri)
        if before_it is None or since < before_it.since:
            stops[uri] = Stop(LotState.RECALLED, since, is_own=True, is_of_document=True)
    reaches: dict[str, Stop] = {}
    earlier = {
        making: min((of_lot[id] for id in ids if id in of_lot), key=_first)
        for making, ids in makings.inputs.items() if any(id in of_lot for id in ids)
    }  # fmt: skip
    if not stops and not earlier:
        return reaches
    # What a document itself makes of stopped things, whatever the order of its events.
    while True:
        before = len(stops)
        for one in new:
            found = None if one.declares_error else _stop_of_inputs(one, stops, earlier)
            for name in one.named if found is not None else ():
                if name.role in ("output", "parent") and name.uri not in stops and found is not None:
                    stops[name.uri] = reaches[name.uri] = replace(found, is_own=False)
        if len(stops) == before:
            break
    for one in new:
        _judge_one(one, lots, stops, words)
        _judge_batches(one, lots, _stop_of_inputs(one, stops, earlier), makings, held)
    refused = {name.uri for one in new if one.is_refused for name in one.named if name.role in ("output", "parent")}
    kept = {name.uri for one in new if not one.is_refused for name in one.named if name.role in ("output", "parent")}
    return {uri: stop for uri, stop in reaches.items() if not stop.is_held and (uri in kept or uri not in refused)}


def _first(stop: Stop) -> tuple[bool, datetime]:
    return stop.is_held, stop.since


def _stop_of_inputs(one: Sent, stops: dict[str, Stop], earlier: dict[str, Stop]) -> Stop | None:
    """Give what stops something that goes into what an event makes, packs or joins.

    :param earlier: what stops an input of a transformation by an earlier event of it, by transformationID
    """
    if one.event["type"] not in _TIES or one.event.get("action") == "DELETE":
        return None
    role = _TIES[one.event["type"]]
    found = [stops[name.uri] for name in one.named if name.role == role and name.uri in stops]
    if _is_half(one) and (of_making := earlier.get(str(one.event["transformationID"]))) is not None:
        found.append(of_making)
    return min(found, key=_first, default=None)


class _Words:
    """What the events of a document themselves say of recalls, by name: a sale of the same document minds them."""

    def __init__(self, new: Sequence[Sent], lots: dict[str, Known]) -> None:
        wrong = {one.id for one in new if one.declares_error}
        says = [one for one in new if _says_recalled(one.event) and one.id not in wrong and one.at is not None]
        self._said: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
        for one in says:
            for name in one.named:
                known = lots.get(name.uri)
                if _is_of_sender(one, name, known) and (_sets_recalled(one.event) or _frees_all(name, known)):
                    self._said[name.uri].append((one.at or claims.FIRST, _sets_recalled(one.event)))
        self.stopped = {
            uri: min(at for at, is_set in said if is_set)
            for uri, said in self._said.items() if any(is_set for _, is_set in said)
        }  # fmt: skip
        freed = {lots[uri].id for uri in self._said if uri in lots} if self._said else set()
        here = select(Lot.id).where(Lot.id.in_(listed(sorted(freed))), statements.recalled_here())
        self._for_good = set(db.session.scalars(here)) if freed else set()

    def is_free(self, uri: str, stop: Stop, known: Known | None, at: datetime | None) -> bool:
        """Tell whether a recall by its owner's word was unset at a moment, by an event of the same document."""
        if not stop.is_own or stop.is_held or at is None:
            return False
        if known is not None and (known.kind is not LotKind.EXTERNAL or known.id in self._for_good):
            return False
        until_then = sorted(said for said in self._said.get(uri, ()) if stop.since < said[0] <= at)
        return bool(until_then) and not until_then[-1][1]


def _frees_all(name: Named, known: Known | None) -> bool:
    return name.quantity is None or known is None or name.quantity >= known.quantity


def _judge_one(one: Sent, lots: dict[str, Known], stops: dict[str, Stop], words: _Words) -> None:
    if one.declares_error or not one.named:
        return
    moves, role = business.moves_on(one.event), business.builds_on(one.event)
    for name in one.named:
        stop = stops.get(name.uri)
        makes = stop is not None and stop.is_own and not stop.is_held and business.makes(one.event, name.role)
        if stop is None or not (moves or name.role == role or (makes and not _sets_recalled(one.event))):
            continue
        if words.is_free(name.uri, stop, lots.get(name.uri), one.at):
            continue
        if one.at is not None and not stop.is_before(one.at):
            if not stop.is_of_document:
                one.problems.append(business.late(short_name(name.uri), business_date(stop.since), one.path))
            continue
        called = short_name(name.uri)
        one.problems.append(
            business.no_more_of(called, one.path, name.role) if makes and not moves else business.stopped(
                called, one.path, role=name.role, moves=moves, is_held=stop.is_held, is_own=stop.is_own
            )
        )  # fmt: skip
        return


def _judge_batches(
    one: Sent, lots: dict[str, Known], found: Stop | None, makings: _Makings, held: dict[int, Known]
) -> None:
    """Refuse that a batch of our own, which has its stock, becomes one of recalled goods by an event of a program.

    :param found: what stops something that went into what the event makes
    """
    if one.declares_error or one.is_refused or found is None or found.is_held:
        return
    made = [(name.role, lots.get(name.uri)) for name in one.named if name.role in ("output", "parent")]
    if _is_half(one):
        earlier = makings.outputs.get(str(one.event["transformationID"]), ())
        made += [("input", held.get(id)) for id in sorted(earlier)]
    for role, known in made:
        if known is not None and known.kind is not LotKind.EXTERNAL and known.state is not LotState.RECALLED:
            number = db.session.scalar(select(Lot.number).where(Lot.id == known.id)) or ""
            one.problems.append(business.made_of_recalled(number, one.path, role))
            return


_TIES = {"TransformationEvent": "input", "AggregationEvent": "child", "AssociationEvent": "child"}


def _count(
    new: Sequence[Sent], lots: dict[str, Known], held: dict[int, Known]
) -> tuple[dict[int, statements.Amounts], bool]:
    """Refuse that more of a lot is used or sold than there is; event by event, in the order of their times.

    A declaration of error has the time of its event, and stands after it.

    :return: what was said of the lots before, and whether any of all this is about cases
    """
    since = min((one.at for one in new if one.at is not None), default=None)
    returned = {
        lots[name.uri].id for one in new if business.brings_back(one.event) for name in one.named if name.uri in lots
    }  # fmt: skip
    returned |= contents.below(returned)
    parents = {_key(name, lots) for one in new for name in one.named if name.role == "parent"}
    around = contents.holding(held)
    in_order = sorted(new, key=lambda one: one.at or claims.FIRST)
    before = statements.amounts(list(held), has_cases=bool(around)) if held else {}
    while True:
        wrong = {one.id: one for one in new if one.declares_error and not one.is_refused}
        accounts = claims.Accounts(
            list(held.values()), before, list(wrong), since=since, returned=returned, has_cases=bool(around)
        )
        stored = contents.stored_steps(around | (held.keys() & parents), without=wrong)
        book = _Book(new, lots, held, accounts, claims.Cases(parents, stored))
        found: list[tuple[Sent, Problem]] = []
        refused: set[int] = set()
        entered: dict[str, _Entered] = {}
        for one in in_order:
            if one.is_refused:
                continue
            problem = _take_back(one, entered, book) if one.declares_error else _enter(one, entered, book)
            if problem is not None:
                found.append((one, problem))
        for known in accounts.changed:
            account = accounts.of(known.id, known.unit)
            was_known = known.id in before and before[known.id].made is not None and known.kind is LotKind.EXTERNAL
            amount = Decimal(0) if account.amount is None and was_known and not account.makings else account.amount
            if amount is not None and account.gone > amount:
                refused.add(known.id)
        # A declaration that would leave less than is gone cannot stand; without it the rest is counted anew.
        touched = {one.id: _touched_by(one.id) for one in wrong.values()} if refused else {}
        declarations = [one for one in wrong.values() if refused & touched.get(one.id, set())]
        if not declarations:
            for one, problem in found:
                one.problems.append(problem)
            return before, bool(around or parents)
        for one in declarations:
            known = held[min(refused & touched[one.id])]
            account = accounts.of(known.id, known.unit)
            one.problems.append(
                business.beyond(
                    "made", _name_of(known.id, lots), one.path, "", taken=account.gone,
                    amount=account.amount or Decimal(0), unit=known.unit,
                )
            )  # fmt: skip


def _touched_by(event_id: str) -> set[int]:
    """Give the lots that an event known before is about: those it names, and what was ever in them."""
    named = set(_lots_named_by([event_id]))
    return named | contents.below(named)


def _key(name: Named, lots: dict[str, Known]) -> Key:
    known = lots.get(name.uri)
    return name.uri if known is None else known.id


def _look_at_custody(new: Sequence[Sent], lots: dict[str, Known], authority: set[int], organisation_id: int) -> None:
    """Warn of who ships more of a lot than it still has: what was handed on is another's to ship."""
    ships = [one for one in new if not one.declares_error and not one.is_refused and business.hands_on(one.event)]
    ids = {lots[name.uri].id for one in ships for name in one.named if name.uri in lots} & authority
    if not ids:
        return
    names = custody.party_names(organisation_id)
    passed, said = custody.passed(organisation_id, ids), statements.amounts(ids)
    for one in ships:
        if business.receivers(one.event) & names:
            continue
        for name in one.named:
            known = lots.get(name.uri)
            if known is None or known.id not in ids or name.unit is not known.unit or name.quantity is None:
                continue
            way = passed[known.id]
            made: Decimal | None = Decimal(0)
            if known.owner_id == organisation_id:
                stated = said[known.id].made if known.id in said else None
                made = stated if known.kind is LotKind.EXTERNAL else Decimal(known.quantity)
            if made is None or not way.is_known:
                continue
            left = max(Decimal(0), made + way.came - way.went)
            if name.quantity > left:
                called = short_name(name.uri)
                one.problems.append(
                    business.handed_on(called, one.path, left=left, taken=name.quantity, unit=known.unit)
                )
            way.went += name.quantity


def _look_at_fitness(new: Sequence[Sent], lots: dict[str, Known]) -> None:
    """Warn of who sells or sends on what was said to be unfit for it, or is past its last day."""
    goes = [one for one in new if not one.is_refused and business.moves_on(one.event)]
    asked = {name.uri for one in goes for name in one.named}
    if not asked:
        return
    known = Fitness(
        {lots[uri].id for uri in asked if uri in lots}, wrong={one.id for one in new if one.declares_error}
    )  # fmt: skip
    for one in new:
        for name in one.named if not one.declares_error and one.at is not None else ():
            if name.uri in asked:
                of_all = _frees_all(name, lots.get(name.uri))
                known.hear(_key(name, lots), one.at or claims.FIRST, one.event, of_all=of_all)
    for one in goes:
        for name in one.named if one.at is not None else ():
            called, end = short_name(name.uri), known.end(_key(name, lots))
            since = known.unfit_since(_key(name, lots), one.at or claims.FIRST)
            if end is not None and business_date(one.at or claims.FIRST) > end:
                one.problems.append(business.past_its_day(called, one.path, name.role, end=end))
            elif since is not None:
                one.problems.append(business.unfit(called, one.path, name.role, since=business_date(since)))


def _look_for_second_makings(new: Sequence[Sent], organisation_id: int) -> None:
    """Warn of single things that an event before, or one of these, said were commissioned."""
    makes = [(one, business.commissions(one.event)) for one in new if not one.is_refused]
    said = claims.commissioned({name for _, names in makes for name in names}, organisation_id=organisation_id)
    wrong = {one.id for one in new if one.declares_error}
    for one, names in makes:
        earlier = [name for name in names if said.get(name, set()) - wrong]
        if earlier:
            one.problems.append(business.made_twice(short_name(earlier[0]), one.path, Profile.INTERCHANGE))
        for name in names:
            said.setdefault(name, set()).add(one.id)


def _count_by_content(new: Sequence[Sent], lots: dict[str, Known]) -> None:
    """Count goods of the catalogue in the unit of their lot: weights in packs by what one holds, packs by weight."""
    units = {uri: known.unit for uri, known in lots.items()}
    for one in new:
        for name in one.named:
            if name.unit is not None:
                units.setdefault(name.uri, name.unit)
    others = {
        name.uri for one in new for name in one.named if name.unit is not None and name.unit is not units[name.uri]
    }
    contents = _contents_of(others) if others else {}
    for one in new:
        if any(name.uri in contents for name in one.named):
            one.named = added_up(
                counted_in(name, units[name.uri], contents[name.uri]) if name.uri in contents else name
                for name in one.named
            )


def _open_recalled_cases(
    new: Sequence[Sent], lots: dict[str, Known], held: dict[int, Known], organisation_id: int
) -> None:
    """Let an event that recalls a case, or sets it free, name what of its owner's goods lies in it too."""
    for one in new:
        cases = {lots[name.uri].id for name in one.named if name.uri in lots} if _says_recalled(one.event) else set()
        if not cases or one.declares_error or one.at is None or not contents.below(cases):
            continue
        found = {
            id: amount for id, amount in contents.inside(cases, one.at, beside=cases).items()
            if id in held and held[id].owner_id == organisation_id
        }  # fmt: skip
        uris = select(LotIdentifier.lot_id, LotIdentifier.uri).where(LotIdentifier.lot_id.in_(listed(sorted(found))))
        names = dict(iter(db.session.execute(uris.order_by(LotIdentifier.uri.desc())).all())) if found else {}
        for id, uri in names.items():
            one.named = [*one.named, Named(uri, "object", found[id] or None, held[id].unit)]
            lots[uri] = held[id]


def _name_of(lot_id: int, lots: dict[str, Known]) -> str:
    for uri, known in lots.items():
        if known.id == lot_id:
            return short_name(uri)
    return db.session.scalar(select(Lot.number).where(Lot.id == lot_id)) or ""


@dataclass
class _Entered:
    """What an event changed."""

    #: (account, attribute, by how much, and what the thing is called in its unit)
    changes: list[tuple[claims.Account, str, Any, tuple[str, Unit]]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)  #: what it did with cases


class _Book:
    """The accounts of what a document names, and of what lies in the cases that it names."""

    def __init__(
        self, new: Sequence[Sent], lots: dict[str, Known], held: dict[int, Known], accounts: claims.Accounts,
        cases: claims.Cases,
    ) -> None:  # fmt: skip
        self.lots, self.accounts, self._cases = lots, accounts, cases
        self._new = new
        self._places = {id(one): place for place, one in enumerate(new)}
        self._called: dict[Key, tuple[str, Unit]] = {
            name.uri: (short_name(name.uri), name.unit)
            for one in new for name in one.named
            if name.unit is not None and name.uri not in lots
        }  # fmt: skip
        names = {known.id: short_name(uri) for uri, known in lots.items()}
        numbers = select(Lot.id, Lot.number).where(Lot.id.in_(listed(sorted(held.keys() - names.keys()))))
        names |= dict(iter(db.session.execute(numbers).all())) if held.keys() - names.keys() else {}
        self._called |= {id: (names[id], known.unit) for id, known in held.items()}

    def was_shipped(self, uri: str, known: Known | None) -> bool:
        """Tell whether an event says that a thing went to somebody: it may come back without having been sold."""
        if any(business.ships(one.event) and any(name.uri == uri for name in one.named) for one in self._new):
            return True
        return known is not None and custody.was_shipped(known.id)

    def with_cases(self, one: Sent, entered: _Entered) -> Problem | None:
        """Enter what becomes of goods in the cases that an event names, or say that more is gone than there is."""
        entered.steps = self._steps(one)
        for account, called, unit, is_more in self._enter(self._cases.add(entered.steps)):
            gone = account.gone + account.left
            if is_more and account.amount is not None and gone > account.amount:
                return business.in_cases(
                    called, one.path, one.named[0].role, taken=gone, amount=account.amount, unit=unit
                )
        return None

    def undo(self, entered: _Entered) -> list[tuple[claims.Account, str, Unit, bool]]:
        """Undo what an event changed; give the accounts of what lies in cases, and whether more of it is gone."""
        _undo(entered.changes)
        steps, entered.steps = entered.steps, []
        return self._enter(self._cases.take_back(steps))

    def again(self, entered: _Entered, steps: list[Step]) -> None:
        """Enter again what was undone."""
        for account, attribute, change, _ in entered.changes:
            account.enter(attribute, change)
        entered.steps = steps
        self._enter(self._cases.add(steps))

    def _enter(self, changes: Sequence[claims.Change]) -> list[tuple[claims.Account, str, Unit, bool]]:
        found = []
        for key, attribute, change in changes:
            if key in self._called:
                called, unit = self._called[key]
                account = self.accounts.of(key, unit)
                account.enter(attribute, change)
                found.append((account, called, unit, (change[2] if attribute == "sales" else change) > 0))
        return found

    def _steps(self, one: Sent) -> list[Step]:
        if not one.named:
            return []
        roles: dict[str, dict[Key, Decimal | None]] = defaultdict(dict)
        for name in one.named:
            known, key = self.lots.get(name.uri), _key(name, self.lots)
            if not _speaks(one, name, known):
                continue
            unit = self._called[key][1] if key in self._called else None
            quantity = name.quantity if name.unit is unit else None
            if roles[name.role].get(key) is None:
                roles[name.role][key] = quantity
        event = one.event
        return contents.steps_of(
            EventKind(event["type"]), event.get("action"), event.get("bizStep"), event.get("disposition"),
            roles=roles, at=one.at or claims.FIRST, line=claims.LAST + self._places[id(one)],
            is_part=bool(event.get("childEPCs") or event.get("childQuantityList")),
        )  # fmt: skip


def _speaks(one: Sent, name: Named, known: Known | None) -> bool:
    """Tell whether the word of an event counts for a thing that it names."""
    return one.is_public or _is_of_sender(one, name, known)


def _is_of_sender(one: Sent, name: Named, known: Known | None) -> bool:
    return known.owner_id == one.sender_id if known is not None else name.uri not in one.of_others


def _take_back(one: Sent, entered: dict[str, _Entered], book: _Book) -> Problem | None:
    """Take back what an event of the same document entered, or say that less would be left than is gone."""
    entry = entered.pop(one.id, _Entered())
    steps = entry.steps
    in_cases = book.undo(entry)
    touched = [(account, *called) for account, _, _, called in entry.changes]
    touched += [(account, called, unit) for account, called, unit, _ in in_cases]
    for account, called, unit in touched:
        if account.amount is not None and account.gone + account.left > account.amount:
            taken, amount = account.gone + account.left, account.amount
            book.again(entry, steps)
            return business.beyond("made", called, one.path, "", taken=taken, amount=amount, unit=unit)
    return None


def _enter(one: Sent, entered: dict[str, _Entered], book: _Book) -> Problem | None:
    """Enter what an event makes, uses and sells, or say what cannot be: then nothing of it is entered."""
    entry = entered[one.id] = _Entered()
    problem = _enter_named(one, entry.changes, book) or book.with_cases(one, entry)
    if problem is not None:
        book.undo(entry)
        entry.changes.clear()
    return problem


def _enter_named(one: Sent, undo: list[Any], book: _Book) -> Problem | None:
    """Enter what becomes of the things that an event names itself.

    :param undo: is told what it changed
    """
    is_back = business.brings_back(one.event)
    warnings: list[Problem] = []
    for name in one.named:
        known = book.lots.get(name.uri)
        account = book.accounts.of(_key(name, book.lots), unit) if (unit := _unit_of(name, known)) else None
        kind = _kind_of(one.event, name.role)
        speaks = _speaks(one, name, known)
        is_receipt = kind == "received" and _is_of_sender(one, name, known)
        if account is not None and speaks and not is_receipt and business.shows(one.event, name.role):
            undo.append((account, "seen", one.at, ("", Unit.PIECE)))
            account.enter("seen", one.at)
        if account is None or unit is None or not kind or (kind == "received" and account.is_own):
            continue
        called = short_name(name.uri)
        quantity = name.quantity if name.unit is unit else None
        changes: list[tuple[str, Any]] = []
        if kind == "made" and account.is_own:
            if not speaks or _names_single_things(one, name.role):
                continue  # packs of it are given their names
            changes = [("remade", quantity or Decimal(0))] if name.role == "output" else []
        elif kind == "made":
            changes = [("makings", 1), ("made", quantity) if quantity is not None else ("unstated", 1)]
        elif kind == "received":
            changes = [("receipts", (one.at, quantity))] if is_receipt else []
        elif kind != "moved":
            taken = quantity or Decimal(0)
            changes = [account.sale(one.at, -taken if is_back else taken) if kind == "sold" else (kind, taken)]
        before, sold = len(undo), account.sold
        for attribute, change in changes:
            undo.append((account, attribute, change, (called, unit)))
            account.enter(attribute, change)
        amount = account.amount
        comes_back = sold - account.sold
        is_more = is_back and kind == "sold" and speaks and quantity is not None and quantity > comes_back
        if is_more and quantity is not None and not book.was_shipped(name.uri, known):
            warnings.append(
                business.not_sold(called, one.path, name.role, taken=quantity, amount=comes_back, unit=unit)
            )
        if kind == "made" and account.is_own:
            if max(account.remade, quantity or Decimal(0)) > account.made:
                return business.made_here(called, one.path, name.role, amount=account.made, unit=unit)
            warnings.append(business.made_again(called, one.path, name.role))
            continue
        if max(account.made, amount or Decimal(0)) > rounding.MOST:
            made = max(account.made, amount or Decimal(0))
            return business.too_much(called, one.path, name.role, made=made, unit=unit)
        if not speaks and kind in ("made", "received"):
            amount = None
        # A stranger's word is not counted, and cannot be more than there is either; nor is what only moves.
        gone = account.gone + account.left if speaks and kind != "moved" else quantity or Decimal(0)
        if amount is not None and gone > amount and not is_back:
            return business.beyond(kind, called, one.path, name.role, taken=gone, amount=amount, unit=unit)
        if amount is not None and quantity is None and kind not in ("made", "received"):
            warnings.append(business.not_compared(called, one.path, name.role, unit=unit))
        if known is not None and known.kind is LotKind.FINISHED and kind in ("used", "sold", "lost"):
            warnings.append(business.not_moved(called, one.path, name.role))
        if not speaks:
            _undo(undo[before:])
            del undo[before:]
    one.problems += [problem for problem in warnings if problem not in one.problems]
    return None


def _names_single_things(one: Sent, role: str) -> bool:
    """Tell whether all that an event names in a role are single things, whatever lots they are of."""
    return all(is_single(named.uri) for named in named_in(one.event) if named.role == role)


def _kind_of(event: dict[str, Any], role: str) -> str:
    """Say what an event does with an amount in a role: it is made, received, used, sold, lost or only "moved".

    "" otherwise: it is seen.
    """
    kind, action = event["type"], event.get("action")
    if kind == "TransformationEvent":
        return {"input": "used", "output": "made"}.get(role, "")
    if role == "child":
        return "" if action == "DELETE" else "sold" if business.sells(event) else "moved"
    if role != "object":
        return ""
    if kind == "TransactionEvent" and action == "DELETE":
        return ""
    if business.sells(event):
        return "sold"
    if business.ends(event):
        return "lost"
    if kind == "ObjectEvent" and action == "ADD":
        return "made"
    if business.brings_back(event):
        return "sold"
    if business.receives(event):
        return "received"
    return "moved" if business.moves_on(event) else ""


def _undo(changes: Sequence[tuple[claims.Account, str, Any, tuple[str, Unit]]]) -> None:
    for account, attribute, change, _ in reversed(changes):
        account.take_back(attribute, change)


def _unit_of(name: Named, known: Known | None) -> Unit | None:
    """Say in which unit a thing is counted: its lot's, or the one it comes in."""
    return known.unit if known is not None else name.unit


def _weigh(new: Sequence[Sent], organisation_id: int) -> dict[str, list[dict[str, Any]]]:
    """Weigh transformations: each by itself, or with the other events of its transformationID; give these."""
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
    weighed = [
        one for one in new if not one.is_refused and one.event["type"] == "TransformationEvent"
    ]  # fmt: skip
    known = [event for some in halves.values() for event in some]
    contents = _contents_of(business.pieces_of([*(one.event for one in weighed), *known]))
    for one in weighed:
        others = halves[str(one.event["transformationID"])] if _is_half(one) else []
        if one.declares_error:
            others[:] = [half for half in others if half["eventID"] != one.id]
            continue
        others.append(one.event)
        found = business.balance(others, one.path, contents)
        one.problems += found
        if refusals(found):
            others.pop()
    return halves


def _look_for_origins(new: Sequence[Sent], lots: dict[str, Known], halves: dict[str, list[dict[str, Any]]]) -> None:
    """Warn of what comes out of a transformation while nobody says what it was made of, or how it came."""
    apart = [
        one for one in new
        if _is_half(one) and not one.declares_error and not one.is_refused
        and not any(business.takes_in(half) for half in halves[str(one.event["transformationID"])])
    ]  # fmt: skip
    if not apart:
        return
    begun = {name.uri for one in new if not one.is_refused and business.has_begun(one.event) for name in one.named}
    outputs = {name.uri for one in apart for name in one.named if name.role == "output"} - begun
    known = statements.begun({lots[uri].id for uri in outputs if uri in lots})
    outputs -= {uri for uri in outputs if uri in lots and lots[uri].id in known}
    for one in apart:
        of_nothing = [name for name in one.named if name.role == "output" and name.uri in outputs]
        if of_nothing:
            one.problems.append(business.no_origin(short_name(of_nothing[0].uri), one.path, Profile.INTERCHANGE))


def _contents_of(names: Collection[str]) -> dict[str, tuple[int, Unit]]:
    """Give how much a piece holds, of goods that the catalogue knows: by their GTIN, or the address of their batch."""
    gtins: dict[str, list[str]] = defaultdict(list)
    tokens: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        thing = epc_uris.identify(name)
        if thing is not None and thing.key == "01":
            gtins[thing.path[0][1]].append(name)
        elif (own := _own_address(name)) is not None:
            tokens[own].append(name)
    found: dict[str, tuple[int, Unit]] = {}
    holds = (TradeItem.net_content, TradeItem.unit)
    named: list[tuple[Sequence[str], int | None, Unit]] = []
    if gtins:
        of_gtin = select(TradeItem.gtin, *holds).where(TradeItem.gtin.in_(listed(sorted(gtins))))
        named += [(gtins[gtin or ""], content, unit) for gtin, content, unit in db.session.execute(of_gtin)]
    if tokens:
        of_token = (
            select(Organisation.code, Batch.token, *holds)
            .join(TradeItem, TradeItem.id == Batch.trade_item_id)
            .join(Lot, Lot.id == Batch.lot_id)
            .join(Organisation, Organisation.id == Lot.owner_id)
            .where(Batch.token.in_(listed(sorted({token for _, token in tokens}))))
        )
        named += [
            (tokens.get((code, token), ()), content, unit)
            for code, token, content, unit in db.session.execute(of_token)
        ]
    for names_of_it, content, unit in named:
        if content and unit is not Unit.PIECE:
            found.update((name, (content, unit)) for name in names_of_it)
    return found


def _is_half(one: Sent) -> bool:
    return one.event["type"] == "TransformationEvent" and "transformationID" in one.event


def _add_lots(
    new: Sequence[Sent], lots: dict[str, Known], owners: dict[str, int], organisation_id: int, *, now: datetime
) -> None:
    """Make lots of what is not known: somebody else's, or not held in stock here.

    :param owners: whose they are where they are not the sender's: then its word does not say how much there is
    """
    first: dict[str, Named] = {}
    for one in new:
        if one.declares_error:
            continue
        for name in one.named:
            if name.uri not in lots and (name.uri not in first or first[name.uri].unit is None):
                first[name.uri] = name
    if not first:
        return
    called = lot_names.names_of(first, _descriptions(new, lots))
    rows = [
        {
            "kind": LotKind.EXTERNAL,
            "owner_id": owners.get(uri, organisation_id),
            "number": short_name(uri)[:20],
            "name_vi": called[uri].vi,
            "name_en": called[uri].en,
            "quantity": 0 if uri in owners else _whole(name),
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
        quantity = 0 if uri in owners else _whole(name)
        lots[uri] = Known(
            id, owners.get(uri, organisation_id), LotKind.EXTERNAL, LotState.RELEASED, now,
            name.unit or Unit.PIECE, quantity, 0,
        )  # fmt: skip
    _write_names({uri: lots[uri].id for uri in first})


def _descriptions(new: Sequence[Sent], lots: dict[str, Known]) -> dict[str, lot_names.Name]:
    """Give how events describe what they make, by those who may speak for it."""
    found: dict[str, lot_names.Name] = {}
    for one in new:
        words = None if one.declares_error else lot_names.described(one.event.get("ilmd"))
        for name in one.named:
            if words is not None and name.role in ("object", "output") and _speaks(one, name, lots.get(name.uri)):
                found[name.uri] = words
    return found


def _call_anew(new: Sequence[Sent], lots: dict[str, Known], before: Container[int]) -> None:
    """Call lots that were known before as events describe them now."""
    told = {
        uri: words for uri, words in _descriptions(new, lots).items()
        if lots[uri].kind is LotKind.EXTERNAL and lots[uri].id in before
    }  # fmt: skip
    if told:
        lot_names.call({lots[uri].id: name for uri, name in lot_names.names_of(told, told).items()})


# --- The story, the store, the edges


def _whole(name: Named) -> int:
    return 0 if name.quantity is None else rounding.rounded_up(name.quantity)[0]


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
    named: dict[tuple[int, int, str], Decimal | None] = {}
    for place, id in lines.items():
        for name in new[place].named:
            lot = lots[name.uri]
            before = named.setdefault((id, lot.id, name.role), None)
            if name.quantity is not None and name.unit is lot.unit:
                named[id, lot.id, name.role] = (before or Decimal(0)) + name.quantity
    if named:
        rows = []
        for (id, lot_id, role), amount in named.items():
            quantity, too_many = (None, 0) if amount is None else rounding.rounded_up(amount)
            rows.append(
                {"event_id": id, "lot_id": lot_id, "role": role, "quantity": quantity, "rounding": too_many}
            )  # fmt: skip
        db.session.execute(insert(_EVENT_LOT), rows)
    records.append_many(lines.values(), now=now)
    fractions = {id for (id, _, _), amount in named.items() if amount is not None and rounding.rounded_up(amount)[1]}
    if fractions:
        records.append_fractions(fractions, now=now)
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


def _opened(new: Sequence[Sent], lots: dict[str, Known], taken_back: set[int]) -> set[int]:
    """Give the cases that known events, or these, take something out of, where these may change what is in them."""
    named = [
        (one, name) for one in new if not one.declares_error for name in one.named
        if name.role in ("parent", "input") and name.uri in lots
    ]  # fmt: skip
    opens = {lots[name.uri].id for one, name in named if name.role == "parent" and one.event.get("action") == "DELETE"}
    perhaps = {lots[name.uri].id for _, name in named} | taken_back
    return opens | statements.opened(perhaps - opens)


def _draw_edges(
    new: Sequence[Sent], told: dict[int, int], loosened: set[int], tied: dict[tuple[int, int], int]
) -> set[int]:
    """Let the walks go from what was made, packed or joined to what it was made of, as the events that stand say.

    :param loosened: what the events declared wrong had made, and the cases that were opened
    :param tied: the edges to these, as they were said before
    :return: the lots that something was made of or put into, or is no longer
    """
    lines = [id for place, id in told.items() if new[place].event["type"] in _TIES]
    outputs = (statements.outputs_of(lines) if lines else set()) | loosened
    if not outputs:
        return set()
    said = statements.ties(outputs)
    drawn: dict[tuple[int, int], int] = {
        (out, into): quantity
        for out, into, quantity in db.session.execute(
            select(LotInput.output_id, LotInput.input_id, LotInput.quantity).where(
                LotInput.output_id.in_(listed(sorted(outputs)))
            )
        )
    }
    gone = sorted((tied.keys() - said.keys()) & drawn.keys())
    for part in range(0, len(gone), 400):
        pairs = tuple_(LotInput.output_id, LotInput.input_id)
        db.session.execute(
            delete(LotInput).where(pairs.in_(gone[part : part + 400])).execution_options(synchronize_session=False)
        )
    changed = [(pair, quantity) for pair, quantity in sorted(said.items()) if drawn.get(pair) != quantity]
    if changed:
        add = (sqlite.insert if on_sqlite() else postgresql.insert)(LotInput)
        db.session.execute(
            add.on_conflict_do_update(
                index_elements=["output_id", "input_id"], set_={"quantity": add.excluded.quantity}
            ),
            [{"output_id": out, "input_id": into, "quantity": quantity} for (out, into), quantity in changed],
        )
    return {out for (out, _), _ in changed} | {out for out, _ in gone}


def _recall_anew(said: set[int], drawn: set[int], held: dict[int, Known], reaches: dict[str, Stop]) -> None:
    """Let external lots stand as the events say by now: recalled while they, or what they are made of or hold, are.

    :param said: the lots whose recall is set or unset, or of which such a word was wrong
    :param drawn: those to which edges were drawn, or from which they were taken
    """
    if not said and not reaches and not any(known.state is LotState.RECALLED for known in held.values()):
        return
    reached = genealogy.downstream(said | drawn | {id for id in held if held[id].state is LotState.RECALLED})
    external = select(Lot.id).where(Lot.id.in_(select(reached.c.id)), Lot.kind == LotKind.EXTERNAL).order_by(Lot.id)
    ids = list(db.session.scalars(external.with_for_update(of=Lot)))
    _let_stand(ids)


def _warn_of_recalled_makings(new: Sequence[Sent], lots: dict[str, Known], drawn: Collection[int]) -> None:
    """Say to who tells what came out of a making that something in it is recalled; who names what went in knows."""
    halves = {
        lots[name.uri].id: (one, name) for one in new
        if one.event["type"] == "TransformationEvent" and all(name.role != "input" for name in one.named)
        for name in one.named if name.role == "output" and lots[name.uri].id in drawn
    }  # fmt: skip
    if not halves:
        return
    recalled = select(Lot.id).where(Lot.id.in_(listed(sorted(halves))), Lot.state == LotState.RECALLED)
    for id in sorted(db.session.scalars(recalled)):
        one, name = halves[id]
        one.problems.append(business.recalled_too(short_name(name.uri), one.path, name.role))


def _let_stand(ids: Sequence[int]) -> int:
    """Write down how external lots stand by what the events say, the caller has locked them; give how many changed."""
    changed = 0
    recalled = statements.recalled(ids)
    together: dict[datetime, list[int]] = defaultdict(list)
    for id, since in recalled.items():
        together[since].append(id)
    for since, some in together.items():
        done = db.session.execute(
            update(Lot)
            .where(Lot.id.in_(listed(some)), or_(Lot.state != LotState.RECALLED, Lot.state_since != since))
            .where(or_(Lot.state != LotState.RECALLED, ~statements.recalled_here()))
            .values(state=LotState.RECALLED, state_since=since)
            .execution_options(synchronize_session=False)
        )
        changed += done.rowcount  # type: ignore[attr-defined]
    marked = select(Lot.id).where(Lot.id.in_(listed(ids)), Lot.state == LotState.RECALLED)
    freed = set(db.session.scalars(marked)) - recalled.keys() if ids else set()
    stands = statements.states(freed) if freed else {}
    for id in sorted(freed):
        stand = stands.get(id)
        db.session.execute(
            update(Lot)
            .where(Lot.id == id)
            .values(
                state=LotState.RELEASED if stand is None else stand.state, state_reason="", state_reason_en="",
                **({} if stand is None else {"state_since": stand.since}),
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    return changed + len(freed)


#: The job that does the next (``app.event_jobs``), and how many lots it looks at by one transaction.
STANDS_JOB, LOTS_AT_ONCE = "traceability.stand_anew", 500


def stand_anew(after: int) -> tuple[int | None, int]:
    """Let some lots that an older database captured stand, and be counted, as the events say by the rules of today.

    What recalls reached was marked once, and a mark stayed when its cause was gone; what was used in a case was not
    counted, nor what its owner received.

    :param after: id of the last lot that was looked at
    :return: the id of the last one now, None when there were no more; how many changed
    """
    in_turn.wait()
    some = select(Lot.id).where(Lot.kind != LotKind.FINISHED, Lot.id > after).order_by(Lot.id).limit(LOTS_AT_ONCE)
    ids = list(db.session.scalars(some))
    if not ids:
        return None, 0
    lots = claims.locked(ids)
    external = [id for id, known in lots.items() if known.kind is LotKind.EXTERNAL]
    changed = claims.settle_anew(lots.values()) + _let_stand(external)
    if changed:
        _shows_anew(set(ids))
    return ids[-1], changed


def _warn_of_holds(new: Sequence[Sent], lots: dict[str, Known]) -> None:
    """Say to who recalls goods of our stock by an event, or takes that back, what comes of it."""
    for one in new:
        if not _says_recalled(one.event) or one.declares_error:
            continue
        for kind, role in kinds_in(one.event):
            one.problems.append(business.recalls_no_lot(short_name(kind), one.path, role))
        for name in one.named:
            known = lots.get(name.uri)
            if known is not None and known.kind is not LotKind.EXTERNAL and known.owner_id == one.sender_id:
                one.problems.append(business.for_the_office(short_name(name.uri), one.path))
                break


#: Why goods are on hold that their owner's program recalls.
_HOLD_REASON = "Chủ lô hàng báo thu hồi qua EPCIS; cơ quan quản lý đang xem xét."
_HOLD_REASON_EN = "The owner of the goods reported a recall by EPCIS; the authority is looking into it."


def _hold_own(
    new: Sequence[Sent], lots: dict[str, Known], changed: set[int], organisation_id: int, *, now: datetime
) -> None:
    """Stop at once what our stock holds of goods that their owner recalls by an event, and tell the office.

    Only the office recalls what is in our stock, for good; until it has looked, nothing of it is sold.

    :param changed: the lots of which these events set or unset a recall, or of which such a word was wrong
    """
    if not changed:
        return
    own = {
        lots[name.uri].id: one for one in new if _says_recalled(one.event) and not one.declares_error
        for name in one.named
        if lots[name.uri].kind is not LotKind.EXTERNAL and lots[name.uri].owner_id == organisation_id
    }  # fmt: skip
    stopped = {id for id, one in own.items() if _sets_recalled(one.event)} | set(statements.recalled(changed))
    reached = genealogy.downstream(stopped)
    in_house = select(Lot.id).where(
        Lot.id.in_(select(reached.c.id)), Lot.kind != LotKind.EXTERNAL, Lot.state == LotState.RELEASED
    )
    in_house_ids = list(db.session.scalars(in_house)) if stopped else []
    held = in_stock.stock().hold(in_house_ids, reason=_HOLD_REASON, reason_en=_HOLD_REASON_EN, now=now)
    for lot_id in sorted({*held, *own}):
        lot = db.session.get_one(Lot, lot_id)
        is_set = lot_id not in own or _sets_recalled(own[lot_id].event)
        cases.note_recall(lot, is_set=is_set, is_held=lot_id in held, now=now)


def _sets_recalled(event: dict[str, Any]) -> bool:
    held = event.get("persistentDisposition")
    persistent = isinstance(held, dict) and "recalled" in _as_list(held.get("set"))
    return persistent or event.get("disposition") == "recalled"


def _says_recalled(event: dict[str, Any]) -> bool:
    held = event.get("persistentDisposition")
    return _sets_recalled(event) or (isinstance(held, dict) and "recalled" in _as_list(held.get("unset")))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shows_anew(lot_ids: set[int]) -> None:
    """Let the pages of lots, and of all goods made from them, show what was captured."""
    if lot_ids:
        reached = genealogy.downstream(lot_ids)
        pages.bump(*(pages.lot(id) for id in db.session.scalars(select(reached.c.id))))


__all__ = [
    "MOST_BYTES", "MOST_EVENTS", "Examined", "Outcome", "accept", "capture", "capture_one", "events_of", "examine",
    "finish",
]  # fmt: skip
