"""Alcohol can be shown and traced; it is ordered only where its producer's licence is on record.

Source: Law 44/2019/QH14, Điều 16; NĐ 105/2017/NĐ-CP and NĐ 24/2020/NĐ-CP (details to be confirmed before launch).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation
from catalog.models import Product
from kernel import audit, pages
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput
from kernel.text import one_line

#: Rượu trắng, and other drinks with alcohol. Source: QĐ 26/2026/QĐ-TTg, Phụ lục I.
ALCOHOL_SETS = frozenset({14, 15})
LONGEST_LICENCE = 120


class NoLicenceGiven(InvalidInput):
    message = N_("Please enter the licence's number, its date and who issued it.")
    field = "licence"


class LicenceTooLong(InvalidInput):
    message = N_("Please keep the licence within %(most)s signs: number, date, issuer.")
    field = "licence"


def is_alcohol(product: Product) -> bool:
    """Tell whether a product is alcohol: by its sub-group, or because the office marked it."""
    return product.is_alcohol or product.criteria_set_no in ALCOHOL_SETS


def may_be_ordered(*, is_alcohol: bool, criteria_set_no: int, alcohol_licence: str | None) -> bool:
    """Say by plain values whether ordering is on: always, but for alcohol without a licence on record."""
    return bool(alcohol_licence) or not (is_alcohol or criteria_set_no in ALCOHOL_SETS)


def ordering_allowed(product: Product) -> bool:
    """Tell whether a product may be ordered (its producer is read if it is not at hand yet)."""
    return may_be_ordered(
        is_alcohol=product.is_alcohol,
        criteria_set_no=product.criteria_set_no,
        alcohol_licence=product.producer.alcohol_licence,
    )


def enter_licence(producer: Organisation, actor: Actor, *, licence: str, now: datetime) -> None:
    """Put a producer's licence for alcohol on record: number, date, issuer. Ordering is on from now.

    :raises NoLicenceGiven:
    :raises LicenceTooLong:
    """
    licence = one_line(licence)
    if not licence:
        raise NoLicenceGiven()
    if len(licence) > LONGEST_LICENCE:
        raise LicenceTooLong(most=LONGEST_LICENCE)
    _set_licence(producer, actor, licence, now)


def remove_licence(producer: Organisation, actor: Actor, *, now: datetime) -> None:
    """Take a licence off the record (run out, withdrawn, entered by mistake): ordering is off from now."""
    _set_licence(producer, actor, None, now)


def mark(product: Product, actor: Actor, *, is_alcohol: bool, now: datetime) -> None:
    """Mark a product outside the two sub-groups as alcohol, or take the mark off."""
    lock(product)
    if product.is_alcohol == is_alcohol:
        return
    product.is_alcohol = is_alcohol
    audit.record(actor, "catalog.mark_alcohol", f"product:{product.id}", now=now, is_alcohol=is_alcohol)
    pages.bump(pages.product(product.id), pages.SHOP)


def _set_licence(producer: Organisation, actor: Actor, licence: str | None, now: datetime) -> None:
    lock(producer)
    if producer.alcohol_licence == licence:
        return
    producer.alcohol_licence = licence
    audit.record(
        actor,
        "catalog.alcohol_licence",
        f"organisation:{producer.code}",
        now=now,
        licence=licence,
        on_record=bool(licence),
    )
    products = db.session.scalars(select(Product.id).where(Product.producer_id == producer.id))
    pages.bump(pages.SHOP, pages.organisation(producer.id), *(pages.product(row) for row in products))
