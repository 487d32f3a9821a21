"""What is declared of a lot and its batch, written into the log of proof: a fact changed behind the verbs is named.

A declaration is written when a lot is entered, when its batch is released, and whenever a declared fact lawfully
changes (a paper is laid to it). It keeps its own words, so that what stands in the log stays readable; the
verification compares the newest one with the rows. Texts that may name a person (who supplied it, whose field, a
note, the title of a paper) stand in it as keyed digests. Lots known from captured events alone are declared by those.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import lazyload

from kernel import proof
from kernel.canonical import canonical
from kernel.db import db, for_update, listed
from kernel.log_models import LogLeaf
from kernel.proof import Source
from traceability.declaration_models import LotDeclaration
from traceability.models import Batch, Lot, LotDocument, LotKind

KIND = "lot"
#: Lots that one transaction declares, where a database is older than declarations.
AT_ONCE = 200
#: The job that does it (``app.event_jobs``).
JOB = "traceability.declare_lots"
_A_CHUNK = 1_000


def declare(lot_ids: Collection[int], *, now: datetime) -> None:
    """Write down in the log what is declared of lots, where it is not what was declared last.

    The caller has locked lots that others may declare at the same time.
    """
    db.session.flush()
    bodies = _bodies(lot_ids)
    newest = {row.lot_id: row for row in _newest(lot_ids)}
    rows = []
    for lot_id, body in bodies.items():
        before = newest.get(lot_id)
        text = canonical(body).decode()
        if before is None or before.body != text:
            version = 1 if before is None else before.version + 1
            reference = f"{body['number']} ({lot_id}.{version})"
            rows.append(LotDeclaration(lot_id=lot_id, version=version, reference=reference, declared_at=now, body=text))
    db.session.add_all(rows)
    db.session.flush()
    proof.append_many(KIND, [(row.reference, _content(row)) for row in rows], now=now)


def declare_missing(*, now: datetime) -> int:
    """Declare some lots that were entered before there were declarations, the oldest first; give how many. Fewer than
    :data:`AT_ONCE` were the last.
    """
    found = db.session.scalars(for_update(_undeclared().order_by(Lot.id).limit(AT_ONCE)).options(lazyload("*"))).all()
    declare([lot.id for lot in found], now=now)
    return len(found)


def _undeclared() -> Select[Lot]:
    return select(Lot).where(Lot.kind != LotKind.EXTERNAL, ~exists().where(LotDeclaration.lot_id == Lot.id))


# --- What is declared ------------------------------------------------------------------------------------


def _bodies(lot_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Put together what the rows of lots say (four statements), in the order of their ids."""
    ids = listed(sorted(lot_ids))
    blind = proof.blinder()
    batches = {
        row.lot_id: row
        for row in db.session.execute(
            select(Batch.lot_id, Batch.trade_item_id, Batch.number, Batch.token, Batch.made_on, Batch.expires_on).where(
                Batch.lot_id.in_(ids)
            )
        )
    }
    papers: dict[int, list[dict[str, Any]]] = {}
    for paper in db.session.execute(
        select(LotDocument.lot_id, LotDocument.digest, LotDocument.title, LotDocument.is_public, LotDocument.added_at)
        .where(LotDocument.lot_id.in_(ids))
        .order_by(LotDocument.lot_id, LotDocument.digest)
    ):
        papers.setdefault(paper.lot_id, []).append(
            {
                "digest": paper.digest,
                "title": blind([paper.lot_id, paper.digest, paper.title]),
                "is_public": paper.is_public,
                "added_at": _instant(paper.added_at),
            }
        )
    columns = [column for column in Lot.__table__.c if column.name in _COLUMNS]
    return {
        row.id: _body(row, batches.get(row.id), papers.get(row.id, []), blind)
        for row in db.session.execute(select(*columns).where(Lot.id.in_(ids)).order_by(Lot.id))
    }


#: Of a lot: what it is, where it comes from. Not what changes as it moves (used, state): events tell that.
_PLAIN = ("kind", "owner_id", "number", "name_vi", "name_en", "quantity", "unit", "place_id", "is_sample",
          "supplier_organisation_id", "origin_commune_code")  # fmt: skip
_DAYS = ("origin_commune_valid_from", "harvested_on", "received_on")
_BLINDED = ("supplier", "growing_area", "note")
_COLUMNS = {"id", "created_at", *_PLAIN, *_DAYS, *_BLINDED}


def _body(lot: Any, batch: Any, papers: list[dict[str, Any]], blind: Callable[[object], str]) -> dict[str, Any]:
    return {
        "lot": lot.id,
        **{name: getattr(lot, name) for name in _PLAIN},
        "kind": lot.kind.value,
        "unit": lot.unit.value,
        **{name: _day(getattr(lot, name)) for name in _DAYS},
        **{name: blind([lot.id, name, getattr(lot, name)]) for name in _BLINDED},
        "created_at": _instant(lot.created_at),
        "batch": None
        if batch is None
        else {
            "trade_item_id": batch.trade_item_id,
            "number": batch.number,
            "token": batch.token,
            "made_on": _day(batch.made_on),
            "expires_on": _day(batch.expires_on),
        },
        "papers": papers,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _newest(lot_ids: Collection[int]) -> Sequence[LotDeclaration]:
    latest = (
        select(LotDeclaration.lot_id, func.max(LotDeclaration.version).label("version"))
        .where(LotDeclaration.lot_id.in_(listed(sorted(lot_ids))))
        .group_by(LotDeclaration.lot_id)
        .subquery()
    )
    query = select(LotDeclaration).join(
        latest, (latest.c.lot_id == LotDeclaration.lot_id) & (latest.c.version == LotDeclaration.version)
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


# --- In the log ------------------------------------------------------------------------------------------


def _content(row: LotDeclaration) -> bytes:
    said = json.loads(row.body)
    said |= {"reference": row.reference, "version": row.version, "declared_at": _instant(row.declared_at)}
    return canonical(said | {"lot_id": row.lot_id})


def _contents(references: Sequence[str]) -> dict[str, bytes]:
    query = select(LotDeclaration).where(LotDeclaration.reference.in_(references))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {row.reference: _content(row) for row in rows}


def _references() -> Select[str]:
    return select(LotDeclaration.reference).order_by(LotDeclaration.id)


def _published(_references: Sequence[str]) -> set[str]:
    """Nobody is shown a declaration itself: it holds what only its own people see. Its hash stands in the tree."""
    return set()


proof.SOURCES[KIND] = Source(contents=_contents, references=_references, published=_published)


def signed_positions(lot_ids: Collection[int]) -> list[int]:
    """Give the places in the log of what was declared of lots, as far as a checkpoint signs it, in the log's order."""
    rows = (
        select(LogLeaf.position)
        .join(LotDeclaration, LotDeclaration.reference == LogLeaf.reference)
        .where(
            LogLeaf.kind == KIND,
            LotDeclaration.lot_id.in_(listed(sorted(lot_ids))),
            proof.signed_on().is_not(None),
        )
        .order_by(LogLeaf.position)
    )
    return [position for position in db.session.scalars(rows) if position is not None]


# --- The verification ------------------------------------------------------------------------------------


def differences() -> Iterator[str]:
    """Compare the rows of lots, batches and papers with what was declared of them last; name each difference."""
    after = 0
    while ids := list(db.session.scalars(select(Lot.id).where(Lot.id > after).order_by(Lot.id).limit(_A_CHUNK))):
        after = ids[-1]
        bodies = _bodies(ids)
        for declared in sorted(_newest(ids), key=lambda row: row.lot_id):
            yield from _compared(declared, bodies[declared.lot_id])
        db.session.expire_all()
    for id, number in db.session.execute(
        _undeclared().with_only_columns(Lot.id, Lot.number).order_by(Lot.id).limit(proof.MOST_NAMED)
    ):
        yield f"lot {id} ({number}): nothing was declared of it in the log"


def _compared(declared: LotDeclaration, now: dict[str, Any]) -> Iterator[str]:
    if declared.body == canonical(now).decode():
        return
    try:
        said = json.loads(declared.body)
        names = list(_differing("", said, now))
        number = said["number"]
    except (ValueError, KeyError, TypeError, AttributeError):  # the declaration itself was spoilt: the log says so
        number, names = now["number"], ["all of it"]
    for name in names:
        yield f"lot {declared.lot_id} ({number}): {name} is not what was declared of it"


def _differing(prefix: str, said: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in sorted(said.keys() | now.keys()):
        before, after = said.get(name), now.get(name)
        if before == after:
            continue
        if name == "batch" and isinstance(before, dict) and isinstance(after, dict):
            yield from _differing("batch.", before, after)
        elif name == "papers" and isinstance(before, list) and isinstance(after, list):
            yield from _differing("paper ", _by_digest(before), _by_digest(after))
        else:
            yield prefix + name


def _by_digest(papers: list[dict[str, Any]]) -> dict[str, Any]:
    return {paper["digest"]: paper for paper in papers}
