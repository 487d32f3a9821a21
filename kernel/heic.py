"""HEIC, the photos of iPhones: unpacked by a process of its own.

A damaged HEIC can kill the process that unpacks it (libheif 1.4 by way of pi-heif: found by sending broken
files), and with it every request it was answering. So this file is run as a program: it reads a picture from
its standard input under limits of memory and time, and writes the pixels to its standard output. It imports
nothing of the project, so that it starts in a fraction of a second.
"""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path

from PIL import Image

MOST_MEMORY = 3 * 2**29  #: bytes: 1.5 GB, for 48 million pixels twice and the decoder's own
MOST_SECONDS = 20  #: of CPU; twice as long by the clock, on a busy machine


class Unreadable(Exception):
    """The file could not be unpacked: broken, too greedy, or too slow."""


class TooLarge(Exception):
    """It has more pixels than wanted; ``args`` are its width and height."""


def unpack(data: bytes, *, most_pixels: int, kept_pixels: int) -> Image.Image:
    """Read a HEIC, upright, in RGB or RGBA, shrunk to ``kept_pixels``; its colour profile is in ``info``.

    :raises TooLarge: if it has more than ``most_pixels``; known before it is unpacked
    :raises Unreadable:
    """
    command = [sys.executable, "-I", str(Path(__file__).resolve()), str(most_pixels), str(kept_pixels)]
    try:
        done = subprocess.run(  # noqa: S603 (our own file, numbers of our own)
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=2 * MOST_SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        raise Unreadable from problem
    first, _, rest = done.stdout.partition(b"\n")
    head = json.loads(first)
    if "mode" not in head:
        raise TooLarge(*head["size"])
    profile, pixels = rest[: head["profile"]], rest[head["profile"] :]
    picture = Image.frombytes(head["mode"], tuple(head["size"]), pixels)
    if profile:
        picture.info["icc_profile"] = profile
    return picture


def _main(most_pixels: int, kept_pixels: int) -> None:
    import resource  # here: only the child needs it, and only POSIX has it

    import pi_heif

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    file = pi_heif.open_heif(io.BytesIO(sys.stdin.buffer.read()), convert_hdr_to_8bit=True)
    width, height = file.size
    if width * height > most_pixels:
        sys.stdout.buffer.write(json.dumps({"size": [width, height]}).encode() + b"\n")
        return
    picture = file.to_pillow()
    profile = picture.info.get("icc_profile") or b""
    picture = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    if width * height > kept_pixels:
        scale = math.sqrt(kept_pixels / (width * height))
        size = (int(width * scale), int(height * scale))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)
    head = {"size": picture.size, "mode": picture.mode, "profile": len(profile)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + profile + picture.tobytes())


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
