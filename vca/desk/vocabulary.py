"""The words of the desk: its pages in the navigation."""

from vca.core.vocabulary import Entry, declare

declare(
    navigation=(
        Entry(10, "Today", "today", "see_day"),
        Entry(30, "Authorizations", "authorizations", "see_referrals"),
        Entry(40, "Veterans", "veterans", "see_veterans"),
        Entry(60, "Alerts", "alerts", "see_alerts"),
    ),
)
