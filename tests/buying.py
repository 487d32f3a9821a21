"""A small shop for the tests of buying, and what a buyer does there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Flask

from accounts.models import Organisation
from kernel import clock
from kernel.db import transaction
from stock import queries
from stock.models import LocationKind
from storefront import cart as carts
from storefront import ordering, paying, settling
from storefront.models import PublicText
from storefront.order_models import BankAccount, Cart, Credit, Payment, PaymentMethod, Purchase
from storefront.settling import Arrived
from storefront.shipping import Way
from tests.factories import BA_DONG, VALID_FROM, Factories


@dataclass
class Shop:
    """Two producers with an account each: rice at 50,000 đ (ten packs), honey at 120,000 đ (five jars)."""

    rice: int
    honey: int
    first: Organisation
    second: Organisation
    texts: dict[str, int]


def open_shop(make: Factories, app: Flask, now: datetime, *, times: int = 1) -> Shop:
    """Make a :class:`Shop`, with so many times its goods."""
    with make.together():
        first, second = make.producer("Hợp tác xã mẫu"), make.producer("Hộ mẫu")
        items = []
        for producer, price, quantity in ((first, 50_000, 10 * times), (second, 120_000, 5 * times)):
            product = make.product(producer, price_vnd=price)
            make.certificate(product)
            item = make.item(product)
            warehouse = make.location(producer, LocationKind.WAREHOUSE)
            make.on_hand(make.batch(item, quantity=quantity).lot_id, warehouse, producer, quantity)
            items.append(item.id)
    with app.app_context():
        with transaction() as session:
            for producer in (first, second):
                account = BankAccount(
                    organisation_id=producer.id,
                    bank_bin="970405",
                    number=f"10{producer.id}",
                    holder="MAU",
                    added_at=now,
                )
                session.add(account)
            texts = [
                PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("dieu-khoan", "bao-mat")
            ]
            session.add_all(texts)
        return Shop(*items, first, second, {"terms": texts[0].id, "privacy": texts[1].id})


def fill(now: datetime, *lines: tuple[int, int]) -> Cart:
    """Give a cart with so many of some trade items."""
    with transaction():
        cart = carts.start(now)
        for item_id, quantity in lines:
            carts.put(cart, item_id, quantity, now=now)
    return cart


def asked(shop: Shop, total: int, method: PaymentMethod = PaymentMethod.VIETQR, **facts: object) -> ordering.Asked:
    """What a buyer asks for who pays 30,000 đ for each parcel."""
    whole = ordering.Asked(
        buyer=ordering.Buyer("Người mua mẫu", "+84900000000", "Thôn 1", BA_DONG, VALID_FROM),
        method=method,
        language="vi",
        seen_total_vnd=total,
        ways={producer.id: Way("parcel", 30_000) for producer in (shop.first, shop.second)},
        consents=shop.texts,
    )
    return replace(whole, **facts)  # type: ignore[arg-type]


def buy(
    shop: Shop, now: datetime, total: int, *lines: tuple[int, int], method: PaymentMethod = PaymentMethod.VIETQR
) -> Purchase:
    """Place a purchase and ask for its money."""
    cart = fill(now, *lines)
    with transaction():
        purchase = ordering.place(cart, asked(shop, total, method), now=now)
        paying.ask(purchase, now=now)
    return purchase


def arrive(payment: Payment, amount: int, now: datetime, *, identity: str = "FT1", memo: str | None = None) -> Credit:
    """Let money come to the payee's account."""
    with transaction():
        return settling.record(
            Arrived(identity, "statement", payment.payee_id, amount, payment.code if memo is None else memo, now),
            now=now,
        )


def free(item_id: int, now: datetime) -> int:
    """Read how many may be ordered."""
    return queries.available([item_id], clock.business_date(now), now).get(item_id, 0)
