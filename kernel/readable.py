"""Values that cannot be what their column holds: a byte was changed in the file of the database, behind its rules.

SQLite keeps instants, days, words of a list and JSON as text, so a spoilt one is noticed only by whoever reads it, with
an error that names no row. Verifications look for such values first, and name the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Column, Date, DateTime, Enum, String, Table, cast, or_, select, text, type_coerce
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
    if on_sqlite():
        yield from (
            f"the file of the database: {line}"
            for (line,) in db.session.execute(text("PRAGMA integrity_check(20)"))
            if line != "ok"
        )
    else:
        yield from _beyond_python()
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if _can_be_spoilt(column)]
        if columns:
            yield from _of_table(table, columns)


def _beyond_python() -> Iterator[str]:
    """Find instants and days that PostgreSQL can hold and Python cannot."""
    for table in Base.metadata.sorted_tables:
        keys = [cast(column, String) for column in table.primary_key.columns]
        for column in table.columns:
            kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
            if isinstance(kind, (DateTime, Date)):
                beyond = or_(column < text("'0001-01-02'"), column >= text("'9999-12-31'"))
                query = select(*keys, cast(column, String)).where(beyond).limit(MOST_NAMED)
                for *key, value in db.session.execute(query):
                    yield f"{table.name} {':'.join(key)}: {column.name} cannot be read: {value!r}"


def _can_be_spoilt(column: Column[Any]) -> bool:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    # PostgreSQL itself reads what it is given, but words of a list are plain text to it.
    return isinstance(kind, Enum) or (on_sqlite() and isinstance(kind, (DateTime, Date, JSON)))


def _of_table(table: Table, columns: list[Column[Any]]) -> Iterator[str]:
    keys = list(table.primary_key.columns)
    names = [table.columns[name] for name in _NAMES if name in table.columns and not table.columns[name].primary_key]
    readers = [_reader(column) for column in columns]
    raw = [type_coerce(column, NullType()) for column in (*keys, *names[:1], *columns)]
    left = dict.fromkeys(columns, MOST_NAMED)
    for row in db.session.execute(select(*raw).execution_options(yield_per=5_000)):
        for column, read, value in zip(columns, readers, row[-len(columns) :], strict=True):
            if value is None or left[column] == 0 or _is_read(read, value):
                continue
            left[column] -= 1
            key = ":".join(str(part) for part in row[: len(keys)])
            called = f" ({row[len(keys)]})" if names else ""
            yield f"{table.name} {key}{called}: {column.name} cannot be read: {str(value)[:40]!r}"


def _reader(column: Column[Any]) -> Callable[[Any], Any] | None:
    dialect = db.engine.dialect
    return column.type.dialect_impl(dialect).result_processor(dialect, None)


def _is_read(read: Callable[[Any], Any] | None, value: Any) -> bool:
    try:
        if read is not None:
            read(value)
    except (ValueError, LookupError, TypeError):
        return False
    return True
