"""The screens where a producer says where its codes lead besides."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kernel.db import db
from tests.factories import Factories
from tests.web import send
from traceability.models import ResolverLink

GTIN = "09520123456788"
TYPED = {
    "key": "9520123456788",
    "link_type": "gs1:recipeInfo",
    "href": "https://htx.example/cong-thuc",
    "title": "Cơm lam",
    "languages": "vi, en",
    "media_type": "text/html",
    "is_default": "y",
    "is_active": "y",
}


@pytest.fixture
def ours(make: Factories) -> Any:
    return make.producer(gs1_prefix="952012345")


@pytest.fixture
def browser(ours: Any, make: Factories) -> FlaskClient:
    return make.client(ours)


def test_a_link_is_registered_changed_and_taken_away(browser: FlaskClient, app: Flask, client: FlaskClient) -> None:
    made = send(browser, "/quan-tri/lien-ket/moi", TYPED, request_key="a" * 32)
    again = send(browser, "/quan-tri/lien-ket/moi", TYPED, request_key="a" * 32)
    with app.app_context():
        link = db.session.scalars(db.select(ResolverLink)).one()

    assert (made.status_code, again.status_code) == (303, 303)
    assert (link.key_path, link.languages, link.is_default) == (f"/01/{GTIN}", "vi en", True)
    assert client.get(f"/01/{GTIN}").location == TYPED["href"]
    page = browser.get("/quan-tri/lien-ket?q=lam").text
    assert "Cơm lam" in page
    assert "Công thức nấu ăn" in page

    assert "Cơm lam" in browser.get(f"/quan-tri/lien-ket/{link.id}").text
    changed = send(browser, f"/quan-tri/lien-ket/{link.id}", TYPED, title="Cơm lam ống nứa", is_default=None)
    assert changed.status_code == 303
    assert "Cơm lam ống nứa" in browser.get("/quan-tri/lien-ket?dang=csv").text

    assert f"/01/{GTIN}" in browser.get(f"/quan-tri/lien-ket/{link.id}/bo").text
    assert send(browser, f"/quan-tri/lien-ket/{link.id}/bo").status_code == 303
    assert client.get(f"/01/{GTIN}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"key": "/01/09520123456789"}, "key"),
        ({"key": "/01/09506000134352"}, "key"),
        ({"href": "http://htx.example/"}, "href"),
        ({"href": "https://htx.example/?lo={10}"}, "href"),
        ({"languages": "tiếng Việt"}, "languages"),
        ({"media_type": "trang"}, "media_type"),
        ({"context": "Việt"}, "context"),
        ({"title": ""}, "title"),
        ({"link_type": "gs1:x"}, "link_type"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field_and_stays(
    typed: dict[str, str], field: str, browser: FlaskClient
) -> None:
    answer = send(browser, "/quan-tri/lien-ket/moi", {**TYPED, **typed}, request_key="a" * 32)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if field not in ("title", "link_type"):
        assert typed[field] in answer.text


def test_two_ways_of_numbering_are_refused_beside_the_key_and_two_patterns_named(
    browser: FlaskClient, app: Flask
) -> None:
    for number, (level, status) in enumerate((("21/{21}", 303), ("10/L1", 422), ("10/{10}", 303))):
        answer = send(
            browser, "/quan-tri/lien-ket/moi", TYPED, key=f"/01/{GTIN}/{level}", is_default=None,
            request_key=str(number) * 32,
        )  # fmt: skip
        assert answer.status_code == status
        if status == 422:
            assert "Đã có liên kết đăng ký cho" in answer.text
            assert f'value="/01/{GTIN}/10/L1"' in answer.text
    assert f"/01/{GTIN}/21/{{21}}" in browser.get("/quan-tri/lien-ket").text.split("</main>")[0]
    with app.app_context():
        ids = db.session.scalars(db.select(ResolverLink.id)).all()
    for link_id in ids:
        assert "GS1 yêu cầu" in browser.get(f"/quan-tri/lien-ket/{link_id}").text


def test_links_of_others_do_not_exist(browser: FlaskClient, make: Factories) -> None:
    theirs = make.link(make.producer(), f"/01/{GTIN}", "https://khac.example/", title="Của người khác")

    assert "Của người khác" not in browser.get("/quan-tri/lien-ket").text
    for tail in ("", "/bo"):
        assert browser.get(f"/quan-tri/lien-ket/{theirs.id}{tail}").status_code == 404
        assert send(browser, f"/quan-tri/lien-ket/{theirs.id}{tail}", TYPED).status_code == 404


def test_a_long_list_has_pages(browser: FlaskClient, ours: Any, make: Factories) -> None:
    for number in range(51):
        make.link(ours, f"/01/{GTIN}/10/L{number:02d}", "https://htx.example/", title=f"Trang {number:02d}")

    assert "Trang 49" in browser.get("/quan-tri/lien-ket").text
    assert "Trang 50" not in browser.get("/quan-tri/lien-ket").text
    assert "Trang 50" in browser.get("/quan-tri/lien-ket?trang=2").text
