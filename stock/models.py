"""Locations, append-only movements, balances that the database itself keeps above their floor."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, Place, values
from kernel.db import Base, append_only
from traceability.models import Lot


class LocationKind(enum.StrEnum):
    """Where goods can be. Nothing vanishes: what leaves one location is in another."""

    PRODUCTION = "production"  #: where goods come from; its balance is what was made, negative
    WAREHOUSE = "warehouse"
    SALES_POINT = "sales_point"
    IN_TRANSIT = "in_transit"
    CUSTOMER = "customer"
    LOSS = "loss"
    CORRECTION = "correction"


class Location(Base):
    """A place, or a state of being under way or gone, kept by an organisation."""

    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("keeper_id", "kind", "place_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[LocationKind] = mapped_column(values(LocationKind))
    keeper_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    name_vi: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    #: last part of the address of a sales point's public page (/diem-ban/<slug>); consignment.points keeps it
    slug: Mapped[str | None] = mapped_column(String(120), unique=True)

    keeper: Mapped[Organisation] = relationship()
    place: Mapped[Place | None] = relationship()


@append_only
class Movement(Base):
    """So many pieces of a lot went from one location to another. The only cause of a balance."""

    __tablename__ = "movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("source_id <> to_id", name="goes_somewhere"),
        Index("ix_movement_lot", "lot_id", "id"),
        Index("ix_movement_document", "document"),
        UniqueConstraint("cause"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    source_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    document: Mapped[str] = mapped_column(String(40))  #: "CSG-000012", "SAL-000044", "LOT-17"
    cause: Mapped[str] = mapped_column(String(120))  #: document, line and step: the same step is posted once
    at: Mapped[datetime]
    user_id: Mapped[int | None]

    lot: Mapped[Lot] = relationship()


class Balance(Base):
    """How much of a lot of an owner is at a location. Changed by ``stock.ledger`` only.

    ``floor`` is 0 everywhere but at production, where it is minus the lot's quantity: the database itself
    refuses to take out what is not there, and to bring in more than was made.
    """

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("on_hand >= floor_quantity", name="floor"),
        CheckConstraint("floor_quantity <= 0", name="floor_not_above_zero"),
        CheckConstraint("allocated >= 0 AND (allocated = 0 OR allocated <= on_hand)", name="allocated"),
        Index("ix_balance_location", "location_id", "lot_id"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    floor_quantity: Mapped[int] = mapped_column(default=0)
    frozen: Mapped[bool] = mapped_column(default=False)  #: the lot is held or recalled

    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()
    owner: Mapped[Organisation] = relationship()


class AllocationState(enum.StrEnum):
    """What became of goods promised to a document. States only move forward."""

    HELD = "held"  #: until ``expires_at``
    FIRM = "firm"
    SHIPPED = "shipped"
    RELEASED = "released"


#: States in which goods are promised: what ``Balance.allocated`` counts.
LIVE = (AllocationState.HELD, AllocationState.FIRM)


class Allocation(Base):
    """So many packs of a lot at a place are promised to a line of a document ("DH-000123")."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND wanted", name="quantity"),
        CheckConstraint("state <> 'firm' OR expires_at IS NULL", name="firm_does_not_end"),
        Index("ix_allocation_document", "document", "line"),
        Index("ix_allocation_balance", "lot_id", "location_id", "owner_id", "state"),
        Index("ix_allocation_expiry", "state", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(String(40))
    line: Mapped[int]
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    wanted: Mapped[int]  #: what the line wants in all, of one lot or several
    quantity: Mapped[int]
    good_on: Mapped[date | None]  #: promised: on this day they are still good. None: promised before that was asked
    state: Mapped[AllocationState] = mapped_column(values(AllocationState))
    expires_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")  #: why these packs and not the first to expire
    created_at: Mapped[datetime]

    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()
