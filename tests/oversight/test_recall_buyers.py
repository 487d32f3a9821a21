"""Who bought recalled goods online is found, told once, called by those who may, and reads it on their order's page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from app.mail import compose
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from oversight import buyers, notifying, queries, recall
from oversight.buyers import Where
from oversight.models import RecallBuyerTold, Severity
from stock import allocation, verification
from storefront import parcels
from storefront.order_models import Order, ParcelState
from storefront.order_queries import NoSuchOrder
from tests.factories import Factories
from tests.killing import stored, stored_by_dying_workers
from tests.orders import Shop, buy, open_shop
from tests.web import send
from traceability.models import Lot

BASE = "/quan-tri/thu-hoi"
EMAIL = "nguoi.mua@example.com"


@dataclass
class Sold:
    """Of A's first batch one pack each is delivered, on its way, packed by nobody yet; of the second one is sold."""

    shop: Shop
    office: Organisation
    officer: Actor
    maker: Actor
    other: Actor
    delivered: str
    under_way: str
    to_pack: str
    of_second: str

    def start(self, now: datetime, *, is_drill: bool = False) -> str:
        """Recall the first batch, as the office."""
        with transaction():
            told = recall.Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")
            lot = db.session.get_one(Lot, self.shop.first)
            return recall.start(lot, told, is_drill=is_drill, actor=self.officer, now=now).number

    def bought(self, actor: Actor, number: str) -> list[tuple[str, Where, int]]:
        """Read what an actor sees of the orders of a recall."""
        found = buyers.bought_of(actor, queries.get_recall(self.officer, number))
        return [(one.number, one.where, one.goods.packs) for one in found]


@pytest.fixture
def sold(make: Factories, app: Flask, now: datetime) -> Sold:
    """See :class:`Sold`. The buyers of what is delivered and to be packed left an e-mail."""
    shop = open_shop(make, app, now)
    office = make.office("Tổ OCOP mẫu")
    maker = make.actor(shop.a)
    numbers = []
    with app.app_context():
        for quantity, email, steps in ((1, EMAIL, 2), (2, None, 1), (3, EMAIL, 0), (4, None, 0)):
            # The last one finds nothing left of the first batch.
            order = buy(shop, now, (shop.rice, quantity), email=email).orders[0]
            numbers.append(order.number)
            if steps:
                with transaction():
                    parcel = parcels.pack(order, carrier="hand_over", actor=maker, now=now)
            if steps > 1:
                with transaction():
                    parcels.move_on(parcel, ParcelState.DELIVERED, actor=maker, now=now)
    return Sold(shop, office, make.actor(office), maker, make.actor(shop.b), *numbers)


def letters() -> list[dict[str, object]]:
    """Read the letters to buyers that are to go out."""
    rows = db.session.scalars(select(Job.args).where(Job.kind == "mail.send").order_by(Job.id))
    return [row for row in rows if row["template"] == "recall_buyer"]


def run_all(now: datetime) -> None:
    """Do all jobs but the letters themselves."""
    with transaction():
        db.session.execute(text("UPDATE job SET run_at = '2999-01-01' WHERE kind = 'mail.send'"))
    while jobs.run_one(now):
        with transaction():
            db.session.execute(text("UPDATE job SET run_at = '2999-01-01' WHERE kind = 'mail.send'"))


# --- The list -----------------------------------------------------------------------------------------


def test_the_orders_of_a_recall_are_listed_to_those_they_concern(ctx: Flask, sold: Sold, now: datetime) -> None:
    number = sold.start(now)

    whole = [
        (sold.to_pack, Where.HELD_BACK, 3),
        (sold.under_way, Where.UNDER_WAY, 2),
        (sold.delivered, Where.DELIVERED, 1),
    ]
    assert sold.bought(sold.officer, number) == whole
    assert sold.bought(sold.maker, number) == whole
    assert sold.bought(sold.other, number) == []
    first = buyers.bought_of(sold.maker, queries.get_recall(sold.maker, number))[1]
    assert (first.buyer, first.phone, first.is_to_be_called) == ("Người mua mẫu", "+84900000123", True)


def test_what_came_back_or_was_given_another_batch_is_nobodys_any_more(ctx: Flask, sold: Sold, now: datetime) -> None:
    number = sold.start(now)
    to_pack, under_way = (
        db.session.scalars(select(Order).where(Order.number == one)).one() for one in (sold.to_pack, sold.under_way)
    )
    [picked] = allocation.live_of(to_pack.purchase.number)
    with transaction():
        parcels.repick(to_pack, picked, lot_id=sold.shop.second, reason="Thu hồi", actor=sold.maker, now=now)
        parcels.take_back(under_way.parcels[0], sellable=True, actor=sold.maker, now=now)

    assert sold.bought(sold.officer, number) == [(sold.delivered, Where.DELIVERED, 1)]


# --- Telling ------------------------------------------------------------------------------------------


def test_who_left_an_address_has_one_letter_in_their_language(ctx: Flask, sold: Sold, now: datetime) -> None:
    number = sold.start(now)
    run_all(now)
    row = queries.get_recall(sold.officer, number)
    with transaction():
        assert notifying.tell_buyers(row.id, now=now) == 0  # asked again

    told = letters()
    assert [(one["to"], one["language"]) for one in told] == [(EMAIL, "vi"), (EMAIL, "vi")]
    for one in told:
        letter = compose(ctx.config["OCOP"], now=now, **one)  # type: ignore[arg-type]
        body = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "Kim loại nặng" in body
        assert "/lo/" in body
        assert "/don-hang/" in body
        assert "THU HỒI" in letter["Subject"]
    found = db.session.execute(select(RecallBuyerTold.channel, RecallBuyerTold.by_id)).all()
    assert [tuple(row) for row in found] == [("mail", None), ("mail", None)]


def test_a_drill_tells_no_buyer_and_lists_the_orders(ctx: Flask, sold: Sold, now: datetime) -> None:
    number = sold.start(now, is_drill=True)
    run_all(now)
    row = queries.get_recall(sold.officer, number)
    with transaction():
        assert notifying.tell_buyers(row.id, now=now) == 0
    with pytest.raises(notifying.OnlyADrill), transaction():
        notifying.called(row, sold.under_way, actor=sold.officer, now=now)

    assert letters() == []
    assert len(sold.bought(sold.officer, number)) == 3


def test_a_call_is_written_down_once_with_who_and_when(ctx: Flask, sold: Sold, make: Factories, now: datetime) -> None:
    row = queries.get_recall(sold.officer, sold.start(now))
    for actor, order in ((sold.other, sold.under_way), (sold.officer, sold.of_second)):
        with pytest.raises(NoSuchOrder), transaction():
            notifying.called(row, order, actor=actor, now=now)
    for actor in (sold.maker, sold.officer):
        with transaction():
            notifying.called(row, sold.under_way, actor=actor, now=now)

    one = db.session.scalars(select(RecallBuyerTold)).one()
    assert (one.channel, one.by_id, one.at) == ("phone", sold.maker.user_id, now)
    for change in ("UPDATE recall_buyer_told SET by_id = NULL", "DELETE FROM recall_buyer_told"):
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text(change))


# --- The screens --------------------------------------------------------------------------------------


def test_the_screens_name_the_orders_and_take_the_call(app: Flask, sold: Sold, make: Factories, now: datetime) -> None:
    with app.app_context():
        number = sold.start(now)
    office, producer, stranger = (make.client(one) for one in (sold.office, sold.shop.a, sold.shop.b))

    for client in (office, producer):
        for page in ("", "/bao-cao", "/nguoi-mua"):
            shown = client.get(f"{BASE}/{number}{page}").text
            assert all(one in shown for one in (sold.to_pack, sold.under_way, sold.delivered)), page
            assert sold.of_second not in shown
            assert "0900 000 123" in shown
    papers = office.get(f"{BASE}/{number}/danh-ba").text
    assert sold.under_way in papers
    assert sold.delivered not in papers  # has a letter
    assert stranger.get(f"{BASE}/{number}/nguoi-mua").status_code == 404
    act = f"{BASE}/{number}/nguoi-mua/{sold.under_way}/da-goi"
    assert send(stranger, act).status_code == 404

    assert send(producer, act).status_code == 303

    assert sold.under_way not in office.get(f"{BASE}/{number}/danh-ba").text
    assert "Đã gọi" in office.get(f"{BASE}/{number}").text


def test_the_papers_of_a_drill_ask_nobody_to_call_a_buyer(
    app: Flask, sold: Sold, make: Factories, now: datetime
) -> None:
    with app.app_context():
        number = sold.start(now, is_drill=True)
    office = make.client(sold.office)

    papers = office.get(f"{BASE}/{number}/danh-ba").text
    assert sold.under_way not in papers
    assert "0900 000 123" not in papers
    for page in ("/bao-cao", "/nguoi-mua"):
        shown = office.get(f"{BASE}/{number}{page}").text
        assert sold.under_way in shown
        assert "Gọi điện" not in shown, page


def test_a_counter_that_was_told_sees_no_buyers(app: Flask, sold: Sold, make: Factories, now: datetime) -> None:
    point = make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT)
    with app.app_context():
        number = sold.start(now)
        row = queries.get_recall(sold.officer, number)
        assert buyers.bought_of(make.actor(point), row) == []
    assert make.client(point).get(f"{BASE}/{number}/nguoi-mua").status_code == 404


@pytest.mark.parametrize(
    ("which", "words"),
    [("to_pack", "không được gửi"), ("under_way", "Đừng nhận kiện hàng"), ("delivered", "Đừng ăn")],
)
def test_the_page_of_an_order_says_first_what_to_do(
    app: Flask, sold: Sold, make: Factories, now: datetime, which: str, words: str
) -> None:
    with app.app_context():
        order = db.session.scalars(select(Order).where(Order.number == getattr(sold, which))).one()
        address = f"/don-hang/{order.purchase.token}"
    browser = app.test_client()
    assert "THU HỒI" not in browser.get(address).text

    with app.app_context():
        sold.start(now, is_drill=True)
    assert "THU HỒI" not in browser.get(address).text
    with app.app_context():
        sold.start(now)

    page = browser.get(address).text
    main = page[page.index("<main") :]
    assert words in re.sub(r"<[^>]+>", " ", main)
    assert main.index("THU HỒI") < main.index("<h1>")
    assert "Kim loại nặng" in main


def test_an_order_of_another_batch_says_nothing(app: Flask, sold: Sold, make: Factories, now: datetime) -> None:
    with app.app_context():
        sold.start(now)
        order = db.session.scalars(select(Order).where(Order.number == sold.of_second)).one()
        address = f"/don-hang/{order.purchase.token}"

    assert "THU HỒI" not in app.test_client().get(address).text


# --- All or nothing -----------------------------------------------------------------------------------


@pytest.mark.race
def test_workers_killed_at_any_step_of_the_letters_write_to_each_buyer_once(
    app: Flask, sold: Sold, now: datetime
) -> None:
    before = stored(app)
    with app.app_context():
        sold.start(now)
        db.session.remove()

    found = stored_by_dying_workers(app, run_all, now)

    told = [len(one["recall_buyer_told"]) for one in found]  # type: ignore[arg-type]
    assert [told[0], *sorted(set(told))] == [0, 0, 2], "both who left an address, by one transaction"
    for table in ("purchase_order", "allocation"):
        assert found[-1][table] == before[table], "what was promised stays so, and is held back"
    with app.app_context():
        assert len(letters()) == 2
        assert verification.verify() == []
