"""Pictures and papers: taken in once, drawn in one statement, handed out only where they may be seen."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, func, select

from accounts.models import Organisation
from kernel import files, images, jobs, media
from kernel.db import db, transaction
from kernel.models import Job, Rendition, StoredFile
from tests.factories import Factories
from traceability.models import LotDocument

PAPER = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


def photo(colour: str = "red", width: int = 1200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, width * 3 // 4), colour).save(file, "JPEG")
    return file.getvalue()


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_picture_is_kept_once_with_a_webp_of_each_width_and_a_job_for_the_rest(ctx: Flask, now: datetime) -> None:
    digests = set()
    for _ in range(2):
        with transaction():
            digests.add(media.store_picture(photo(), now=now))

    assert len(digests) == 1
    assert (count(StoredFile), count(Job)) == (1, 1)
    rows = db.session.execute(select(Rendition.width, Rendition.format, Rendition.height).order_by(Rendition.width))
    assert [tuple(row) for row in rows] == [(480, "webp", 360), (750, "webp", 563), (1080, "webp", 810)]


def test_a_refused_picture_leaves_nothing_behind(ctx: Flask, now: datetime) -> None:
    with pytest.raises(images.NotAnImage), transaction():
        media.store_picture(b"no picture", now=now)

    assert (count(StoredFile), count(Rendition), count(Job)) == (0, 0, 0)


def test_the_job_may_run_twice_and_adds_an_avif_of_each_width(ctx: Flask, now: datetime) -> None:
    with transaction():
        digest = media.store_picture(photo(), now=now)

    for _ in range(2):
        media.make_avif({"digest": digest}, now)
    assert jobs.run_one(now) == "media.avif"

    drawn = media.picture(digest)
    assert drawn is not None
    assert [width for _, width in drawn.avif] == [width for _, width in drawn.webp] == [480, 750, 1080]
    assert media.rendition(digest, 480, "avif")[4:12] == b"ftypavif"


def test_a_picture_nobody_shows_any_more_is_erased_and_can_come_back(
    ctx: Flask, make: Factories, client: FlaskClient, now: datetime
) -> None:
    with transaction():
        digest = media.store_picture(photo(), now=now)
    media.make_avif({"digest": digest}, now)
    address = media.address(digest, 480, "webp")
    assert client.get(address).status_code == 200
    files_of_it = [(digest, db.session.get_one(StoredFile, digest).suffix)]
    files_of_it += [tuple(row) for row in db.session.execute(select(Rendition.digest, Rendition.format))]
    assert len(files_of_it) == 7
    assert all(media.store().is_intact(*one) for one in files_of_it)

    for _ in range(2):
        media.erase({"digest": digest}, now)
    media.make_avif({"digest": digest}, now)  # a job that was late brings nothing back

    assert client.get(address).status_code == 404
    assert count(Rendition) == 0
    assert not any(media.store().is_intact(*one) for one in files_of_it)
    assert db.session.get_one(StoredFile, digest).erased_at == now

    with transaction():
        assert media.store_picture(photo(), now=now) == digest
    assert client.get(address).status_code == 200
    assert db.session.get_one(StoredFile, digest).erased_at is None


def test_a_picture_that_others_show_too_stays(ctx: Flask, make: Factories, client: FlaskClient, now: datetime) -> None:
    with transaction():
        digest = media.store_picture(photo(), now=now)
    producer = make.producer()
    with transaction() as session:
        session.get_one(Organisation, producer.id).picture = digest

    media.erase({"digest": digest}, now)

    assert client.get(media.address(digest, 480, "webp")).status_code == 200


def test_a_narrow_picture_is_not_enlarged(ctx: Flask, now: datetime) -> None:
    with transaction():
        digest = media.store_picture(photo(width=600), now=now)

    drawn = media.picture(digest)

    assert drawn is not None
    assert [width for _, width in drawn.webp] == [480, 600]
    assert (drawn.src, drawn.width, drawn.height) == (f"/anh/{digest}/600.webp", 600, 450)


def test_many_pictures_are_one_statement_and_unknown_ones_are_left_out(ctx: Flask, now: datetime) -> None:
    with transaction():
        digests = [media.store_picture(photo(colour), now=now) for colour in ("red", "green", "blue")]
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        if arguments[2].startswith("SELECT"):
            seen.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = media.pictures([*digests, "f" * 64, None, digests[0]])
        nothing = media.pictures([None])
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert set(found) == set(digests)
    assert nothing == {}
    assert len(seen) == 1


def test_a_paper_is_kept_as_it_came(ctx: Flask, now: datetime) -> None:
    with transaction():
        digest = media.store_document(PAPER, "kiểm nghiệm.pdf", now=now)

    row, data = media.document(digest)

    assert digest == hashlib.sha256(PAPER).hexdigest()
    assert (row.media_type, data) == ("application/pdf", PAPER)


def test_a_paper_that_is_none_is_refused(ctx: Flask, now: datetime) -> None:
    with pytest.raises(files.UnsupportedDocument), transaction():
        media.store_document(b"MZ\x90", "paper.pdf", now=now)


@pytest.mark.parametrize(
    "path",
    [
        "/anh/" + "0" * 64 + "/480.webp",
        "/anh/x/480.webp",
        "/anh/" + "0" * 64 + "/480.gif",
        "/anh/" + "0" * 64 + "/99999999999999999999.webp",
        "/anh/../../etc/480.webp",
        "/tai-lieu/" + "0" * 64,
        "/tai-lieu/x",
    ],
)
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_paper_is_handed_out_only_while_something_public_shows_it(
    app: Flask, make: Factories, client: FlaskClient, now: datetime
) -> None:
    lot = make.raw_lot(make.producer())
    with app.app_context(), transaction() as session:
        digest = media.store_document(PAPER, "a.pdf", now=now)
        session.add(LotDocument(lot_id=lot.id, digest=digest, title="Phiếu kiểm nghiệm", is_public=False, added_at=now))
    assert client.get(f"/tai-lieu/{digest}").status_code == 404

    with app.app_context(), transaction() as session:
        session.scalars(select(LotDocument)).one().is_public = True
    answer = client.get(f"/tai-lieu/{digest}")

    assert (answer.status_code, answer.data, answer.mimetype) == (200, PAPER, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-cache"
