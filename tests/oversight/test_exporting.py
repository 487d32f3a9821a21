"""Handing records to systems of others: a real server that fails twice, one that hangs, one that drips."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from kernel import exchange, jobs, media
from kernel.db import db, transaction
from kernel.models import AuditEntry, Job
from oversight import exporting
from oversight.export_models import ExportDestination, ExportForm, ExportJob, ExportState, ExportSystem
from oversight.exporting import DestinationDetails
from tests.factories import Factories
from traceability.models import Lot

TOKEN = "bi-mat-cua-cong-0123456789"


class Portal:
    """Somebody else's system on a loopback port: answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int | str] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.arrived, self._stop = threading.Event(), threading.Event()
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                portal.arrived.set()
                portal.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = portal.answers.pop(0) if portal.answers else 201
                if answer == "hang":
                    portal._stop.wait(30)
                elif answer == "drip":
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                    while not portal._stop.wait(0.05):
                        self.wfile.write(b"x")
                elif answer == "garble":
                    self.wfile.write(b"nothing like HTTP\r\n\r\n")
                elif isinstance(answer, int):
                    self.send_response(answer)
                    if answer in (301, 302, 307):
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/nhan?kenh=1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.close()


@pytest.fixture
def lot(make: Factories) -> Lot:
    producer = make.producer(code="htxbd")
    raw = make.raw_lot(producer, number="NL-1")
    batch = make.batch(make.item(make.product(producer)), number="L-1", inputs={raw.id: 1_000})
    with make._context():
        return db.session.get_one(Lot, batch.lot_id)


def entered(office_id: int, now: datetime, **facts: Any) -> ExportDestination:
    details = DestinationDetails(
        **{"name": "Cổng mẫu", "system": ExportSystem.OTHER, "form": ExportForm.BUNDLE, "token": TOKEN, **facts}
    )
    with transaction():
        return exporting.enter(office_id, details, plain_loopback=True, actor=SYSTEM, now=now)


def queued(lot: Lot, destination: ExportDestination, now: datetime) -> int:
    with transaction():
        return exporting.queue(lot, destination, actor=SYSTEM, now=now).id


def work(now: datetime, *, hours: int = 0) -> None:
    """Let the worker do what is due, an hour after the other."""
    for hour in range(hours + 1):
        while jobs.run_one(now + timedelta(hours=hour)):
            db.session.remove()
        db.session.remove()


def test_a_record_is_sent_with_its_key_and_token_and_is_whole(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime
) -> None:
    office = make.office()
    export_id = queued(lot, entered(office.id, now, url=portal.url), now)

    work(now)

    job = db.session.get_one(ExportJob, export_id)
    ((headers, body),) = portal.received
    assert (job.state, job.attempts, job.last_error) == (ExportState.SENT, 1, "")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == job.key
    assert headers["content-type"] == "application/zip"
    assert hashlib.sha256(body).hexdigest() == job.digest
    files = zipfile.ZipFile(io.BytesIO(body))
    told = json.loads(files.read("du-lieu.json"))
    assert {row["number"]: row["relation"] for row in told["lots"]} == {"L-1": "asked", "NL-1": "before"}


def test_one_that_fails_twice_gets_the_same_file_and_key_a_third_time(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime
) -> None:
    portal.answers = [503, 429]
    export_id = queued(lot, entered(make.office().id, now, url=portal.url), now)

    work(now)
    between = db.session.get_one(ExportJob, export_id)
    assert (between.state, between.last_error) == (ExportState.FAILED, "status:503")
    work(now, hours=2)

    job = db.session.get_one(ExportJob, export_id)
    assert (job.state, job.attempts) == (ExportState.SENT, 3)
    assert len({(headers["idempotency-key"], body) for headers, body in portal.received}) == 1
    assert len(portal.received) == 3


def test_a_refusal_that_will_not_mend_itself_is_given_up_at_once_and_sent_again_when_asked(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime
) -> None:
    portal.answers = [401]
    export_id = queued(lot, entered(make.office().id, now, url=portal.url), now)

    work(now, hours=2)
    job = db.session.get_one(ExportJob, export_id)
    assert (job.state, job.last_error, len(portal.received)) == (ExportState.GIVEN_UP, "status:401", 1)
    with transaction():
        exporting.try_again(db.session.get_one(ExportJob, export_id), actor=SYSTEM, now=now)
    work(now)

    assert db.session.get_one(ExportJob, export_id).state is ExportState.SENT
    with pytest.raises(exporting.NotGivenUp), transaction():
        exporting.try_again(db.session.get_one(ExportJob, export_id), actor=SYSTEM, now=now)


def test_one_that_is_never_there_is_given_up_after_eight_tries(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime
) -> None:
    portal.answers = [500] * 20
    export_id = queued(lot, entered(make.office().id, now, url=portal.url), now)

    work(now, hours=24)

    job = db.session.get_one(ExportJob, export_id)
    assert (job.state, job.attempts, len(portal.received)) == (ExportState.GIVEN_UP, 8, 8)
    assert db.session.scalars(select(Job).where(Job.kind == "oversight.export")).one().done_at is not None


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_one_that_hangs_or_drips_holds_the_worker_no_longer_than_its_time(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SECONDS", 0.4)
    portal.answers = [answer]
    export_id = queued(lot, entered(make.office().id, now, url=portal.url), now)

    begun = time.monotonic()
    work(now)

    assert time.monotonic() - begun < 15
    job = db.session.get_one(ExportJob, export_id)
    assert (job.state, job.last_error) == (ExportState.FAILED, "timeout")


def test_nothing_is_held_in_the_database_while_others_are_waited_for(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SECONDS", 5.0)
    portal.answers = ["hang"]
    export_id = queued(lot, entered(make.office().id, now, url=portal.url), now)
    written = []

    def write() -> None:
        if not portal.arrived.wait(30):
            return
        with ctx.app_context(), transaction():
            written.append(db.session.get_one(ExportJob, export_id, with_for_update=True).attempts)
        portal.close()

    other = threading.Thread(target=write)
    other.start()
    work(now)
    other.join()

    assert written == [1]


@pytest.mark.parametrize(
    ("answer", "word"), [("garble", "garbled"), (302, "status:302"), (404, "status:404"), (500, "status:500")]
)
def test_every_other_answer_has_its_word_and_a_redirect_is_not_followed(
    portal: Portal, answer: int | str, word: str
) -> None:
    portal.answers = [answer]

    told = exchange.post(portal.url, b"{}", media_type="application/json", token="", key="k", seconds=5)

    assert (told.is_taken, told.error) == (False, word)
    assert len(portal.received) == 1
    assert "authorization" not in portal.received[0][0]


def test_a_host_that_is_not_there_is_unreachable(portal: Portal) -> None:
    portal.close()

    told = exchange.post(portal.url, b"{}", media_type="application/json", token="", key="k", seconds=5)

    assert (told.is_taken, told.error, told.is_final) == (False, "unreachable", False)


def test_the_token_stands_in_no_log_job_or_trail(
    make: Factories, ctx: Flask, lot: Lot, portal: Portal, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    portal.answers = [500, "garble"]
    queued(lot, entered(make.office().id, now, url=portal.url), now)

    work(now, hours=2)

    rows = [str((job.args, job.last_error)) for job in db.session.scalars(select(Job))]
    rows += [str(entry.facts) for entry in db.session.scalars(select(AuditEntry))]
    assert TOKEN not in caplog.text + "".join(rows)


def test_without_an_address_the_file_waits_to_be_downloaded_and_handed_in(
    make: Factories, ctx: Flask, lot: Lot, now: datetime
) -> None:
    export_id = queued(lot, entered(make.office().id, now, form=ExportForm.EPCIS), now)

    work(now, hours=2)
    job = db.session.get_one(ExportJob, export_id)
    assert (job.state, job.attempts, job.suffix) == (ExportState.WAITING, 0, "jsonld")
    assert json.loads(media.store().read(job.digest, "jsonld"))["type"] == "EPCISDocument"
    with transaction():
        exporting.hand_in(db.session.get_one(ExportJob, export_id), actor=SYSTEM, now=now)

    assert db.session.get_one(ExportJob, export_id).state is ExportState.SENT
    with pytest.raises(exporting.NothingToHandIn), transaction():
        exporting.hand_in(db.session.get_one(ExportJob, export_id), actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"url": "http://cong.example/"}, exporting.NotHttps),
        ({"url": "https://user:secret@cong.example/"}, exporting.NotHttps),
        ({"url": "https://"}, exporting.NotHttps),
        ({"url": "https://cong.example/a b"}, exporting.NotHttps),
        ({"url": "ftp://cong.example/"}, exporting.NotHttps),
        ({"url": "https://cong.example/" + "a" * 500}, exporting.AddressTooLong),
        ({"token": "two words"}, exporting.TokenMalformed),
        ({"token": "a\r\nX-Other: b"}, exporting.TokenMalformed),
        ({"name": "  "}, exporting.NoDestinationName),
    ],
)
def test_addresses_and_tokens_that_cannot_be_right_are_refused(
    make: Factories, ctx: Flask, now: datetime, facts: dict[str, Any], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        entered(make.office().id, now, **facts)


def test_plain_http_to_this_machine_is_refused_where_it_is_not_allowed(
    make: Factories, ctx: Flask, now: datetime
) -> None:
    details = DestinationDetails("Cổng", ExportSystem.OTHER, ExportForm.JSON, url="http://127.0.0.1:1/")

    with pytest.raises(exporting.NotHttps), transaction():
        exporting.enter(make.office().id, details, actor=SYSTEM, now=now)


def test_nothing_is_queued_for_a_destination_that_is_not_in_use(
    make: Factories, ctx: Flask, lot: Lot, now: datetime
) -> None:
    destination = entered(make.office().id, now, is_active=False)

    with pytest.raises(exporting.DestinationNotInUse):
        queued(lot, destination, now)
