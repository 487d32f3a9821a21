"""Codes of single packs: made, printed ahead, bound, voided; what a check finds, and what it never says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from accounts.models import Organisation
from catalog.models import Product, TradeItem
from kernel import gs1
from kernel.db import db, transaction
from stock import production
from tests.factories import Factories
from tests.races import meet, race
from tests.web import send
from traceability import items
from traceability.item_models import Case, CaseKind, ItemCheck, ItemCode, ItemState, StickerRoll
from traceability.items import Finding
from traceability.models import Batch, Lot, LotState

GTIN = "09520123456788"
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 13) Chrome/128 Mobile", "Accept-Language": "vi-VN,vi;q=0.9"}


@pytest.fixture
def world(make: Factories, app: Flask, now) -> SimpleNamespace:
    """A producer whose rice carries a code on each pack, with a batch of 20 packs on sale."""
    producer = make.producer("HTX Ba Động", code="htxbd")
    product = make.product(producer, name="Gạo rẫy", gtin=GTIN)
    item = make.item(product)
    batch = make.batch(item, number="L1", quantity=20)
    with app.app_context(), transaction():
        items.switch(db.session.get_one(Product, product.id), True, actor=SYSTEM, now=now)
    return SimpleNamespace(producer=producer, product=product, item=item, batch=batch, lot_id=batch.lot_id)


def codes(app: Flask, world: SimpleNamespace, now: Any, count: int = 3, lot_id: int | None = None) -> list[str]:
    """Make codes for packs of the batch; give their serials in the order of the roll."""
    with app.app_context(), transaction():
        batch = db.session.get_one(Batch, lot_id or world.lot_id)
        roll = items.make_for_batch(batch, count, actor=SYSTEM, now=now)
        return [code.serial for code in items.codes_of(roll.id)]


def blank(app: Flask, world: SimpleNamespace, now: Any, count: int = 10) -> tuple[int, list[str]]:
    with app.app_context(), transaction():
        owner = db.session.get_one(Organisation, world.producer.id)
        roll = items.print_ahead(owner, count, actor=SYSTEM, now=now)
        return roll.id, [code.serial for code in items.codes_of(roll.id)]


def bind(app: Flask, roll_id: int, first: int, last: int, lot_id: int, now: Any) -> int:
    with app.app_context(), transaction():
        roll, batch = db.session.get_one(StickerRoll, roll_id), db.session.get_one(Batch, lot_id)
        return items.bind_range(roll, first, last, batch, actor=SYSTEM, now=now)


def bind_one(app: Flask, serial: str, lot_id: int, organisation_id: int, now: Any) -> None:
    with app.app_context(), transaction():
        batch = db.session.get_one(Batch, lot_id)
        items.bind_one(serial, batch, organisation_id=organisation_id, actor=SYSTEM, now=now)


def look(client: FlaskClient, serial: str, *, source: str = "10.0.0.1", **headers: str) -> Any:
    return client.get(f"/m/{serial}", headers={**PHONE, **headers}, environ_base={"REMOTE_ADDR": source})


def findings(app: Flask) -> list[tuple[int | None, str]]:
    with app.app_context():
        return [
            tuple(row) for row in db.session.execute(select(ItemCheck.number, ItemCheck.finding).order_by(ItemCheck.id))
        ]


# --- Serials -------------------------------------------------------------------------------------------------


def test_a_serial_is_80_random_bits_in_crockfords_letters():
    drawn = [items.new_serial() for _ in range(4000)]

    assert len(set(drawn)) == 4000
    assert all(items.is_serial(serial) for serial in drawn)
    for place in range(16):  # every place takes every letter: no bit stands still
        assert {serial[place] for serial in drawn} == set(gs1.CODE_LETTERS)


def test_neither_the_place_on_the_roll_nor_the_batch_stands_in_a_code(app: Flask, world: SimpleNamespace, now):
    _, serials = blank(app, world, now, count=200)

    assert serials != sorted(serials)
    assert serials != sorted(serials, reverse=True)
    numbers = [int("".join(f"{gs1.CODE_LETTERS.index(sign):05b}" for sign in serial), 2) for serial in serials]
    steps = {second - first for first, second in pairwise(numbers)}
    assert len(steps) == 199


@pytest.mark.parametrize(
    "typed",
    [
        "k7q2x9m0ad45tt8w",
        "K7Q2-X9M0-AD45-TT8W",
        " k7q2 x9mo ad45 tt8w ",
        "https://shop.test/m/k7q2x9m0ad45tt8w",
        f"https://shop.test/01/{GTIN}/10/L1/21/k7q2x9m0ad45tt8w?x=1",
    ],
)
def test_a_serial_is_read_however_it_is_typed_or_scanned(typed: str):
    assert items.typed_serial(typed) == "k7q2x9m0ad45tt8w"


# --- Made, bound, void ----------------------------------------------------------------------------------------


def test_a_product_carries_codes_only_once_its_producer_wants_them(
    app: Flask, make: Factories, world: SimpleNamespace, now
):
    other = make.batch(make.item(make.product(world.producer)))

    with pytest.raises(items.CodesAreOff):
        codes(app, world, now, lot_id=other.lot_id)


def test_there_are_never_more_codes_than_packs(app: Flask, world: SimpleNamespace, now):
    codes(app, world, now, count=15)

    with pytest.raises(items.MoreCodesThanPacks):
        codes(app, world, now, count=6)
    assert len(codes(app, world, now, count=5)) == 5


def test_a_spoiled_sticker_makes_room_for_another(app: Flask, world: SimpleNamespace, now):
    first = codes(app, world, now, count=20)
    with app.app_context(), transaction():
        items.void_one(first[0], organisation_id=world.producer.id, reason="Rách", actor=SYSTEM, now=now)

    assert len(codes(app, world, now, count=1)) == 1


def test_stickers_are_bound_by_range_and_void_ones_are_passed_over(app: Flask, world: SimpleNamespace, now):
    roll_id, serials = blank(app, world, now)
    with app.app_context(), transaction():
        roll = db.session.get_one(StickerRoll, roll_id)
        assert items.void_range(roll, 3, 4, reason="In lỗi", actor=SYSTEM, now=now) == 2

    assert bind(app, roll_id, 1, 6, world.lot_id, now) == 4
    with app.app_context():
        states = dict(
            db.session.execute(select(ItemCode.position, ItemCode.state).where(ItemCode.roll_id == roll_id)).all()
        )
    assert [states[n].value for n in range(1, 8)] == ["active", "active", "void", "void", "active", "active", "blank"]
    assert serials


@pytest.mark.parametrize(("first", "last"), [(0, 3), (4, 3), (1, 11)])
def test_a_range_that_is_not_on_the_roll_is_refused(first: int, last: int, app: Flask, world: SimpleNamespace, now):
    roll_id, _ = blank(app, world, now)

    with pytest.raises(items.WrongRange):
        bind(app, roll_id, first, last, world.lot_id, now)


def test_a_sticker_is_bound_once(app: Flask, make: Factories, world: SimpleNamespace, now):
    roll_id, serials = blank(app, world, now)
    bind(app, roll_id, 1, 5, world.lot_id, now)

    with pytest.raises(items.NotBlank):
        bind(app, roll_id, 5, 8, world.lot_id, now)
    with pytest.raises(items.CodeTaken):
        bind_one(app, serials[0], world.lot_id, world.producer.id, now)
    with app.app_context():
        blank_left = select(func.count()).select_from(ItemCode).where(ItemCode.state == ItemState.BLANK)
        assert db.session.scalar(blank_left) == 5, "a range that is refused binds nothing"


def test_stickers_of_another_producer_or_another_product_are_not_bound(
    app: Flask, make: Factories, world: SimpleNamespace, now
):
    other = make.producer(code="khac1")
    theirs = make.product(other)
    batch = make.batch(make.item(theirs))
    with app.app_context(), transaction():
        items.switch(db.session.get_one(Product, theirs.id), True, actor=SYSTEM, now=now)
    roll_id, serials = blank(app, world, now)

    with pytest.raises(items.NotThatProduct):
        bind(app, roll_id, 1, 2, batch.lot_id, now)
    with pytest.raises(items.NotOurCode):
        bind_one(app, serials[0], batch.lot_id, other.id, now)


@pytest.mark.parametrize("state", [LotState.HELD, LotState.RECALLED])
def test_nothing_is_packed_for_a_batch_that_is_held_or_recalled(
    state: LotState, app: Flask, make: Factories, world: SimpleNamespace, now
):
    batch = make.batch(world.item, state=state)
    roll_id, _ = blank(app, world, now)

    with pytest.raises(items.CannotBindNow):
        bind(app, roll_id, 1, 2, batch.lot_id, now)


def test_codes_become_active_when_the_batch_is_put_on_sale(
    app: Flask, make: Factories, client, world: SimpleNamespace, now
):
    batch = make.batch(world.item, state=LotState.OPEN)
    serial = codes(app, world, now, count=1, lot_id=batch.lot_id)[0]
    assert "chưa kích hoạt" in look(client, serial).text

    with app.app_context(), transaction():
        production.release(db.session.get_one(Batch, batch.lot_id), actor=SYSTEM, now=now)

    assert "chưa kích hoạt" not in look(client, serial, source="10.0.0.9").text


def test_the_database_itself_keeps_states_and_batches_together(app: Flask, world: SimpleNamespace, now):
    blank(app, world, now)

    for values in ({"state": ItemState.ACTIVE}, {"lot_id": world.lot_id}, {"state": ItemState.VOID}):
        with pytest.raises(DBAPIError), app.app_context(), transaction() as session:
            session.execute(update(ItemCode).values(**values))


# --- Where a code leads ------------------------------------------------------------------------------------------


def test_a_pack_with_a_gtin_carries_a_digital_link_and_others_an_address_that_looks_like_none():
    assert (
        items.printed("k7q2x9m0ad45tt8w", base_url="https://ocop.example", gtin=GTIN, lot="L1")
        == f"https://ocop.example/01/{GTIN}/10/L1/21/k7q2x9m0ad45tt8w"
    )
    assert (
        items.printed("k7q2x9m0ad45tt8w", base_url="https://ocop.example") == "https://ocop.example/m/k7q2x9m0ad45tt8w"
    )


def test_a_digital_link_with_the_serial_leads_to_the_page_of_the_pack(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]

    answer = client.get(f"/01/{GTIN}/10/L1/21/{serial}?x=1")

    assert (answer.status_code, answer.location) == (307, f"/m/{serial}?x=1")
    assert "không khớp nhau" not in client.get(answer.location, headers=PHONE).get_data(as_text=True)
    assert client.get(f"/01/{GTIN}/10/L1/21/000123").location.startswith("/lo/htxbd/"), "a serial of the producer's own"


@pytest.mark.parametrize(("lot", "state", "words"), [
    ("/10/L1", LotState.RELEASED, "Gạo rẫy"), ("/10/L1", LotState.RECALLED, "đã bị thu hồi"),
    ("/10/L9", LotState.RELEASED, "không có trong hệ thống"), ("", LotState.RELEASED, "Gạo rẫy"),
])  # fmt: skip
def test_of_a_code_that_is_not_known_what_is_known_is_told(
    lot: str, state: LotState, words: str, app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    with app.app_context(), transaction():
        db.session.get_one(Lot, world.lot_id).state = state

    answer = client.get(f"/01/{GTIN}{lot}/21/{'0' * 16}?x=1", headers=PHONE, follow_redirects=True)
    told = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "Mã của gói này không có trong hệ thống" in told
    assert words in told
    assert client.get(f"/m/{'0' * 16}", headers=PHONE).status_code == 404
    assert client.get(f"/m/{'0' * 16}?gtin-tren-ma=09520123456795", headers=PHONE).status_code == 404
    assert client.get(f"/m/{'0' * 16}?gtin-tren-ma=%00&lo-tren-ma=%00", headers=PHONE).status_code == 404


def test_a_link_and_a_code_of_two_lots_are_said_not_to_fit(
    app: Flask, client: FlaskClient, make: Factories, world: SimpleNamespace, now
):
    make.batch(world.item, number="L2", state=LotState.RECALLED)
    serial = codes(app, world, now)[0]

    answer = client.get(f"/01/{GTIN}/10/L2/21/{serial}", headers=PHONE, follow_redirects=True)
    told = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "không khớp nhau" in told
    assert "Lô L2 đã bị thu hồi" in told
    assert "L1" in told
    assert "không khớp nhau" not in client.get(f"/m/{serial}?gtin-tren-ma={GTIN}&lo-tren-ma=L1").get_data(as_text=True)


def test_a_serial_of_goods_without_codes_is_no_matter_of_ours(make: Factories, client: FlaskClient):
    product = make.product(make.producer(code="khac1"), gtin="09520123456795")
    make.batch(make.item(product), number="L1")

    assert client.get(f"/01/09520123456795/10/L1/21/{'7' * 16}").location.startswith("/lo/khac1/")


@pytest.mark.parametrize("written", [str.upper, items.spoken])
def test_a_code_in_capitals_or_groups_leads_to_its_one_address(written, app: Flask, client: FlaskClient, world, now):
    serial = codes(app, world, now)[0]

    answer = client.get(f"/m/{written(serial)}")

    assert (answer.status_code, answer.location) == (301, f"/m/{serial}")


def test_a_typed_code_of_a_pack_is_found(app: Flask, client: FlaskClient, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]

    for typed in (
        items.spoken(serial),
        f"http://shop.test/m/{serial}",
        f"https://x.example/01/{GTIN}/10/L1/21/{serial}",
    ):
        answer = client.get("/truy-xuat", query_string={"ma": typed}, follow_redirects=True)
        assert answer.request.path == f"/m/{serial}"


def test_a_lot_number_that_looks_like_such_a_code_still_leads_to_its_batch(make: Factories, client: FlaskClient, world):
    batch = make.batch(world.item, number="A234567890123456")

    for typed in ("A234567890123456", f"https://x.example/01/{GTIN}/10/A234567890123456"):
        answer = client.get("/truy-xuat", query_string={"ma": typed}, follow_redirects=True)
        assert answer.request.path == f"/lo/htxbd/{batch.token}"


# --- What a check says ----------------------------------------------------------------------------------------------


def test_the_first_check_is_told_from_the_second_and_both_are_counted(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now, stopped_clock
):
    serial = codes(app, world, now)[0]

    first = look(client, serial)
    stopped_clock(now + timedelta(days=2))
    second = look(client, serial, source="10.0.0.2")

    assert "Đây là lần kiểm tra đầu tiên của mã này." in first.text
    assert "đã kiểm tra 1 lần" in first.text
    assert "Kiểm tra lần đầu:" in second.text
    assert "24/11/2026" in second.text
    assert "đã kiểm tra 2 lần" in second.text
    assert findings(app) == [(1, "first"), (2, "again")]


def test_the_page_shows_the_goods_the_official_address_and_the_way_to_the_batch(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]
    page = look(client, serial)

    for said in (
        "Gạo rẫy, gói 500 g",
        "HTX Ba Động",
        "L1",
        "<b>shop.test</b>",
        items.spoken(serial),
        "/lo/htxbd/",
        "/phan-anh",
    ):
        assert said in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "ETag" not in page.headers


def test_the_page_never_says_that_a_pack_is_not_genuine(app: Flask, make: Factories, client: FlaskClient, world, now):
    serials = codes(app, world, now, count=2)
    _, ahead = blank(app, world, now, count=1)
    pages = [look(client, serials[0], source=f"10.0.0.{n}") for n in range(8)]
    pages += [look(client, serials[0], source="10.1.1.1", **{"Accept-Language": "ja-JP"})]
    pages += [look(client, ahead[0]), look(client, "0" * 16)]
    with app.app_context(), transaction():
        items.void_one(serials[1], organisation_id=world.producer.id, reason="Rách", actor=SYSTEM, now=now)
    pages.append(look(client, serials[1]))
    english = [client.get(f"/m/{serial}?lang=en", headers=PHONE) for serial in (*serials, *ahead)]

    for page in pages + english:
        words = page.text.lower().partition("<main")[2].partition("</main>")[0]
        assert words
        assert not any(word in words for word in ("hàng giả", " giả ", "fake", "counterfeit", "hàng thật", "genuine"))


def test_the_batch_page_stays_a_copy_without_counts(app: Flask, client: FlaskClient, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]
    address = f"/lo/htxbd/{world.batch.token}"
    before = client.get(address)

    look(client, serial)

    after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 304


def test_a_page_loaded_again_by_the_same_reader_is_the_same_check(
    app: Flask, client: FlaskClient, world, now, stopped_clock
):
    serial = codes(app, world, now)[0]

    look(client, serial)
    stopped_clock(now + timedelta(seconds=30))
    again = look(client, serial)
    stopped_clock(now + timedelta(seconds=120))
    look(client, serial)

    assert "đã kiểm tra 1 lần" in again.text
    assert "lần kiểm tra đầu tiên" in again.text
    assert findings(app) == [(1, "first"), (2, "again")]


def test_staff_and_programs_are_no_check(app: Flask, make: Factories, client: FlaskClient, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]
    staff = make.client(world.producer)

    assert look(staff, serial).status_code == 200
    assert look(client, serial, **{"User-Agent": "facebookexternalhit/1.1"}).status_code == 200
    assert findings(app) == []


def test_many_sources_within_a_day_are_told_and_listed(app: Flask, make: Factories, client: FlaskClient, world, now):
    serial = codes(app, world, now)[0]

    pages = [look(client, serial, source=f"10.0.0.{n}") for n in range(6)]

    assert "kiểm tra ở nhiều nơi" not in pages[3].text
    assert "kiểm tra ở nhiều nơi" in pages[4].text
    assert [finding for _, finding in findings(app)] == ["first", "again", "again", "again", "many", "many"]
    listed = make.client(world.producer).get("/quan-tri/ma-tung-goi/dang-xem").text
    assert listed.count(items.spoken(serial)) == 2
    assert items.spoken(serial) in make.client(make.office()).get("/quan-tri/ma-tung-goi/dang-xem").text
    assert (
        items.spoken(serial) not in make.client(make.producer(code="khac1")).get("/quan-tri/ma-tung-goi/dang-xem").text
    )


@pytest.fixture
def behind_a_proxy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "OCOP", replace(app.config["OCOP"], base_url="https://shop.test"))


@pytest.mark.usefixtures("behind_a_proxy")
def test_two_countries_within_hours_are_told_and_after_a_day_no_longer(
    app: Flask, client: FlaskClient, world, now, stopped_clock
):
    serial = codes(app, world, now)[0]
    look(client, serial, **{"CF-IPCountry": "VN"})

    stopped_clock(now + timedelta(hours=1))
    far = look(client, serial, source="10.0.0.2", **{"CF-IPCountry": "JP"})
    stopped_clock(now + timedelta(hours=9))
    later = look(client, serial, source="10.0.0.3", **{"CF-IPCountry": "FR"})
    silent = look(client, serial, source="10.0.0.4")

    assert [finding for _, finding in findings(app)] == ["first", "far", "again", "again"]
    assert "kiểm tra ở nhiều nơi" in far.text
    assert later.status_code == silent.status_code == 200


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize(("there", "minutes", "found"), [
    ("VN-59", 1, "far"), ("VN-SG", 119, "far"), ("VN-SG", 121, "again"), ("VN-29", 1, "again"), ("VN-04", 1, "again"),
    ("", 1, "again"), ("VN", 1, "again"),
])  # fmt: skip
def test_nobody_is_in_the_north_and_in_the_south_within_the_hour(
    app: Flask, client: FlaskClient, world, now, stopped_clock, there: str, minutes: int, found: str
):
    serial = codes(app, world, now)[0]
    look(client, serial, **{"X-Region": "VN-HN"})

    stopped_clock(now + timedelta(minutes=minutes))
    look(client, serial, source="10.0.0.2", **{"X-Region": there})

    assert [finding for _, finding in findings(app)] == ["first", found]


def test_neither_the_language_of_a_telephone_nor_what_anybody_may_write_says_where_it_is(
    app: Flask, client: FlaskClient, world, now
):
    serial = codes(app, world, now)[0]
    look(client, serial)
    look(client, serial, source="10.0.0.2", **{"Accept-Language": "ja-JP,ja", "CF-IPCountry": "JP"})

    assert [finding for _, finding in findings(app)] == ["first", "again"]


def test_a_code_printed_ahead_is_not_activated_and_not_404(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    _, serials = blank(app, world, now)

    page = look(client, serials[0])

    assert page.status_code == 200
    assert "Mã này chưa kích hoạt." in page.text
    assert "/phan-anh" in page.text
    assert findings(app) == [(1, "blank")]


def test_a_void_code_says_so_and_gives_no_batch_away(app: Flask, client: FlaskClient, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]
    with app.app_context(), transaction():
        items.void_one(serial, organisation_id=world.producer.id, reason="Rách", actor=SYSTEM, now=now)

    page = look(client, serial)

    assert "Chủ thể đã hủy mã này." in page.text
    assert "/lo/htxbd/" not in page.text
    assert "Rách" not in page.text


@pytest.mark.parametrize(
    ("state", "said"), [(LotState.RECALLED, "Lô này bị thu hồi. Không dùng."), (LotState.HELD, "Lô này đang tạm giữ.")]
)
def test_whatever_became_of_a_sticker_its_page_says_that_the_batch_is_stopped(
    state: LotState, said: str, app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]
    with app.app_context(), transaction():
        items.void_one(serial, organisation_id=world.producer.id, reason="Rách", actor=SYSTEM, now=now)
        db.session.get_one(Lot, world.lot_id).state = state

    page = client.get(f"/01/{GTIN}/10/L1/21/{serial}", headers=PHONE, follow_redirects=True)

    assert said in page.text
    assert "/lo/htxbd/" in page.text
    assert "Chủ thể cũng đã hủy mã này." in page.text


def test_a_blank_sticker_on_a_pack_of_a_recalled_lot_leads_to_the_notice(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    _, serials = blank(app, world, now)
    link = f"/01/{GTIN}/10/L1/21/{serials[0]}"
    assert client.get(link).location.startswith("/m/")
    with app.app_context(), transaction():
        db.session.get_one(Lot, world.lot_id).state = LotState.RECALLED

    assert client.get(link).location.startswith("/lo/htxbd/")


def test_a_linkset_is_given_of_a_pack_however_it_is_asked_for(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    link = f"/01/{GTIN}/10/L1/21/{codes(app, world, now)[0]}"

    by_header = client.get(link, headers={"Accept": "application/linkset+json"})
    by_query = client.get(f"{link}?linkType=linkset")

    assert (by_header.status_code, by_query.status_code) == (200, 200)
    assert by_header.json == by_query.json


def test_a_code_on_goods_it_was_not_given_to_is_said_not_to_fit(
    app: Flask, make: Factories, client: FlaskClient, world: SimpleNamespace, now
):
    make.item(make.product(make.producer(code="khac1"), gtin="09520123456795"))
    serial = codes(app, world, now)[0]

    told = client.get(f"/01/09520123456795/21/{serial}", headers=PHONE, follow_redirects=True).text

    assert "không khớp nhau" in told


@pytest.mark.parametrize(
    ("change", "said", "finding"),
    [
        ({"state": LotState.RECALLED}, "Lô này bị thu hồi. Không dùng.", "recalled"),
        ({"state": LotState.HELD}, "Lô này đang tạm giữ.", "held"),
        ({"expires_on": date(2026, 11, 23)}, "23/11/2026", "expired"),
    ],
)
def test_a_code_of_a_batch_not_to_be_used_says_that_first(
    change: dict[str, Any], said: str, finding: str, app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]
    with app.app_context(), transaction() as session:
        where = session.get_one(Lot if "state" in change else Batch, world.lot_id)
        for name, value in change.items():
            setattr(where, name, value)

    assert said in look(client, serial).text
    assert findings(app) == [(1, finding)]


@pytest.mark.usefixtures("behind_a_proxy")
def test_nobody_can_be_found_again_from_what_is_kept(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now, stopped_clock
):
    serials = codes(app, world, now)
    where = {"X-Region": "VN-29"}
    look(client, serials[0], source="203.0.113.77", **where)
    look(client, serials[1], source="203.0.113.77", **where)
    stopped_clock(now + timedelta(days=1))
    look(client, serials[2], source="203.0.113.77", **where)

    with app.app_context():
        rows = db.session.scalars(select(ItemCheck).order_by(ItemCheck.id)).all()
        columns = {column.name for column in ItemCheck.__table__.columns}
    assert columns == {"id", "code_id", "number", "at", "region", "source", "finding"}
    assert rows[0].source == rows[1].source != rows[2].source, "a source can be told for a day, no longer"
    assert all("203" not in row.source and len(row.source) == 32 for row in rows)
    assert {row.region for row in rows} == {"V2"}, "a part of the country, no province"


def test_a_check_cannot_be_changed(app: Flask, client: FlaskClient, world: SimpleNamespace, now):
    look(client, codes(app, world, now)[0])

    with pytest.raises(DBAPIError, match="append-only"), app.app_context(), transaction() as session:
        session.execute(text("UPDATE item_check SET number = 9"))


def test_a_check_is_written_by_one_statement(app: Flask, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]
    seen: list[str] = []

    with app.app_context():
        pack = items.get_pack(serial, now=now)
        from sqlalchemy import event

        event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *_: seen.append(sql))
        with transaction():
            items.record_check(pack, Finding.FIRST, region=None, source="a" * 32, now=now)

    assert len([sql for sql in seen if not sql.startswith("BEGIN")]) == 1


def test_the_page_is_shown_though_the_check_cannot_be_written(
    app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]
    with app.app_context(), transaction() as session:
        if db.engine.dialect.name == "sqlite":
            session.execute(
                text("CREATE TRIGGER full BEFORE INSERT ON item_check BEGIN SELECT RAISE(ABORT, 'full'); END")
            )
        else:
            session.execute(text("ALTER TABLE item_check ADD CONSTRAINT full_up CHECK (id < 0) NOT VALID"))

    page = look(client, serial)

    assert page.status_code == 200
    assert "Gạo rẫy" in page.text


# --- Tried out ------------------------------------------------------------------------------------------------------


def test_who_tries_codes_out_gets_no_more_answers_and_the_office_a_note(
    app: Flask, make: Factories, client: FlaskClient, world: SimpleNamespace, now, stopped_clock
):
    serial = codes(app, world, now)[0]

    statuses = [look(client, items.new_serial()).status_code for _ in range(23)]

    assert statuses == [404] * 20 + [429] * 3
    assert look(client, items.new_serial(), source="10.0.0.2").status_code == 404, "others are not shut out"
    assert look(client, serial).status_code == 200, "whoever shares the address still reads of the pack in hand"
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert (case.kind, case.contact, case.text) == (CaseKind.ENUMERATION, "", "")
        unknown = select(func.count()).select_from(ItemCheck).where(ItemCheck.code_id.is_(None))
        assert db.session.scalar(unknown) == 21, "what is turned away is not written down"
    office = make.client(make.office())
    page = office.get("/quan-tri/phan-anh").text
    assert "Có người dò mã" in page
    (case,) = set(re.findall(r'href="(/quan-tri/phan-anh/\d+)"', page))
    assert office.get(case).status_code == 200
    stopped_clock(now + timedelta(minutes=61))
    assert look(client, items.new_serial()).status_code == 404


def test_a_program_that_tries_codes_out_is_noticed_too(app: Flask, client: FlaskClient, world: SimpleNamespace, now):
    statuses = [look(client, items.new_serial(), **{"User-Agent": "curl/8.0"}).status_code for _ in range(22)]

    assert statuses == [404] * 20 + [429] * 2
    with app.app_context():
        assert db.session.scalars(select(Case.kind)).all() == [CaseKind.ENUMERATION]


# --- At once --------------------------------------------------------------------------------------------------------


@pytest.mark.race
def test_of_two_who_bind_the_same_stickers_at_once_one_does(app: Flask, make: Factories, world: SimpleNamespace, now):
    roll_id, _ = blank(app, world, now)
    other = make.batch(world.item, quantity=20)
    lots = (world.lot_id, other.lot_id)

    def act(number: int) -> int:
        with transaction():
            roll, batch = db.session.get_one(StickerRoll, roll_id), db.session.get_one(Batch, lots[number % 2])
            return items.bind_range(roll, 1, 10, batch, actor=SYSTEM, now=now)

    answers = race(app, 4, act)

    assert sorted(map(str, answers)) == ["10", "NotBlank", "NotBlank", "NotBlank"]
    with app.app_context():
        assert len(set(db.session.scalars(select(ItemCode.lot_id).where(ItemCode.roll_id == roll_id)))) == 1


@pytest.mark.race
def test_looking_first_and_binding_later_would_bind_them_twice(
    app: Flask, make: Factories, world: SimpleNamespace, now
):
    """The control: what :func:`items.bind_range` does not do."""
    roll_id, _ = blank(app, world, now)

    def act(_number: int) -> bool:
        state = db.session.scalar(select(ItemCode.state).where(ItemCode.roll_id == roll_id, ItemCode.position == 1))
        db.session.rollback()
        meet()
        return state is ItemState.BLANK

    assert race(app, 4, act) == [True] * 4


@pytest.mark.race
def test_codes_of_two_acts_at_once_are_never_more_than_packs(app: Flask, world: SimpleNamespace, now):
    def act(_number: int) -> int:
        with transaction():
            return items.make_for_batch(db.session.get_one(Batch, world.lot_id), 8, actor=SYSTEM, now=now).size

    answers = race(app, 4, act)

    assert sorted(map(str, answers)) == ["8", "8", "MoreCodesThanPacks", "MoreCodesThanPacks"]


@pytest.mark.race
def test_of_six_first_checks_at_once_exactly_one_is_the_first(app: Flask, world: SimpleNamespace, now):
    serial = codes(app, world, now)[0]

    def act(number: int) -> int:
        pack = items.get_pack(serial, now=now)
        finding = items.judge(pack, region=None, source=f"{number:032d}", now=now)
        db.session.rollback()
        meet()
        with transaction():
            return items.record_check(pack, finding, region=None, source=f"{number:032d}", now=now)

    assert sorted(race(app, 6, act)) == [1, 2, 3, 4, 5, 6]
    assert sorted(finding for _, finding in findings(app)) == ["again"] * 5 + ["first"]


@pytest.mark.race
def test_counting_first_would_make_all_six_the_first(app: Flask, world: SimpleNamespace, now):
    """The control: what :func:`items.record_check` does not do."""
    serial = codes(app, world, now)[0]

    def act(_number: int) -> int:
        number = items.get_pack(serial, now=now).checks + 1
        db.session.rollback()
        meet()
        return number

    assert race(app, 6, act) == [1] * 6


# --- Reports --------------------------------------------------------------------------------------------------------


def test_a_report_opens_a_case_that_the_office_answers_and_closes(
    app: Flask, make: Factories, client: FlaskClient, world: SimpleNamespace, now
):
    serial = codes(app, world, now)[0]
    office = make.client(make.office())
    address = f"/m/{serial}/phan-anh"

    sent = send(client, address, kind="mismatch", text="Số lô trên gói là L9", contact="0905 123 456", agrees="y")

    assert sent.status_code == 303
    assert client.get(sent.location).status_code == 200
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert (case.lot_id, case.organisation_id, case.contact) == (world.lot_id, world.producer.id, "0905 123 456")
        case_id = case.id
    page = f"/quan-tri/phan-anh/{case_id}"
    assert "Số lô trên gói là L9" in office.get(page).text
    assert send(office, f"{page}/dong").status_code == 303
    assert "Hãy trả lời phản ánh trước khi đóng." in office.get(page).text
    assert send(office, page, answer="Đã kiểm tra tại điểm bán.").status_code == 303
    send(office, f"{page}/dong")
    with app.app_context():
        case = db.session.get_one(Case, case_id)
        assert (case.state.value, case.contact, case.contact_consent_at) == ("closed", "", None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "other", "text": ""}, "text"),
        ({"kind": "", "text": "x"}, "kind"),
        ({"kind": "enumeration", "text": "x"}, "kind"),
        ({"kind": "other", "text": "x", "contact": "a@b.vn"}, "agrees"),
        ({"kind": "other", "text": "x" * 2001}, "text"),
    ],
)
def test_a_report_that_cannot_be_is_answered_beside_the_field(
    data: dict[str, str], field: str, app: Flask, client: FlaskClient, world: SimpleNamespace, now
):
    answer = send(client, f"/m/{codes(app, world, now)[0]}/phan-anh", data)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0


def test_no_contact_is_kept_without_consent_by_the_database_itself(app: Flask, world: SimpleNamespace, now):
    with pytest.raises(DBAPIError), app.app_context(), transaction() as session:
        session.add(Case(kind=CaseKind.OTHER, opened_at=now, text="x", contact="0905123456"))


def test_an_office_of_another_place_sees_no_case_of_ours(app: Flask, make: Factories, client: FlaskClient, world, now):
    serial = codes(app, world, now)[0]
    send(client, f"/m/{serial}/phan-anh", kind="other", text="x")
    elsewhere = make.client(make.office(of=("21484",)))
    with app.app_context():
        case_id = db.session.scalars(select(Case.id)).one()

    assert elsewhere.get(f"/quan-tri/phan-anh/{case_id}").status_code == 404
    assert make.client(world.producer).get(f"/quan-tri/phan-anh/{case_id}").status_code == 403


def test_codes_know_their_trade_item(app: Flask, world: SimpleNamespace):
    with app.app_context():
        assert db.session.get_one(TradeItem, world.item.id).gtin == GTIN
