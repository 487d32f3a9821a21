"""Values that cannot be what their column holds: a byte was changed in the file of the database, behind its rules.

SQLite keeps instants, days, words of a list and JSON as text, and takes any bytes for text, so a spoilt value is
noticed only by whoever reads it, with an error that names no row. Verifications look for such values first, and name
the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    String,
    Table,
    case,
    cast,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType, TypeDecorator

from kernel.db import Base, db, on_sqlite

#: What names a row to people, beside its key.
_NAMES = ("event_id", "number", "reference", "code", "slug")
#: Of one column so many are named.
MOST_NAMED = 20


def unreadable() -> Iterator[str]:
    """Read every value that can be spoilt; give a sentence for each that is (one statement a table).

    Of SQLite also what its own check of the file finds: a row that its index gives otherwise is one thing to whoever
    lists rows and another to whoever looks one up.
    """
    try:
        yield from _of_sqlite() if on_sqlite() else _of_postgresql()
    except DBAPIError as problem:
        yield f"the database cannot be read: {problem.orig}"


# --- SQLite ---------------------------------------------------------------------------------------------------


class _Text(bytes):
    """A text as it lies in the file; what lies there as bytes is none."""


def _of_sqlite() -> Iterator[str]:
    for (line,) in db.session.execute(text("PRAGMA integrity_check(20)")):
        if line != "ok":
            yield f"the file of the database: {line}"
    driver: Any = db.session.connection().connection.driver_connection
    usual, driver.text_factory = driver.text_factory, _Text
    try:
        for table in Base.metadata.sorted_tables:
            try:
                yield from _of_table(table, driver)
            except sqlite3.Error as problem:
                yield f"table {table.name} cannot be read: {problem}"
    finally:
        driver.text_factory = usual


def _of_table(table: Table, driver: Any) -> Iterator[str]:
    keys = list(table.primary_key.columns)
    names = [table.columns[name] for name in _NAMES if name in table.columns and not table.columns[name].primary_key]
    columns = list(table.columns)
    readers = [_reader(column) for column in columns]
    places = [columns.index(column) for column in (*keys, *names[:1])]
    left = dict.fromkeys(columns, MOST_NAMED)
    quote = db.engine.dialect.identifier_preparer.quote
    listed = ", ".join(quote(column.name) for column in columns)
    for row in driver.execute(f"SELECT {listed} FROM {quote(table.name)}"):  # noqa: S608 (our own names)
        for column, read, value in zip(columns, readers, row, strict=True):
            if value is None or _is_read(read, value) or left[column] == 0:
                continue
            left[column] -= 1
            key = ":".join(_shown(row[place]) for place in places[: len(keys)])
            called = f" ({_shown(row[places[-1]])})" if names else ""
            yield f"{table.name} {key}{called}: {column.name} cannot be read: {_shown(value)[:40]!r}"


def _reader(column: Column[Any]) -> Callable[[Any], None]:
    """Give what reads a value of a column as it lies in the file, and fails where nobody could."""
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    process = column.type.dialect_impl(db.engine.dialect).result_processor(db.engine.dialect, None)
    python = kind.python_type
    if python in (int, bool, float, bytes):
        wanted: Any = (int, float) if python is float else int if python is bool else python

        def as_it_is(value: Any) -> None:
            if not isinstance(value, wanted) or isinstance(value, _Text):
                raise TypeError
            if python is bool and value not in (0, 1):
                raise ValueError

        return as_it_is

    def as_text(value: Any) -> None:
        if not isinstance(value, _Text):
            raise TypeError
        words = value.decode()
        if process is not None:
            process(words)

    return as_text


def _is_read(read: Callable[[Any], None], value: Any) -> bool:
    try:
        read(value)
    except (ValueError, LookupError, TypeError):
        return False
    return True


def _shown(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# --- PostgreSQL -----------------------------------------------------------------------------------------------


def _of_postgresql() -> Iterator[str]:
    """Find what PostgreSQL itself takes: words that are in no list, instants and days that Python cannot hold."""
    for table in Base.metadata.sorted_tables:
        keys = [cast(column, String) for column in table.primary_key.columns]
        spoilt = {column: rule for column in table.columns if (rule := _spoilt_on_postgresql(column)) is not None}
        if not spoilt:
            continue
        shown = [case((rule, cast(column, String))) for column, rule in spoilt.items()]
        query = select(*keys, *shown).where(or_(*spoilt.values())).limit(MOST_NAMED)
        for row in db.session.execute(query):
            for column, value in zip(spoilt, row[len(keys) :], strict=True):
                if value is not None:
                    yield f"{table.name} {':'.join(row[: len(keys)])}: {column.name} cannot be read: {value!r}"


def _spoilt_on_postgresql(column: Column[Any]) -> ColumnElement[bool] | None:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, (DateTime, Date)):
        return or_(column < text("'0001-01-02'"), column >= text("'9999-12-31'"))
    if isinstance(kind, Enum):
        return type_coerce(column, NullType()).not_in([str(word) for word in kind.enums])
    return None
