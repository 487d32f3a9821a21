"""Counting how often the page of a batch is opened, and that of a lot which captured events alone tell of.

What is known of a visitor is reduced before it is written anywhere: to the day, the lot, a coarse region that a
trusted proxy tells, the language of the page and the kind of way that led here. No address of the network, no
browser, no hour. Programs that read pages (``data/bots.txt``) are left out, and so are pages fetched ahead.

The line goes into the spool (``kernel.spool``) before the answer; :func:`take_in` counts a segment in the transaction
that remembers it, so that one which is seen twice counts once.
"""

from __future__ import annotations

import csv
import enum
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from accounts.models import Organisation
from kernel.db import db, listed, on_sqlite
from kernel.errors import N_
from traceability.item_models import ItemCode
from traceability.models import Batch, Lot, LotState
from traceability.scan_models import ScanCount, ScanSegment

_DATA = Path(__file__).with_name("data")
#: So long it is remembered that a segment was counted; its file is gone long before.
REMEMBERED_FOR = timedelta(days=90)

A_PACK, A_LOT = "-", "="
#: Where a page that is found by a name says, for the layer that counts, which lot it told of (WSGI).
OPENED_LOT = "ocop.opened_lot"
UNKNOWN = ""  #: the region of those of whom none is known


class Way(enum.StrEnum):
    """How somebody came to the page, as far as the browser says."""

    DIRECT = "direct"  #: a scanned code, a typed or saved address: the browser names no page before it
    SEARCH = "search"
    SOCIAL = "social"
    OWN = "own"  #: another page of this site
    OTHER = "other"


WAYS = {
    Way.DIRECT: N_("Code scanned or address opened"),
    Way.SEARCH: N_("Search engine"),
    Way.SOCIAL: N_("Social network or messenger"),
    Way.OWN: N_("Another page of this site"),
    Way.OTHER: N_("Another website"),
}


@dataclass(frozen=True)
class Scan:
    """One opening, with all that is kept of it."""

    day: date
    #: its code, as in the address; :data:`A_PACK` for a single pack, :data:`A_LOT` for a captured lot
    organisation: str
    token: str  #: of the batch, or the serial of the pack, or the id of the captured lot
    region: str
    language: str
    way: Way

    def line(self) -> str:
        """Write it for the spool."""
        return "\t".join((self.day.isoformat(), self.organisation, self.token, self.region, self.language, self.way))


_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d)\t([a-z0-9]{4,6}|[-=])\t([0-9a-z]{10}|[0-9a-z]{16}|[0-9]{1,9})\t((?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?)?)\t([a-z]{2})\t(\w+)"
)


def read_line(line: str) -> Scan | None:
    """Read a line of the spool; None when it is no such line."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        return Scan(date.fromisoformat(match[1]), match[2], match[3], match[4], match[5], Way(match[6]))
    except ValueError:
        return None


# --- What is known of a visitor ---------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """Tell whether a browser's name is a program's; one without a name is a program."""
    named = user_agent[:400].lower()
    for word in _no_bots():
        named = named.replace(word, "")
    return not user_agent.strip() or _bots().search(named) is not None


@lru_cache(maxsize=1)
def _bots() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in _words_of_bots() if word[0] != "!"))


@lru_cache(maxsize=1)
def _no_bots() -> tuple[str, ...]:
    return tuple(word[1:] for word in _words_of_bots() if word[0] == "!")


def _words_of_bots() -> list[str]:
    lines = (_DATA / "bots.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and line[0] != "#"]


@lru_cache(maxsize=4096)
def way_of(referrer: str, own_host: str) -> Way:
    """Tell the kind of a ``Referer`` header.

    :param own_host: the host of this site, with its port if it has one
    """
    if not referrer.strip():
        return Way.DIRECT
    try:
        parts = urlsplit(referrer)
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
        if parts.netloc.lower() == own_host.lower():
            return Way.OWN
    except ValueError:
        return Way.OTHER
    if parts.scheme == "android-app":
        return _kinds_of_apps().get(host, Way.DIRECT)  # an app that opened the address: most are scanners
    labels = host.split(".")
    for start in range(len(labels)):
        kind = _kinds_of_hosts().get(".".join(labels[start:])) or _kinds_of_hosts().get(f"{labels[start]}.*")
        if kind is not None:
            return kind
    return Way.OTHER


@lru_cache(maxsize=1)
def _kinds_of_hosts() -> dict[str, Way]:
    with (_DATA / "referrers.csv").open(encoding="utf-8", newline="") as file:
        return {row["host"]: Way(row["way"]) for row in csv.DictReader(file) if not row["host"].startswith("app:")}


@lru_cache(maxsize=1)
def _kinds_of_apps() -> dict[str, Way]:
    with (_DATA / "referrers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["host"].removeprefix("app:"): Way(row["way"]) for row in rows if row["host"].startswith("app:")}


_REGION = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
#: What proxies say when they do not know: ISO 3166 leaves these to users; T1 is a network that hides.
_NO_COUNTRY = frozenset({"XX", "T1", "ZZ", "A1", "A2"})


@lru_cache(maxsize=1024)
def region_of(country: str, region: str) -> str:
    """Reduce what a trusted proxy says to a country, or a province of Viet Nam.

    :param country: ``CF-IPCountry``, two letters
    :param region: ``X-Region``, a code of ISO 3166-2, or beside ``country`` its part after that; two letters alone are
        a country
    :return: "VN-29", "JP", or :data:`UNKNOWN`
    """
    country, region = country.strip().upper(), region.strip().upper()
    if f"{country}-{region}" in provinces():  # Ho Chi Minh City is SG there, and Singapore elsewhere
        return f"{country}-{region}"
    for said in (region if "-" in region else "", country, region):
        match = _REGION.fullmatch(said)
        if match is None or match[1] in _NO_COUNTRY:
            continue
        return match[0] if match[0] in provinces() else match[1]
    return UNKNOWN


@lru_cache(maxsize=1)
def provinces() -> dict[str, str]:
    """Give the provinces by their codes of ISO 3166-2, as those who tell where an address lies still name them."""
    with (_DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


#: The parts of Viet Nam, for who needs to know no more; no country has a digit in its code.
PARTS = {"V1": "north", "V2": "central", "V3": "south"}
FAR_ENDS = {"V1", "V3"}


def coarse(region: str) -> str | None:
    """Reduce a region to a country, or to a part of Viet Nam; None where none is known."""
    if region == UNKNOWN:
        return None
    return _parts().get(region, region[:2])


@lru_cache(maxsize=1)
def _parts() -> dict[str, str]:
    names = {name: code for code, name in PARTS.items()}
    with (_DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: names[row["part"]] for row in csv.DictReader(file)}


# --- Counting ---------------------------------------------------------------------------------------------


def take_in(segment: str, lines: Iterable[str], *, now: datetime) -> int | None:
    """Count the lines of a segment of the spool in the caller's transaction.

    :param segment: its id; remembered in the same transaction
    :return: how many were counted; None when it was counted before
    """
    read = [read_line(line) for line in lines]
    found = Counter(scan for scan in read if scan is not None)
    tokens = {kind: {scan.token for scan in found if scan.organisation == kind} for kind in (A_PACK, A_LOT)}
    lot_ids = _lots_by_address({scan.token for scan in found if scan.organisation not in tokens})
    lot_ids |= _lots_by_serial(tokens[A_PACK]) | _lots_by_id(tokens[A_LOT])
    counts: Counter[tuple[int, date, str, str, str]] = Counter()
    for scan, times in found.items():
        lot_id = lot_ids.get((scan.organisation, scan.token))
        if lot_id is not None:
            counts[lot_id, scan.day, scan.region, scan.language, scan.way.value] += times
    counted = sum(counts.values())
    if not _claim(segment, counted=counted, left_out=len(read) - counted, now=now):
        return None
    _add(counts)
    return counted


def forget_segments(*, now: datetime) -> None:
    """Forget segments that were counted long ago."""
    db.session.execute(delete(ScanSegment).where(ScanSegment.taken_at < now - REMEMBERED_FOR))


def _claim(segment: str, *, counted: int, left_out: int, now: datetime) -> bool:
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    claimed = db.session.execute(
        insert(ScanSegment)
        .values(id=segment, taken_at=now, counted=counted, left_out=left_out)
        .on_conflict_do_nothing()
        .returning(ScanSegment.id)
    )
    return claimed.scalar_one_or_none() is not None


def _lots_by_address(tokens: set[str]) -> dict[tuple[str, str], int]:
    if not tokens:
        return {}
    rows = db.session.execute(
        select(Organisation.code, Batch.token, Batch.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(Batch.token.in_(listed(sorted(tokens))), Lot.state != LotState.OPEN)
    )
    return {(code, token): lot_id for code, token, lot_id in rows}


def _lots_by_serial(serials: set[str]) -> dict[tuple[str, str], int]:
    if not serials:
        return {}
    rows = db.session.execute(
        select(ItemCode.serial, Lot.id)
        .join(Lot, Lot.id == ItemCode.lot_id)
        .where(ItemCode.serial.in_(listed(sorted(serials))), Lot.state != LotState.OPEN)
    )
    return {(A_PACK, serial): lot_id for serial, lot_id in rows}


def _lots_by_id(ids: set[str]) -> dict[tuple[str, str], int]:
    if not ids:
        return {}
    rows = db.session.scalars(select(Lot.id).where(Lot.id.in_(listed(sorted(map(int, ids))))))
    return {(A_LOT, str(lot_id)): lot_id for lot_id in rows}


def _add(counts: Counter[tuple[int, date, str, str, str]]) -> None:
    """Add to the rows that stand, in the order of their keys: two workers never wait for each other crosswise."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    rows = [
        {"lot_id": lot_id, "day": day, "region": region, "language": language, "way": way, "openings": times}
        for (lot_id, day, region, language, way), times in sorted(counts.items())
    ]
    for start in range(0, len(rows), 500):
        statement = insert(ScanCount).values(rows[start : start + 500])
        added = {"openings": ScanCount.openings + statement.excluded.openings}
        keys = ["lot_id", "day", "region", "language", "way"]
        db.session.execute(statement.on_conflict_do_update(index_elements=keys, set_=added))
