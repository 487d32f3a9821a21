"""A program that uses the interface with a key, and the worker behind it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask
from werkzeug.test import TestResponse

from accounts import keys
from accounts.actor import SYSTEM
from accounts.models import Organisation
from kernel import jobs
from kernel.db import db, transaction

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


class Program:
    """A program of an organisation, with a key to capture and one to ask."""

    def __init__(self, app: Flask, organisation: Organisation, now: datetime) -> None:
        self.app, self.now, self.organisation = app, now, organisation
        self.headers: dict[str, str] = {}  #: sent with every request
        self._client = app.test_client()
        self._keys = {}
        with app.app_context(), transaction():
            for scope in ("epcis:capture", "epcis:query"):
                self._keys[scope] = keys.create(SYSTEM, organisation, scope=scope, now=now)

    def key(self, scope: str) -> str:
        return self._keys[f"epcis:{scope}"]

    def send(self, path: str, body: Any, scope: str = "capture", **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = {"Authorization": f"Bearer {self.key(scope)}", "Content-Type": "application/json"}
        return self._client.post(f"/epcis{path}", data=data, headers=head | self.headers | headers)

    def get(self, path: str, scope: str = "query", query: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        head = {"Authorization": f"Bearer {self.key(scope)}", **self.headers, **headers}
        return self._client.get(f"/epcis{path}", query_string=query, headers=head)

    def capture(self, document: Any, on_error: str = "rollback") -> dict[str, Any]:
        """Send a document, let the worker do its work, and give the job as the interface shows it."""
        answer = self.send("/capture", document, **{"GS1-Capture-Error-Behaviour": on_error})
        assert answer.status_code == 202, answer.get_data(as_text=True)
        self.work()
        job = self.get(answer.headers["Location"].removeprefix("/epcis"), "capture").get_json()
        assert job["running"] is False
        return job

    def work(self) -> None:
        with self.app.app_context():
            while jobs.run_one(self.now) is not None:
                pass
            db.session.remove()

    def events(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get("/events", query={"perPage": 1000, **query})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])

    def event(self, event_id: str) -> list[dict[str, Any]]:
        answer = self.get(f"/events/{quote(event_id, safe='')}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])


def document(*events: dict[str, Any], context: Any = CONTEXT) -> dict[str, Any]:
    """Put events into a document."""
    return {
        "@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-24T02:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }  # fmt: skip


def event(**facts: Any) -> dict[str, Any]:
    """Make an event: ten kilograms of a lot received, unless told otherwise; None leaves a field out."""
    told = {
        "type": "ObjectEvent", "eventTime": "2026-11-20T08:00:00+07:00", "eventTimeZoneOffset": "+07:00",
        "action": "OBSERVE", "bizStep": "receiving", "disposition": "in_progress",
        "quantityList": [{"epcClass": "https://supplier.example/lot/A-1", "quantity": 10, "uom": "KGM"}],
        **facts,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}
