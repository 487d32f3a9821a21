"""Notices of goods that are back: asked for by e-mail, proved by a letter, one letter more, and then forgotten."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.models import Product, ProductVersion, TradeItem
from kernel import jobs
from kernel.db import db, on_sqlite
from kernel.errors import N_, Conflict, NotFound
from storefront.after_models import ONE_OF_ITEM, ONE_OF_PRODUCT, StockNotice
from storefront.offers import Hindrance, offers

CONFIRM_WITHIN, WAITS, KEPT_AFTER = timedelta(days=7), timedelta(days=365), timedelta(days=30)
MOST_AT_ONCE = 200  #: letters in one transaction
_ASKED_AGAIN = timedelta(minutes=10)


class NoSuchNotice(NotFound):
    message = N_("There is no such notice: it was stopped, or its time is over. You get no more letters.")


class IsThere(Conflict):
    message = N_("These goods can be had now.")


class NotSoldHere(Conflict):
    message = N_("These goods are not sold online.")


def ask(
    product: Product,
    email: str,
    *,
    item_id: int | None = None,
    language: str,
    is_proved: bool = False,
    now: datetime,
) -> None:
    """Ask for one letter when a product can be had again. A letter with a link proves the address first.

    :param item_id: a size of it that is waited for; None: any
    :param is_proved: the account of who asks has proved this address: no first letter is needed
    :raises IsThere: :raises NotSoldHere:
    """
    states = _hindrances(_items_of([product.id]), now)
    state = states.get(item_id, Hindrance.GONE) if item_id is not None else _least(states.values())
    if state is None:
        raise IsThere()
    if state in (Hindrance.ALCOHOL, Hindrance.SERVICE, Hindrance.GONE):
        raise NotSoldHere()
    token = secrets.token_urlsafe(32)
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    key, whether = ("product_id", ONE_OF_PRODUCT) if item_id is None else ("trade_item_id", ONE_OF_ITEM)
    fresh = {"language": language, "asked_at": now, "confirmed_at": now if is_proved else None, "sent_at": None}
    db.session.execute(
        insert(StockNotice)
        .values(product_id=product.id, trade_item_id=item_id, email=email.lower(), token=token, **fresh)
        .on_conflict_do_nothing(index_elements=[key, "email"], index_where=whether)
    )
    size = StockNotice.trade_item_id.is_(None) if item_id is None else StockNotice.trade_item_id == item_id
    row = db.session.scalars(
        select(StockNotice)
        .where(StockNotice.product_id == product.id, size, StockNotice.email == email.lower())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.sent_at is not None:  # had its letter before: asked for anew
        row.asked_at, row.language, row.sent_at, row.confirmed_at = now, language, None, None
    if is_proved and row.confirmed_at is None:
        row.confirmed_at = now
    db.session.flush()
    if row.confirmed_at is None:
        window = int(now.timestamp()) // int(_ASKED_AGAIN.total_seconds())
        name = hashlib.sha256(row.token.encode()).hexdigest()[:32]  # an id may come again once its row is gone
        _write(row, "stock_confirm", now, dedupe=f"stock-confirm:{name}:{window}")


def find(token: str) -> StockNotice:
    """Find a notice by its link.

    :raises NoSuchNotice:
    """
    found = db.session.scalar(select(StockNotice).where(StockNotice.token == token))
    if found is None:
        raise NoSuchNotice()
    return found


def confirm(notice: StockNotice, *, now: datetime) -> None:
    """Take the address as proved: the link in its letter was followed. Done before, it stays so."""
    db.session.execute(
        update(StockNotice)
        .where(StockNotice.id == notice.id, StockNotice.confirmed_at.is_(None))
        .values(confirmed_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(notice)


def stop(notice: StockNotice) -> None:
    """Forget a notice and its address."""
    db.session.execute(delete(StockNotice).where(StockNotice.id == notice.id))


def of_email(email: str) -> list[StockNotice]:
    """List the notices that wait for an address."""
    return list(
        db.session.scalars(
            select(StockNotice)
            .where(StockNotice.email == email, StockNotice.sent_at.is_(None))
            .order_by(StockNotice.id)
        )
    )


def send_due(now: datetime) -> int:
    """Write to those whose goods can be had again, each once; give how many. What is too old is forgotten."""
    db.session.execute(
        delete(StockNotice).where(
            or_(
                and_(StockNotice.confirmed_at.is_(None), StockNotice.asked_at < now - CONFIRM_WITHIN),
                and_(StockNotice.sent_at.is_(None), StockNotice.asked_at < now - WAITS),
                StockNotice.sent_at < now - KEPT_AFTER,
            )
        )
    )
    waiting = and_(StockNotice.confirmed_at.is_not(None), StockNotice.sent_at.is_(None))
    wanted = db.session.execute(select(StockNotice.product_id, StockNotice.trade_item_id).where(waiting).distinct())
    items = _items_of({product_id for product_id, _ in wanted})
    there = {item_id for item_id, state in _hindrances(items, now).items() if state is None}
    if not there:
        return 0
    any_size = and_(
        StockNotice.trade_item_id.is_(None), StockNotice.product_id.in_(sorted({items[item_id] for item_id in there}))
    )
    is_back = or_(any_size, StockNotice.trade_item_id.in_(sorted(there)))
    first = select(StockNotice.id).where(waiting, is_back).order_by(StockNotice.id)
    sent = db.session.scalars(
        update(StockNotice)
        .where(StockNotice.id.in_(first.limit(MOST_AT_ONCE)), StockNotice.sent_at.is_(None))
        .values(sent_at=now)
        .returning(StockNotice)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    for row in sent:
        _write(row, "stock_back", now)
    return len(sent)


def _items_of(product_ids: Collection[int]) -> dict[int, int]:
    """Give the sizes of products: {trade item id: product id}."""
    found = select(TradeItem.id, TradeItem.product_id).where(TradeItem.product_id.in_(sorted(product_ids)))
    return dict(db.session.execute(found.order_by(TradeItem.id)).all())


def _hindrances(items: Collection[int], now: datetime) -> dict[int, Hindrance | None]:
    """Tell of each size what keeps it from being ordered; None where it can be."""
    return {item_id: offer.hindrance for item_id, offer in offers(list(items), now).items()}


def _least(states: Iterable[Hindrance | None]) -> Hindrance | None:
    """Tell what keeps a product from being ordered by its sizes; None where one of them can be."""
    told = list(states)
    if None in told:
        return None
    return next((state for state in told if state is not Hindrance.GONE), Hindrance.GONE)


def _write(row: StockNotice, template: str, now: datetime, dedupe: str | None = None) -> None:
    slug, name_vi, name_en, item_vi, item_en = db.session.execute(
        select(Product.slug, ProductVersion.name_vi, ProductVersion.name_en, TradeItem.name_vi, TradeItem.name_en)
        .join(ProductVersion, ProductVersion.id == Product.published_version_id)
        .outerjoin(TradeItem, TradeItem.id == row.trade_item_id)
        .where(Product.id == row.product_id)
    ).one()
    goods = {"vi": name_vi, "en": name_en}
    if item_vi is not None:
        goods = {"vi": f"{name_vi}, {item_vi}", "en": f"{name_en or name_vi}, {item_en or item_vi}"}
    path = f"/san-pham/{slug}" if template == "stock_back" else f"/bao-co-hang/{row.token}"
    jobs.enqueue(
        "mail.send",
        now=now,
        dedupe=dedupe,
        template=template,
        to=row.email,
        language=row.language,
        facts={"goods": goods, "path": path, "stop": row.token},
    )
