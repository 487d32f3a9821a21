"""Files kept under the SHA-256 of what is in them: written once, never changed, found again by digest.

Papers people hand in (a test report, a decision, a photo of a receipt) are looked at before they are kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from kernel import images
from kernel.errors import N_, InvalidInput, NotFound
from kernel.text import one_line

LARGEST_DOCUMENT = 20 * 2**20  #: bytes
LONGEST_NAME = 120

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")


class NoSuchFile(NotFound):
    """No file is kept under this digest, or it cannot be a digest."""

    message = N_("There is no such file.")


# --- The store ------------------------------------------------------------------------------------------


class Store:
    """A folder of files by digest: ``<root>/3f/a9/3fa9….pdf``."""

    def __init__(self, root: Path) -> None:
        """Use ``root``, which appears with the first file."""
        self._root = root

    def put(self, data: bytes, suffix: str) -> str:
        """Keep ``data`` and give its digest. What is kept already is left as it is.

        The file is whole or not there at all, even when the machine stops in the middle: it is written under
        another name, forced to the disk, and then given its own.

        :param suffix: "webp", "pdf": 1 to 8 of ``[a-z0-9]``
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest, suffix)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            _name_it(name, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        _force_folder(path.parent)
        return digest

    def path(self, digest: str, suffix: str) -> Path:
        """Say where a file of this digest is kept, whether or not it is there.

        :raises NoSuchFile: if this is no digest or no suffix (both may come from an address)
        """
        if not _DIGEST.fullmatch(digest) or not _SUFFIX.fullmatch(suffix):
            raise NoSuchFile
        return self._path(digest, suffix)

    def open(self, digest: str, suffix: str) -> BufferedReader:
        """Open a kept file for reading.

        :raises NoSuchFile:
        """
        try:
            return self.path(digest, suffix).open("rb")
        except FileNotFoundError:
            raise NoSuchFile from None

    def read(self, digest: str, suffix: str) -> bytes:
        """Give what is in a kept file.

        :raises NoSuchFile:
        """
        with self.open(digest, suffix) as file:
            return file.read()

    def remove(self, digest: str, suffix: str) -> None:
        """Erase a kept file. One that is not there is no error."""
        self.path(digest, suffix).unlink(missing_ok=True)

    def is_intact(self, digest: str, suffix: str) -> bool:
        """Tell whether a file is there and still is what its digest says."""
        try:
            with self.open(digest, suffix) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except NoSuchFile:
            return False

    def _path(self, digest: str, suffix: str) -> Path:
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"not a suffix: {suffix!r}")
        return self._root / digest[:2] / digest[2:4] / f"{digest}.{suffix}"


def _name_it(name: str, path: Path) -> None:
    # A link fails when the name is taken, a renaming would replace; either way the content is the same.
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(name, path)


def _force_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- Papers ---------------------------------------------------------------------------------------------


class EmptyDocument(InvalidInput):
    """Nothing was sent."""

    message = N_("The file is empty. Please choose it again.")


class DocumentTooLarge(InvalidInput):
    """More bytes than are taken."""

    message = N_("The file has %(size_mb)s MB; at most %(limit_mb)s MB are possible. Please choose a smaller one.")


class UnsupportedDocument(InvalidInput):
    """Not one of the kinds that every telephone can show."""

    message = N_("“%(name)s” cannot be used. Papers as PDF, JPEG, PNG or WebP are possible.")


class DamagedDocument(InvalidInput):
    """A PDF without its end."""

    message = N_("“%(name)s” is damaged or did not arrive whole. Please send it again.")


@dataclass(frozen=True)
class AcceptedDocument:
    """A paper that was taken."""

    digest: str  #: SHA-256 of ``data``, hexadecimal
    data: bytes  #: what is kept: a PDF as it came, a picture as ``kernel.images`` cleaned it
    media_type: str  #: by its content, whatever its name says
    suffix: str  #: "pdf", "jpg" or "webp"
    name: str  #: its name without folders, for people to read
    width: int | None = None  #: pixels, of pictures
    height: int | None = None


def accept_document(data: bytes, filename: str, *, max_bytes: int = LARGEST_DOCUMENT) -> AcceptedDocument:
    """Check a paper that was sent: PDF, JPEG, PNG or WebP, by what is in it and not by its name.

    Pictures are cleaned as any picture is (a photo of a receipt tells where it was taken). A PDF is kept as it
    came: its digest is that of the paper its owner has. It may hold scripts and links, so it is to be served as
    a download or under a sandboxing policy.

    :raises EmptyDocument:
    :raises DocumentTooLarge:
    :raises UnsupportedDocument:
    :raises DamagedDocument: for a PDF
    :raises InvalidInput: for a picture, as ``kernel.images.accept``
    """
    name = _plain_name(filename)
    if not data:
        raise EmptyDocument
    if len(data) > max_bytes:
        raise DocumentTooLarge(size_mb=images.megabytes(len(data)), limit_mb=images.megabytes(max_bytes))
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise DamagedDocument(name=name)
        return AcceptedDocument(hashlib.sha256(data).hexdigest(), data, "application/pdf", "pdf", name)
    if images.sniff(data) not in ("JPEG", "PNG", "WEBP"):
        raise UnsupportedDocument(name=name)
    picture = images.accept(data, max_bytes=max_bytes)
    return AcceptedDocument(
        picture.digest, picture.master, picture.media_type, picture.suffix, name, picture.width, picture.height
    )


def _plain_name(filename: str) -> str:
    """Give the last part of a name, on one line and not too long; browsers on Windows once sent whole paths."""
    name = one_line(re.split(r"[/\\]", filename)[-1]).lstrip(".") or "?"
    stem, dot, ending = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not dot or len(ending) > 8:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 2]}….{ending}"
