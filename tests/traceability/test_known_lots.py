"""A lot that events alone tell of has a page by its name: its recall is said there, and nothing leads around it."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from catalog.models import TradeItem
from kernel.db import db, transaction
from oversight.models import Severity
from oversight.recall import Told, start
from stock import holding, production
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_capture import lot_of
from traceability import batches, items, labels
from traceability.epcis import queries
from traceability.models import Batch, Lot, LotState

GTIN, FOREIGN = "09520123456788", "09521234500018"
CASE = "/00/095201234567890016"
LOT = f"/01/{GTIN}/10/EXT2709"
PAGE = "/truy-xuat/lo?ma="
VOC = "https://ref.gs1.org/voc/"


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    """A producer with goods in the shop, whose own programs tell of a lot of them."""
    maker = make.producer("Hợp tác xã mẫu", code="htx01", gs1_prefix="952012345")
    make.product(maker, name="Gạo rẫy", gtin=GTIN, slug="gao-ray")
    return Program(app, maker, now)


def made(key: str = LOT, **facts: Any) -> dict[str, Any]:
    return event(**{
        "action": "ADD", "bizStep": "commissioning", "disposition": "active",
        "quantityList": [{"epcClass": f"https://id.gs1.org{key}", "quantity": 100}], **facts,
    })  # fmt: skip


def unit(key: str, **facts: Any) -> dict[str, Any]:
    return made(quantityList=None, epcList=[f"https://id.gs1.org{key}"], **facts)


def recalls(key: str = LOT, **facts: Any) -> dict[str, Any]:
    return event(**{
        "bizStep": "holding", "disposition": None, "persistentDisposition": {"set": ["recalled"]},
        "quantityList": [{"epcClass": f"https://id.gs1.org{key}"}], "eventTime": "2026-11-23T08:00:00+07:00", **facts,
    })  # fmt: skip


def tell(program: Program, *events: dict[str, Any]) -> None:
    job = program.capture(document(*events))
    assert job["success"], job


def stop(program: Program, key: str, way: str, now: datetime) -> None:
    """Recall a lot: by the word of its owner, or by the office."""
    if way == "event":
        tell(program, recalls(key))
        return
    with program.app.app_context(), transaction():
        told = Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")
        start(lot_of(f"https://id.gs1.org{key}"), told, is_drill=False, actor=SYSTEM, now=now)


BY = ["event", "office"]


@pytest.mark.parametrize("way", BY)
def test_a_recalled_lot_leads_to_the_notice_in_the_readers_language(
    program: Program, client: FlaskClient, now: datetime, way: str
) -> None:
    tell(program, made())
    stop(program, LOT, way, now)

    led = client.get(f"{LOT}?x=1")
    assert (led.status_code, led.location) == (307, f"{PAGE}{LOT}&x=1")
    vi, en = client.get(led.location), client.get(led.location + "&lang=en")
    for page, notice, name in (
        (vi, "<b>Đã thu hồi ngày", "Gạo rẫy"),
        (en, "<b>Recalled on", "Gạo rẫy"),
    ):
        assert page.status_code == 200
        assert 'class="verdict verdict-bad"' in page.text
        assert notice in page.text
        assert name in page.text
        assert "EXT2709" in page.text
        assert "/san-pham/gao-ray" not in page.text, "nobody is led on to buying"
    if way == "office":
        assert "Kim loại nặng" in vi.text
        assert "Heavy metal" in en.text


@pytest.mark.parametrize("way", BY)
@pytest.mark.parametrize("kind", ["recallStatus", "traceability", "defaultLink", "defaultLinkMulti"])
def test_whatever_is_asked_of_a_recalled_lot_leads_to_its_notice_and_nothing_around_it(
    program: Program, client: FlaskClient, make: Factories, now: datetime, way: str, kind: str
) -> None:
    tell(program, made())
    for key, link_type, is_default in (
        (f"/01/{GTIN}/10/{{10}}", "gs1:pip", True), (LOT, "gs1:recallStatus", False), (LOT, "gs1:traceability", False),
    ):  # fmt: skip
        make.link(program.organisation, key, "https://ex.example/all-good", link_type=link_type, is_default=is_default)
    for language in ("vi", "en"):
        make.link(
            program.organisation, f"/01/{GTIN}", f"https://ex.example/{language}", languages=language,
            link_type="gs1:pip", is_default=language == "vi",
        )  # fmt: skip
    stop(program, LOT, way, now)

    for query in ("", f"?linkType=gs1:{kind}"):
        assert client.get(LOT + query).location.startswith(PAGE + LOT), query
    level = client.get(f"{LOT}?linkType=linkset").json["linkset"][0]  # type: ignore[index]
    assert level[VOC + "defaultLink"][0]["href"] == f"http://shop.test{PAGE}{LOT}"
    assert f"http://shop.test{PAGE}{LOT}" in [link["href"] for link in level[VOC + "recallStatus"]]


@pytest.mark.parametrize("way", BY)
@pytest.mark.parametrize("link", [f"/01/{GTIN}/21/PK1", f"{LOT}/21/PK1", f"{LOT}/21/NEVER-HEARD-OF"])
def test_a_pack_of_a_recalled_lot_leads_to_the_notice(
    program: Program, client: FlaskClient, now: datetime, way: str, link: str
) -> None:
    tell(program, made(), unit(f"{LOT}/21/PK1", action="OBSERVE", bizStep="inspecting"))
    stop(program, LOT, way, now)

    for query in ("", "?linkType=gs1:recallStatus"):
        led = client.get(link + query)
        assert led.status_code == 307
        page = client.get(led.location)
        assert "Đã thu hồi ngày" in page.text
        assert "EXT2709" in page.text


def test_a_pack_that_is_recalled_by_itself_leads_to_its_notice(program: Program, client: FlaskClient) -> None:
    pack = f"/01/{GTIN}/21/PK1"
    tell(program, unit(pack))
    assert "verdict-wait" in client.get(client.get(pack).location).text
    tell(program, recalls(quantityList=None, epcList=[f"https://id.gs1.org{pack}"]))

    for link in (pack, f"{LOT}/21/PK1"):
        for query in ("", "?linkType=gs1:recallStatus"):
            assert "Đã thu hồi ngày" in client.get(client.get(link + query).location).text
    other = client.get(f"/01/{GTIN}/21/PK2")
    assert other.location == "/san-pham/gao-ray"


def test_a_case_and_goods_that_no_catalogue_has_lead_to_their_notices(program: Program, client: FlaskClient) -> None:
    foreign = f"/01/{FOREIGN}/10/NM-2026-014"
    tell(program, made(foreign), unit(CASE), recalls(foreign), recalls(quantityList=None, epcList=[
        f"https://id.gs1.org{CASE}"]))  # fmt: skip

    for key in (foreign, CASE):
        assert client.get(f"{key}?linkType=gs1:recallStatus").status_code == 307
        page = client.get(client.get(key).location)
        assert "Đã thu hồi ngày" in page.text
        assert "Hợp tác xã mẫu" in page.text


@pytest.mark.parametrize("typed", [
    LOT, f"https://id.gs1.org{LOT}", f"https://goods.example{LOT}/21/X", f"(01){GTIN}(10)EXT2709", "EXT2709", "ext2709",
])  # fmt: skip
@pytest.mark.parametrize("is_recalled", [False, True])
def test_who_types_what_is_on_the_pack_finds_the_lot(
    program: Program, client: FlaskClient, typed: str, is_recalled: bool
) -> None:
    tell(program, made(), *([recalls()] if is_recalled else []))

    page = client.get("/truy-xuat", query_string={"ma": typed}, follow_redirects=True)

    assert page.status_code == 200
    assert ("Đã thu hồi ngày" in page.text) is is_recalled
    assert "EXT2709" in page.text
    assert "không có trong hệ thống" not in page.text


VARIANT = f"/01/{FOREIGN}/22/2A/10/E10B0"


@pytest.mark.parametrize("typed", [
    f"https://id.gs1.org{VARIANT}", f"http://shop.test{VARIANT}", f"shop.test{VARIANT}", VARIANT, f"{VARIANT}/21/PK1",
    f"https://x.example/01/{FOREIGN}/235/abc?10=E10B0", f"(01){FOREIGN}(22)2A(10)E10B0", f"(10)E10B0(01){FOREIGN}",
    f"(00){CASE[4:]}", f"https://id.gs1.org{CASE}", CASE, CASE[4:],
])  # fmt: skip
@pytest.mark.parametrize("by", ["typing", "photo"])
def test_no_spelling_of_a_key_leads_past_the_notice(program: Program, client: FlaskClient, typed: str, by: str) -> None:
    lot = f"/01/{FOREIGN}/10/E10B0"
    case = recalls(quantityList=None, epcList=[f"https://id.gs1.org{CASE}"])
    tell(program, made(lot), unit(CASE), recalls(lot), case)

    if by == "typing":
        page = client.get("/truy-xuat", query_string={"ma": typed}, follow_redirects=True)
    else:
        photo = io.BytesIO(labels.qr_png(typed, module_px=8))
        page = client.post(
            "/truy-xuat", data={"photo": (photo, "ma.png")}, content_type="multipart/form-data", follow_redirects=True
        )

    assert page.status_code == 200
    assert "Đã thu hồi ngày" in page.text


def test_a_key_of_nothing_here_is_not_in_the_system_and_one_mistyped_is_told_so(
    program: Program, client: FlaskClient
) -> None:
    unknown = client.get("/truy-xuat", query_string={"ma": "(00)095212345000007772"})
    assert (unknown.status_code, "không có trong hệ thống" in unknown.text) == (404, True)
    wrong = client.get("/truy-xuat", query_string={"ma": f"(01){GTIN[:-1]}9(10)EXT2709"})
    assert (wrong.status_code, 'id="ma-error"' in wrong.text) == (422, True)


@pytest.mark.parametrize("typed", [
    f"(01){GTIN}(10)EXT2709", f"(10)EXT2709(01){GTIN}", f"https://id.gs1.org/01/{GTIN}/22/2A/10/EXT2709",
    f"(00){CASE[4:]}",
])  # fmt: skip
def test_the_search_of_the_office_finds_it_by_what_is_printed(program: Program, make: Factories, typed: str) -> None:
    tell(program, made(), unit(CASE))
    office = make.client(make.office())

    answer = office.get("/quan-tri/truy-vet", query_string={"q": typed}, follow_redirects=True)

    assert (CASE[4:] if "(00)" in typed else "EXT2709") in answer.text.replace(typed, "")


def test_a_lot_under_an_address_of_somebodys_own_is_found_by_it(program: Program, client: FlaskClient) -> None:
    name = "https://goods.example/lot?n=7"
    tell(program, made(quantityList=[{"epcClass": name, "quantity": 3}]))

    page = client.get("/truy-xuat", query_string={"ma": name}, follow_redirects=True)

    assert page.status_code == 200
    assert "Hợp tác xã mẫu" in page.text


def test_a_lot_that_is_not_recalled_is_told_of_as_far_as_it_is_public(program: Program, client: FlaskClient) -> None:
    ilmd = {"cbvmda:itemExpirationDate": "2027-06-01", "gs1:productionDate": "2026-11-02"}
    tell(
        program,
        made(ilmd=ilmd),
        event(
            bizStep="inspecting", disposition=None, eventTime="2026-11-21T08:00:00+07:00",
            quantityList=[{"epcClass": f"https://id.gs1.org{LOT}"}],
        ),
        event(
            bizStep="retail_selling", disposition="retail_sold", eventTime="2026-11-22T08:00:00+07:00",
            quantityList=[{"epcClass": f"https://id.gs1.org{LOT}", "quantity": 7}],
        ),
    )  # fmt: skip

    led = client.get(LOT)
    assert led.location == PAGE + LOT
    page = client.get(led.location).text

    assert "verdict-wait" in page
    assert "không có trong hệ thống" not in page
    for word in ("01/06/2027", "02/11/2026", "20/11/2026", "21/11/2026", "/san-pham/gao-ray"):
        assert word in page, word
    assert "22/11/2026" not in page, "who bought it is nobody else's matter"
    assert "lo-khong-co" not in (client.get(f"{LOT}?linkType=gs1:pip").location or "")


def test_goods_past_their_date_are_said_to_be(program: Program, client: FlaskClient, now: datetime) -> None:
    tell(program, made(ilmd={"cbvmda:sellByDate": "2026-11-22"}))

    page = client.get(f"{PAGE}{LOT}").text

    assert "Đã quá hạn dùng ngày" in page
    assert "/san-pham/gao-ray" not in page


def test_what_only_a_stranger_says_of_a_lot_makes_it_known_to_nobody(
    program: Program, app: Flask, make: Factories, client: FlaskClient, now: datetime
) -> None:
    stranger = Program(app, make.producer("Người lạ", code="khac1"), now)
    stranger.capture(document(made(), recalls()))

    for query in ("?linkType=gs1:recallStatus", "?linkType=gs1:traceability"):
        assert client.get(LOT + query).status_code == 404
    assert client.get(LOT).location == "/san-pham/gao-ray?lo-khong-co=EXT2709"
    assert client.get(PAGE + LOT).status_code == 404
    assert client.get("/truy-xuat?ma=EXT2709").status_code == 404


def test_a_batch_that_is_not_released_stays_unknown_by_any_name(
    program: Program, client: FlaskClient, make: Factories, ctx: Flask
) -> None:
    item = make.item(make.product(program.organisation, name="Bánh", gtin="09520123456795", slug="banh"))
    make.batch(item, number="B-1", state=LotState.OPEN)

    assert client.get(f"{PAGE}/01/09520123456795/10/B-1").status_code == 404
    assert client.get("/01/09520123456795/10/B-1?linkType=gs1:recallStatus").status_code == 404


@pytest.mark.parametrize("name", ["", "/", "/01/1", "x" * 3000, "\0", "https://", "/01/%00", "//", "urn:epc:id:x"])
def test_a_name_that_is_none_is_not_known(client: FlaskClient, make: Factories, name: str) -> None:
    assert client.get("/truy-xuat/lo", query_string={"ma": name}).status_code == 404


# --- Packs of batches -----------------------------------------------------------------------------------------------


def with_code(program: Program, make: Factories, now: datetime) -> tuple[Batch, str]:
    """Release a batch with a code of ours on a pack."""
    with program.app.app_context():
        item = db.session.scalars(db.select(TradeItem).where(TradeItem.gtin == GTIN)).one()
        with transaction():
            batch = batches.open_batch(
                item, number="B-1", made_on=(now - timedelta(days=20)).date(), expires_on=None, quantity=10, inputs={},
                actor=SYSTEM, now=now - timedelta(days=20),
            )  # fmt: skip
        with transaction():
            production.release(batch, actor=SYSTEM, now=now - timedelta(days=20))
        with transaction():
            items.switch(item.product, True, actor=SYSTEM, now=now)
            roll = items.make_for_batch(batch, 1, actor=SYSTEM, now=now)
            (serial,) = [code.serial for code in items.codes_of(roll.id)]
        return batch, serial


@pytest.mark.parametrize("serial", ["ours", "PK9"])
def test_the_recall_of_a_batch_is_answered_for_a_pack_of_it_alone(
    program: Program, client: FlaskClient, make: Factories, now: datetime, serial: str
) -> None:
    batch, code = with_code(program, make, now)
    if serial != "ours":
        code = serial
        tell(program, unit(f"/01/{GTIN}/10/B-1/21/{code}", action="OBSERVE", bizStep="inspecting"))
    with program.app.app_context(), transaction():
        holding.recall(db.session.get_one(Lot, batch.lot_id), reason="Mốc", actor=SYSTEM, now=now)

    for kind in ("recallStatus", "traceability"):
        led = client.get(f"/01/{GTIN}/21/{code}?linkType=gs1:{kind}")
        assert led.location.startswith(f"/lo/htx01/{batch.token}")
    bare = client.get(f"/01/{GTIN}/21/{code}").location
    assert bare.startswith("/m/" if serial == "ours" else f"/lo/htx01/{batch.token}")


def test_the_page_of_a_code_tells_of_the_recalled_lot_that_its_link_names(
    program: Program, client: FlaskClient, make: Factories, now: datetime
) -> None:
    _, code = with_code(program, make, now)
    tell(program, made(), recalls())

    page = client.get(f"{LOT}/21/{code}", follow_redirects=True).text

    assert "Lô EXT2709 đã bị thu hồi. Không dùng." in page
    assert f"{PAGE}/01/{GTIN}/10/EXT2709" in page


# --- For programs ---------------------------------------------------------------------------------------------------

BESIDE = "/truy-xuat/lo/{}?ma="
DOCUMENTS = {"epcis": BESIDE.format("su-kien.jsonld"), "dpp": BESIDE.format("ho-chieu.jsonld")}
LD = "application/ld+json"


def event_list(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return list(json.loads(answer.text)["epcisBody"]["eventList"])


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("key", [LOT, f"{LOT}/21/PK1", f"/01/{FOREIGN}/10/NM-1", CASE])
def test_a_captured_lot_offers_its_events_and_its_passport(
    program: Program, client: FlaskClient, kind: str, key: str
) -> None:
    goods = f"/01/{FOREIGN}/10/NM-1"
    tell(program, made(), made(goods), unit(CASE), unit(f"{LOT}/21/PK1", action="OBSERVE", bizStep="inspecting"))

    levels = json.loads(client.get(f"{key}?linkType=linkset").text)["linkset"]
    links = [one for level in levels for one in level.get(VOC + kind, ())]
    assert {one["type"] for one in links} == {LD}
    led = client.get(f"{key}?linkType=gs1:{kind}&x=1")
    assert led.status_code == 307
    assert led.location.startswith(DOCUMENTS[kind])
    assert led.location.endswith(f"&linkType=gs1:{kind}&x=1"), "the query goes along"
    assert led.location.partition("&")[0] in {one["href"].removeprefix("http://shop.test") for one in links}
    assert 'rel="linkset"' in led.headers["Link"]
    for method in (client.get, client.head):
        answer = method(led.location)
        assert (answer.status_code, answer.content_type) == (200, LD)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Link" in answer.headers["Access-Control-Expose-Headers"]
    assert client.head(f"{key}?linkType=gs1:{kind}").status_code == 307
    asked = client.options(led.location)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    unknown = client.get(DOCUMENTS[kind] + f"/01/{GTIN}/10/NONE")
    assert (unknown.status_code, unknown.headers["Access-Control-Allow-Origin"]) == (404, "*")


def test_the_events_are_those_that_who_asks_may_see(program: Program, client: FlaskClient, make: Factories) -> None:
    home = [{"type": "possessing_party", "destination": "https://ex.example/nguoi/an"}]
    tell(
        program, made(),
        event(bizStep="inspecting", disposition=None, eventTime="2026-11-21T08:00:00+07:00",
              quantityList=[{"epcClass": f"https://id.gs1.org{LOT}"}]),
        event(bizStep="shipping", disposition=None, eventTime="2026-11-22T08:00:00+07:00", destinationList=home,
              quantityList=[{"epcClass": f"https://id.gs1.org{LOT}", "quantity": 7}]),
        made(key=f"/01/{GTIN}/10/OTHER"),
    )  # fmt: skip
    stranger = Program(program.app, make.producer("Người lạ", code="khac1"), program.now)
    stranger.capture(document(event(bizStep="inspecting", quantityList=[{"epcClass": f"https://id.gs1.org{LOT}"}])))
    path = DOCUMENTS["epcis"] + LOT

    def steps(asker: FlaskClient) -> list[str]:
        return [one["bizStep"] for one in event_list(asker.get(path))]

    assert steps(client) == ["commissioning", "inspecting"]
    assert "nguoi/an" not in client.get(path).text
    assert steps(make.client(make.producer("Bếp khác", code="bepk"))) == ["commissioning", "inspecting"]
    owner = make.client(program.organisation)
    assert "shipping" in steps(owner)
    assert owner.get(path).headers["Cache-Control"] == "no-store"


def test_the_events_come_in_pages(program: Program, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    later = [
        made(eventTime=f"2026-11-{day}T08:00:00+07:00", bizStep="inspecting", action="OBSERVE") for day in (21, 22)
    ]
    tell(program, made(), *later)
    monkeypatch.setattr(queries, "MOST_PER_PAGE", 2)

    first = client.get(f"{DOCUMENTS['epcis']}{LOT}")
    following = re.fullmatch(r'<http://shop\.test([^>]+)>; rel="next"', first.headers["Link"])
    assert following

    assert len(event_list(first)) == 2
    assert len(event_list(client.get(following[1]))) == 1


def test_material_that_is_no_goods_of_a_gtin_shows_its_events_to_its_people_alone(
    program: Program, client: FlaskClient, make: Factories
) -> None:
    name = "https://goods.example/lot?n=7"
    tell(program, made(quantityList=[{"epcClass": name, "quantity": 3}]))
    path = DOCUMENTS["epcis"] + quote(name, safe="")

    assert event_list(client.get(path)) == []
    assert len(event_list(make.client(program.organisation).get(path))) == 1


def test_the_passport_tells_what_the_page_tells(
    program: Program, client: FlaskClient, make: Factories, now: datetime
) -> None:
    ilmd = {"cbvmda:itemExpirationDate": "2027-06-01", "gs1:productionDate": "2026-11-02"}
    sale = event(bizStep="retail_selling", disposition="retail_sold", eventTime="2026-11-22T08:00:00+07:00",
                 quantityList=[{"epcClass": f"https://id.gs1.org{LOT}", "quantity": 7}])  # fmt: skip
    tell(program, made(ilmd=ilmd), sale)
    with program.app.app_context():
        product = db.session.scalars(db.select(TradeItem).where(TradeItem.gtin == GTIN)).one().product
    make.certificate(product, number="MAU-1")
    stop(program, LOT, "office", now)

    told = json.loads(client.get(DOCUMENTS["dpp"] + LOT).text)

    assert told["@id"] == f"https://id.gs1.org{LOT}"
    assert told["url"] == f"http://shop.test{PAGE}{LOT}"
    assert {"@value": "Gạo rẫy, gói 500 g", "@language": "vi"} in told["name"]
    assert (told["gs1:gtin"], told["gs1:hasBatchLotNumber"]) == (GTIN, "EXT2709")
    assert (told["productionDate"], told["gs1:expirationDate"]) == ("2026-11-02", "2027-06-01")
    assert [one["bizStep"] for one in told["subjectOf"]][:1] == ["cbv:BizStep-commissioning"]
    assert "retail_selling" not in str(told)
    assert told["gs1:certification"][0]["gs1:certificationIdentification"] == "MAU-1"
    properties = {one["name"]: one["value"] for one in told["additionalProperty"]}
    assert properties == {"batchState": "recalled", "reason": "Kim loại nặng", "declaredBy": "Hợp tác xã mẫu"}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_pack_of_a_batch_leads_to_the_documents_of_the_batch(
    program: Program, client: FlaskClient, make: Factories, now: datetime, kind: str
) -> None:
    batch, code = with_code(program, make, now)

    led = client.get(f"/01/{GTIN}/21/{code}?linkType=gs1:{kind}")
    assert led.location.startswith(f"/lo/htx01/{batch.token}/")
    assert client.get(led.location).status_code == 200
    name = f"/01/{GTIN}/10/B-1"
    tell(program, unit(f"{name}/21/PK9", action="OBSERVE", bizStep="inspecting"))
    beside = client.get(f"{DOCUMENTS[kind]}{name}")
    assert (beside.status_code, beside.location) == (307, led.location.partition("?")[0])
