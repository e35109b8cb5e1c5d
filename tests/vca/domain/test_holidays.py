"""Federal holidays as the Office of Personnel Management lists them, year by year."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vca.domain.holidays import holiday_on, is_working_day, send_by

# OPM's lists of observed days; the day of an inauguration is left out.
OBSERVED = {
    2020: ["01-01", "01-20", "02-17", "05-25", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"],
    2021: ["01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"],
    2022: ["01-17", "02-21", "05-30", "06-20", "07-04", "09-05", "10-10", "11-11", "11-24", "12-26"],
    2023: ["01-02", "01-16", "02-20", "05-29", "06-19", "07-04", "09-04", "10-09", "11-10", "11-23", "12-25"],
    2024: ["01-01", "01-15", "02-19", "05-27", "06-19", "07-04", "09-02", "10-14", "11-11", "11-28", "12-25"],
    2026: ["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"],
}


@pytest.mark.parametrize("year", OBSERVED)
def test_observed_days_of_a_year_are_those_that_are_published(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]

    found = [day.strftime("%m-%d") for day in days if day.year == year and holiday_on(day)]

    assert found == OBSERVED[year]


def test_holiday_on_a_weekend_is_named_on_the_day_on_which_it_is_observed() -> None:
    names = [holiday_on(date(2021, 7, day)) for day in (4, 5)]

    assert names == ["", "Independence Day (observed)"]


@pytest.mark.parametrize(
    ("needed_on", "sent_on"),
    [
        ("2026-03-24", "2026-03-10"),  # two weeks without a holiday
        ("2026-12-04", "2026-11-19"),  # Thanksgiving Day takes one
        ("2027-01-04", "2026-12-18"),  # Christmas Day and New Year's Day take two
        ("2026-03-23", "2026-03-09"),
        ("2026-03-22", "2026-03-06"),  # a Sunday is none to ask on, nor is a Saturday
        ("2026-06-03", "2026-05-19"),  # Memorial Day
        ("2026-05-25", "2026-05-11"),  # a holiday on the last day itself takes nothing
    ],
)
def test_holidays_stretch_the_days_that_va_takes(needed_on: str, sent_on: str) -> None:
    assert send_by(date.fromisoformat(needed_on), days=14) == date.fromisoformat(sent_on)


def open_days(first: date, last: date) -> int:
    """Return the days after the first through the last that are no holiday strictly between them."""
    between = (first + timedelta(days=number) for number in range(1, (last - first).days))
    return (last - first).days - sum(bool(holiday_on(day)) for day in between)


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(1, 60))
def test_what_is_sent_has_its_days_and_a_working_day_later_it_has_not(needed_on: date, days: int) -> None:
    sent_on = send_by(needed_on, days=days)
    later = next(day for n in range(1, 9) if is_working_day(day := sent_on + timedelta(days=n)))

    assert is_working_day(sent_on)
    assert open_days(sent_on, needed_on) >= days
    assert later >= needed_on or open_days(later, needed_on) < days
