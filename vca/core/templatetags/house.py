"""What every template may use without loading it: money, days, badges, icons, form widgets and links.

Nothing here reads the clock or the database; a page passes ``today`` and the zone of the place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.forms import BoundField
from django.forms.widgets import DateInput, TimeInput
from django.template import Context, Library
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vca.core.idempotency import FORM_FIELD
from vca.domain import wording
from vca.domain.money import usd

register = Library()
NOTHING = "–"


@register.filter
def money(amount: Decimal | int | None) -> str:
    """Return dollars as $1,234.50 and a negative amount as ($1,234.50). Raises TypeError for a float."""
    if amount is None:
        return NOTHING
    dollars = usd(amount)
    text = f"${abs(dollars):,.2f}"
    return f"({text})" if dollars < 0 else text


@register.filter
def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 claim, 2 claims."""
    return wording.counted(number, noun)


@register.filter
def civil_day(day: date | None) -> str:
    """Return a civil day as 14 Dec 2026. Raises TypeError for an instant, whose day depends on the place."""
    if day is None:
        return NOTHING
    if isinstance(day, datetime):
        raise TypeError("an instant has no civil day without a place; use the instant filter")
    return wording.say_day(day)


@register.filter
def relative_day(day: date | None, today: date) -> str:
    """Return how far a civil day lies from today, in words: today, tomorrow, in 21 days, 3 days ago."""
    if day is None:
        return NOTHING
    days = (day - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")


@register.filter
def span(days: Fraction | int) -> str:
    """Return a number of days in words, to the half of a day: 7 days, 3.5 days."""
    return wording.span(days)


@register.filter
def clock(at: datetime | None, zone: ZoneInfo | str) -> str:
    """Return the time of day at a place, with the zone's abbreviation: 9:30 AM PST."""
    if at is None:
        return NOTHING
    local = _local(at, zone)
    return f"{local.hour % 12 or 12}:{local:%M %p %Z}"


@register.filter
def day_at(at: datetime | None, zone: ZoneInfo | str) -> str:
    """Return the civil day of an instant at a place: 23 Nov 2026."""
    return NOTHING if at is None else civil_day(_local(at, zone).date())


@register.filter
def instant(at: datetime | None, zone: ZoneInfo | str) -> str:
    """Return an instant as a place shows it: 23 Nov 2026, 9:30 AM PST. Raises ValueError for one without an offset."""
    if at is None:
        return NOTHING
    return f"{civil_day(_local(at, zone).date())}, {clock(at, zone)}"


def _local(at: datetime, zone: ZoneInfo | str) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant without an offset cannot be placed")
    return at.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


@register.filter
def mask(identifier: str | None) -> str:
    """Return an identifier with all but the last four characters hidden; a short one is hidden whole."""
    if not identifier:
        return NOTHING
    return f"••••{identifier[-4:]}" if len(identifier) > 4 else "••••"


@register.filter
def phone(digits: str | None) -> str:
    """Return ten digits as (805) 555-0143; anything else as it is."""
    if not digits:
        return NOTHING
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if len(digits) == 10 else digits


@register.filter
def zip_code(digits: str | None) -> str:
    """Return nine digits as 93401-2345; five as they are."""
    if not digits:
        return NOTHING
    return f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else digits


ABBREVIATIONS = {"Va": "VA", "Icn": "ICN", "Edipi": "EDIPI", "Ssn": "Social Security number", "Seoc": "SEOC"}


@register.filter
def words(name: str) -> str:
    """Return the name of a field or state in plain words: expiration_date is Expiration date, va_status VA status."""
    first, *rest = name.replace("_", " ").lower().capitalize().split(" ")
    return " ".join([ABBREVIATIONS.get(first, first), *rest])


@dataclass(frozen=True, slots=True)
class Badge:
    """How a state is shown: a word, an icon of static/img/icons.svg, and a tone. Never the colour alone."""

    word: str
    icon: str
    tone: str


# The tone says what a person must do: bad and warn ask for an act, info is under way, good is well, quiet is past.
BADGES: Mapping[str, Badge] = {
    "DRAFT": Badge("Draft", "pencil", "quiet"),
    "RECEIVED": Badge("Received", "inbox", "info"),
    "HELD": Badge("Needs review", "alert", "warn"),
    "ACCEPTED": Badge("Active", "check", "good"),
    "SUSPENDED": Badge("On hold", "pause", "warn"),
    "LOW_VISITS": Badge("Low visits", "half", "warn"),
    "EXPIRING": Badge("Expiring", "clock", "warn"),
    "EXHAUSTED": Badge("Exhausted", "cross", "bad"),
    "EXPIRED": Badge("Expired", "clock", "bad"),
    "CANCELLED": Badge("Cancelled", "dash", "quiet"),
    "REJECTED": Badge("Rejected", "cross", "bad"),
    "COMPLETED": Badge("Completed", "check", "good"),
    "SUPERSEDED": Badge("Superseded", "replace", "quiet"),
    "PENCILLED": Badge("Penciled in", "pencil", "quiet"),
    "BOOKED": Badge("Booked", "calendar", "info"),
    "ARRIVED": Badge("Arrived", "person", "info"),
    "NO_SHOW": Badge("No-show", "dash", "warn"),
    "VOIDED": Badge("Voided", "dash", "quiet"),
    "READY": Badge("Ready", "check", "info"),
    "SENT": Badge("Submitted", "send", "info"),
    "CLAIM.ACCEPTED": Badge("Accepted", "check", "good"),
    "DENIED": Badge("Denied", "cross", "bad"),
    "PAID": Badge("Paid", "check", "good"),
    "PARTIALLY_PAID": Badge("Partially paid", "half", "warn"),
    "UNDERPAID": Badge("Underpaid", "half", "warn"),
    "CLOSED": Badge("Closed", "dash", "quiet"),
    "REPLACED": Badge("Replaced", "replace", "quiet"),
    "OPEN": Badge("Open", "bell", "warn"),
    "SNOOZED": Badge("Snoozed", "pause", "quiet"),
    "DISMISSED": Badge("Dismissed", "dash", "quiet"),
    "RESOLVED": Badge("Resolved", "check", "good"),
    "QUEUED": Badge("Waiting", "clock", "info"),
    "RUNNING": Badge("Running", "clock", "info"),
    "DONE": Badge("Done", "check", "good"),
    "PARKED": Badge("Stopped", "alert", "bad"),
    "IN_FORCE": Badge("In force", "check", "good"),
    "APPROVED": Badge("Approved", "check", "good"),
    "PENDING": Badge("Pending", "clock", "warn"),
    "ENDED": Badge("Ended", "dash", "quiet"),
    "MAIL_REFUSED": Badge("E-mail refused", "alert", "warn"),
    "NOT_CLOSED": Badge("Not closed", "alert", "warn"),
    "LEGAL_HOLD": Badge("Legal hold", "pause", "warn"),
    "LIFTED": Badge("Lifted", "dash", "quiet"),
    "PAST_TIME": Badge("Past its time", "clock", "info"),
    "NOT_YET": Badge("Not yet", "calendar", "quiet"),
    "NOT_IN_USE": Badge("Not in use", "dash", "quiet"),
}
# The desk's own word for an authorization with nothing to say: the badge is that of its referral.
SAME_AS = {"ACTIVE": "ACCEPTED"}


@register.simple_tag
def status_badge(state: str, kind: str = "") -> Badge:
    """Return the badge of a state. ``kind`` is needed where two kinds use one state in two senses: "claim"."""
    written = state.upper().replace("-", "_").replace(" ", "_")
    name = SAME_AS.get(written, written)
    unknown = Badge(state.replace("_", " ").capitalize(), "dot", "quiet")
    return BADGES.get(f"{kind.upper()}.{name}") or BADGES.get(name, unknown)


@register.simple_tag
@lru_cache(maxsize=64)
def icon(name: str) -> SafeString:
    """Return a picture from static/img/icons.svg, hidden from screen readers: words always stand beside it."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
@lru_cache(maxsize=256)
def badge(state: str, kind: str = "") -> SafeString:
    """Return the badge of a state, drawn: icon, word and tone. Cached, since a list shows the same few on every row."""
    shown = status_badge(state, kind)
    return format_html('<span class="badge tone-{}">{}{}</span>', shown.tone, icon(shown.icon), shown.word)


@register.simple_tag
def sent_once() -> SafeString:
    """Return the one-time key of a form, which stands beside its csrf_token: sent twice, the form acts once."""
    # autocomplete: Firefox would put the old key into the form again when the page is loaded anew.
    return format_html('<input type="hidden" name="{}" value="{}" autocomplete="off">', FORM_FIELD, uuid4().hex)


@register.simple_tag(takes_context=True)
def query_replace(context: Context, **parameters: object) -> str:
    """Return this page's query string with some parameters set; ``None`` takes one out, the others stay."""
    query = context["request"].GET.copy()
    for name, value in parameters.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


WIDGET_CLASSES = {
    "select": "usa-select",
    "nullbooleanselect": "usa-select",
    "selectmultiple": "usa-select",
    "textarea": "usa-textarea",
    "checkbox": "choice",
    "radioselect": "choice",
    "checkboxselectmultiple": "choice",
    "file": "file",
    "clearablefile": "file",
}


@register.filter
def widget(field: BoundField) -> SafeString:
    """Return the field's control with the house's class; a day and a time are asked with the browser's own controls.

    No browser keeps what was typed: it would write it into its own folder, to fill the form again after a restart.
    """
    control = field.field.widget
    if isinstance(control, DateInput):
        control.input_type, control.format = "date", "%Y-%m-%d"
    elif isinstance(control, TimeInput):
        control.input_type, control.format = "time", "%H:%M"
    own = control.attrs.get("class", "")
    shown = f"{own} {WIDGET_CLASSES.get(field.widget_type, 'usa-input')}".strip()
    return field.as_widget(attrs={"autocomplete": "off", **control.attrs, "class": shown})
