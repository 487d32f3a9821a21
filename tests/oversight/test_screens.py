"""The screens of a recall: the office starts, holders answer with one tap, the report is printed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.models import Role
from app.mail import compose
from kernel import jobs
from kernel.db import db
from kernel.models import Job
from oversight import queries
from oversight.models import Recall, RecallEntry
from tests.factories import Factories
from tests.oversight.conftest import Chain
from tests.web import send
from traceability.models import Batch, Lot, LotState

BASE = "/quan-tri/thu-hoi"
STARTED = {"severity": "serious", "reason": "Kim loại nặng", "reason_en": "Heavy metal"}


@pytest.fixture
def world(chain: Chain, make: Factories) -> SimpleNamespace:
    """The chain, and a browser for each who takes part."""
    return SimpleNamespace(
        chain=chain,
        office=make.client(chain.office),
        producer=make.client(chain.producer),
        points=[make.client(keeper) for keeper in chain.keepers],
        elsewhere=make.client(make.office("Xã khác", of=("21484",))),
    )


def key(client: FlaskClient, address: str) -> str:
    """Read the key of a form as the browser shows it."""
    found = re.search(r'name="request_key"[^>]*value="([^"]+)"', client.get(address).text)
    assert found, address
    return found[1]


def start(client: FlaskClient, lot_id: int, *, kind: str = "that", **fields: str) -> str:
    """Fill in the form of a recall; give its number."""
    address = f"{BASE}/moi/{lot_id}"
    answer = send(client, address, {**STARTED, "kind": kind, **fields}, request_key=key(client, address))
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def notice_of(app: Flask, chain: Chain, number: str, which: int | None) -> str:
    """Give the address of the notice to a counter, or to the producer."""
    with app.app_context():
        to = chain.producer if which is None else chain.keepers[which]
        return f"{BASE}/{number}/phieu/{chain.notice(number, to).id}"


def test_the_office_recalls_raw_material_and_the_public_page_says_so_at_the_next_request(
    world: SimpleNamespace, app: Flask, client: FlaskClient
) -> None:
    chain = world.chain
    with app.app_context():
        token = db.session.get_one(Batch, chain.lot_id).token
        page = f"/lo/{chain.producer.code}/{token}"
    client.get(page)
    assert "Thu hồi" not in client.get(page).text, "a copy of the page is kept"

    asked = world.office.get(f"{BASE}/moi/{chain.raw_id}").text
    number = start(world.office, chain.raw_id)

    assert "BANH-1" in asked
    assert "BANH-2" in asked, "the page that asks names what goes with it"
    assert "Kim loại nặng" in client.get(page).text
    assert "Heavy metal" in client.get(page + "?lang=en").text
    shown = world.office.get(f"{BASE}/{number}").text
    assert "0/3" in shown
    assert "tel:+84905000001" in shown
    assert number in world.office.get(f"/quan-tri/lo-hang/{chain.lot_id}").text
    address = f"{BASE}/moi/{chain.raw_id}"
    assert (
        send(world.office, address, {**STARTED, "kind": "that"}, request_key=key(world.office, address)).status_code
        == 409
    )


def test_a_form_sent_twice_starts_one_recall(world: SimpleNamespace, app: Flask) -> None:
    address = f"{BASE}/moi/{world.chain.raw_id}"
    form = {**STARTED, "kind": "that", "request_key": key(world.office, address)}

    answers = [send(world.office, address, form) for _ in range(2)]

    assert answers[0].location == answers[1].location
    with app.app_context():
        assert db.session.query(Recall).count() == 1


@pytest.mark.parametrize(
    ("fields", "field"), [({"reason": " "}, "reason"), ({"severity": ""}, "severity"), ({"kind": "khac"}, "kind")]
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stopped(
    world: SimpleNamespace, app: Flask, fields: dict[str, str], field: str
) -> None:
    address = f"{BASE}/moi/{world.chain.raw_id}"
    form = {**STARTED, "kind": "that", "request_key": key(world.office, address), **fields}

    answer = send(world.office, address, form)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Heavy metal" in answer.text, "what was typed stays"
    with app.app_context():
        assert db.session.get_one(Lot, world.chain.raw_id).state is LotState.RELEASED


def test_a_producer_recalls_its_own_lots_and_nobody_elses(world: SimpleNamespace, make: Factories) -> None:
    other = make.raw_lot(make.producer("Hộ khác"))

    assert world.producer.get(f"{BASE}/moi/{other.id}").status_code == 404
    assert world.elsewhere.get(f"{BASE}/moi/{world.chain.raw_id}").status_code == 404
    number = start(world.producer, world.chain.raw_id)
    assert world.producer.get(f"{BASE}/{number}").status_code == 200
    assert world.producer.get(f"{BASE}/{number}/ket-thuc").status_code == 403, "the office ends it"
    assert world.elsewhere.get(f"{BASE}/{number}").status_code == 404


def test_a_point_answers_its_own_notice_with_one_tap_and_sees_no_other(world: SimpleNamespace, app: Flask) -> None:
    number = start(world.office, world.chain.raw_id)
    mine, other = (notice_of(app, world.chain, number, which) for which in (0, 1))
    point = world.points[0]

    assert "1" in point.get("/quan-tri").text
    assert number in point.get(BASE).text
    shown = point.get(mine).text
    assert "BANH-1" in shown
    assert f'action="{mine}/da-nhan"' in shown
    assert point.get(other).status_code == point.get(f"{BASE}/{number}").status_code == 404
    assert send(point, f"{other}/da-nhan").status_code == 404
    assert send(point, f"{mine}/da-nhan").status_code == 303
    assert "1/3" in world.office.get(f"{BASE}/{number}").text
    assert f'action="{mine}/da-nhan"' not in point.get(mine).text


def test_what_was_found_returned_and_destroyed_is_entered_by_the_point_or_the_office_for_it(
    world: SimpleNamespace, app: Flask
) -> None:
    chain = world.chain
    number = start(world.office, chain.raw_id)
    mine = notice_of(app, chain, number, 0)
    with app.app_context():
        counter = chain.point().location_id
    field = f"dem_{chain.lot_id}_{counter}"

    counted = f"{mine}/dem"
    assert send(world.points[0], counted, request_key=key(world.points[0], counted)).status_code == 422
    too_many = send(world.points[0], counted, {field: "18"}, request_key=key(world.points[0], counted))
    assert too_many.status_code == 422
    assert 'value="18"' in too_many.text
    assert send(world.points[0], counted, {field: "16"}, request_key=key(world.points[0], counted)).status_code == 303
    entered = f"{mine}/ghi"
    form = {"goods": f"{chain.lot_id}-{counter}", "kind": "destroyed", "quantity": "6", "note": "Biên bản 7"}
    again = {**form, "request_key": key(world.office, entered)}
    assert [send(world.office, entered, again).status_code for _ in range(2)] == [303, 303]
    refused = send(world.office, entered, {**form, "quantity": "60"}, request_key=key(world.office, entered))
    assert refused.status_code == 422
    assert 'id="quantity-error"' in refused.text

    shown = world.points[0].get(mine).text
    assert "Biên bản 7" in shown
    with app.app_context():
        entries = [
            (row.kind, row.quantity, row.by_phone) for row in db.session.query(RecallEntry).order_by(RecallEntry.id)
        ]
        assert entries == [("found", 16, False), ("missing", 1, False), ("destroyed", 6, True)]


def test_the_report_the_telephone_list_and_the_files_say_what_there_is(
    world: SimpleNamespace, app: Flask, stopped_clock, now: datetime
) -> None:
    number = start(world.office, world.chain.raw_id)
    send(world.points[0], f"{notice_of(app, world.chain, number, 0)}/da-nhan")
    stopped_clock(now + timedelta(minutes=25))

    assert "25" in world.office.get(f"{BASE}/{number}").text
    refused = send(world.office, f"{BASE}/{number}/ket-thuc", conclusion="Đã thu đủ")
    assert refused.status_code == 422
    assert 'id="even_unanswered-error"' in refused.text
    assert send(world.office, f"{BASE}/{number}/ket-thuc", conclusion=" ", even_unanswered="y").status_code == 422
    closed = send(world.office, f"{BASE}/{number}/ket-thuc", conclusion="Đã thu đủ", even_unanswered="y")
    assert closed.status_code == 303
    report = world.office.get(closed.location).text
    assert "Đã thu đủ" in report
    assert "25 phút" in report
    listed = world.office.get(f"{BASE}/{number}/danh-ba").text
    assert "+84905000001" in listed
    lots = world.office.get(f"{BASE}/{number}/lo-hang?dang=csv").text.splitlines()
    assert len(lots) == 5
    assert any("BANH-1" in row and ",100,0,97,0,0,3,0,0,0,0" in row for row in lots), lots
    held = world.office.get(f"{BASE}/{number}/noi-giu").text
    assert held.count("BANH-1") == 3, "at home, at the counter, on the way"
    assert world.office.get(f"{BASE}/{number}/lo-hang").status_code == 200
    assert send(world.points[0], f"{notice_of(app, world.chain, number, 0)}/da-nhan").status_code in (303, 409)


def test_the_recalled_material_itself_is_in_the_letter_the_telephone_list_and_the_file(
    world: SimpleNamespace, app: Flask, now: datetime
) -> None:
    number = start(world.office, world.chain.raw_id)

    with app.app_context():
        left = queries.material_of(world.chain.recall(number), ())[0]
        assert left.owner_id == world.chain.producer.id
        while jobs.run_one(now) == "oversight.tell":
            pass
        letters = [
            compose(app.config["OCOP"], now=now, **job.args).get_body(("plain",)).get_content()
            for job in db.session.query(Job).filter(Job.kind == "mail.send")
            if job.args and job.args["facts"]["organisation"] == world.chain.producer.name_vi
        ]
    assert left.goods.quantity > 0
    assert letters
    named = left.goods.number
    assert all(named in letter for letter in letters)
    assert named in world.office.get(f"{BASE}/{number}/danh-ba").text.split("</h1>")[1].split("<table")[1]
    rows = [row for row in world.office.get(f"{BASE}/{number}/noi-giu").text.splitlines() if named in row]
    assert len(rows) == 1
    assert f",{left.goods.quantity}," in rows[0]


def test_a_drill_has_the_same_screens_and_says_what_it_is(
    world: SimpleNamespace, app: Flask, client: FlaskClient
) -> None:
    chain = world.chain
    number = start(world.office, chain.raw_id, kind="dien-tap")

    with app.app_context():
        assert db.session.get_one(Lot, chain.lot_id).state is LotState.RELEASED
        assert chain.recall(number).is_drill
    for client_of in (world.office, world.points[0]):
        assert "Diễn tập" in client_of.get(BASE).text
    assert "Diễn tập" in world.points[0].get(notice_of(app, chain, number, 0)).text
    assert "DIỄN TẬP" in world.office.get(f"{BASE}/{number}/danh-ba").text


@pytest.mark.parametrize("kind", ["that", "dien-tap"])
def test_the_letter_says_what_to_do_and_a_drill_says_that_it_is_one(
    world: SimpleNamespace, app: Flask, now: datetime, kind: str
) -> None:
    number = start(world.office, world.chain.raw_id, kind=kind)

    with app.app_context():
        while jobs.run_one(now) == "oversight.tell":
            pass
        jobs_left = db.session.query(Job).filter(Job.kind == "mail.send").all()
        letters = [compose(app.config["OCOP"], now=now, **job.args) for job in jobs_left if job.args]
    for letter in letters:
        plain = letter.get_body(("plain",)).get_content()
        assert number in letter["Subject"]
        assert ("DIỄN TẬP" in letter["Subject"]) == ("DIỄN TẬP" in plain) == (kind == "dien-tap")
        assert f"http://shop.test{BASE}/{number}/phieu/" in plain
    assert len(letters) >= 2


def test_a_viewer_reads_and_answers_nothing(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    number = start(world.office, world.chain.raw_id)
    viewer = make.client(world.chain.keepers[0], role=Role.VIEWER)
    mine = notice_of(app, world.chain, number, 0)

    assert viewer.get(mine).status_code == 200
    assert send(viewer, f"{mine}/da-nhan").status_code == 403
    with app.app_context():
        assert queries.answered_of(world.chain.recall(number)) == (0, 3)


def test_lots_are_found_by_number_or_name(world: SimpleNamespace) -> None:
    assert "LUA-1" in world.office.get(f"{BASE}/moi?q=lua").text
    assert "BOT-1" in world.producer.get(f"{BASE}/moi?q=b%E1%BB%99t").text
    assert "LUA-1" not in world.office.get(f"{BASE}/moi?q=khong-co").text


@pytest.mark.parametrize(("kind", "lang", "says", "never"), [
    ("dien-tap", "en", "nothing was frozen", "stays frozen"), ("dien-tap", "vi", "diễn tập", "vẫn bị"),
    ("that", "en", "stays frozen", "drill"),
])  # fmt: skip
def test_the_end_of_a_drill_says_that_nothing_real_was_touched(
    chain: Chain, make: Factories, kind: str, lang: str, says: str, never: str
) -> None:
    office = make.client(chain.office)
    office.set_cookie("lang", lang)
    number = start(office, chain.raw_id, kind=kind)
    page = f"{BASE}/{number}/ket-thuc"

    before = office.get(page).text
    assert send(office, page, conclusion="Xong", even_unanswered="y").status_code == 303
    report = office.get(f"{BASE}/{number}").text

    words = before.split("<main")[1].split("</main>")[0]
    assert says in words
    assert never not in words
    if kind == "dien-tap":
        assert "recalled." not in words.replace("no page says that anything was recalled.", "")
        told = {"en": "The drill is ended. Nothing real was touched.", "vi": "Đã kết thúc diễn tập."}[lang]
        assert told in report
        assert ("End drill" if lang == "en" else "Kết thúc diễn tập") in before.split("</title>")[0]
    else:
        assert "What is frozen stays frozen." in report
