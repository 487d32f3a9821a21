"""Orders to test with: a shop of two producers, and purchases placed, paid or to be paid on delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask

from accounts.models import Organisation
from kernel import clock
from kernel.db import transaction
from stock.models import LocationKind
from storefront import cart as carts
from storefront import ordering, paying, settling
from storefront.models import PublicText
from storefront.order_models import BankAccount, Order, PaymentMethod, Purchase
from storefront.shipping import Way
from tests.factories import BA_DONG, VALID_FROM, Factories

PARCEL_VND = 30_000
RICE_VND, HONEY_VND = 50_000, 120_000
PHONE = "+84900000123"


@dataclass
class Shop:
    """A sells rice of two batches (6 packs, then 8), B honey of one (5 jars). All goods lie in their warehouses."""

    a: Organisation
    b: Organisation
    rice: int
    honey: int
    first: int  #: lot of A's rice that expires first
    second: int
    texts: dict[str, int]


def open_shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Open the shop of :class:`Shop`."""
    a, b = make.producer("Hợp tác xã mẫu A"), make.producer("Hộ mẫu B")
    items, lots = [], []
    today = clock.business_date(now)
    for producer, price, batches in ((a, RICE_VND, ((6, 60), (8, 90))), (b, HONEY_VND, ((5, 60),))):
        product = make.product(producer, price_vnd=price)
        make.certificate(product)
        item = make.item(product)
        warehouse = make.location(producer, LocationKind.WAREHOUSE)
        for quantity, days in batches:
            batch = make.batch(item, quantity=quantity, expires_on=today + timedelta(days=days))
            make.on_hand(batch.lot_id, warehouse, producer, quantity)
            lots.append(batch.lot_id)
        items.append(item.id)
    with app.app_context():
        with transaction() as session:
            for producer in (a, b):
                session.add(
                    BankAccount(
                        organisation_id=producer.id,
                        bank_bin="970405",
                        number=f"10{producer.id}",
                        holder="MAU",
                        added_at=now,
                    )
                )
            texts = [
                PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("dieu-khoan", "bao-mat")
            ]
            session.add_all(texts)
        ids = [text.id for text in texts]
    return Shop(a, b, *items, lots[0], lots[1], {"terms": ids[0], "privacy": ids[1]})


def buy(
    shop: Shop,
    now: datetime,
    *lines: tuple[int, int],
    method: PaymentMethod = PaymentMethod.COD,
    paid: bool = True,
    pickup: bool = False,
    note: str = "",
    way: Way | None = None,
    email: str | None = None,
) -> Purchase:
    """Place a purchase; by transfer its money has come, unless it is not ``paid``."""
    way = way or (Way("pickup", 0) if pickup else Way("parcel", PARCEL_VND))
    with transaction():
        cart = carts.start(now)
        for item_id, quantity in lines:
            carts.put(cart, item_id, quantity, now=now)
        price = {shop.rice: RICE_VND, shop.honey: HONEY_VND}
        producers = {shop.a.id if item_id == shop.rice else shop.b.id for item_id, _ in lines}
        total = sum(price[item_id] * quantity for item_id, quantity in lines) + way.price_vnd * len(producers)
        asked = ordering.Asked(
            buyer=ordering.Buyer("Người mua mẫu", PHONE, "Thôn 1", BA_DONG, VALID_FROM, email),
            method=method,
            language="vi",
            seen_total_vnd=total,
            ways={shop.a.id: way, shop.b.id: way},
            consents=shop.texts,
            notes={shop.a.id: note} if note else {},
        )
        purchase = ordering.place(cart, asked, now=now)
        paying.ask(purchase, now=now)
        if paid and method is not PaymentMethod.COD:
            for payment in purchase.payments:
                settling.capture(payment, payment.amount_vnd, now=now)
    return purchase


def order_of(shop: Shop, now: datetime, quantity: int = 4, **facts: object) -> Order:
    """Give A's order of so many packs of rice."""
    purchase = buy(shop, now, (shop.rice, quantity), **facts)  # type: ignore[arg-type]
    return purchase.orders[0]
