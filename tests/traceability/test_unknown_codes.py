"""Where nothing is on record under what somebody typed, the page gives the right address and takes a report."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kernel.db import db, transaction
from tests.factories import BA_TO, Factories
from tests.web import send
from traceability.item_models import Case

ADDRESSES = [
    ("/truy-xuat?ma=HTXBD 7K2QX-M90AD", "HTXBD 7K2QX-M90AD"),
    ("/truy-xuat?ma=https://xa-la.example/<b>7</b>", "https://xa-la.example/<b>7</b>"),
    ("/truy-xuat/lo?ma=/01/09520123456788/10/NONE", "/01/09520123456788/10/NONE"),
    ("/01/09520123456788/10/S-7%2B1?x=1", "/01/09520123456788/10/S-7%2B1"),
    ("/00/095201234567890016", "/00/095201234567890016"),
    ("/lo/htxbd/7k2qxm90ad", "htxbd 7k2qxm90ad"),
]


def links(page: TestResponse) -> Iterator[str]:
    return (html.unescape(href) for href in re.findall(r'href="(/truy-xuat/phan-anh[^"]*)"', page.text))


@pytest.mark.parametrize(("address", "typed"), ADDRESSES)
def test_what_is_not_known_is_reported_to_the_office(
    address: str, typed: str, app: Flask, client: FlaskClient, make: Factories
) -> None:
    page = client.get(address)
    (link,) = links(page)
    form = client.get(link)
    sent = send(client, link, kind="mismatch", text="Mua ở chợ, mã không mở được")

    assert (page.status_code, form.status_code, sent.status_code) == (404, 200, 303)
    assert "<b>shop.test</b>" in page.text
    assert html.escape(typed, quote=False) in form.text
    assert "/phan-anh/da-nhan" in sent.location
    with app.app_context(), transaction():
        (case,) = db.session.scalars(db.select(Case))
        path = f"/quan-tri/phan-anh/{case.id}"
        assert case.facts is not None
        assert (case.facts["about"], case.organisation_id, case.lot_id, case.code_id) == (typed, None, None, None)
    for office in (make.office(), make.office(of=(BA_TO,))):
        shown = make.client(office).get(path)
        assert shown.status_code == 200
        assert html.escape(typed, quote=False) in shown.text
    assert make.client(make.producer()).get(path).status_code == 403
    assert "/truy-xuat?ma=" in client.get(sent.location).text


def test_a_report_without_words_keeps_what_was_typed(app: Flask, client: FlaskClient) -> None:
    answer = send(client, "/truy-xuat/phan-anh?ma=ABC-1", kind="quality", contact="ai@do.example")

    assert answer.status_code == 422
    assert "ai@do.example" in answer.text
    assert "ABC-1" in answer.text
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Case)) == 0


def test_what_is_shown_and_kept_of_a_code_has_an_end(client: FlaskClient) -> None:
    page = client.get("/truy-xuat/lo?ma=" + "9" * 390)
    (link,) = links(page)

    assert len(link.partition("ma=")[2]) == 60
    form = client.get("/truy-xuat/phan-anh?ma=" + "9" * 390).text
    assert "9" * 61 not in form.partition("<main")[2].partition("</main>")[0]


def test_a_report_about_nothing_asks_for_a_code(client: FlaskClient) -> None:
    answer = client.get("/truy-xuat/phan-anh?ma=%20")

    assert (answer.status_code, answer.location) == (303, "/truy-xuat")


def test_a_program_reads_in_a_word_that_a_key_is_not_known(client: FlaskClient) -> None:
    for path, name in (("/01/09520123456788", "UnknownGtin"), ("/00/095201234567890016", "UnknownKey")):
        answer = client.get(path, headers={"Accept": "application/json"})

        assert (answer.status_code, answer.get_json()["error"]) == (404, name)
        assert client.head(path).status_code == 404
