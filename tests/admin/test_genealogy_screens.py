"""Tracing in the back office: where one may begin, both ways, four views of the same, and who sees whose lots."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from admin import genealogy as screens
from catalog.models import Product
from kernel.db import transaction
from stock.models import LocationKind
from tests.factories import BA_DONG, Factories
from traceability import genealogy, items
from traceability.models import Batch, Lot, LotKind, LotState

TOKEN = "7k2qxm90ad"


@pytest.fixture
def chain(make: Factories, app: Flask) -> SimpleNamespace:
    """Rice of a neighbour and of our own, milled, packed in two batches; one lies at a sales point."""
    ours, theirs = make.producer("HTX Ba Động", code="htxbd"), make.producer("HTX Ba Vì", code="htxbv")
    product = make.product(ours, name="Gạo rẫy", gtin="09520123456788")
    certificate = make.certificate(product, number="MAU-2025-777")
    item = make.item(product)
    before = make.raw_lot(theirs, name="Thóc giống", number="GIONG-1")
    bought = make.raw_lot(theirs, name="Thóc mua", number="MUA-1")
    own = make.raw_lot(
        ours, name="Thóc rẫy", number="NL-1", growing_area="Rẫy Nước Lang", supplier="Hộ Phạm Văn Tế", commune=BA_DONG
    )
    milled = make.raw_lot(ours, name="Gạo xay", number="TG-1", kind=LotKind.INTERMEDIATE, quantity=60_000)
    first = make.batch(item, number="GR-1", token=TOKEN, quantity=100)
    second = make.batch(item, number="GR-2", quantity=50)
    edges = (
        (bought.id, before.id, 1_000),
        (milled.id, bought.id, 30_000),
        (milled.id, own.id, 50_000),
        (first.lot_id, milled.id, 40_000),
        (second.lot_id, milled.id, 20_000),
    )
    for edge in edges:
        make.edge(*edge)
    make.on_hand(first.lot_id, make.location(ours, LocationKind.WAREHOUSE), ours, 88)
    return SimpleNamespace(
        ours=ours,
        theirs=theirs,
        certificate=certificate,
        before=before,
        bought=bought,
        own=own,
        milled=milled,
        first=first,
        second=second,
        client=make.client(ours),
    )


def words(html: str) -> str:
    """Give what a reader sees of the main part of a page."""
    main = html.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def show(client: FlaskClient, **asked: object) -> str:
    answer = client.get("/quan-tri/truy-vet/chuoi", query_string={k.replace("_", "-"): v for k, v in asked.items()})
    assert answer.status_code == 200, answer.text[:500]
    return words(answer.text)


@pytest.mark.parametrize(
    "typed",
    ["GR-1", "gr-1", TOKEN, "HTXBD 7K2QX-M90AD", "http://shop.test/lo/htxbd/" + TOKEN, "09520123456788 GR-1",
     "(01)09520123456788(10)GR-1", "https://id.gs1.org/01/09520123456788/10/GR-1"],
)  # fmt: skip
def test_a_batch_is_found_by_anything_that_is_printed_on_it(typed: str, chain: SimpleNamespace) -> None:
    page = chain.client.get("/quan-tri/truy-vet", query_string={"q": typed}).text

    assert f"lo={chain.first.lot_id}" in page
    assert f"lo={chain.second.lot_id}" not in page


def test_certificates_areas_and_suppliers_are_found_by_their_words(chain: SimpleNamespace) -> None:
    def found(typed: str) -> str:
        return chain.client.get("/quan-tri/truy-vet", query_string={"q": typed}).text

    assert "chung-nhan=MAU-2025-777" in found("MAU-2025")
    assert "Rẫy Nước Lang, Xã Ba Động" in found("Nước Lang")
    assert "Hộ Phạm Văn Tế" in found("Văn Tế")
    assert "Không tìm thấy" in found("không có gì như thế")


def test_a_batch_is_traced_back_to_its_material_and_no_further_than_the_neighbour(chain: SimpleNamespace) -> None:
    text = show(chain.client, lo=chain.first.lot_id)

    for name in ("Gạo xay · TG-1 – 40 kg", "Thóc rẫy · NL-1 – 50 kg", "Thóc mua · MUA-1 – 30 kg"):
        assert name in text
    assert "lô của HTX Ba Vì" in text
    assert "GIONG-1" not in text, "what is behind the neighbour's lot is the neighbour's to tell"


def test_material_is_traced_forward_to_the_goods_and_who_holds_them(chain: SimpleNamespace) -> None:
    text = show(chain.client, lo=chain.own.id)
    holders = show(chain.client, lo=chain.own.id, xem="noi-giu")

    assert "GR-1" in text
    assert "GR-2" in text
    assert "HTX Ba Động" in holders
    assert "88" in holders


def test_the_neighbour_sees_one_step_forward_and_its_own_steps_back(chain: SimpleNamespace, make: Factories) -> None:
    client = make.client(chain.theirs)

    text = show(client, lo=chain.bought.id, huong="ca-hai")

    assert "GIONG-1" in text
    assert "TG-1" in text
    assert "lô của HTX Ba Động" in text
    assert "GR-1" not in text
    assert client.get(f"/quan-tri/truy-vet/chuoi?lo={chain.milled.id}").status_code == 404


def test_the_office_sees_all_of_its_jurisdiction(chain: SimpleNamespace, make: Factories) -> None:
    text = show(make.client(make.office()), lo=chain.first.lot_id)

    assert "GIONG-1" in text
    assert "lô của" not in text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"chung_nhan": "MAU-2025-777"}, {"GR-1", "GR-2", "TG-1", "NL-1", "MUA-1"}),
        ({"vung": "rẫy nước lang".title(), "xa": BA_DONG}, {"NL-1", "TG-1", "GR-1", "GR-2"}),
        ({"nguon": "Hộ Phạm Văn Tế"}, {"NL-1", "TG-1", "GR-1", "GR-2"}),
        ({"lo": "milled", "huong": "ca-hai"}, {"TG-1", "NL-1", "MUA-1", "GR-1", "GR-2"}),
    ],
)
def test_every_start_leads_to_its_chain_in_every_view(
    asked: dict[str, str], expected: set[str], chain: SimpleNamespace
) -> None:
    if asked.get("lo"):
        asked = {**asked, "lo": chain.milled.id}
    for view in ("cay", "hinh", "bang"):
        text = show(chain.client, xem=view, **asked)
        assert {one for one in ("GR-1", "GR-2", "TG-1", "NL-1", "MUA-1", "GIONG-1") if one in text} == expected, view


def test_a_certificate_counts_only_batches_made_while_it_stood(
    chain: SimpleNamespace, make: Factories, app: Flask
) -> None:
    with app.app_context(), transaction() as session:
        row = session.merge(chain.certificate)
        row.revoked_on, row.revocation_reason = row.issued_on, "Hồ sơ sai"
    text = show(chain.client, chung_nhan="MAU-2025-777")

    assert "GR-1" not in text
    assert "Không có lô nào" in text


def test_the_code_of_a_single_pack_leads_to_its_batch(chain: SimpleNamespace, app: Flask, now: datetime) -> None:
    with app.app_context(), transaction() as session:
        items.switch(session.get_one(Product, chain.certificate.product_id), True, actor=SYSTEM, now=now)
        roll = items.make_for_batch(session.get_one(Batch, chain.first.lot_id), 2, actor=SYSTEM, now=now)
        serial = next(iter(items.codes_of(roll.id))).serial

    for typed in (
        items.spoken(serial),
        f"http://shop.test/m/{serial}",
        f"https://id.gs1.org/01/09520123456788/21/{serial}",
    ):
        text = chain.client.get("/quan-tri/truy-vet", query_string={"q": typed}).text
        assert "GR-1" in text, typed
        assert "GR-2" not in text, typed


def test_a_supplier_that_is_an_organisation_is_traced_by_its_code(
    chain: SimpleNamespace, make: Factories, app: Flask
) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Lot, chain.own.id).supplier_organisation_id = chain.theirs.id

    assert "TG-1" in show(chain.client, to_chuc="htxbv")
    assert "htxbv" in chain.client.get("/quan-tri/truy-vet?q=Ba Vì").text


def test_what_nobody_knows_is_not_there(chain: SimpleNamespace) -> None:
    for asked in ({"vung": "Chưa từng"}, {"nguon": "Chưa từng"}, {"chung-nhan": "MAU-0"}, {"lo": "9999999"}, {}):
        assert chain.client.get("/quan-tri/truy-vet/chuoi", query_string=asked).status_code == 404, asked


def test_the_file_holds_the_chain_with_levels_amounts_and_shares(chain: SimpleNamespace) -> None:
    text = chain.client.get(f"/quan-tri/truy-vet/chuoi?lo={chain.own.id}&dang=csv").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";" if ";" in text[:200] else ","))

    by_number = {row[3]: row for row in rows[1:]}
    assert set(by_number) == {"NL-1", "TG-1", "GR-1", "GR-2"}
    assert [by_number[number][1] for number in ("NL-1", "TG-1", "GR-1")] == ["0", "1", "2"]
    assert by_number["TG-1"][9] == "50,00"  # 50 of 100 kg
    assert by_number["GR-1"][9] == "33,33"  # 40 of the 60 kg that it was milled to
    assert by_number["GR-1"][8].replace("\xa0", " ") == "40 kg"


def test_a_held_lot_is_named_above_whatever_the_view(chain: SimpleNamespace, app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Lot, chain.bought.id).state = LotState.HELD

    for view in ("cay", "hinh", "bang", "noi-giu"):
        assert "1 lô trong chuỗi đang bị tạm giữ hoặc thu hồi: Thóc mua · MUA-1" in show(
            chain.client, lo=chain.first.lot_id, xem=view
        )


def test_a_cut_chain_says_so_and_one_can_walk_on(
    chain: SimpleNamespace, make: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make.edge(chain.first.lot_id, make.raw_lot(chain.ours).id, 1)
    monkeypatch.setattr(genealogy, "MOST_EDGES", 2)
    monkeypatch.setattr(screens, "MOST_EDGES", 2)

    page = chain.client.get(f"/quan-tri/truy-vet/chuoi?lo={chain.first.lot_id}").text

    assert "Danh sách bị cắt." in page
    assert "đi tiếp từ đây" in page


def test_a_circle_ends_in_the_tree(chain: SimpleNamespace, make: Factories) -> None:
    make.edge(chain.own.id, chain.first.lot_id, 1)

    text = show(chain.client, lo=chain.first.lot_id)

    assert text.count("đã mở ở chỗ khác") == 1


def test_the_table_is_searched_sorted_and_paged(
    chain: SimpleNamespace, make: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screens, "ROWS", 2)
    path = f"/quan-tri/truy-vet/chuoi?lo={chain.first.lot_id}&xem=bang"

    def numbers(more: str) -> list[str]:
        return re.findall(r"<small>([^<]+?) · ", chain.client.get(path + more).text)

    assert numbers("&sap-xep=-so") == ["TG-1", "NL-1"]
    assert numbers("&sap-xep=-so&trang=2") == ["MUA-1", "GR-1"]
    assert numbers("&q=thoc+ray") == ["NL-1"]


def test_lots_and_batches_lead_there(chain: SimpleNamespace) -> None:
    assert (
        f"/quan-tri/truy-vet/chuoi?lo={chain.own.id}" in chain.client.get(f"/quan-tri/nguyen-lieu/{chain.own.id}").text
    )
    batch = chain.first.lot_id
    assert f"/quan-tri/truy-vet/chuoi?lo={batch}" in chain.client.get(f"/quan-tri/lo-hang/{batch}").text
