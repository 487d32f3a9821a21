"""Numbers of documents: one guarded step gives the next one of a series, never the same twice."""

from __future__ import annotations

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel.db import db, on_sqlite
from kernel.models import NumberSeries


def next_number(series: str) -> int:
    """Take the next whole number (from 1) of ``series`` inside the caller's transaction.

    Numbers of a transaction that is rolled back are given out again; the order is that of the commits.
    """
    number = db.session.execute(_NEXT, {"of": series}).scalar_one_or_none()
    if number is None:  # the first one: of two who begin a series at once, one does
        insert = sqlite.insert if on_sqlite() else postgresql.insert
        db.session.execute(insert(NumberSeries).values(series=series, last=0).on_conflict_do_nothing())
        number = db.session.execute(_NEXT, {"of": series}).scalar_one()
    return int(number)


_NEXT = (
    update(NumberSeries)
    .where(NumberSeries.series == bindparam("of"))
    .values(last=NumberSeries.last + 1)
    .returning(NumberSeries.last)
    .execution_options(synchronize_session=False)
)
