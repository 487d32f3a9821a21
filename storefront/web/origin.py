"""Where a form came from, for pages that are the same for everybody and so carry no token.

A browser says with each form from which site it was sent (``Sec-Fetch-Site``, ``Origin``, on old ones ``Referer``).
Source: Fetch Metadata Request Headers, W3C; RFC 6454.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, make_response, request

from kernel.errors import N_, NotAllowed


class FromElsewhere(NotAllowed):
    message = N_("This form was not sent from a page of ours. Please open the page again.")


def check_own() -> None:
    """Let only a form of our own pages pass.

    :raises FromElsewhere: also when the browser says nothing at all
    """
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        if said != "same-origin":
            raise FromElsewhere()
        return
    source = request.headers.get("Origin") or request.headers.get("Referer") or ""
    if urlsplit(source).netloc != request.host:
        raise FromElsewhere()


def unkept(page: str | Response, status: int = 200) -> Response:
    """Answer a page about one buyer: kept by nobody, found by no search engine, its address told to nobody."""
    answer = make_response(page, status) if isinstance(page, str) else page
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
