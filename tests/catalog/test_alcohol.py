"""Alcohol is shown and traced; it is ordered only where a licence is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.actor import Actor
from accounts.models import Organisation
from catalog import alcohol, publishing, queries
from catalog.models import Product
from kernel import pages
from kernel.db import transaction

Begin = Callable[..., Product]


@pytest.mark.parametrize(
    ("is_alcohol", "number", "licence", "allowed"),
    [
        (False, 3, None, True),
        (True, 3, None, False),
        (False, 14, None, False),
        (False, 15, "", False),
        (True, 15, "123/GP-UBND, 01/03/2026, UBND xã Ba Vinh", True),
        (False, 17, None, True),
    ],
)
def test_alcohol_is_ordered_only_with_a_licence(
    is_alcohol: bool, number: int, licence: str | None, allowed: bool
) -> None:
    assert alcohol.may_be_ordered(is_alcohol=is_alcohol, criteria_set_no=number, alcohol_licence=licence) is allowed


def test_alcohol_without_a_licence_is_shown_all_the_same(shown: Begin) -> None:
    product = shown("Rượu cần Hrê", subgroup=15)

    assert queries.find_published(product.slug) is not None
    assert not alcohol.ordering_allowed(product)


def test_a_licence_switches_ordering_on_and_its_removal_off_at_once(
    shown: Begin, producer: Organisation, officer: Actor, now: datetime
) -> None:
    product = shown("Rượu cần Hrê", subgroup=15)
    key = (pages.product(product.id),)
    before = pages.revision(key)
    of_it = product.producer

    with transaction():
        alcohol.enter_licence(of_it, officer, licence=" 12/GP,  01/03/2026, UBND xã ", now=now)
    assert alcohol.ordering_allowed(product)
    assert of_it.alcohol_licence == "12/GP, 01/03/2026, UBND xã"

    with transaction():
        alcohol.remove_licence(of_it, officer, now=now)
    assert not alcohol.ordering_allowed(product)
    assert pages.revision(key) == before + 2


def test_a_licence_needs_words_and_has_an_end(producer: Organisation, officer: Actor, now: datetime) -> None:
    with pytest.raises(alcohol.NoLicenceGiven):
        alcohol.enter_licence(producer, officer, licence="  ", now=now)
    with pytest.raises(alcohol.LicenceTooLong):
        alcohol.enter_licence(producer, officer, licence="1" * 121, now=now)


def test_the_office_marks_alcohol_that_its_kind_does_not_tell(begun: Begin, officer: Actor, now: datetime) -> None:
    product = begun("Mứt sim ngâm rượu", subgroup=7)

    with transaction():
        alcohol.mark(product, officer, is_alcohol=True, now=now)
    assert alcohol.is_alcohol(product)
    assert not alcohol.ordering_allowed(product)

    with transaction():
        publishing.withdraw(product, officer, reason="Thử.", now=now)
        alcohol.mark(product, officer, is_alcohol=False, now=now)
    assert not alcohol.is_alcohol(product)
