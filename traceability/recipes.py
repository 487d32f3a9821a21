"""Recipes: what yield a producer expects, and holding each making against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation
from catalog.models import ProductVersion, TradeItem, Unit
from kernel import audit
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import fold, one_line
from traceability import mass_balance
from traceability.mass_balance import Amount, Judgement, Range, Weighing
from traceability.models import BalanceFlag, Batch, Lot, LotInput, LotKind, Recipe

LONGEST_NAME, LONGEST_REASON = 160, 400
MOST_BP = 100_000  #: with what is added, at most ten times of what went in


class MoreOutThanIn(InvalidInput):
    """``made`` and ``taken`` are in ``unit``: screens write them readably."""

    message = N_(
        "More comes out (%(made)s) than went in (%(taken)s). Please look at the quantities again; if water or "
        "something else is added, say so in the recipe."
    )
    field = "quantity"


class NothingNamed(InvalidInput):
    message = N_("Please say what is made.")
    field = "material"


class NameTooLong(InvalidInput):
    message = N_("Please keep this within %(most)s signs.")
    field = "material"


class RangeUpsideDown(InvalidInput):
    message = N_("The least that comes out must be above nothing, and not above the most.")
    field = "least"


class MoreThanWhole(InvalidInput):
    message = N_("More than the whole can come out only where something is added.")
    field = "most"


class FarTooMuch(InvalidInput):
    message = N_("At most ten times of what goes in can come out.")
    field = "most"


class SayWhatIsAdded(InvalidInput):
    message = N_("Please say what is added: water, lye, salt.")
    field = "other"


class NotOwnItem(InvalidInput):
    message = N_("Please choose one of your products.")
    field = "item"


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class ClearedBefore(Conflict):
    message = N_("This was cleared before.")


@dataclass(frozen=True)
class Expected:
    """What a producer says of a making. Shares in basis points of what goes in."""

    least_bp: int
    most_bp: int
    adds_other: bool = False
    other: str = ""


def set_recipe(
    owner: Organisation,
    expected: Expected,
    *,
    item: TradeItem | None = None,
    material: str = "",
    actor: Actor,
    now: datetime,
) -> Recipe:
    """Say what yield is expected of a trade item, or of a material by its name; the one before stays on record.

    The office sees each new one.

    :raises NothingNamed: :raises NameTooLong: :raises RangeUpsideDown: :raises MoreThanWhole: :raises FarTooMuch:
    :raises SayWhatIsAdded: :raises NotOwnItem:
    """
    material, other = one_line(material), one_line(expected.other)
    if item is None and not fold(material).strip():
        raise NothingNamed()
    if max(len(material), len(other)) > LONGEST_NAME:
        raise NameTooLong(most=LONGEST_NAME)
    if item is not None and item.product.producer_id != owner.id:
        raise NotOwnItem()
    if not 0 < expected.least_bp <= expected.most_bp:
        raise RangeUpsideDown()
    if expected.most_bp > mass_balance.WHOLE_BP and not expected.adds_other:
        raise MoreThanWhole()
    if expected.most_bp > MOST_BP:
        raise FarTooMuch()
    if expected.adds_other and not other:
        raise SayWhatIsAdded()
    recipe = Recipe(
        owner_id=owner.id,
        trade_item_id=item.id if item else None,
        material="" if item else key_of(material),
        name_vi=_name_of(item) if item else material,
        least_bp=expected.least_bp,
        most_bp=expected.most_bp,
        adds_other=expected.adds_other,
        other=other if expected.adds_other else "",
        set_at=now,
        set_by_id=actor.user_id,
    )
    db.session.add(recipe)
    db.session.flush()
    audit.record(actor, "traceability.set_recipe", f"recipe:{recipe.id}", now=now, least=recipe.least_bp)
    return recipe


def _name_of(item: TradeItem) -> str:
    product = item.product
    version_id = product.published_version_id or product.approved_version_id or product.draft_version_id
    version = db.session.get(ProductVersion, version_id) if version_id else None
    return (f"{version.name_vi}, {item.name_vi}" if version else item.name_vi)[:LONGEST_NAME]


def see(recipe: Recipe, *, actor: Actor, now: datetime) -> None:
    """Write down that the office has looked at a recipe. Done again, it changes nothing."""
    lock(recipe)
    if recipe.seen_at is None:
        recipe.seen_at, recipe.seen_by_id = now, actor.user_id
        audit.record(actor, "traceability.see_recipe", f"recipe:{recipe.id}", now=now)


def clear(flag: BalanceFlag, *, reason: str, actor: Actor, now: datetime) -> None:
    """Write down why a making outside its range is all right, or what came of it.

    :raises NeedsReason: :raises ClearedBefore:
    """
    reason = one_line(reason)[:LONGEST_REASON]
    if not reason:
        raise NeedsReason()
    lock(flag)
    if flag.cleared_at is not None:
        raise ClearedBefore()
    flag.cleared_at, flag.cleared_by_id, flag.cleared_reason = now, actor.user_id, reason
    audit.record(actor, "traceability.clear_flag", f"lot:{flag.lot_id}", now=now)


def key_of(material: str) -> str:
    """Fold the name of a material, so that *Bột Gạo* and *bột gạo* are one."""
    return " ".join(fold(material).split())[:LONGEST_NAME]


def find(lot: Lot, item: TradeItem | None) -> Recipe | None:
    """Find the recipe that counts for a lot now."""
    query = select(Recipe).where(Recipe.owner_id == lot.owner_id)
    if item is not None:
        query = query.where(Recipe.trade_item_id == item.id)
    else:
        query = query.where(Recipe.material == key_of(lot.name_vi), Recipe.trade_item_id.is_(None))
    return db.session.scalar(query.order_by(Recipe.id.desc()).limit(1))


def range_of(recipe: Recipe | None) -> Range | None:
    """Give a recipe's range as the arithmetic takes it."""
    return None if recipe is None else Range(recipe.least_bp, recipe.most_bp, recipe.adds_other)


def check(lot: Lot, inputs: Mapping[int, int], *, item: TradeItem | None = None, now: datetime) -> None:
    """Hold a making against its mass and its recipe: what cannot be is refused, what is unusual is flagged.

    :param inputs: {lot id: how much of it, in its own unit}
    :raises MoreOutThanIn: if more came out than went in, and the recipe adds nothing
    """
    recipe = find(lot, item)
    weighing = weigh(lot, inputs, item)
    judgement = mass_balance.judge(weighing, range_of(recipe))
    if judgement is Judgement.IMPOSSIBLE and weighing is not None:
        unit = (item.unit if item is not None else lot.unit).value
        raise MoreOutThanIn(made=weighing.made, taken=weighing.taken, unit=unit)
    if judgement in (Judgement.BELOW, Judgement.ABOVE) and weighing is not None and recipe is not None:
        db.session.add(
            BalanceFlag(
                lot_id=lot.id,
                recipe_id=recipe.id,
                judgement=judgement.value,
                taken=weighing.taken,
                made=weighing.made,
                yield_bp=min(weighing.yield_bp, 2_000_000_000),
                flagged_at=now,
            )
        )
        db.session.flush()


def weigh(lot: Lot, inputs: Mapping[int, int], item: TradeItem | None) -> Weighing | None:
    """Weigh what went into a lot against what came out; packs are weighed by their net content."""
    if not inputs:
        return None
    return mass_balance.weigh(
        amounts_of(inputs),
        _content(lot.quantity, lot.unit, item.net_content if item else 0, item.unit if item else None),
    )


def amounts_of(inputs: Mapping[int, int]) -> list[Amount]:
    """Give what went in as the arithmetic takes it (one statement).

    :param inputs: {lot id: how much of it, in its own unit}
    """
    rows = db.session.execute(
        select(Lot.id, Lot.kind, Lot.unit, TradeItem.net_content, TradeItem.unit)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(Lot.id.in_(sorted(inputs)))
        .order_by(Lot.id)
    )
    return [
        _content(inputs[id], unit, net_content or 0, item_unit if kind is LotKind.FINISHED else None)
        for id, kind, unit, net_content, item_unit in rows
    ]


def _content(quantity: int, unit: Unit, net_content: int, item_unit: Unit | None) -> Amount:
    return Amount(quantity, unit) if item_unit is None else mass_balance.packed(quantity, net_content, item_unit)


@dataclass(frozen=True)
class Told:
    """The mass balance of a lot, for its screen."""

    weighing: Weighing | None
    judgement: Judgement
    recipe: Recipe | None
    flag: BalanceFlag | None
    unit: Unit  #: of what came out


def tell(lot: Lot) -> Told | None:
    """Weigh a lot again for its screen; None where nothing went into it. A flagged one is told by its own recipe."""
    inputs = {
        row[0]: row[1]
        for row in db.session.execute(select(LotInput.input_id, LotInput.quantity).where(LotInput.output_id == lot.id))
    }
    if not inputs:
        return None
    item = db.session.scalar(
        select(TradeItem).join(Batch, Batch.trade_item_id == TradeItem.id).where(Batch.lot_id == lot.id)
    )
    flag = db.session.scalar(select(BalanceFlag).where(BalanceFlag.lot_id == lot.id))
    recipe = flag.recipe if flag is not None else find(lot, item)
    weighing = weigh(lot, inputs, item)
    judgement = mass_balance.judge(weighing, range_of(recipe))
    return Told(weighing, judgement, recipe, flag, item.unit if item is not None else lot.unit)
