"""Days are Viet Nam's; months end where they end."""

from datetime import UTC, date, datetime

import pytest

from kernel import clock


def test_a_day_begins_at_midnight_in_viet_nam_which_is_five_in_the_afternoon_utc() -> None:
    last_second = datetime(2026, 11, 24, 16, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 11, 24, 17, 0, 0, tzinfo=UTC)

    assert clock.business_date(last_second) == date(2026, 11, 24)
    assert clock.business_date(midnight) == date(2026, 11, 25)
    assert clock.next_midnight(last_second) == midnight
    assert clock.next_midnight(midnight) > midnight


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2023, 2, 28), 36, date(2026, 2, 28)),
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_are_added_by_the_calendar(day: date, months: int, expected: date) -> None:
    assert clock.add_months(day, months) == expected
