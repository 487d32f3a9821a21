"""Forms as a browser sends them: with the CSRF token of its session."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse


def csrf_token(client: FlaskClient) -> str:
    """Give the token that a form shown in this browser would carry."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", "a token of the tests")
    secret = client.application.config["SECRET_KEY"]
    return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw))


def send(client: FlaskClient, address: str, data: dict[str, Any] | None = None, **fields: Any) -> TestResponse:
    """Send a form to ``address``; fields that are None are left out."""
    whole = {name: value for name, value in {**(data or {}), **fields}.items() if value is not None}
    return client.post(address, data={"csrf_token": csrf_token(client), **whole})
