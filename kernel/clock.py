"""The clock: read at the edges only (web, CLI, jobs), passed down as ``now=``.

Instants are aware datetimes in UTC; days are days of Viet Nam.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """Tell the present instant, in UTC. The one place tests stop the clock at."""
    return datetime.now(UTC)


def business_date(at: datetime) -> date:
    """Give the Viet Nam day on which the instant ``at`` falls."""
    return at.astimezone(VIETNAM).date()


def start_of_day(day: date) -> datetime:
    """Give the instant (UTC) at which ``day`` begins in Viet Nam."""
    return datetime.combine(day, time.min, VIETNAM).astimezone(UTC)


def next_midnight(at: datetime) -> datetime:
    """Give the next instant (UTC) at which a day of Viet Nam begins after ``at``."""
    return start_of_day(business_date(at) + timedelta(days=1))


def add_months(day: date, months: int) -> date:
    """Add whole months; a day the month lacks becomes its last day (31/01 + 1 month = 28/02 or 29/02)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month0 == 11), (month0 + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month0 + 1, min(day.day, last))
