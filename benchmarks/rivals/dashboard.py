"""All figures of the dashboard as one SQL aggregate by hand, on a psycopg connection of its own.

For a practice whose places have one day, and for one filing limit: the product judges each place and each limit apart.
"""

from datetime import date, timedelta
from typing import Any

import psycopg

STATEMENT = """
WITH active AS (
    SELECT v.authorization_id, v.valid_through, a.home_location_id AS home
    FROM referrals_authorizationversion v
    JOIN referrals_authorization a ON a.current_id = v.id
    JOIN referrals_referral r ON r.id = a.referral_id
    WHERE v.practice_id = %(practice)s AND v.valid_through >= %(today)s AND r.state = 'ACCEPTED'
), used AS (
    SELECT active.home, sum(line.visits_authorized) AS authorized, sum(line.visits_before_us) AS before_us,
        sum(line.visits_held) AS held, sum(line.visits_used) AS used
    FROM active
    JOIN referrals_authorizedservice line ON line.authorization_id = active.authorization_id
    WHERE line.limit_kind = 'COUNTED'
    GROUP BY active.home
), unsent AS (
    SELECT visit.id, visit.on
    FROM referrals_visit visit
    JOIN referrals_authorization a ON a.id = visit.authorization_id
    JOIN referrals_referral r ON r.id = a.referral_id
    WHERE visit.practice_id = %(practice)s AND visit.state = 'COMPLETED' AND visit.on >= %(since)s
    AND r.affiliation <> 'CCN'
    AND NOT EXISTS (
        SELECT FROM billing_claimline line
        JOIN billing_claim claim ON claim.id = line.claim_id
        WHERE line.practice_id = %(practice)s AND line.is_live AND line.visit_id = visit.id
        AND line.service_date >= %(since)s AND claim.practice_id = %(practice)s
        AND claim.state IN ('SENT', 'ACCEPTED', 'PAID', 'PARTIALLY_PAID', 'DENIED')
    )
), priced AS (
    SELECT unsent.on, service.charge, service.unpriced
    FROM unsent
    CROSS JOIN LATERAL (
        SELECT sum(price.amount * service.units) AS charge, bool_or(price.amount IS NULL) AS unpriced
        FROM referrals_visitservice service
        LEFT JOIN LATERAL (
            SELECT charge.amount
            FROM billing_charge charge
            WHERE charge.practice_id = %(practice)s AND charge.code = service.code AND charge.valid_from <= unsent.on
            AND (charge.valid_through IS NULL OR charge.valid_through >= unsent.on)
            ORDER BY charge.valid_from DESC
            LIMIT 1
        ) price ON true
        WHERE service.visit_id = unsent.id
    ) service
)
SELECT
    (SELECT json_build_array(count(*), count(*) FILTER (WHERE valid_through <= %(today)s::date + 30)) FROM active),
    (SELECT json_agg(json_build_array(home, authorized, before_us, held, used)) FROM used),
    (SELECT json_agg(json_build_array(week.monday, (
        SELECT count(*) FROM active WHERE valid_through BETWEEN week.monday AND week.monday + 6
    )) ORDER BY week.monday) FROM (
        SELECT date_trunc('week', %(today)s::date)::date + 7 * number AS monday FROM generate_series(0, 11) number
    ) week),
    (SELECT json_build_array(count(*), coalesce(sum(charge), 0), count(*) FILTER (WHERE unpriced)) FROM priced),
    (SELECT json_build_array(count(*), coalesce(sum(charge), 0), count(*) FILTER (WHERE unpriced)) FROM priced
        WHERE (%(today)s::date - priced.on) * 100 > %(limit)s * %(percent)s),
    (SELECT json_build_array(count(*), coalesce(sum(charge), 0), count(*) FILTER (WHERE unpriced)) FROM priced
        WHERE (%(today)s::date - priced.on) * 100 > %(limit)s * %(percent)s
        AND priced.on + %(limit)s::integer < %(today)s),
    (SELECT json_build_array(count(*), coalesce(sum(total_charge), 0)) FROM billing_claim
        WHERE practice_id = %(practice)s AND state = 'SENT')
"""
LOOKED_BACK, LIMIT, PERCENT = timedelta(days=366), 180, 75


class Rival:
    """The figures of one practice on one day. The statement is planned on every run, as Django's are, or prepared."""

    def __init__(self, url: str, *, practice_id: int, today: date, prepared_after: int | None = None) -> None:
        # Compiling the statement would take longer than running it.
        options = f"-c jit=off -c vca.practice={practice_id}"
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=prepared_after, options=options)
        self._known = {"practice": practice_id, "today": today, "since": today - LOOKED_BACK}
        self._known |= {"limit": LIMIT, "percent": PERCENT}

    def figures(self) -> tuple[Any, ...]:
        """Return the figures, money in cents."""
        row = self._connection.execute(STATEMENT, self._known).fetchone()
        assert row is not None
        return row

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
