"""Reads of vouchers for those who make them, scoped to the actor; and the proof that their counts are right."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, func, or_, select

from accounts.actor import Actor
from accounts.queries import owned_by
from kernel.db import db
from kernel.errors import N_, NotFound
from storefront.order_models import Order, Placement, Purchase
from storefront.voucher_models import Voucher, VoucherClaim


class NoSuchVoucher(NotFound):
    message = N_("There is no such voucher.")


def visible_to(actor: Actor) -> Select[Voucher]:
    """Select the vouchers an actor may see: those it bears, and those of its jurisdiction."""
    own = Voucher.organisation_id == (actor.organisation_id or 0)
    return select(Voucher).where(or_(own, owned_by(actor, Voucher.organisation_id)))


def get_own(actor: Actor, code: str) -> Voucher:
    """Find a voucher that the actor's organisation bears.

    :raises NoSuchVoucher:
    """
    found = db.session.scalar(
        visible_to(actor).where(Voucher.code == code, Voucher.organisation_id == actor.organisation_id)
    )
    if found is None:
        raise NoSuchVoucher()
    return found


def disagreements() -> Iterator[str]:
    """Hold counts against claims, and claims against orders; give a line for each difference.

    Laws: a voucher is used as often as purchases have it; a purchase has its voucher as long as an order of it that
    was made cheaper stands; what was taken off a purchase is what was taken off its orders.
    """
    turns = dict(
        db.session.execute(
            select(VoucherClaim.purchase_id, func.max(VoucherClaim.turn)).group_by(VoucherClaim.purchase_id)
        ).all()
    )
    taken: dict[int, int] = {}
    off, standing = (
        dict(
            db.session.execute(
                select(Order.purchase_id, func.sum(Order.discount_vnd)).where(*which).group_by(Order.purchase_id)
            ).all()
        )
        for which in ((), (Order.placement != Placement.CANCELLED,))
    )
    purchases = db.session.execute(
        select(Purchase.id, Purchase.number, Purchase.voucher_id, Purchase.discount_vnd)
        .where(or_(Purchase.voucher_id.is_not(None), Purchase.discount_vnd > 0))
        .order_by(Purchase.id)
    )
    for id, number, voucher_id, discount in purchases:
        if discount != off.get(id, 0):
            yield f"purchase {number}: {discount} is taken off, of its orders {off.get(id, 0)}"
        if voucher_id is None:
            yield f"purchase {number}: {discount} is taken off by no voucher"
            continue
        has_it = turns.get(id, 0) % 2 == 1
        taken[voucher_id] = taken.get(voucher_id, 0) + has_it
        if has_it != (standing.get(id, 0) > 0):
            yield f"purchase {number}: it {'has' if has_it else 'gave back'} its voucher, its orders say otherwise"
    for id, code, used in db.session.execute(select(Voucher.id, Voucher.code, Voucher.used).order_by(Voucher.id)):
        if used != taken.get(id, 0):
            yield f"voucher {code}: used {used} times, {taken.get(id, 0)} purchases have it"
