"""Who sees which rows: for every ``visible_to``, who asks against what there is.

A new ``visible_to`` makes :func:`test_every_scope_has_its_table_here` fail until its table is added. What is
not seen does not exist: the screens answer 404 for it (``test_doors``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect

import accounts
import catalog
import consignment
import ocop
import stock
import storefront
import traceability
from accounts import membership
from accounts.actor import ANONYMOUS, SYSTEM, Actor
from accounts.models import OrganisationKind, Role
from kernel.db import db
from tests.factories import BA_DONG, BA_TO, Factories

PARTS = (accounts, catalog, ocop, traceability, stock, storefront, consignment)

#: Who asks. Producers A and B are in xã Ba Động and xã Ba Tơ, the point in Ba Động; the province's office looks
#: after Quảng Ngãi, the commune's after Ba Động, the idle one after nothing.
ASKERS = ("system", "nobody", "producer_a", "producer_b", "point", "province", "commune", "idle")

Rows = dict[str, Any]


def organisations(world: SimpleNamespace, make: Factories) -> Rows:
    names = ("producer_a", "producer_b", "point", "province", "commune", "idle")
    return {name: getattr(world, name).id for name in names}


def products(world: SimpleNamespace, make: Factories) -> Rows:
    return {
        "of_a": make.product(world.producer_a).id,
        "draft_of_a": make.product(world.producer_a, published=False).id,
        "of_b": make.product(world.producer_b).id,
        "draft_of_b": make.product(world.producer_b, published=False).id,
    }


OF_A, OF_B = {"of_a", "draft_of_a"}, {"of_b", "draft_of_b"}
#: What belongs to a producer: the producer's, and the offices' over the producer's commune.
BY_PRODUCER: dict[str, set[str]] = {
    "system": OF_A | OF_B,
    "nobody": set(),
    "producer_a": OF_A,
    "producer_b": OF_B,
    "point": set(),
    "province": OF_A | OF_B,
    "commune": OF_A,
    "idle": set(),
}

#: Module → (what there is, which of it each asker sees).
SCOPES: dict[str, tuple[Callable[[SimpleNamespace, Factories], Rows], dict[str, set[str]]]] = {
    "accounts.queries": (
        organisations,
        {
            "system": {"producer_a", "producer_b", "point", "province", "commune", "idle"},
            "nobody": set(),
            "producer_a": {"producer_a"},
            "producer_b": {"producer_b"},
            "point": {"point"},
            "province": {"producer_a", "producer_b", "point", "province", "commune", "idle"},
            "commune": {"producer_a", "point", "province", "commune", "idle"},
            "idle": {"idle"},
        },
    ),
    "catalog.queries": (products, BY_PRODUCER),
    "storefront.queries": (products, BY_PRODUCER),
}


def _modules() -> dict[str, Any]:
    """Find every module that has a ``visible_to``."""
    found = {}
    for part in PARTS:
        for info in pkgutil.walk_packages(part.__path__, part.__name__ + "."):
            if info.name.split(".")[-1] == "queries" or ".queries." in info.name:
                module = importlib.import_module(info.name)
                if "visible_to" in vars(module):
                    found[info.name] = module
    return found


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    return SimpleNamespace(
        producer_a=make.producer("A", commune=BA_DONG),
        producer_b=make.producer("B", commune=BA_TO),
        point=make.organisation("P", kind=OrganisationKind.SALES_POINT, commune=BA_DONG),
        province=make.office("Tỉnh", of=("51",)),
        commune=make.office("Xã", of=(BA_DONG,)),
        idle=make.office("Chưa giao", of=()),
    )


def _actor(world: SimpleNamespace, make: Factories, asker: str, role: Role = Role.VIEWER) -> Actor:
    if asker in ("system", "nobody"):
        return {"system": SYSTEM, "nobody": ANONYMOUS}[asker]
    return membership.actor_of(make.user(getattr(world, asker), role=role).id)


def _keys(query: Any) -> set[Any]:
    return {inspect(row).identity[0] for row in db.session.scalars(query)}


def test_every_scope_has_its_table_here() -> None:
    assert set(_modules()) == set(SCOPES), "add the module to SCOPES, with what each asker sees"
    for name, (_, table) in SCOPES.items():
        assert set(table) == set(ASKERS), name


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_each_asker_sees_exactly_what_is_theirs(name: str, world: SimpleNamespace, make: Factories, ctx: Flask) -> None:
    prepare, table = SCOPES[name]
    there = prepare(world, make)
    names = {key: row for row, key in there.items()}
    visible_to = _modules()[name].visible_to

    for asker in ASKERS:
        actor = _actor(world, make, asker)
        seen = {names[key] for key in _keys(visible_to(actor)) if key in names}
        assert seen == table[asker], asker


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_no_role_widens_what_is_seen(name: str, world: SimpleNamespace, make: Factories, ctx: Flask) -> None:
    prepare, _ = SCOPES[name]
    prepare(world, make)
    visible_to = _modules()[name].visible_to

    for asker in ASKERS[2:]:
        seen = [_keys(visible_to(_actor(world, make, asker, role))) for role in Role]
        assert seen[0] == seen[1] == seen[2], asker


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_an_officer_who_acts_for_a_producer_sees_what_the_producer_sees(
    name: str, world: SimpleNamespace, make: Factories, ctx: Flask
) -> None:
    prepare, _ = SCOPES[name]
    prepare(world, make)
    producer = _actor(world, make, "producer_a")
    visible_to = _modules()[name].visible_to

    acting = replace(producer, officer_organisation_id=world.province.id)

    assert _keys(visible_to(acting)) == _keys(visible_to(producer))
