"""Certificates: issued, revoked, never changed. Their state on a day is a pure question of their dates.

A certificate with a mistake in it is revoked, with the mistake as the reason, and another one is issued: what was
once shown to the public is never rewritten.
"""

from __future__ import annotations

import enum
import re
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from catalog.models import Product
from kernel import audit, pages, proof
from kernel.clock import add_months, business_date
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc, one_line
from ocop import records
from ocop.models import Certificate

FIRST_YEAR = 2018  # Source: QĐ 490/QĐ-TTg of 7 May 2018, which began the programme
VALID_MONTHS = 36  # Source: QĐ 26/2026/QĐ-TTg, Điều 3
FEWEST_STARS, MOST_STARS = 3, 5
#: From so many days before its end on, a certificate is told to be expiring: a new dossier takes months.
EXPIRING_DAYS = 180
LONGEST_NUMBER, LONGEST_LINE, LONGEST_REASON = 40, 160, 1_000
_NUMBER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")


class MalformedNumber(InvalidInput):
    message = N_("A certificate number has capital letters without marks, digits and hyphens, at most 40 signs.")
    field = "number"


class NumberTaken(InvalidInput):
    message = N_("There is a certificate with this number already.")
    field = "number"


class StarsOutOfRange(InvalidInput):
    message = N_("A certificate says 3, 4 or 5 stars.")
    field = "stars"


class NoDecision(InvalidInput):
    message = N_("Please enter the number of the decision.")
    field = "decision_number"


class DecisionTooLong(InvalidInput):
    message = N_("Please keep the number of the decision within 80 signs.")
    field = "decision_number"


class NoIssuer(InvalidInput):
    message = N_("Please enter who issued the certificate.")
    field = "issuer"


class IssuerTooLong(InvalidInput):
    message = N_("Please keep the issuer within 160 signs.")
    field = "issuer"


class IssuedInTheFuture(InvalidInput):
    message = N_("The day of the decision cannot lie in the future.")
    field = "issued_on"


class IssuedBeforeOcop(InvalidInput):
    message = N_("Please look at the year again: the programme began in %(year)s.")
    field = "issued_on"


class ClaimsEarlierDay(InvalidInput):
    message = N_("A certificate cannot be revoked before the day it was issued, nor on a day to come.")
    field = "revoked_on"


class NoReason(InvalidInput):
    message = N_("Please write why: the producer and the public read it.")
    field = "reason"


class ReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


class LapsedAlready(InvalidInput):
    message = N_("The certificate had lapsed by that day: there was nothing left to revoke.")
    field = "revoked_on"


class AlreadyRevoked(Conflict):
    message = N_("Certificate %(number)s was revoked already.")


class CertificateState(enum.StrEnum):
    """What a certificate is worth on a day."""

    NOT_YET = "not_yet"  #: its decision is dated later
    VALID = "valid"
    EXPIRING = "expiring"  #: valid, and at most 180 days are left
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def stands(self) -> bool:
        """Tell whether its stars may be shown."""
        return self in (CertificateState.VALID, CertificateState.EXPIRING)


class Dated(Protocol):
    """The dates the rule needs of a certificate; ``expires_on`` is the first day it is no longer valid."""

    @property
    def issued_on(self) -> date: ...

    @property
    def expires_on(self) -> date: ...

    @property
    def revoked_on(self) -> date | None: ...


def state(certificate: Dated, on: date) -> CertificateState:
    """Tell what a certificate is worth on a day of Viet Nam.

    Revoked comes before expired: of a certificate that was taken away the reader is told so for good.
    """
    if certificate.revoked_on is not None and certificate.revoked_on <= on:
        return CertificateState.REVOKED
    if on < certificate.issued_on:
        return CertificateState.NOT_YET
    if on >= certificate.expires_on:
        return CertificateState.EXPIRED
    if on >= certificate.expires_on - timedelta(days=EXPIRING_DAYS):
        return CertificateState.EXPIRING
    return CertificateState.VALID


def issue(
    product: Product,
    *,
    number: str,
    stars: int,
    decision_number: str,
    issuer: str,
    issued_on: date,
    actor: Actor,
    document: str | None = None,
    is_sample: bool = False,
    now: datetime,
) -> Certificate:
    """Enter a certificate of a product, valid for 36 months from the day of its decision.

    :param number: the platform's own, ``[A-Z0-9-]+``; :param decision_number: as on the paper, may hold "/"
    :param document: digest of the paper, kept before
    :raises MalformedNumber: :raises NumberTaken: :raises StarsOutOfRange: :raises NoDecision:
    :raises DecisionTooLong: :raises NoIssuer: :raises IssuerTooLong: :raises IssuedInTheFuture:
    :raises IssuedBeforeOcop:
    """
    number, decision_number, issuer = one_line(number), one_line(decision_number), one_line(issuer)
    if len(number) > LONGEST_NUMBER or not _NUMBER.fullmatch(number):
        raise MalformedNumber()
    if stars not in range(FEWEST_STARS, MOST_STARS + 1):
        raise StarsOutOfRange()
    if not decision_number:
        raise NoDecision()
    if len(decision_number) > 80:
        raise DecisionTooLong()
    if not issuer:
        raise NoIssuer()
    if len(issuer) > LONGEST_LINE:
        raise IssuerTooLong()
    if issued_on > business_date(now):
        raise IssuedInTheFuture()
    if issued_on.year < FIRST_YEAR:
        raise IssuedBeforeOcop(year=FIRST_YEAR)
    if db.session.scalar(select(exists().where(Certificate.number == number))):
        raise NumberTaken()
    certificate = Certificate(
        number=number,
        product_id=product.id,
        stars=stars,
        decision_number=decision_number,
        issuer=issuer,
        issued_on=issued_on,
        expires_on=add_months(issued_on, VALID_MONTHS),
        document=document,
        is_sample=is_sample,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(certificate)
    except IntegrityError as race:  # two officers at once: the second is told like any other
        raise NumberTaken() from race
    proof.append(records.ISSUED, number, records.issued(certificate), now=now)
    audit.record(actor, "ocop.issue", f"certificate:{number}", now=now, product=product.id, stars=stars)
    _shows_anew(product.id)
    return certificate


def revoke(
    certificate: Certificate, *, reason: str, actor: Actor, revoked_on: date | None = None, now: datetime
) -> None:
    """Take a certificate away: its stars vanish everywhere at the next request.

    Source: QĐ 26/2026/QĐ-TTg, Điều 8.

    :param revoked_on: day of the decision; today when None
    :raises AlreadyRevoked: :raises NoReason: :raises ReasonTooLong: :raises ClaimsEarlierDay:
    :raises LapsedAlready: if it was no longer valid on that day
    """
    today = business_date(now)
    revoked_on = revoked_on or today
    reason = nfc(reason).strip()
    if not reason:
        raise NoReason()
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(most=LONGEST_REASON)
    if not certificate.issued_on <= revoked_on <= today:
        raise ClaimsEarlierDay()
    if revoked_on >= certificate.expires_on:
        raise LapsedAlready()
    lock(certificate)
    if certificate.revoked_on is not None:
        raise AlreadyRevoked(number=certificate.number)
    certificate.revoked_on = revoked_on
    certificate.revocation_reason = reason
    proof.append(records.REVOKED, certificate.number, records.revoked(certificate), now=now)
    audit.record(
        actor,
        "ocop.revoke",
        f"certificate:{certificate.number}",
        now=now,
        product=certificate.product_id,
        revoked_on=revoked_on.isoformat(),
    )
    _shows_anew(certificate.product_id)


def _shows_anew(product_id: int) -> None:
    producer_id = db.session.scalar(select(Product.producer_id).where(Product.id == product_id))
    pages.bump(pages.SHOP, pages.product(product_id), pages.organisation(producer_id or 0))
