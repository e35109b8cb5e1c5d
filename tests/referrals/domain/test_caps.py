"""Caps of a line by day, week and month: what lies in the span counts, its first and last day included."""

from datetime import date

import pytest

from referrals.domain.caps import CapReached, Caps, refuse, spans

ON = date(2024, 4, 11)  # a Thursday


@pytest.mark.parametrize(
    ("caps", "there", "refused"),
    [
        (Caps(), [ON] * 9, False),
        (Caps(day=1), [ON], True),
        (Caps(day=1), [date(2024, 4, 10), date(2024, 4, 12)], False),
        (Caps(day=2), [ON], False),
        (Caps(week=1), [date(2024, 4, 8)], True),
        (Caps(week=1), [date(2024, 4, 14)], True),
        (Caps(week=1), [date(2024, 4, 7), date(2024, 4, 15)], False),
        (Caps(month=1), [date(2024, 4, 1)], True),
        (Caps(month=1), [date(2024, 4, 30)], True),
        (Caps(month=1), [date(2024, 3, 31), date(2024, 5, 1)], False),
        (Caps(day=5, week=5, month=2), [date(2024, 4, 1), date(2024, 4, 29)], True),
    ],
)
def test_cap_counts_what_lies_in_its_span(caps: Caps, there: list[date], refused: bool) -> None:
    try:
        refuse(caps, on=ON, days=there, name="Infusion")
    except CapReached:
        found = True
    else:
        found = False

    assert found is refused


@pytest.mark.parametrize(
    ("on", "week", "month"),
    [
        (date(2024, 2, 29), (date(2024, 2, 26), date(2024, 3, 3)), (date(2024, 2, 1), date(2024, 2, 29))),
        (date(2024, 12, 31), (date(2024, 12, 30), date(2025, 1, 5)), (date(2024, 12, 1), date(2024, 12, 31))),
        (date(2024, 4, 8), (date(2024, 4, 8), date(2024, 4, 14)), (date(2024, 4, 1), date(2024, 4, 30))),
        (date(2024, 4, 14), (date(2024, 4, 8), date(2024, 4, 14)), (date(2024, 4, 1), date(2024, 4, 30))),
    ],
)
def test_week_runs_from_monday_and_month_from_the_first(
    on: date, week: tuple[date, date], month: tuple[date, date]
) -> None:
    assert spans(on) == {"day": (on, on), "week": week, "month": month}


def test_refusal_names_the_cap_and_the_visits_that_count() -> None:
    with pytest.raises(CapReached) as refusal:
        refuse(Caps(week=2), on=ON, days=[date(2024, 4, 12), date(2024, 4, 8)], name="Infusion")

    said = "the line Infusion allows 2 visits a week (Monday to Sunday); these count: 8 Apr 2024, 12 Apr 2024"
    assert str(refusal.value) == f"VISIT-25 {said}"
