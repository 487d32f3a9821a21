"""Places orders in a running shop's database, as buyers would: ``python -m tests.sample_orders`` prints their numbers,
``python -m tests.sample_orders links`` the addresses of their pages; ``… follow`` does what waits for payments by card,
once for each line it is told.

All are paid on delivery and of goods of the producer that the demo's ``producer@demo.example`` works for.
"""

from __future__ import annotations

import sys

from sqlalchemy import select

from accounts import membership, signing_in
from accounts.models import Organisation
from app import create_app
from app.config import Config
from catalog.models import Product, TradeItem
from kernel import clock, jobs
from kernel.db import db, transaction
from kernel.models import Job
from storefront import cards, disputes, offers, ordering, paying, settling
from storefront import cart as carts
from storefront.models import PublicText
from storefront.order_models import PaymentMethod
from storefront.shipping import Way

PHONE = "+84900000123"
#: Of each order: packs, what the buyer says, whether it is fetched.
WANTED = ((2, "Gói giúp làm quà, cảm ơn (dữ liệu mẫu)", False), (1, "", False), (1, "", True), (3, "", False))


def place() -> list[tuple[str, str]]:
    """Place the orders; give their numbers and the addresses of their pages."""
    now = clock.now()
    person = signing_in.find_by_identity("producer@demo.example")
    assert person is not None
    producer = db.session.get_one(Organisation, membership.actor_of(person.id).organisation_id)
    item = _on_sale(producer)
    texts = list(db.session.scalars(select(PublicText.id).order_by(PublicText.id).limit(2)))
    placed = []
    for quantity, note, fetched in WANTED:
        way = Way("pickup", 0) if fetched else Way("parcel", 30_000, weight_g=quantity * 600)
        with transaction():
            cart = carts.start(now)
            carts.put(cart, item.id, quantity, now=now)
            seen = carts.view(cart, now)
            asked = ordering.Asked(
                buyer=ordering.Buyer(
                    "Người mua mẫu (dữ liệu mẫu)", PHONE, "Thôn mẫu", producer.commune_code, producer.commune_valid_from
                ),
                method=PaymentMethod.COD,
                language="vi",
                seen_total_vnd=seen.goods_vnd + way.price_vnd,
                ways={producer.id: way},
                consents={"terms": texts[0], "privacy": texts[-1]},
                notes={producer.id: note},
            )
            purchase = ordering.place(cart, asked, now=now)
            paying.ask(purchase, now=now)
            placed.append((purchase.orders[0].number, f"/don-hang/{purchase.token}"))
    return placed


def _on_sale(producer: Organisation) -> TradeItem:
    now = clock.now()
    of_theirs = select(TradeItem).join(Product, Product.id == TradeItem.product_id)
    items = list(db.session.scalars(of_theirs.where(Product.producer_id == producer.id).order_by(TradeItem.id)))
    offered = offers.offers([item.id for item in items], now)
    return next(item for item in items if offered[item.id].hindrance is None and offered[item.id].available > 20)


def follow() -> None:
    """Do what the worker does for payments by card (notices, money to give back, disputes), without what else waits."""
    kinds = (cards.NOTICE_JOB, settling.REFUND_JOB, disputes.DECISION_JOB)
    due = select(Job.id, Job.kind, Job.args).where(Job.kind.in_(kinds), Job.done_at.is_(None)).order_by(Job.id)
    for job_id, kind, args in db.session.execute(due).all():
        db.session.rollback()
        now = clock.now()
        jobs.HANDLERS[kind](args, now)
        with transaction() as session:
            session.get_one(Job, job_id).done_at = now


if __name__ == "__main__":
    app = create_app(Config.from_environment())
    if sys.argv[1:] == ["follow"]:
        for line in sys.stdin:
            with app.app_context():
                follow()
            sys.stdout.write(line)
            sys.stdout.flush()
        sys.exit()
    with app.app_context():
        asked = "links" in sys.argv[1:]
        sys.stdout.write("\n".join(link if asked else number for number, link in place()) + "\n")
