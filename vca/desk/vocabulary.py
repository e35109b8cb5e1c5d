"""The words of the desk: its permission, its kind of audit event, and its pages in the navigation."""

from vca.core.vocabulary import Entry, Role, declare

declare(
    permissions={"see_dashboard": (Role.ADMINISTRATOR,)},
    hourly={"dashboard.exported": 30},
    audit_events={"dashboard.exported": "Figures of the dashboard exported"},
    navigation=(
        Entry(10, "Today", "today", "see_day"),
        Entry(30, "Authorizations", "authorizations", "see_referrals"),
        Entry(40, "Veterans", "veterans", "see_veterans"),
        Entry(60, "Alerts", "alerts", "see_alerts"),
        Entry(65, "Dashboard", "dashboard", "see_dashboard"),
    ),
)
