"""The screens of the scan statistics: what they add up, for whom, and how they say it."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from kernel.db import transaction
from tests.factories import BA_TO, Factories
from traceability.bar_chart import Bar, bars_svg
from traceability.scan_models import ScanCount

TODAY = date(2026, 11, 24)


@pytest.fixture
def counts(make: Factories, app: Flask) -> SimpleNamespace:
    """Two producers with a batch each; the first was opened from three regions, the second once."""
    ours, other = make.producer("HTX Ba Động"), make.producer("HTX Ba Tơ", commune=BA_TO)
    batch = make.batch(make.item(make.product(ours, name="Gạo rẫy")), number="L-OURS")
    others = make.batch(make.item(make.product(other, name="Rượu cần")), number="L-OTHER")
    rows = [
        (batch, 0, "VN-29", "vi", "direct", 5),
        (batch, 0, "", "vi", "social", 2),
        (batch, 3, "JP", "en", "direct", 1),
        (batch, 40, "", "vi", "direct", 9),
        (others, 0, "", "vi", "direct", 4),
    ]
    with app.app_context(), transaction() as session:
        for of, ago, region, language, way, openings in rows:
            day = TODAY - timedelta(days=ago)
            session.add(
                ScanCount(lot_id=of.lot_id, day=day, region=region, language=language, way=way, openings=openings)
            )
    return SimpleNamespace(ours=ours, other=other, lot_id=batch.lot_id, other_id=others.lot_id)


def test_a_producer_reads_the_openings_of_its_own_batches(make: Factories, counts: SimpleNamespace) -> None:
    html = make.client(counts.ours).get("/quan-tri/luot-quet").text

    assert re.search(r'<b class="figures">8</b><span>lượt mở', html)
    assert "L-OURS" in html
    assert "L-OTHER" not in html
    assert "Quảng Ngãi" in html
    assert "Nhật Bản" in html
    assert "9 trong số ngày tương tự trước đó" in html


def test_an_office_reads_those_of_its_jurisdiction(make: Factories, counts: SimpleNamespace) -> None:
    province, commune = make.office(), make.office(of=(BA_TO,))

    of_all, of_one = (make.client(one).get("/quan-tri/luot-quet").text for one in (province, commune))

    assert "L-OURS" in of_all
    assert "L-OTHER" in of_all
    assert "L-OURS" not in of_one
    assert re.search(r'<b class="figures">4</b>', of_one)


def test_a_batch_has_a_page_of_its_own_and_that_of_another_is_not_found(
    make: Factories, counts: SimpleNamespace
) -> None:
    client = make.client(counts.ours)

    assert re.search(r'<b class="figures">8</b>', client.get(f"/quan-tri/luot-quet/lo/{counts.lot_id}").text)
    assert client.get(f"/quan-tri/luot-quet/lo/{counts.other_id}").status_code == 404


@pytest.mark.parametrize(("period", "openings"), [("7", 8), ("30", 8), ("90", 17), ("365", 17), ("nonsense", 8)])
def test_the_period_is_chosen_by_the_address(
    period: str, openings: int, make: Factories, counts: SimpleNamespace
) -> None:
    html = make.client(counts.ours).get(f"/quan-tri/luot-quet?ky={period}").text

    assert re.search(rf'<b class="figures">{openings}</b>', html)


def test_the_drawing_and_the_table_beside_it_say_the_same(make: Factories, counts: SimpleNamespace) -> None:
    html = make.client(counts.ours).get("/quan-tri/luot-quet?ky=7").text

    drawn = re.findall(r"<rect[^>]*><title>([^<:]+): (\d+)</title>", html)
    listed = re.findall(r"<b>(\d\d/\d\d)</b></td>\s*<td[^>]*>\s*<span>(\d+)</span>", html)
    assert drawn == [("21/11", "1"), ("24/11", "7")]
    assert [pair for pair in listed if pair[1] != "0"] == drawn
    assert len(listed) == 7


def test_the_file_has_a_line_for_each_count(make: Factories, counts: SimpleNamespace) -> None:
    answer = make.client(counts.ours).get("/quan-tri/luot-quet?ky=90&dang=csv")

    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert sum(int(row[-1]) for row in rows[1:]) == 17
    assert ["24/11/2026", "HTX Ba Động", "L-OURS", "Quảng Ngãi", "vi", "Quét mã hoặc mở thẳng địa chỉ", "5"] in rows


def test_where_nothing_was_opened_the_page_says_what_to_do(make: Factories) -> None:
    batch = make.batch(make.item(make.product(producer := make.producer())))
    client = make.client(producer)

    for address in ("/quan-tri/luot-quet", f"/quan-tri/luot-quet/lo/{batch.lot_id}"):
        html = client.get(address).text
        assert 'class="empty"' in html
        assert "<rect" not in html


@pytest.mark.parametrize("values", [[], [0], [0, 0, 0], [1], [3, 0, 7], list(range(31)), [10**6, 1]])
def test_bars_are_drawn_for_any_numbers_and_fit_their_box(values: list[int]) -> None:
    svg = bars_svg([Bar(f"{n}<", value) for n, value in enumerate(values)], title='"A" & B')

    heights = [float(height) for height in re.findall(r'<rect[^>]* height="([\d.]+)"', svg)]
    assert len(heights) == sum(value > 0 for value in values)
    assert all(height <= 168 for height in heights)
    assert "&lt;" in svg or not values
