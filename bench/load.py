"""Load on a loopback address by ``wrk``, and what it costs the server in CPU time."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Rate:
    """What a server did under load."""

    per_second: float
    cpu_ms: float  #: user and system time of the server's processes, per request


def measure(
    url: str, pid: int, *, seconds: int = 4, connections: int = 16, unique: bool = False, agent: str = ""
) -> Rate:
    """Load ``url`` and count.

    :param pid: the server's main process; its children are counted with it
    :param unique: give every request a query of its own, so that no copy can answer
    :param agent: what the browser calls itself; without a name its openings of batch pages are not counted
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        mark = "&" if "?" in url else "?"
        script.write(
            "local n = 0\nrequest = function()\n  n = n + 1\n"
            f'  return wrk.format("GET", wrk.path .. "{mark}lan=" .. n .. "-" .. tostring({os.getpid()}))\nend\n'
            if unique
            else 'wrk.headers["Accept-Encoding"] = "br"\n'
        )
        if agent:
            script.write(f'wrk.headers["User-Agent"] = "{agent}"\n')
        script.flush()
        before = cpu_seconds(pid)
        printed = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        spent = cpu_seconds(pid) - before
    requests = int(re.search(r"(\d+) requests in", printed)[1])  # type: ignore[index]
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1])  # type: ignore[index]
    if "Non-2xx" in printed:
        raise RuntimeError(f"{url} answered with errors:\n{printed}")
    return Rate(per_second=per_second, cpu_ms=spent * 1000 / max(1, requests))


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process and its children have spent so far."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except FileNotFoundError:
            continue
        total += int(fields[11]) + int(fields[12])
        waiting += [int(child) for child in children]
    return total / TICKS
