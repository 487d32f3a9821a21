"""What the worker does for records that are handed over: write the file, send it, write down how it went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import membership
from accounts.actor import ANONYMOUS, SYSTEM, Actor
from admin.lot_files import make_lot_file
from kernel import exchange, jobs, media
from kernel.db import db, transaction
from oversight import exporting
from oversight.export_models import LotFile


class NotTaken(Exception):
    """The other side did not take it: the job is tried again later."""


class NobodyAsks(Exception):
    """Who asked for a file works nowhere any more: nobody may be given it."""


@jobs.handles("oversight.export")
def _export(args: dict[str, Any], now: datetime) -> None:
    """Hand one record over. args: export (its id)."""
    with transaction():
        attempt = exporting.begin(args["export"], now=now)
    if attempt is None:
        return
    suffix, media_type = exporting.FORMS[attempt.form]
    digest = attempt.digest
    if digest is None:
        data = exporting.written(attempt.job_id, now=now)
        digest = media.store().put(data, suffix)
        with transaction():
            exporting.note_file(attempt.job_id, digest, len(data))
    if not attempt.url:
        return
    db.session.remove()  # nothing of the database is held while others are waited for
    data = media.store().read(digest, suffix)
    answer = exchange.post(attempt.url, data, media_type=media_type, token=attempt.token, key=attempt.key)
    with transaction():
        is_over = exporting.finish(attempt.job_id, answer, now=now)
    if not is_over:
        raise NotTaken(answer.error)


@jobs.handles("oversight.lot_file")
def _lot_file(args: dict[str, Any], now: datetime) -> None:
    """Write everything about a lot for who asked. args: file (its id)."""
    row = db.session.get_one(LotFile, args["file"])
    if row.digest is None:
        make_lot_file(row, _who_asked(row), now=now)


def _who_asked(row: LotFile) -> Actor:
    """Be who asked, with the rights of today."""
    if row.user_id is None:
        return SYSTEM
    officer = row.officer_organisation_id
    actor = (
        membership.actor_of(row.user_id, organisation_id=officer, acting_for_id=row.organisation_id)
        if officer is not None
        else membership.actor_of(row.user_id, organisation_id=row.organisation_id)
    )
    if actor is ANONYMOUS or actor.organisation_id != row.organisation_id:
        raise NobodyAsks()
    return actor
