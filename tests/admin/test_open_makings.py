"""Makings of which programs told one half: who sees them, and when somebody is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.admin.test_dashboard import tasks
from tests.factories import BA_TO, Factories
from tests.traceability.epcis.interface import Program, document, event

PATH = "/quan-tri/cong-thuc/do-dang"
TASK = "Lần chế biến mới khai một nửa quá 14 ngày"


def half(name: str, at: datetime, *, side: str = "input", **facts: Any) -> dict[str, Any]:
    return event(
        type="TransformationEvent", action=None, quantityList=None, bizStep="commissioning", disposition=None,
        transformationID=f"https://a.example/me/{name}", eventTime=at.isoformat().replace("+00:00", "Z"),
        **{f"{side}QuantityList": [
            {"epcClass": f"https://a.example/lot/{name}-{side}", "quantity": 1, "uom": "KGM"}
        ]}, **facts,
    )  # fmt: skip


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    program = Program(app, make.producer("HTX Một", code="htxmot", commune=BA_TO), now)
    old = now - timedelta(days=20)
    job = program.capture(document(
        half("CU", old), half("MOI", now - timedelta(days=1)), half("XONG", old), half("XONG", old, side="output"),
        half("SAI", old, eventID="urn:x:wrong"),
    ))  # fmt: skip
    assert job["errors"] == []
    wrong = {"errorDeclaration": {"declarationTime": "2026-11-23T00:00:00Z", "reason": "did_not_occur"}}
    assert program.capture(document(half("SAI", old, eventID="urn:x:wrong", **wrong)))["stored"] == 1
    return program


def test_a_producer_sees_its_own_open_ones_and_is_asked_for_the_old(program: Program, make: Factories) -> None:
    client = make.client(program.organisation)
    page = client.get(PATH).text

    assert "me/CU" in page
    assert "me/MOI" in page
    assert "me/XONG" not in page
    assert "me/SAI" not in page
    assert "đã chờ 20 ngày" in page
    assert tasks(client)[TASK] == (PATH, "1")
    other = make.client(make.producer("HTX Hai", code="htxhai"))
    assert "me/CU" not in other.get(PATH).text
    assert TASK not in tasks(other)


def test_an_office_is_told_of_those_of_its_jurisdiction(program: Program, make: Factories) -> None:
    client = make.client(make.office())

    assert tasks(client)[TASK] == (PATH, "1")
    assert "HTX Một" in client.get(PATH).text
