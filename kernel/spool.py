"""Lines that a process writes down in passing, and a worker takes in later: nothing waits for the database.

Every process appends to a segment of its own. A worker closes a segment by giving it another name, under a lock
that the writer holds for the moment of writing: so nothing is written behind its back, and a process that is killed
leaves a segment that is whole. What is taken in is the taker's to remember, by the segment's id; a segment that is
seen twice is then known.

A line is one ``write``: it is kept when the process is killed. It is forced to the disk within a second, so a power
failure costs at most that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPEN, CLOSED = ".open", ".closed"
FORCED_AFTER = 1.0  #: seconds, after the first line that is not on the disk yet
_TRIES = 5


class Spool:
    """What one process writes to. Safe for threads, and for processes that are forked from this one."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which appears with the first line."""
        self._folder = folder
        self._begin()

    def append(self, line: str) -> None:
        """Write a line down.

        :raises OSError: when the disk will not have it; lines before it are safe
        """
        if self._pid != os.getpid():
            self._begin()  # forked: the segment, and the lock, are the parent's
        data = line.encode() + b"\n"
        with self._lock:
            for _ in range(_TRIES):
                if self._handle is not None and self._wrote(self._handle, data):
                    self._force_soon()
                    return
                self._open()
        raise OSError(f"segments in {self._folder} are closed faster than they can be written")

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._path = self._folder
        self._force_is_due = False

    def _open(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = self._folder / (uuid.uuid4().hex + OPEN)
        self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)

    def _wrote(self, handle: int, data: bytes) -> bool:
        """Write to the segment; False when it was closed, or is gone."""
        fcntl.flock(handle, fcntl.LOCK_SH)
        try:
            try:
                if os.stat(self._path).st_ino != os.fstat(handle).st_ino:
                    return False
            except FileNotFoundError:
                return False
            if os.write(handle, data) == len(data):
                return True
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
        self._open()  # half a line is left behind in the old segment, and spoils no other
        raise OSError("the disk is full")

    def _force_soon(self) -> None:
        if self._force_is_due:
            return
        self._force_is_due = True
        timer = threading.Timer(FORCED_AFTER, self._force)
        timer.daemon = True
        timer.start()

    def _force(self) -> None:
        with self._lock:
            self._force_is_due = False
            handle = os.dup(self._handle) if self._handle is not None else None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.fdatasync(handle)
            os.close(handle)


@dataclass(frozen=True)
class Segment:
    """A closed part of the spool."""

    id: str  #: 32 hexadecimal digits, never used again
    path: Path

    def lines(self) -> Iterator[str]:
        """Read its lines; one without its end, cut off by a power failure, is left out."""
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        yield from whole.decode(errors="replace").splitlines()

    def drop(self) -> None:
        """Remove it; that it is gone already is no matter."""
        self.path.unlink(missing_ok=True)


def close_segments(folder: Path) -> list[Segment]:
    """Close what has been written so far and list all closed segments, those of an earlier time included.

    A segment that is being written to at this moment is left for the next time.
    """
    if not folder.is_dir():
        return []
    for path in folder.glob("*" + OPEN):
        _close(path)
    return [Segment(path.stem, path) for path in sorted(folder.glob("*" + CLOSED))]


def _close(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # another worker was first
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_size:
            os.fsync(handle)
            path.rename(path.with_suffix(CLOSED))
        else:
            path.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return
    finally:
        os.close(handle)
