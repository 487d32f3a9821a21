"""Lines written down in passing: none is lost when its writer is killed, none is behind when a segment is closed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from kernel.spool import Spool, close_segments

_fork = multiprocessing.get_context("fork")


def taken(folder: Path) -> list[str]:
    """Close, read and drop all there is."""
    lines = []
    for segment in close_segments(folder):
        lines += segment.lines()
        segment.drop()
    return lines


def test_what_was_written_is_read_in_its_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("một")
    spool.append("hai")

    assert taken(tmp_path / "spool") == ["một", "hai"]
    assert taken(tmp_path / "spool") == []


def test_writing_goes_on_in_another_segment_when_one_is_closed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("before")
    first = close_segments(tmp_path)
    spool.append("after")
    both = close_segments(tmp_path)

    assert [list(segment.lines()) for segment in first] == [["before"]]
    assert sorted(line for segment in both for line in segment.lines()) == ["after", "before"]
    assert len({segment.id for segment in both}) == 2


def test_a_folder_that_is_taken_away_is_made_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("one")
    taken(tmp_path / "spool")
    (tmp_path / "spool").rmdir()

    spool.append("two")

    assert taken(tmp_path / "spool") == ["two"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    Spool(tmp_path).append("whole")
    (segment,) = tmp_path.glob("*.open")
    with segment.open("ab") as file:
        file.write(b"hal")

    assert taken(tmp_path) == ["whole"]


def test_a_disk_that_will_not_have_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="spool"):
        Spool(tmp_path / "spool").append("lost")


def test_a_process_that_is_killed_leaves_every_line_that_it_wrote(tmp_path: Path) -> None:
    reader, writer = os.pipe()

    def write_on() -> None:
        spool = Spool(tmp_path)
        for number in range(100_000):
            spool.append(f"line {number}")
            os.write(writer, b".")

    process = _fork.Process(target=write_on)
    process.start()
    said = b""
    while len(said) < 200:
        said += os.read(reader, 200)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    os.close(writer)
    while more := os.read(reader, 65536):
        said += more
    os.close(reader)

    lines = taken(tmp_path)
    # The last one may have been written and not been told of.
    assert len(lines) - len(said) in (0, 1)
    assert lines == [f"line {number}" for number in range(len(lines))]


def _write_while_closing(folder: Path, spool: Any, *, writers: int, lines: int) -> int:
    """Let threads write and a worker close; give how many lines the worker saw."""
    done = threading.Event()

    def write(name: int) -> None:
        for number in range(lines):
            spool.append(f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    seen: list[str] = []

    def close() -> None:
        while not done.is_set():
            seen.extend(taken(folder))

    worker = threading.Thread(target=close)
    worker.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    worker.join()
    return len([*seen, *taken(folder)])


def test_no_line_is_lost_while_segments_are_closed_under_many_writers(tmp_path: Path) -> None:
    assert _write_while_closing(tmp_path, Spool(tmp_path), writers=4, lines=500) == 2_000


def test_control_a_writer_that_does_not_look_writes_behind_the_workers_back(tmp_path: Path) -> None:
    with (tmp_path / "control.open").open("ab", buffering=0) as kept_open:
        kept_open.write(b"before\n")

        seen = taken(tmp_path)
        kept_open.write(b"after\n")

    assert seen + taken(tmp_path) == ["before"]
