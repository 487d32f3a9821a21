"""A number in an address that is larger than any row's is not found; it does not reach the database."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from tests.factories import Factories

LARGEST = 2**31 - 1


@pytest.mark.parametrize("number", [LARGEST + 1, 2**63, 10**30])
def test_every_address_with_a_number_has_an_end(app: Flask, make: Factories, number: int) -> None:
    browser = make.client(make.producer())

    for address in ("lo-hang", "nguyen-lieu", "san-pham", "cuon-tem", "ton-kho/lo", "luot-quet/lo"):
        assert browser.get(f"/quan-tri/{address}/{number}").status_code == 404
        assert browser.get(f"/quan-tri/{address}/{LARGEST}").status_code == 404


def test_no_rule_takes_a_larger_number(app: Flask) -> None:
    urls = app.url_map.bind("shop.test")
    numbered = [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]

    assert len(numbered) > 30
    for rule in numbered:
        for name, converter in rule._converters.items():
            if "<int:" + name in rule.rule:
                assert converter.max is not None
                assert converter.max <= LARGEST
    with pytest.raises(NotFound):
        urls.match(f"/quan-tri/lo-hang/{10**30}")
