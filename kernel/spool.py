"""Lines that a process writes down in passing, and a worker takes in later: nothing waits for the database.

Every process appends to a segment of its own, and holds its lock as long as it writes to it: some seconds, then it
begins another one. A worker takes the segments whose lock nobody holds, so nothing is written behind its back, and a
process that is killed leaves a segment that can be taken at once. What was taken in is the taker's to remember, by the
segment's id; a segment that is seen twice is then known.

A line is one ``write`` and nothing else: it is kept when the process is killed. It is forced to the disk within a
second or so, so a power failure costs at most that.
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

SUFFIX = ".lines"
FORCED_EVERY = 1.0  #: seconds
CLOSED_AFTER = 8  #: times it was forced


class Spool:
    """What one process writes to. Safe for threads, and for processes that are forked from this one."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which appears with the first line."""
        self._folder = folder
        self._handle: int | None = None
        self._begin()

    def append(self, line: str) -> None:
        """Write a line down.

        :raises OSError: when the disk will not have it; lines before it are safe
        """
        if self._pid != os.getpid():
            self._begin()  # forked: the segment, and the lock, are the parent's
        data = line.encode() + b"\n"
        with self._lock:
            handle = self._open() if self._handle is None else self._handle
            if os.write(handle, data) != len(data):
                self._close()  # half a line is left behind, and spoils no other
                raise OSError("the disk is full")

    def close(self) -> None:
        """Let a worker have what was written so far; the next line begins another segment."""
        with self._lock:
            self._close()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        if self._handle is not None:
            os.close(self._handle)  # a copy: the parent's own stays open, and locked
            self._handle = None

    def _open(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        # It is locked before it has the name that a worker looks for.
        hidden = self._folder / f".{uuid.uuid4().hex}"
        handle = os.open(hidden, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        hidden.rename(self._folder / (hidden.name[1:] + SUFFIX))
        self._handle = handle
        self._force_later(handle, 1)
        return handle

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _force_later(self, handle: int, times: int) -> None:
        timer = threading.Timer(FORCED_EVERY, self._force, (handle, times))
        timer.daemon = True
        timer.start()

    def _force(self, handle: int, times: int) -> None:
        """Force a segment to the disk again and again, and close it after some times: an idle process keeps none."""
        with self._lock:
            if self._handle != handle:
                return
            copy = os.dup(handle)
        with contextlib.suppress(OSError):
            os.fdatasync(copy)
        os.close(copy)
        with self._lock:
            if self._handle == handle:
                if times < CLOSED_AFTER:
                    self._force_later(handle, times + 1)
                else:
                    self._close()


@dataclass(frozen=True)
class Segment:
    """A part of the spool to which nobody writes any more."""

    id: str  #: 32 hexadecimal digits, never used again
    path: Path

    def lines(self) -> Iterator[str]:
        """Read its lines; one without its end, cut off by a power failure, is left out."""
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        yield from whole.decode(errors="replace").splitlines()

    def drop(self) -> None:
        """Remove it; that it is gone already is no matter."""
        self.path.unlink(missing_ok=True)


def segments(folder: Path) -> list[Segment]:
    """List the segments to which nobody writes any more."""
    if not folder.is_dir():
        return []
    return [Segment(path.stem, path) for path in sorted(folder.glob("*" + SUFFIX)) if _is_left(path)]


def _is_left(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # another worker dropped it
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        os.fsync(handle)
        return True
    finally:
        os.close(handle)
