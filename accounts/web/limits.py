"""How often one address of the network may knock: 429 after that.

Kept in memory of each process, or in Redis where there is one; when Redis does not answer, in memory again.
The lock of a single account is a count in the database and holds beside this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

View = TypeVar("View", bound=Callable[..., Any])

limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=True)

#: For what guesses at a secret: signing in, codes, links.
#: A guess that was right is none: a whole village may stand behind one address of a mobile network.
guesses = limiter.shared_limit(
    "12 per minute; 90 per hour",
    scope="guesses",
    methods=["POST"],
    deduct_when=lambda response: response.status_code not in (302, 303),
)
#: For what sends letters.
letters = limiter.shared_limit("5 per minute; 30 per hour", scope="letters", methods=["POST"])


def few_made(limit: str) -> Callable[[View], View]:
    """Limit how many are made, and all tries more widely: who corrects a form is not shut out with what was typed."""

    def limited(view: View) -> View:
        made = limiter.limit(limit, methods=["POST"], deduct_when=lambda response: response.status_code in (302, 303))
        tried: View = limiter.limit("40 per minute; 200 per hour", methods=["POST"])(made(view))
        return tried

    return limited


def init_limits(app: Flask, *, redis_url: str | None) -> None:
    """Count the requests of ``app``."""
    app.config["RATELIMIT_STORAGE_URI"] = redis_url or "memory://"
    if redis_url:
        app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = True
        app.config["RATELIMIT_IN_MEMORY_FALLBACK"] = ["12 per minute"]
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 1}
    limiter.init_app(app)
