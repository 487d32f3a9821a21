"""More never comes out than went in; what a recipe does not expect is kept, flagged, and cleared by the office."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.actor import SYSTEM
from accounts.models import Organisation
from catalog.models import TradeItem, Unit
from kernel.db import db, transaction
from tests.factories import Factories
from traceability import batches, lots, mass_balance, queries, recipes
from traceability.mass_balance import Amount, Judgement, Range
from traceability.models import BalanceFlag, Lot, Recipe

GRAM, MILLILITRE, PIECE = Unit.GRAM, Unit.MILLILITRE, Unit.PIECE
NARROW, WET = Range(6_000, 7_000, False), Range(9_000, 13_000, True)


@pytest.mark.parametrize(
    ("inputs", "output", "expected", "judgement"),
    [
        ([Amount(100, GRAM)], Amount(65, GRAM), None, Judgement.PLAUSIBLE),
        ([Amount(100, GRAM)], Amount(65, GRAM), NARROW, Judgement.EXPECTED),
        ([Amount(100, GRAM)], Amount(59, GRAM), NARROW, Judgement.BELOW),
        ([Amount(100, GRAM)], Amount(71, GRAM), NARROW, Judgement.ABOVE),
        ([Amount(60, GRAM), Amount(40, GRAM)], Amount(101, GRAM), NARROW, Judgement.IMPOSSIBLE),
        ([Amount(100, GRAM)], Amount(101, GRAM), None, Judgement.IMPOSSIBLE),
        ([Amount(100, GRAM)], Amount(130, GRAM), WET, Judgement.EXPECTED),
        ([Amount(100, GRAM)], Amount(131, GRAM), WET, Judgement.ABOVE),
        ([Amount(100, GRAM)], Amount(120, MILLILITRE), None, Judgement.NOT_COMPARABLE),
        ([Amount(100, GRAM)], Amount(65, MILLILITRE), NARROW, Judgement.EXPECTED),
        ([Amount(100, GRAM), Amount(3, PIECE)], Amount(110, GRAM), None, Judgement.NOT_COMPARABLE),
        ([Amount(100, GRAM), Amount(3, PIECE)], Amount(65, GRAM), NARROW, Judgement.EXPECTED),
        ([Amount(10, PIECE)], Amount(40, PIECE), None, Judgement.NOT_COMPARABLE),
        ([Amount(10, PIECE)], Amount(4_000, GRAM), NARROW, Judgement.NOT_COMPARABLE),
        ([Amount(100, GRAM)], Amount(4, PIECE), NARROW, Judgement.NOT_COMPARABLE),
    ],
)
def test_what_is_said_of_a_making(
    inputs: list[Amount], output: Amount, expected: Range | None, judgement: Judgement
) -> None:
    assert mass_balance.judge(mass_balance.weigh(inputs, output), expected) is judgement


AMOUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=6)


@given(parts=AMOUNTS, made=st.integers(1, 10**9), least=st.integers(1, 10_000), more=st.integers(0, 9_999))
def test_nothing_comes_from_nothing(parts: list[int], made: int, least: int, more: int) -> None:
    expected = Range(least, min(10_000, least + more), adds_other=False)
    weighing = mass_balance.weigh([Amount(part, GRAM) for part in parts], Amount(made, GRAM))

    assert weighing is not None
    for one in (None, expected):
        assert (mass_balance.judge(weighing, one) is Judgement.IMPOSSIBLE) == (made > sum(parts))
    assert weighing.loss + weighing.made == weighing.taken
    assert abs(weighing.yield_bp * weighing.taken - made * 10_000) * 2 <= weighing.taken, "rounded half up, once"


@pytest.fixture
def item(make: Factories) -> TradeItem:
    """A pack of 500 g."""
    return make.item(make.product(make.producer()))


@pytest.fixture
def owner(item: TradeItem, app: Flask) -> Organisation:
    """Who makes it."""
    with app.app_context():
        return db.session.get_one(Organisation, db.session.merge(item).product.producer_id)


def pack(item: TradeItem, packs: int, inputs: dict[int, int], now: datetime, number: str = "L-1") -> int:
    """Open a batch; give its lot."""
    with transaction():
        return batches.open_batch(
            db.session.merge(item),
            number=number,
            made_on=date(2026, 11, 20),
            expires_on=None,
            quantity=packs,
            inputs=inputs,
            actor=SYSTEM,
            now=now,
        ).lot_id


def mill(owner: Organisation, quantity: int, inputs: dict[int, int], now: datetime, number: str = "M-1") -> int:
    """Make flour; give its lot."""
    with transaction():
        return lots.make_intermediate(
            owner,
            name_vi="Bột gạo",
            number=number,
            quantity=quantity,
            unit=GRAM,
            made_on=date(2026, 11, 19),
            inputs=inputs,
            actor=SYSTEM,
            now=now,
        ).id


def expect(owner: Organisation, now: datetime, least: int, most: int, **facts) -> int:
    """Set a recipe; give its id."""
    known = {name: facts.pop(name) for name in ("adds_other", "other") if name in facts}
    with transaction():
        return recipes.set_recipe(owner, recipes.Expected(least, most, **known), actor=SYSTEM, now=now, **facts).id


def test_packs_that_hold_more_than_went_in_are_refused_beside_their_number(
    ctx: Flask, make: Factories, item: TradeItem, owner: Organisation, now: datetime
) -> None:
    rice = make.raw_lot(owner, quantity=100_000)

    with pytest.raises(recipes.MoreOutThanIn) as refused:
        pack(item, 41, {rice.id: 20_000}, now)

    assert refused.value.field == "quantity"
    assert (refused.value.facts["made"], refused.value.facts["taken"]) == (20_500, 20_000)
    assert db.session.get_one(Lot, rice.id).used == 0, "nothing of it is kept"
    assert pack(item, 40, {rice.id: 20_000}, now)
    with pytest.raises(recipes.MoreOutThanIn):
        mill(owner, 30_001, {rice.id: 30_000}, now)


def test_where_the_recipe_adds_water_more_may_come_out(
    ctx: Flask, make: Factories, item: TradeItem, owner: Organisation, now: datetime
) -> None:
    rice = make.raw_lot(owner, quantity=100_000)
    expect(owner, now, 9_000, 13_000, item=db.session.merge(item), adds_other=True, other="nước")

    made = pack(item, 50, {rice.id: 20_000}, now)

    told = recipes.tell(db.session.get_one(Lot, made))
    assert told is not None
    assert (told.judgement, told.weighing and told.weighing.yield_bp) == (Judgement.EXPECTED, 12_500)
    assert told.flag is None


def test_a_yield_out_of_range_is_kept_flagged_and_cleared_with_a_reason(
    ctx: Flask, make: Factories, item: TradeItem, owner: Organisation, now: datetime
) -> None:
    rice = make.raw_lot(owner, quantity=100_000)
    expect(owner, now, 8_000, 9_500, material="bột GẠO")

    low = mill(owner, 5_000, {rice.id: 10_000}, now, "M-1")
    right = mill(owner, 9_000, {rice.id: 10_000}, now, "M-2")
    high = mill(owner, 9_900, {rice.id: 10_000}, now, "M-3")

    flags = {row.lot_id: (row.judgement, row.yield_bp) for row in db.session.scalars(select(BalanceFlag))}
    assert flags == {low: ("below", 5_000), high: ("above", 9_900)}
    assert recipes.tell(db.session.get_one(Lot, right)).judgement is Judgement.EXPECTED
    flag = db.session.scalars(select(BalanceFlag).where(BalanceFlag.lot_id == low)).one()
    with pytest.raises(recipes.NeedsReason), transaction():
        recipes.clear(flag, reason="  ", actor=SYSTEM, now=now)
    with transaction():
        recipes.clear(flag, reason="Gạo mốc, bỏ một nửa", actor=SYSTEM, now=now)
    with pytest.raises(recipes.ClearedBefore), transaction():
        recipes.clear(flag, reason="Nữa", actor=SYSTEM, now=now)


def test_a_new_recipe_counts_from_now_on_and_a_flag_keeps_the_one_it_was_held_against(
    ctx: Flask, make: Factories, owner: Organisation, now: datetime
) -> None:
    rice = make.raw_lot(owner, quantity=100_000)
    first = expect(owner, now, 8_000, 9_500, material="Bột gạo")
    low = mill(owner, 5_000, {rice.id: 10_000}, now)
    second = expect(owner, now, 4_000, 9_500, material="Bột gạo")

    assert recipes.tell(db.session.get_one(Lot, low)).recipe.id == first
    assert [row.id for row in queries.recipes_in_force(SYSTEM)] == [second]
    assert len(db.session.scalars(select(Recipe)).all()) == 2
    assert recipes.tell(db.session.get_one(Lot, mill(owner, 5_000, {rice.id: 10_000}, now, "M-2"))).flag is None


@pytest.mark.parametrize(
    ("facts", "refusal", "field"),
    [
        ({"material": " "}, recipes.NothingNamed, "material"),
        ({"material": "Bột", "least": 0}, recipes.RangeUpsideDown, "least"),
        ({"material": "Bột", "least": 9_000, "most": 8_000}, recipes.RangeUpsideDown, "least"),
        ({"material": "Bột", "most": 10_001}, recipes.MoreThanWhole, "most"),
        ({"material": "Bột", "most": 100_001, "adds_other": True, "other": "nước"}, recipes.FarTooMuch, "most"),
        ({"material": "Bột", "adds_other": True}, recipes.SayWhatIsAdded, "other"),
        ({"material": "B" * 161}, recipes.NameTooLong, "material"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_beside_its_field(
    ctx: Flask, owner: Organisation, now: datetime, facts: dict, refusal: type[Exception], field: str
) -> None:
    known = {"least": 5_000, "most": 9_000, **facts}

    with pytest.raises(refusal) as refused:
        expect(owner, now, known.pop("least"), known.pop("most"), **known)

    assert refused.value.field == field


def test_nobody_sets_the_recipe_of_anothers_goods(ctx: Flask, make: Factories, item: TradeItem, now: datetime) -> None:
    with pytest.raises(recipes.NotOwnItem):
        expect(make.producer("Khác"), now, 5_000, 9_000, item=db.session.merge(item))


def test_the_office_looks_at_a_recipe_once(ctx: Flask, owner: Organisation, now: datetime) -> None:
    recipe = db.session.get_one(Recipe, expect(owner, now, 5_000, 9_000, material="Bột"))
    for at in (now, now.replace(hour=9)):
        with transaction():
            recipes.see(recipe, actor=SYSTEM, now=at)

    assert recipe.seen_at == now
