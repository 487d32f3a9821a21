"""The log that shows afterwards that nothing was changed: a Merkle tree (RFC 6962) over the records of other subjects.

A record is written down in the transaction of its cause, without a position (:func:`append`): busy writers do not
wait for one another. Within a minute a worker numbers what was committed (:func:`sequence`), and once a day the tree
is signed (:func:`make_checkpoint`). The log holds hashes; what a record says is read again from its own rows by the
:class:`Source` of its kind. See ``docs/adr/0012-log-of-proof.md``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, Select, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel import merkle, pages
from kernel.canonical import canonical
from kernel.checkpoints import Signer
from kernel.clock import business_date
from kernel.db import db, for_update, on_sqlite
from kernel.errors import N_, NotFound
from kernel.log_models import LogCheckpoint, LogHead, LogLeaf, LogTile, LogWaiting

TILE = 256  #: hashes in a tile: C2SP tlog-tiles
_TILE_BITS = 8
#: So many records are numbered in one transaction.
A_STEP = 5_000


class NotInTheLog(NotFound):
    message = N_("This record is not in the signed log yet. The log is signed every day.")


class NoCheckpoint(NotFound):
    message = N_("The log was not signed on this day.")


class NoSuchTree(NotFound):
    message = N_("The log never had this size.")


class NoSigningKey(Exception):
    """The application was configured without a key to sign the log with."""


class TreeWasRewritten(Exception):
    """The tree no longer begins with what was signed before: nothing more is signed until somebody has looked."""


class RacedForPositions(Exception):
    """Somebody else gave out the same positions: cannot happen while the head is locked."""


# --- What goes in ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """How the records of one kind are read again from the database."""

    #: gives the canonical bytes of records by their references, as they were appended; those that are gone are left out
    contents: Callable[[Sequence[str]], dict[str, bytes]]
    #: selects the references of all records of the kind (one column), the oldest first
    references: Callable[[], Select[str]]
    #: tells which of some references name a record that everybody may read
    published: Callable[[Sequence[str]], set[str]]


#: The sources by kind, in the order in which old rows are brought in. A record that is to be written in another form
#: from now on gets a new kind: what stands in the log must stay readable in the form it had.
SOURCES: dict[str, Source] = {}

#: What the verification asks besides: whether rows that repeat what a record says still say the same. Each gives a
#: sentence for every difference, for the office's console.
CHECKS: list[Callable[[], Iterable[str]]] = []
#: Of what is all alike (records that are not in the log) so many are named.
MOST_NAMED = 20


def append(kind: str, reference: str, content: bytes, *, now: datetime) -> None:
    """Write a record down in the caller's transaction. It gets its position soon after that has committed.

    :param kind: one of ``SOURCES``
    :param reference: names the record among its kind, for good
    :param content: its canonical bytes
    """
    append_many(kind, [(reference, content)], now=now)


def append_many(kind: str, records: Iterable[tuple[str, bytes]], *, now: datetime) -> None:
    """Write many records down at once, in the order given."""
    rows = _waiting_rows(kind, records, now)
    if rows:
        db.session.execute(insert(LogWaiting), rows)


def blinder() -> Callable[[object], str]:
    """Give what stands in for values that a public record must not tell, though a change of them is to be noticed.

    It makes a keyed digest: without the database nobody can find the value by trying all there are.
    """
    secret = db.session.scalar(select(LogHead.secret))
    if secret is None:
        raise LookupError("the log has no head")

    def blind(value: object) -> str:
        return hmac.new(secret, canonical(value), hashlib.sha256).hexdigest()

    return blind


def missing(kind: str) -> Select[str]:
    """Select the references of a kind that are neither in the log nor wait for it."""
    found = SOURCES[kind].references()
    reference = next(iter(found.selected_columns))
    return found.where(
        ~exists().where(LogLeaf.kind == kind, LogLeaf.reference == reference),
        ~exists().where(LogWaiting.kind == kind, LogWaiting.reference == reference),
    )


def bring_in_missing(*, most: int = 500, now: datetime) -> int:
    """Write down records that were there before the log was, or by another way; gives how many. Safe to run twice."""
    add = sqlite.insert if on_sqlite() else postgresql.insert
    for kind, source in SOURCES.items():
        references = list(db.session.scalars(missing(kind).limit(most)))
        if not references:
            continue
        contents = source.contents(references)
        rows = _waiting_rows(kind, [(one, contents[one]) for one in references], now)
        db.session.execute(add(LogWaiting).on_conflict_do_nothing(), rows)
        return len(references)
    return 0


def _waiting_rows(kind: str, records: Iterable[tuple[str, bytes]], now: datetime) -> list[dict[str, object]]:
    if kind not in SOURCES:
        raise LookupError(f"nobody reads records of the kind {kind!r} again")
    return [
        {"kind": kind, "reference": reference, "leaf_hash": merkle.leaf_hash(content), "appended_at": now}
        for reference, content in records
    ]


# --- Positions ------------------------------------------------------------------------------------------


def sequence(*, most: int = A_STEP) -> int:
    """Give the committed records that wait the next positions, in the order they were written; gives how many.

    The head is locked, so that sequencers follow one another; those who append wait for nobody. What commits only
    now is not seen now, and gets a later position the next time.
    """
    head = db.session.scalars(for_update(select(LogHead))).one()
    found = db.session.execute(
        select(LogWaiting, exists().where(LogLeaf.kind == LogWaiting.kind, LogLeaf.reference == LogWaiting.reference))
        .order_by(LogWaiting.id)
        .limit(most)
    ).all()
    if not found:
        return 0
    # Two who bring in the same old rows at once may write one down a second time after the first has its position.
    new = [waiting for waiting, is_there in found if not is_there]
    if new:
        _claim(head, len(new))
        db.session.execute(
            insert(LogLeaf),
            [
                {
                    "position": position,
                    "kind": waiting.kind,
                    "reference": waiting.reference,
                    "leaf_hash": waiting.leaf_hash,
                    "appended_at": waiting.appended_at,
                }
                for position, waiting in enumerate(new, start=head.size)
            ],
        )
        _lay_tiles(head.size, head.size + len(new))
    # By their ids: "up to the last one" would take a record along that committed in between.
    db.session.execute(
        delete(LogWaiting)
        .where(LogWaiting.id.in_([waiting.id for waiting, _ in found]))
        .execution_options(synchronize_session=False)
    )
    db.session.expire(head)
    return len(found)


def _claim(head: LogHead, count: int) -> None:
    claimed = db.session.execute(
        update(LogHead)
        .where(LogHead.id == head.id, LogHead.size == head.size)
        .values(size=LogHead.size + count)
        .returning(LogHead.size)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if claimed is None:
        raise RacedForPositions


def _lay_tiles(old: int, new: int) -> None:
    """Write the tiles that became full when the tree grew from ``old`` to ``new`` leaves, from the bottom up."""
    level = 0
    while old >> _TILE_BITS < new >> _TILE_BITS:
        old, new = old >> _TILE_BITS, new >> _TILE_BITS
        hashes = _hashes(level, old * TILE, new * TILE)
        rows = []
        for number in range(old, new):
            own = hashes[(number - old) * TILE : (number - old + 1) * TILE]
            rows.append({"level": level, "number": number, "hashes": b"".join(own), "root": merkle.complete_root(own)})
        db.session.execute(insert(LogTile), rows)
        level += 1


def _hashes(level: int, begin: int, end: int) -> list[bytes]:
    """Read hashes of one height of tiles: leaves at the bottom, above them the roots of the tiles below."""
    if level == 0:
        query = select(LogLeaf.leaf_hash).where(LogLeaf.position >= begin, LogLeaf.position < end)
        return list(db.session.scalars(query.order_by(LogLeaf.position)))
    query = select(LogTile.root).where(LogTile.level == level - 1, LogTile.number >= begin, LogTile.number < end)
    return list(db.session.scalars(query.order_by(LogTile.number)))


# --- The tree -------------------------------------------------------------------------------------------


class Tree:
    """The first ``size`` leaves as a tree: reads two tiles a height at most, and keeps what it has read."""

    def __init__(self, size: int) -> None:
        """Stand for the tree of ``size`` leaves (no more than the log has)."""
        self.size = size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int | None = None) -> bytes:
        """Give the root, of the whole tree or of its beginning."""
        return merkle.root(self.size if size is None else size, self._subtree)

    def inclusion_proof(self, position: int) -> list[bytes]:
        """List the hashes that lead from a leaf to the root."""
        return merkle.inclusion_proof(position, self.size, self._subtree)

    def consistency_proof(self, first: int) -> list[bytes]:
        """List the hashes that show that the tree begins with that of ``first`` leaves."""
        return merkle.consistency_proof(first, self.size, self._subtree)

    def tile(self, level: int, number: int, width: int = TILE) -> bytes | None:
        """Give a tile, or the beginning of one, as C2SP tlog-tiles publishes it; None when the tree is too small."""
        if level < 0 or number < 0 or not 0 < width <= TILE:
            return None
        if number * TILE + width > self.size >> (_TILE_BITS * level):
            return None
        return b"".join(self._tile(level, number)[:width])

    def _subtree(self, level: int, index: int) -> bytes:
        height, above = divmod(level, _TILE_BITS)
        first = index << above
        begin = first % TILE
        return merkle.complete_root(self._tile(height, first // TILE)[begin : begin + (1 << above)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        key = (level, number)
        if key not in self._tiles:
            begin = number * TILE
            if begin + TILE <= self.size >> (_TILE_BITS * level):
                data = db.session.scalars(
                    select(LogTile.hashes).where(LogTile.level == level, LogTile.number == number)
                ).one()
                self._tiles[key] = [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]
            else:
                self._tiles[key] = _hashes(level, begin, begin + TILE)
        return self._tiles[key]


def size() -> int:
    """Tell how many records have a position."""
    return int(db.session.scalar(select(LogHead.size)) or 0)


# --- Checkpoints ----------------------------------------------------------------------------------------

_signer: Signer | None = None
_origin = ""


def configure(seed: bytes | None, origin: str) -> None:
    """Say by which key the log is signed, and what a log without a checkpoint is to be called.

    :param origin: host and path, without a scheme; once there is a checkpoint, the log keeps the name it has there
    """
    global _signer, _origin
    _signer = Signer(seed) if seed is not None else None
    _origin = origin


def signer() -> Signer:
    """Give the key.

    :raises NoSigningKey: if there is none
    """
    if _signer is None:
        raise NoSigningKey("LOG_SIGNING_KEY is not set")
    return _signer


def origin() -> str:
    """Give the name of the log: the one its checkpoints carry."""
    latest = latest_checkpoint()
    return latest.text.split("\n", 1)[0] if latest is not None else _origin


def make_checkpoint(*, now: datetime) -> LogCheckpoint | None:
    """Sign the tree as it stands, once a day of Viet Nam; None when the day has its checkpoint, or the log is empty.

    :raises TreeWasRewritten: if the tree does not begin with what was signed before
    """
    head = db.session.scalars(for_update(select(LogHead))).one()
    day = business_date(now)
    latest = latest_checkpoint()
    if head.size == 0 or (latest is not None and latest.day >= day):
        return None
    tree = Tree(head.size)
    if latest is not None and (latest.size > head.size or tree.root(latest.size) != latest.root):
        raise TreeWasRewritten(f"the checkpoint of {latest.day} does not belong to this tree")
    root = tree.root()
    text = signer().checkpoint(origin(), head.size, root)
    made = LogCheckpoint(day=day, size=head.size, root=root, text=text, made_at=now)
    db.session.add(made)
    db.session.flush()
    pages.bump(pages.LOG)
    return made


def latest_checkpoint() -> LogCheckpoint | None:
    """Give the newest checkpoint, if there is one."""
    return db.session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.day.desc()).limit(1)).one_or_none()


def get_checkpoint(day: date) -> LogCheckpoint:
    """Give the checkpoint of a day.

    :raises NoCheckpoint:
    """
    found = db.session.get(LogCheckpoint, day)
    if found is None:
        raise NoCheckpoint()
    return found


def checkpoints() -> list[LogCheckpoint]:
    """List all checkpoints, the newest first."""
    return list(db.session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.day.desc())))


def signed_on() -> ScalarSelect[date]:
    """Give, in SQL beside a leaf, the day of the first checkpoint that covers it; NULL when none does yet."""
    return (
        select(func.min(LogCheckpoint.day))
        .where(LogCheckpoint.size > LogLeaf.position)
        .correlate(LogLeaf)
        .scalar_subquery()
    )


# --- Proofs to take away --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """That a record stands at a position of the tree that a checkpoint signs."""

    position: int
    kind: str
    reference: str
    leaf_hash: bytes
    path: tuple[bytes, ...]
    content: bytes | None  #: the record as its rows say now; None when it is not for everybody, or is gone


def prove(positions: Iterable[int]) -> tuple[LogCheckpoint, list[Proof]]:
    """Prove that records stand in the tree of the newest checkpoint.

    :raises NotInTheLog: if there is no checkpoint, or a position is beyond it
    """
    wanted = sorted(set(positions))
    checkpoint = latest_checkpoint()
    if checkpoint is None or not wanted or wanted[0] < 0 or wanted[-1] >= checkpoint.size:
        raise NotInTheLog()
    tree = Tree(checkpoint.size)
    leaves = db.session.scalars(select(LogLeaf).where(LogLeaf.position.in_(wanted)).order_by(LogLeaf.position)).all()
    contents = _published_contents(leaves)
    return checkpoint, [
        Proof(
            position=leaf.position,
            kind=leaf.kind,
            reference=leaf.reference,
            leaf_hash=leaf.leaf_hash,
            path=tuple(tree.inclusion_proof(leaf.position)),
            content=contents.get((leaf.kind, leaf.reference)),
        )
        for leaf in leaves
    ]


def prove_growth(first: int, second: int) -> list[bytes]:
    """Prove that the tree of ``second`` leaves begins with that of ``first``: nothing before was changed.

    :raises NoSuchTree: if the signed log never had these sizes
    """
    latest = latest_checkpoint()
    if latest is None or not 0 < first <= second <= latest.size:
        raise NoSuchTree()
    return Tree(second).consistency_proof(first)


def _published_contents(leaves: Sequence[LogLeaf]) -> dict[tuple[str, str], bytes]:
    found: dict[tuple[str, str], bytes] = {}
    for kind, source in SOURCES.items():
        references = [leaf.reference for leaf in leaves if leaf.kind == kind]
        shown = sorted(source.published(references)) if references else []
        if shown:
            found.update({(kind, reference): content for reference, content in source.contents(shown).items()})
    return found
