"""Certificates of recognition and what became of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Product
from kernel.db import Base


class Certificate(Base):
    """A recognition at 3, 4 or 5 stars, valid 36 months, for one product.

    Its state on a day follows from its dates (``ocop.certification.state``); nothing has to run at midnight.
    Source: QĐ 26/2026/QĐ-TTg, Điều 3 (bands, 36 months), Điều 8 (revocation).
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 3 AND 5", name="stars"),
        CheckConstraint("expires_on > issued_on", name="dates"),
        CheckConstraint("(revoked_on IS NULL) = (revocation_reason IS NULL)", name="revocation"),
        CheckConstraint("revoked_on IS NULL OR revoked_on >= issued_on", name="revoked_after_issue"),
        Index("ix_certificate_product", "product_id", "issued_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)  #: the platform's own, [A-Z0-9-]+, in addresses
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    stars: Mapped[int]
    decision_number: Mapped[str] = mapped_column(String(80))  #: of the decision; one may cover many products
    issuer: Mapped[str] = mapped_column(String(160))
    issued_on: Mapped[date]
    expires_on: Mapped[date]  #: exclusive: the first day on which it is no longer valid
    revoked_on: Mapped[date | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(ForeignKey("stored_file.digest"))
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    product: Mapped[Product] = relationship()

    @property
    def last_day(self) -> date:
        """The last day on which it is valid, unless it is revoked before."""
        return self.expires_on - timedelta(days=1)
