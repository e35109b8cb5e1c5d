"""Alerts by API: those that ask for something, and what a person does with one."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vca.core import alerts, vocabulary
from vca.core.api import serializers
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described, kind_filter, state_filter, yes_filter
from vca.core.models import Alert, AlertState
from vca.core.services import inbox
from vca.core.signals import note_subjects

MOVED = inbox.HasMoved.code


class AlertList(APIView):
    """The practice's alerts."""

    permissions: ClassVar = {"GET": "see_alerts"}

    @described(
        serializers.AlertOutput(many=True),
        asks=[
            state_filter(AlertState),
            kind_filter(vocabulary.kinds(vocabulary.Family.ALERT)),
            yes_filter("mine", "Only those that the token's person has taken, if given."),
            yes_filter("snoozed", "Those that sleep, in the place of those that are awake, if given."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Open ones that are awake, newest first; ``?state=DISMISSED`` or ``RESOLVED`` for the others.

        They are of the kinds that the roles of the token's person are told.
        """
        by, asked, now = actor_of(request), request.query_params, timezone.now()
        state = asked.get("state", AlertState.OPEN)
        is_open = alerts.asleep(by, at=now) if "snoozed" in asked else alerts.awake(by, at=now)
        rows = is_open if state == AlertState.OPEN else alerts.seen(by).filter(state=state)
        rows = rows.filter(kind=asked["kind"]) if "kind" in asked else rows
        rows = rows.filter(owner_id=by.user_id) if "mine" in asked else rows
        return listed(self, request, rows, serializers.AlertOutput, note=note_subjects)


def _alert(request: Request, alert_id: int) -> Alert:
    return get_object_or_404(alerts.seen(actor_of(request)), pk=alert_id)


def _as_shown(alert: Alert, said: dict[str, Any]) -> list[Alert]:
    """Return the alert with the threshold and the basis that the caller read, as far as they are given."""
    alert.threshold, alert.basis = said.get("threshold", alert.threshold), said.get("basis", alert.basis)
    return [alert]


def _as_it_is(alert: Alert) -> Response:
    alert.refresh_from_db()
    note_subjects([alert])
    return Response(serializers.AlertOutput(alert).data)


class AlertSnooze(APIView):
    """The snoozing of an alert."""

    permissions: ClassVar = {"POST": "see_alerts"}

    @described(serializers.AlertOutput, takes=serializers.SnoozeInput, refused_by=[MOVED, inbox.SleepsTooLong.code])
    @repeatable
    def post(self, request: Request, alert_id: int) -> Response:
        """Let it sleep until a day, for the whole practice; a tighter threshold wakes it before."""
        row = _alert(request, alert_id)
        said = heard(serializers.SnoozeInput, request).validated_data
        asked = inbox.Snooze(said["until"], said["reason"])
        inbox.snooze(_as_shown(row, said), asked=asked, by=actor_of(request), at=timezone.now())
        return _as_it_is(row)


class AlertWaking(APIView):
    """The waking of an alert."""

    permissions: ClassVar = {"POST": "see_alerts"}

    @described(serializers.AlertOutput, refused_by=[MOVED])
    @repeatable
    def post(self, request: Request, alert_id: int) -> Response:
        """Wake it before its day."""
        row = _alert(request, alert_id)
        inbox.wake([row], by=actor_of(request))
        return _as_it_is(row)


class AlertDismissal(APIView):
    """The dismissing of an alert."""

    permissions: ClassVar = {"POST": "see_alerts"}

    @described(serializers.AlertOutput, takes=serializers.DismissInput, refused_by=[MOVED])
    @repeatable
    def post(self, request: Request, alert_id: int) -> Response:
        """Dismiss it with a reason, which is kept."""
        row = _alert(request, alert_id)
        said = heard(serializers.DismissInput, request).validated_data
        inbox.dismiss(_as_shown(row, said), reason=said["reason"], by=actor_of(request), at=timezone.now())
        return _as_it_is(row)


class AlertReopening(APIView):
    """The undoing of a dismissal."""

    permissions: ClassVar = {"POST": "see_alerts"}

    @described(serializers.AlertOutput, refused_by=[MOVED])
    @repeatable
    def post(self, request: Request, alert_id: int) -> Response:
        """Open it again."""
        row = _alert(request, alert_id)
        inbox.reopen([row], by=actor_of(request))
        return _as_it_is(row)


def alert_act(name: str, deed: Callable[..., bool], said: str, refused_by: Sequence[str] = ()) -> Any:
    """Return the API view of taking an alert, or of giving it back."""

    def post(self: APIView, request: Request, alert_id: int) -> Response:
        row = _alert(request, alert_id)
        deed(alert=row, by=actor_of(request))
        return _as_it_is(row)

    post.__doc__ = said
    answer = described(serializers.AlertOutput, refused_by=refused_by)(repeatable(post))
    view: type[APIView] = type(name, (APIView,), {"permissions": {"POST": "see_alerts"}, "post": answer})
    return view.as_view()


take_alert = alert_act(
    "AlertTaking", inbox.take, "See to it oneself, also in the place of somebody else.", refused_by=[MOVED]
)
give_back_alert = alert_act("AlertGivingBack", inbox.give_back, "Leave it to anybody, if it was one's own.")
