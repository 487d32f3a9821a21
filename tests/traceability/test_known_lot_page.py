"""The page of a lot that events alone tell of says what that of a batch does: its chain, its proof, a way to report."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import log_jobs
from kernel.db import db
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, event
from tests.traceability.test_known_lots import CASE, GTIN, LOT, PAGE, made, program, tell, unit
from tests.web import send
from traceability.item_models import Case

__all__ = ["program"]
PEPPER, SALT = "/01/09521234500018/10/TIEU-7", "/01/09521234500018/10/MUOI-8"
PROOF = f"/so-minh-bach/truy-xuat/lo.json?ma={LOT}"
REPORT = f"/truy-xuat/lo/phan-anh?ma={LOT}"


def turns(inputs: list[str], outputs: list[str], **facts: Any) -> dict[str, Any]:
    def listed(keys: list[str]) -> list[dict[str, Any]] | None:
        return [{"epcClass": f"https://id.gs1.org{key}", "quantity": 5} for key in keys] or None

    return event(**{
        "type": "TransformationEvent", "action": None, "bizStep": "commissioning", "quantityList": None,
        "inputQuantityList": listed(inputs), "outputQuantityList": listed(outputs),
        "eventTime": "2026-11-21T08:00:00+07:00", **facts,
    })  # fmt: skip


def chain_on(page: str) -> str:
    found = re.search(r'<h2 id="chuoi">.*?</section>', page, re.DOTALL)
    assert found
    return html.unescape(found[0])


def test_the_page_draws_what_went_into_the_lot(program: Program, client: FlaskClient) -> None:
    tell(program, made(PEPPER), turns([PEPPER], [LOT]))

    for language, words in (("vi", "làm từ"), ("en", "made from")):
        chain = chain_on(client.get(f"{PAGE}{LOT}&lang={language}").text)
        assert "<svg" in chain
        assert words in chain
        assert "09521234500018" in chain


def test_the_halves_of_one_making_are_one_link_of_the_chain(program: Program, client: FlaskClient) -> None:
    making = "https://ex.example/making/7"
    tell(program, made(PEPPER), turns([PEPPER], [], transformationID=making), turns([], [LOT], transformationID=making))

    assert "09521234500018" in chain_on(client.get(PAGE + LOT).text)


def test_nothing_is_told_of_what_went_into_a_lot_where_its_event_tells_of_a_buyer(
    program: Program, client: FlaskClient
) -> None:
    home = [{"type": "possessing_party", "destination": "https://ex.example/nguoi/an"}]
    tell(program, made(PEPPER), turns([PEPPER], [LOT], destinationList=home), made(SALT), turns([SALT], [PEPPER]))
    tell(program, event(bizStep="inspecting", quantityList=[{"epcClass": f"https://id.gs1.org{LOT}"}]))

    page = client.get(PAGE + LOT).text

    assert "<svg" not in chain_on(page)
    assert "09521234500018" not in page
    assert "nguoi/an" not in page
    assert "<svg" in chain_on(client.get(PAGE + PEPPER).text), "what may be told is"


def test_what_a_lot_went_into_is_no_part_of_its_chain(program: Program, client: FlaskClient) -> None:
    tell(program, made(PEPPER), turns([PEPPER], [LOT]))

    assert "<svg" not in chain_on(client.get(PAGE + PEPPER).text)


def signed(program: Program, now: datetime) -> None:
    with program.app.app_context():
        log_jobs.number_all()
        log_jobs.sign(now=now)
        db.session.remove()


def test_every_step_says_where_it_stands_in_the_log_and_the_browser_can_check_it(
    program: Program, client: FlaskClient, now: datetime
) -> None:
    tell(program, made(PEPPER), turns([PEPPER], [LOT]))
    assert client.get(PROOF).status_code == 404
    assert "2 bước mới hơn sẽ được ký đêm nay" in client.get(PAGE + LOT).text

    signed(program, now)

    page = client.get(PAGE + LOT).text
    assert "đã ghi sổ ngày 24/11/2026, vị trí" in page
    assert f'data-proof="{PROOF}"' in page
    wanted = {int(one) for one in re.findall(r'data-position="(\d+)"', page)}
    told = json.loads(client.get(PROOF).data)
    readable = {one["position"] for one in told["records"] if one["content"] is not None}
    assert len(wanted) == 2
    assert wanted <= readable


def test_steps_that_not_everybody_may_read_have_their_places_and_no_check_by_the_browser(
    program: Program, client: FlaskClient, now: datetime
) -> None:
    tell(program, unit(CASE))
    signed(program, now)

    page = client.get(PAGE + CASE).text

    assert "đã ghi sổ ngày 24/11/2026, vị trí" in page
    assert "data-proof=" not in page
    (record,) = json.loads(client.get(f"/so-minh-bach/truy-xuat/lo.json?ma={CASE}").data)["records"]
    assert record["content"] is None


def test_the_proof_of_a_batch_stands_at_its_own_address(
    program: Program, client: FlaskClient, make: Factories, ctx: Flask
) -> None:
    item = make.item(make.product(program.organisation, name="Bánh", gtin="09520123456795", slug="banh"))
    batch = make.batch(item, number="B-1")
    name = "/01/09520123456795/10/B-1"
    tell(program, unit(f"{name}/21/PK9", action="OBSERVE", bizStep="inspecting"))

    led = client.get(f"/so-minh-bach/truy-xuat/lo.json?ma={name}")

    assert (led.status_code, led.location) == (307, f"/so-minh-bach/lo/htx01/{batch.token}.json")
    assert client.get(f"/truy-xuat/lo/phan-anh?ma={name}").location == f"/lo/htx01/{batch.token}/phan-anh"
    assert client.get("/so-minh-bach/truy-xuat/lo.json?ma=/01/1").status_code == 404


def test_a_report_on_the_lot_opens_a_case_that_names_it(program: Program, client: FlaskClient, make: Factories) -> None:
    tell(program, made())
    assert f'href="{REPORT}"' in client.get(PAGE + LOT).text
    assert "Gạo rẫy" in client.get(REPORT).text

    sent = send(client, REPORT, kind="mismatch", text="Nắp đã mở")

    assert sent.status_code == 303
    assert PAGE in html.unescape(client.get(sent.location).text)
    with program.app.app_context():
        case = db.session.scalars(db.select(Case)).one()
        assert (case.lot_id, case.organisation_id) == (None, program.organisation.id)
        case_id = case.id
    office = make.client(make.office())
    assert "EXT2709" in office.get("/quan-tri/phan-anh").text
    shown = office.get(f"/quan-tri/phan-anh/{case_id}").text
    assert "Nắp đã mở" in shown
    assert f'href="{PAGE}{LOT}"' in shown
    assert client.get("/truy-xuat/lo/phan-anh?ma=/01/1").status_code == 404


# --- Codes that are not on record -----------------------------------------------------------------------------------

UNKNOWN = "jkezb64d872swd88"
SAID = f"gtin-tren-ma={GTIN}&lo-tren-ma=L%2F9"


@pytest.mark.parametrize(("query", "status"), [("", 404), (f"?{SAID}", 200)])
def test_a_code_that_is_not_on_record_can_be_reported(
    program: Program, client: FlaskClient, make: Factories, query: str, status: int
) -> None:
    page = client.get(f"/m/{UNKNOWN}{query}")
    text = html.unescape(page.text)
    assert page.status_code == status
    assert f'href="/m/{UNKNOWN}/phan-anh{query}"' in text
    assert '<p class="own-address"><b>shop.test</b></p>' in text

    address = f"/m/{UNKNOWN}/phan-anh{query}"
    assert client.get(address).status_code == 200
    wrong = send(client, address, kind="mismatch", text="")
    assert (wrong.status_code, 'id="text-error"' in wrong.text) == (422, True)
    assert send(client, address, kind="mismatch", text="Tem lạ").status_code == 303

    with program.app.app_context():
        case = db.session.scalars(db.select(Case)).one()
        assert case.organisation_id == (program.organisation.id if query else None)
        case_id = case.id
    shown = html.unescape(make.client(make.office()).get(f"/quan-tri/phan-anh/{case_id}").text)
    assert "JKEZ-B64D-872S-WD88" in shown
    assert f'href="/m/{UNKNOWN}{query}"' in shown
    assert ("L/9" in shown) is bool(query)


@pytest.mark.parametrize("code", ["a", "mã-lạ", "x" * 300, "<b>"])
def test_whatever_stands_on_a_pack_can_be_reported(client: FlaskClient, make: Factories, code: str) -> None:
    make.office()
    assert client.get(f"/m/{code}/phan-anh").status_code == 200
    assert send(client, f"/m/{code}/phan-anh", kind="other", text="x").status_code == 303


def test_who_tries_codes_out_is_not_heard_and_reports_are_limited(client: FlaskClient, make: Factories) -> None:
    for number in range(20):
        client.get(f"/m/{UNKNOWN[:-2]}{number:02d}/phan-anh")

    assert client.get(f"/m/{UNKNOWN}/phan-anh").status_code == 429
    assert client.get(f"/m/{UNKNOWN}").status_code == 429
    assert send(client, f"/m/{UNKNOWN}/phan-anh", kind="other", text="x").status_code == 429


def test_reports_on_codes_that_are_not_there_are_limited(client: FlaskClient) -> None:
    address = f"/m/{UNKNOWN}/phan-anh"
    statuses = [send(client, address, kind="other", text="x").status_code for _ in range(7)]

    assert statuses[0] == 303
    assert statuses[-1] == 429
