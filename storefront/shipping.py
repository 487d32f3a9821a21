"""What it costs to bring a producer's goods to a buyer: by zone and weight, free above an amount.

A zone is seen from the producer: the same commune, the same province, the rest of the country. A producer's own rates
come first, then those of the office that runs the shop. Where neither serves a zone, the goods can be picked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from catalog.models import TradeItem, Unit
from kernel import audit
from kernel.db import db
from kernel.errors import N_, InvalidInput
from kernel.models import AdministrativeUnit
from storefront.offers import Offer
from storefront.order_models import ShippingRate

_RULE = "shipping_rate"
ZONES = ("commune", "province", "country")
#: Of a trade item counted in pieces nobody said what it weighs: a guess, packing and all.
A_PIECE_G = 500
PACKING_BP = 1_500  #: of the net content: jars, boxes, paper
MOST_VND = 10_000_000


class BadRate(InvalidInput):
    message = N_("Please check the weights and prices.")


@dataclass(frozen=True)
class Way:
    """How one producer's goods come to the buyer. ``rule`` names the rate that gave the price."""

    kind: str  #: "parcel", "pickup"
    price_vnd: int
    weight_g: int = 0
    rule: str = ""
    days: tuple[int, int] | None = None

    @property
    def most_days(self) -> int:
        """Tell how many days it takes at most; nought where the buyer fetches the goods."""
        return self.days[1] if self.days is not None else 0


@dataclass(frozen=True)
class Rate:
    """A rate as plain values."""

    base_g: int
    base_vnd: int
    step_g: int
    step_vnd: int
    free_above_vnd: int | None = None


def price(rate: Rate, weight_g: int, goods_vnd: int) -> int:
    """Price a parcel: the base up to its weight, then each step begun; nothing above the amount."""
    if rate.free_above_vnd is not None and goods_vnd >= rate.free_above_vnd:
        return 0
    steps = max(0, -(-(weight_g - rate.base_g) // rate.step_g))
    return rate.base_vnd + steps * rate.step_vnd


def weight_of(goods: TradeItem | Offer, quantity: int) -> int:
    """Guess what so many packs weigh, with their packing, in grams (a millilitre is taken for a gram).

    A set weighs what its parts do.
    """
    if isinstance(goods, Offer) and goods.parts:
        return sum(weight_of(part.offer, quantity * part.quantity) for part in goods.parts)
    one = A_PIECE_G * goods.net_content if goods.unit is Unit.PIECE else goods.net_content
    return quantity * (one + one * PACKING_BP // 10_000)


class Home(NamedTuple):
    """Where a producer's parcels set out."""

    commune_code: str
    province_code: str


def _sent_from(producer_ids: Iterable[int]) -> dict[int, Home]:
    """Read where the parcels of some producers set out (one statement)."""
    rows = db.session.execute(_HOMES, {"producer_ids": list(producer_ids)})
    return {producer_id: Home(commune, province or "") for producer_id, commune, province in rows}


_HOMES = (
    select(Organisation.id, Organisation.commune_code, AdministrativeUnit.parent_code)
    .join(Organisation.commune)
    .where(Organisation.id.in_(bindparam("producer_ids", expanding=True)))
)


def zone_of(home: Home, commune_code: str, province_code: str) -> str:
    """Say in which zone a buyer lives, seen from where a producer's parcels set out."""
    if home.commune_code == commune_code:
        return "commune"
    return "province" if province_code == home.province_code else "country"


def rates(organisation_ids: list[int]) -> dict[tuple[int, str], ShippingRate]:
    """Read the rates in force of some organisations, by organisation and zone."""
    rows = db.session.scalars(_RATES, {"organisation_ids": organisation_ids})
    return {(row.organisation_id, row.zone): row for row in rows}


_RATES = select(ShippingRate).where(
    ShippingRate.id.in_(
        select(func.max(ShippingRate.id))
        .where(ShippingRate.organisation_id.in_(bindparam("organisation_ids", expanding=True)))
        .group_by(ShippingRate.organisation_id, ShippingRate.zone)
    )
)


def house() -> int | None:
    """Give the id of the office whose rates serve producers without their own."""
    return db.session.scalar(_HOUSE)


_HOUSE = (
    select(ShippingRate.organisation_id)
    .join(Organisation, Organisation.id == ShippingRate.organisation_id)
    .where(Organisation.kind == OrganisationKind.OFFICE, Organisation.is_active)
    .order_by(ShippingRate.id.desc())
    .limit(1)
)


def ways(parcels: Mapping[int, tuple[int, int]], *, commune_code: str, province_code: str) -> dict[int, Way | None]:
    """Find how each producer's parcel comes to a buyer; None where nobody brings it.

    :param parcels: producer id → (weight in grams, what the goods cost)
    """
    sent_from = _sent_from(parcels)
    office = house()
    known = rates([*parcels, *([office] if office is not None else [])])
    found: dict[int, Way | None] = {}
    for producer_id, (weight_g, goods_vnd) in parcels.items():
        zone = zone_of(sent_from[producer_id], commune_code, province_code)
        row = known.get((producer_id, zone)) or (known.get((office, zone)) if office is not None else None)
        if row is None or not row.is_served:
            found[producer_id] = None
            continue
        rate = Rate(row.base_g, row.base_vnd, row.step_g, row.step_vnd, row.free_above_vnd)
        found[producer_id] = Way(
            kind="parcel",
            price_vnd=price(rate, weight_g, goods_vnd),
            weight_g=weight_g,
            rule=f"{_RULE}:{row.id}",
            days=(row.days_from, row.days_to),
        )
    return found


def days_of(rule: str) -> int:
    """Tell how many days a parcel takes at most that was priced by a rule; nought if nobody brings it."""
    number = rule.removeprefix(f"{_RULE}:")
    row = db.session.get(ShippingRate, int(number)) if number.isdecimal() else None
    return row.days_to if row is not None else 0


def set_rate(
    organisation: Organisation,
    zone: str,
    rate: Rate,
    *,
    days: tuple[int, int],
    is_served: bool = True,
    is_sample: bool = False,
    actor: Actor,
    now: datetime,
) -> ShippingRate:
    """Put a rate in force; earlier ones stay on record.

    :raises BadRate:
    """
    amounts = (rate.base_vnd, rate.step_vnd, rate.free_above_vnd or 0)
    if (
        zone not in ZONES
        or rate.base_g <= 0
        or rate.step_g <= 0
        or min(amounts) < 0
        or max(rate.base_vnd, rate.step_vnd) > MOST_VND
        or not 0 <= days[0] <= days[1] <= 60
    ):
        raise BadRate()
    row = ShippingRate(
        organisation_id=organisation.id,
        zone=zone,
        is_served=is_served,
        base_g=rate.base_g,
        base_vnd=rate.base_vnd,
        step_g=rate.step_g,
        step_vnd=rate.step_vnd,
        free_above_vnd=rate.free_above_vnd,
        days_from=days[0],
        days_to=days[1],
        is_sample=is_sample,
        set_by_id=actor.user_id,
        set_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "storefront.set_shipping_rate", f"organisation:{organisation.code}", now=now, zone=zone)
    return row
