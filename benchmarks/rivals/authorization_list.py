"""The list of authorizations as one SQL statement by hand, on a psycopg connection of its own.

It walks the index of last days as far as the page reaches and only then looks up names, lines and the next visit. It
gives what the page shows: number, name, badges, days, next visit, and each line with its counts.
"""

from datetime import date
from typing import Any

import psycopg

VIEWS = {
    "active": "AND r.state = 'ACCEPTED' AND v.valid_through >= %(today)s",
    "ended": "AND r.state = 'ACCEPTED' AND v.valid_through < %(today)s",
    "all": "",
}
STATEMENT = """
WITH page AS (
    SELECT v.id, v.authorization_id, a.veteran_id, r.number, r.state, v.valid_from, v.valid_through
    FROM referrals_authorizationversion v
    JOIN referrals_authorization a ON a.current_id = v.id
    JOIN referrals_referral r ON r.id = a.referral_id
    WHERE v.practice_id = %(practice)s AND (v.valid_through, v.id) > (%(day)s, %(id)s)
    {view}
    ORDER BY v.valid_through, v.id
    LIMIT 51
)
SELECT page.id, page.authorization_id, page.number, page.veteran_id,
    upper(facts.last_name) || CASE WHEN facts.first_name || facts.middle_name <> '' THEN ', ' ELSE '' END
        || concat_ws(' ', nullif(facts.first_name, ''), nullif(left(facts.middle_name, 1), '')) AS name,
    page.valid_from, page.valid_through, booked.next_visit, lines.lines,
    CASE
        WHEN page.state <> 'ACCEPTED' THEN ARRAY[page.state]
        ELSE coalesce(nullif(array_remove(ARRAY[
            CASE WHEN page.valid_through < %(today)s THEN 'EXPIRED' END,
            CASE WHEN lines.most <= 0 THEN 'EXHAUSTED' END,
            CASE WHEN page.valid_through BETWEEN %(today)s AND %(today)s::date + 30 THEN 'EXPIRING' END,
            CASE WHEN lines.least BETWEEN 1 AND 2 OR lines.least <= 0 AND lines.most > 0 THEN 'LOW_VISITS' END
        ], NULL), '{{}}'), ARRAY['ACTIVE'])
    END AS badges
FROM page
JOIN referrals_veteran veteran ON veteran.id = page.veteran_id
JOIN referrals_veteranfacts facts ON facts.id = veteran.current_id
LEFT JOIN LATERAL (
    SELECT min(visit.on) AS next_visit
    FROM referrals_visit visit
    WHERE visit.authorization_id = page.authorization_id AND visit.state = 'BOOKED' AND visit.on >= %(today)s
) booked ON true
LEFT JOIN LATERAL (
    SELECT min(rest.left) AS least, max(rest.left) AS most, json_agg(json_build_array(
        line.description, line.visits_authorized, line.visits_before_us, line.visits_held, line.visits_used, rest.left
    ) ORDER BY line.number) AS lines
    FROM referrals_authorizedservice line, LATERAL (
        SELECT line.visits_authorized - line.visits_before_us - line.visits_held - line.visits_used AS left
    ) rest
    WHERE line.authorization_id = page.authorization_id
) lines ON true
ORDER BY page.valid_through, page.id
"""
Row = tuple[Any, ...]
Place = tuple[date, int]  # last day and id of the row after which a page begins
FIRST: Place = (date.min, 0)


class Rival:
    """The list of one practice on one day. The statement is planned on every run, as Django's are, or prepared."""

    def __init__(self, url: str, *, practice_id: int, today: date, prepared_after: int | None = None) -> None:
        isolated = f"-c vca.practice={practice_id}"
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=prepared_after, options=isolated)
        self._known = {"practice": practice_id, "today": today}

    def page(self, view: str, *, after: Place = FIRST) -> list[Row]:
        """Return the rows of the page of fifty that comes after that place."""
        return self._rows(STATEMENT.format(view=VIEWS[view]), after)[:50]

    def order(self, view: str) -> list[Place]:
        """Return the places of all rows of a view in their order."""
        rows = self._rows(STATEMENT.format(view=VIEWS[view]).replace("LIMIT 51", ""), FIRST)
        return [(row[6], row[0]) for row in rows]

    def _rows(self, statement: str, after: Place) -> list[Row]:
        return self._connection.execute(statement, {**self._known, "day": after[0], "id": after[1]}).fetchall()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
