"""What pages that the unguessable link of an order opens have in common."""

from __future__ import annotations

from werkzeug.wrappers import Response

from kernel.errors import DomainError


def private(page: str, status: int = 200) -> Response:
    """Let nobody on the way keep a page that the link of an order opens, nor others learn the link."""
    answer = Response(page, status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def beside_photos(refusal: DomainError) -> None:
    """Say beside the field of the photos what is wrong with a picture."""
    if refusal.field is None and type(refusal).__module__ == "kernel.images":
        refusal.field = "photos"
