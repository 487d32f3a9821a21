"""Proof that the ledger of goods adds up: ``flask --app wsgi ledger verify``."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select, union_all

from kernel.db import db
from stock.models import LIVE, Allocation, Balance, Movement
from traceability.models import Lot


def verify() -> list[str]:
    """Compare movements, balances and lots; give a line for each difference (none: everything agrees).

    Laws: a balance is what came in less what went out; a lot's balances add up to nought; nothing is below
    its floor; nothing was made beyond the lot's quantity; what is allocated is what is promised to documents.
    """
    return [
        *_balances_against_movements(),
        *_lots_not_at_nought(),
        *_below_floor(),
        *_made_too_much(),
        *_allocated_otherwise(),
    ]


def _balances_against_movements() -> list[str]:
    ins = select(Movement.lot_id, Movement.to_id.label("location_id"), Movement.owner_id, Movement.quantity)
    outs = select(Movement.lot_id, Movement.source_id, Movement.owner_id, -Movement.quantity)
    every = union_all(ins, outs).subquery()
    moved = (
        select(every.c.lot_id, every.c.location_id, every.c.owner_id, func.sum(every.c.quantity).label("quantity"))
        .group_by(every.c.lot_id, every.c.location_id, every.c.owner_id)
        .subquery()
    )
    same = and_(
        Balance.lot_id == moved.c.lot_id,
        Balance.location_id == moved.c.location_id,
        Balance.owner_id == moved.c.owner_id,
    )
    differing = db.session.execute(
        select(moved, Balance.on_hand)
        .outerjoin(Balance, same)
        .where(or_(Balance.on_hand.is_(None), Balance.on_hand != moved.c.quantity))
    )
    lines = [
        f"lot {row[0]} at location {row[1]} of owner {row[2]}: movements say {row[3]}, the balance {row[4]}"
        for row in differing
    ]
    unmoved = db.session.execute(
        select(Balance.lot_id, Balance.location_id, Balance.on_hand)
        .outerjoin(moved, same)
        .where(moved.c.lot_id.is_(None), Balance.on_hand != 0)
    )
    return lines + [f"lot {row[0]} at location {row[1]}: a balance of {row[2]} that nothing moved" for row in unmoved]


def _lots_not_at_nought() -> list[str]:
    total = func.sum(Balance.on_hand)
    rows = db.session.execute(
        select(Balance.lot_id, Balance.owner_id, total).group_by(Balance.lot_id, Balance.owner_id).having(total != 0)
    )
    return [f"lot {row[0]} of owner {row[1]}: all balances add up to {row[2]}, not to nought" for row in rows]


def _below_floor() -> list[str]:
    rows = db.session.execute(
        select(Balance.lot_id, Balance.location_id, Balance.on_hand).where(Balance.on_hand < Balance.floor_quantity)
    )
    return [f"lot {row[0]} at location {row[1]}: {row[2]} is below its floor" for row in rows]


def _made_too_much() -> list[str]:
    rows = db.session.execute(
        select(Balance.lot_id, Balance.on_hand, Lot.quantity)
        .join(Lot, Lot.id == Balance.lot_id)
        .where(Balance.floor_quantity < 0, -Balance.on_hand > Lot.quantity)
    )
    return [f"lot {row[0]}: {-row[1]} were made, the lot has {row[2]}" for row in rows]


def _allocated_otherwise() -> list[str]:
    promised = (
        select(
            Allocation.lot_id,
            Allocation.location_id,
            Allocation.owner_id,
            func.sum(Allocation.quantity).label("quantity"),
        )
        .where(Allocation.state.in_(LIVE))
        .group_by(Allocation.lot_id, Allocation.location_id, Allocation.owner_id)
        .subquery()
    )
    same = and_(
        Balance.lot_id == promised.c.lot_id,
        Balance.location_id == promised.c.location_id,
        Balance.owner_id == promised.c.owner_id,
    )
    rows = db.session.execute(
        select(Balance.lot_id, Balance.location_id, Balance.allocated, promised.c.quantity)
        .outerjoin(promised, same)
        .where(Balance.allocated != func.coalesce(promised.c.quantity, 0))
    )
    return [
        f"lot {row[0]} at location {row[1]}: {row[2]} are allocated, {row[3] or 0} are promised to documents"
        for row in rows
    ]
