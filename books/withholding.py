"""Tax that the one who runs the shop holds back for a seller: by which rule, of whom, and whether it is done at all.

The rates are data with their days and their source (``books/data/withholding.json``). Whether they are applied is a
switch of the office, off until it is turned: for all sellers, or for one (who need not, or must).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import or_, select

from accounts.actor import Actor
from accounts.models import LegalForm, Organisation, OrganisationKind
from books.models import WithholdingSwitch
from kernel import audit, clock
from kernel.db import db
from kernel.errors import N_, Conflict, InvalidInput
from kernel.money import share
from kernel.text import one_line

_FILE = Path(__file__).parent / "data" / "withholding.json"
LONGEST_REASON = 300


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class TooEarly(InvalidInput):
    message = N_("It begins today or later: what was paid before stays as it was.")
    field = "valid_from"


class NotAnOffice(InvalidInput):
    message = N_("Tax is held back by the office that runs the shop.")


class NoRule(Conflict):
    message = N_("There is no rule for that day by which tax could be held back.")
    field = "valid_from"


@dataclass(frozen=True)
class Rule:
    """What is held back from a day on: basis points of what the seller gets for the goods."""

    name: str
    valid_from: date
    forms: frozenset[LegalForm]  #: of sellers
    vat_bp: int
    pit_bp: int
    pay_by_day: int  #: of the month after the one in which it was held back
    source: str
    is_verified: bool
    open: str  #: what is still to be found out


@dataclass(frozen=True)
class HeldBack:
    """So much tax of a sale."""

    rule: str
    office_id: int
    base_vnd: int
    vat_vnd: int
    pit_vnd: int


def rule_on(day: date) -> Rule | None:
    """Give the rule in force on a day."""
    return max((rule for rule in rules() if rule.valid_from <= day), key=lambda rule: rule.valid_from, default=None)


@functools.cache
def rules() -> tuple[Rule, ...]:
    """List every rule that is known here."""
    return tuple(
        Rule(
            name=row["name"],
            valid_from=date.fromisoformat(row["valid_from"]),
            forms=frozenset(LegalForm(form) for form in row["forms"]),
            vat_bp=row["vat_bp"],
            pit_bp=row["pit_bp"],
            pay_by_day=row["pay_by_day"],
            source=row["source"],
            is_verified=row["verified"],
            open=row["open"],
        )
        for row in json.loads(_FILE.read_text(encoding="utf-8"))["rules"]
    )


def of_sale(seller: Organisation, base_vnd: int, *, on: date) -> HeldBack | None:
    """Work out what is held back of a sale that was paid on a day; None: nothing."""
    rule = rule_on(on)
    if rule is None or seller.legal_form not in rule.forms:
        return None
    turned = switch_of(seller.id, on)
    if turned is None or not turned.is_on:
        return None
    held = HeldBack(
        rule.name, turned.organisation_id, base_vnd, share(base_vnd, rule.vat_bp), share(base_vnd, rule.pit_bp)
    )
    return held if held.vat_vnd or held.pit_vnd else None


def switch_of(seller_id: int, on: date) -> WithholdingSwitch | None:
    """Give how the switch stands for a seller on a day: its own first, then the one for all; of two the later one."""
    rows = db.session.scalars(
        select(WithholdingSwitch)
        .where(
            or_(WithholdingSwitch.seller_id == seller_id, WithholdingSwitch.seller_id.is_(None)),
            WithholdingSwitch.valid_from <= on,
        )
        .order_by(WithholdingSwitch.id)
    ).all()
    return max(rows, key=lambda row: (row.seller_id is not None, row.id), default=None)


def decided_otherwise(on: date) -> int:
    """Count the sellers of whom tax is held back on a day by a decision of their own."""
    ids = db.session.scalars(
        select(WithholdingSwitch.seller_id)
        .where(WithholdingSwitch.seller_id.is_not(None), WithholdingSwitch.valid_from <= on)
        .distinct()
    ).all()
    turned = [switch_of(seller_id, on) for seller_id in ids if seller_id is not None]
    return sum(1 for row in turned if row is not None and row.is_on)


def all_turns() -> Sequence[WithholdingSwitch]:
    """List how the switch was ever turned, the latest first."""
    return db.session.scalars(select(WithholdingSwitch).order_by(WithholdingSwitch.id.desc())).all()


def turn(
    office: Organisation,
    is_on: bool,
    *,
    valid_from: date,
    reason: str,
    seller: Organisation | None = None,
    actor: Actor,
    now: datetime,
) -> WithholdingSwitch:
    """Say that tax is held back from a day on, or no longer: for all, or for one seller. What was held back stays.

    :raises NotAnOffice, NeedsReason, TooEarly, NoRule:
    """
    reason = one_line(reason)[:LONGEST_REASON]
    if office.kind is not OrganisationKind.OFFICE:
        raise NotAnOffice()
    if not reason:
        raise NeedsReason()
    if valid_from < clock.business_date(now):
        raise TooEarly()
    if is_on and rule_on(valid_from) is None:
        raise NoRule()
    row = WithholdingSwitch(
        organisation_id=office.id,
        seller_id=seller.id if seller else None,
        is_on=is_on,
        valid_from=valid_from,
        reason=reason,
        set_at=now,
        set_by_id=actor.user_id,
    )
    db.session.add(row)
    db.session.flush()
    subject = seller or office
    audit.record(actor, "books.turn_withholding", f"organisation:{subject.code}", now=now, is_on=is_on, reason=reason)
    return row
