"""Federal holidays as the Office of Personnel Management lists them, year by year."""

from datetime import date, timedelta

import pytest

from vca.domain.holidays import holiday_on

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
