"""Domain refusal → status and page (or JSON): the only place that knows both."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from accounts.actor import Permission
from accounts.web.forms import words_of
from accounts.web.guard import current_actor
from admin.navigation import navigation_for
from kernel.db import db
from kernel.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotFound

STATUS: dict[type[DomainError], int] = {InvalidInput: 422, NotAllowed: 403, NotFound: 404, Conflict: 409}


def status_of(error: DomainError) -> int:
    """Give the HTTP status of a refusal; an error may say its own (``http_status``) at a protocol's edge."""
    own = getattr(error, "http_status", None)
    if own is not None:
        return int(own)
    return next(status for base, status in STATUS.items() if isinstance(error, base))


def init_errors(app: Flask) -> None:
    """Answer refusals and faults with pages in the reader's language."""

    @app.before_request
    def _no_zero_bytes() -> Response | None:
        # PostgreSQL keeps no zero byte, so nothing can be found by one: the same answer on both engines. What the
        # resolver of Digital Links is asked for is a matter of its own (400).
        if "\0" in request.path and not request.path.startswith("/01/"):
            return _page(404, gettext("There is no page at this address."))
        return None

    @app.errorhandler(DomainError)
    def _refused(error: DomainError) -> Response:
        db.session.rollback()
        status = status_of(error)
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            response = jsonify(error=type(error).__name__, message=words_of(error), facts=_plain(error.facts))
            response.status_code = status
            return response
        return _page(status, words_of(error))

    @app.errorhandler(CSRFError)
    def _forged(error: CSRFError) -> Response:
        return _page(400, gettext("This form is too old or was not sent from our page. Please open it again."))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response | HTTPException:
        if error.response is not None or (error.code or 500) < 400:
            return error
        words = {
            404: gettext("There is no page at this address."),
            405: gettext("This address does not take that kind of request."),
            413: gettext(
                "What was sent is too large: nothing was saved. Go back, your words are still there, and choose smaller"
                " files. Each may have up to 20 MB."
            ),
            429: gettext("Too many tries. Please wait a few minutes and try again."),
        }
        response = _page(error.code or 500, words.get(error.code or 500, error.description or error.name))
        for name, value in error.get_headers(None, None):
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @app.errorhandler(OperationalError)
    def _away(error: OperationalError) -> Response:
        # No template: what stands on every page is read from the database that does not answer.
        with contextlib.suppress(DBAPIError):
            db.session.rollback()
        response = make_response(_AWAY, 503)
        response.headers["Retry-After"] = "10"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(500)
    def _fault(error: Exception) -> Response:
        db.session.rollback()
        return _page(500, gettext("Something broke on our side. It was written down; please try again."))


_BACK_OFFICE = ("/quan-tri/", "/quay")
_AWAY = """<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Xin thử lại sau ít phút</title>
<body style="font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem">
<h1>Xin thử lại sau ít phút</h1><p>Kho dữ liệu của trang đang tạm nghỉ. Những gì đã lưu không mất.</p>
<p lang="en">Please try again in a few minutes: our database is resting. Nothing that was saved is lost.</p>"""


def _page(status: int, words: str) -> Response:
    """Answer in the shell that one is in: who works in the back office keeps its menu."""
    if status < 500 and request.path.startswith(_BACK_OFFICE) and current_actor().may(Permission.USE_BACK_OFFICE):
        actor = current_actor()
        page = render_template(
            "errors/office.html",
            status=status,
            words=words,
            actor=actor,
            navigation=navigation_for(actor, request.path),
        )
    else:
        page = render_template("errors/show.html", status=status, words=words)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str | int | bool) else str(value) for name, value in facts.items()}
