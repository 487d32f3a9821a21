"""The log of proof in use: what the verbs write into it, and how a changed byte is found and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from accounts.actor import SYSTEM
from app import create_app, log_jobs, mail
from app.config import BadSetting, Config
from kernel import checkpoints, jobs, log_verification, media, merkle, proof
from kernel.checkpoints import Signer
from kernel.clock import business_date, next_midnight
from kernel.db import db, transaction
from kernel.log_models import LogCheckpoint, LogLeaf, LogWaiting
from kernel.models import Job
from ocop import certification
from tests.factories import Factories
from tests.tampering import differences, tamper
from traceability import declarations, recording
from traceability.models import EventKind, TraceEvent
from traceability.recording import NamedLot
from traceability.records import stored_record

PDF = b"%PDF-1.4 a paper %%EOF"


@pytest.fixture
def written(ctx: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """A paper, a certificate that was revoked, and an event, written by their verbs and numbered."""
    producer = make.producer()
    product = make.product(producer)
    raw = make.raw_lot(producer)
    user = make.user(producer)
    with transaction():
        digest = media.store_document(PDF, "phieu.pdf", now=now)
        certificate = certification.issue(
            product,
            number="MAU-9",
            stars=4,
            decision_number="12/QĐ",
            issuer="Cơ quan mẫu",
            issued_on=date(2026, 1, 5),
            document=digest,
            actor=SYSTEM,
            now=now,
        )
        certification.revoke(certificate, reason="Ghi nhầm", actor=SYSTEM, now=now)
        event = recording.record_event(
            EventKind.OBJECT,
            "receiving",
            [NamedLot(raw.id, quantity=500)],
            title_vi="Nhận lúa",
            organisation_id=producer.id,
            facts={"độ ẩm": 14.5, "kho": [1, 2]},
            files=[recording.Attachment(digest, "Phiếu")],
            actor=SYSTEM,
            now=now,
        )
        declarations.declare([raw.id], now=now)
        found = SimpleNamespace(
            raw=f"{raw.number} ({raw.id}.1)", digest=digest, event_id=event.event_id, row_id=event.id, user_id=user.id
        )
    log_jobs.number_all()
    db.session.rollback()
    return found


# --- What goes in -----------------------------------------------------------------------------------------


def test_papers_certificates_and_events_are_in_the_log_by_their_own_names(ctx: Flask, written: SimpleNamespace) -> None:
    leaves = db.session.scalars(select(LogLeaf).order_by(LogLeaf.position)).all()

    assert [(leaf.position, leaf.kind, leaf.reference) for leaf in leaves] == [
        (0, "document", written.digest),
        (1, "certificate", "MAU-9"),
        (2, "revocation", "MAU-9"),
        (3, "event", written.event_id),
        (4, "epcis", written.event_id),
        (5, "lot", written.raw),
    ]
    assert differences() == []


def test_the_same_paper_again_is_not_written_down_again(ctx: Flask, written: SimpleNamespace, now: datetime) -> None:
    with transaction():
        media.store_document(PDF, "ban-sao.pdf", now=now + timedelta(hours=1))

    assert db.session.scalars(select(LogWaiting)).all() == []
    assert differences() == []


def test_what_was_there_before_the_log_is_brought_in_once_and_in_order(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    product = make.product(make.producer())
    make.certificate(product, number="MAU-A")
    make.certificate(product, number="MAU-B", revoked_on=business_date(now), revocation_reason="Hết")
    assert "certificate MAU-A: the record is not in the log" in differences()

    assert log_jobs.bring_in(now=now) >= 3
    assert log_jobs.bring_in(now=now) == 0
    log_jobs.number_all()

    named = [
        (leaf.kind, leaf.reference)
        for leaf in db.session.scalars(select(LogLeaf).order_by(LogLeaf.position))
        if leaf.kind != "document"
    ]
    assert named == [("certificate", "MAU-A"), ("certificate", "MAU-B"), ("revocation", "MAU-B")]
    assert differences() == []


def test_the_migration_of_an_older_database_asks_the_worker_to_bring_its_rows_in(tmp_path: Path, now: datetime) -> None:
    older = create_app(
        Config(
            database_url=f"sqlite:///{tmp_path / 'older.sqlite3'}",
            secret_key="a secret key for tests, 32 characters",
            base_url="http://shop.test",
            media_root=tmp_path,
            app_env="test",
        )
    )
    with older.app_context():
        upgrade(revision="0004")
        with transaction() as session:
            session.execute(
                text(
                    "INSERT INTO stored_file (digest, media_type, suffix, size, stored_at)"
                    " VALUES (:d, 'a/b', 'pdf', 1, :at)"
                ),
                {"d": "d" * 64, "at": "2026-11-01 02:00:00.000000"},
            )
        upgrade()
        db.session.remove()

        while jobs.run_one(now + timedelta(days=400)) is not None:
            pass
        db.session.rollback()
        log_jobs.number_all()

        assert list(db.session.scalars(select(LogLeaf.reference))) == ["d" * 64]
        assert differences() == []
        db.session.remove()
        db.engine.dispose()


# --- A changed byte ---------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[str, str, Callable[[SimpleNamespace], str]]] = {
    "the title of an event": (
        "trace_event",
        "UPDATE trace_event SET title_vi = 'Nhận lùa' WHERE id = :row",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "who wrote an event": (
        "trace_event",
        "UPDATE trace_event SET user_id = :user WHERE id = :row",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "when it was written": (
        "trace_event",
        "UPDATE trace_event SET recorded_at = '2026-11-24 02:00:00.000001' WHERE id = :row",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "a fact of an event": (
        "trace_event",
        """UPDATE trace_event SET facts = '{"kho": [1, 3], "độ ẩm": 14.5}' WHERE id = :row""",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "the quantity in an event": (
        "event_lot",
        "UPDATE event_lot SET quantity = 501 WHERE event_id = :row",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "the words under a photo": (
        "event_file",
        "UPDATE event_file SET alt_vi = 'Phiéu' WHERE event_id = :row",
        lambda w: f"event {w.event_id}: the record was changed",
    ),
    "the event in the form of the standard": (
        "epcis_event",
        "UPDATE epcis_event SET body = replace(body, 'receiving', 'receivinG')",
        lambda w: f"epcis {w.event_id}: the record was changed",
    ),
    "the stars of a certificate": (
        "certificate",
        "UPDATE certificate SET stars = 5",
        lambda w: "certificate MAU-9: the record was changed",
    ),
    "the reason of a revocation": (
        "certificate",
        "UPDATE certificate SET revocation_reason = 'Ghi nhẩm'",
        lambda w: "revocation MAU-9: the record was changed",
    ),
    "a revocation that is gone": (
        "certificate",
        "UPDATE certificate SET revoked_on = NULL, revocation_reason = NULL",
        lambda w: "revocation MAU-9: the record is gone",
    ),
    "the size of a file": (
        "stored_file",
        "UPDATE stored_file SET size = size + 1",
        lambda w: f"document {w.digest}: the record was changed",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_byte_is_found_and_the_record_is_named(what: str, ctx: Flask, written: SimpleNamespace) -> None:
    table, statement, expected = CHANGES[what]
    assert differences() == []

    names = {
        name: value for name, value in (("row", written.row_id), ("user", written.user_id)) if f":{name}" in statement
    }
    tamper(table, statement, **names)

    first, *others = differences()
    assert first.startswith(expected(written))
    assert all(written.event_id in line for line in others), "what was copied out of the record no longer agrees"


def test_a_record_that_is_changed_before_it_has_its_position_is_named_too(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    with transaction():
        digest = media.store_document(PDF, "phieu.pdf", now=now)
    tamper("stored_file", "UPDATE stored_file SET media_type = 'application/pdg'")

    assert differences() == [f"document {digest}: the record was changed (waiting for its position)"]


def test_a_record_that_was_slipped_in_past_the_verbs_is_named(ctx: Flask, written: SimpleNamespace) -> None:
    tamper(
        "trace_event",
        "INSERT INTO trace_event (event_id, kind, biz_step, event_at, recorded_at, organisation_id, title_vi, title_en,"
        " note_vi, note_en, facts, is_public, is_sample) SELECT 'urn:uuid:slipped', kind, biz_step, event_at,"
        " recorded_at, organisation_id, title_vi, title_en, note_vi, note_en, facts, is_public, is_sample"
        " FROM trace_event",
    )

    assert differences() == ["event urn:uuid:slipped: the record is not in the log"]


def test_whoever_changes_the_leaf_along_with_the_record_is_found_by_the_signed_root(
    ctx: Flask, written: SimpleNamespace, now: datetime
) -> None:
    log_jobs.sign(now=now)
    tamper("certificate", "UPDATE certificate SET stars = 5")
    content = proof.SOURCES["certificate"].contents(["MAU-9"])["MAU-9"]
    tamper("log_leaf", "UPDATE log_leaf SET leaf_hash = :hash WHERE position = 1", hash=merkle.leaf_hash(content))

    assert differences() == [f"checkpoint of {business_date(now)}: the tree of 6 records has another root now"]


def test_whoever_signs_the_changed_tree_without_the_key_is_found_by_the_signature(
    ctx: Flask, written: SimpleNamespace, now: datetime
) -> None:
    log_jobs.sign(now=now)
    row = db.session.scalars(select(LogCheckpoint)).one()
    forged = Signer(b"f" * 32).checkpoint("shop.test/so-minh-bach", row.size, row.root)
    day = business_date(now)
    db.session.rollback()
    tamper("log_checkpoint", "UPDATE log_checkpoint SET text = :text", text=forged)
    assert differences() == [f"checkpoint of {day}: the signature is not by the log's key"]

    former = Signer(b"f" * 32).verifying_key("shop.test/so-minh-bach")
    assert log_verification.verify(former_keys=[former]).differences == [], "a key the log is known to have had"


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("log_checkpoint", "day = '2026-11-23'", "checkpoint of 2026-11-23: it was made on 2026-11-24"),
        (
            "log_checkpoint",
            "made_at = '2026-11-26 02:00:00.000000'",
            "checkpoint of 2026-11-24: it was made on 2026-11-26",
        ),
        (
            "log_checkpoint",
            "made_at = '2026-11-24 01:59:59.000000'",
            "position 0: it was written down after the checkpoint of 2026-11-24 signed it",
        ),
        (
            "log_leaf",
            "appended_at = '2026-11-24 02:00:01.000000'",
            "position 0: it was written down after the checkpoint of 2026-11-24 signed it",
        ),
        ("event_file", "position = 2", "event {event_id}: its files are not counted from 1"),
    ],
)  # fmt: skip
def test_days_and_places_that_were_changed_are_named(
    table: str, change: str, words: str, ctx: Flask, written: SimpleNamespace, now: datetime
) -> None:
    log_jobs.sign(now=now)
    assert differences() == []

    tamper(table, f"UPDATE {table} SET {change}")

    assert words.format(event_id=written.event_id) in differences()


def test_a_checkpoint_was_made_after_those_of_the_days_before(
    ctx: Flask, written: SimpleNamespace, now: datetime
) -> None:
    for at in (now, now + timedelta(days=1)):
        log_jobs.sign(now=at)
    assert differences() == []

    tamper(
        "log_checkpoint", "UPDATE log_checkpoint SET made_at = '2026-11-23 02:00:00.000000' WHERE day = '2026-11-25'"
    )

    assert "checkpoint of 2026-11-25: it was made before the one of an earlier day" in differences()


def test_a_leaf_or_a_tile_that_is_gone_is_found(ctx: Flask, written: SimpleNamespace, now: datetime) -> None:
    with transaction():
        for number in range(300):
            media.store_document(PDF + str(number).encode() + b"%%EOF", "so.pdf", now=now)
    log_jobs.number_all()
    assert differences() == []

    tamper("log_tile", "DELETE FROM log_tile")
    assert "tile 0/0 is missing" in differences()
    tamper("log_leaf", "DELETE FROM log_leaf WHERE position = 2")
    found = differences()
    assert "position 2 is missing: the next one is 3" in found


# --- The commands and the worker --------------------------------------------------------------------------


def _run(app: Flask, *arguments: str) -> Result:
    db.session.rollback()  # the command runs in this context, and would read its older snapshot
    return app.test_cli_runner().invoke(args=arguments)


def test_the_command_says_what_it_looked_at_and_fails_on_a_difference(ctx: Flask, written: SimpleNamespace) -> None:
    signed = _run(ctx, "log", "checkpoint")
    assert signed.exit_code == 0
    assert "\n6\n" in signed.output

    good = _run(ctx, "log", "verify", "--files")
    assert good.exit_code == 0, good.output
    assert "6 records in order, 0 waiting, 0 tiles, 1 checkpoints, 0 differences" in good.output
    assert "how lots stand, what was used of them, and the stock: flask --app wsgi trace verify" in good.output

    tamper("trace_event", "UPDATE trace_event SET note_vi = '.'")
    file = media.store().path(written.digest, "pdf")
    file.unlink()
    bad = _run(ctx, "log", "verify", "--files")
    assert bad.exit_code != 0
    assert f"event {written.event_id}: the record was changed (position 3)" in bad.output
    assert f"document {written.digest}: the file is gone or was changed" in bad.output


def test_the_worker_numbers_every_minute_and_signs_each_day(
    ctx: Flask, written: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {kind: due for kind, due in jobs.RECURRING.items() if kind.startswith("log.")}
    monkeypatch.setattr(jobs, "RECURRING", ours)
    with transaction():
        jobs.plan(now)
    with transaction():
        jobs.plan(now)  # another worker starts

    assert sorted(str(kind) for kind in (jobs.run_one(now), jobs.run_one(now))) == ["log.checkpoint", "log.sequence"]
    assert jobs.run_one(now) is None
    assert jobs.run_one(now + timedelta(seconds=61)) == "log.sequence"
    night = next_midnight(now) + timedelta(minutes=11)
    assert {jobs.run_one(night), jobs.run_one(night)} == {"log.checkpoint", "log.sequence"}
    db.session.rollback()

    days = list(db.session.scalars(select(LogCheckpoint.day).order_by(LogCheckpoint.day)))
    assert days == [business_date(now), business_date(night)]
    assert len(db.session.scalars(select(Job).where(Job.kind.like("log.%"))).all()) == 2, "a row each, used again"


def test_recurring_work_that_fails_is_tried_again_and_never_parked(
    ctx: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(args: dict[str, object], at: datetime) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(jobs, "RECURRING", {"sweep": lambda at: at + timedelta(days=1)})
    monkeypatch.setitem(jobs.HANDLERS, "sweep", fail)
    with transaction():
        jobs.plan(now)
    at = now
    for _ in range(12):
        assert jobs.run_one(at) == "sweep"
        at += jobs.LONGEST_WAIT

    row = db.session.scalars(select(Job).where(Job.kind == "sweep")).one()
    assert row.parked_at is None
    assert "the disk is full" in (row.last_error or "")


def test_organisations_that_ask_get_each_checkpoint_by_mail_once(
    ctx: Flask, written: SimpleNamespace, make: Factories, now: datetime
) -> None:
    asking = make.producer("Hợp tác xã hỏi", code="hoi1", email="hoi@example.vn", wants_checkpoints=True)
    make.producer("Không có địa chỉ", code="khong", email=None, wants_checkpoints=True)
    make.producer("Không hỏi", code="im1a", email="im@example.vn")

    log_jobs.sign(now=now)
    log_jobs.sign(now=now)

    (letter,) = db.session.scalars(select(Job).where(Job.kind == "mail.send")).all()
    assert letter.args["to"] == asking.email
    composed = mail.compose(ctx.config["OCOP"], now=now, **letter.args)
    body = composed.get_body(("plain",))
    assert body is not None
    text_of = body.get_content()
    assert "24/11/2026" in str(composed["Subject"])
    said = checkpoints.read(_note_in(text_of))
    assert proof.signer().verifying_key(said.origin).signed(said), "as the letter carries it"


def _note_in(letter: str) -> str:
    lines = letter.replace("\r\n", "\n").split("\n")
    at = lines.index("shop.test/so-minh-bach")
    return "\n".join(lines[at : at + 5]) + "\n"


# --- The key ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["short", "not base64 at all ======", "AAAA", "A" * 45])
def test_a_malformed_signing_key_stops_the_start(value: str) -> None:
    with pytest.raises(BadSetting, match="LOG_SIGNING_KEY"):
        Config.from_environment({"SECRET_KEY": "k" * 40, "LOG_SIGNING_KEY": value})


def test_without_a_setting_the_key_is_made_once_and_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.config.VAR", tmp_path)

    first = Config.from_environment({"SECRET_KEY": "k" * 40}).log_signing_key
    again = Config.from_environment({"SECRET_KEY": "k" * 40}).log_signing_key

    assert first == again
    assert first is not None
    assert len(first) == 32
    assert (tmp_path / "log_signing_key").stat().st_mode & 0o777 == 0o600


def test_times_in_a_record_are_the_same_before_and_after_the_database(ctx: Flask, written: SimpleNamespace) -> None:
    event = db.session.scalars(select(TraceEvent).where(TraceEvent.event_id == written.event_id)).one()

    assert stored_record(event)["recordTime"] == "2026-11-24T02:00:00.000000Z"
    assert event.recorded_at.tzinfo is UTC
