"""Photos that go with a review or a complaint: a field of a public form, and taking them in."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage

from kernel import media
from storefront.after_models import MOST_PHOTOS
from storefront.reviews import TooManyPhotos


def photos_field(label: str) -> MultipleFileField:
    """Make a field for a few photos."""
    return MultipleFileField(label, validators=[])


def prepared(sent: Sequence[FileStorage] | None) -> list[media.PreparedPicture]:
    """Check and clean the photos that were sent, before a transaction: none where none was chosen.

    :raises TooManyPhotos: :raises kernel.errors.InvalidInput: as ``kernel.images.accept`` says
    """
    chosen = [file for file in sent or () if file and file.filename]
    if len(chosen) > MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    for file in chosen:
        file.seek(0)  # a request that is run again has read it before
    return [media.prepare_picture(file.read()) for file in chosen]


def hint() -> str:
    """Say what may be sent."""
    words = gettext(
        "At most %(most)s, of the goods. Where and with what they were taken is not kept.", most=MOST_PHOTOS
    )
    return str(words)
