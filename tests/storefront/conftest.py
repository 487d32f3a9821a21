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
def shop(make: Factories, app: Flask, now: datetime) -> Iterator[Shop]:
    """Give a shop with two producers (:class:`tests.buying.Shop`); whatever is done there, the journal agrees."""
    yield open_shop(make, app, now)
    with app.app_context():
        assert agreement.verify() == []
