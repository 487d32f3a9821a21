"""The producer's screens: raw material, the wizard of a batch, its steps, papers, codes and labels."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from kernel.db import db
from kernel.models import AuditEntry, StoredFile
from stock.models import Balance
from tests.factories import BA_DONG, Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import RECALLS
from tests.web import send
from traceability.models import Batch, BatchDraft, EventFile, Lot, LotDocument, LotInput, LotState, TraceEvent

KEY = "11111111-1111-4111-8111-111111111111"
SHEET = {"what": "batch", "sheet": "a4-24", "form": "pdf", "request_key": KEY}


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    """A producer of hill rice with 100 kg of raw material, an office over it, and another producer."""
    producer = make.producer("HTX Ba Động", code="htxbd")
    make.place(producer)
    product = make.product(producer, name="Gạo rẫy", gtin="09520123456788")
    return SimpleNamespace(
        producer=producer,
        product=product,
        item=make.item(product),
        raw=make.raw_lot(producer, name="Thóc rẫy", quantity=100_000, number="NL-1"),
        client=make.client(producer),
        office=make.client(make.office()),
        other=make.client(make.producer("Người khác", code="khac1")),
    )


def photo(colour: str = "brown") -> tuple[io.BytesIO, str]:
    file = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(file, "JPEG")
    return io.BytesIO(file.getvalue()), "anh.jpg"


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def walk(world: SimpleNamespace, **changes: Any) -> Any:
    """Answer all pages of the wizard; gives the answer to the last one, the page to check."""
    told: dict[str, Any] = {
        "quantity": "40",
        "day": "khac",
        "other_day": "20/11/2026",
        "expiry": "co",
        "expires_on": "20/11/2027",
        "number": "L1",
        "used": "60",
        "steps": ["dry", "mill"],
        **changes,
    }
    client = world.client
    answer = send(client, "/quan-tri/lo-hang/moi", item=str(world.item.id), request_key=KEY)
    assert answer.status_code == 303, answer.text
    base = answer.location.rsplit("/", 1)[0]
    for page, data in (
        ("so-luong", {"quantity": told["quantity"]}),
        ("ngay", {name: told[name] for name in ("day", "other_day", "expiry", "expires_on", "number")}),
        ("nguyen-lieu", {f"lot_{world.raw.id}": told["used"]}),
        ("buoc", {"steps": told["steps"], "photo": told.get("photo")}),
    ):
        answer = send(client, f"{base}/{page}", data)
        assert answer.status_code == 303, (page, re.findall(r'class="error"[^<]*>([^<]*)', answer.text))
    return SimpleNamespace(address=f"{base}/kiem-tra", base=base)


# --- The wizard -----------------------------------------------------------------------------------------


def test_a_batch_is_entered_page_by_page_released_and_seen_in_public(
    world: SimpleNamespace, app: Flask, client: FlaskClient
) -> None:
    wizard = walk(world, photo=photo())

    page = world.client.get(wizard.address)
    assert "60" in page.text
    written = send(world.client, wizard.address)
    assert written.status_code == 303
    with app.app_context():
        batch = db.session.scalars(select(Batch)).one()
        assert (batch.number, batch.made_on, batch.expires_on) == ("L1", date(2026, 11, 20), date(2027, 11, 20))
        assert (batch.lot.quantity, batch.lot.state) == (40, LotState.OPEN)
        assert db.session.get_one(Lot, world.raw.id).left == 40_000
        told = db.session.scalars(select(TraceEvent.title_vi).order_by(TraceEvent.event_at, TraceEvent.id)).all()
        assert told == ["Phơi, sấy", "Xay xát", "Đóng gói thành phẩm"]
        assert db.session.scalars(select(EventFile)).one()
        address, lot_id = f"/lo/htxbd/{batch.token}", batch.lot_id
    assert client.get(address).status_code == 404

    released = send(world.client, f"/quan-tri/lo-hang/{lot_id}/dua-ra-ban")
    assert released.status_code == 303
    public = client.get(address)
    assert public.status_code == 200
    assert "Phơi, sấy" in public.text
    assert 'alt="Thành phẩm đã đóng gói"' in public.text
    with app.app_context():
        assert db.session.scalar(select(func.sum(Balance.on_hand)).where(Balance.on_hand > 0)) == 40


def test_going_back_keeps_the_answers(world: SimpleNamespace) -> None:
    wizard = walk(world)

    for page, kept in (
        ("so-luong", 'value="40"'),
        ("ngay", 'value="20/11/2027"'),
        ("ngay", 'value="L1"'),
        ("nguyen-lieu", 'value="60"'),
        ("buoc", 'checked id="steps-'),
    ):
        assert kept in world.client.get(f"{wizard.base}/{page}").text, page
    mended = send(world.client, f"{wizard.base}/so-luong", quantity="41")
    assert mended.location == wizard.address, "who mends one page comes back to the page that shows all"


def test_what_was_begun_is_found_again_in_the_list_and_can_be_dropped(world: SimpleNamespace, app: Flask) -> None:
    send(world.client, "/quan-tri/lo-hang/moi", item=str(world.item.id), request_key=KEY)
    with app.app_context():
        draft_id = db.session.scalars(select(BatchDraft.id)).one()

    assert f"/nhap/{draft_id}/" in world.client.get("/quan-tri/lo-hang").text
    on = world.client.get(f"/quan-tri/lo-hang/nhap/{draft_id}/kiem-tra")
    assert on.location == f"/quan-tri/lo-hang/nhap/{draft_id}/so-luong", "to the first page not answered"
    asked = world.client.get(f"/quan-tri/lo-hang/nhap/{draft_id}/bo")
    assert "Bỏ lô đang nhập?" in asked.text
    assert count(app, BatchDraft) == 1, "asked, not done"
    send(world.client, f"/quan-tri/lo-hang/nhap/{draft_id}/bo")
    assert count(app, BatchDraft) == 0


def test_the_first_and_the_last_page_sent_twice_make_one_batch(world: SimpleNamespace, app: Flask) -> None:
    wizard = walk(world)
    again = send(world.client, "/quan-tri/lo-hang/moi", item=str(world.item.id), request_key=KEY)

    first, second = send(world.client, wizard.address), send(world.client, wizard.address)

    assert again.location.startswith(wizard.base)
    assert first.location == second.location
    assert count(app, Batch) == count(app, BatchDraft) == 1


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("so-luong", {"quantity": ""}),
        ("so-luong", {"quantity": "0"}),
        ("so-luong", {"quantity": "nhiều"}),
        ("so-luong", {"quantity": "10000001"}),
        ("ngay", {"day": "", "expiry": "khong", "number": "L1"}),
        ("ngay", {"day": "khac", "expiry": "khong", "number": "L1"}),
        ("ngay", {"day": "khac", "other_day": "31/02/2026", "expiry": "khong", "number": "L1"}),
        ("ngay", {"day": "khac", "other_day": "25/11/2026", "expiry": "khong", "number": "L1"}),
        ("ngay", {"day": "hom-nay", "other_day": "19/11/2026", "expiry": "khong", "number": "L1"}),
        ("ngay", {"day": "hom-nay", "expiry": "khong", "expires_on": "01/12/2027", "number": "L1"}),
        ("ngay", {"day": "hom-nay", "expiry": "co", "expires_on": "", "number": "L1"}),
        ("ngay", {"day": "hom-nay", "expiry": "co", "expires_on": "23/11/2026", "number": "L1"}),
        ("ngay", {"day": "hom-nay", "expiry": "khong", "number": ""}),
        ("ngay", {"day": "hom-nay", "expiry": "khong", "number": "Lô 1"}),
        ("ngay", {"day": "hom-nay", "expiry": "khong", "number": "1" * 21}),
        ("nguyen-lieu", {"lot": "100,001"}),
        ("nguyen-lieu", {"lot": "một ít"}),
        ("nguyen-lieu", {"lot": "-1"}),
        ("buoc", {"steps": ["khong-co"]}),
    ],
)
def test_a_wrong_answer_stays_on_its_page_and_is_not_kept(
    page: str, data: dict[str, Any], world: SimpleNamespace, app: Flask
) -> None:
    wizard = walk(world)
    with app.app_context():
        before = db.session.scalars(select(BatchDraft.answers)).one()

    data = {f"lot_{world.raw.id}" if name == "lot" else name: value for name, value in data.items()}
    answer = send(world.client, f"{wizard.base}/{page}", data)

    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.text
    with app.app_context():
        assert db.session.scalars(select(BatchDraft.answers)).one() == before


def test_a_number_used_before_is_refused_beside_its_field(world: SimpleNamespace, make: Factories) -> None:
    make.batch(world.item, number="L9")
    wizard = walk(world)

    answer = send(world.client, f"{wizard.base}/ngay", day="hom-nay", expiry="khong", number="L9")

    assert answer.status_code == 422
    assert 'id="number-error"' in answer.text
    assert 'value="L9"' in answer.text


def test_a_number_that_programs_recalled_is_refused_beside_its_field(
    world: SimpleNamespace, app: Flask, now: datetime
) -> None:
    program = Program(app, world.producer, now)
    things = [{"epcClass": "https://id.gs1.org/01/09520123456788/10/L9", "quantity": 9}]
    assert program.capture(document(event(quantityList=things, **RECALLS)))["success"]
    wizard = walk(world)

    answer = send(world.client, f"{wizard.base}/ngay", day="hom-nay", expiry="khong", number="L9")

    assert answer.status_code == 422
    assert re.search(r'id="number-error"[^<]*>.*?L9 đã bị thu hồi', answer.text, re.DOTALL)


def test_material_used_up_in_the_meantime_leads_back_to_its_page(
    world: SimpleNamespace, app: Flask, make: Factories
) -> None:
    wizard = walk(world)
    other = make.batch(world.item, number="L2")
    make.edge(other.lot_id, world.raw.id, 50_000)

    answer = send(world.client, wizard.address)

    assert answer.status_code == 422
    assert f'href="{wizard.base}/nguyen-lieu"' in answer.text
    assert "50\N{NO-BREAK SPACE}kg" in answer.text
    assert count(app, Batch) == 1
    with app.app_context():
        assert db.session.get_one(Lot, world.raw.id).used == 50_000
        assert db.session.scalars(select(BatchDraft.lot_id)).one() is None


def test_a_refused_photo_says_why_and_keeps_the_rest(world: SimpleNamespace, app: Flask) -> None:
    wizard = walk(world)

    answer = send(
        world.client, f"{wizard.base}/buoc", {"steps": ["sort"], "photo": (io.BytesIO(b"not a picture"), "x.jpg")}
    )

    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    assert re.search(r'checked[^>]*value="sort"|value="sort"[^>]*checked', answer.text)


def test_another_producers_draft_and_batch_do_not_exist(world: SimpleNamespace, make: Factories) -> None:
    wizard = walk(world)
    batch = make.batch(world.item)

    for address in (f"{wizard.base}/so-luong", wizard.address, f"/quan-tri/lo-hang/{batch.lot_id}"):
        assert world.other.get(address).status_code == 404, address
    assert send(world.other, wizard.address).status_code == 404
    assert send(world.other, f"/quan-tri/lo-hang/{batch.lot_id}/dua-ra-ban").status_code == 404
    assert send(world.other, "/quan-tri/lo-hang/moi", item=str(world.item.id), request_key=KEY).status_code == 422


def test_nothing_is_taken_from_another_producers_lot(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    theirs = make.raw_lot(make.producer())
    wizard = walk(world)

    send(world.client, f"{wizard.base}/nguyen-lieu", {f"lot_{theirs.id}": "1", f"lot_{world.raw.id}": "20"})
    send(world.client, wizard.address)

    with app.app_context():
        assert db.session.scalars(select(LotInput.input_id)).all() == [world.raw.id]
        assert db.session.get_one(Lot, theirs.id).used == 0


# --- Raw material ---------------------------------------------------------------------------------------

RECEIVED = {
    "name": "Thóc rẫy",
    "quantity": "1,5",
    "unit": "kg",
    "supplier": "6 hộ thôn Suối Loa",
    "commune": BA_DONG,
    "day": "hom-qua",
    "number": "NL-9",
    "request_key": KEY,
}


def test_raw_material_is_received_with_its_photos(world: SimpleNamespace, app: Flask) -> None:
    answer = send(world.client, "/quan-tri/nguyen-lieu/nhan", {**RECEIVED, "photos": [photo(), photo("green")]})

    assert answer.status_code == 303
    with app.app_context():
        lot = db.session.scalars(select(Lot).where(Lot.number == "NL-9")).one()
        assert (lot.quantity, lot.received_on, lot.origin_commune_code) == (1_500, date(2026, 11, 23), BA_DONG)
        assert db.session.scalar(select(func.count()).select_from(EventFile)) == 2
    assert "6 hộ thôn Suối Loa" in world.client.get(answer.location).text


def test_who_mends_another_field_is_told_to_choose_the_photos_again(world: SimpleNamespace, app: Flask) -> None:
    wrong = send(world.client, "/quan-tri/nguyen-lieu/nhan", {**RECEIVED, "quantity": "", "photos": [photo()]})
    without = send(world.client, "/quan-tri/nguyen-lieu/nhan", {**RECEIVED, "quantity": ""})

    assert (wrong.status_code, without.status_code) == (422, 422)
    assert re.search(r'<p class="error" id="photos-error">[^<]*anh\.jpg', wrong.text)
    assert 'id="photos-error"' not in without.text


def test_the_same_form_sent_twice_receives_once(world: SimpleNamespace, app: Flask) -> None:
    first = send(world.client, "/quan-tri/nguyen-lieu/nhan", RECEIVED)
    second = send(world.client, "/quan-tri/nguyen-lieu/nhan", RECEIVED)

    assert first.location == second.location
    assert count(app, Lot) == 2


def test_who_came_from_the_wizard_goes_back_there(world: SimpleNamespace) -> None:
    answer = send(world.client, "/quan-tri/nguyen-lieu/nhan?lo=7", RECEIVED)

    assert answer.location == "/quan-tri/lo-hang/nhap/7/nguyen-lieu"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "mười"}, "quantity"),
        ({"unit": "tạ"}, "unit"),
        ({"supplier": ""}, "supplier"),
        ({"commune": "99999"}, "commune"),
        ({"day": "khac", "other_day": ""}, "other_day"),
        ({"day": "khac", "other_day": "30/11/2026"}, "other_day"),
        ({"day": "khac", "other_day": "hôm kia"}, "other_day"),
        ({"harvested_on": "24/11/2026"}, "harvested_on"),
        ({"number": "số 1"}, "number"),
        ({"number": "NL-1"}, "number"),
        ({"place": "12345"}, "place"),
        ({"photos": b"x"}, "photos"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(
    changes: dict[str, Any], field: str, world: SimpleNamespace, app: Flask
) -> None:
    if field == "photos":
        changes = {"photos": [(io.BytesIO(changes["photos"]), "x.jpg")]}

    answer = send(world.client, "/quan-tri/nguyen-lieu/nhan", {**RECEIVED, **changes})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert count(app, Lot) == 1
    assert count(app, TraceEvent) == 0


def test_something_in_between_is_made_and_counts_down_what_went_in(world: SimpleNamespace, app: Flask) -> None:
    told = {
        "name": "Gạo xay",
        "quantity": "65",
        "unit": "kg",
        "day": "hom-nay",
        "number": "TG-1",
        "request_key": KEY,
        f"lot_{world.raw.id}": "100",
    }

    too_much = send(world.client, "/quan-tri/nguyen-lieu/lam", {**told, f"lot_{world.raw.id}": "100,1"})
    made = send(world.client, "/quan-tri/nguyen-lieu/lam", told)

    assert too_much.status_code == 422
    assert f'id="lot_{world.raw.id}-error"' in too_much.text
    assert made.status_code == 303
    with app.app_context():
        assert db.session.get_one(Lot, world.raw.id).left == 0
    assert "Gạo xay" in world.client.get(f"/quan-tri/nguyen-lieu/{world.raw.id}").text


# --- A batch's page -------------------------------------------------------------------------------------


def test_a_day_that_would_not_count_or_cannot_be_is_refused_beside_its_field(
    world: SimpleNamespace, make: Factories, app: Flask
) -> None:
    batch = make.batch(world.item)
    make.edge(batch.lot_id, world.raw.id, 10_000)
    with app.app_context():
        first = db.session.get_one(Lot, world.raw.id).harvested_on or db.session.get_one(Lot, world.raw.id).received_on
    assert first is not None
    day_before, day = f"{first - timedelta(days=1):%d/%m/%Y}", f"{first:%d/%m/%Y}"
    address = f"/quan-tri/lo-hang/{batch.lot_id}/buoc"

    for wrong in (
        {"day": "hom-nay", "other_day": day},
        {"day": "hom-qua", "other_day": day},
        {"day": "khac", "other_day": day_before},
    ):
        answer = send(world.client, address, {"step": "dry", "request_key": KEY, **wrong})
        assert answer.status_code == 422
        assert 'id="other_day-error"' in answer.text
        assert wrong["other_day"] in answer.text
    assert count(app, TraceEvent) == 0

    right = {"step": "dry", "day": "khac", "other_day": day, "request_key": KEY}
    assert send(world.client, address, right).status_code == 303
    with app.app_context():
        event = db.session.scalars(select(TraceEvent)).one()
    earlier = {"title": "Phơi", "day": "khac", "other_day": day_before, "reason": "Ghi nhầm"}
    answer = send(world.client, f"{address}/{event.id}", earlier)
    assert answer.status_code == 422
    assert 'id="other_day-error"' in answer.text
    assert count(app, TraceEvent) == 1


def test_a_step_is_added_and_put_right_and_both_stay_on_record(
    world: SimpleNamespace, make: Factories, app: Flask, client: FlaskClient
) -> None:
    batch = make.batch(world.item)
    base = f"/quan-tri/lo-hang/{batch.lot_id}"
    added = send(
        world.client,
        f"{base}/buoc",
        {"step": "dry", "day": "hom-qua", "note": "Ba nắng", "request_key": KEY, "photos": [photo()]},
    )
    assert added.status_code == 303
    with app.app_context():
        event = db.session.scalars(select(TraceEvent)).one()

    mended = send(
        world.client,
        f"{base}/buoc/{event.id}",
        {"title": "Phơi", "day": "hom-qua", "note": "Hai nắng", "reason": "Ghi nhầm"},
    )

    assert mended.status_code == 303
    assert count(app, TraceEvent) == 2
    with app.app_context():
        line = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "traceability.add_step")).one()
        assert (line.subject, line.facts) == (f"lot:{batch.lot_id}", {"event": event.id})
    page = world.client.get(base).text
    assert "Ba nắng" in page
    assert "Ghi nhầm" in page
    public = client.get(f"/lo/htxbd/{batch.token}").text
    assert "Hai nắng" in public
    assert "Ba nắng" not in public
    assert "Ghi nhầm" not in public
    again = send(world.client, f"{base}/buoc/{event.id}", {"title": "Phơi", "day": "hom-nay", "reason": "Nữa"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    "data",
    [
        {"step": "", "day": "hom-nay"},
        {"step": "own", "title": "", "day": "hom-nay"},
        {"step": "distil-nothing", "day": "hom-nay"},
        {"step": "dry", "day": "khac", "other_day": "01/01/2001"},
        {"step": "dry", "day": "khac", "other_day": "25/11/2026"},
        {"step": "dry", "day": "hom-nay", "note": "x" * 2001},
        {"step": "own", "title": "x" * 121, "day": "hom-nay"},
    ],
)
def test_a_step_that_cannot_be_is_refused(
    data: dict[str, Any], world: SimpleNamespace, make: Factories, app: Flask
) -> None:
    batch = make.batch(world.item)

    answer = send(world.client, f"/quan-tri/lo-hang/{batch.lot_id}/buoc", {"request_key": KEY, **data})

    assert answer.status_code == 422
    assert count(app, TraceEvent) == 0


def test_a_public_paper_is_on_the_batch_page_and_another_is_not(
    world: SimpleNamespace, make: Factories, app: Flask, client: FlaskClient
) -> None:
    batch = make.batch(world.item)
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    address = f"/quan-tri/lo-hang/{batch.lot_id}/giay-to"

    for title, more in (("Phiếu kiểm nghiệm", {"is_public": "y"}), ("Hóa đơn", {})):
        data = {"title": title, "file": (io.BytesIO(pdf + title.encode() + b"\n%%EOF"), "giay.pdf"), **more}
        assert send(world.client, address, data).status_code == 303

    assert count(app, LotDocument) == 2
    public = client.get(f"/lo/htxbd/{batch.token}").text
    assert "Phiếu kiểm nghiệm" in public
    assert "Hóa đơn" not in public
    with app.app_context():
        shown = {row.title: row.digest for row in db.session.scalars(select(LotDocument))}
    assert client.get(f"/tai-lieu/{shown['Phiếu kiểm nghiệm']}").status_code == 200
    assert client.get(f"/tai-lieu/{shown['Hóa đơn']}").status_code == 404


@pytest.mark.parametrize("file", [None, (b"", "a.pdf"), (b"MZ\x90 exe", "a.exe"), (b"%PDF-1.4 cut off", "a.pdf")])
def test_a_paper_that_is_none_is_refused(
    file: tuple[bytes, str] | None, world: SimpleNamespace, make: Factories, app: Flask
) -> None:
    batch = make.batch(world.item)
    sent = (io.BytesIO(file[0]), file[1]) if file else None

    answer = send(world.client, f"/quan-tri/lo-hang/{batch.lot_id}/giay-to", {"title": "Phiếu", "file": sent})

    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert 'value="Phiếu"' in answer.text
    assert count(app, LotDocument) == count(app, StoredFile) == 0


# --- The office -----------------------------------------------------------------------------------------


def test_the_office_confirms_holds_and_frees_and_the_public_reads_it(
    world: SimpleNamespace, make: Factories, client: FlaskClient
) -> None:
    batch = make.batch(world.item, inputs={world.raw.id: 1000})
    base, address = f"/quan-tri/lo-hang/{batch.lot_id}", f"/lo/htxbd/{batch.token}"

    for act, data, words in (
        ("xac-nhan", {"checked": "Đã xem sổ thu mua"}, "Đã xem sổ thu mua"),
        ("giu", {"reason": "Chờ kết quả"}, "Đang tạm giữ"),
        ("het-giu", {"reason": "Kết quả đạt"}, "xác nhận ngày"),
    ):
        assert world.office.get(f"{base}/{act}").status_code == 200
        assert send(world.office, f"{base}/{act}", data).status_code == 303, act
        assert words in client.get(address).text, act


def test_without_a_reason_nothing_is_held(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    batch = make.batch(world.item)

    assert send(world.office, f"/quan-tri/lo-hang/{batch.lot_id}/giu", reason=" ").status_code == 422
    with app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.RELEASED


# --- Codes and labels -----------------------------------------------------------------------------------

EXPECTED = "http://shop.test/01/09520123456788/10/CF%2F1"


def _decoded(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image.convert("L"))]


def test_the_code_to_print_is_there_before_the_batch_is_on_sale(world: SimpleNamespace, make: Factories) -> None:
    batch = make.batch(world.item, number="CF/1", state=LotState.OPEN)

    png = world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}/ma.png")
    svg = world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}/ma.svg")

    assert _decoded(Image.open(io.BytesIO(png.data))) == [EXPECTED]
    assert svg.mimetype == "image/svg+xml"
    assert "attachment" in png.headers["Content-Disposition"]


def test_the_sheet_of_labels_reads_back_and_what_was_printed_is_on_record(
    world: SimpleNamespace, make: Factories, app: Flask, tmp_path: Path
) -> None:
    batch = make.batch(world.item, number="CF/1")
    address = f"/quan-tri/lo-hang/{batch.lot_id}/in-tem"

    answer = send(world.client, address, SHEET, count="5", skip="22")

    assert answer.mimetype == "application/pdf"
    (tmp_path / "tem.pdf").write_bytes(answer.data)
    subprocess.run(["pdftoppm", "-r", "200", "-png", "tem.pdf", "tem"], cwd=tmp_path, check=True)
    pages = sorted(tmp_path.glob("tem-*.png"))
    assert [len(_decoded(Image.open(page))) for page in pages] == [2, 3]
    assert {text for page in pages for text in _decoded(Image.open(page))} == {EXPECTED}
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "traceability.print_labels")).one()
        assert (entry.facts["count"], entry.facts["text"]) == (5, EXPECTED)
    assert "5 tem" in world.client.get(address).text


@pytest.mark.parametrize("data", [{"count": ""}, {"count": "0"}, {"count": "1201"}, {"count": "9", "skip": "24"}])
def test_a_number_of_labels_that_cannot_be_is_refused(
    data: dict[str, str], world: SimpleNamespace, make: Factories, app: Flask
) -> None:
    batch = make.batch(world.item)

    answer = send(world.client, f"/quan-tri/lo-hang/{batch.lot_id}/in-tem", {**SHEET, **data})

    assert answer.status_code == 422
    assert count(app, AuditEntry) == 0


# --- Lists ----------------------------------------------------------------------------------------------


def test_the_lists_are_searched_sorted_paged_and_saved(world: SimpleNamespace, make: Factories) -> None:
    for n in range(52):
        make.batch(world.item, number=f"L-{n:02d}", made_on=date(2026, 9, 1))
        make.raw_lot(world.producer, number=f"N-{n:02d}")

    for base, first, last in (("/quan-tri/lo-hang", "L-00", "L-51"), ("/quan-tri/nguyen-lieu", "N-00", "N-51")):
        up = world.client.get(f"{base}?sap-xep=number").text
        down = world.client.get(f"{base}?sap-xep=-number").text
        assert first in up
        assert last not in up
        assert last in down
        assert last in world.client.get(f"{base}?sap-xep=number&trang=2").text
        assert first not in world.client.get(f"{base}?q={last}").text
        assert world.client.get(f"{base}?q=%25&trang=-1&sap-xep=bay").status_code == 200
        saved = world.client.get(f"{base}?dang=csv&q={last}")
        assert saved.data.startswith(b"\xef\xbb\xbf")
        assert saved.text.count("\r\n") == 2
        assert first not in world.other.get(base).text


def test_a_batch_is_found_by_its_printed_code_and_by_no_lesser_part_of_it(
    world: SimpleNamespace, make: Factories
) -> None:
    make.batch(world.item, number="L-39", token="51rx52xcq8")
    make.batch(world.item, number="L-51", token="7hwmz3kq4d")

    def found(words: str) -> set[str]:
        text = world.client.get("/quan-tri/lo-hang", query_string={"q": words}).text
        return {number for number in ("L-39", "L-51") if number in text}

    assert found("51RX5-2XCQ8") == found("2xcq8") == {"L-39"}
    assert found("L-51") == {"L-51"}


def test_an_empty_list_says_what_to_do_first(world: SimpleNamespace) -> None:
    assert "Chưa có lô hàng nào" in world.other.get("/quan-tri/lo-hang").text
    assert "Chưa có nguyên liệu nào" in world.other.get("/quan-tri/nguyen-lieu").text


# --- What can no longer be -------------------------------------------------------------------------------------


def test_no_labels_are_printed_for_a_recalled_batch(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    batch = make.batch(world.item, number="L1", state=LotState.RECALLED)

    for answer in (
        world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}/in-tem"),
        send(world.client, f"/quan-tri/lo-hang/{batch.lot_id}/in-tem", count="5"),
    ):
        assert answer.status_code == 409
        assert "thu hồi" in answer.text
    assert "in-tem" not in world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}").text
    assert count(app, AuditEntry) == 0


def test_a_paper_kept_from_the_public_is_read_by_its_owner_and_office(world: SimpleNamespace, app: Flask) -> None:
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    page = f"/quan-tri/nguyen-lieu/{world.raw.id}"
    send(world.client, f"{page}/giay-to", {"title": "Hóa đơn", "file": (io.BytesIO(pdf), "hd.pdf")})
    with app.app_context():
        kept = db.session.scalars(select(LotDocument)).one()

    assert kept.is_public is False
    for reader in (world.client, world.office):
        assert f"{page}/giay-to/{kept.digest}" in reader.get(page).text
        assert reader.get(f"{page}/giay-to/{kept.digest}").data == pdf
    assert world.other.get(f"{page}/giay-to/{kept.digest}").status_code == 404
    assert world.client.get(f"{page}/giay-to/{'0' * 64}").status_code == 404
    assert app.test_client().get(f"/tai-lieu/{kept.digest}").status_code == 404


def test_what_is_past_its_last_day_is_not_put_on_sale(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    batch = make.batch(
        world.item, number="L1", state=LotState.OPEN, made_on=date(2026, 1, 5), expires_on=date(2026, 11, 23)
    )

    send(world.client, f"/quan-tri/lo-hang/{batch.lot_id}/dua-ra-ban")

    assert "đã quá hạn: không đưa ra bán được" in world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}").text
    with app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.OPEN
