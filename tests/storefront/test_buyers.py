"""An account as a buyer: opened by a letter, shows what is one's own, is taken along, and goes when one says so."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts import email_links, membership, passwords, resetting
from accounts.models import EmailLink, User
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from storefront import buyers, reviews, taking_along
from storefront.after_models import AccountConsent, ContactErasure, Review, SavedAddress, StockNotice, Wish
from storefront.models import PublicText
from storefront.order_models import (
    Contact,
    Credit,
    CreditOutcome,
    Order,
    Parcel,
    ParcelStep,
    Payment,
    PaymentMethod,
    Purchase,
    Refund,
    RefundState,
)
from storefront.return_rules import NOT_AS_SAID_DAYS, RETURN_DAYS
from tests.buying import open_shop
from tests.factories import BA_DONG, PASSWORD, VALID_FROM, Factories
from tests.races import race
from tests.storefront.test_buying_pages import add
from tests.web import send

DAY = timedelta(days=1)
EMAIL = "mua@demo.example"


@pytest.fixture
def texts(app: Flask, now: datetime) -> dict[str, int]:
    """The two texts that an account asks to agree to."""
    with app.app_context(), transaction() as session:
        rows = {
            purpose: PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now)
            for purpose, name in (("terms", "dieu-khoan"), ("privacy", "bao-mat"))
        }
        session.add_all(rows.values())
        session.flush()
        return {purpose: row.id for purpose, row in rows.items()}


def letters(app: Flask, template: str) -> list[dict[str, object]]:
    """Give what the letters of a kind that wait are given."""
    with app.app_context():
        found = db.session.scalars(select(Job).where(Job.kind == "mail.send", Job.done_at.is_(None)).order_by(Job.id))
        return [job.args for job in found if job.args["template"] == template]


def work(app: Flask, now: datetime, kind: str) -> None:
    """Let the worker do the next job of a kind."""
    with app.app_context():
        args = db.session.scalars(select(Job.args).where(Job.kind == kind).order_by(Job.id.desc())).first()
        jobs.HANDLERS[kind](dict(args or {}), now)


def opened(texts: dict[str, int], now: datetime, email: str = EMAIL) -> User:
    """Open an account as the link of a letter does."""
    with transaction():
        token = email_links.make(email, now=now)
        db.session.flush()
        made = passwords.hashed(PASSWORD)
        return buyers.open_account(token, name="Lan", password_hash=made, texts=texts, language="vi", now=now)


def signed_in(app: Flask, user: User) -> FlaskClient:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = user.fs_uniquifier
        session["_fresh"] = True
    return browser


# --- Opening ------------------------------------------------------------------------------------------


def test_an_account_is_opened_by_the_link_of_a_letter(
    app: Flask, client: FlaskClient, make: Factories, texts: dict[str, int], now: datetime
) -> None:
    order = make.order(make.item(make.product()), email=EMAIL)
    assert send(client, "/dang-ky", email="Mua@Demo.example ").status_code == 303
    work(app, now, "storefront.sign_up")
    (letter,) = letters(app, "sign_up")
    assert letter["to"] == EMAIL
    path = str(letter["facts"]["path"])  # type: ignore[index]

    wrong = send(client, path, name="Lan", password="12345678", agrees="y")
    assert (wrong.status_code, "error-summary" in wrong.text) == (422, True)
    assert send(client, path, name="Lan", password=PASSWORD).status_code == 422, "nothing is ticked beforehand"
    assert send(client, path, name="Lan", password=PASSWORD, agrees="y").status_code == 303

    page = client.get("/tai-khoan")
    assert "Gạo rẫy mẫu" in page.text, "orders of the proved address are there"
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(path).status_code == 410, "the link works once"
    with app.app_context():
        user = db.session.scalars(select(User).where(User.email == EMAIL)).one()
        assert db.session.get_one(Purchase, order.purchase_id).user_id == user.id
        agreed = db.session.execute(select(AccountConsent.purpose, AccountConsent.text_id)).all()
        assert {row.purpose: row.text_id for row in agreed} == texts


def test_nobody_learns_who_has_an_account(app: Flask, client: FlaskClient, make: Factories, now: datetime) -> None:
    make.user(email=EMAIL)

    known, new = send(client, "/dang-ky", email=EMAIL), send(client, "/dang-ky", email="moi@demo.example")
    again = send(client, "/dang-ky", email=EMAIL)

    assert known.location == new.location == again.location
    with app.app_context():
        assert db.session.scalar(select(func.count(Job.id)).where(Job.kind == "storefront.sign_up")) == 2
        with transaction():
            buyers.send_sign_up(EMAIL, language="vi", now=now)
    assert [letter["to"] for letter in letters(app, "account_exists")] == [EMAIL]
    assert letters(app, "sign_up") == []


def test_one_link_opens_one_account(app: Flask, texts: dict[str, int], now: datetime) -> None:
    with app.app_context(), transaction():
        token = email_links.make(EMAIL, now=now)
    made = passwords.hashed(PASSWORD)

    def run(number: int) -> str:
        with transaction():
            buyers.open_account(token, name=f"Lan {number}", password_hash=made, texts=texts, language="vi", now=now)
        return "open"

    answers = race(app, 4, run)

    assert sorted(answers) == ["LinkOver"] * 3 + ["open"]


def test_links_grow_old_and_are_forgotten(ctx: Flask, texts: dict[str, int], now: datetime) -> None:
    with transaction():
        token = email_links.make(EMAIL, now=now)
    with pytest.raises(resetting.LinkOver):
        email_links.find(token, now=now + email_links.STANDS)
    with transaction():
        email_links.forget_old(now + email_links.STANDS + DAY)
    assert db.session.scalar(select(func.count(EmailLink.id))) == 0


def test_orders_of_an_address_are_shown_only_when_it_is_proved(
    app: Flask, make: Factories, texts: dict[str, int], now: datetime
) -> None:
    order = make.order(make.item(make.product()), email=EMAIL)
    user, stranger = make.user(email=EMAIL), make.user(email="khac@demo.example")
    browser = signed_in(app, user)
    with app.app_context():
        assert buyers.claim(db.session.get_one(User, user.id), now=now) == 0
    assert send(browser, "/tai-khoan/tim-don").status_code == 303
    (letter,) = letters(app, "prove_email")
    path = str(letter["facts"]["path"])  # type: ignore[index]

    assert signed_in(app, stranger).get(path).status_code == 409
    assert send(browser, path).status_code == 303

    with app.app_context():
        number = db.session.get_one(Purchase, order.purchase_id).number
    assert number in browser.get("/tai-khoan").text
    assert number not in signed_in(app, stranger).get("/tai-khoan").text


# --- What it keeps ------------------------------------------------------------------------------------


def test_addresses_are_kept_by_consent_and_forgotten_with_it(
    app: Flask, make: Factories, texts: dict[str, int], now: datetime
) -> None:
    make.unit(BA_DONG)
    with app.app_context():
        user = opened(texts, now)
    browser = signed_in(app, user)
    data = {"name": "Lan", "phone": "0905 123 456", "street": "Thôn 1", "place": "xã Ba Động, Quảng Ngãi"}

    assert send(browser, "/tai-khoan/dia-chi", data).status_code == 422, "not without a tick"
    assert send(browser, "/tai-khoan/dia-chi", {**data, "place": "Nơi không có", "agrees": "y"}).status_code == 422
    assert send(browser, "/tai-khoan/dia-chi", {**data, "phone": "12", "agrees": "y"}).status_code == 422
    for _twice in range(2):
        assert send(browser, "/tai-khoan/dia-chi", {**data, "agrees": "y"}).status_code == 303

    with app.app_context():
        kept = db.session.scalars(select(SavedAddress)).one()
        assert kept.commune_code == BA_DONG
        standing = select(AccountConsent).where(AccountConsent.purpose == "addresses")
        assert db.session.scalars(standing).one().withdrawn_at is None
    other = signed_in(app, make.user())
    assert send(other, f"/tai-khoan/dia-chi/{kept.id}/bo").status_code == 404
    assert send(browser, "/tai-khoan/du-lieu/rut-dia-chi").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count(SavedAddress.id))) == 0
        assert db.session.scalars(standing).one().withdrawn_at is not None


def test_checkout_is_filled_in_with_what_the_account_keeps(app: Flask, make: Factories, now: datetime) -> None:
    shop = open_shop(make, app, now)
    user = make.user(email=EMAIL, name="Lan")
    browser = signed_in(app, user)
    add(browser, shop.rice)
    with app.app_context(), transaction():
        buyers.keep_address(
            user.id,
            name="Mẹ của Lan",
            phone="+84905123456",
            line="12 Nguyễn Trãi",
            commune_code=BA_DONG,
            commune_valid_from=VALID_FROM,
            privacy_text_id=shop.texts["privacy"],
            now=now,
        )

    page = unescape(browser.get("/thanh-toan").text)

    for kept in ("Mẹ của Lan", "0905 123 456", "12 Nguyễn Trãi", "Ba Động", EMAIL):
        assert kept in page, kept
    assert not re.search('type="checkbox"[^>]*checked', page), "no consent is ticked beforehand"
    anonymous = app.test_client()
    add(anonymous, shop.rice)
    assert "Nguyễn Trãi" not in unescape(anonymous.get("/thanh-toan").text)


def test_wishes_are_one_s_own(app: Flask, make: Factories, now: datetime) -> None:
    product = make.product(slug="gao-ray-mau")
    browser, other = signed_in(app, make.user()), signed_in(app, make.user())

    assert "Gạo rẫy mẫu" in browser.get("/tai-khoan/muon-mua/them/gao-ray-mau").text
    for _twice in range(2):
        assert send(browser, "/tai-khoan/muon-mua/them/gao-ray-mau").status_code == 303
    assert "Gạo rẫy mẫu" in browser.get("/tai-khoan/muon-mua").text
    assert "Gạo rẫy mẫu" not in other.get("/tai-khoan/muon-mua").text
    assert browser.get("/tai-khoan/muon-mua/them/khong-co").status_code == 404
    assert send(other, f"/tai-khoan/muon-mua/{product.id}/bo").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Wish)) == 1
    send(browser, f"/tai-khoan/muon-mua/{product.id}/bo")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Wish)) == 0


def test_name_language_and_password_are_changed(app: Flask, make: Factories) -> None:
    user = make.user(email=EMAIL)
    browser = signed_in(app, user)

    assert send(browser, "/tai-khoan/ho-so", name="", language="vi").status_code == 422
    assert send(browser, "/tai-khoan/ho-so", name="Lan Anh", language="en").status_code == 303
    assert "Hello Lan Anh" in browser.get("/tai-khoan?lang=en").text
    wrong = send(browser, "/tai-khoan/mat-khau", present="sai", password="ba tu that dai")
    assert wrong.status_code == 422
    assert send(browser, "/tai-khoan/mat-khau", present=PASSWORD, password="ba tu that dai").status_code == 303
    assert browser.get("/tai-khoan").status_code == 200, "this session goes on"


# --- Taking along, and the end ------------------------------------------------------------------------


def test_data_are_taken_along_as_a_file(app: Flask, make: Factories, texts: dict[str, int], now: datetime) -> None:
    mine, other = make.order(make.item(make.product()), email=EMAIL), make.order(make.item(make.product()))
    with app.app_context():
        user = opened(texts, now)
        with transaction():
            here = db.session.get_one(Order, mine.id)
            reviews.write(here, here.lines[0], hearts=5, words="Rất thơm", language="vi", now=now)

    answer = send(signed_in(app, user), "/tai-khoan/du-lieu/tai-ve")

    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        whole = json.loads(packed.read("du-lieu.json"))
    assert whole["account"]["email"] == EMAIL
    assert [order["number"] for purchase in whole["purchases"] for order in purchase["orders"]] == [mine.number]
    assert whole["reviews"][0]["words"] == "Rất thơm"
    assert {consent["purpose"] for consent in whole["consents"]} == {"terms", "privacy"}
    assert other.number not in json.dumps(whole)
    assert "argon2" not in json.dumps(whole)


def test_deleting_erases_the_person_and_keeps_the_orders(
    app: Flask, make: Factories, texts: dict[str, int], now: datetime
) -> None:
    item = make.item(make.product())
    done, running = make.order(item, email=EMAIL), make.order(item, email=EMAIL, came=False)
    with app.app_context():
        with transaction() as session:
            parcel = session.scalars(select(Parcel).where(Parcel.order_id == done.id)).one()
            parcel.delivered_at = now - timedelta(days=31)
        user = opened(texts, now)
        with transaction():
            here = db.session.get_one(Order, done.id)
            reviews.write(here, here.lines[0], hearts=5, author="Lan", language="vi", now=now)
    browser = signed_in(app, user)

    told = " ".join(unescape(browser.get("/tai-khoan/du-lieu").text).split())
    assert f"hàng đã đến quá {buyers.CONTACT_KEPT.days} ngày" in told
    assert f"trả trong {RETURN_DAYS} ngày từ khi nhận, trong {NOT_AS_SAID_DAYS} ngày nếu không đúng" in told
    assert send(browser, "/tai-khoan/du-lieu/xoa", present="sai").status_code == 422
    answer = send(browser, "/tai-khoan/du-lieu/xoa", present=PASSWORD)

    assert answer.status_code == 200
    assert "1 đơn hàng" in answer.text
    assert browser.get("/tai-khoan").status_code == 302
    with app.app_context():
        row = db.session.get_one(User, user.id)
        assert (row.active, row.password, EMAIL in (row.email or "")) == (False, None, False)
        assert db.session.get(Contact, done.purchase_id) is None
        assert db.session.get(Contact, running.purchase_id) is not None, "its parcel is on the way"
        assert db.session.scalars(select(Review)).one().author == ""
        assert db.session.scalar(select(func.count(Order.id))) == 2
        with transaction() as session:
            session.add(
                Parcel(
                    number="KH-1", order_id=running.id, carrier="hand_over", state="delivered", created_at=now,
                    delivered_at=now,
                )
            )  # fmt: skip
        with transaction():
            assert buyers.erase_due(now + buyers.CONTACT_KEPT - DAY) == 0
            assert buyers.erase_due(now + buyers.CONTACT_KEPT + DAY) == 1
            assert buyers.erase_due(now + buyers.CONTACT_KEPT + DAY) == 0
        assert db.session.get(Contact, running.purchase_id) is None
        assert db.session.scalar(select(func.count()).where(ContactErasure.done_at.is_(None))) == 0
        assert opened(texts, now).id != user.id, "the address can open an account again"


def test_who_bought_as_a_guest_can_be_erased_by_the_link(
    app: Flask, client: FlaskClient, make: Factories, now: datetime
) -> None:
    item = make.item(make.product())
    done, running = make.order(item, email=EMAIL), make.order(item, email=EMAIL, came=False)
    with app.app_context(), transaction() as session:
        parcel = session.scalars(select(Parcel).where(Parcel.order_id == done.id)).one()
        parcel.delivered_at = now - buyers.CONTACT_KEPT - DAY
        payment = Payment(
            purchase_id=done.purchase_id, payee_id=done.producer_id, method=PaymentMethod.VIETQR, code="OC1",
            amount_vnd=1, asked_at=now,
        )  # fmt: skip
        session.add(payment)
        session.flush()
        session.add(
            Credit(
                identity="FT1", source="statement", payee_id=done.producer_id, amount_vnd=1, memo="NGUYEN VAN MAU",
                arrived_at=now, recorded_at=now, outcome=CreditOutcome.MATCHED, payment_id=payment.id,
            )
        )  # fmt: skip
        tokens = [session.get_one(Purchase, order.purchase_id).token for order in (done, running)]

    assert "Người mua mẫu" in client.get(f"/don-hang/{tokens[0]}").text
    assert client.get(f"/don-hang/{tokens[0]}/xoa-thong-tin").status_code == 200
    assert client.get("/don-hang/khong-co/xoa-thong-tin").status_code == 404
    for token in (*tokens, tokens[0]):
        assert send(client, f"/don-hang/{token}/xoa-thong-tin").status_code == 303

    assert "Người mua mẫu" not in client.get(f"/don-hang/{tokens[0]}").text
    assert "Người mua mẫu" in client.get(f"/don-hang/{tokens[1]}").text, "its parcel is on the way"
    with app.app_context():
        assert db.session.scalars(select(Credit)).one().memo == ""
        assert db.session.scalar(select(func.count(ContactErasure.purchase_id))) == 2


def test_a_parcel_that_came_back_keeps_nobody_in_mind_for_ever(ctx: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()), came=False)
    with transaction() as session:
        parcel = Parcel(number="KH-1", order_id=order.id, carrier="hand_over", state="returned", created_at=now)
        session.add(parcel)
        session.flush()
        session.add(ParcelStep(parcel_id=parcel.id, what="returned", at=now))

    with transaction():
        assert not buyers.ask_erasure(db.session.get_one(Purchase, order.purchase_id), now=now)
        assert buyers.erase_due(now + buyers.CONTACT_KEPT - DAY) == 0
        assert buyers.erase_due(now + buyers.CONTACT_KEPT + DAY) == 1


def test_who_is_to_be_paid_back_is_not_erased_before(ctx: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()))
    late = now + buyers.CONTACT_KEPT + DAY
    with transaction() as session:
        payment = Payment(
            purchase_id=order.purchase_id, payee_id=order.producer_id, method=PaymentMethod.VIETQR, code="OC1",
            amount_vnd=1, captured_vnd=2, refunded_vnd=1, asked_at=now,
        )  # fmt: skip
        session.add(payment)
        session.flush()
        refund = Refund(number="HT-1", payment_id=payment.id, amount_vnd=1, cause="x", reason="", asked_at=now)
        session.add(refund)

    with transaction():
        assert not buyers.ask_erasure(db.session.get_one(Purchase, order.purchase_id), now=late)
    with transaction():
        refund.state, refund.done_at = RefundState.DONE, late
    with transaction():
        assert buyers.erase_due(late) == 1


def test_who_bought_is_erased_when_no_claim_can_be_brought_any_more(ctx: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()))

    with transaction():
        assert buyers.erase_old(now + buyers.CONTACT_AT_MOST) == 0
        late = now + buyers.CONTACT_AT_MOST + DAY
        assert (buyers.erase_old(late), buyers.erase_due(late), buyers.erase_old(late)) == (1, 1, 0)
    assert db.session.get(Contact, order.purchase_id) is None


def test_an_address_that_was_never_proved_is_anothers(app: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    user = make.user(email=EMAIL)
    with app.app_context():
        with transaction() as session:
            session.add(
                StockNotice(
                    product_id=product.id, email=EMAIL, language="vi", asked_at=now, confirmed_at=now, token="t" * 43
                )
            )
        whole = taking_along.take(db.session.get_one(User, user.id), now=now)
        with zipfile.ZipFile(io.BytesIO(whole)) as packed:
            assert json.loads(packed.read("du-lieu.json"))["stock_notices"] == []
        with transaction():
            buyers.delete_account(db.session.get_one(User, user.id), now=now)
        assert db.session.scalar(select(func.count(StockNotice.id))) == 1


def test_who_works_here_is_not_deleted_by_themselves(app: Flask, make: Factories, now: datetime) -> None:
    user = make.user(make.producer(), email=EMAIL)

    answer = send(signed_in(app, user), "/tai-khoan/du-lieu/xoa", present=PASSWORD)

    assert answer.status_code == 409
    with app.app_context():
        assert db.session.get_one(User, user.id).active
        assert membership.actor_of(user.id).user_id == user.id


def test_the_foot_leads_to_the_account_and_the_page_asks_who_is_there(client: FlaskClient) -> None:
    assert 'href="/tai-khoan"' in client.get("/").text
    answer = client.get("/tai-khoan")
    assert answer.status_code == 302
    assert re.search("next=.*tai-khoan", answer.location)
