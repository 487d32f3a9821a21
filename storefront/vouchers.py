"""Vouchers: made and stopped by who bears them, taken by a purchase like goods from stock, given back with its orders.

Whoever takes one raises ``Voucher.used`` by one guarded step, the last of its transaction's locks: orders, stock and
payments come before (``storefront.settling``). That step also lets the claims of a voucher follow one another, so that
what one buyer has of it can be counted after it. A voucher of a producer is for its own goods; one of an office for
those of all its producers, and what it takes off is then a debt of the office to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from accounts.queries import jurisdiction_of, within
from kernel import audit, clock, proof
from kernel.db import db, lock, on_sqlite
from kernel.errors import N_, Conflict, InvalidInput
from kernel.money import share
from kernel.text import fold
from storefront.order_models import Order, Payment, Placement, Purchase
from storefront.voucher_models import Voucher, VoucherBuyer, VoucherClaim, VoucherKind, VoucherState

SHORTEST_CODE, LONGEST_CODE = 3, 20
MOST_VND = 1_000_000_000
MOST_USES = 1_000_000


class NotGiven(Conflict):
    """A voucher that takes nothing off, and why."""

    message = N_("This voucher cannot be used.")
    field = "voucher"


class UnknownVoucher(NotGiven):
    message = N_("We know no voucher with this code. Please check how it is written.")


class NotYet(NotGiven):
    message = N_("This voucher can be used from %(day)s.")


class Over(NotGiven):
    message = N_("This voucher is over. Take its code out to order without it.")


class UsedUp(NotGiven):
    message = N_("This voucher is used up. Take its code out to order without it.")


class UsedByYou(NotGiven):
    message = N_("Orders with this telephone number have used this voucher already.")


class TooLittle(NotGiven):
    """``least_vnd`` and ``goods_vnd`` say how much there has to be, and is."""

    message = N_("The goods that this voucher is for have to cost more than they do in your cart.")

    def __init__(self, least_vnd: int, goods_vnd: int) -> None:
        self.least_vnd, self.goods_vnd = least_vnd, goods_vnd
        super().__init__()


class NoGoods(NotGiven):
    message = N_("There are no goods in your cart that this voucher is for.")


class NothingToTakeOff(NotGiven):
    message = N_("There is nothing for this voucher to take off.")


class BadCode(InvalidInput):
    message = N_("A code has %(least)s to %(most)s letters and digits.")
    field = "code"


class CodeTaken(InvalidInput):
    message = N_("There is a voucher with this code already, or there was one.")
    field = "code"


class NeedsAmount(InvalidInput):
    message = N_("How much does it take off?")
    field = "amount_vnd"


class NeedsPercent(InvalidInput):
    message = N_("Which part does it take off? More than 0 %%, at most 100 %%.")
    field = "percent"


class BadLimit(InvalidInput):
    message = N_("A limit is a whole number above nought.")
    field = "most_uses"


class EndsBefore(InvalidInput):
    message = N_("The last day is not before the first.")
    field = "valid_until"


class EndedAlready(InvalidInput):
    message = N_("The last day is today or later.")
    field = "valid_until"


class StoppedBefore(Conflict):
    message = N_("This voucher was stopped before.")


@dataclass(frozen=True)
class Terms:
    """What a voucher takes off, for what and how often."""

    kind: VoucherKind
    value: int  #: đồng, basis points, or nought
    valid_from: date
    valid_until: date
    most_vnd: int | None = None
    least_vnd: int = 0
    most_uses: int | None = None
    most_per_buyer: int | None = None


@dataclass(frozen=True)
class Off:
    """What a voucher takes off a cart."""

    voucher_id: int
    code: str
    bearer_id: int
    producer_ids: frozenset[int]  #: whose goods it is for
    goods_vnd: int
    delivery_vnd: int

    @property
    def total_vnd(self) -> int:
        """All that is taken off."""
        return self.goods_vnd + self.delivery_vnd


# --- Making and stopping --------------------------------------------------------------------------------


def fold_code(typed: str) -> str:
    """Write a code as it is kept: "tết-2026" is TET2026. Empty where it can be none."""
    code = re.sub(r"[\s_-]", "", fold(typed)).upper()
    fits = code.isascii() and code.isalnum() and SHORTEST_CODE <= len(code) <= LONGEST_CODE
    return code if fits else ""


def make(organisation: Organisation, code: str, terms: Terms, *, actor: Actor, now: datetime) -> Voucher:
    """Make a voucher that an organisation bears.

    :raises BadCode, CodeTaken, NeedsAmount, NeedsPercent, BadLimit, EndsBefore, EndedAlready:
    """
    folded = fold_code(code)
    if not folded:
        raise BadCode(least=SHORTEST_CODE, most=LONGEST_CODE)
    _check(terms, clock.business_date(now))
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    made_id = db.session.scalar(
        insert(Voucher)
        .values(
            code=folded,
            organisation_id=organisation.id,
            kind=terms.kind,
            value=terms.value,
            most_vnd=terms.most_vnd,
            least_vnd=terms.least_vnd,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
            most_uses=terms.most_uses,
            most_per_buyer=terms.most_per_buyer,
            used=0,
            made_at=now,
            made_by_id=actor.user_id,
        )
        .on_conflict_do_nothing()
        .returning(Voucher.id)
    )
    if made_id is None:
        raise CodeTaken()
    audit.record(actor, "storefront.make_voucher", f"voucher:{folded}", now=now, kind=terms.kind)
    return db.session.get_one(Voucher, made_id)


def stop(voucher: Voucher, *, actor: Actor, now: datetime) -> None:
    """Let nobody use a voucher any more; who has it keeps it.

    :raises StoppedBefore:
    """
    lock(voucher)
    if voucher.stopped_at is not None:
        raise StoppedBefore()
    voucher.stopped_at, voucher.stopped_by_id = now, actor.user_id
    db.session.flush()
    audit.record(actor, "storefront.stop_voucher", f"voucher:{voucher.code}", now=now)


def _check(terms: Terms, today: date) -> None:
    if terms.kind is VoucherKind.AMOUNT and not 0 < terms.value <= MOST_VND:
        raise NeedsAmount()
    if terms.kind is VoucherKind.PERCENT and not 0 < terms.value <= 10_000:
        raise NeedsPercent()
    if any(limit is not None and not 0 < limit <= MOST_USES for limit in (terms.most_uses, terms.most_per_buyer)):
        raise BadLimit()
    if terms.valid_until < terms.valid_from:
        raise EndsBefore()
    if terms.valid_until < today:
        raise EndedAlready()


# --- What it takes off --------------------------------------------------------------------------------


def look_up(
    typed: str, goods: Mapping[int, int], delivery: Mapping[int, int], *, phone: str | None, now: datetime
) -> Off:
    """Work out what a code takes off a cart. Nothing is promised by it.

    :param goods: producer id → what its goods cost
    :param delivery: producer id → what its parcel costs
    :param phone: of the buyer (E.164), if it is known yet
    :raises UnknownVoucher, NotYet, Over, UsedUp, UsedByYou, TooLittle, NoGoods, NothingToTakeOff:
    """
    code = fold_code(typed)
    voucher = db.session.scalar(select(Voucher).where(Voucher.code == code).execution_options(populate_existing=True))
    if voucher is None:
        raise UnknownVoucher()
    state = state_of(voucher, clock.business_date(now))
    if state in (VoucherState.STOPPED, VoucherState.OVER):
        raise Over()
    if state is VoucherState.TO_COME:
        raise NotYet(day=f"{voucher.valid_from:%d/%m/%Y}")
    if state is VoucherState.USED_UP:
        raise UsedUp()
    if phone is not None:
        _check_buyer(voucher.id, _digest(voucher.id, phone))
    producers = covered(voucher, list(goods))
    if not producers:
        raise NoGoods()
    cost = sum(goods[producer_id] for producer_id in producers)
    if cost < voucher.least_vnd:
        raise TooLittle(voucher.least_vnd, cost)
    bring = sum(delivery.get(producer_id, 0) for producer_id in producers)
    off = taken_off(voucher.kind, voucher.value, voucher.most_vnd, goods_vnd=cost, delivery_vnd=bring)
    if not sum(off):
        raise NothingToTakeOff()
    return Off(voucher.id, voucher.code, voucher.organisation_id, producers, *off)


def state_of(voucher: Voucher, today: date) -> VoucherState:
    """Say how a voucher stands on a day in Viet Nam."""
    if voucher.stopped_at is not None:
        return VoucherState.STOPPED
    if today > voucher.valid_until:
        return VoucherState.OVER
    if today < voucher.valid_from:
        return VoucherState.TO_COME
    if voucher.most_uses is not None and voucher.used >= voucher.most_uses:
        return VoucherState.USED_UP
    return VoucherState.IN_USE


def taken_off(
    kind: VoucherKind, value: int, most_vnd: int | None, *, goods_vnd: int, delivery_vnd: int
) -> tuple[int, int]:
    """Say what is taken off goods and off delivery that cost so much: never more than they cost."""
    if kind is VoucherKind.DELIVERY:
        return 0, min(delivery_vnd, most_vnd if most_vnd is not None else delivery_vnd)
    off = value if kind is VoucherKind.AMOUNT else share(goods_vnd, value)
    return min(off, goods_vnd, most_vnd if most_vnd is not None else off), 0


def covered(voucher: Voucher, producer_ids: list[int]) -> frozenset[int]:
    """Give those of some producers whose goods a voucher is for."""
    bearer = voucher.organisation
    if bearer.kind is not OrganisationKind.OFFICE:
        return frozenset({bearer.id}.intersection(producer_ids))
    return frozenset(
        db.session.scalars(
            select(Organisation.id).where(
                Organisation.id.in_(producer_ids), within(jurisdiction_of(bearer.id), Organisation.commune_code)
            )
        )
    )


# --- Taking one, and giving it back -------------------------------------------------------------------


def claim(purchase: Purchase, phone: str, *, now: datetime) -> None:
    """Take the voucher of a purchase that was just written down.

    :raises Over, UsedUp: if it was stopped, or somebody was quicker
    :raises UsedByYou:
    """
    voucher_id = purchase.voucher_id
    if voucher_id is None:
        return
    _count_one(voucher_id)
    digest = _digest(voucher_id, phone)
    _check_buyer(voucher_id, digest)
    db.session.add(VoucherBuyer(purchase_id=purchase.id, voucher_id=voucher_id, digest=digest))
    db.session.add(VoucherClaim(purchase_id=purchase.id, turn=1, voucher_id=voucher_id, at=now))
    db.session.flush()


def give_back(purchase: Purchase, *, now: datetime) -> None:
    """Let others have the voucher of a purchase, if no order of it that was made cheaper still stands."""
    voucher_id = purchase.voucher_id
    if voucher_id is None:
        return
    db.session.execute(
        select(Payment.id).where(Payment.purchase_id == purchase.id).order_by(Payment.id).with_for_update()
    )
    _lock_voucher(voucher_id)  # two orders of a purchase that end at once must see each other
    turn = _turn(purchase.id)
    if turn % 2 == 0 or _is_used(purchase.id):
        return
    db.session.execute(
        update(Voucher)
        .where(Voucher.id == voucher_id, Voucher.used > 0)
        .values(used=Voucher.used - 1)
        .execution_options(synchronize_session=False)
    )
    db.session.add(VoucherClaim(purchase_id=purchase.id, turn=turn + 1, voucher_id=voucher_id, at=now))
    db.session.flush()


def claim_again(purchase: Purchase, *, now: datetime) -> None:
    """Take the voucher of a purchase anew, an order of which stands again: its money came late.

    What was promised counts, whatever day it is; but not what others took meanwhile.

    :raises UsedUp, UsedByYou:
    """
    voucher_id = purchase.voucher_id
    if voucher_id is None:
        return
    _lock_voucher(voucher_id)
    turn = _turn(purchase.id)
    if turn % 2 == 1:
        return
    _count_one(voucher_id, even_stopped=True)
    digest = db.session.scalar(select(VoucherBuyer.digest).where(VoucherBuyer.purchase_id == purchase.id))
    if digest is not None:
        _check_buyer(voucher_id, digest)
    db.session.add(VoucherClaim(purchase_id=purchase.id, turn=turn + 1, voucher_id=voucher_id, at=now))
    db.session.flush()


def _count_one(voucher_id: int, *, even_stopped: bool = False) -> None:
    counted = update(Voucher).where(
        Voucher.id == voucher_id, or_(Voucher.most_uses.is_(None), Voucher.used < Voucher.most_uses)
    )
    if not even_stopped:
        counted = counted.where(Voucher.stopped_at.is_(None))
    found = db.session.execute(
        counted.values(used=Voucher.used + 1).returning(Voucher.id).execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        is_stopped = db.session.scalar(select(Voucher.stopped_at).where(Voucher.id == voucher_id)) is not None
        raise Over() if is_stopped and not even_stopped else UsedUp()


def _check_buyer(voucher_id: int, digest: str) -> None:
    most = db.session.scalar(select(Voucher.most_per_buyer).where(Voucher.id == voucher_id))
    if most is not None and _taken_by(voucher_id, digest) >= most:
        raise UsedByYou()


def _lock_voucher(voucher_id: int) -> None:
    # Not against the keys of purchases that are being placed with it: they wait for the same stock.
    db.session.execute(select(Voucher.id).where(Voucher.id == voucher_id).with_for_update(key_share=True)).one()


def _turn(purchase_id: int) -> int:
    return db.session.scalar(select(func.max(VoucherClaim.turn)).where(VoucherClaim.purchase_id == purchase_id)) or 0


def _is_used(purchase_id: int) -> bool:
    standing = select(Order.id).where(
        Order.purchase_id == purchase_id, Order.discount_vnd > 0, Order.placement != Placement.CANCELLED
    )
    return bool(db.session.scalar(select(standing.exists())))


def _taken_by(voucher_id: int, digest: str) -> int:
    """Count the purchases of a buyer that have a voucher now."""
    turn = (
        select(func.max(VoucherClaim.turn))
        .where(VoucherClaim.purchase_id == VoucherBuyer.purchase_id)
        .correlate(VoucherBuyer)
        .scalar_subquery()
    )
    return (
        db.session.scalar(
            select(func.count())
            .select_from(VoucherBuyer)
            .where(VoucherBuyer.voucher_id == voucher_id, VoucherBuyer.digest == digest, turn % 2 == 1)
        )
        or 0
    )


def _digest(voucher_id: int, phone: str) -> str:
    return proof.blinder()(["voucher", voucher_id, phone])
