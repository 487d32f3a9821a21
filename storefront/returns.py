"""Goods that came and go back: asked for by the order's link, decided by the producer, taken in lot by lot, made good.

Who asked waits for the producer, who takes the goods back, lets the buyer keep them, or refuses with a reason. Goods
that arrive go back into stock or are a loss, by the ledger, with their event. Then the buyer has the money: of each
line the part that went back (``storefront.return_rules``), by refunds with causes of their own; or the same goods.

Locks as in ``storefront.settling``: all orders of the purchase first. How many of a line are asked back is claimed
by one guarded step (``LineBalance``), how far a return is by another: of two who click at once, one is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update

from accounts.actor import Actor
from kernel import audit, media, numbers
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc, one_line
from storefront import (
    dispute_queries,
    exchanging,
    giving_back,
    messages,
    ordering,
    return_queries,
    return_rules,
    transfers,
)
from storefront.after_models import MOST_PHOTOS
from storefront.order_models import Order, OrderLine, PaymentMethod, Refund, RefundState
from storefront.return_models import (
    GoodsReturn,
    LineBalance,
    ReturnAccount,
    ReturnLine,
    ReturnPhoto,
    ReturnReason,
    ReturnRefund,
    ReturnState,
    ReturnStep,
    ReturnWish,
)

LONGEST_WORDS = 3_000
LONGEST_DECISION = 300
MOST_AT_ONCE = 200  #: in one transaction
MOST_OF_AN_ORDER = 20  #: returns, whatever became of them

S = ReturnState
#: Where a return may be next. Nothing leads back.
NEXT: Mapping[ReturnState, frozenset[ReturnState]] = {
    S.ASKED: frozenset({S.AWAITED, S.EXCHANGING, S.DONE, S.REFUSED, S.WITHDRAWN}),
    S.AWAITED: frozenset({S.EXCHANGING, S.DONE, S.WITHDRAWN}),
    S.EXCHANGING: frozenset({S.DONE}),
    S.DONE: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}


class NotCome(Conflict):
    message = N_("These goods have not come yet. Before they are packed, the order can be cancelled.")


class IsExchange(Conflict):
    message = N_("These goods came for others. Send them back from the order that was paid.")


class TooLate(Conflict):
    """``days`` says how many there were."""

    message = N_("Goods can be sent back within %(days)s days after they came. If something is wrong, please complain.")
    field = "reason"


class PayerHasMoney(Conflict):
    message = N_(
        "The card's bank gave the payer the money of this order back: neither money nor new goods are owed for it."
    )


class NothingChosen(InvalidInput):
    message = N_("Say how many you want to send back.")


class TooMany(InvalidInput):
    """``left`` says how many may be sent back."""

    message = N_("Of these, %(left)s can be sent back.")


class NoWords(InvalidInput):
    message = N_("Please write what is wrong with the goods.")
    field = "words"


class WordsTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "words"


class TooManyPhotos(InvalidInput):
    message = N_("At most %(most)s photos, please.")
    field = "photos"


class TooManyReturns(Conflict):
    message = N_("Enough returns were asked for here. Please call the producer, or complain.")


class NotRecalled(InvalidInput):
    message = N_("No batch of these goods is recalled. Please choose another reason.")
    field = "reason"


class NotNext(Conflict):
    message = N_("Return %(number)s is further than that already. Please look again.")


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "words"


class NoMoneyYet(Conflict):
    message = N_("The cash of this order is not on record. Say first, in the order, that the buyer paid.")


class HasExchange(Conflict):
    message = N_("Other goods are on their way for these already.")


class AccountNotNeeded(Conflict):
    message = N_("No account is needed here: one was named before, or no money waits to go back.")


class NothingDue(Conflict):
    message = N_("All the money of this return was given back, or claimed.")


@dataclass(frozen=True)
class Account:
    """Where the buyer wants money sent, as the form gave it."""

    bank_bin: str
    number: str
    holder: str


# --- The buyer ----------------------------------------------------------------------------------------


def needs_account(order: Order) -> bool:
    """Tell whether money can only go back to an account that the buyer names: a card's goes where it came from."""
    return order.purchase.method is not PaymentMethod.CARD and order.total_vnd > 0


def ask(
    order: Order,
    wanted: Mapping[int, int],
    *,
    reason: ReturnReason,
    wish: ReturnWish,
    words: str = "",
    photos: Sequence[str] = (),
    account: Account | None = None,
    language: str,
    now: datetime,
) -> GoodsReturn:
    """Ask to send goods of an order back: at most what came, less what is asked back or went back already.

    :param wanted: {line: packs}
    :param account: needed where :func:`needs_account` says so and money is wanted
    :raises NothingChosen, TooMany, NoWords, WordsTooLong, TooManyPhotos, NotRecalled:
    :raises NotCome, IsExchange, TooLate, TooManyReturns:
    :raises storefront.transfers.UnknownBank, storefront.transfers.BadNumber, storefront.transfers.BadHolder:
    """
    wanted = {line: packs for line, packs in sorted(wanted.items()) if packs > 0}
    words = _checked(words, needed=return_rules.is_sellers_fault(reason))
    if not wanted:
        raise NothingChosen()
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    lock(order)
    _check_to_ask(order, reason, wanted, now)
    kept = None
    if wish is ReturnWish.MONEY and needs_account(order):
        given = account or Account("", "", "")
        kept = transfers.checked_account(given.bank_bin, given.number, given.holder)
    _finish_exchanges(order, now)
    made = GoodsReturn(
        number=f"DT-{numbers.next_number('return'):06d}",
        order_id=order.id,
        reason=reason,
        wish=wish,
        state=S.ASKED,
        words=words,
        language=language,
        asked_at=now,
        answer_by=return_rules.answer_by(now),
    )
    db.session.add(made)
    db.session.flush()
    for line, packs in wanted.items():
        _claim(order, line, packs)
        db.session.add(ReturnLine(return_id=made.id, line=line, order_id=order.id, asked=packs, quantity=packs))
    for place, digest in enumerate(dict.fromkeys(photos), start=1):
        db.session.add(ReturnPhoto(return_id=made.id, position=place, digest=digest))
    if kept is not None:
        db.session.add(ReturnAccount(return_id=made.id, bank_bin=kept[0], number=kept[1], holder=kept[2]))
    db.session.flush()
    db.session.expire(made)
    step(made, "asked", None, now)
    audit.record(None, "storefront.ask_return", f"return:{made.number}", now=now, count=sum(wanted.values()))
    messages.tell_of_return(made, "asked", now=now)
    return made


def withdraw(made: GoodsReturn, *, now: datetime) -> None:
    """Let the buyer keep the goods after all, as long as none arrived. Withdrawn before, it stays so.

    :raises NotNext:
    """
    lock(made.order)
    lock(made)
    if made.state is S.WITHDRAWN:
        return
    go(made, S.WITHDRAWN, now)
    _unclaim_all(made)
    step(made, "withdrawn", None, now)
    audit.record(None, "storefront.withdraw_return", f"return:{made.number}", now=now)
    messages.tell_of_return(made, "withdrawn", now=now)


def may_name_account(made: GoodsReturn) -> bool:
    """Tell whether the buyer can say where money should go: none was named, and money may go there by hand."""
    if made.account is not None:
        return False
    if made.state is S.EXCHANGING:
        return needs_account(made.order) and exchanging.is_open(made)
    waiting = [row.refund for row in made.refunds if row.refund.state is RefundState.ASKED]
    return made.state is S.DONE and any(needs_account(made.order) or refund.problem for refund in waiting)


def name_account(made: GoodsReturn, account: Account, *, now: datetime) -> None:
    """Let the buyer say where the money should go that comes instead of goods, or that a card would not take back.

    :raises AccountNotNeeded:
    :raises storefront.transfers.UnknownBank, storefront.transfers.BadNumber, storefront.transfers.BadHolder:
    """
    bank_bin, number, holder = transfers.checked_account(account.bank_bin, account.number, account.holder)
    lock(made.order)
    lock(made)
    db.session.expire(made, ["account", "refunds"])
    if not may_name_account(made):
        raise AccountNotNeeded()
    db.session.add(ReturnAccount(return_id=made.id, bank_bin=bank_bin, number=number, holder=holder))
    db.session.flush()
    db.session.expire(made, ["account"])
    step(made, "account", None, now)
    audit.record(None, "storefront.name_account", f"return:{made.number}", now=now)


# --- The producer -------------------------------------------------------------------------------------


def accept(made: GoodsReturn, *, keeps_goods: bool, words: str = "", actor: Actor, now: datetime) -> None:
    """Agree: the buyer sends the goods, or keeps them and is made good at once.

    :param words: to where and how to send them; what else is to be said
    :raises NotNext: :raises NoMoneyYet: if there is no money on record that could go back
    """
    ordering.lock_orders(made.order.purchase)
    if dispute_queries.payer_has_it(made.order):
        raise PayerHasMoney()
    if made.wish is ReturnWish.MONEY and made.order.total_vnd and not giving_back.has_money(made.order):
        raise NoMoneyYet()
    to = S.AWAITED
    if keeps_goods:
        to = S.EXCHANGING if made.wish is ReturnWish.EXCHANGE else S.DONE
    _decide(made, to, words, actor, now)
    made.keeps_goods = keeps_goods
    step(made, "kept" if keeps_goods else "accepted", actor, now)
    audit.record(actor, "storefront.accept_return", f"return:{made.number}", now=now)
    messages.tell_of_return(made, "kept" if keeps_goods else "accepted", now=now)
    if to is S.DONE:
        make_good(made, actor, now)


def refuse(made: GoodsReturn, *, words: str, actor: Actor, now: datetime) -> None:
    """Refuse, with a reason that the buyer reads. The buyer can complain.

    :raises NotNext: :raises NeedsReason:
    """
    if not one_line(words):
        raise NeedsReason()
    lock(made.order)
    _decide(made, S.REFUSED, words, actor, now)
    _unclaim_all(made)
    step(made, "refused", actor, now)
    audit.record(actor, "storefront.refuse_return", f"return:{made.number}", now=now)
    messages.tell_of_return(made, "refused", now=now)


def exchange(made: GoodsReturn, *, actor: Actor, now: datetime) -> Order:
    """Send the same goods anew: an order at no price, to be packed like any other.

    :raises NotNext, HasExchange: :raises stock.allocation.NotEnough: if there are too few: offer the money instead
    :raises PayerHasMoney: if the card's bank gave it back meanwhile
    """
    _lock_exchanging(made)
    if dispute_queries.payer_has_it(made.order):
        raise PayerHasMoney()
    order = exchanging.new_order(made, actor=actor, now=now)
    made.exchange_order_id = order.id
    db.session.flush()
    db.session.expire(made, ["exchange_order"])
    step(made, "exchanged", actor, now, order=order.number)
    audit.record(actor, "storefront.exchange", f"return:{made.number}", now=now, order=order.number)
    messages.tell_of_return(made, "exchanged", now=now)
    return order


def give_money_instead(made: GoodsReturn, *, actor: Actor, now: datetime) -> None:
    """Give the money back where the same goods cannot be sent anew.

    :raises NotNext, HasExchange, NoMoneyYet:
    """
    _lock_exchanging(made)
    if made.order.total_vnd and not giving_back.has_money(made.order):
        raise NoMoneyYet()
    go(made, S.DONE, now)
    step(made, "money_instead", actor, now)
    audit.record(actor, "storefront.money_instead", f"return:{made.number}", now=now)
    make_good(made, actor, now)


def claim_again(made: GoodsReturn, *, actor: Actor, now: datetime) -> list[Refund]:
    """Claim what is due and not claimed: a refund of this return was called off, or could not be claimed in full.

    :raises NotNext: :raises NothingDue:
    """
    ordering.lock_orders(made.order.purchase)
    lock(made)
    if made.state is not S.DONE:
        raise NotNext(number=made.number)
    refunds = _claim_money(made, actor, now)
    if not refunds:
        raise NothingDue()
    return refunds


def open_vnd(made: GoodsReturn) -> int:
    """Say how much of what is due for a return is not claimed, and could be."""
    return min(made.due_vnd - _claimed_vnd(made), giving_back.left_of(made.order))


# --- What time brings ---------------------------------------------------------------------------------


def finish_exchanges(now: datetime, *, most: int = MOST_AT_ONCE) -> int:
    """End the returns whose new goods came; give how many that were."""
    found = db.session.scalars(
        select(GoodsReturn)
        .where(GoodsReturn.state == S.EXCHANGING, return_queries.exchange_came())
        .order_by(GoodsReturn.order_id, GoodsReturn.id)
        .limit(most)
    ).all()
    for order_id in sorted({made.order_id for made in found}):
        _finish_exchanges(lock(db.session.get_one(Order, order_id)), now)
    return len(found)


def forget_accounts(now: datetime) -> int:
    """Drop the accounts of returns that are long over and have no refund waiting; give how many."""
    waiting = exists().where(
        ReturnRefund.return_id == GoodsReturn.id,
        Refund.id == ReturnRefund.refund_id,
        Refund.state == RefundState.ASKED,
    )
    over = select(GoodsReturn.id).where(GoodsReturn.closed_at < now - return_rules.ACCOUNT_KEPT, ~waiting)
    gone = db.session.execute(
        delete(ReturnAccount).where(ReturnAccount.return_id.in_(over)).returning(ReturnAccount.return_id)
    ).all()
    return len(gone)


def erase(purchase_id: int, *, now: datetime) -> None:
    """Forget what the buyer wrote, photographed and named in the returns of a purchase."""
    ids = select(GoodsReturn.id).join(Order, Order.id == GoodsReturn.order_id).where(Order.purchase_id == purchase_id)
    media.forget(db.session.scalars(select(ReturnPhoto.digest).where(ReturnPhoto.return_id.in_(ids))).all(), now=now)
    for model in (ReturnPhoto, ReturnAccount):
        db.session.execute(delete(model).where(model.return_id.in_(ids)).execution_options(synchronize_session=False))
    db.session.execute(
        update(GoodsReturn).where(GoodsReturn.id.in_(ids)).values(words="").execution_options(synchronize_session=False)
    )


# --- Inside -------------------------------------------------------------------------------------------


def _checked(words: str, *, needed: bool) -> str:
    words = nfc(words).strip()
    if needed and not words:
        raise NoWords()
    if len(words) > LONGEST_WORDS:
        raise WordsTooLong(most=LONGEST_WORDS)
    return words


def _check_to_ask(order: Order, reason: ReturnReason, wanted: Mapping[int, int], now: datetime) -> None:
    if dispute_queries.payer_has_it(order):
        raise PayerHasMoney()
    if return_queries.is_exchange(order):
        raise IsExchange()
    came_at = return_queries.came_at(order)
    if came_at is None:
        raise NotCome()
    if not return_rules.is_in_time(reason, came_at, now):
        not_as_said = reason is ReturnReason.NOT_AS_SAID
        raise TooLate(days=return_rules.NOT_AS_SAID_DAYS if not_as_said else return_rules.RETURN_DAYS)
    if reason is ReturnReason.RECALLED and not wanted.keys() <= return_queries.recalled_lines(order):
        raise NotRecalled()
    many = db.session.scalar(select(func.count()).where(GoodsReturn.order_id == order.id))
    if (many or 0) >= MOST_OF_AN_ORDER:
        raise TooManyReturns()


def _claim(order: Order, line: int, packs: int) -> None:
    """Claim packs of a line by one guarded step."""
    bought = next((row for row in return_queries.lines_of(order) if row.line == line), None)
    if bought is None:
        raise _at(TooMany(left=0), line)
    balance = _balance(bought)
    claimed = db.session.execute(
        update(LineBalance)
        .where(
            LineBalance.order_id == order.id,
            LineBalance.line == line,
            LineBalance.claimed + packs <= LineBalance.delivered,
        )
        .values(claimed=LineBalance.claimed + packs)
        .returning(LineBalance.line)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.refresh(balance)
    if claimed is None:
        raise _at(TooMany(left=balance.delivered - balance.claimed, step_g=bought.step_g), line)


def _balance(bought: OrderLine) -> LineBalance:
    found = db.session.get(LineBalance, (bought.order_id, bought.line))
    if found is None:
        found = LineBalance(
            order_id=bought.order_id,
            line=bought.line,
            delivered=bought.quantity,
            claimed=0,
            refunded=0,
            paid_vnd=bought.paid_vnd,
            refunded_vnd=0,
        )
        db.session.add(found)
        db.session.flush()
    return found


def _at(refusal: InvalidInput, line: int) -> InvalidInput:
    refusal.field = f"packs_{line}"
    return refusal


def unclaim(row: ReturnLine, packs: int) -> None:
    """Give packs of a line free: they stay the buyer's, or came anew."""
    db.session.execute(
        update(LineBalance)
        .where(LineBalance.order_id == row.order_id, LineBalance.line == row.line)
        .values(claimed=LineBalance.claimed - packs)
        .execution_options(synchronize_session="fetch")
    )


def _unclaim_all(made: GoodsReturn) -> None:
    for row in made.lines:
        unclaim(row, row.quantity)


def go(made: GoodsReturn, to: ReturnState, now: datetime) -> None:
    """Move a return on by one guarded step.

    :raises NotNext:
    """
    moved = db.session.execute(
        update(GoodsReturn)
        .where(GoodsReturn.id == made.id, GoodsReturn.state.in_([state for state, then in NEXT.items() if to in then]))
        .values(
            state=to,
            closed_at=None if NEXT[to] else now,
            decided_at=func.coalesce(GoodsReturn.decided_at, None if to is S.WITHDRAWN else now),
        )
        .returning(GoodsReturn.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.refresh(made)
    if moved is None:
        raise NotNext(number=made.number)


def _decide(made: GoodsReturn, to: ReturnState, words: str, actor: Actor, now: datetime) -> None:
    lock(made)
    if made.state is not S.ASKED:
        raise NotNext(number=made.number)
    made.decision, made.decided_by_id, made.decided_at = one_line(words)[:LONGEST_DECISION], actor.user_id, now
    db.session.flush()
    go(made, to, now)


def step(made: GoodsReturn, what: str, actor: Actor | None, now: datetime, **facts: object) -> None:
    """Write down what happened."""
    db.session.add(
        ReturnStep(return_id=made.id, what=what, facts=facts, by_id=actor.user_id if actor else None, at=now)
    )
    db.session.flush()
    db.session.expire(made, ["steps"])


def make_good(made: GoodsReturn, actor: Actor, now: datetime) -> None:
    """Work out what is due for the packs that went back, once, and claim it."""
    balances = [(row, lock(db.session.get_one(LineBalance, (row.order_id, row.line)))) for row in made.lines]
    worth = return_queries.worth_of(made)
    made.goods_vnd, made.delivery_vnd = worth.goods_vnd, worth.delivery_vnd
    for row, balance in balances:
        row.refund_vnd = worth.lines[row.line]
        balance.refunded += row.quantity
        balance.refunded_vnd += row.refund_vnd
    db.session.flush()
    refunds = _claim_money(made, actor, now)
    amount = sum(one.amount_vnd for one in refunds)
    messages.tell_of_return(made, "done", now=now, amount_vnd=amount)


def _claim_money(made: GoodsReturn, actor: Actor, now: datetime) -> list[Refund]:
    amount = open_vnd(made)
    if amount <= 0:
        return []
    refunds = giving_back.claim(
        made.order,
        amount,
        cause=f"{made.number}:{len(made.refunds)}",
        reason=made.number,
        now=now,
        actor=actor,
    )
    db.session.add_all(ReturnRefund(return_id=made.id, refund_id=one.id) for one in refunds)
    step(made, "money", actor, now, amount_vnd=amount)
    db.session.expire(made, ["refunds"])
    return refunds


def _claimed_vnd(made: GoodsReturn) -> int:
    found = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_vnd), 0))
        .join(ReturnRefund, ReturnRefund.refund_id == Refund.id)
        .where(ReturnRefund.return_id == made.id, Refund.state != RefundState.REFUSED)
    )
    return int(found or 0)


def _lock_exchanging(made: GoodsReturn) -> None:
    ordering.lock_orders(made.order.purchase)
    lock(made)
    if made.state is not S.EXCHANGING:
        raise NotNext(number=made.number)
    if not exchanging.is_open(made):
        raise HasExchange()


def _finish_exchanges(order: Order, now: datetime) -> None:
    """End the returns of a locked order whose new goods came: these may be sent back in their turn."""
    found = db.session.scalars(
        select(GoodsReturn)
        .where(GoodsReturn.order_id == order.id, GoodsReturn.state == S.EXCHANGING, return_queries.exchange_came())
        .order_by(GoodsReturn.id)
    ).all()
    for made in found:
        go(made, S.DONE, now)
        _unclaim_all(made)
        step(made, "exchange_came", None, now)
