"""What the tests of the catalogue share: a producer, its people and its office, products made by the verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from accounts import membership
from accounts.actor import Actor
from accounts.models import Organisation
from catalog import editing, labels, pricing, publishing, queries
from catalog.models import Product, Unit
from kernel.db import db, transaction
from kernel.models import StoredFile
from tests.factories import BA_DONG, BA_TO, BA_TO_CIRCUMFLEX, Factories


@pytest.fixture
def producer(make: Factories) -> Organisation:
    """A cooperative in xã Ba Động; the communes Ba Tơ and Ba Tô stand on record too."""
    make.taxonomy()
    make.unit(BA_TO)
    make.unit(BA_TO_CIRCUMFLEX)
    return make.producer("Hợp tác xã Làng Teng")


@pytest.fixture
def maker(ctx: Flask, make: Factories, producer: Organisation) -> Actor:
    """Somebody who works for the producer."""
    return membership.actor_of(make.user(producer).id)


@pytest.fixture
def officer(ctx: Flask, make: Factories) -> Actor:
    """Somebody of the office of Quảng Ngãi."""
    return membership.actor_of(make.user(make.office()).id)


@pytest.fixture
def photo(ctx: Flask, now: datetime) -> Callable[[str], str]:
    """Put a stored picture on record and give its digest; the letter makes it another one."""

    def store(letter: str = "a") -> str:
        digest = letter * 64
        with transaction():
            if db.session.get(StoredFile, digest) is None:
                db.session.add(StoredFile(digest=digest, media_type="image/jpeg", suffix="jpg", size=1, stored_at=now))
        return digest

    return store


@pytest.fixture
def begun(ctx: Flask, producer: Organisation, maker: Actor, now: datetime) -> Callable[..., Product]:
    """Begin a product: upland rice, unless another sub-group is named."""

    def begin(name: str = "Gạo rẫy", *, subgroup: int = 3, **facts: Any) -> Product:
        with transaction():
            return editing.create(
                producer,
                maker,
                name_vi=name,
                subgroup=queries.get_subgroup(subgroup),
                commune=queries.find_commune(BA_DONG),  # type: ignore[arg-type]
                now=now,
                **facts,
            )

    return begin


@pytest.fixture
def complete(
    begun: Callable[..., Product], maker: Actor, photo: Callable[[str], str], now: datetime
) -> Callable[..., Product]:
    """Begin a product and fill in everything that is compulsory."""

    def fill(name: str = "Gạo rẫy", *, subgroup: int = 3, **facts: Any) -> Product:
        product = begun(name, subgroup=subgroup, **facts)
        picture = photo("a")
        with transaction():
            editing.save_words(product, maker, summary_vi="Gạo nương.", story_vi="Gạo của nương cao.", now=now)
            kind = queries.get_subgroup(subgroup).label_kind
            values = {field.key: {"vi": "Có ghi."} for field in labels.fields_for(kind)}
            editing.save_label(product, maker, values=values, now=now)
            editing.add_photo(product, maker, editing.Photo(picture, "Túi gạo"), now=now)
            item = editing.add_item(product, maker, name_vi="gói 500 g", net_content=500, unit=Unit.GRAM, now=now)
            pricing.set_price(item, maker, amount_vnd=50_000, now=now)
        return product

    return fill


@pytest.fixture
def shown(complete: Callable[..., Product], maker: Actor, officer: Actor, now: datetime) -> Callable[..., Product]:
    """Fill in a product, submit it, approve it and put it on show."""

    def show(name: str = "Gạo rẫy", **facts: Any) -> Product:
        product = complete(name, **facts)
        with transaction():
            publishing.submit(product, maker, now=now)
            publishing.approve_and_publish(product, officer, version_id=product.submitted_version_id or 0, now=now)
        return product

    return show
