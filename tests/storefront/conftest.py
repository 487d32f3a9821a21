"""What the tests of the storefront share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from storefront import agreement
from tests.buying import Shop, open_shop
from tests.factories import Factories


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Give a shop with two producers: see :class:`tests.buying.Shop`."""
    return open_shop(make, app, now)


@pytest.fixture(autouse=True)
def books_agree(request: pytest.FixtureRequest) -> Iterator[None]:
    """After whatever a test does to orders and money, the journal says the same as they do."""
    yield
    if "shop" in request.fixturenames:
        with request.getfixturevalue("app").app_context():
            assert agreement.verify() == []
