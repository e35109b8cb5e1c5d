"""What a person does with alerts. A form names one alert, or all that were ticked; its undo names the same again.

Each is named as it was shown (``Alert.as_shown``): a page that stayed open does not speak for what it never said.
"""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from vca.core import access, alerts, forms
from vca.core.access import PageRequest
from vca.core.models import Alert
from vca.core.pages import came_from
from vca.core.services import inbox
from vca.core.services.inbox import Snooze
from vca.domain.wording import counted, say_day

AS_SHOWN = re.compile(r"([0-9]{1,18}) (-?[0-9]{1,9}) (.*)")  # more digits would not fit into the columns


@require_POST
@access.page("see_alerts")
def snooze_alerts(request: PageRequest) -> HttpResponse:
    """Let alerts sleep until a day."""
    rows, form = _named(request), forms.SnoozeForm(request.POST)
    if rows and not form.is_valid():
        messages.error(request, "Enter the day until which to snooze, such as 2026-12-14.")
    elif rows:
        asked = Snooze(form.cleaned_data["until"], form.cleaned_data["reason"])
        inbox.snooze(rows, asked=asked, by=request.actor, at=timezone.now())
        _tell(request, rows, f"snoozed until {say_day(asked.until)}", undo="wake_alerts")
    return _back(request)


@require_POST
@access.page("see_alerts")
def wake_alerts(request: PageRequest) -> HttpResponse:
    """Wake alerts before their day."""
    rows = _named(request)
    inbox.wake(rows, by=request.actor)
    _tell(request, rows, "woken", undo="snooze_alerts_again")
    return _back(request)


@require_POST
@access.page("see_alerts")
def snooze_alerts_again(request: PageRequest) -> HttpResponse:
    """Undo a waking."""
    inbox.snooze_again(_named(request), by=request.actor, at=timezone.now())
    return _back(request)


@require_POST
@access.page("see_alerts")
def dismiss_alerts(request: PageRequest) -> HttpResponse:
    """Dismiss alerts with a reason."""
    rows, form = _named(request), forms.DismissForm(request.POST)
    if rows and not form.is_valid():
        too_long = form.has_error("reason", "max_length")
        advice = "Say it in 200 characters or fewer." if too_long else "Say why it is dismissed; the reason is kept."
        messages.error(request, advice)
    elif rows:
        inbox.dismiss(rows, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        _tell(request, rows, "dismissed", undo="reopen_alerts")
    return _back(request)


@require_POST
@access.page("see_alerts")
def reopen_alerts(request: PageRequest) -> HttpResponse:
    """Undo a dismissal."""
    inbox.reopen(_named(request), by=request.actor)
    return _back(request)


@require_POST
@access.page("see_alerts")
def take_alert(request: PageRequest, alert_id: int) -> HttpResponse:
    """See to an alert myself."""
    alert = get_object_or_404(alerts.seen(request.actor), pk=alert_id)
    if not inbox.take(alert=alert, by=request.actor):
        messages.info(request, "It is yours already.")
    return _back(request)


@require_POST
@access.page("see_alerts")
def give_back_alert(request: PageRequest, alert_id: int) -> HttpResponse:
    """Leave an alert of mine to anybody."""
    alert = get_object_or_404(alerts.seen(request.actor), pk=alert_id)
    inbox.give_back(alert=alert, by=request.actor)
    return _back(request)


def _named(request: PageRequest) -> list[Alert]:
    """Return the alerts that the form names, with the threshold and basis that it showed, or none, with a message.

    Raises Http404 for one not the actor's to see.
    """
    names = {*request.POST.getlist("alert"), *request.GET.getlist("alert")}  # an undo names them in its address
    if not names:
        messages.info(request, "Tick the alerts first.")
    shown = {int(one[1]): (int(one[2]), one[3]) for one in map(AS_SHOWN.fullmatch, names) if one}
    rows = list(alerts.seen(request.actor).filter(pk__in=shown).order_by("pk"))
    if len(rows) < len(names):
        raise Http404
    for row in rows:
        row.threshold, row.basis = shown[row.pk]
    return rows


def _tell(request: PageRequest, rows: list[Alert], what: str, *, undo: str) -> None:
    """Say what was done, and offer to take it back."""
    if rows:
        query = urlencode([("alert", row.as_shown) for row in rows])
        words = f"{counted(len(rows), 'alert')} {what}." if len(rows) > 1 else f"{what[0].upper()}{what[1:]}."
        messages.success(request, words, extra_tags=f"undo:{reverse(undo)}?{query}")


def _back(request: PageRequest) -> HttpResponse:
    return redirect(came_from(request, reverse("alerts")))
