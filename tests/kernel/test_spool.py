"""Lines written down in passing: none is lost when its writer is killed, none is written behind the taker's back."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from kernel import spool as spools
from kernel.spool import Spool, segments

_fork = multiprocessing.get_context("fork")


def taken(folder: Path) -> list[str]:
    """Read and drop all there is to take."""
    lines = []
    for segment in segments(folder):
        lines += segment.lines()
        segment.drop()
    return lines


def test_what_was_written_is_read_in_its_order_once_its_writer_lets_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("một")
    spool.append("hai")

    assert taken(tmp_path / "spool") == []
    spool.close()
    assert taken(tmp_path / "spool") == ["một", "hai"]
    assert taken(tmp_path / "spool") == []


def test_writing_goes_on_in_another_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for line in ("before", "after"):
        spool.append(line)
        spool.close()

    found = segments(tmp_path)
    assert sorted(line for segment in found for line in segment.lines()) == ["after", "before"]
    assert len({segment.id for segment in found}) == 2


def test_an_idle_process_lets_go_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "FORCED_EVERY", 0.005)
    spool = Spool(tmp_path)
    spool.append("alone")
    (path,) = tmp_path.glob("*.lines")

    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # waits until the writer lets go

    assert taken(tmp_path) == ["alone"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("whole")
    spool.close()
    (segment,) = tmp_path.glob("*.lines")
    with segment.open("ab") as file:
        file.write(b"hal")

    assert taken(tmp_path) == ["whole"]


def test_a_disk_that_will_not_have_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="spool"):
        Spool(tmp_path / "spool").append("lost")


def test_a_forked_process_writes_to_a_segment_of_its_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append("parent")

    process = _fork.Process(target=spool.append, args=("child",))
    process.start()
    process.join()

    assert taken(tmp_path) == ["child"]  # it has ended; the parent writes on
    spool.append("parent again")
    spool.close()
    assert taken(tmp_path) == ["parent", "parent again"]


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


def test_no_line_is_lost_while_segments_are_taken_under_many_writers(tmp_path: Path) -> None:
    spool, done, seen = Spool(tmp_path), threading.Event(), list[str]()

    def write(name: int) -> None:
        for number in range(500):
            spool.append(f"{name} {number}")
            if number % 7 == 0:
                spool.close()

    def take() -> None:
        while not done.is_set():
            seen.extend(taken(tmp_path))

    worker = threading.Thread(target=take)
    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in (worker, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    worker.join()
    spool.close()

    assert sorted([*seen, *taken(tmp_path)]) == sorted(f"{name} {n}" for name in range(4) for n in range(500))


def test_control_a_writer_without_a_lock_writes_behind_the_takers_back(tmp_path: Path) -> None:
    with (tmp_path / "control.lines").open("ab", buffering=0) as kept_open:
        kept_open.write(b"before\n")

        seen = taken(tmp_path)
        kept_open.write(b"after\n")

    assert seen + taken(tmp_path) == ["before"]
