"""From a draft to the shop window: submit → approve → publish → withdraw, and back.

What the public sees is ``published_version_id`` alone; it moves here and nowhere else. The office decides on the
version it read: if another was submitted meanwhile, it is asked to look again. Every verb locks the product
first, so of two officers who click at once one decides and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from catalog import labels
from catalog.models import (
    Price,
    Product,
    ProductReview,
    ProductStatus,
    ProductVersion,
    TradeItem,
    VersionItem,
    VersionPhoto,
)
from kernel import audit, pages
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc

LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Missing:
    """Something compulsory that a version lacks, and the step where it is entered."""

    step: str  #: "origin", "words", "label", "photos" or "items"
    key: str
    title: str = ""  #: msgid; empty for fields of the label, whose names are data
    name: labels.LabelField | None = None  #: the field of the label


class MissingFields(InvalidInput):
    """What still has to be entered; ``missing`` lists it, ``fields`` names the keys."""

    message = N_("Compulsory things are still missing: %(count)s.")

    def __init__(self, missing: list[Missing]) -> None:
        self.missing = missing
        super().__init__(count=len(missing), fields=", ".join(row.key for row in missing))


class NothingNew(Conflict):
    message = N_("Nothing has changed since this product was last submitted.")


class AlreadyDecided(Conflict):
    message = N_("This product is no longer waiting for a decision: somebody has decided in the meantime.")


class NewerVersion(Conflict):
    message = N_("The producer has submitted a newer version in the meantime. Please look at that one.")


class NotApproved(Conflict):
    message = N_("Only an approved product can be published.")


class AlreadyWithdrawn(Conflict):
    message = N_("This product has been withdrawn already.")


class NotWithdrawn(Conflict):
    message = N_("This product is not withdrawn.")


class OfficeWithdrew(Conflict):
    message = N_("The office withdrew this product. Mend what it named and submit the product again.")


class NoReason(InvalidInput):
    message = N_("Please write the reason: the producer reads it and mends the product by it.")
    field = "reason"


class ReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


def missing_fields(product: Product, version: ProductVersion) -> list[Missing]:
    """List what a version lacks to be shown, in the order of the steps (three statements at most).

    Source of the compulsory fields of the label: NĐ 37/2026/NĐ-CP, Điều 42 and Phụ lục I, by kind.
    """
    missing = []
    if not version.name_vi:
        missing.append(Missing("origin", "name_vi", N_("Name in Vietnamese")))
    if not version.commune_code:
        missing.append(Missing("origin", "commune", N_("Commune of origin")))
    if not version.summary_vi:
        missing.append(Missing("words", "summary_vi", N_("One sentence about it")))
    if not version.story_vi:
        missing.append(Missing("words", "story_vi", N_("Its story")))
    missing += [Missing("label", field.key, name=field) for field in labels.missing(version.label_kind, version.label)]
    has_photo = select(VersionPhoto.position).where(VersionPhoto.version_id == version.id).limit(1)
    if db.session.scalar(has_photo) is None:
        missing.append(Missing("photos", "photos", N_("At least one photo")))
    if not product.is_service and not _has_priced_item(version):
        missing.append(Missing("items", "items", N_("At least one trade item with a price")))
    return missing


def has_unsubmitted_changes(product: Product) -> bool:
    """Tell whether the draft says something that was never submitted, or was sent back."""
    if product.status is ProductStatus.RETURNED:
        return True
    return product.draft_version_id not in (
        product.submitted_version_id,
        product.approved_version_id,
        product.published_version_id,
    )


def submit(product: Product, actor: Actor, *, now: datetime) -> None:
    """Hand the draft to the office. What is on show stays on show; the draft may be worked on meanwhile.

    :raises MissingFields: naming each compulsory thing that is not there
    :raises NothingNew: if this version was submitted before and not sent back or withdrawn
    """
    lock(product)
    again = product.status in (ProductStatus.RETURNED, ProductStatus.WITHDRAWN, ProductStatus.DRAFT)
    if not again and not has_unsubmitted_changes(product):
        raise NothingNew()
    draft = db.session.get_one(ProductVersion, product.draft_version_id)
    missing = missing_fields(product, draft)
    if missing:
        raise MissingFields(missing)
    product.submitted_version_id = draft.id
    product.status = ProductStatus.SUBMITTED
    audit.record(actor, "catalog.submit", _subject(product), now=now, version=draft.id)


def approve(product: Product, actor: Actor, *, version_id: int, now: datetime) -> None:
    """Find a submitted version fit to be shown. It is not yet on show: see :func:`publish`.

    :param version_id: the version that was read
    :raises AlreadyDecided: :raises NewerVersion: :raises MissingFields:
    """
    version = _waiting(product, version_id)
    missing = missing_fields(product, version)
    if missing:  # a trade item may have been retired since
        raise MissingFields(missing)
    product.approved_version_id = version.id
    product.status = ProductStatus.APPROVED
    _decide(product, actor, "approved", version.id, "", now)


def give_back(product: Product, actor: Actor, *, version_id: int, reason: str, now: datetime) -> None:
    """Send a submitted version back to its producer with the reason. What is on show stays on show.

    :raises NoReason: :raises ReasonTooLong: :raises AlreadyDecided: :raises NewerVersion:
    """
    reason = _checked_reason(reason)
    version = _waiting(product, version_id)
    product.status = ProductStatus.RETURNED
    _decide(product, actor, "returned", version.id, reason, now)


def publish(product: Product, actor: Actor, *, now: datetime) -> None:
    """Put the approved version on show, in place of the one before.

    :raises NotApproved: :raises MissingFields:
    """
    lock(product)
    if product.status is not ProductStatus.APPROVED or product.approved_version_id is None:
        raise NotApproved()
    _show(product, product.approved_version_id, now)
    audit.record(actor, "catalog.publish", _subject(product), now=now, version=product.published_version_id)


def approve_and_publish(product: Product, actor: Actor, *, version_id: int, now: datetime) -> None:
    """Do both at once: what was read is approved and goes on show.

    :raises AlreadyDecided: :raises NewerVersion: :raises MissingFields:
    """
    approve(product, actor, version_id=version_id, now=now)
    publish(product, actor, now=now)


def withdraw(product: Product, actor: Actor, *, now: datetime, reason: str = "") -> None:
    """Take a product off show, or put a draft away. A version that waits for the office waits no longer.

    Batches that were made keep their pages: what was sold must stay traceable.

    :param reason: compulsory for an office; the producer reads it
    :raises NoReason: :raises ReasonTooLong: :raises AlreadyWithdrawn:
    """
    if actor.is_office:
        reason = _checked_reason(reason)
    lock(product)
    if product.status is ProductStatus.WITHDRAWN:
        raise AlreadyWithdrawn()
    shown = product.published_version_id
    version_id = shown or product.submitted_version_id or product.draft_version_id
    product.status = ProductStatus.WITHDRAWN
    product.published_version_id = product.submitted_version_id = None
    if actor.is_office and version_id is not None:
        _decide(product, actor, "withdrawn", version_id, reason, now)
    else:
        audit.record(actor, "catalog.withdraw", _subject(product), now=now, version=version_id)
    db.session.flush()
    db.session.expire(product, ["published_version"])
    if shown is not None:
        _bump(product)


def restore(product: Product, actor: Actor, *, now: datetime) -> None:
    """Bring a withdrawn product back to where its last approval had brought it.

    What the office withdrew only the office brings back; a producer mends it and submits it again.

    :raises NotWithdrawn: :raises OfficeWithdrew: :raises MissingFields:
    """
    lock(product)
    if product.status is not ProductStatus.WITHDRAWN:
        raise NotWithdrawn()
    last = last_review(product.id)
    by_office = last is not None and last.decision == "withdrawn"
    if by_office and not actor.is_office:
        raise OfficeWithdrew()
    approved = product.approved_version_id
    if approved is None:
        product.status = ProductStatus.DRAFT
    elif product.first_published_at is None:
        product.status = ProductStatus.APPROVED
    else:
        _show(product, approved, now)
    if by_office and approved is not None:  # a decision like the one it takes back
        _decide(product, actor, "approved", approved, "", now)
    audit.record(actor, "catalog.restore", _subject(product), now=now, version=approved)


def last_review(product_id: int) -> ProductReview | None:
    """Give what the office last decided on a product."""
    return db.session.scalars(
        select(ProductReview).where(ProductReview.product_id == product_id).order_by(ProductReview.id.desc()).limit(1)
    ).first()


# --- The steps --------------------------------------------------------------------------------------------


def _has_priced_item(version: ProductVersion) -> bool:
    priced = (
        select(Price.id)
        .join(TradeItem, TradeItem.id == Price.trade_item_id)
        .join(VersionItem, VersionItem.trade_item_id == TradeItem.id)
        .where(VersionItem.version_id == version.id, TradeItem.is_active)
        .limit(1)
    )
    return db.session.scalar(priced) is not None


def _waiting(product: Product, version_id: int) -> ProductVersion:
    lock(product)
    if product.status is not ProductStatus.SUBMITTED:
        raise AlreadyDecided()
    if product.submitted_version_id != version_id:
        raise NewerVersion()
    return db.session.get_one(ProductVersion, version_id)


def _checked_reason(reason: str) -> str:
    reason = nfc(reason)
    if not reason:
        raise NoReason()
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(most=LONGEST_REASON)
    return reason


def _show(product: Product, version_id: int, now: datetime) -> None:
    missing = missing_fields(product, db.session.get_one(ProductVersion, version_id))
    if missing:  # its last trade item may have been retired since it was approved
        raise MissingFields(missing)
    product.published_version_id = version_id
    product.status = ProductStatus.PUBLISHED
    product.first_published_at = product.first_published_at or now
    db.session.flush()
    db.session.expire(product, ["published_version"])
    _bump(product)


def _decide(product: Product, actor: Actor, decision: str, version_id: int, reason: str, now: datetime) -> None:
    db.session.add(
        ProductReview(
            product_id=product.id, version_id=version_id, decision=decision, reason=reason, by_id=actor.user_id, at=now
        )
    )
    verbs = {"approved": "approve", "returned": "return", "withdrawn": "withdraw"}
    audit.record(actor, f"catalog.{verbs[decision]}", _subject(product), now=now, version=version_id)


def _bump(product: Product) -> None:
    pages.bump(pages.product(product.id), pages.organisation(product.producer_id), pages.SHOP)


def _subject(product: Product) -> str:
    return f"product:{product.id}"
