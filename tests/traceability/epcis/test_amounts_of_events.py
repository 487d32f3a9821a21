"""No more is used, sold or moved than there is: to the fraction, in any unit, however often it is listed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    agrees,
    amounts,
    commissioned,
    edges,
    goods,
    lot_of,
    made,
    on_sale,
    packed,
    rules,
    sold,
    warned,
)
from traceability import rounding
from traceability.models import Batch


@pytest.fixture
def batch(make: Factories, program: Program, now: datetime) -> Batch:
    return on_sale(program, make, "B-1", 60, now)


def some(*quantities: float, uom: str | None = "KGM") -> list[dict[str, Any]]:
    return [one for quantity in quantities for one in amounts([("A", quantity)], uom)]


def uses(*quantities: float, uom: str | None = "KGM", **facts: Any) -> dict[str, Any]:
    return made([], [("B", 0.0001)], **{"inputQuantityList": some(*quantities, uom=uom), "eventTime": AFTER, **facts})


def sells(*quantities: float, uom: str | None = "KGM", **facts: Any) -> dict[str, Any]:
    return sold(some(*quantities, uom=uom), eventTime=AFTER, **facts)


TRADES = {"type": "TransactionEvent", "bizTransactionList": [{"bizTransaction": "https://a.example/paper/1"}]}
SHIPS = {"bizStep": "shipping", "disposition": "in_transit"}


@pytest.mark.parametrize("said", [
    [uses(0.6, 0.6)], [sells(0.6, 0.6)], [uses(0.9996), uses(0.9996, eventTime="2026-11-23T09:00:00+07:00")],
    [uses(0.9996), uses(0.0006)], [uses(10, uom="LBR")], [sells(3_000_000)], [sells(3e12)], [uses(1), sells(0.001)],
    [sells(1), uses(0.0001)], [sells(500, **TRADES)], [sells(1.5, **TRADES)], [sells(500, **SHIPS)],
    [sells(1.0001, **TRADES, **SHIPS)], [packed(some(500), "P", eventTime=AFTER)],
    [packed(some(0.6, 0.6), "P", eventTime=AFTER)], [sells(40, uom="ONZ")], [sells(1001, uom="GRM")],
])  # fmt: skip
@pytest.mark.parametrize("at_once", [True, False])
def test_more_than_one_kilogram_of_one_is_refused(program: Program, said: list[Any], at_once: bool) -> None:
    program.capture(document(commissioned("A", 1)))
    jobs = [program.capture(document(*said))] if at_once else [program.capture(document(one)) for one in said]

    assert [rule for job in jobs for rule in rules(job)] == ["business-amount"]
    assert agrees(program) == []


@pytest.mark.parametrize("said", [
    [uses(0.5, 0.5)], [uses(1 / 3, 1 / 3), sells(1 / 3)], [uses(2, uom="LBR"), sells(0.09281526, uom="KGM")],
    [sells(35, uom="ONZ"), uses(7.766690625, uom="GRM")], [uses(0.4, uom="GRM"), sells(999.6, uom="GRM")],
    [packed(some(1), "P", eventTime=AFTER), sells(1, **SHIPS), sells(1)],
])  # fmt: skip
def test_all_there_is_may_go_to_the_last_fraction(program: Program, said: list[Any]) -> None:
    program.capture(document(commissioned("A", 1)))
    job = program.capture(document(*said))

    assert (rules(job), job["stored"]) == ([], len(said))
    assert agrees(program) == []


def test_amounts_of_one_lot_in_one_list_add_up(program: Program) -> None:
    program.capture(document(commissioned("A", 2), uses(0.25, 0.5)))

    with program.app.app_context():
        assert edges() == {("A", "B"): 750}
        assert (lot_of("A").quantity, lot_of("A").used) == (2_000, 750)


@pytest.mark.parametrize("said", [
    sells(5, uom="LTR"), sells(5, uom="H87"), sells(5, uom="CT"), uses(5, uom="LTR"),
    sold([{"epcClass": "https://a.example/lot/A"}], eventTime=AFTER),
])  # fmt: skip
def test_what_cannot_be_compared_is_kept_with_a_warning(program: Program, said: dict[str, Any]) -> None:
    program.capture(document(commissioned("A", 1)))
    job = program.capture(document(said))

    assert (rules(job), warned(job)) == ([], ["business-uncounted"])
    assert agrees(program) == []


@pytest.mark.parametrize("quantities", [[(60.5, None)], [(50, None), (50, None)], [(50, "DZN")], [(3e9, None)],
                                        [(59.5, None), (0.6, "EA")], [(1, "GRO")]])  # fmt: skip
def test_no_more_packs_are_sold_than_a_batch_has(program: Program, batch: Batch, quantities: list[Any]) -> None:
    name = goods(batch, 1)[0]["epcClass"]
    listed = [one for quantity, uom in quantities for one in amounts([(name, quantity)], uom)]

    assert rules(program.capture(document(sold(listed, eventTime=AFTER)))) == ["business-amount"]
    litres = sold(amounts([(name, 100)], "LTR"), eventTime=AFTER)
    assert "business-uncounted" in warned(program.capture(document(litres)))


@pytest.mark.parametrize(("stated", "is_refused"), [
    ([(30, "KGM")], False), ([(30.001, "KGM")], True), ([(66, "LBR")], False), ([(67, "LBR")], True),
    ([(15, "KGM"), (30, None)], False), ([(15.1, "KGM"), (30, None)], True),
    ([(1 / 3, "KGM")] * 3 + [(58, None)], False),
])  # fmt: skip
def test_a_weight_of_a_batch_counts_in_packs_by_what_one_holds(
    program: Program, batch: Batch, stated: list[Any], is_refused: bool
) -> None:
    """Sixty packs of 500 g."""
    name = goods(batch, 1)[0]["epcClass"]
    said = [
        sold(amounts([(name, quantity)], uom), eventTime=f"2026-11-23T{hour:02}:00:00+07:00")
        for hour, (quantity, uom) in enumerate(stated)
    ]
    job = program.capture(document(*said))
    again = program.capture(document(sold(amounts([(name, 61)], None), eventTime=AFTER)))

    assert rules(job) == ["business-amount"] * is_refused
    assert "business-uncounted" not in warned(job)
    assert rules(again) == ["business-amount"]
    if not is_refused:
        (line,) = agrees(program)
        packs = sum(quantity * {"KGM": 2, "LBR": 0.90718474, None: 1}[uom] for quantity, uom in stated)
        assert f"captured events say {-int(-packs // 1)} of it were sold or used" in line


def test_pieces_of_goods_of_known_content_count_in_the_weight_of_their_lot(program: Program, make: Factories) -> None:
    make.product(program.organisation, gtin="09520123456788")
    lot = "https://id.gs1.org/01/09520123456788/10/X"
    told = program.capture(document(
        commissioned(lot, 2), sold(amounts([(lot, 3)], None), eventTime=AFTER),
        made([], [("B", 0.1)], inputQuantityList=amounts([(lot, 0.5)]), eventTime=AFTER),
    ))  # fmt: skip
    more = program.capture(document(sold(amounts([(lot, 1)], None), eventTime="2026-11-23T09:00:00+07:00")))

    assert (rules(told), warned(told), rules(more)) == ([], [], ["business-amount"])
    assert agrees(program) == []


def test_more_than_can_be_written_down_is_not_made_of_nothing(program: Program) -> None:
    assert rules(program.capture(document(commissioned("A", 3_000_000)))) == ["limit"]


@given(quantity=st.decimals(Decimal("0.000000000001"), rounding.MOST, places=12))
def test_an_amount_is_read_as_it_was_written(quantity: Decimal) -> None:
    kept = rounding.rounded_up(quantity)

    assert rounding.exact(*kept) == quantity
    assert kept[0] == rounding.whole(quantity)


# --- Only who has goods ships them ----------------------------------------------------------------------------


def test_who_ships_what_was_handed_on_is_warned(program: Program, make: Factories, now: datetime) -> None:
    other = Program(program.app, make.producer(code="htx02"), now)

    def ships(kilograms: float, to: str, hour: int) -> dict[str, Any]:
        party = {"type": "possessing_party", "destination": f"http://shop.test/to-chuc/{to}"}
        return sells(
            kilograms, bizStep="shipping", disposition="in_transit", destinationList=[party],
        ) | {"eventTime": f"2026-11-23T{hour:02}:00:00+07:00"}  # fmt: skip

    program.capture(document(commissioned("A", 5)))
    told = [
        (program, ships(3, "htx02", 8)), (program, ships(2, "htx02", 9)), (program, ships(1, "htx03", 10)),
        (other, ships(4, "htx03", 11)), (other, ships(1.5, "htx03", 12)), (other, ships(4, "htx01", 13)),
    ]  # fmt: skip
    found = [warned(one.capture(document(said))) for one, said in told]

    assert found == [[], [], ["business-custody"], [], ["business-custody"], ["business-custody"]]
    assert rules(other.capture(document(ships(500, "htx03", 14)))) == ["business-amount"]
