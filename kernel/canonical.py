"""The one way in which a record is written as bytes before it is hashed: JSON Canonicalization Scheme, RFC 8785.

Two programs that hold the same values write the same bytes: keys in order, no spaces, numbers as ECMAScript does.
"""

from __future__ import annotations

from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Write a JSON value as canonical UTF-8: keys sorted by UTF-16, shortest numbers, no spaces.

    Floats between 2**53 and 1e21 are written as integers, which read back cannot be written again:
    ``traceability.epcis.prose`` keeps them out of events.

    :raises ValueError: for what no JSON of others could hold: NaN, integers beyond 2**53, keys that are no text
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as fault:
        raise ValueError(str(fault)) from fault
