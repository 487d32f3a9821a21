"""What programs on other sites' pages may do with what is public here: read it, and what is said beside it."""

from __future__ import annotations

from flask import Response

METHODS = "GET, HEAD, OPTIONS"


def allow(answer: Response, *, asked: tuple[str, ...] = (), told: tuple[str, ...] = ()) -> Response:
    """Let pages of other sites read an answer.

    :param asked: further headers that they may send; :param told: further headers that they may read
    """
    said = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ", ".join(("Accept", "Accept-Language", "Content-Type", *asked)),
        "Access-Control-Expose-Headers": ", ".join(("Link", "Location", *told)),
        "Access-Control-Max-Age": "86400",
    }
    answer.headers.extend({name: value for name, value in said.items() if name not in answer.headers})
    return answer


def options() -> Response:
    """Answer what may be done."""
    answer = Response(status=204)
    answer.headers["Allow"] = METHODS
    return answer
