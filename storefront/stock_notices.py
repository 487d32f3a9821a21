"""Notices of goods that are back: asked for by e-mail, proved by a letter, one letter more, and then forgotten."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.models import Product, ProductVersion, TradeItem
from kernel import jobs
from kernel.db import db, on_sqlite
from kernel.errors import N_, Conflict, NotFound
from storefront.after_models import StockNotice
from storefront.offers import Hindrance, offers

CONFIRM_WITHIN, KEPT_AFTER = timedelta(days=7), timedelta(days=30)
MOST_AT_ONCE = 200  #: letters in one transaction
_ASKED_AGAIN = timedelta(minutes=10)


class NoSuchNotice(NotFound):
    message = N_("There is no such notice: it was stopped, or its time is over. You get no more letters.")


class IsThere(Conflict):
    message = N_("These goods can be had now.")


class NotSoldHere(Conflict):
    message = N_("These goods are not sold online.")


def ask(product: Product, email: str, *, language: str, is_proved: bool = False, now: datetime) -> None:
    """Ask for one letter when a product can be had again. A letter with a link proves the address first.

    :param is_proved: the account of who asks has proved this address: no first letter is needed
    :raises IsThere: :raises NotSoldHere:
    """
    state = _hindrances([product.id], now)[product.id]
    if state is None:
        raise IsThere()
    if state in (Hindrance.ALCOHOL, Hindrance.SERVICE, Hindrance.GONE):
        raise NotSoldHere()
    token = secrets.token_urlsafe(32)
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    fresh = {"language": language, "asked_at": now, "confirmed_at": now if is_proved else None, "sent_at": None}
    db.session.execute(
        insert(StockNotice)
        .values(product_id=product.id, email=email.lower(), token=token, **fresh)
        .on_conflict_do_nothing(index_elements=["product_id", "email"])
    )
    row = db.session.scalars(
        select(StockNotice)
        .where(StockNotice.product_id == product.id, StockNotice.email == email.lower())
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
                StockNotice.sent_at < now - KEPT_AFTER,
            )
        )
    )
    waiting = and_(StockNotice.confirmed_at.is_not(None), StockNotice.sent_at.is_(None))
    wanted = list(db.session.scalars(select(StockNotice.product_id).where(waiting).distinct()))
    there = [product_id for product_id, state in _hindrances(wanted, now).items() if state is None]
    if not there:
        return 0
    first = select(StockNotice.id).where(waiting, StockNotice.product_id.in_(there)).order_by(StockNotice.id)
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


def _hindrances(product_ids: list[int], now: datetime) -> dict[int, Hindrance | None]:
    """Tell of each product what keeps it from being ordered; None where a pack of it can be."""
    items = db.session.execute(
        select(TradeItem.id, TradeItem.product_id).where(TradeItem.product_id.in_(product_ids)).order_by(TradeItem.id)
    ).all()
    offered = offers([item_id for item_id, _ in items], now)
    found: dict[int, Hindrance | None] = dict.fromkeys(product_ids, Hindrance.GONE)
    for item_id, product_id in items:
        state = offered[item_id].hindrance
        if state is None or (found[product_id] is Hindrance.GONE):
            found[product_id] = state
    return found


def _write(row: StockNotice, template: str, now: datetime, dedupe: str | None = None) -> None:
    slug, name_vi, name_en = db.session.execute(
        select(Product.slug, ProductVersion.name_vi, ProductVersion.name_en)
        .join(ProductVersion, ProductVersion.id == Product.published_version_id)
        .where(Product.id == row.product_id)
    ).one()
    path = f"/san-pham/{slug}" if template == "stock_back" else f"/bao-co-hang/{row.token}"
    jobs.enqueue(
        "mail.send",
        now=now,
        dedupe=dedupe,
        template=template,
        to=row.email,
        language=row.language,
        facts={"goods": {"vi": name_vi, "en": name_en}, "path": path, "stop": row.token},
    )
