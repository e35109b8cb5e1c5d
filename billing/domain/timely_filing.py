"""The filing limit: the last civil day on which a claim for a day of service is timely. Source: 38 USC 1703D(b).

>>> last_day(date(2026, 1, 1), limit_days=180)
datetime.date(2026, 6, 30)
"""

from datetime import date, timedelta


def last_day(service_date: date, *, limit_days: int) -> date:
    """Return the day of service plus the limit in civil days, that day included."""
    return service_date + timedelta(days=limit_days)
