"""The log of proof against the database: records are read, hashes made, signatures tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import func, select

from kernel import checkpoints, merkle, proof
from kernel.checkpoints import Malformed, VerifyingKey
from kernel.clock import business_date
from kernel.db import db
from kernel.log_models import LogCheckpoint, LogHead, LogLeaf, LogTile, LogWaiting
from kernel.readable import unreadable

A_CHUNK = 1_000


@dataclass
class Findings:
    """What a verification looked at, and what it found wrong."""

    leaves: int = 0
    waiting: int = 0
    tiles: int = 0
    checkpoints: int = 0
    differences: list[str] = field(default_factory=list)  #: a sentence each, for the office's console


def verify(*, former_keys: Sequence[VerifyingKey] = ()) -> Findings:
    """Compare the log with the records it stands for, with its own tree and with what was signed.

    :param former_keys: keys that the log was signed by before the present one
    """
    found = Findings()
    found.differences.extend(unreadable())
    if found.differences:  # whoever reads such a row fails
        found.differences.append("nothing else was compared: have these values mended first")
        return found
    signed = {row.day: row for row in db.session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.day))}
    _check_signatures(found, list(signed.values()), former_keys)
    _check_leaves(found, sorted(signed.values(), key=lambda row: (row.size, row.day)))
    _check_waiting(found)
    _check_nothing_is_left_out(found)
    for check in proof.CHECKS:
        found.differences.extend(check())
    return found


# --- Leaves and the tree over them ------------------------------------------------------------------------


def _check_leaves(found: Findings, signed: list[LogCheckpoint]) -> None:
    rebuilt = _Rebuilt(found)
    due = list(signed)
    for chunk in _chunks():
        _check_contents(found, [(f"position {leaf.position}", leaf) for leaf in chunk])
        for leaf in chunk:
            if leaf.position != rebuilt.size:
                found.differences.append(f"position {rebuilt.size} is missing: the next one is {leaf.position}")
                return
            if due and leaf.appended_at > due[0].made_at:
                found.differences.append(
                    f"position {leaf.position}: it was written down after the checkpoint of {due[0].day} signed it"
                )
            rebuilt.add(leaf.leaf_hash)
            while due and due[0].size == rebuilt.size:
                _check_root(found, due.pop(0), rebuilt.root())
        found.leaves += len(chunk)
        db.session.expire_all()
    found.differences.extend(
        f"checkpoint of {row.day}: it signs {row.size} records, the log has {rebuilt.size}" for row in due
    )
    head = db.session.scalar(select(LogHead.size))
    if head != rebuilt.size:
        found.differences.append(f"the head says {head} records, the log has {rebuilt.size}")
    tiles = db.session.scalar(select(func.count()).select_from(LogTile)) or 0
    if tiles != found.tiles:
        found.differences.append(f"there are {tiles} tiles, the log has {found.tiles} full ones")


def _chunks() -> Iterator[Sequence[LogLeaf]]:
    after = -1
    while chunk := db.session.scalars(
        select(LogLeaf).where(LogLeaf.position > after).order_by(LogLeaf.position).limit(A_CHUNK)
    ).all():
        after = chunk[-1].position
        yield chunk


def _check_root(found: Findings, row: LogCheckpoint, root: bytes) -> None:
    if row.root != root:
        found.differences.append(f"checkpoint of {row.day}: the tree of {row.size} records has another root now")


class _Rebuilt:
    """The tree, built again leaf by leaf; each tile that becomes full is compared with the stored one."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._whole = merkle.Frontier()
        self._open: list[list[bytes]] = []  #: the hashes of the tile that is being filled, by level
        self._full: list[int] = []  #: full tiles, by level

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._whole.size

    def root(self) -> bytes:
        """Give its root."""
        return self._whole.root()

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self._whole.add(leaf)
        level, value = 0, leaf
        while True:
            if level == len(self._open):
                self._open.append([])
                self._full.append(0)
            self._open[level].append(value)
            if len(self._open[level]) < proof.TILE:
                return
            value = self._compare(level, self._full[level], self._open[level])
            self._full[level] += 1
            self._open[level] = []
            level += 1

    def _compare(self, level: int, number: int, hashes: list[bytes]) -> bytes:
        root = merkle.complete_root(hashes)
        self._found.tiles += 1
        tile = db.session.get(LogTile, (level, number))
        if tile is None or tile.hashes != b"".join(hashes) or tile.root != root:
            what = "is missing" if tile is None else "has other hashes than the records"
            self._found.differences.append(f"tile {level}/{number} {what}")
        return root


# --- Records ----------------------------------------------------------------------------------------------


def _check_contents(found: Findings, rows: Sequence[tuple[str, LogLeaf | LogWaiting]]) -> None:
    """Read the records of some rows again, kind by kind, and name those that are gone or say something else."""
    contents: dict[tuple[str, str], bytes] = {}
    for kind in {row.kind for _, row in rows}:
        if kind not in proof.SOURCES:
            strange = [f"{row.reference} ({where})" for where, row in rows if row.kind == kind]
            found.differences.append(f"nobody reads records of the kind {kind!r} again: {', '.join(strange[:3])}")
            continue
        references = [row.reference for _, row in rows if row.kind == kind]
        contents.update({(kind, reference): content for reference, content in _read(found, kind, references).items()})
    for where, row in rows:
        content = contents.get((row.kind, row.reference))
        if content is None and row.kind in proof.SOURCES:
            found.differences.append(f"{row.kind} {row.reference}: the record is gone ({where})")
        elif content is not None and merkle.leaf_hash(content) != row.leaf_hash:
            found.differences.append(f"{row.kind} {row.reference}: the record was changed ({where})")


def _read(found: Findings, kind: str, references: Sequence[str]) -> dict[str, bytes]:
    read: Callable[[Sequence[str]], dict[str, bytes]] = proof.SOURCES[kind].contents
    try:
        return read(references)
    except (ValueError, LookupError):  # a value that cannot be one: find out whose
        if len(references) == 1:
            return {references[0]: b""}
        middle = len(references) // 2
        return _read(found, kind, references[:middle]) | _read(found, kind, references[middle:])


def _check_waiting(found: Findings) -> None:
    after = 0
    while chunk := db.session.scalars(
        select(LogWaiting).where(LogWaiting.id > after).order_by(LogWaiting.id).limit(A_CHUNK)
    ).all():
        after = chunk[-1].id
        _check_contents(found, [("waiting for its position", row) for row in chunk])
        found.waiting += len(chunk)


def _check_nothing_is_left_out(found: Findings) -> None:
    for kind in proof.SOURCES:
        references = list(db.session.scalars(proof.missing(kind).limit(proof.MOST_NAMED + 1)))
        found.differences.extend(
            f"{kind} {one}: the record is not in the log" for one in references[: proof.MOST_NAMED]
        )
        if len(references) > proof.MOST_NAMED:
            found.differences.append(f"{kind}: more records are not in the log")


# --- Checkpoints ------------------------------------------------------------------------------------------


def _check_signatures(found: Findings, rows: Sequence[LogCheckpoint], former: Sequence[VerifyingKey]) -> None:
    before, made_before = 0, datetime.min.replace(tzinfo=UTC)
    for row in rows:
        found.checkpoints += 1
        try:
            said = checkpoints.read(row.text)
        except Malformed as problem:
            found.differences.append(f"checkpoint of {row.day}: {problem}")
            continue
        if (said.size, said.root) != (row.size, row.root):
            found.differences.append(f"checkpoint of {row.day}: its text says something else than its row")
        keys = [proof.signer().verifying_key(said.origin), *former]
        if not any(key.signed(said) for key in keys):
            found.differences.append(f"checkpoint of {row.day}: the signature is not by the log's key")
        if business_date(row.made_at) != row.day:
            found.differences.append(f"checkpoint of {row.day}: it was made on {business_date(row.made_at)}")
        if row.made_at < made_before:
            found.differences.append(f"checkpoint of {row.day}: it was made before the one of an earlier day")
        made_before = row.made_at
        if row.size < before:
            found.differences.append(f"checkpoint of {row.day}: it signs fewer records than the one before")
        before = row.size
