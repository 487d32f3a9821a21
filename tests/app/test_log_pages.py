"""The log in public: what it gives away, what it keeps to itself, and that a stranger can check it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.actor import SYSTEM
from app import log_files, log_jobs
from app.log_files import TileName
from catalog.models import Product, TradeItem, Unit
from kernel import media, proof
from kernel.db import db, transaction
from kernel.log_models import LogLeaf
from ocop import certification
from tests.factories import BA_DONG, Factories
from tests.web import send
from traceability import batches, lots, recording
from traceability.lots import Received
from traceability.models import EventKind
from traceability.recording import NamedLot

TOKEN = "7k2qxm90ad"
LOG = "/so-minh-bach"
PDF = b"%PDF-1.4 a paper %%EOF"


@pytest.fixture
def signed(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """A released batch of one raw lot, another raw lot that went into nothing, and a private note; all signed."""
    producer = make.producer("HTX Ba Động", code="htxbd", commune=BA_DONG)
    item = make.item(make.product(producer, name="Gạo rẫy", name_en="Hill rice"))
    with app.app_context():
        told = {
            "unit": Unit.GRAM,
            "quantity": 300_000,
            "received_on": date(2026, 10, 14),
            "supplier": "Nhóm hộ",
            "commune": BA_DONG,
        }
        with transaction():
            raw, other = (
                lots.receive_raw_lot(
                    producer, Received(name_vi="Thóc rẫy", number=number, **told), actor=SYSTEM, now=now
                )
                for number in ("NL-1", "NL-2")
            )
            batch = batches.open_batch(
                db.session.get_one(TradeItem, item.id),
                number="L1",
                made_on=date(2026, 10, 22),
                expires_on=None,
                quantity=600,
                inputs={raw.id: 300_000},
                token=TOKEN,
                actor=SYSTEM,
                now=now,
            )
            batches.release(batch, actor=SYSTEM, now=now)
            secret = recording.record_event(
                EventKind.OBJECT, "inspecting", [NamedLot(batch.lot_id)], title_vi="Chuyện riêng",
                organisation_id=producer.id, is_public=False, actor=SYSTEM, now=now,
            )  # fmt: skip
            paper = media.store_document(PDF, "phieu.pdf", now=now)
        log_jobs.number_all()
        log_jobs.sign(now=now)
        found = SimpleNamespace(
            secret=_position("event", secret.event_id),
            paper=_position("document", paper),
            size=proof.size(),
            producer_id=producer.id,
            product_id=item.product_id,
            other_lot=other.id,
            raw_lot=raw.id,
            lot=batch.lot_id,
        )
        db.session.remove()
    return found


def _position(kind: str, reference: str) -> int:
    query = select(LogLeaf.position).where(LogLeaf.kind == kind, LogLeaf.reference == reference)
    return int(db.session.scalars(query).one())


def _json(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return json.loads(answer.data)


def _verify(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program that is given away, as a stranger would: from another folder, without the project."""
    program = tmp_path / "verify.py"
    program.write_bytes(log_files.VERIFIER.read_bytes())
    return subprocess.run(
        [sys.executable, "-I", str(program), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )


# --- Pages ------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_log_proves_and_what_it_does_not(client: FlaskClient, signed: SimpleNamespace) -> None:
    vietnamese = client.get(f"{LOG}/").get_data(as_text=True)
    english = client.get(f"{LOG}/?lang=en").get_data(as_text=True)

    assert "Sổ không chứng minh điều gì" in vietnamese
    assert "That what was written down is true." in english
    assert "24/11/2026" in vietnamese
    assert f"{LOG}/checkpoints/2026-11-24.txt" in english
    assert client.get(LOG).status_code == 308
    assert f'href="{LOG}/"' in client.get("/").get_data(as_text=True)


def test_before_the_first_signature_the_page_says_so_and_nothing_is_given(client: FlaskClient) -> None:
    assert "Chưa có gì được ký" in client.get(f"{LOG}/").get_data(as_text=True)
    for name in ("checkpoint", "checkpoints/2026-11-24.txt", "tile/0/000", "bang-chung/0.json", "nhat-quan/1-1.json"):
        assert client.get(f"{LOG}/{name}").status_code == 404, name


def test_the_batch_page_says_for_every_step_where_it_stands_in_the_log(
    client: FlaskClient, signed: SimpleNamespace, app: Flask, now: datetime
) -> None:
    html = client.get(f"/lo/htxbd/{TOKEN}").get_data(as_text=True)
    assert "đã ghi sổ ngày 24/11/2026, vị trí 0" in html
    assert f'href="{LOG}/bang-chung/0.json"' in html
    assert f'data-proof="{LOG}/lo/htxbd/{TOKEN}.json"' in html

    with app.app_context(), transaction():
        recording.record_event(
            EventKind.OBJECT,
            "storing",
            [NamedLot(signed.lot)],
            title_vi="Xếp kho",
            organisation_id=signed.producer_id,
            actor=SYSTEM,
            now=now,
        )
    html = client.get(f"/lo/htxbd/{TOKEN}").get_data(as_text=True)
    assert "1 bước mới hơn sẽ được ký đêm nay" in html

    with app.app_context():
        log_jobs.number_all()
        log_jobs.sign(now=now + timedelta(days=1))
        db.session.remove()
    html = client.get(f"/lo/htxbd/{TOKEN}").get_data(as_text=True)
    assert f"đã ghi sổ ngày 25/11/2026, vị trí {signed.size}" in html, "the kept copy was made anew"
    assert "đã ghi sổ ngày 24/11/2026, vị trí 0" in html, "the day of the first signature stays"


# --- Proofs and tiles -------------------------------------------------------------------------------------


def test_a_stranger_checks_the_proof_of_a_batch_with_the_program_we_give_away(
    client: FlaskClient, signed: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "khoa.txt").write_bytes(client.get(f"{LOG}/khoa.txt").data)
    (tmp_path / "checkpoint.txt").write_bytes(client.get(f"{LOG}/checkpoint").data)
    bundle = _json(client, f"{LOG}/lo/htxbd/{TOKEN}.json")
    (tmp_path / "batch.json").write_text(json.dumps(bundle))

    good = _verify(tmp_path, "proof", "batch.json", "--key", "khoa.txt", "--checkpoint", "checkpoint.txt")
    assert good.returncode == 0, good.stderr
    assert good.stdout.count("holds:") == len(bundle["records"]) + 1
    declared = [record for record in bundle["records"] if record["kind"] == "lot"]
    assert len(declared) >= 2, "what was declared of the batch, and of its material"
    assert {record["content"] for record in declared} == {None}, "its own people read it; the place is for all"

    forged = json.loads(json.dumps(bundle))
    told = next(record for record in forged["records"][1:] if record["content"] is not None)
    told["content"] += " "
    (tmp_path / "batch.json").write_text(json.dumps(forged))
    bad = _verify(tmp_path, "proof", "batch.json", "--key", "khoa.txt")
    assert bad.returncode != 0
    assert f"position {told['position']}: the record was changed" in bad.stderr

    (tmp_path / "batch.json").write_text(json.dumps({**bundle, "records": []}))
    empty = _verify(tmp_path, "proof", "batch.json", "--key", "khoa.txt")
    assert empty.returncode != 0
    assert "the proof names no record" in empty.stderr


@pytest.mark.parametrize("what", ["position", "proof", "leafHash", "checkpoint", "key"])
def test_a_forged_proof_does_not_hold(what: str, client: FlaskClient, signed: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "khoa.txt").write_bytes(client.get(f"{LOG}/khoa.txt").data)
    found = _json(client, f"{LOG}/bang-chung/1.json")
    found[what] = {
        "position": 2,
        "proof": found["proof"][:-1],
        "leafHash": found["root"],
        "checkpoint": found["checkpoint"].replace(f"\n{signed.size}\n", f"\n{signed.size + 1}\n"),
        "key": "nobody",
    }[what]
    (tmp_path / "proof.json").write_text(json.dumps(found))

    own = [] if what == "key" else ["--key", "khoa.txt"]
    answer = _verify(tmp_path, "proof", "proof.json", *own)

    assert answer.returncode != 0
    assert "DOES NOT HOLD" in answer.stderr


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"size": 1}, "the size written beside the checkpoint"),
        ({"root": "AAAA"}, "the root written beside the checkpoint"),
        ({"reference": "ni:///sha-256;0?ver=CBV2.0"}, "is not the one that is named beside it"),
        ({"kind": "certificate"}, "is not of the kind that is written beside it"),
        ({"kind": "epcis"}, "is not of the kind that is written beside it"),
        ({"kind": "harvest"}, "is not of the kind that is written beside it"),
    ],
    ids=["size", "root", "reference", "certificate", "epcis", "unknown"],
)
def test_what_is_written_beside_a_proof_is_what_the_proof_says(
    changed: dict[str, Any], words: str, client: FlaskClient, signed: SimpleNamespace, tmp_path: Path
) -> None:
    proofs = (_json(client, f"{LOG}/bang-chung/{position}.json") for position in range(signed.size))
    found = next(one for one in proofs if one["kind"] == "event" and one["content"] is not None)
    (tmp_path / "proof.json").write_text(json.dumps(found))
    answer = _verify(tmp_path, "proof", "proof.json")
    assert answer.returncode == 0, answer.stderr
    assert "the day 2026-11-24 is not signed" in answer.stdout

    (tmp_path / "proof.json").write_text(json.dumps({**found, **changed}))
    answer = _verify(tmp_path, "proof", "proof.json")
    assert answer.returncode != 0
    assert words in answer.stderr


def test_records_of_every_kind_that_is_told_bear_their_name(
    client: FlaskClient, app: Flask, signed: SimpleNamespace, now: datetime, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        certificate = certification.issue(
            db.session.get_one(Product, signed.product_id), number="MAU-1", stars=4, decision_number="Số mẫu",
            issuer="Cơ quan mẫu", issued_on=date(2026, 1, 2), actor=SYSTEM, now=now,
        )  # fmt: skip
        certification.revoke(certificate, reason="Mẫu", actor=SYSTEM, now=now)
    with app.app_context():
        log_jobs.number_all()
        log_jobs.sign(now=now + timedelta(days=1))
        size = proof.size()
        db.session.remove()

    told = set()
    for position in range(size):
        found = _json(client, f"{LOG}/bang-chung/{position}.json")
        (tmp_path / f"{position}.json").write_text(json.dumps(found))
        if found["content"] is not None:
            told.add(found["kind"])
    answer = _verify(tmp_path, "proof", *(f"{position}.json" for position in range(size)))
    assert answer.returncode == 0, answer.stderr
    assert told == {"event", "epcis", "certificate", "revocation"}


def test_what_is_not_for_everybody_is_a_fingerprint_only(client: FlaskClient, signed: SimpleNamespace) -> None:
    for position in (signed.secret, signed.paper):
        found = _json(client, f"{LOG}/bang-chung/{position}.json")
        assert found["content"] is None
        assert "reference" not in found

    contents = [_json(client, f"{LOG}/bang-chung/{position}.json")["content"] for position in range(signed.size)]
    told = [json.loads(content) for content in contents if content]
    named = {lot["lot"] for record in told for lot in record.get("lots", [])}
    assert signed.raw_lot in named
    assert signed.other_lot not in named, "a lot that went into nothing on sale is the producer's own business"
    assert not any({"user", "user_id"} & set(record) for record in told)


def test_growth_between_two_days_is_proved(
    client: FlaskClient, signed: SimpleNamespace, app: Flask, now: datetime, tmp_path: Path
) -> None:
    with app.app_context():
        with transaction():
            media.store_document(PDF + b"2%%EOF", "so.pdf", now=now)
        log_jobs.number_all()
        log_jobs.sign(now=now + timedelta(days=1))
        db.session.remove()
    for day in ("2026-11-24", "2026-11-25"):
        (tmp_path / f"{day}.txt").write_bytes(client.get(f"{LOG}/checkpoints/{day}.txt").data)
    growth = _json(client, f"{LOG}/nhat-quan/{signed.size}-{signed.size + 1}.json")
    (tmp_path / "growth.json").write_text(json.dumps(growth))

    assert _verify(tmp_path, "growth", "2026-11-24.txt", "2026-11-25.txt", "growth.json").returncode == 0
    (tmp_path / "other.json").write_text(json.dumps({**growth, "second": signed.size + 5}))
    other = _verify(tmp_path, "growth", "2026-11-24.txt", "2026-11-25.txt", "other.json")
    assert "is for other checkpoints" in other.stderr
    growth["proof"][0] = growth["proof"][0][::-1]
    (tmp_path / "growth.json").write_text(json.dumps(growth))
    assert _verify(tmp_path, "growth", "2026-11-24.txt", "2026-11-25.txt", "growth.json").returncode != 0


def test_the_published_tree_is_whole_and_can_be_mirrored(
    client: FlaskClient, signed: SimpleNamespace, app: Flask, now: datetime, tmp_path: Path
) -> None:
    with app.app_context():
        with transaction():
            for number in range(600):
                media.store_document(PDF + str(number).encode() + b"%%EOF", "so.pdf", now=now)
        log_jobs.number_all()
        log_jobs.sign(now=now + timedelta(days=1))
        size, own, origin = proof.size(), proof.signer(), proof.origin()
        db.session.remove()
    runner = app.test_cli_runner()
    mirror = tmp_path / "mirror"
    assert runner.invoke(args=["log", "export", str(mirror)]).exit_code == 0

    assert client.get(f"{LOG}/checkpoints.txt").text == "2026-11-25\n2026-11-24\n"
    kept = str(mirror / "checkpoints" / "2026-11-24.txt")
    answer = _verify(tmp_path, "tree", str(mirror), "--checkpoint", kept)
    assert answer.returncode == 0, answer.stderr
    assert f"holds: {size} records" in answer.stdout
    assert "with what was signed on each of 2 days" in answer.stdout
    assert "with what your checkpoint signs" in answer.stdout
    for name in ("0/000", "0/001", f"0/002.p/{size - 512}", "1/000.p/2"):
        served = client.get(f"{LOG}/tile/{name}")
        assert served.data == (mirror / "tile" / name).read_bytes(), name
        assert ("immutable" in served.headers["Cache-Control"]) == (".p/" not in name)
    for name in (
        "0/002",
        "0/003",
        "1/000",
        "1/000.p/3",
        "0/0",
        "0/x000/000",
        "entries/000",
        "0/000.p/256",
        "0/000.p/0",
    ):
        assert client.get(f"{LOG}/tile/{name}").status_code == 404, name

    old = mirror / "checkpoints" / "2026-11-24.txt"
    honest = old.read_text()
    for forged, words in (
        (own.checkpoint(origin, signed.size, bytes(32)), "does not begin with the"),
        (own.checkpoint(origin, size + 1, bytes(32)), "does not begin with the"),
        (honest.replace(f"\n{signed.size}\n", f"\n{signed.size - 1}\n"), "is not signed by"),
    ):
        old.write_text(forged)
        answer = _verify(tmp_path, "tree", str(mirror))
        assert answer.returncode != 0
        assert "checkpoints/2026-11-24.txt" in answer.stderr
        assert words in answer.stderr
        old.write_text(honest)
        (tmp_path / "mine.txt").write_text(forged)
        answer = _verify(tmp_path, "tree", str(mirror), "--checkpoint", "mine.txt")
        assert answer.returncode != 0
        assert "your checkpoint" in answer.stderr

    tile = mirror / "tile" / "0" / "001"
    spoilt = bytearray(tile.read_bytes())
    spoilt[40] ^= 1
    tile.write_bytes(spoilt)
    assert _verify(tmp_path, "tree", str(mirror)).returncode != 0


def test_tiles_have_the_names_of_the_specification() -> None:
    assert str(TileName(0, 1_234_067)) == "0/x001/x234/067"
    assert str(TileName(1, 0, 12)) == "1/000.p/12"
    assert TileName.read("0/x001/x234/067") == TileName(0, 1_234_067)
    assert TileName.read("0/x001/67") is None
    names = [str(name) for name in log_files.tile_names(70_000)]
    assert names[-4:] == ["0/273.p/112", "1/000", "1/001.p/17", "2/000.p/1"]


# --- Settings ---------------------------------------------------------------------------------------------


def test_a_producer_asks_for_the_signed_log_on_its_settings_screen(make: Factories, app: Flask) -> None:
    producer = make.producer("HTX", code="htxbd", email=None)
    browser = make.client(producer)
    address = "/quan-tri/to-chuc/htxbd/sua"
    form = {
        "name_vi": "HTX",
        "legal_form": producer.legal_form.value,
        "commune": producer.commune_code,
        "wants_checkpoints": "y",
    }

    refused = send(browser, address, form)
    assert refused.status_code == 422
    assert "nhập địa chỉ e-mail" in refused.get_data(as_text=True)

    assert send(browser, address, form, email="htx@example.vn").status_code == 303
    assert "nhận sổ đã ký mỗi ngày" in browser.get("/quan-tri/to-chuc/htxbd").get_data(as_text=True)
    assert re.search('<input[^>]*checked[^>]*name="wants_checkpoints"', browser.get(address).get_data(as_text=True))
