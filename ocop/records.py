"""Certificates as the log of proof holds them: one record when they are issued, another when they are revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Select, select

from kernel import proof
from kernel.canonical import canonical
from kernel.db import db
from kernel.proof import Source
from ocop.models import Certificate

ISSUED, REVOKED = "certificate", "revocation"


def issued(certificate: Certificate) -> bytes:
    """Write what a certificate says from the day it is issued, as canonical bytes."""
    return canonical(_issue(certificate))


def revoked(certificate: Certificate) -> bytes:
    """Write that a certificate was taken away, when and why, as canonical bytes."""
    on = certificate.revoked_on
    return canonical(
        {
            "certificate": certificate.number,
            "revoked_on": on.isoformat() if on is not None else None,
            "reason": certificate.revocation_reason,
        }
    )


def _issue(certificate: Certificate) -> dict[str, Any]:
    return {
        "certificate": certificate.number,
        "product": certificate.product_id,
        "stars": certificate.stars,
        "decision": certificate.decision_number,
        "issuer": certificate.issuer,
        "issued_on": certificate.issued_on.isoformat(),
        "expires_on": certificate.expires_on.isoformat(),
        "document": certificate.document,
        "is_sample": certificate.is_sample,
        "created_at": certificate.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def _read(numbers: Sequence[str]) -> Sequence[Certificate]:
    query = select(Certificate).where(Certificate.number.in_(numbers)).execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def _issued_contents(numbers: Sequence[str]) -> dict[str, bytes]:
    return {certificate.number: issued(certificate) for certificate in _read(numbers)}


def _revoked_contents(numbers: Sequence[str]) -> dict[str, bytes]:
    return {one.number: revoked(one) for one in _read(numbers) if one.revoked_on is not None}


def _all() -> Select[str]:
    return select(Certificate.number).order_by(Certificate.id)


def _all_revoked() -> Select[str]:
    return select(Certificate.number).where(Certificate.revoked_on.is_not(None)).order_by(Certificate.id)


proof.SOURCES[ISSUED] = Source(contents=_issued_contents, references=_all, published=set)
proof.SOURCES[REVOKED] = Source(contents=_revoked_contents, references=_all_revoked, published=set)
