"""The one way to write a JSON value as bytes (RFC 8785, JCS): what is signed and logged."""

from __future__ import annotations

from typing import Any

import rfc8785


def canonical_bytes(value: Any) -> bytes:
    """Write a JSON value by RFC 8785: keys sorted by UTF-16, shortest numbers, no spaces.

    Floats between 2**53 and 1e21 are written as integers, which read back cannot be written again: ``prose`` keeps
    them out of events.

    :raises ValueError: for what no JSON of others could hold: NaN, integers beyond 2**53, keys that are no text
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as fault:
        raise ValueError(str(fault)) from fault
