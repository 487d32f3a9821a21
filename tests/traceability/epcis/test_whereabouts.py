"""Goods are followed through what senders and receivers say; nothing is counted twice, nothing made up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.epcis.whereabouts import Handling, Share, Thing, follow

LOT, CASE, PALLET = 1, 2, 3
MAKER, CARRIER, SHOP, OTHER = "maker", "carrier", "shop", "other"


def made(quantity: int | None = 100) -> Handling:
    return Handling("TransformationEvent", [Thing(LOT, "output", quantity)], MAKER, biz_step="commissioning")


def did(step: str, quantity: int | None, **facts: Any) -> Handling:
    thing = Thing(facts.pop("lot_id", LOT), "object", quantity)
    return Handling("ObjectEvent", [thing], facts.pop("by", MAKER), **{"action": "OBSERVE", "biz_step": step, **facts})


def packed(action: str, quantity: int | None, by: str = MAKER) -> Handling:
    things = [Thing(CASE, "parent"), Thing(LOT, "child", quantity)]
    return Handling("AggregationEvent", things, by, action=action, biz_step="packing")


def shares(*handlings: Handling) -> dict[str, Share]:
    return {row.party: row for row in follow(handlings)}


def test_what_was_sent_and_received_is_one_journey() -> None:
    sent = did("shipping", 30, sources=[MAKER], destinations=[SHOP])
    on_its_way = shares(made(), sent)
    there = shares(made(), sent, did("receiving", 30, by=SHOP, sources=[MAKER], destinations=[SHOP]))

    assert (on_its_way[MAKER].held, on_its_way[SHOP].held, on_its_way[SHOP].on_the_way) == (70, 0, 30)
    assert (there[MAKER].held, there[SHOP].held, there[SHOP].on_the_way, there[SHOP].received) == (70, 30, 0, 30)


def test_a_case_takes_its_goods_along_and_is_none_itself() -> None:
    sent = did("shipping", 1, lot_id=CASE, sources=[MAKER], destinations=[SHOP])
    got = did("receiving", 1, lot_id=CASE, by=SHOP, sources=[MAKER], destinations=[SHOP])
    closed = follow([made(), packed("ADD", 40), sent, got])
    opened = follow([made(), packed("ADD", 40), sent, got, packed("DELETE", 40, by=SHOP)])

    for rows in (closed, opened):
        assert {(row.lot_id, row.party, row.held) for row in rows} == {(LOT, MAKER, 60), (LOT, SHOP, 40)}
        assert next(row for row in rows if row.party == SHOP).received == 40


@pytest.mark.parametrize(("names_children", "at_shop"), [(True, 40), (False, 0)])
def test_a_case_that_is_opened_without_naming_the_lot_keeps_it_if_others_are_named(
    names_children: bool, at_shop: int
) -> None:
    opened = Handling(
        "AggregationEvent", [Thing(CASE, "parent")], MAKER, action="DELETE", names_children=names_children
    )
    sent = did("shipping", 1, lot_id=CASE, sources=[MAKER], destinations=[SHOP])
    found = shares(made(), packed("ADD", 40), opened, sent)

    assert (found[SHOP].on_the_way if SHOP in found else 0) == at_shop


def test_a_quantity_that_nobody_stated_is_not_made_up() -> None:
    found = shares(made(None), did("shipping", None, sources=[MAKER], destinations=[SHOP]))

    assert (found[SHOP].held, found[SHOP].on_the_way, found[SHOP].is_unstated) == (0, 0, True)


def test_who_passed_everything_on_is_still_one_who_received_it() -> None:
    found = shares(
        made(),
        did("receiving", 10, by=SHOP, sources=[MAKER], destinations=[SHOP]),
        did("receiving", 10, by=OTHER, sources=[SHOP], destinations=[OTHER]),
    )

    assert (found[SHOP].held, found[SHOP].received, found[SHOP].has_or_had) == (0, 10, True)
    assert found[OTHER].held == 10


def test_goods_that_come_back_and_goods_destroyed_leave_who_had_them() -> None:
    found = shares(
        made(),
        did("receiving", 10, by=SHOP, sources=[MAKER], destinations=[SHOP]),
        did("receiving", 4, by=MAKER, sources=[SHOP], destinations=[MAKER]),
        did("destroying", 2, by=SHOP, action="DELETE", place=SHOP),
    )

    assert (found[MAKER].held, found[SHOP].held) == (94, 4)


def test_a_buyer_is_known_by_name_by_paper_or_not_at_all() -> None:
    sold = {"by": SHOP, "action": "DELETE", "place": SHOP, "disposition": "retail_sold"}
    got = did("receiving", 10, by=SHOP, sources=[MAKER], destinations=[SHOP])
    rows = follow(
        [
            made(),
            got,
            did("retail_selling", 1, destinations=[OTHER], **sold),
            did("retail_selling", 2, papers=["inv-7"], **sold),
            did("retail_selling", 3, **sold),
        ]
    )
    buyers = {(row.party, row.is_paper, row.held) for row in rows if row.is_buyer}

    assert buyers == {(OTHER, False, 1), ("inv-7", True, 2), ("", True, 3)}
    assert next(row for row in rows if row.party == SHOP).held == 4


def test_a_place_is_whose_goods_are_received_there() -> None:
    found = shares(
        made(),
        did("receiving", 10, by=OTHER, place="gate 4", sources=[MAKER], destinations=[SHOP]),
        did("stocking", 10, by=OTHER, place="gate 4"),
    )

    assert (found[SHOP].held, "gate 4" in found) == (10, False)


@pytest.mark.parametrize("facts", [
    {"action": "DELETE"}, {"disposition": "destroyed"}, {"step": "inspecting", "disposition": "disposed"},
])  # fmt: skip
def test_what_is_destroyed_is_with_nobody(facts: dict[str, Any]) -> None:
    rows = shares(made(), did(facts.pop("step", "destroying"), 7, **facts))

    assert rows[MAKER].held == 93


@pytest.mark.parametrize(("step", "left"), [("destroying", 60), ("decommissioning", 100)])
def test_a_case_that_is_destroyed_takes_its_goods_along_and_one_that_is_taken_apart_leaves_them(
    step: str, left: int
) -> None:
    rows = shares(made(), packed("ADD", 40), did(step, 1, lot_id=CASE, action="DELETE"))

    assert rows[MAKER].held == left


def test_what_buyers_bring_back_is_no_longer_with_them() -> None:
    sold = did("retail_selling", 90, action="DELETE", owners=["buyer"])
    back = did("receiving", 5, disposition="returned", place=MAKER)
    more = did("receiving", 100, disposition="returned", place=MAKER)

    rows = shares(made(), sold, back)
    assert (rows["buyer"].held, rows["buyer"].received, rows[MAKER].held) == (85, 90, 15)
    assert shares(made(), sold, back, more)[MAKER].held == 100, "no more comes back than was sold"


def test_an_event_that_names_all_of_a_lot_makes_no_more_of_it_than_there_is() -> None:
    sold = did("retail_selling", 40, action="DELETE", owners=["buyer"])
    seen = did("holding", 100, disposition="recalled")

    for at_maker, events in (
        (60, [sold, seen]),
        (30, [sold, did("shipping", 30, sources=[MAKER], destinations=[SHOP]), seen]),
        (53, [sold, did("destroying", 7, action="DELETE"), seen]),
        (60, [sold, packed("ADD", 20), seen]),
        (40, [sold, packed("ADD", 20), did("destroying", 1, lot_id=CASE, action="DELETE"), seen]),
        (60, [seen, sold, seen]),
    ):
        rows = shares(made(), *events)
        assert rows[MAKER].held == at_maker
        assert rows["buyer"].held == 40


def test_of_a_lot_made_elsewhere_no_more_is_seen_than_was_made() -> None:
    used = Handling("TransformationEvent", [Thing(LOT, "input", 5)], MAKER, biz_step="commissioning")
    events = [used, packed("ADD", 3), did("holding", 60), did("retail_selling", 1, owners=["buyer"])]

    known, unknown = follow(events, {LOT: 60}), follow(events)

    assert [row.held for row in known if row.party == MAKER] == [54], "three of them in the case"
    assert [row.held for row in unknown if row.party == MAKER] == [62]


def test_goods_seen_where_none_can_be_left_are_listed_there_without_an_amount() -> None:
    rows = shares(made(), did("inspecting", 10, place=OTHER))

    assert (rows[OTHER].held, rows[OTHER].is_unstated, rows[OTHER].has_or_had) == (0, True, True)
    assert rows[MAKER].held == 100


# --- Cases on pallets, and who had what nobody said it had ----------------------------------------------------------


def stacked(action: str = "ADD", case: int = CASE, pallet: int = PALLET) -> Handling:
    things = [Thing(pallet, "parent"), Thing(case, "child", 1)]
    return Handling("AggregationEvent", things, MAKER, action=action, biz_step="packing")


def where(*handlings: Handling) -> dict[str, tuple[int, int]]:
    """Give what of the lot is with whom, and on the way there; never more than there is."""
    rows = [row for row in follow(handlings) if row.lot_id == LOT]
    assert {row.lot_id for row in follow(handlings)} <= {LOT}, "a case is no goods"
    assert sum(row.held + row.on_the_way for row in rows) <= 100
    return {row.party: (row.held, row.on_the_way) for row in rows if row.has_or_had}


ALL = [made(), packed("ADD", 100), stacked()]
SENT = {"destinations": [SHOP]}
GOT = {"by": SHOP}


@pytest.mark.parametrize("source", [{}, {"sources": [MAKER]}, {"sources": ["417 of the maker"]}])
@pytest.mark.parametrize("unit", [CASE, PALLET])
def test_what_is_on_a_pallet_goes_with_it(source: dict[str, Any], unit: int) -> None:
    begin = ALL[:unit]
    sent = did("shipping", 1, lot_id=unit, **SENT, **source)
    assert where(*begin, sent) == {SHOP: (0, 100)}

    for facts in (GOT, GOT | SENT, GOT | SENT | source, GOT | {"place": "gate 4"} | SENT):
        rows = follow([*begin, sent, did("receiving", 1, lot_id=unit, **facts)])
        assert [(row.party, row.held, row.received) for row in rows if row.has_or_had] == [(SHOP, 100, 100)]


@pytest.mark.parametrize("unit", [LOT, CASE, PALLET])
@pytest.mark.parametrize("received", [True, False])
def test_what_is_handed_on_is_with_the_last_and_the_one_between_stays_listed(unit: int, received: bool) -> None:
    many = 100 if unit == LOT else 1
    begin = ALL[: max(1, unit)] if unit != LOT else [made()]
    there = [did("receiving", many, lot_id=unit, **GOT)] if received else []
    on = did("shipping", many, lot_id=unit, by=SHOP, destinations=[OTHER])
    assert where(*begin, did("shipping", many, lot_id=unit, **SENT), *there, on) == {SHOP: (0, 0), OTHER: (0, 100)}


def test_what_was_received_without_a_source_and_sold_is_with_the_buyer_alone() -> None:
    sold = did("retail_selling", 100, by=SHOP, owners=["buyer"])
    assert where(made(), did("shipping", 100, **SENT), did("receiving", 100, **GOT), sold) == {
        SHOP: (0, 0), "buyer": (100, 0),
    }  # fmt: skip
    assert where(made(), did("shipping", 100, **SENT), sold)["buyer"] == (100, 0)


@pytest.mark.parametrize("place", [None, "gate 1"])
@pytest.mark.parametrize("step", ["shipping", "retail_selling"])
def test_what_leaves_somebody_who_was_not_known_to_have_it_left_the_maker(place: str | None, step: str) -> None:
    begin = Handling("ObjectEvent", [Thing(LOT, "object", 100)], MAKER, action="ADD", place=place)
    left = did(step, 100, sources=["417"], destinations=[SHOP], place="gate 2")
    part = did(step, 30, sources=["417"], destinations=[SHOP])

    assert sum(sum(many) for many in where(begin, left).values()) == 100
    assert max(where(begin, left)[SHOP]) == 100
    found = where(begin, part)
    assert (found[place or MAKER], max(found[SHOP])) == ((70, 0), 30)


def test_the_same_shipment_told_twice_is_one() -> None:
    sent = did("shipping", 100, **SENT)
    assert where(made(), sent, sent) == {SHOP: (0, 100)}
    assert where(made(), sent, did("receiving", 100, **GOT), did("receiving", 100, **GOT)) == {SHOP: (100, 0)}


def test_who_was_sent_goods_stays_listed_though_they_turned_up_elsewhere() -> None:
    found = where(made(), did("shipping", 100, destinations=["417"]), did("receiving", 100, **GOT))
    assert found == {"417": (0, 0), SHOP: (100, 0)}


def test_what_is_seen_in_a_case_goes_with_it() -> None:
    seen = packed("OBSERVE", 40)
    assert where(made(), seen, seen, did("shipping", 1, lot_id=CASE, **SENT)) == {MAKER: (60, 0), SHOP: (0, 40)}


def test_a_case_shipped_by_the_event_that_names_what_is_in_it() -> None:
    things = [Thing(CASE, "parent"), Thing(LOT, "child", 40)]
    sent = Handling("AggregationEvent", things, MAKER, action="OBSERVE", biz_step="shipping", destinations=[SHOP])
    assert where(made(), sent) == {MAKER: (60, 0), SHOP: (0, 40)}
    both = Handling(
        "ObjectEvent", [Thing(CASE, "object", 1), Thing(LOT, "object", 50)], MAKER, biz_step="shipping",
        destinations=[SHOP],
    )  # fmt: skip
    assert where(made(), packed("ADD", 40), both) == {MAKER: (50, 0), SHOP: (0, 50)}, "ten beside the case"


def test_what_is_joined_to_an_asset_was_not_made_again() -> None:
    things = [Thing(CASE, "parent"), Thing(LOT, "child", 100)]
    joined = Handling("AssociationEvent", things, MAKER, action="ADD")
    assert where(made(), joined) == {MAKER: (100, 0)}
    assert where(made(), joined, did("shipping", 1, lot_id=CASE, **SENT)) == {SHOP: (0, 100)}


def test_a_case_taken_off_its_pallet_goes_its_own_way() -> None:
    lone = did("shipping", 1, lot_id=CASE, **SENT)
    gone = did("shipping", 1, lot_id=PALLET, destinations=[OTHER])
    for taken_off in ([stacked("DELETE")], []):
        assert where(*ALL, *taken_off, lone, gone) == {SHOP: (0, 100)}
    assert where(*ALL, gone, stacked("DELETE"), packed("DELETE", 100, by=OTHER)) == {OTHER: (100, 0)}


@pytest.mark.parametrize("end", [
    did("destroying", 1, lot_id=PALLET, action="DELETE"),
    Handling("TransformationEvent", [Thing(PALLET, "input", 1)], MAKER, biz_step="commissioning"),
])  # fmt: skip
def test_what_ends_with_its_pallet_is_with_nobody(end: Handling) -> None:
    assert where(*ALL, end) == {}
    sold = did("retail_selling", 1, lot_id=PALLET, owners=["buyer"])
    assert where(*ALL, sold) == {"buyer": (100, 0)}


def test_goods_packed_in_an_amount_nobody_states_are_told_of_where_the_case_is() -> None:
    rows = follow([made(), packed("ADD", None), stacked(), did("shipping", 1, lot_id=PALLET, **SENT)])
    assert next(row for row in rows if row.party == SHOP).is_unstated


def test_cases_in_each_other_end_the_walk() -> None:
    around = stacked(case=PALLET, pallet=CASE)
    assert where(*ALL, around, did("shipping", 1, lot_id=PALLET, **SENT)) == {SHOP: (0, 100)}


_PARTIES = st.sampled_from([MAKER, SHOP, OTHER, "417"])
_SOME = st.lists(_PARTIES, max_size=1)


@st.composite
def _told(draw: st.DrawFn) -> Handling:
    """Say anything that an event may say of a lot, two cases and a pallet."""
    kind = draw(
        st.sampled_from(["ObjectEvent", "ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent"])
    )
    many = st.one_of(st.none(), st.integers(0, 120))
    if kind in ("AggregationEvent", "AssociationEvent"):
        parent = draw(st.sampled_from([CASE, 4, PALLET]))
        inside = [
            Thing(one, "child", draw(many) if one == LOT else 1)
            for one in draw(st.sets(st.sampled_from([LOT, CASE, 4])))
        ]
        things = [Thing(parent, "parent"), *inside]
    else:
        things = [Thing(one, "object", draw(many) if one == LOT else 1) for one in
                  draw(st.sets(st.sampled_from([LOT, CASE, 4, PALLET]), min_size=1))]  # fmt: skip
    return Handling(
        kind, things, draw(_PARTIES),
        action=draw(st.sampled_from(["OBSERVE", "DELETE"] + (["ADD"] if kind[:3] in ("Agg", "Ass") else []))),
        biz_step=draw(st.sampled_from([
            None, "shipping", "receiving", "storing", "packing", "retail_selling", "destroying", "decommissioning",
        ])),
        disposition=draw(st.sampled_from([None, "in_transit", "returned", "recalled"])),
        place=draw(st.sampled_from([None, "gate 1", "gate 2"])),
        sources=draw(_SOME), destinations=draw(_SOME), names_children=len(things) > 1,
    )  # fmt: skip


@given(st.lists(_told(), max_size=14))
def test_whatever_events_say_nobody_has_less_than_nothing_and_all_together_no_more_than_was_made(
    told: list[Handling],
) -> None:
    rows = [row for row in follow([made(), *told]) if row.lot_id == LOT]
    assert all(min(row.held, row.on_the_way, row.received, row.sold) >= 0 for row in rows)
    oversold = sum(row.sold for row in rows)
    assert sum(row.held + row.on_the_way for row in rows) <= max(100, oversold)
