"""A complaint has a number, days of the law, an answer, and an office that decides when buyer and producer do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from accounts.models import Organisation
from kernel import clock, jobs
from kernel.db import db, transaction
from kernel.models import Job
from storefront import after_queries, complaints, deadlines
from storefront.after_models import Complaint, ComplaintKind, ComplaintMessage, ComplaintOutcome, ComplaintState
from storefront.order_models import Order, Purchase
from tests.factories import Factories
from tests.races import race
from tests.storefront.test_reviews import picture
from tests.web import csrf_token, send

DAY = timedelta(days=1)


def made(order: Order, now: datetime, kind: ComplaintKind = ComplaintKind.DAMAGED) -> int:
    with transaction():
        here = db.session.get_one(Order, order.id)
        return complaints.complain(here, kind, "Chai bị vỡ.", language="vi", now=now).id


def act(verb: object, complaint_id: int, *given: object, **named: object) -> Complaint:
    """Do something to a complaint in a transaction of its own."""
    with transaction():
        row = db.session.get_one(Complaint, complaint_id)
        verb(row, *given, **named)  # type: ignore[operator]
    return row


def address(app: Flask, order: Order) -> str:
    with app.app_context():
        return f"/don-hang/{db.session.get_one(Purchase, order.purchase_id).token}/khieu-nai"


@pytest.fixture
def order(make: Factories) -> Order:
    return make.order(make.item(make.product()), email="mua@demo.example")


# --- Days of the law ----------------------------------------------------------------------------------


def test_days_are_working_days_of_viet_nam_and_hours_where_the_law_says_hours() -> None:
    tuesday = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    assert deadlines.answer_by(ComplaintKind.DAMAGED, tuesday) == datetime(2026, 12, 3, 16, 59, tzinfo=UTC)
    assert deadlines.answer_by(ComplaintKind.UNSAFE, tuesday) == tuesday + timedelta(hours=24)
    late_evening = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # Wednesday in Viet Nam
    assert deadlines.answer_by(ComplaintKind.DAMAGED, late_evening) == datetime(2026, 12, 4, 16, 59, tzinfo=UTC)


@given(st.integers(0, 5_000_000), st.integers(1, 30))
def test_a_deadline_is_a_working_day_and_never_past(minutes: int, days: int) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = deadlines.after_working_days(at, days)

    assert clock.business_date(due).weekday() < 5
    assert days <= (clock.business_date(due) - clock.business_date(at)).days <= 2 * days + 3


# --- States -------------------------------------------------------------------------------------------


def test_a_complaint_goes_from_the_producer_to_the_buyer_to_the_office(ctx: Flask, order: Order, now: datetime) -> None:
    one = made(order, now)
    with pytest.raises(complaints.TooEarly):
        act(complaints.dispute, one, "Không đồng ý", now=now)
    with pytest.raises(complaints.NotDisputed):
        act(complaints.decide, one, "for_buyer", "Vì", actor=SYSTEM, now=now)

    assert act(complaints.answer, one, "Xin gửi chai khác.", actor=SYSTEM, now=now).state is ComplaintState.ANSWERED
    assert act(complaints.write, one, "Khi nào?", now=now + DAY).state is ComplaintState.OPEN
    act(complaints.answer, one, "Tuần sau.", actor=SYSTEM, now=now + DAY)
    row = act(complaints.dispute, one, "Lâu quá.", now=now + DAY)
    assert (row.state, row.decide_by is not None) == (ComplaintState.DISPUTED, True)
    assert act(complaints.answer, one, "Đã gửi.", actor=SYSTEM, now=now + DAY).state is ComplaintState.DISPUTED
    with pytest.raises(complaints.NoOutcome):
        act(complaints.decide, one, "settled", "Vì", actor=SYSTEM, now=now)
    with pytest.raises(complaints.NoWords):
        act(complaints.decide, one, "in_part", "  ", actor=SYSTEM, now=now)

    row = act(complaints.decide, one, "in_part", "Hoàn một nửa.", actor=SYSTEM, now=now + 2 * DAY)

    assert (row.state, row.outcome) == (ComplaintState.CLOSED, ComplaintOutcome.IN_PART)
    assert [message.side for message in row.messages][-2:] == ["producer", "office"]
    for verb in (complaints.write, complaints.dispute):
        with pytest.raises(complaints.IsClosed):
            act(verb, one, "Còn nữa", now=now)


def test_a_producer_that_stays_silent_is_late_and_the_office_can_be_asked(
    ctx: Flask, order: Order, now: datetime
) -> None:
    one = made(order, now, ComplaintKind.UNSAFE)
    row = db.session.get_one(Complaint, one)
    assert not complaints.is_late(row, now + timedelta(hours=23))
    assert complaints.is_late(row, now + timedelta(hours=25))
    assert after_queries.list_complaints(SYSTEM, "late", now + timedelta(hours=25))[1]["late"] == 1
    assert after_queries.list_complaints(SYSTEM, "late", now)[0] == []

    assert act(complaints.dispute, one, "Không ai trả lời", now=now + DAY).state is ComplaintState.DISPUTED


def test_an_order_has_few_open_complaints_and_a_side_writes_so_much(ctx: Flask, order: Order, now: datetime) -> None:
    ids = [made(order, now) for _ in range(complaints.MOST_OPEN)]
    with pytest.raises(complaints.TooManyOpen):
        made(order, now)
    act(complaints.end, ids[0], ComplaintOutcome.SETTLED, now=now)
    made(order, now)

    for _ in range(complaints.MOST_MESSAGES - 1):
        act(complaints.write, ids[1], "Thêm", now=now)
    with pytest.raises(complaints.TooManyMessages):
        act(complaints.write, ids[1], "Thêm", now=now)


def test_answer_and_end_at_once_leave_one_consistent_complaint(app: Flask, order: Order, now: datetime) -> None:
    with app.app_context():
        one = made(order, now)

    def run(number: int) -> str:
        if number % 2:
            act(complaints.end, one, ComplaintOutcome.WITHDRAWN, now=now)
        else:
            act(complaints.answer, one, f"Trả lời {number}", actor=SYSTEM, now=now)
        return "done"

    answers = race(app, 6, run)

    assert set(answers) <= {"done", "IsClosed"}
    with app.app_context():
        row = db.session.get_one(Complaint, one)
        assert (row.state, row.outcome) == (ComplaintState.CLOSED, ComplaintOutcome.WITHDRAWN)


def test_every_letter_of_a_complaint_can_be_written(app: Flask, make: Factories, order: Order, now: datetime) -> None:
    with app.app_context():
        with transaction() as session:
            session.get_one(Organisation, order.producer_id).email = "htx@demo.example"
        one = made(order, now)
        act(complaints.answer, one, "Xin lỗi.", actor=SYSTEM, now=now)
        act(complaints.write, one, "Sao lâu thế?", now=now)
        act(complaints.answer, one, "Mai có.", actor=SYSTEM, now=now)
        act(complaints.dispute, one, "Không có.", now=now)
        act(complaints.decide, one, "for_buyer", "Hoàn tiền.", actor=SYSTEM, now=now)
        act(complaints.end, made(order, now), ComplaintOutcome.SETTLED, now=now)
        letters = [job.args for job in db.session.scalars(select(Job).where(Job.kind == "mail.send"))]
        told = [(one["facts"]["what"], one["facts"]["to_producer"]) for one in letters]
        while jobs.run_one(now + timedelta(seconds=1)):
            pass
        assert db.session.scalar(select(func.count(Job.id)).where(Job.last_error.is_not(None))) == 0

    assert told.count(("answered", False)) == 2
    assert {("received", True), ("received", False), ("disputed", True), ("decided", False), ("ended", True)} <= set(
        told
    )
    assert all("Xin lỗi" not in str(one) for one in letters), "what was said stays on the page"


# --- The buyer's pages --------------------------------------------------------------------------------


def test_a_buyer_complains_and_follows_it_by_the_link(
    app: Flask, client: FlaskClient, make: Factories, order: Order
) -> None:
    there = address(app, order)
    assert "7 ngày làm việc" in client.get(there).text
    data = {"order": order.number, "kind": "damaged", "words": "Chai vỡ", "request_key": "a" * 32}

    sent = send(client, there, data, photos=[picture()])
    again = send(client, there, data, photos=[picture()])

    assert sent.status_code == 303
    assert sent.location == again.location, "the same form again gives the first complaint"
    with app.app_context():
        row = db.session.scalars(select(Complaint)).one()
        assert (len(row.photos), len(row.messages)) == (1, 1)
    page = client.get(sent.location)
    assert "Chai vỡ" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert send(client, f"{sent.location}/len-van-phong", words="Nhanh lên").status_code == 409
    assert send(client, f"{sent.location}/them", words="").status_code == 422
    assert send(client, f"{sent.location}/them", words="Còn một chai nữa").status_code == 303
    theirs = make.client(make.producer("Khác"))
    assert theirs.get(f"/quan-tri/khieu-nai/{row.number}").status_code == 404
    assert send(client, f"{sent.location}/da-xong").status_code == 303
    assert "Bạn nói đã giải quyết xong" in client.get(sent.location).text
    assert send(client, f"{sent.location}/them", words="Ồ").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nothing"},
        {"kind": None},
        {"words": " "},
        {"words": "x" * 3001},
        {"order": "DH-000000-1"},
        {"request_key": "x"},
    ],
)
def test_a_form_with_something_wrong_keeps_what_was_typed(
    app: Flask, client: FlaskClient, order: Order, wrong: dict[str, object]
) -> None:
    data = {"order": order.number, "kind": "damaged", "words": "Giữ lại lời này", "request_key": "a" * 32, **wrong}

    answer = send(client, address(app, order), data)

    assert answer.status_code == 422
    assert "error-summary" in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(ComplaintMessage.id))) == 0


def test_nobody_complains_about_or_reads_orders_of_others(
    app: Flask, client: FlaskClient, make: Factories, order: Order, now: datetime
) -> None:
    other = make.order(make.item(make.product()))
    with app.app_context():
        made(order, now)
        number = db.session.scalars(select(Complaint.number)).one()

    assert client.get("/don-hang/khong-co/khieu-nai").status_code == 404
    assert client.get(f"{address(app, other)}/{number}").status_code == 404
    data = {"order": order.number, "kind": "damaged", "words": "x", "request_key": "b" * 32}
    assert send(client, address(app, other), data).status_code in (422, 303)
    with app.app_context():
        about = set(db.session.scalars(select(Complaint.order_id)))
        assert db.session.scalar(select(func.count(Complaint.id)).where(Complaint.order_id == order.id)) == 1, about
    assert client.post(address(app, order), data=data).status_code == 400


# --- Producer and office ------------------------------------------------------------------------------


def test_the_producer_answers_and_the_office_decides(
    app: Flask, client: FlaskClient, make: Factories, now: datetime, stopped_clock: object
) -> None:
    producer, office = make.producer(), make.office()
    order = make.order(make.item(make.product(producer)))
    with app.app_context():
        made(order, now)
        number = db.session.scalars(select(Complaint.number)).one()
    theirs, officer = make.client(producer), make.client(office)
    there = f"/quan-tri/khieu-nai/{number}"
    assert number in theirs.get("/quan-tri/khieu-nai?xem=can-tra-loi").text
    stopped_clock(now + 20 * DAY)  # type: ignore[operator]
    assert "Trễ hạn" in officer.get("/quan-tri/khieu-nai?xem=qua-han").text

    assert send(theirs, f"{there}/tra-loi", words="").status_code == 422
    assert send(officer, f"{there}/tra-loi", words="x").status_code == 403
    assert send(theirs, f"{there}/tra-loi", words="Xin gửi chai khác").status_code == 303
    assert send(officer, f"{there}/quyet-dinh", outcome="for_buyer", words="Vì").status_code == 409
    assert "Xin gửi chai khác" in client.get(f"{address(app, order)}/{number}").text
    send(client, f"{address(app, order)}/{number}/len-van-phong", words="Không nhận được")
    assert send(officer, f"{there}/quyet-dinh", words="Vì").status_code == 422
    assert send(officer, f"{there}/quyet-dinh", outcome="for_buyer", words="Hoàn tiền").status_code == 303

    page = client.get(f"{address(app, order)}/{number}").text
    assert "Hoàn tiền" in page
    assert csrf_token(client)
