"""How often the pages behind codes are opened: over all, and of one lot; by day, region, language and way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel import Locale
from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import get_locale, gettext

from accounts.actor import Actor, Permission
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.saying import said
from kernel import clock
from kernel.db import db
from kernel.errors import N_
from traceability import queries, scan_statistics, scans
from traceability.bar_chart import Bar, bars_svg
from traceability.models import Lot, LotKind
from traceability.scan_statistics import Period, Share

blueprint = Blueprint("scans", __name__, url_prefix="/quan-tri/luot-quet")

#: Days of a period, by its word in the address; longer ones are drawn by weeks or months.
PERIODS = {"7": N_("7 days"), "30": N_("30 days"), "90": N_("90 days"), "365": N_("A year")}
LANGUAGES = {"vi": N_("Vietnamese"), "en": N_("English")}
_BARS_BY_DAY, _BARS_BY_WEEK = 31, 100


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str | Response:
    """Show the openings of all lots one may see, and which were opened most."""
    return _screen("admin/scans/index.html", None)


@blueprint.get("/lo/<int:lot_id>")
@requires(Permission.READ_BATCHES)
def show(lot_id: int) -> str | Response:
    """Show the openings of one batch, or of one lot that captured events alone tell of."""
    return _screen("admin/scans/show.html", _subject(current_actor(), lot_id))


@dataclass(frozen=True)
class Subject:
    """The lot whose openings are shown."""

    lot: Lot
    number: str
    goods: str
    url: str
    label: str  #: of the way to it


def _subject(actor: Actor, lot_id: int) -> Subject:
    """Find a lot that has a page which everybody may open.

    :raises NoSuchLot: if there is none that the actor may see
    """
    try:
        row = queries.get_batch(actor, lot_id)
    except queries.NoSuchBatch:
        lot = queries.get_lot(actor, lot_id)
        if lot.kind is not LotKind.EXTERNAL:
            raise queries.NoSuchLot() from None
        url = url_for("lots.show", lot_id=lot_id)
        return Subject(lot, lot.number, said(lot, "name"), url, gettext("To the lot"))
    goods = f"{said(row, 'name')}, {said(row.item, 'name')}"
    url = url_for("batches.show", lot_id=lot_id)
    return Subject(row.batch.lot, row.batch.number, goods, url, gettext("To the batch"))


def _screen(template: str, subject: Subject | None) -> str | Response:
    actor = current_actor()
    lot_id = subject.lot.id if subject is not None else None
    word = request.args.get("ky", "30")
    word = word if word in PERIODS else "30"
    period = Period.of_days(int(word), clock.business_date(clock.now()))
    if listing.asks_for_csv():
        return _as_csv(actor, period, lot_id)
    days = scan_statistics.by_day(actor, period, lot_id=lot_id)
    openings, lots = scan_statistics.total(actor, period, lot_id=lot_id)
    bars = list(_bars(days))
    return render_template(
        template,
        subject=subject,
        openings=openings,
        lots=lots,
        before=scan_statistics.total(actor, period.before, lot_id=lot_id)[0],
        busiest=max(days, key=lambda one: one[1]),
        bars=bars,
        chart=bars_svg(bars, title=gettext("Openings of pages")),
        shares=_shares(actor, period, lot_id, openings),
        top=scan_statistics.top_lots(actor, period) if subject is None else [],
        is_office=actor.is_office,
        periods=[
            {"label": gettext(label), "url": listing.address(ky=key), "current": key == word}
            for key, label in PERIODS.items()
        ],
        period=period,
        word=word,
        csv_url=listing.address(dang="csv"),
        columns=[
            listing.heading(gettext("Goods")),
            listing.heading(gettext("Batch")),
            listing.heading(gettext("Producer")),
            listing.heading(gettext("Openings"), number=True),
        ],
    )


def _bars(days: list[tuple[date, int]]) -> Iterator[Bar]:
    """Draw a bar for each day, week or month, however long the period is."""
    if len(days) <= _BARS_BY_DAY:
        yield from (Bar(f"{day:%d/%m}", count) for day, count in days)
        return
    grouped: dict[str, int] = {}
    for day, count in days:
        by_week = len(days) <= _BARS_BY_WEEK
        label = f"{day - timedelta(days=day.weekday()):%d/%m}" if by_week else f"{day:%m/%Y}"
        grouped[label] = grouped.get(label, 0) + count
    yield from (Bar(label, count) for label, count in grouped.items())


def _shares(actor: Actor, period: Period, lot_id: int | None, openings: int) -> list[dict[str, Any]]:
    """Describe the three tables of shares: region, language, way."""
    tables = (
        ("region", gettext("Region"), region_name),
        ("language", gettext("Language of the page"), lambda key: gettext(LANGUAGES.get(key, key))),
        ("way", gettext("How they came"), lambda key: gettext(scans.WAYS[scans.Way(key)])),
    )

    def described(one: Share, name: Any) -> dict[str, Any]:
        return {"name": name(one.key), "openings": one.openings, "percent": round(one.openings * 100 / openings)}

    return [
        {
            "title": title,
            "columns": [
                listing.heading(title),
                listing.heading(gettext("Openings"), number=True),
                listing.heading("%", number=True),
            ],
            "rows": [described(one, name) for one in scan_statistics.shares(actor, period, what, lot_id=lot_id)[:25]],
        }
        for what, title, name in tables
    ]


def region_name(code: str) -> str:
    """Name a coarse region in the reader's language."""
    if code == scans.UNKNOWN:
        return str(gettext("not known"))
    if code in scans.provinces():
        return scans.provinces()[code]
    locale: Locale = get_locale()
    return str(locale.territories.get(code, code))


def _as_csv(actor: Actor, period: Period, lot_id: int | None) -> Response:
    header = [
        gettext("Day"),
        gettext("Producer"),
        gettext("Lot number"),
        gettext("Region"),
        gettext("Language of the page"),
        gettext("How they came"),
        gettext("Openings"),
    ]
    return listing.csv_file(
        "luot-mo-trang",
        header,
        (
            (
                f"{day:%d/%m/%Y}",
                owner,
                number,
                region_name(region),
                language,
                gettext(scans.WAYS[scans.Way(way)]),
                count,
            )
            for day, owner, number, region, language, way, count in db.session.execute(
                scan_statistics.rows_of(actor, period, lot_id=lot_id)
            )
        ),
    )
