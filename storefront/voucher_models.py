"""Vouchers: what is taken off, for whom and how often; who took one, and gave it back."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, values
from kernel.db import Base, append_only


class VoucherKind(enum.StrEnum):
    """What a voucher takes off."""

    AMOUNT = "amount"  #: so many đồng of the goods
    PERCENT = "percent"  #: a part of what the goods cost
    DELIVERY = "delivery"  #: what it costs to bring them


class VoucherState(enum.StrEnum):
    """How a voucher stands on a day: worked out from its row, never stored."""

    IN_USE = "in_use"
    TO_COME = "to_come"
    USED_UP = "used_up"
    OVER = "over"
    STOPPED = "stopped"


class Voucher(Base):
    """A code that takes something off. Its terms never change: it is stopped, and another one made.

    ``used`` is how many purchases have it now; it is changed by guarded steps alone (``storefront.vouchers``).
    """

    __tablename__ = "voucher"
    __table_args__ = (
        CheckConstraint("code = upper(code) AND length(code) >= 3", name="code"),
        CheckConstraint(
            "(kind = 'amount' AND value > 0 AND most_vnd IS NULL) OR (kind = 'percent' AND value BETWEEN 1 AND 10000)"
            " OR (kind = 'delivery' AND value = 0)",
            name="value",
        ),
        CheckConstraint("most_vnd > 0 AND least_vnd >= 0", name="amounts"),
        CheckConstraint("valid_from <= valid_until", name="days"),
        CheckConstraint("most_uses > 0 AND most_per_buyer > 0", name="limits"),
        CheckConstraint("used >= 0 AND (most_uses IS NULL OR used <= most_uses)", name="used"),
        Index("ix_voucher_organisation", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)  #: folded: capital letters and digits
    #: who bears it: a producer for its own goods, an office for those of all its producers
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[VoucherKind] = mapped_column(values(VoucherKind))
    value: Mapped[int]  #: đồng, basis points, or nought
    most_vnd: Mapped[int | None]  #: of a part, or of delivery: no more than this is taken off
    least_vnd: Mapped[int] = mapped_column(default=0)  #: the goods it is for have to cost so much
    valid_from: Mapped[date]
    valid_until: Mapped[date]  #: with that day
    most_uses: Mapped[int | None]
    most_per_buyer: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    stopped_at: Mapped[datetime | None]
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation] = relationship()


@append_only
class VoucherClaim(Base):
    """A purchase took a voucher (odd turns), or gave it back (even ones)."""

    __tablename__ = "voucher_claim"
    __table_args__ = (
        CheckConstraint("turn > 0", name="turn"),
        Index("ix_voucher_claim_voucher", "voucher_id", "purchase_id"),
    )

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"))
    at: Mapped[datetime]


class VoucherBuyer(Base):
    """Which buyer took a voucher: a keyed digest of the telephone number. Personal: erased with the contact."""

    __tablename__ = "voucher_buyer"
    __table_args__ = (Index("ix_voucher_buyer_digest", "voucher_id", "digest"),)

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"))
    digest: Mapped[str] = mapped_column(String(64))
