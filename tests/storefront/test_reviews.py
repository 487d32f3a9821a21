"""Only who bought the goods and got them reviews them; the office looks first; the product page shows the rest."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from catalog.models import Product
from kernel import files, jobs, media
from kernel.db import db, transaction
from kernel.models import Job
from storefront import after_queries, queries, reviews
from storefront.after_models import Review, ReviewPhoto, ReviewState
from storefront.order_models import Order, Placement, Purchase
from tests.factories import Factories
from tests.races import race
from tests.storefront.test_browsing import counted
from tests.web import send


def picture(colour: str = "red") -> tuple[io.BytesIO, str]:
    """A small photo, as a browser sends it."""
    file = io.BytesIO()
    Image.new("RGB", (160, 120), colour).save(file, "PNG")
    file.seek(0)
    return file, f"{colour}.png"


def reviewed(order_id: int, now: datetime, **facts: object) -> int:
    """Write a review of the first line of an order; give its id."""
    with transaction():
        order = db.session.get_one(Order, order_id)
        given = {"hearts": 4, "words": "Gạo thơm.", "language": "vi", **facts}
        return reviews.write(order, order.lines[0], now=now, **given).id  # type: ignore[arg-type]


def shown(review_id: int, now: datetime) -> None:
    with transaction():
        reviews.show(db.session.get_one(Review, review_id), actor=SYSTEM, now=now)


def address(app: Flask, order: Order) -> str:
    with app.app_context():
        return f"/don-hang/{db.session.get_one(Purchase, order.purchase_id).token}/danh-gia"


# --- Who may ------------------------------------------------------------------------------------------


def test_what_has_not_come_cannot_be_reviewed(ctx: Flask, make: Factories, now: datetime) -> None:
    item = make.item(make.product())
    waiting = make.order(item, came=False)
    cancelled = make.order(item, placement=Placement.CANCELLED, cancel_cause="buyer")

    for order in (waiting, cancelled):
        with pytest.raises(reviews.NotArrived):
            reviewed(order.id, now)

    assert db.session.scalar(select(func.count(Review.id))) == 0


@pytest.mark.parametrize("hearts", [0, 6, -1])
def test_hearts_are_one_to_five(ctx: Flask, make: Factories, now: datetime, hearts: int) -> None:
    order = make.order(make.item(make.product()))

    with pytest.raises(reviews.BadHearts):
        reviewed(order.id, now, hearts=hearts)


def test_a_review_waits_until_the_office_shows_it(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    review_id = reviewed(make.order(make.item(product)).id, now)
    assert after_queries.shown_reviews(product.id).count == 0

    shown(review_id, now)

    found = after_queries.shown_reviews(product.id)
    assert (found.count, found.average, found.rows[0].words) == (1, 40, "Gạo thơm.")


def test_writing_anew_goes_back_to_the_queue_and_keeps_one_review(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    order = make.order(make.item(product))
    review_id = reviewed(order.id, now)
    shown(review_id, now)
    with transaction():
        reviews.answer(db.session.get_one(Review, review_id), "Cảm ơn.", actor=SYSTEM, now=now)

    assert reviewed(order.id, now, hearts=1, words="Hỏng") == review_id

    row = db.session.get_one(Review, review_id)
    assert (row.state, row.hearts, row.answer) == (ReviewState.WAITING, 1, "")
    assert after_queries.shown_reviews(product.id).count == 0


def test_taking_it_back_erases_what_was_said(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    order = make.order(make.item(product))
    with transaction():
        digest = media.store_picture(picture()[0].getvalue(), now=now)
    review_id = reviewed(order.id, now, author="Chị Mẫu", photos=[digest])
    shown(review_id, now)

    with transaction():
        reviews.withdraw(db.session.get_one(Review, review_id), now=now)

    row = db.session.get_one(Review, review_id)
    assert (row.state, row.words, row.author) == (ReviewState.WITHDRAWN, "", "")
    erasing = db.session.scalars(select(Job).where(Job.kind == "media.erase")).one()
    media.erase(dict(erasing.args), now)
    with pytest.raises(files.NoSuchFile):
        media.document(digest)
    assert db.session.scalar(select(func.count()).select_from(ReviewPhoto)) == 0
    assert after_queries.shown_reviews(product.id).count == 0


def test_a_refusal_needs_a_reason_and_tells_who_wrote(ctx: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()), email="mua@demo.example", language="en")
    review = db.session.get_one(Review, reviewed(order.id, now))
    with pytest.raises(reviews.NoReason):
        reviews.refuse(review, "because", actor=SYSTEM, now=now)
    with pytest.raises(reviews.NeedsWords):
        reviews.refuse(review, "other", "  ", actor=SYSTEM, now=now)

    with transaction():
        reviews.refuse(review, "person", "Có số điện thoại.", actor=SYSTEM, now=now)

    letter = db.session.scalars(select(Job).where(Job.kind == "mail.send")).one().args
    assert (letter["to"], letter["language"], letter["facts"]["what"]) == ("mua@demo.example", "en", "refused")
    assert letter["facts"]["words"] == "Có số điện thoại."


def test_each_letter_about_a_review_can_be_written(app: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()), email="mua@demo.example", language="vi")
    with app.app_context():
        review_id = reviewed(order.id, now)
        shown(review_id, now)
        with transaction():
            review = db.session.get_one(Review, review_id)
            reviews.answer(review, "Cảm ơn chị.", actor=SYSTEM, now=now)
            reviews.refuse(review, "photo", actor=SYSTEM, now=now)
        while jobs.run_one(now + timedelta(seconds=1)):
            pass
        assert db.session.scalar(select(func.count(Job.id)).where(Job.last_error.is_not(None))) == 0
        letters = [path.read_text() for path in app.config["MAIL_FOLDER"].glob("*.eml")]
    assert len([letter for letter in letters if "mua@demo.example" in letter]) >= 3


def test_only_what_is_on_show_is_answered(ctx: Flask, make: Factories, now: datetime) -> None:
    review_id = reviewed(make.order(make.item(make.product())).id, now)

    with pytest.raises(reviews.NotShown):
        reviews.answer(db.session.get_one(Review, review_id), "Cảm ơn.", actor=SYSTEM, now=now)


def test_ten_clicks_at_once_write_one_review(app: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()))

    answers = race(app, 6, lambda number: reviewed(order.id, now, hearts=1 + number % 5))

    assert len(set(answers)) == 1, answers
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 1


def test_two_officers_decide_once(app: Flask, make: Factories, now: datetime) -> None:
    order = make.order(make.item(make.product()))
    with app.app_context():
        review_id = reviewed(order.id, now)

    answers = race(app, 4, lambda _number: shown(review_id, now))

    assert sorted(map(str, answers)) == ["DecidedAlready"] * 3 + ["None"]


# --- The buyer's pages --------------------------------------------------------------------------------


def test_a_buyer_reviews_by_the_link_of_the_order(
    app: Flask, client: FlaskClient, make: Factories, now: datetime
) -> None:
    order = make.order(make.item(make.product()))
    there = address(app, order)
    assert "Gạo rẫy mẫu" in client.get(there).text

    wrong = send(client, f"{there}/1", words="Rất thơm", photos=[picture()])
    assert wrong.status_code == 422
    assert "Rất thơm" in wrong.text
    sent = send(client, f"{there}/1", hearts=5, words="Rất thơm", author="Lan", photos=[picture(), picture("blue")])

    assert (sent.status_code, sent.location) == (303, there)
    with app.app_context():
        row = db.session.scalars(select(Review)).one()
        assert (row.hearts, row.words, row.author, row.state) == (5, "Rất thơm", "Lan", ReviewState.WAITING)
        assert len(row.photos) == 2
    page = client.get(f"{there}/1")
    assert "Rất thơm" in page.text
    assert page.headers["Cache-Control"] == "no-store"

    send(client, f"{there}/1", hearts=3, words="Khá", no_photos="y")
    with app.app_context():
        row = db.session.scalars(select(Review)).one()
        assert (row.hearts, len(row.photos)) == (3, 0)
    assert send(client, f"{there}/1/rut").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Review)).one().state is ReviewState.WITHDRAWN


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"photos": ["red", "blue", "green", "white"]}, "3"),
        ({"photos": [""]}, "không phải"),
        ({"words": "x" * 2001}, "2000"),
        ({"author": "x" * 61}, "60"),
        ({"hearts": "9"}, ""),
        ({"hearts": "many"}, ""),
    ],
)
def test_bad_input_is_answered_beside_its_field(
    app: Flask, client: FlaskClient, make: Factories, what: dict[str, object], words: str
) -> None:
    there = address(app, make.order(make.item(make.product())))
    colours: list[str] = what.get("photos", [])  # type: ignore[assignment]
    sent = [picture(colour) if colour else (io.BytesIO(b"no picture"), "a.png") for colour in colours]

    answer = send(client, f"{there}/1", {"hearts": 4, "words": "Giữ lại", **what, "photos": sent or None})

    assert answer.status_code == 422
    assert words in answer.text.replace(".", "")
    assert "error-summary" in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 0


def test_links_that_are_none_and_lines_of_others_lead_nowhere(app: Flask, client: FlaskClient, make: Factories) -> None:
    item = make.item(make.product())
    there, waiting = address(app, make.order(item)), address(app, make.order(item, came=False))

    assert client.get("/don-hang/khong-co/danh-gia").status_code == 404
    assert client.get(f"{there}/7").status_code == 404
    assert send(client, f"{there}/7", hearts=5).status_code == 404
    assert client.get(f"{waiting}/1").status_code == 409
    assert send(client, f"{there}/1/rut").status_code == 404
    assert client.post(f"{there}/1", data={"hearts": 5}).status_code == 400  # without the token of our form


# --- The product page ---------------------------------------------------------------------------------


def test_the_product_page_shows_reviews_only_when_there_are_some(
    app: Flask, client: FlaskClient, make: Factories, now: datetime
) -> None:
    product = make.product(slug="gao-ray-mau")
    make.certificate(product, stars=4)
    orders = [make.order(make.item(product)) for _ in range(2)]
    before = client.get("/san-pham/gao-ray-mau").text
    assert 'id="danh-gia"' not in before

    with app.app_context():
        for order, hearts in zip(orders, (5, 4), strict=True):
            review_id = reviewed(order.id, now, hearts=hearts, words=f"Lời số {hearts}")
            shown(review_id, now)
        with transaction():
            reviews.answer(db.session.get_one(Review, review_id), "Cảm ơn bà con.", actor=SYSTEM, now=now)

    page = client.get("/san-pham/gao-ray-mau").text
    assert 'id="danh-gia"' in page
    assert "4,5 trên 5 tim" in page
    assert "Lời số 4" in page
    assert "Cảm ơn bà con." in page
    assert '"ratingValue": 4.5' in page
    assert len(re.findall('class="stars"', page)) == 1, "the programme's stars stand once: on the certificate's badge"
    with app.app_context(), transaction():
        reviews.refuse(db.session.get_one(Review, review_id), "advert", actor=SYSTEM, now=now)
    assert "Lời số 4" not in client.get("/san-pham/gao-ray-mau").text


def test_the_reviews_of_a_product_are_paged(app: Flask, client: FlaskClient, make: Factories, now: datetime) -> None:
    product = make.product(slug="gao-ray-mau")
    item = make.item(product)
    orders = [make.order(item) for _ in range(12)]
    with app.app_context():
        for number, order in enumerate(orders):
            shown(reviewed(order.id, now, words=f"Lời số {number:02d}."), now + timedelta(minutes=number))

    first, second = client.get("/san-pham/gao-ray-mau/danh-gia"), client.get("/san-pham/gao-ray-mau/danh-gia?trang=2")

    assert len(re.findall("Lời số", first.text)) == 10
    assert len(re.findall("Lời số", second.text)) == 2
    assert "ETag" in first.headers
    assert client.get("/san-pham/gao-ray-mau/danh-gia?trang=3").status_code == 404
    assert client.get("/san-pham/gao-ray-mau/danh-gia?trang=-1").status_code == 200
    assert len(re.findall("Lời số", client.get("/san-pham/gao-ray-mau").text)) == 5
    assert client.get("/san-pham/khong-co/danh-gia").status_code == 404


def test_reviews_cost_the_product_page_two_statements(
    app: Flask, client: FlaskClient, make: Factories, now: datetime
) -> None:
    product = make.product(slug="gao-ray-mau")
    order = make.order(make.item(product))
    queries.forget_shelf()
    with counted(app) as without:
        client.get("/san-pham/gao-ray-mau")
    with app.app_context():
        shown(reviewed(order.id, now), now)
    queries.forget_shelf()

    with counted(app) as with_reviews:
        client.get("/san-pham/gao-ray-mau")

    assert len(with_reviews) <= len(without) + 2, "\n\n".join(with_reviews)


# --- The office and the producer ----------------------------------------------------------------------


def test_the_office_moderates_and_the_producer_answers(
    app: Flask, client: FlaskClient, make: Factories, now: datetime
) -> None:
    producer, office = make.producer(), make.office()
    product: Product = make.product(producer, slug="gao-ray-mau")
    order = make.order(make.item(product))
    with app.app_context():
        review_id = reviewed(order.id, now, words="Gói bị ướt")
    there = f"/quan-tri/danh-gia/{review_id}"
    officer, theirs = make.client(office), make.client(producer)
    assert theirs.get(there).status_code == 404, "a producer sees what is on show"
    assert "Gói bị ướt" in officer.get("/quan-tri/danh-gia").text

    assert send(officer, f"{there}/khong-hien").status_code == 422
    assert send(officer, f"{there}/khong-hien", refusal="other").status_code == 422
    assert send(officer, f"{there}/hien").status_code == 303
    assert send(theirs, f"{there}/tra-loi", answer="").status_code == 422
    assert send(theirs, f"{there}/tra-loi", answer="Xin gửi gói khác.").status_code == 303

    assert "Xin gửi gói khác." in client.get("/san-pham/gao-ray-mau").text
    assert send(officer, f"{there}/bo-tra-loi").status_code == 303
    assert "Xin gửi gói khác." not in client.get("/san-pham/gao-ray-mau").text
    assert send(officer, f"{there}/khong-hien", refusal="insult").status_code == 303
    assert "Gói bị ướt" not in client.get("/san-pham/gao-ray-mau").text
    assert make.client(make.producer("Chủ thể khác")).get(there).status_code == 404
