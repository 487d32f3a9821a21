"""How the tests are dealt out to the workers: file by file, so that what a file shares is made once; the longest first.

A worker that is dealt a long one at the end lets the others wait for it.
"""

from __future__ import annotations

from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling

#: They share one shop with its data set.
JOURNEYS = "tests/journeys/"
#: Whose tests take long: each is dealt out by itself, right after the journeys.
LONG = (
    "tests/storefront/test_opposite_carts.py",
    "tests/storefront/test_cards.py",
    "tests/oversight/test_history.py",
    "tests/traceability/epcis/test_captured_history.py",
    "tests/app/test_demo_loader.py",
    "tests/app/test_run.py",
    "tests/app/test_migrations.py",
    "tests/storefront/test_books_machine.py",
    "tests/storefront/test_sets_machine.py",
    "tests/consignment/test_machine.py",
)


class Dealing(LoadScopeScheduling):
    """Deals the tests out in the order in which :func:`put_in_order` has put them."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(JOURNEYS):
            return JOURNEYS
        file, _, _ = nodeid.partition("::")
        return nodeid if file in LONG else file


def put_in_order(items: list[pytest.Item]) -> None:
    """Put the journeys first, then the long ones, then files with many tests before those with few."""
    tests = Counter(_file(item) for item in items)

    def rank(item: pytest.Item) -> tuple[int, int, str]:
        file = _file(item)
        if file.startswith(JOURNEYS):
            return (0, 0, "")
        if file in LONG:
            return (1, LONG.index(file), file)
        return (2, -tests[file], file)

    items.sort(key=rank)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
