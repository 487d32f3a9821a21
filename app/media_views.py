"""Pictures and public papers, at addresses whose content never changes."""

from __future__ import annotations

import re

from flask import Blueprint, Response
from sqlalchemy import exists, or_, select
from werkzeug.datastructures import HeaderSet

from accounts.web.guard import public
from kernel import files, media
from kernel.db import db
from ocop.models import Certificate
from traceability.models import EventFile, LotDocument, TraceEvent

blueprint = Blueprint("media", __name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")
WIDEST = 20_000  #: pixels: no picture that is kept is wider


class _ForEverybody(Response):
    """An answer that no cookie changes: with ``Vary: Cookie`` a new session would fetch every picture again."""

    @property
    def vary(self) -> HeaderSet:
        """Take what others want it to vary by, and forget it."""
        return HeaderSet()


@blueprint.get("/anh/<digest>/<int:width>.<any(webp,avif):form>")
@public
def picture(digest: str, width: int, form: str) -> Response:
    """Give a picture at one of its widths; it is kept by browsers and proxies for good."""
    if not _DIGEST.fullmatch(digest) or width > WIDEST:
        raise files.NoSuchFile()
    answer = _ForEverybody(media.rendition(digest, width, form), mimetype=f"image/{form}")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@blueprint.get("/tai-lieu/<digest>")
@public
def document(digest: str) -> Response:
    """Give a paper that a certificate, a lot or an event shows in public; any other is not found."""
    if not _DIGEST.fullmatch(digest) or not _is_public(digest):
        raise files.NoSuchFile()
    row, data = media.document(digest)
    answer = Response(data, mimetype=row.media_type)
    # A PDF may hold scripts and links of its maker: it is opened as a file, never as a page of this house.
    how = "attachment" if row.suffix == "pdf" else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{digest[:12]}.{row.suffix}"'
    # It may be taken back from the public: nobody keeps it without asking again.
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _is_public(digest: str) -> bool:
    shown = or_(
        exists().where(Certificate.document == digest),
        exists().where(LotDocument.digest == digest, LotDocument.is_public),
        exists().where(EventFile.digest == digest, EventFile.event_id == TraceEvent.id, TraceEvent.is_public),
    )
    return bool(db.session.scalar(select(shown)))
