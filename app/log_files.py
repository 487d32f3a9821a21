"""The files of the log that are published under ``/so-minh-bach/``, by their names there.

Names and forms are those of C2SP tlog-tiles and tlog-checkpoint. Of the records themselves (``tile/entries``) only the
hashes are published: many of them are no business of the public. Whoever may read one finds it in its proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from app.config import ROOT
from kernel import proof
from kernel.proof import TILE, NoSuchTree, Tree

VERIFIER = ROOT / "tools" / "verify_log.py"
KEY, CHECKPOINT, DAYS, VERIFIER_NAME = "khoa.txt", "checkpoint", "checkpoints.txt", "verify.py"
_TILE = re.compile(
    r"(?P<level>[0-9]|[1-5][0-9])/(?P<number>(?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


def key_line() -> str:
    """Give the public key of the log as one line."""
    return str(proof.signer().verifying_key(proof.origin())) + "\n"


@dataclass(frozen=True)
class TileName:
    """A tile, or the beginning of one, as it is named in addresses: ``0/x001/234``, ``1/000.p/12``."""

    level: int
    number: int
    width: int = TILE

    @classmethod
    def read(cls, name: str) -> TileName | None:
        """Read a name; None when it is none."""
        found = _TILE.fullmatch(name)
        if found is None:
            return None
        number = int(found["number"].replace("x", "").replace("/", ""))
        read = cls(int(found["level"]), number, int(found["width"] or TILE))
        return read if str(read) == name else None  # one tile has one name

    def __str__(self) -> str:
        digits = f"{self.number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        return f"{self.level}/{path}" + (f".p/{self.width}" if self.width < TILE else "")

    @property
    def is_full(self) -> bool:
        """Tell whether it never changes any more."""
        return self.width == TILE


def tile(name: TileName) -> bytes:
    """Give a tile of the signed tree.

    :raises NoSuchTree: if it has no such tile
    """
    latest = proof.latest_checkpoint()
    data = None if latest is None else Tree(latest.size).tile(name.level, name.number, name.width)
    if data is None:
        raise NoSuchTree()
    return data


def tile_names(size: int) -> Iterator[TileName]:
    """List the tiles of a tree of ``size`` leaves, from the bottom up."""
    level, hashes = 0, size
    while hashes:
        for number in range(hashes // TILE):
            yield TileName(level, number)
        if hashes % TILE:
            yield TileName(level, hashes // TILE, hashes % TILE)
        level, hashes = level + 1, hashes // TILE


def dated(day: date) -> str:
    """Name the file of a day's checkpoint."""
    return f"checkpoints/{day.isoformat()}.txt"


def days() -> str:
    """List the days that have a checkpoint, the newest first, one a line."""
    return "".join(f"{row.day.isoformat()}\n" for row in proof.checkpoints())


def write_all(folder: Path) -> int:
    """Write what is published into a folder; what never changes and is there already stays. Gives how many files."""
    latest = proof.latest_checkpoint()
    if latest is None:
        return 0
    written = 0

    def put(name: str, read: Callable[[], bytes], *, stays: bool = False) -> None:
        nonlocal written
        path = folder / name
        if stays and path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read())
        written += 1

    for name in tile_names(latest.size):
        put(f"tile/{name}", partial(tile, name), stays=name.is_full)
    for row in proof.checkpoints():
        put(dated(row.day), row.text.encode, stays=True)
    put(DAYS, days().encode)
    put(KEY, key_line().encode)
    put(VERIFIER_NAME, VERIFIER.read_bytes)
    put(CHECKPOINT, latest.text.encode)  # last: it never signs tiles that are not there yet
    return written
