"""The database handle, the base of all models, and the one place that commits.

Writers on SQLite begin with ``BEGIN IMMEDIATE``: a transaction that reads first and writes later fails at
once when another wrote in between, whatever the busy timeout. On PostgreSQL they run under READ COMMITTED
and rely on guarded updates. Both are retried as a whole by :func:`retrying` at the edge.
"""

from __future__ import annotations

import contextlib
import functools
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ARRAY,
    DateTime,
    Engine,
    Insert,
    Integer,
    MetaData,
    Select,
    String,
    TypeDecorator,
    cast,
    column,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

#: PostgreSQL states after which the same transaction may succeed: serialisation, deadlock, lock timeout.
RETRIABLE_STATES = frozenset({"40001", "40P01", "55P03"})
RETRIES = 6


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive datetimes on the way in, gives aware UTC ones back on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        # SQLite stores text: naive UTC compares and sorts as text.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all rows: constraints have predictable names, instants are UTC."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


Base.registry.update_type_annotation_map({datetime: UtcDateTime})

#: Tables whose rows are never changed and never deleted: guarded by triggers on both engines, and
#: ``tests/policy/test_append_only.py`` holds the migrated schema against this mark.
APPEND_ONLY: set[str] = set()


def append_only(model: type[T]) -> type[T]:
    """Mark a model whose rows are only ever added (a ledger, a log, an event store)."""
    APPEND_ONLY.add(model.__tablename__)  # type: ignore[attr-defined]
    return model


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def on_sqlite() -> bool:
    """Tell whether the application runs on its embedded engine."""
    return db.engine.dialect.name == "sqlite"


def prepare_engine(engine: Engine) -> None:
    """Set what each new connection of ``engine`` needs. Call once, when the application is made."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "busy_timeout=15000",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "cache_size=-20000",
            "temp_store=MEMORY",
        ):
            dbapi_connection.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_writing() -> None:
    """Let the session's next transaction be a writer's from its first statement.

    Edges call it (through :func:`transaction`, or at the start of a request that writes) before anything
    is read. Inside a transaction that already writes it does nothing; one that has only read is ended first,
    so that no stale snapshot is written upon.
    """
    session = db.session()
    if session.info.get("writes") and session.in_transaction():
        return
    if session.in_transaction():
        session.commit()  # ends a read snapshot; there is nothing in it to keep
        session.expire_all()
    session.connection(execution_options={"writes": True})
    session.info["writes"] = True


@event.listens_for(Session, "after_transaction_end")
def _forget_writing(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("writes", None)


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """Run the block as one transaction: commit at its end, roll back if it raises.

    Only edges use it. It does not nest: the outermost edge decides.
    """
    begin_writing()
    session = db.session()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextlib.contextmanager
def rehearsal() -> Iterator[Session]:
    """Run the block as a transaction that is rolled back at its end: what would it do, and what would refuse it?

    Only edges use it. Rows that it made must not be used afterwards.
    """
    begin_writing()
    session = db.session()
    try:
        yield session
    finally:
        session.rollback()


def retrying(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate an edge so that it runs again, whole, when the database asked for it.

    The function must be safe to run twice: mails, HTTP and files are jobs of the transaction instead.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(RETRIES):
            try:
                return function(*args, **kwargs)
            except DBAPIError as error:
                db.session.rollback()
                if attempt == RETRIES - 1 or not is_retriable(error):
                    raise
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311 (spreads retries, guards nothing)
        raise AssertionError("unreachable")

    return run


def is_retriable(error: DBAPIError) -> bool:
    """Tell whether the same transaction may succeed when it is run again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRIABLE_STATES or "database is locked" in str(error.orig)


def for_update(query: Select[Any]) -> Select[Any]:
    """Lock the rows a query finds, and read them anew: a lock that does not re-read is no lock.

    On SQLite the writer's transaction is the lock already; the rows are read anew all the same.
    """
    return query.with_for_update().execution_options(populate_existing=True)


def in_parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a long list into parts."""
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]


def listed(values: Sequence[int] | Sequence[str]) -> Select[Any]:
    """Give a list as the rows of a query with one bound value, for ``IN`` with thousands of them.

    Written out one by one they cost more in Python than the database needs for the work, and there may be no more
    than 32,766 of them.
    """
    kind: type[Integer] | type[String] = String if values and isinstance(values[0], str) else Integer
    if on_sqlite():
        rows = func.json_each(json.dumps(list(values))).table_valued(column("value", kind))
        return select(rows.c.value)
    return select(func.unnest(cast(list(values), ARRAY(kind))).label("value"))


def next_ids(table: Any, count: int) -> list[int]:
    """Set so many ids of a table aside, for rows that are about to be inserted. On SQLite the writer is alone."""
    if on_sqlite():
        last = db.session.scalar(_last_id(table)) or 0
        return list(range(last + 1, last + 1 + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    return list(db.session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count).alias())))


@functools.cache
def _last_id(table: Any) -> Select[Any]:
    return select(func.coalesce(func.max(table.c.id), 0))


def insert_rows(table: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert many rows of a table with a whole number as its key; give their ids, in the order of the rows.

    The ids are set aside first, and the rows go in without asking for anything back: on PostgreSQL a long statement
    that returns ids costs more in Python than in the database.
    """
    if not rows:
        return []
    ids = next_ids(table, len(rows))
    db.session.execute(insert(table), [{"id": id, **row} for id, row in zip(ids, rows, strict=True)])
    return ids


def adding(model: type[Any]) -> Insert:
    """Give the statement that adds rows of a model given as plain values: nothing is flushed, no object is made."""
    table: Any = inspect(model).local_table
    return insert(table)


def lock(row: T) -> T:
    """Lock one loaded row for the rest of the transaction, and read it anew.

    What the transaction itself has changed is written first: reading anew would drop it otherwise.
    """
    session = db.session()
    session.flush()
    session.expire(row)
    # Columns only: with what else the row was once loaded (outer joins) PostgreSQL would refuse the lock.
    columns = [column.key for column in inspect(type(row)).column_attrs]
    session.refresh(row, columns, with_for_update=True)
    return row


def snapshot() -> None:
    """Give the session's next transaction one unchanging view of the data (reads only).

    SQLite's readers have one by nature; on PostgreSQL the transaction runs as REPEATABLE READ.
    """
    session = db.session()
    if session.in_transaction():
        session.rollback()
    if not on_sqlite():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def ping() -> None:
    """Ask the database one question; raises when it does not answer."""
    db.session.execute(text("SELECT 1"))


__all__ = [
    "APPEND_ONLY",
    "Base",
    "UtcDateTime",
    "adding",
    "append_only",
    "begin_writing",
    "db",
    "for_update",
    "in_parts",
    "insert_rows",
    "is_retriable",
    "listed",
    "lock",
    "next_ids",
    "on_sqlite",
    "ping",
    "prepare_engine",
    "rehearsal",
    "retrying",
    "snapshot",
    "transaction",
]
