"""Taking one's data along: all that is kept of a buyer, as a file of JSON with their photos beside it.

Source: Law 91/2025/QH15 on personal data (access, and a copy, within ten days): here at once, by oneself.
"""

from __future__ import annotations

import enum
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from accounts import email_links
from accounts.models import User
from catalog.models import Product
from kernel import audit, media
from kernel.db import db
from kernel.files import NoSuchFile
from storefront import invoices
from storefront.after_models import AccountConsent, Complaint, Review, SavedAddress, StockNotice, Wish
from storefront.models import PublicText
from storefront.order_models import Order, Purchase, PurchaseConsent
from storefront.return_models import GoodsReturn

_AMOUNTS = ("price_vnd", "amount_vnd", "discount_vnd", "share_vnd")
Of = TypeVar("Of", Review, Complaint, GoodsReturn)


def take(user: User, *, now: datetime) -> bytes:
    """Give all that is kept of a buyer as a zip: ``du-lieu.json``, and their photos under ``anh/``."""
    reviews, complaints = _theirs(user, Review), _theirs(user, Complaint)
    returned = _theirs(user, GoodsReturn)
    whole = {
        "made_at": now,
        "account": _columns(user, "id", "name", "email", "us_phone_number", "language", "created_at"),
        "consents": [
            {
                **_columns(row, "purpose", "given_at", "withdrawn_at"),
                "text": row.text.title_vi,
                "text_version": row.text_id,
            }
            for row in db.session.scalars(select(AccountConsent).where(AccountConsent.user_id == user.id))
        ],
        "addresses": [
            {**_columns(row, "name", "phone", "line"), "commune": row.commune.full_name}
            for row in db.session.scalars(select(SavedAddress).where(SavedAddress.user_id == user.id))
        ],
        "wishes": list(
            db.session.scalars(
                select(Product.slug).join(Wish, Wish.product_id == Product.id).where(Wish.user_id == user.id)
            )
        ),
        "stock_notices": [
            {
                **_columns(row, "asked_at", "confirmed_at", "sent_at"),
                "product": row.product.slug,
                "size": row.trade_item.name_vi if row.trade_item is not None else None,
            }
            for row in _notices(user)
        ],
        "purchases": [_purchase(row) for row in _purchases(user)],
        "reviews": [
            {
                **_columns(row, "hearts", "words", "author", "state", "written_at", "answer", "answered_at"),
                "photos": [photo.digest for photo in row.photos],
            }
            for row in reviews
        ],
        "complaints": [
            {
                **_columns(row, "number", "kind", "state", "opened_at", "answer_by", "outcome", "closed_at"),
                "messages": [_columns(said, "side", "words", "at") for said in row.messages],
                "photos": [photo.digest for photo in row.photos],
            }
            for row in complaints
        ],
        "returns": [
            {
                **_columns(row, "number", "reason", "wish", "state", "words", "asked_at", "decision", "closed_at"),
                **_columns(row, "goods_vnd", "delivery_vnd"),
                "order": row.order.number,
                "lines": [
                    {
                        "name_vi": line.bought.name_vi,
                        "quantity": line.quantity,
                        "step_g": line.bought.step_g,
                        "refund_vnd": line.refund_vnd,
                    }
                    for line in row.lines
                ],
                "account": row.account and _columns(row.account, "bank_bin", "number", "holder"),
                "photos": [photo.digest for photo in row.photos],
            }
            for row in returned
        ],
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("du-lieu.json", json.dumps(whole, ensure_ascii=False, indent=2, default=_plain))
        photos = [photo.digest for row in reviews for photo in row.photos]
        photos += [photo.digest for row in complaints for photo in row.photos]
        photos += [photo.digest for row in returned for photo in row.photos]
        for digest in sorted(set(photos)):
            try:
                stored, data = media.document(digest)
            except NoSuchFile:
                continue
            packed.writestr(f"anh/{digest}.{stored.suffix}", data)
    audit.record(None, "storefront.take_data", f"user:{user.id}", now=now)
    return file.getvalue()


def _purchases(user: User) -> Iterable[Purchase]:
    return db.session.scalars(
        select(Purchase)
        .where(Purchase.user_id == user.id)
        .options(selectinload(Purchase.orders).selectinload(Order.lines), selectinload(Purchase.contact))
        .order_by(Purchase.id)
    ).all()


def _purchase(row: Purchase) -> dict[str, Any]:
    contact, wish = row.contact, invoices.of_purchase(row)
    consents = db.session.execute(
        select(PurchaseConsent.purpose, PurchaseConsent.text_id, PurchaseConsent.at, PublicText.title_vi)
        .join(PublicText, PublicText.id == PurchaseConsent.text_id)
        .where(PurchaseConsent.purchase_id == row.id)
    )
    return {
        **_columns(row, "number", "method", "goods_vnd", "discount_vnd", "shipping_vnd", "total_vnd", "placed_at"),
        "voucher": row.voucher.code if row.voucher is not None else None,
        "contact": None
        if contact is None
        else {**_columns(contact, "name", "phone", "email", "line"), "commune": contact.commune.full_name},
        "invoice": None if wish is None else _columns(wish, "name", "tax_code", "address", "email"),
        "consents": [
            {"purpose": purpose, "text": title, "text_id": text_id, "given_at": at}
            for purpose, text_id, at, title in consents
        ],
        "orders": [
            {
                **_columns(order, "number", "placement", "discount_vnd", "total_vnd", "note", "invoice_number"),
                "lines": [
                    _columns(line, "line", "of_line", "name_vi", "quantity", "step_g", *_AMOUNTS, "vat_bp")
                    for line in order.lines_left
                ],
            }
            for order in row.orders
        ],
    }


def _notices(user: User) -> Iterable[StockNotice]:
    """Give what waits for a person's address; nobody's, where they never proved that it is theirs."""
    if user.email is None or not email_links.is_proved(user):
        return []
    return db.session.scalars(select(StockNotice).where(StockNotice.email == user.email))


def _theirs(user: User, model: type[Of]) -> list[Of]:
    """Give what belongs to orders of a person, with its photos, oldest first."""
    return list(
        db.session.scalars(
            select(model)
            .join(Order, Order.id == model.order_id)
            .join(Purchase, Purchase.id == Order.purchase_id)
            .where(Purchase.user_id == user.id)
            .options(selectinload(model.photos))
            .order_by(model.id)
        )
    )


def _columns(row: Any, *names: str) -> dict[str, Any]:
    return {name.removeprefix("us_"): getattr(row, name) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} is no plain value")
