"""The one way to write JSON as bytes (RFC 8785)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2.0**53) + 1, 2.0**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def test_the_example_of_the_standard():
    """Source: RFC 8785, section 3.2.2 and appendix B."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }

    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_by_utf_16():
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "\r": 3, "1": 4}).decode() == (
        '{"\\r":3,"1":4,"\U0001f600":2,"\ufb33":1}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, {1: 2}, "\ud800", {"\ud800": 1}, object()])
def test_what_others_could_not_read_is_refused(value):
    with pytest.raises(ValueError, match=r".+"):
        canonical(value)


@given(values)
def test_it_reads_back_as_itself_and_is_stable(value):
    written = canonical(value)

    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written
