"""The page behind a printed code: what it says in every state, what it costs, and when it changes."""

from __future__ import annotations

import io
import itertools
import json
import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, select

from accounts.actor import SYSTEM
from accounts.models import OrganisationKind
from catalog.models import TradeItem, Unit
from kernel import media
from kernel.db import db, transaction
from ocop import certification
from ocop.models import Certificate
from tests.factories import BA_DONG, BA_TO, Factories
from traceability import batches, lots, recording
from traceability.lots import Received
from traceability.models import Batch, EventKind, Lot, LotKind, LotState, TraceEvent
from traceability.recording import NamedLot

TOKEN = "7k2qxm90ad"
TODAY = date(2026, 11, 24)


class _Words(HTMLParser):
    """The text of a page as a reader sees it, with its scripts and styles left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def words(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.parts))


@pytest.fixture
def story(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """A batch of hill rice: two raw lots, milled, packed, dried in between, tested, released."""
    producer = make.producer(
        "HTX Ba Động", code="htxbd", commune=BA_DONG, address="Thôn Suối Loa", story_vi="Mười hai hộ trồng lúa rẫy."
    )
    make.unit(BA_TO)
    product = make.product(
        producer, name="Gạo rẫy", name_en="Hill rice", price_vnd=85_000, brand="Suối Loa", standards="TCCS 01:2026"
    )
    item = make.item(product)
    with app.app_context():
        told = {"unit": Unit.GRAM, "quantity": 300_000, "harvested_on": date(2026, 10, 12)}
        with transaction():
            raw = [
                lots.receive_raw_lot(
                    producer,
                    Received(
                        name_vi="Thóc rẫy",
                        number=f"NL-{commune}",
                        received_on=date(2026, 10, 14),
                        commune=commune,
                        supplier=f"Nhóm hộ {commune}",
                        growing_area="Rẫy Nước Lang",
                        **told,
                    ),
                    actor=SYSTEM,
                    now=now,
                )
                for commune in (BA_DONG, BA_TO)
            ]
        with transaction():
            milled = lots.make_intermediate(
                producer,
                name_vi="Gạo xay",
                number="TG-1",
                quantity=400_000,
                unit=Unit.GRAM,
                made_on=date(2026, 10, 18),
                inputs={lot.id: 300_000 for lot in raw},
                actor=SYSTEM,
                now=now,
            )
        with transaction():
            batch = batches.open_batch(
                db.session.get_one(TradeItem, item.id),
                number="L261022-01",
                made_on=date(2026, 10, 22),
                expires_on=date(2027, 10, 22),
                quantity=800,
                inputs={milled.id: 400_000},
                token=TOKEN,
                actor=SYSTEM,
                now=now,
            )
        with transaction():
            recording.record_event(
                EventKind.OBJECT,
                "inspecting",
                [NamedLot(batch.lot_id)],
                title_vi="Kiểm nghiệm",
                title_en="Tested",
                note_vi="Đạt, phiếu KN-2231",
                actor=SYSTEM,
                organisation_id=producer.id,
                event_at=lots.at_noon(date(2026, 10, 23), now),
                now=now,
            )
        with transaction():
            batches.release(batch, actor=SYSTEM, now=now)
        return SimpleNamespace(lot_id=batch.lot_id, product=product)


def page(client: FlaskClient, language: str = "vi") -> str:
    answer = client.get(f"/lo/htxbd/{TOKEN}", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def lot_of(batch: SimpleNamespace) -> Lot:
    return db.session.get_one(Lot, batch.lot_id)


# --- What it says -----------------------------------------------------------------------------------------


def test_no_origin_of_the_raw_material_is_made_up(app: Flask, client: FlaskClient, make: Factories) -> None:
    producer = make.producer("HTX Ba Động", code="htxbd", commune=BA_DONG)
    make.batch(make.item(make.product(producer, name="Trà gừng")), token=TOKEN)

    html = page(client)

    assert "Chủ thể chưa ghi nguyên liệu của lô này từ đâu." in words(html)
    assert "Nơi có nguyên liệu:" not in html
    assert '<p>Made by <a href="/chu-the/' in page(client, "en")


def test_the_story_is_told_from_the_harvest_on(client: FlaskClient, story: SimpleNamespace) -> None:
    text = words(page(client))

    steps = ["Thu hoạch", "Nhận nguyên liệu", "Gạo xay", "Đóng gói thành phẩm", "Kiểm nghiệm", "Nhập kho"]
    places = [text.index(step, text.index("Hành trình của lô hàng")) for step in steps]
    assert places == sorted(places)
    assert "Đạt, phiếu KN-2231" in text
    assert "Rẫy Nước Lang, xã Ba Động; " in text


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("1. Tên sản phẩm", "Gạo rẫy, gói 500 g"),
        ("2. Hình ảnh", "Chưa"),
        ("3. Đơn vị sản xuất, kinh doanh", "HTX Ba Động"),
        ("4. Địa chỉ", "Thôn Suối Loa, xã Ba Động, tỉnh Quảng Ngãi"),
        ("5. Xuất xứ", "Rẫy Nước Lang"),
        ("6. Các sự kiện và thời gian", "8 sự kiện (12/10/2026 – 24/11/2026)"),
        ("7. Thương hiệu, số lô", "Suối Loa · L261022-01"),
        ("8. Hạn sử dụng", "22/10/2027"),
        ("9. Tiêu chuẩn áp dụng", "TCCS 01:2026"),
    ],
)
def test_the_nine_items_of_the_law_are_there(
    item: str, value: str, client: FlaskClient, story: SimpleNamespace
) -> None:
    """Source: NĐ 37/2026/NĐ-CP, Điều 23.5."""
    text = words(page(client))

    assert text[text.index(item) + len(item) :].lstrip().startswith(value)


def test_it_is_whole_in_english(client: FlaskClient, story: SimpleNamespace) -> None:
    text = words(page(client, "en"))

    for sentence in ("The way of this batch", "Harvest", "Hill rice", "Good until", "22 Oct 2027", "Papers"):
        assert sentence in text
    assert not re.search(r"Hành trình|Giấy tờ|Hạn sử dụng", text)


def test_machines_read_it_too_and_no_stars_are_told_to_them(client: FlaskClient, story: SimpleNamespace) -> None:
    html = page(client)

    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)[1])
    assert data["@id"] == f"http://shop.test/lo/htxbd/{TOKEN}"
    assert data["productID"] == "lot:L261022-01"
    assert "offers" not in data
    assert "aggregateRating" not in data


def test_the_chain_and_the_map_are_drawn_and_said_in_words(client: FlaskClient, story: SimpleNamespace) -> None:
    html = page(client)

    assert 'class="graph"' in html
    assert 'class="map"' in html
    text = words(html)
    listed = text[text.index("Xem dạng danh sách") :]
    for name in ("Thóc rẫy", "Nhóm hộ 21496", "Gạo xay", "làm từ"):
        assert name in listed


def test_another_batch_of_the_same_material_is_no_part_of_the_story(
    client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, now: datetime
) -> None:
    with app.app_context():
        producer = lot_of(story).owner
        other = make.raw_lot(producer, quantity=1000)
        with transaction():
            raw = db.session.query(Lot).filter(Lot.number == "TG-1").one()
            raw.quantity += 1
            lots.make_intermediate(
                producer,
                name_vi="Bánh của người khác",
                number="TG-9",
                quantity=1,
                unit=Unit.GRAM,
                made_on=TODAY,
                inputs={raw.id: 1, other.id: 1},
                actor=SYSTEM,
                now=now,
            )

    assert "Bánh của người khác" not in page(client)


def test_of_a_corrected_event_the_newer_one_is_told(
    client: FlaskClient, story: SimpleNamespace, app: Flask, now: datetime
) -> None:
    with app.app_context(), transaction():
        tested = db.session.query(TraceEvent).filter(TraceEvent.title_vi == "Kiểm nghiệm").one()
        recording.correct_event(tested, reason="Ghi nhầm số", note_vi="Đạt, phiếu KN-2232", actor=SYSTEM, now=now)

    text = words(page(client))
    assert "KN-2231" not in text
    assert "KN-2232 – Đã đính chính ngày 24/11/2026." in text


def test_what_producers_write_is_never_markup(
    client: FlaskClient, story: SimpleNamespace, app: Flask, now: datetime
) -> None:
    with app.app_context(), transaction():
        recording.record_event(
            EventKind.OBJECT,
            "other",
            [NamedLot(story.lot_id)],
            title_vi="<script>alert(1)</script>",
            note_vi="<img src=x onerror=alert(2)>",
            actor=SYSTEM,
            organisation_id=lot_of(story).owner_id,
            now=now,
        )

    html = page(client)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html


# --- The verdict ------------------------------------------------------------------------------------------

STATES = {
    "declared": ("chưa có bên thứ ba xác nhận", True),
    "confirmed": ("xác nhận ngày 24/11/2026", True),
    "lapsed": ("Đã hết hạn công nhận OCOP ngày", True),
    "revoked": ("Đã bị thu hồi công nhận OCOP ngày", True),
    "past_date": ("Đã quá hạn dùng", False),
    "held": ("Đang tạm giữ từ ngày 24/11/2026", False),
    "recalled": ("Đã thu hồi ngày 24/11/2026", False),
}


@pytest.mark.parametrize("state", STATES)
def test_the_first_words_say_the_state(
    state: str, client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, now: datetime
) -> None:
    product = story.product
    with app.app_context():
        office = make.office("Tổ OCOP Ba Tơ")
        actor = make.actor(office)
        if state in ("lapsed", "confirmed", "recalled", "held", "past_date"):
            issued = date(2023, 11, 20) if state == "lapsed" else date(2025, 1, 1)
            make.certificate(product, stars=4, number="MAU-1", issued_on=issued)
        if state == "revoked":
            make.certificate(product, number="MAU-1", revoked_on=TODAY, revocation_reason="Hồ sơ sai")
        batch = db.session.get_one(Batch, story.lot_id)
        with transaction():
            if state == "confirmed":
                batches.confirm(batch, checked="Đã xem sổ thu mua", actor=actor, now=now)
            if state == "held":
                batches.hold(lot_of(story), reason="Chờ kết quả", actor=actor, now=now)
            if state == "recalled":
                batches.recall(lot_of(story), reason="Nhãn ghi sai", actor=actor, now=now)
            if state == "past_date":
                batch.expires_on = date(2026, 11, 23)

    html = page(client)
    text = words(html)
    sentence, may_be_bought = STATES[state]
    assert sentence in text[: text.index("Ngày sản xuất")]
    assert ("Xem nơi bán" in text) == may_be_bought
    assert "không chứng minh được gói hàng trong tay bạn" in text
    assert ('class="verdict verdict-good"' in html) == (state == "confirmed"), (
        "green only where a third party confirmed"
    )
    assert ('class="stars"' in html) == (state in ("confirmed", "recalled", "held", "past_date"))
    reasons = {"confirmed": "Đã xem sổ thu mua", "held": "Chờ kết quả", "recalled": "Nhãn ghi sai", "revoked": "Hồ sơ"}
    assert reasons.get(state, "") in text
    if state in ("held", "recalled"):
        verdict = html[html.index('class="verdict verdict-bad"') : html.index('class="batch-top"')]
        assert reasons[state] in verdict
        assert "<details" not in verdict, "why not to use it, and what to do, stand open"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_recalled_batch_is_not_said_to_be_looked_at(
    language: str, client: FlaskClient, story: SimpleNamespace, app: Flask, now: datetime
) -> None:
    with app.app_context(), transaction():
        raw = db.session.scalars(select(Lot).where(Lot.kind == LotKind.RAW).order_by(Lot.id)).first()
        batches.recall(raw, reason="Lúa mốc", actor=SYSTEM, now=now)
    looked_at = {"vi": "Lô hàng đang được xem xét", "en": "The batch is being looked at"}[language]
    before = words(client.get(f"/lo/htxbd/{TOKEN}?lang={language}").get_data(as_text=True))
    with app.app_context(), transaction():
        batches.recall(lot_of(story), reason="Lúa mốc", actor=SYSTEM, now=now)
    after = words(client.get(f"/lo/htxbd/{TOKEN}?lang={language}").get_data(as_text=True))

    assert looked_at in before
    assert looked_at not in after
    assert {"vi": "cũng đã bị thu hồi", "en": "is recalled too"}[language] in after


def test_a_batch_not_yet_released_does_not_exist_for_the_public(client: FlaskClient, make: Factories) -> None:
    producer = make.producer(code="htxbd")
    make.batch(make.item(make.product(producer)), state=LotState.OPEN, token=TOKEN)

    for address in (f"/lo/htxbd/{TOKEN}", f"/lo/htxbd/{TOKEN}/ma.svg", f"/lo/htxbd/{TOKEN}/ma.png"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/lo/htxbd/0000000000", "/lo/other/" + TOKEN, "/lo/htxbd/x", "/lo/htxbd/Đường"])
def test_an_unknown_code_offers_to_type_it_again(address: str, client: FlaskClient, story: SimpleNamespace) -> None:
    answer = client.get(address, follow_redirects=True)

    assert answer.status_code == 404
    assert "Mã này không có trong hệ thống" in words(answer.text)
    assert 'action="/truy-xuat"' in answer.text
    assert "Gạo rẫy" not in answer.text


def test_a_code_typed_in_capitals_leads_to_the_one_address(client: FlaskClient, story: SimpleNamespace) -> None:
    answer = client.get("/lo/HTXBD/7K2QX-M90AD?utm=x")

    assert answer.status_code == 301
    assert answer.location == f"/lo/htxbd/{TOKEN}?utm=x"


def test_an_alcohol_batch_leads_to_its_product_and_not_to_buying(client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(code="htxbd"), name="Rượu sim", is_alcohol=True)
    make.batch(make.item(product), token=TOKEN)

    text = words(page(client))
    assert "Xem sản phẩm" in text
    assert "Xem nơi bán" not in text


def test_held_raw_material_is_told_on_the_goods_made_from_it(
    client: FlaskClient, story: SimpleNamespace, app: Flask, now: datetime
) -> None:
    page(client)
    with app.app_context(), transaction():
        raw = db.session.query(Lot).filter(Lot.number == f"NL-{BA_TO}").one()
        batches.hold(raw, reason="Nghi có thuốc", actor=SYSTEM, now=now)

    assert "Nguyên liệu của lô này đang bị tạm giữ: Thóc rẫy" in words(page(client))


# --- When it changes --------------------------------------------------------------------------------------


def test_stars_lapse_at_midnight_of_viet_nam(
    client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, stopped_clock: Any, now: datetime
) -> None:
    product = story.product
    make.certificate(product, stars=4, number="MAU-1", issued_on=date(2023, 11, 25))
    last_second = datetime(2026, 11, 24, 16, 59, 59, tzinfo=now.tzinfo)

    stopped_clock(last_second)
    before = page(client)
    stopped_clock(last_second + timedelta(seconds=1))
    after = page(client)

    assert 'class="stars"' in before
    assert 'class="stars"' not in after
    assert "Đã hết hạn công nhận OCOP ngày 25/11/2026" in words(after)


def test_a_batch_is_past_its_date_from_the_day_after_on(
    client: FlaskClient, story: SimpleNamespace, stopped_clock: Any, now: datetime
) -> None:
    stopped_clock(datetime(2027, 10, 22, 16, 59, 59, tzinfo=now.tzinfo))
    assert "Đã quá hạn dùng" not in words(page(client))

    stopped_clock(datetime(2027, 10, 22, 17, 0, 0, tzinfo=now.tzinfo))
    assert "Đã quá hạn dùng" in words(page(client))


def test_a_revocation_shows_at_the_very_next_request(
    client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, now: datetime
) -> None:
    product = story.product
    made = make.certificate(product, stars=4, number="MAU-1")
    with app.app_context(), transaction():
        from kernel import pages

        pages.bump(pages.product(product.id))
    for address in (f"/lo/htxbd/{TOKEN}", "/chung-nhan/MAU-1", "/chung-nhan", f"/san-pham/{product.slug}"):
        assert client.get(address).status_code == 200
        assert client.get(address).headers["ETag"] == client.get(address).headers["ETag"], "a copy is kept"
        assert "4 sao" in client.get(address).text

    with app.app_context(), transaction():
        certification.revoke(db.session.get_one(Certificate, made.id), reason="Hồ sơ sai", actor=SYSTEM, now=now)

    for address in (f"/lo/htxbd/{TOKEN}", "/chung-nhan/MAU-1", f"/san-pham/{product.slug}"):
        assert 'class="stars"' not in client.get(address).text, address
    assert "Đã thu hồi" in words(client.get("/chung-nhan").text)


def test_a_recall_and_an_event_show_at_the_very_next_request(
    client: FlaskClient, story: SimpleNamespace, app: Flask, now: datetime
) -> None:
    page(client)
    with app.app_context(), transaction():
        raw = db.session.query(Lot).filter(Lot.number == f"NL-{BA_TO}").one()
        recording.record_event(
            EventKind.OBJECT,
            "inspecting",
            [NamedLot(raw.id)],
            title_vi="Kiểm tra thóc",
            actor=SYSTEM,
            organisation_id=raw.owner_id,
            now=now,
        )
    assert "Kiểm tra thóc" in page(client)

    with app.app_context(), transaction():
        batches.recall(lot_of(story), reason="Nhãn ghi sai", actor=SYSTEM, now=now)
    assert "Đã thu hồi ngày" in words(page(client))


# --- What it costs ----------------------------------------------------------------------------------------


def _counted(app: Flask, client: FlaskClient, address: str) -> int:
    statements: list[str] = []

    def note(_c: Any, _cu: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "PRAGMA", "SET ", "SHOW", "ROLLBACK", "COMMIT")):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_a_cold_page_takes_at_most_eight_statements_and_a_warm_one_none_of_them(
    client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, now: datetime
) -> None:
    product = story.product
    with app.app_context():
        with transaction():
            digest = media.store_picture(_png(), now=now)
            batch_event = db.session.query(TraceEvent).filter(TraceEvent.title_vi == "Kiểm nghiệm").one()
            recording.correct_event(
                batch_event, reason="Thêm ảnh", files=[recording.Attachment(digest, "Mẫu gạo")], actor=SYSTEM, now=now
            )
            lots.add_document(lot_of(story), digest, title="Phiếu kiểm nghiệm", is_public=True, actor=SYSTEM, now=now)
        _add_photo(product.published_version_id, digest)
    make.certificate(product, stars=4, number="MAU-1")
    client.get("/healthz")  # whatever an application asks once is asked now

    assert _counted(app, client, f"/lo/htxbd/{TOKEN}") <= 8
    assert _counted(app, client, f"/lo/htxbd/{TOKEN}") == 0
    html = page(client)
    assert 'alt="Mẫu gạo"' in html
    assert 'alt="Nia gạo"' in html
    assert f'href="/tai-lieu/{digest}"' in html


def test_its_html_fits_the_first_round_trip_with_its_style(client: FlaskClient, story: SimpleNamespace) -> None:
    answer = client.get(f"/lo/htxbd/{TOKEN}", headers={"Accept-Encoding": "br"})

    assert len(answer.data) <= (14 + 8) * 1024, "14 kB of HTML and 8 kB of style, compressed"
    assert "<style>" in page(client)
    assert "style-src 'self' 'sha256-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers


def _png(side: int = 600) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (150, 120, 80)).save(file, "PNG")
    return file.getvalue()


def _add_photo(version_id: int, digest: str) -> None:
    from catalog.models import VersionPhoto

    with transaction() as session:
        session.add(VersionPhoto(version_id=version_id, position=1, digest=digest, alt_vi="Nia gạo", alt_en="Rice"))


# --- Its code ---------------------------------------------------------------------------------------------


def _decoded(png: bytes) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"))]


def _painted(svg: str, px: int = 6) -> bytes:
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    image = Image.new("L", (side * px, side * px), 255)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        box = (int(x) * px, int(y) * px, (int(x) + int(width)) * px, (int(y) + 1) * px)
        image.paste(0, box)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("gtin", [None, "09520123456788"])
def test_the_printed_code_reads_back_as_the_address_it_should_hold(
    gtin: str | None, client: FlaskClient, make: Factories
) -> None:
    product = make.product(make.producer(code="htxbd"), gtin=gtin)
    make.batch(make.item(product), number="CF/02+1", token=TOKEN)
    expected = f"http://shop.test/01/{gtin}/10/CF%2F02%2B1" if gtin else f"http://shop.test/lo/htxbd/{TOKEN}"

    png = client.get(f"/lo/htxbd/{TOKEN}/ma.png")
    svg = client.get(f"/lo/htxbd/{TOKEN}/ma.svg")
    html = page(client)

    assert (png.mimetype, svg.mimetype) == ("image/png", "image/svg+xml")
    assert _decoded(png.data) == [expected]
    assert _decoded(_painted(svg.text)) == [expected]
    inline = re.search(r'<figure class="qr">(<svg.*?</svg>)', html, re.S)[1]
    assert _decoded(_painted(inline)) == [expected]
    assert "HTXBD 7K2QX-M90AD" in html
    assert ("Mã nội bộ" in html) == (gtin is None)


def test_the_code_of_a_digital_link_opens_the_batch(client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(code="htxbd"), gtin="09520123456788")
    make.batch(make.item(product), number="CF/02+1", token=TOKEN)
    printed = _decoded(client.get(f"/lo/htxbd/{TOKEN}/ma.png").data)[0]

    answer = client.get(printed.removeprefix("http://shop.test"))

    assert (answer.status_code, answer.location) == (307, f"/lo/htxbd/{TOKEN}")


def test_a_sales_point_that_receives_goods_is_named_in_the_story(
    client: FlaskClient, story: SimpleNamespace, make: Factories, app: Flask, now: datetime
) -> None:
    point = make.organisation("Điểm bán Ba Tơ", kind=OrganisationKind.SALES_POINT)
    with app.app_context(), transaction():
        recording.record_event(
            EventKind.OBJECT,
            "receiving",
            [NamedLot(story.lot_id, quantity=12)],
            title_vi="Điểm bán nhận hàng",
            actor=SYSTEM,
            organisation_id=point.id,
            now=now,
        )

    text = words(page(client))
    assert "Điểm bán Ba Tơ" in text[text.index("Điểm bán nhận hàng") :]


def test_a_producer_of_another_province_is_said_to_be_there(client: FlaskClient, make: Factories) -> None:
    hanoi = "09700"  # xã Ba Vì, thành phố Hà Nội
    batch = make.batch(make.item(make.product(make.producer("HTX Ba Vì", code="bavihn", commune=hanoi))))

    for language, city in (("vi", "thành phố Hà Nội"), ("en", "Hà Nội city")):
        page = client.get(f"/lo/bavihn/{batch.token}?lang={language}").get_data(as_text=True)

        assert city in page
        assert "Quảng Ngãi" not in page.split("<main", 1)[1].split("</main>", 1)[0]


# --- A long chain -----------------------------------------------------------------------------------------


def test_a_chain_of_five_levels_and_forty_lots_stands_on_one_page(
    client: FlaskClient, make: Factories, app: Flask, now: datetime
) -> None:
    """Two lots go into each of the ten below them, and so on: all is drawn, listed, and still light."""
    producer = make.producer(code="htxbd")
    levels = [
        [make.raw_lot(producer, name=f"Nguyên liệu {level}-{n}", quantity=1_000_000) for n in range(10)]
        for level in range(4)
    ]
    make.batch(make.item(make.product(producer)), token=TOKEN, inputs={lot.id: 10 for lot in levels[3]})
    for above, below in itertools.pairwise(levels):
        for n, lot in enumerate(below):
            make.edge(lot.id, above[n].id, 1_000)
            make.edge(lot.id, above[(n + 3) % 10].id, 1_000)
    with app.app_context(), transaction():
        for lot in (lot for level in levels for lot in level):
            recording.record_event(
                EventKind.OBJECT,
                "receiving",
                [NamedLot(lot.id)],
                title_vi="Nhận nguyên liệu",
                actor=SYSTEM,
                organisation_id=producer.id,
                now=now,
            )

    assert _counted(app, client, f"/lo/htxbd/{TOKEN}?lan=1") <= 8
    html = page(client)
    answer = client.get(f"/lo/htxbd/{TOKEN}", headers={"Accept-Encoding": "br"})

    names = [f"Nguyên liệu {level}-{n}" for level in range(4) for n in range(10)]
    assert [name for name in names if html.count(name) < 3] == [], "drawn, listed, and told"
    assert html.count('class="graph-box') == 41
    assert "Danh sách bị cắt" not in html
    assert len(answer.data) < 40_000, "what the page weighs beside its one picture"
