"""Pictures and documents of the platform: kept once, found by digest. Configured when the application is made.

Files lie in ``MEDIA_ROOT`` (``kernel.files``), what is known of them in ``StoredFile`` and ``Rendition``. A file is
written before its row and never changed: a transaction that fails leaves at most a file that nothing names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, delete, exists, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import files, images, jobs, proof
from kernel.canonical import canonical
from kernel.db import Base, db, on_sqlite, transaction
from kernel.models import Rendition, StoredFile
from kernel.proof import Source

_root: Path | None = None


def configure(root: Path) -> None:
    """Say where files are kept (``MEDIA_ROOT``)."""
    global _root
    root.mkdir(parents=True, exist_ok=True)
    _root = root


def root() -> Path:
    """Give the folder that files are kept in."""
    if _root is None:
        raise RuntimeError("media.configure was not called")
    return _root


def store() -> files.Store:
    """Give the store of files in ``MEDIA_ROOT``."""
    return files.Store(root())


# --- Taking in --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PreparedPicture:
    """A picture that was checked, cleaned and written to the store, not yet known to the database."""

    accepted: images.AcceptedImage
    renditions: dict[int, tuple[str, int]]  #: {width: (digest, bytes)}, WebP


def prepare_picture(data: bytes) -> PreparedPicture:
    """Check and clean a sent picture and write its files. Half a second of work: call it before a transaction.

    :raises kernel.errors.InvalidInput: as ``images.accept`` says
    """
    accepted = images.accept(data)
    place = store()
    place.put(accepted.master, accepted.suffix)
    made = {width: (place.put(webp, "webp"), len(webp)) for width, webp in accepted.renditions.items()}
    return PreparedPicture(accepted, made)


def keep_picture(prepared: PreparedPicture, *, now: datetime) -> str:
    """Note a prepared picture in the caller's transaction and ask for its AVIFs; gives its digest.

    The same picture again gives the same digest and changes nothing.
    """
    accepted = prepared.accepted
    _keep(
        digest=accepted.digest,
        media_type=accepted.media_type,
        suffix=accepted.suffix,
        size=len(accepted.master),
        width=accepted.width,
        height=accepted.height,
        stored_at=now,
    )
    for width, (digest, size) in prepared.renditions.items():
        _add(
            Rendition,
            master=accepted.digest,
            width=width,
            format="webp",
            height=accepted.height_at(width),
            digest=digest,
            size=size,
        )
    _bring_back(prepared)
    jobs.enqueue("media.avif", now=now, dedupe=f"media.avif:{accepted.digest}", digest=accepted.digest)
    return accepted.digest


def forget(digests: Iterable[str], *, now: datetime) -> None:
    """Have pictures erased that a row of the caller's transaction no longer shows, unless others show them."""
    for digest in digests:
        jobs.enqueue("media.erase", now=now, dedupe=f"media.erase:{digest}:{now.isoformat()}", digest=digest)


def store_picture(data: bytes, *, now: datetime) -> str:
    """Take in a picture: check, clean, write, note; gives its digest. WebP at once, AVIF by a job.

    :raises kernel.errors.InvalidInput: as ``images.accept`` says
    """
    return keep_picture(prepare_picture(data), now=now)


def store_document(data: bytes, filename: str, *, now: datetime) -> str:
    """Take in a paper, a PDF or a picture; gives its digest. Call it outside a long transaction: pictures take time.

    :raises kernel.errors.InvalidInput: as ``files.accept_document`` says
    """
    accepted = files.accept_document(data, filename)
    digest = store().put(accepted.data, accepted.suffix)
    _keep(
        digest=digest,
        media_type=accepted.media_type,
        suffix=accepted.suffix,
        size=len(accepted.data),
        width=accepted.width,
        height=accepted.height,
        stored_at=now,
    )
    return digest


@jobs.handles("media.avif", can_wait=True)
def make_avif(args: dict[str, Any], now: datetime) -> None:
    """Make the AVIF of each width of a picture: a third smaller than WebP, and slow. Safe to run twice."""
    digest = str(args["digest"])
    master = db.session.get(StoredFile, digest)
    if master is None or master.erased_at is not None:
        return
    widths = list(
        db.session.scalars(select(Rendition.width).where(Rendition.master == digest, Rendition.format == "webp"))
    )
    heights = {width: _height(master, width) for width in widths}
    data = store().read(digest, master.suffix)
    made = {}
    for width in widths:
        avif = images.avif(data, width)
        made[width] = (store().put(avif, "avif"), len(avif))
    with transaction():
        master = db.session.get_one(StoredFile, digest, with_for_update=True, populate_existing=True)
        if master.erased_at is not None:  # meanwhile
            _remove_unused((name, "avif") for name, _ in made.values())
            return
        for width, (avif_digest, size) in made.items():
            _add(
                Rendition,
                master=digest,
                width=width,
                format="avif",
                height=heights[width],
                digest=avif_digest,
                size=size,
            )


@jobs.handles("media.erase")
def erase(args: dict[str, Any], now: datetime) -> None:
    """Erase a picture that no row shows any more: its files are gone, its addresses lead nowhere. Safe to run twice.

    Its digest stays, for the log of proof; it says nothing of what was to be seen.
    """
    digest = str(args["digest"])
    with transaction():
        master = db.session.get(StoredFile, digest, with_for_update=True, populate_existing=True)
        if master is None or master.erased_at is not None or _is_shown(digest):
            return
        rows = db.session.execute(select(Rendition.digest, Rendition.format).where(Rendition.master == digest)).all()
        db.session.execute(delete(Rendition).where(Rendition.master == digest))
        master.erased_at = now
        # Before the commit: stopped in between, the job runs again and finds the rows.
        _remove_unused([(digest, master.suffix), *((name, suffix) for name, suffix in rows)])


# --- Handing out ------------------------------------------------------------------------------------------


@dataclass
class Picture:
    """What the ``picture`` macro draws: one file every browser reads, and the files of each width."""

    src: str
    width: int  #: of ``src``, pixels
    height: int
    webp: list[tuple[str, int]] = field(default_factory=list)  #: (address, width), narrowest first
    avif: list[tuple[str, int]] = field(default_factory=list)


def pictures(digests: Iterable[str | None]) -> dict[str, Picture]:
    """Give what is needed to draw pictures, by digest (one statement); those that are not known are left out."""
    wanted = sorted({digest for digest in digests if digest})
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Rendition.master, Rendition.width, Rendition.format, Rendition.height)
        .where(Rendition.master.in_(wanted))
        .order_by(Rendition.master, Rendition.width)
    )
    found: dict[str, Picture] = {}
    for master, width, form, height in rows:
        url = address(master, width, form)
        drawn = found.setdefault(master, Picture(src="", width=0, height=0))
        if form == "avif":
            drawn.avif.append((url, width))
            continue
        drawn.webp.append((url, width))
        if not drawn.src or width <= images.WIDTHS[1]:
            drawn.src, drawn.width, drawn.height = url, width, height
    return {digest: drawn for digest, drawn in found.items() if drawn.src}


def picture(digest: str | None) -> Picture | None:
    """Give what is needed to draw one picture, None where there is none."""
    return pictures([digest]).get(digest or "")


def address(digest: str, width: int, form: str) -> str:
    """Give the public address of a picture at one width; what lies there never changes."""
    return f"/anh/{digest}/{width}.{form}"


def rendition(digest: str, width: int, form: str) -> bytes:
    """Read a picture at one width.

    :raises kernel.files.NoSuchFile:
    """
    stored = db.session.scalar(
        select(Rendition.digest).where(Rendition.master == digest, Rendition.width == width, Rendition.format == form)
    )
    if stored is None:
        raise files.NoSuchFile()
    return store().read(stored, form)


def document(digest: str) -> tuple[StoredFile, bytes]:
    """Read a stored file and what is known of it. Whether one may see it is for the caller to say.

    :raises kernel.files.NoSuchFile:
    """
    row = db.session.get(StoredFile, digest)
    if row is None:
        raise files.NoSuchFile()
    return row, store().read(digest, row.suffix)


def _height(master: StoredFile, width: int) -> int:
    full_width, full_height = master.width or width, master.height or width
    return max(1, (full_height * width + full_width // 2) // full_width)


def _keep(*, digest: str, stored_at: datetime, **values: Any) -> None:
    """Note a file, and its digest in the log of proof; one that is known already is noted there already."""
    if _add(StoredFile, digest=digest, stored_at=stored_at, **values):
        proof.append("document", digest, _contents([digest])[digest], now=stored_at)


def _remove_unused(files_of_it: Iterable[tuple[str, str]]) -> None:
    """Erase files by digest and suffix, but for those that another picture has too."""
    for name, suffix in files_of_it:
        if not db.session.scalar(select(exists().where(Rendition.digest == name))):
            store().remove(name, suffix)


def _bring_back(prepared: PreparedPicture) -> None:
    """Write a picture again that was erased before, or between its preparation and now."""
    master = db.session.get(StoredFile, prepared.accepted.digest, with_for_update=True, populate_existing=True)
    if master is not None and master.erased_at is not None:
        master.erased_at = None
        store().put(prepared.accepted.master, master.suffix)
        for width in prepared.renditions:
            store().put(prepared.accepted.renditions[width], "webp")


def _is_shown(digest: str) -> bool:
    """Tell whether a row of any table shows a file."""
    columns = (
        column
        for table in Base.metadata.sorted_tables
        if table.name != Rendition.__tablename__
        for column in table.columns
        if any(key.target_fullname == "stored_file.digest" for key in column.foreign_keys)
    )
    return any(db.session.scalar(select(exists().where(column == digest))) for column in columns)


def _add(model: type[Any], **values: Any) -> bool:
    """Insert a row unless it is there: two people may send the same file at once. Tells whether it was new."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    added = insert(model).values(**values).on_conflict_do_nothing().returning(*inspect(model).primary_key)
    return db.session.execute(added).first() is not None


# --- In the log of proof ----------------------------------------------------------------------------------


def _contents(digests: Sequence[str]) -> dict[str, bytes]:
    rows = db.session.scalars(
        select(StoredFile).where(StoredFile.digest.in_(digests)).execution_options(populate_existing=True)
    )
    return {
        row.digest: canonical(
            {
                "sha256": row.digest,
                "media_type": row.media_type,
                "suffix": row.suffix,
                "size": row.size,
                "width": row.width,
                "height": row.height,
                "stored_at": row.stored_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
        )
        for row in rows
    }


def _references() -> Select[str]:
    return select(StoredFile.digest).order_by(StoredFile.stored_at, StoredFile.digest)


def _published(digests: Sequence[str]) -> set[str]:
    """Tell nothing of any file: who may read it is not known here, and its digest would tell who guesses it."""
    return set()


proof.SOURCES["document"] = Source(contents=_contents, references=_references, published=_published)
