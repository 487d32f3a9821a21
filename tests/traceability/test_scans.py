"""How often batch pages are opened: what counts, what is kept of it, and that nothing is lost or counted twice."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from accounts.actor import SYSTEM
from app import scan_jobs
from app.scan_layer import ScanLayer
from kernel import jobs
from kernel.db import db, transaction
from kernel.spool import Spool, segments
from tests.factories import Factories
from tests.live import LiveShop
from traceability import items, scans
from traceability.models import Batch, Lot, LotState
from traceability.scan_models import ScanCount, ScanSegment
from traceability.scans import Scan, Way

PHONE = (
    "Mozilla/5.0 (Linux; Android 15; SM-A156E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
)
TOKEN, OTHER_TOKEN = "7k2qxm90ad", "8m3rym91be"
PAGE = f"/lo/htxbd/{TOKEN}"
TODAY = date(2026, 11, 24)
_fork = multiprocessing.get_context("fork")


@pytest.fixture
def goods(make: Factories) -> SimpleNamespace:
    """Two released batches of a producer, one with a GTIN."""
    producer = make.producer(code="htxbd")
    plain = make.batch(make.item(make.product(producer)), token=TOKEN)
    numbered = make.batch(make.item(make.product(producer, gtin="09521234500018")), token=OTHER_TOKEN, number="L1")
    return SimpleNamespace(producer=producer, lot_id=plain.lot_id, other_id=numbered.lot_id)


def opened(client: FlaskClient, path: str = PAGE, *, status: int = 200, **headers: str) -> None:
    sent = {"User-Agent": PHONE, "Accept-Language": "vi", **{k.replace("_", "-"): v for k, v in headers.items()}}
    assert client.get(path, headers=sent).status_code == status


def counted(app: Flask, now: datetime) -> dict[tuple[int, str, str, str], int]:
    """Take in what was written down and give the counts by batch, region, language and way."""
    app.extensions["scan_spool"].close()
    with app.app_context():
        scan_jobs.count_all(now=now)
        rows = db.session.scalars(select(ScanCount)).all()
        found = {(row.lot_id, row.region, row.language, row.way): row.openings for row in rows}
        db.session.remove()
    return found


# --- What counts --------------------------------------------------------------------------------------------


def test_the_page_of_a_single_pack_counts_for_its_batch(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    with app.app_context(), transaction():
        batch = db.session.scalars(select(Batch).where(Batch.lot_id == goods.other_id)).one()
        items.switch(batch.trade_item.product, True, actor=SYSTEM, now=now)
        roll = items.make_for_batch(batch, 1, actor=SYSTEM, now=now)
        (serial,) = (code.serial for code in items.codes_of(roll.id))

    for _ in range(2):
        opened(client, f"/m/{serial}")
    opened(client, "/m/0000000000000000", status=404)

    assert counted(app, now) == {(goods.other_id, "", "vi", "direct"): 2}


def test_a_page_made_anew_and_one_from_a_copy_count_alike(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    for _ in range(3):
        opened(client)
    etag = client.get(PAGE).headers["ETag"]
    opened(client, status=304, If_None_Match=etag)

    assert counted(app, now) == {(goods.lot_id, "", "vi", "direct"): 4}


def test_a_printed_digital_link_counts_at_the_page_it_leads_to(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    answer = client.get("/01/09521234500018/10/L1", headers={"User-Agent": PHONE}, follow_redirects=True)

    assert answer.status_code == 200
    assert counted(app, now) == {(goods.other_id, "", "vi", "direct"): 1}


def test_the_language_is_that_of_the_page(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    opened(client, Accept_Language="en-GB,en;q=0.9")
    opened(client, Accept_Language="fr")
    opened(client, f"{PAGE}?lang=en")

    counts = counted(app, now)

    assert counts == {(goods.lot_id, "", "en", "direct"): 2, (goods.lot_id, "", "vi", "direct"): 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"User_Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User_Agent": "facebookexternalhit/1.1"},
        {"User_Agent": "curl/8.5.0"},
        {"User_Agent": ""},
        {"Sec_Purpose": "prefetch"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X_Moz": "prefetch"},
    ],
)
def test_programs_and_pages_fetched_ahead_are_left_out(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime, headers: dict[str, str]
) -> None:
    opened(client, **headers)

    assert counted(app, now) == {}


def test_a_head_request_and_other_addresses_are_left_out(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    client.head(PAGE, headers={"User-Agent": PHONE})
    opened(client, f"{PAGE}/ma.svg")
    opened(client, f"{PAGE}/ho-chieu.jsonld")
    opened(client, PAGE.upper().replace("/LO/", "/lo/"), status=301)
    opened(client, "/lo/htxbd/0000000000", status=404)

    assert counted(app, now) == {}


def test_people_who_are_signed_in_are_left_out_and_an_ended_session_is_not(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, make: Factories, now: datetime
) -> None:
    staff = make.client(goods.producer)

    opened(staff)
    opened(client, Cookie="session=not-a-session-of-ours")

    assert counted(app, now) == {(goods.lot_id, "", "vi", "direct"): 1}


def test_a_batch_that_is_not_released_has_no_page_to_count(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Lot, goods.lot_id).state = LotState.OPEN

    opened(client, status=404)

    assert counted(app, now) == {}


def test_a_recalled_batch_counts_on(app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Lot, goods.lot_id).state = LotState.RECALLED

    opened(client)

    assert counted(app, now) == {(goods.lot_id, "", "vi", "direct"): 1}


def test_the_page_is_given_also_when_nothing_can_be_written_down(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    with app.app_context():
        folder = scan_jobs.folder()
    app.extensions["scan_spool"].close()
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("no folder")

    opened(client)
    folder.unlink()

    assert counted(app, now) == {}


def test_days_are_those_of_viet_nam(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, stopped_clock: Any, now: datetime
) -> None:
    for hour, minute in ((16, 59), (17, 1)):  # UTC: a minute before and after midnight in Viet Nam
        stopped_clock(now.replace(hour=hour, minute=minute))
        opened(client)

    counted(app, now)

    with app.app_context():
        assert sorted(db.session.scalars(select(ScanCount.day))) == [TODAY, TODAY + timedelta(days=1)]


# --- What is kept of a visitor ------------------------------------------------------------------------------


def test_nothing_but_the_five_facts_is_written_anywhere(
    app: Flask, client: FlaskClient, goods: SimpleNamespace
) -> None:
    client.get(
        f"{PAGE}?utm_id=somebody",
        headers={
            "User-Agent": PHONE,
            "Referer": "https://www.facebook.com/groups/secret",
            "X-Forwarded-For": "1.2.3.4",
        },
        environ_base={"REMOTE_ADDR": "203.113.1.7"},
    )

    app.extensions["scan_spool"].close()
    with app.app_context():
        (segment,) = segments(scan_jobs.folder())
    assert list(segment.lines()) == [f"2026-11-24\thtxbd\t{TOKEN}\t\tvi\tsocial"]
    assert set(ScanCount.__table__.columns.keys()) == {"lot_id", "day", "region", "language", "way", "openings"}


@pytest.mark.parametrize(
    ("referrer", "way"),
    [
        ("", Way.DIRECT),
        ("https://www.google.com.vn/", Way.SEARCH),
        ("https://coccoc.com/search?query=gao", Way.SEARCH),
        ("https://l.facebook.com/l.php", Way.SOCIAL),
        ("https://chat.zalo.me/", Way.SOCIAL),
        ("android-app://com.zing.zalo/", Way.SOCIAL),
        ("android-app://com.google.zxing.client.android/", Way.DIRECT),
        ("https://shop.test/san-pham/gao", Way.OWN),
        ("https://shop.test.evil.example/", Way.OTHER),
        ("https://notfacebook.com/", Way.OTHER),
        ("https://baoquangngai.vn/ocop", Way.OTHER),
        ("http://[bad", Way.OTHER),
    ],
)
def test_the_way_is_told_by_the_page_before(referrer: str, way: Way) -> None:
    assert scans.way_of(referrer, "shop.test") is way


@pytest.mark.parametrize(
    ("country", "region", "kept"),
    [
        ("VN", "", "VN"),
        ("vn", "vn-29", "VN-29"),
        ("VN", "VN-SG", "VN-SG"),
        ("US", "US-CA", "US"),
        ("VN", "VN-99", "VN"),
        ("XX", "", ""),
        ("T1", "", ""),
        ("", "", ""),
        ("", "15.12,108.8", ""),
        ("JP", "Xã Ba Tơ", "JP"),
        ("VN", "SG", "VN-SG"),
        ("VN", "hn", "VN-HN"),
        ("VN", "ZZ9", "VN"),
        ("US", "CA", "US"),
        ("", "JP", "JP"),
        ("JP", "VN-29", "VN-29"),
    ],
)
def test_a_region_is_a_country_or_a_province_and_nothing_finer(country: str, region: str, kept: str) -> None:
    assert scans.region_of(country, region) == kept


def test_the_part_of_the_country_is_known_of_every_province() -> None:
    parts = {code: scans.coarse(code) for code in scans.provinces()}

    assert set(parts.values()) == set(scans.PARTS)
    assert (parts["VN-HN"], parts["VN-29"], parts["VN-59"]) == ("V1", "V2", "V3")
    assert [scans.coarse(region) for region in ("", "JP", "VN")] == [None, "JP", "VN"]


@pytest.mark.parametrize(("base_url", "region"), [("https://shop.test", "VN-29"), ("http://shop.test", "")])
def test_the_region_is_believed_only_behind_a_proxy(base_url: str, region: str, app: Flask, tmp_path: Path) -> None:
    def page(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b""]

    spool = Spool(tmp_path)
    layer = ScanLayer(page, app, spool, base_url=base_url)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": PAGE, "HTTP_USER_AGENT": PHONE}
    layer({**environ, "HTTP_CF_IPCOUNTRY": "VN", "HTTP_X_REGION": "VN-29"}, lambda *_: None)

    spool.close()
    (segment,) = segments(tmp_path)
    (line,) = segment.lines()
    assert scans.read_line(line) == Scan(TODAY, "htxbd", TOKEN, region, "vi", Way.DIRECT)


@pytest.mark.parametrize(
    ("name", "bot"),
    [
        (PHONE, False),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/96 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Zalo iOS/24.1", False),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 coc_coc_browser/130.0 Chrome/124 Safari/537.36", False),
        ("Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/)", True),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116 Safari/537.36", True),
        ("python-requests/2.32", True),
    ],
)
def test_programs_are_known_by_their_names(name: str, bot: bool) -> None:
    assert scans.is_bot(name) is bot


def test_lines_that_are_none_are_read_as_none() -> None:
    whole = Scan(TODAY, "htxbd", TOKEN, "VN-29", "vi", Way.DIRECT)

    assert scans.read_line(whole.line()) == whole
    for line in ("", "2026-11-24", whole.line()[:-3], whole.line().replace("2026-11-24", "2026-13-24"), "\x00" * 40):
        assert scans.read_line(line) is None


# --- Nothing is lost, nothing counts twice -------------------------------------------------------------------


def lines_of(*batches: tuple[str, int], day: date = TODAY) -> list[str]:
    return [Scan(day, "htxbd", token, "", "vi", Way.DIRECT).line() for token, times in batches for _ in range(times)]


def test_a_segment_that_is_seen_twice_counts_once(goods: SimpleNamespace, ctx: Flask, now: datetime) -> None:
    lines = [*lines_of((TOKEN, 3), (OTHER_TOKEN, 2), ("0000000000", 1)), "no line"]

    answers = []
    for _ in range(2):
        with transaction():
            answers.append(scans.take_in("a" * 32, lines, now=now))
    with transaction():
        answers.append(scans.take_in("b" * 32, lines, now=now))

    assert answers == [5, None, 5]
    assert db.session.scalar(select(func.sum(ScanCount.openings))) == 10
    assert {row.left_out for row in db.session.scalars(select(ScanSegment))} == {2}


def test_a_segment_without_a_line_that_can_be_read_is_counted_as_nothing(ctx: Flask, now: datetime) -> None:
    with transaction():
        assert scans.take_in("a" * 32, ["no line", ""], now=now) == 0


def test_the_file_of_a_segment_is_dropped_once_it_is_known_to_be_counted(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    with app.app_context():
        folder = scan_jobs.folder()
    opened(client)

    kept = [counted(app, now) and len(list(folder.iterdir())) for _ in range(2)]

    assert kept == [1, 0]
    assert counted(app, now) == {(goods.lot_id, "", "vi", "direct"): 1}


def test_the_worker_counts_again_and_again(
    app: Flask, client: FlaskClient, goods: SimpleNamespace, now: datetime
) -> None:
    with app.app_context():
        with transaction():
            jobs.plan(now)
        for minute in range(3):
            opened(client)
            app.extensions["scan_spool"].close()
            while jobs.run_one(now + timedelta(minutes=minute)):
                pass
        total = db.session.scalar(select(func.sum(ScanCount.openings)))

    assert total == 3


class _Killed:
    """Kills its own process before the statement of this number, as ``kill -9`` would."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, *_: Any) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def _count_and_be_killed(app: Flask, at: int, now: datetime) -> bool:
    """Let a worker count in a process of its own and be killed at a step; False: it was done before."""

    def work() -> None:
        with app.app_context():
            kill = _Killed(at)
            event.listen(db.engine, "before_cursor_execute", kill)
            event.listen(db.engine, "commit", kill)
            scan_jobs.count_all(now=now)
            kill()  # counted, and its transaction is over
        os._exit(0)

    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    process = _fork.Process(target=work)
    process.start()
    process.join(timeout=60)
    return process.exitcode == -signal.SIGKILL


def test_a_worker_that_is_killed_at_any_step_loses_nothing_and_counts_nothing_twice(
    app: Flask, goods: SimpleNamespace, now: datetime
) -> None:
    killed = 0
    while True:
        with app.app_context():
            spool = Spool(scan_jobs.folder())
        for line in lines_of((TOKEN, 3), (OTHER_TOKEN, 1)):
            spool.append(line)
        spool.close()

        if not _count_and_be_killed(app, killed, now):
            break
        killed += 1
        assert sum(counted(app, now).values()) == 4 * killed

    assert killed >= 5  # forgetting, looking up, claiming, adding, committing
    assert sum(counted(app, now).values()) == 4 * (killed + 1)


def test_two_workers_at_once_count_once(app: Flask, goods: SimpleNamespace, now: datetime) -> None:
    from tests.races import race

    with app.app_context():
        spool = Spool(scan_jobs.folder())
    for line in lines_of((TOKEN, 50), (OTHER_TOKEN, 50)):
        spool.append(line)
    spool.close()

    race(app, 4, lambda _: scan_jobs.count_all(now=now))

    assert sum(counted(app, now).values()) == 100


def test_control_a_count_without_a_claim_counts_a_segment_twice(app: Flask, goods: SimpleNamespace) -> None:
    for _ in range(2):
        with app.app_context(), transaction():
            for _line in lines_of((TOKEN, 1)):
                row = db.session.get(ScanCount, (goods.lot_id, TODAY, "", "vi", "direct"))
                if row is None:
                    db.session.add(
                        ScanCount(lot_id=goods.lot_id, day=TODAY, region="", language="vi", way="direct", openings=1)
                    )
                else:
                    row.openings += 1

    with app.app_context():
        assert db.session.scalar(select(func.sum(ScanCount.openings))) == 2


@pytest.mark.journey
def test_a_server_that_is_killed_loses_none_of_the_pages_it_gave(
    app: Flask, goods: SimpleNamespace, engine: str, tmp_path: Path
) -> None:
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
        db.session.remove()
        db.engine.dispose()
    shop = LiveShop(tmp_path, url.replace("postgresql+psycopg", "postgresql"), workers=2)
    shop.start()
    try:
        for _ in range(40):
            request = Request(shop.url + PAGE, headers={"User-Agent": PHONE})  # noqa: S310
            with urlopen(request, timeout=10) as answer:  # noqa: S310
                answer.read()
        children = Path(f"/proc/{shop.pid}/task/{shop.pid}/children").read_text().split()
        for pid in [*map(int, children), shop.pid]:
            os.kill(pid, signal.SIGKILL)
    finally:
        shop.stop()

    shop.flask("work", "--once")

    with app.app_context():
        assert db.session.scalar(select(func.sum(ScanCount.openings))) == 40
