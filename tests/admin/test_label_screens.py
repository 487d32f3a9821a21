"""The screens of labels, sticker rolls and codes of packs; every sheet they give is decoded back."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import qrcode
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from kernel.db import db, transaction
from ocop.models import Certificate
from tests.factories import BA_TO, Factories
from tests.web import send
from traceability import items
from traceability.item_models import ItemCode, ItemState, LabelPrint, StickerRoll
from traceability.models import LotState

GTIN = "09520123456788"
KEYS = [f"1111111{n}-1111-4111-8111-111111111111" for n in range(9)]


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    """A producer with rice that carries codes on its packs, an office over it, another producer, another office."""
    producer = make.producer("HTX Ba Động", code="htxbd")
    product = make.product(producer, name="Gạo rẫy", name_en="Hill rice", gtin=GTIN)
    item = make.item(product)
    made = SimpleNamespace(
        producer=producer,
        product=product,
        item=item,
        batch=make.batch(item, number="CF/1", quantity=60),
        client=make.client(producer),
        office=make.client(make.office()),
        elsewhere=make.client(make.office(of=(BA_TO,))),
        other=make.client(make.producer("Người khác", code="khac1")),
    )
    made.address = f"/quan-tri/lo-hang/{made.batch.lot_id}/in-tem"
    assert send(made.client, f"/quan-tri/ma-tung-goi/{product.id}/bat").status_code == 303
    return made


def sheet(key: str = KEYS[0], **changes: str) -> dict[str, str]:
    return {"what": "batch", "sheet": "a4-24", "form": "pdf", "count": "24", "request_key": key, **changes}


def with_codes(world: SimpleNamespace, form: dict[str, str]) -> TestResponse:
    """Make codes for the packs of the batch, and print them as the page after it offers."""
    asked = send(world.client, world.address, form)
    assert asked.status_code == 303
    return send(world.client, asked.location, form)


def pages(pdf: bytes, folder: Path) -> list[Image.Image]:
    (folder / "tem.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "254", "-gray", "-png", "tem.pdf", "tem"], cwd=folder, check=True)
    return [Image.open(path) for path in sorted(folder.glob("tem*.png"))]


def decoded(pdf: bytes, folder: Path) -> list[str]:
    return [found.text for page in pages(pdf, folder) for found in zxingcpp.read_barcodes(page)]


def prints(app: Flask) -> list[LabelPrint]:
    with app.app_context():
        return list(db.session.scalars(select(LabelPrint).order_by(LabelPrint.id)))


# --- Labels of a batch ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 24),
        ({"sheet": "a4-40", "count": "45"}, 45),
        ({"sheet": "roll-40x30", "count": "6"}, 6),
        ({"sheet": "roll-50x30", "count": "6", "both": "y"}, 6),
        ({"sheet": "own-roll", "width": "60", "height": "40", "count": "3"}, 3),
        ({"sheet": "own-a4", "width": "60", "height": "35", "count": "24"}, 24),
        ({"sheet": "own-a4", "width": "52,5", "height": "29.7", "count": "40"}, 40),
        ({"sheet": "own-roll", "width": "63.5", "height": "38,1", "count": "2"}, 2),
        ({"sheet": "a4-21", "is_rubbed": "y", "skip": "20", "count": "3"}, 3),
    ],
)
def test_every_label_of_every_sheet_reads_back(
    changes: dict[str, str], count: int, world: SimpleNamespace, tmp_path: Path
) -> None:
    answer = send(world.client, world.address, sheet(**changes))

    assert answer.mimetype == "application/pdf", re.findall(r'class="error"[^<]*>([^<]*)', answer.text)
    assert decoded(answer.data, tmp_path) == [f"http://shop.test/01/{GTIN}/10/CF%2F1"] * count


def test_what_was_printed_is_frozen_and_printing_again_is_counted(
    world: SimpleNamespace, make: Factories, app: Flask, now, stopped_clock
) -> None:
    send(world.client, world.address, sheet())
    stopped_clock(now + timedelta(days=1))
    send(world.client, world.address, sheet(KEYS[1], count="5", sheet="roll-50x30"))
    make.certificate(world.product, stars=4)
    send(world.client, world.address, sheet(KEYS[2]))

    first, again, starred = prints(app)
    assert [row.reprint for row in (first, again, starred)] == [0, 1, 2]
    assert (first.count, first.sheet, again.count, again.sheet) == (24, "a4-24", 5, "roll-50x30")
    assert first.content["lot"] == "CF/1"
    assert first.content["stars"] == 0
    assert starred.content["stars"] == 4
    assert first.digest != starred.digest
    assert first.organisation_id == world.producer.id
    assert first.user_id is not None
    assert "organisation" not in first.content, "a household may bear a person's name"
    page = world.client.get(world.address).text
    assert "in lại lần 2" in page
    assert first.digest[:16] in page
    assert first.digest[:16] in world.client.get(world.address).text


def test_a_line_of_the_print_log_cannot_be_changed(world: SimpleNamespace, app: Flask) -> None:
    send(world.client, world.address, sheet())

    for statement in ("UPDATE label_print SET count = 1", "DELETE FROM label_print"):
        with pytest.raises(DBAPIError, match="append-only"), app.app_context(), transaction() as session:
            session.execute(text(statement))


def test_stars_stand_on_a_label_only_while_a_certificate_does(
    world: SimpleNamespace, make: Factories, app: Flask, now, stopped_clock
) -> None:
    certificate = make.certificate(world.product, stars=5)
    send(world.client, world.address, sheet())
    with app.app_context():
        expires_on = db.session.get_one(Certificate, certificate.id).expires_on
    stopped_clock(now + (expires_on - now.date()) + timedelta(days=1))
    send(world.client, world.address, sheet(KEYS[1]))

    assert [row.content["stars"] for row in prints(app)] == [5, 0]


def test_one_label_is_shown_before_anything_is_printed(world: SimpleNamespace, app: Flask) -> None:
    answer = send(world.client, world.address, sheet(sheet="roll-40x30", look="1"))

    assert answer.status_code == 200
    assert 'viewBox="0 0 40 30"' in answer.text
    assert prints(app) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sheet": "own-roll"}, "width"),
        ({"sheet": "own-roll", "width": "19", "height": "30"}, "width"),
        ({"sheet": "own-roll", "width": "63,55", "height": "38"}, "width"),
        ({"sheet": "own-roll", "width": "20", "height": "15"}, "sheet"),
        ({"sheet": "own-roll", "width": "24", "height": "24"}, "sheet"),
        ({"sheet": "a4-8", "skip": "8"}, "skip"),
        ({"sheet": "nothing"}, "sheet"),
        ({"count": "0"}, "count"),
        ({"what": "other"}, "what"),
    ],
)
def test_what_cannot_be_printed_is_refused_beside_its_field(
    changes: dict[str, str], field: str, world: SimpleNamespace, app: Flask
) -> None:
    answer = send(world.client, world.address, sheet(**changes))

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert prints(app) == []


def test_no_labels_are_printed_for_what_is_recalled(world: SimpleNamespace, make: Factories) -> None:
    batch = make.batch(world.item, state=LotState.RECALLED)

    assert world.client.get(f"/quan-tri/lo-hang/{batch.lot_id}/in-tem").status_code == 409


def test_several_sheets_of_svg_come_in_one_archive(world: SimpleNamespace) -> None:
    one = send(world.client, world.address, sheet(form="svg"))
    two = send(world.client, world.address, sheet(KEYS[1], form="svg", count="25"))

    assert one.mimetype == "image/svg+xml"
    assert one.data.startswith(b"<svg")
    with zipfile.ZipFile(io.BytesIO(two.data)) as archive:
        assert [name[-8:] for name in archive.namelist()] == ["-001.svg", "-002.svg"]


# --- Labels with a code each ---------------------------------------------------------------------------------------


def test_labels_with_a_code_each_read_back_all_different_and_all_of_this_batch(
    world: SimpleNamespace, app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    answer = with_codes(world, sheet(what="packs", count="30"))

    found = decoded(answer.data, tmp_path)
    assert len(set(found)) == 30
    with app.app_context():
        serials = set(db.session.scalars(select(ItemCode.serial)))
    assert {text.rpartition("/")[2] for text in found} == serials
    assert all(text.startswith(f"http://shop.test/01/{GTIN}/10/CF%2F1/21/") for text in found)
    page = client.get(found[0].removeprefix("http://shop.test"), follow_redirects=True)
    assert page.status_code == 200
    assert "Gạo rẫy" in page.text


def test_the_same_form_sent_twice_makes_no_second_set_of_codes(world: SimpleNamespace, app: Flask) -> None:
    for _ in range(2):
        with_codes(world, sheet(what="packs", count="10"))

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(StickerRoll)) == 1
    assert [(row.count, row.reprint) for row in prints(app)] == [(10, 0), (10, 1)]


def test_the_form_sent_again_with_another_number_makes_new_codes(world: SimpleNamespace, tmp_path: Path) -> None:
    first, second = (with_codes(world, sheet(what="packs", count=count)) for count in ("3", "5"))

    found = [decoded(answer.data, tmp_path) for answer in (first, second)]
    assert [len(set(some)) for some in found] == [3, 5]
    assert not set(found[0]) & set(found[1])


def test_what_was_chosen_for_labels_with_a_code_each_is_kept(world: SimpleNamespace) -> None:
    form = sheet(what="packs", count="3", sheet="own-roll", width="63,5", height="38", is_rubbed="y", both="y")
    asked = send(world.client, world.address, form)

    assert asked.status_code == 303
    page = world.client.get(asked.location).text
    assert "3 mã" in page
    assert 'value="own-roll" selected' in page or 'selected value="own-roll"' in page
    for shown in ('value="63,5"', 'value="38"'):
        assert shown in page
    assert len(re.findall(r"<input[^>]*checked", page)) == 2
    assert (
        world.client.get(asked.location.partition("?")[0] + "?width=x&sheet=none&form=exe&skip=-1").status_code == 200
    )


def test_more_codes_than_packs_are_refused(world: SimpleNamespace, app: Flask) -> None:
    answer = send(world.client, world.address, sheet(what="packs", count="61"))

    assert answer.status_code == 422
    assert 'id="count-error"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ItemCode)) == 0


def test_without_the_switch_there_is_no_choice_of_codes(world: SimpleNamespace, app: Flask) -> None:
    send(world.client, f"/quan-tri/ma-tung-goi/{world.product.id}/tat")

    assert 'value="packs"' not in world.client.get(world.address).text
    assert send(world.client, world.address, sheet(what="packs")).status_code == 422


# --- Rolls ---------------------------------------------------------------------------------------------------------


def new_roll(world: SimpleNamespace, count: int = 12, key: str = KEYS[0], **fields: Any) -> str:
    answer = send(world.client, "/quan-tri/cuon-tem/moi", count=str(count), request_key=key, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_a_roll_is_printed_ahead_bound_when_packed_and_voided(
    world: SimpleNamespace, app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    roll = new_roll(world)
    printed = send(world.client, f"{roll}/in", sheet="roll-40x30", form="pdf")
    found = decoded(printed.data, tmp_path)
    assert len(set(found)) == 12
    assert all(re.fullmatch(r"http://shop\.test/m/[0-9a-z]{16}", text) for text in found)
    path = found[0].removeprefix("http://shop.test")
    assert "chưa kích hoạt" in client.get(path).text

    assert send(world.client, f"{roll}/gan", batch=str(world.batch.lot_id), first="1", last="5").status_code == 303
    assert "Gạo rẫy" in client.get(path).text
    assert send(world.client, f"{roll}/huy", first="6", last="7", reason="Rách").status_code == 303

    shown = world.client.get(roll).text
    for said in ("1–5", "6–7", "8–12", "CF/1", "Rách"):
        assert said in shown
    again = send(world.client, f"{roll}/in", sheet="roll-40x30", form="pdf")
    for old in tmp_path.glob("tem*"):
        old.unlink()
    assert len(decoded(again.data, tmp_path)) == 10, "void ones are left out"
    assert [(row.count, row.reprint) for row in prints(app)] == [(12, 0), (10, 1)]


def test_stickers_are_bound_one_by_one_as_they_are_scanned(world: SimpleNamespace, app: Flask) -> None:
    new_roll(world)
    with app.app_context():
        serials = list(db.session.scalars(select(ItemCode.serial).order_by(ItemCode.position)))
    lot = str(world.batch.lot_id)

    for typed in (f"http://shop.test/m/{serials[3]}", items.spoken(serials[5])):
        answer = send(world.client, "/quan-tri/cuon-tem/quet", batch=lot, code=typed)
        assert answer.status_code == 303
        assert answer.location.endswith(f"?lo={lot}"), "the batch stays chosen"
    twice = send(world.client, "/quan-tri/cuon-tem/quet", batch=lot, code=serials[3])
    wrong = send(world.client, "/quan-tri/cuon-tem/quet", batch=lot, code="0" * 16)

    assert 'id="code-error"' in twice.text
    assert 'id="code-error"' in wrong.text
    assert twice.status_code == wrong.status_code == 422
    with app.app_context():
        bound = select(ItemCode.position).where(ItemCode.state == ItemState.ACTIVE).order_by(ItemCode.position)
        assert list(db.session.scalars(bound)) == [4, 6]


def photo_of(*codes: str) -> tuple[io.BytesIO, str]:
    """Take a photo of stickers side by side, each with what its code holds."""
    side = 300
    photo = Image.new("L", (side * max(1, len(codes)), side), 255)
    for place, code in enumerate(codes):
        drawn = qrcode.make(code).get_image().convert("L").resize((side - 20, side - 20))
        photo.paste(drawn, (side * place + 10, 10))
    file = io.BytesIO()
    photo.save(file, "PNG")
    file.seek(0)
    return file, "tem.png"


def test_stickers_are_bound_by_the_camera_of_a_phone_one_or_several_in_a_photo(
    world: SimpleNamespace, app: Flask
) -> None:
    new_roll(world)
    with app.app_context():
        serials = list(db.session.scalars(select(ItemCode.serial).order_by(ItemCode.position)))
    address, lot = "/quan-tri/cuon-tem/quet", str(world.batch.lot_id)
    links = [f"http://shop.test/m/{serial}" for serial in serials]
    page = world.client.get(address).text
    assert 'capture="environment"' in page
    assert 'enctype="multipart/form-data"' in page

    def bound() -> list[int]:
        with app.app_context():
            query = select(ItemCode.position).where(ItemCode.state == ItemState.ACTIVE).order_by(ItemCode.position)
            return list(db.session.scalars(query))

    one = send(world.client, address, batch=lot, photo=photo_of(links[0]))
    assert (one.status_code, bound()) == (303, [1])
    several = send(world.client, address, batch=lot, photo=photo_of("8936000000001", *links[:3]))
    assert (several.status_code, bound()) == (303, [1, 2, 3])
    for photo, code in (
        (photo_of(), ""), (photo_of("8936000000001"), ""), (photo_of(links[0]), ""), (None, ""),
        (photo_of(links[4], f"http://shop.test/m/{'0' * 16}"), ""), ((io.BytesIO(b"no photo"), "tem.png"), ""),
    ):  # fmt: skip
        refused = send(world.client, address, batch=lot, photo=photo, code=code)
        assert refused.status_code == 422
        assert ('id="photo-error"' in refused.text) != ('id="code-error"' in refused.text)
        assert bound() == [1, 2, 3], "all that a photo shows, or nothing"


@pytest.mark.parametrize(
    ("page", "data", "field"),
    [
        ("gan", {"first": "1", "last": "13"}, "last"),
        ("gan", {"first": "", "last": "3"}, "first"),
        ("gan", {"batch": "999999", "first": "1", "last": "3"}, "batch"),
        ("huy", {"first": "1", "last": "2", "reason": ""}, "reason"),
        ("huy", {"first": "5", "last": "2", "reason": "x"}, "last"),
        ("in", {"sheet": "own-roll", "form": "pdf"}, "width"),
    ],
)
def test_wrong_entries_about_a_roll_are_refused_beside_the_field(
    page: str, data: dict[str, str], field: str, world: SimpleNamespace
) -> None:
    roll = new_roll(world)

    answer = send(world.client, f"{roll}/{page}", {"batch": str(world.batch.lot_id), **data})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_roll_made_twice_by_the_same_form_is_one(world: SimpleNamespace) -> None:
    assert new_roll(world) == new_roll(world)
    assert new_roll(world, key=KEYS[1]) != new_roll(world)


def test_rolls_of_others_do_not_exist(world: SimpleNamespace) -> None:
    roll = new_roll(world)

    for page in ("", "/in", "/gan", "/huy"):
        assert world.other.get(roll + page).status_code == 404
    assert world.office.get(roll).status_code == 200
    assert world.elsewhere.get(roll).status_code == 404
    assert "Cuộn 1" not in world.other.get("/quan-tri/cuon-tem").text
    assert "Cuộn 1" in world.office.get("/quan-tri/cuon-tem").text


def test_another_producers_product_is_not_switched(world: SimpleNamespace) -> None:
    assert send(world.other, f"/quan-tri/ma-tung-goi/{world.product.id}/tat").status_code == 404
