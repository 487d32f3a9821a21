"""Reads of certificates: in the back office scoped to the actor, in public by number or product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion
from catalog.queries import known_version
from kernel.db import db
from kernel.errors import N_, NotFound
from kernel.text import tokens
from ocop.certification import EXPIRING_DAYS, CertificateState
from ocop.models import Certificate

PER_PAGE = 50


class NoSuchCertificate(NotFound):
    message = N_("There is no certificate with this number.")


@dataclass(frozen=True)
class Row:
    """A certificate with the names that lists show of its product and producer."""

    certificate: Certificate
    product_id: int
    product_slug: str
    product_vi: str
    product_en: str
    is_published: bool
    producer_id: int
    producer_slug: str
    producer_code: str
    producer_vi: str
    producer_en: str
    producer_is_sample: bool


@dataclass(frozen=True)
class Listing:
    """A page of a list."""

    rows: tuple[Row, ...]
    total: int
    page: int
    last_page: int
    counts: dict[CertificateState | None, int]  #: of the words searched for, in every state; None: all


def visible_to(actor: Actor) -> Select[Certificate]:
    """Select the certificates an actor may see in the back office: of its own products, or its jurisdiction's."""
    return (
        select(Certificate)
        .join(Product, Product.id == Certificate.product_id)
        .where(owned_by(actor, Product.producer_id))
    )


def in_state(state: CertificateState, on: date) -> ColumnElement[bool]:
    """Say in SQL that a certificate is in a state on a day, as ``ocop.certification.state`` tells it."""
    revoked = and_(Certificate.revoked_on.is_not(None), Certificate.revoked_on <= on)
    not_revoked = or_(Certificate.revoked_on.is_(None), Certificate.revoked_on > on)
    soon = on + timedelta(days=EXPIRING_DAYS)
    return {
        CertificateState.REVOKED: revoked,
        CertificateState.NOT_YET: and_(not_revoked, Certificate.issued_on > on),
        CertificateState.EXPIRED: and_(not_revoked, Certificate.expires_on <= on),
        CertificateState.EXPIRING: and_(
            not_revoked, Certificate.issued_on <= on, Certificate.expires_on > on, Certificate.expires_on <= soon
        ),
        CertificateState.VALID: and_(not_revoked, Certificate.issued_on <= on, Certificate.expires_on > soon),
    }[state]


def stands_on(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """Say in SQL that a certificate's stars may be shown on a day."""
    return and_(
        Certificate.issued_on <= day,
        Certificate.expires_on > day,
        or_(Certificate.revoked_on.is_(None), Certificate.revoked_on > day),
    )


def in_force(product_ids: Iterable[int], on: date) -> dict[int, Certificate]:
    """Give the certificate whose stars each product may show on a day (one statement).

    Of several that stand, the one with most stars, then the latest. Products without one are left out.
    """
    found = db.session.scalars(_IN_FORCE, {"product_ids": sorted(set(product_ids)), "day": on})
    return {certificate.product_id: certificate for certificate in found}


_IN_FORCE = (
    select(Certificate)
    .where(Certificate.product_id.in_(bindparam("product_ids", expanding=True)), stands_on(bindparam("day")))
    .order_by(Certificate.product_id, Certificate.stars, Certificate.issued_on, Certificate.id)
)


def latest(product_ids: Iterable[int], on: date | None = None) -> dict[int, Certificate]:
    """Give, for each product, what is to be said of its recognition (one statement).

    The certificate in force on the day where there is one; else the one that ended last ("đã hết hạn công nhận …").
    Products that never had one are left out.

    :param on: the day; None where it is known that none is in force
    """
    query = select(Certificate).where(Certificate.product_id.in_(sorted(set(product_ids))))
    if on is not None:
        query = query.where(Certificate.issued_on <= on)
    best: dict[int, Certificate] = {}
    for certificate in db.session.scalars(query):
        there = best.get(certificate.product_id)
        if there is None or _weight(certificate, on) > _weight(there, on):
            best[certificate.product_id] = certificate
    return best


def end_of(certificate: Certificate) -> date:
    """Give the first day on which a certificate no longer stands: its end, or the day it was revoked."""
    return min(certificate.expires_on, certificate.revoked_on or certificate.expires_on)


def _weight(certificate: Certificate, on: date | None) -> tuple[bool, int, date, int]:
    stands = on is not None and certificate.issued_on <= on < end_of(certificate)
    when = certificate.issued_on if stands else end_of(certificate)
    return stands, certificate.stars if stands else 0, when, certificate.id


def get_certificate(actor: Actor, number: str) -> Row:
    """Find a certificate by its number for the back office.

    :raises NoSuchCertificate: if there is none that the actor may see
    """
    return _one(_with_names().where(Certificate.number == number, owned_by(actor, Product.producer_id)))


def public_certificate(number: str) -> Row:
    """Find a certificate of the public register, whatever its state.

    :raises NoSuchCertificate:
    """
    return _one(_with_names().where(Certificate.number == number))


def list_certificates(
    actor: Actor,
    *,
    on: date,
    words: str = "",
    state: CertificateState | None = None,
    sort: str = "issued",
    descending: bool = True,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> Listing:
    """List the certificates an actor may see.

    :param sort: one of ``SORTS``
    """
    return _listed(owned_by(actor, Product.producer_id), on, words, state, sort, descending, page, per_page)


def public_register(
    *, on: date, words: str = "", state: CertificateState | None = None, page: int = 1, per_page: int = PER_PAGE
) -> Listing:
    """List the public register, the latest first."""
    return _listed(None, on, words, state, "issued", True, page, per_page)


SORTS = {
    "number": Certificate.number,
    "product": ProductVersion.sort_key,
    "producer": Organisation.sort_key,
    "stars": Certificate.stars,
    "issued": Certificate.issued_on,
    "expires": Certificate.expires_on,
}


def _listed(
    scope: ColumnElement[bool] | None,
    on: date,
    words: str,
    state: CertificateState | None,
    sort: str,
    descending: bool,
    page: int,
    per_page: int,
) -> Listing:
    query = _with_names()
    if scope is not None:
        query = query.where(scope)
    for token in tokens(words):
        query = query.where(
            or_(
                ProductVersion.search.like(f"% {token}%"),
                Organisation.search.like(f"% {token}%"),
                func.lower(Certificate.number).like(f"%{token}%"),
                func.lower(Certificate.decision_number).like(f"%{token}%"),
            )
        )
    counted = query.with_only_columns(
        func.count(), *(func.count().filter(in_state(one, on)) for one in CertificateState), maintain_column_froms=True
    ).order_by(None)
    numbers = db.session.execute(counted).one()
    counts: dict[CertificateState | None, int] = {None: numbers[0]}
    counts.update(zip(CertificateState, numbers[1:], strict=True))
    if state is not None:
        query = query.where(in_state(state, on))
    total = counts[state]
    last_page = max(1, -(-total // per_page))
    page = min(max(1, page), last_page)
    column = SORTS.get(sort, Certificate.issued_on)
    found = db.session.execute(
        query.order_by(column.desc() if descending else column.asc(), Certificate.id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return Listing(tuple(_row(row) for row in found), total, page, last_page, counts)


def _with_names() -> Select[Any, Any, Any, Any]:
    version = known_version()
    return (
        select(Certificate, Product, ProductVersion, Organisation)
        .join(Product, Product.id == Certificate.product_id)
        .join(ProductVersion, ProductVersion.id == version)
        .join(Organisation, Organisation.id == Product.producer_id)
        .options(joinedload(Organisation.commune))
    )


def _one(query: Select[Any, Any, Any, Any]) -> Row:
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NoSuchCertificate()
    return _row(found)


def _row(found: Any) -> Row:
    certificate, product, version, producer = found
    return Row(
        certificate=certificate,
        product_id=product.id,
        product_slug=product.slug,
        product_vi=version.name_vi,
        product_en=version.name_en,
        is_published=product.published_version_id is not None and producer.is_active,
        producer_id=producer.id,
        producer_slug=producer.slug,
        producer_code=producer.code,
        producer_vi=producer.name_vi,
        producer_en=producer.name_en,
        producer_is_sample=producer.is_sample,
    )
