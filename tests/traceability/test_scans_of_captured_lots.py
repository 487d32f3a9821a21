"""The page of a lot that captured events alone tell of counts its openings, and its maker reads them."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from tests.factories import Factories
from tests.traceability.epcis.interface import Program
from tests.traceability.epcis.test_capture import lot_of
from tests.traceability.test_known_lots import BY, LOT, PAGE, made, program, stop, tell, unit
from tests.traceability.test_scans import PHONE, TOKEN, counted, goods, opened

__all__ = ["goods", "program"]
SINGLE = "/01/09520123456788/21/GOI-1"


def lot_id(program: Program, key: str = LOT) -> int:
    with program.app.app_context():
        return lot_of(f"https://id.gs1.org{key}").id


def test_an_opening_counts_with_what_is_known_of_it(program: Program, client: FlaskClient, now: datetime) -> None:
    tell(program, made(), unit(SINGLE))

    opened(client, PAGE + LOT, Referer="https://www.facebook.com/")
    opened(client, PAGE + SINGLE)
    opened(client, f"{PAGE}{LOT}&lang=en")

    assert counted(program.app, now) == {
        (lot_id(program), "", "vi", "social"): 1,
        (lot_id(program), "", "en", "direct"): 1,
        (lot_id(program, SINGLE), "", "vi", "direct"): 1,
    }


def test_a_scanned_code_that_leads_to_the_page_counts(program: Program, client: FlaskClient, now: datetime) -> None:
    tell(program, made())

    answer = client.get(f"{LOT}?linkType=gs1:traceability", headers={"User-Agent": PHONE}, follow_redirects=True)

    assert (answer.status_code, answer.request.path) == (200, "/truy-xuat/lo")
    assert list(counted(program.app, now).values()) == [1]


@pytest.mark.parametrize("way", BY)
def test_a_recalled_lot_counts_on(program: Program, client: FlaskClient, now: datetime, way: str) -> None:
    tell(program, made())
    stop(program, LOT, way, now)

    opened(client, PAGE + LOT)

    assert list(counted(program.app, now).values()) == [1]


def test_what_is_not_the_page_of_a_captured_lot_is_left_out(
    program: Program, client: FlaskClient, goods: object, make: Factories, now: datetime
) -> None:
    tell(program, made())

    opened(client, f"{PAGE}/01/09520123456788/10/NONE", status=404)
    opened(client, f"{PAGE}https://ocop.example/lo/htxbd/{TOKEN}", status=404)
    opened(client, f"/truy-xuat/lo/phan-anh?ma={LOT}")
    opened(client, PAGE + LOT, User_Agent="curl/8.5.0")
    opened(make.client(program.organisation), PAGE + LOT)
    client.head(PAGE + LOT, headers={"User-Agent": PHONE})

    assert counted(program.app, now) == {}


def test_its_maker_reads_how_often_and_nobody_elses_producer(
    program: Program, client: FlaskClient, make: Factories, now: datetime
) -> None:
    tell(program, made())
    for _ in range(3):
        opened(client, PAGE + LOT)
    counted(program.app, now)
    maker, other = make.client(program.organisation), make.client(make.producer("Hộ khác", code="khac1"))
    page = f"/quan-tri/luot-quet/lo/{lot_id(program)}"

    for address in ("/quan-tri/luot-quet", page):
        assert re.search(r'<b class="figures">3</b><span>lượt mở', maker.get(address).text)
    index = maker.get("/quan-tri/luot-quet").text
    assert f'href="{page}?ky=30"' in index
    assert "Gạo rẫy" in index
    assert "EXT2709" in maker.get(page).text
    assert f'href="{page}"' in maker.get(f"/quan-tri/nguyen-lieu/{lot_id(program)}").text
    (row,) = list(csv.reader(io.StringIO(maker.get(f"{page}?dang=csv").text.removeprefix("\ufeff"))))[1:]
    assert (row[2], row[-1]) == ("EXT2709", "3")

    assert other.get(page).status_code == 404
    assert "EXT2709" not in other.get("/quan-tri/luot-quet").text
    assert make.client(make.office()).get(page).status_code == 200


def test_a_lot_of_raw_material_has_no_page_that_is_opened(program: Program, make: Factories) -> None:
    raw = make.raw_lot(program.organisation)

    assert make.client(program.organisation).get(f"/quan-tri/luot-quet/lo/{raw.id}").status_code == 404
