"""Rendered copies of public pages: which revisions a page depends on, and the copies a process keeps.

A public page is a function of (address, language, revision). What changes a page bumps a key in the same
transaction; a copy is handed out only while the revisions it was made from still stand and Viet Nam's
midnight has not passed (certificates lapse and goods expire by the day). Copies hold nothing personal.

Keys in use: ``shop`` (anything lists show: publication, price, certificate, availability, sales points),
``product:<id>``, ``organisation:<id>``, ``lot:<id>``, ``texts``, ``log`` (a checkpoint was signed).
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, String, bindparam, column, event, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from kernel.db import db, on_sqlite
from kernel.models import PageRevision

SHOP = "shop"
TEXTS = "texts"
LOG = "log"


def product(product_id: int) -> str:
    """Name the key of a product's pages."""
    return f"product:{product_id}"


def organisation(organisation_id: int) -> str:
    """Name the key of an organisation's pages."""
    return f"organisation:{organisation_id}"


def lot(lot_id: int) -> str:
    """Name the key of a lot: its batch page, and those of all batches made from it."""
    return f"lot:{lot_id}"


def bump(*keys: str) -> None:
    """Say that what these keys stand for changes with the caller's transaction.

    Written in one ordered statement just before the commit, so that two transactions never wait for each
    other's keys crosswise and a busy key is locked as briefly as can be.
    """
    db.session().info.setdefault("bumps", set()).update(keys)


@event.listens_for(Session, "before_commit")
def _write_bumps(session: Session) -> None:
    if session.in_nested_transaction():
        return
    keys = session.info.pop("bumps", None)
    if not keys:
        return
    ordered = sorted(keys)
    if on_sqlite():
        session.execute(_BUMP_ON_SQLITE, {"keys": json.dumps(ordered)})
    else:
        session.execute(_BUMP_ON_POSTGRESQL, {"keys": ordered})


def _bumping(insert: Callable[..., Any], rows: Any) -> Any:
    table: Any = PageRevision.__table__
    ordered = select(rows.c.value, literal(1)).where(rows.c.value.is_not(None)).order_by(rows.c.value)
    statement = insert(table).from_select(["key", "number"], ordered)
    return statement.on_conflict_do_update(index_elements=["key"], set_={"number": table.c.number + 1})


_BUMP_ON_SQLITE = _bumping(
    sqlite.insert, func.json_each(bindparam("keys", type_=String)).table_valued(column("value", String))
)
_BUMP_ON_POSTGRESQL = _bumping(
    postgresql.insert,
    select(func.unnest(bindparam("keys", type_=ARRAY(String))).label("value")).subquery(),
)


@event.listens_for(Session, "after_soft_rollback")
def _drop_bumps(session: Session, previous_transaction: Any) -> None:
    if not session.in_transaction():
        session.info.pop("bumps", None)


def revision(keys: tuple[str, ...]) -> int:
    """Sum the revisions of ``keys``: it grows whenever any of them changes."""
    return int(db.session.scalar(_REVISION, {"keys": list(keys)}) or 0)


_REVISION = select(func.coalesce(func.sum(PageRevision.number), 0)).where(
    PageRevision.key.in_(bindparam("keys", expanding=True))
)


_dependencies: contextvars.ContextVar[set[str] | None] = contextvars.ContextVar("dependencies", default=None)


@contextlib.contextmanager
def collecting() -> Iterator[set[str]]:
    """Collect what is said by :func:`depends_on` while the block runs. Edges use it."""
    keys: set[str] = set()
    token = _dependencies.set(keys)
    try:
        yield keys
    finally:
        _dependencies.reset(token)


def depends_on(*keys: str) -> None:
    """Say that the page being made shows what these keys stand for, and may be kept as a copy.

    A public view that never says so is rendered anew each time.
    """
    collected = _dependencies.get()
    if collected is not None:
        collected.update(keys)


@dataclass(frozen=True)
class Copy:
    """A page as it is sent: its bytes, with the headers that all content encodings share."""

    keys: tuple[str, ...]
    revision: int
    fresh_until: datetime
    etag: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    _packed: dict[str, bytes] = field(default_factory=dict)

    def packed(self, encoding: str, pack: Callable[[bytes], bytes]) -> bytes:
        """Give the body in a content encoding, packed for the first who asks for it."""
        found = self._packed.get(encoding)
        if found is None:
            found = self._packed[encoding] = pack(self.body)
        return found


class Copies:
    """The copies of one process: the least recently used goes first. Safe for threads."""

    def __init__(self, most_bytes: int = 64 * 2**20) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._copies: OrderedDict[tuple[str, str], Copy] = OrderedDict()

    def get(self, address: str, language: str) -> Copy | None:
        """Give the copy of an address in a language, whether or not it still stands."""
        with self._lock:
            copy = self._copies.get((address, language))
            if copy is not None:
                self._copies.move_to_end((address, language))
            return copy

    def put(self, address: str, language: str, copy: Copy) -> None:
        """Keep a copy in place of the one before."""
        with self._lock:
            self._drop((address, language))
            self._copies[(address, language)] = copy
            self._bytes += _size(copy)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._copies)))

    def clear(self) -> None:
        """Forget all copies."""
        with self._lock:
            self._copies.clear()
            self._bytes = 0

    def _drop(self, key: tuple[str, str]) -> None:
        gone = self._copies.pop(key, None)
        if gone is not None:
            self._bytes -= _size(gone)


def _size(copy: Copy) -> int:
    return 1024 + 2 * len(copy.body)  # packed twice over it is shorter than once as it is
