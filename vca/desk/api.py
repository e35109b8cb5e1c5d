"""The dashboard by API."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vca.core.api.authentication import actor_of
from vca.core.api.schema import described
from vca.core.pages import asked_for
from vca.desk.queries import dashboard
from vca.desk.queries.authorizations import Use
from vca.desk.queries.calendar import Calendar, today_at
from vca.desk.queries.dashboard import Figures

PLACE = OpenApiParameter("place", int, description="Only what is of this location; another practice's is a 404.")


class TodayOutput(serializers.Serializer):
    """Today at a location: what is active or late there is judged by it."""

    location = serializers.IntegerField()
    today = serializers.DateField()


class UseOutput(serializers.Serializer):
    """Visits of the counted lines of active authorizations; ``percent`` is before us and used of authorized."""

    authorized = serializers.IntegerField()
    before_us = serializers.IntegerField()
    held = serializers.IntegerField()
    used = serializers.IntegerField()
    percent = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)


class HomeUseOutput(UseOutput):
    """The same at a home location; null where an authorization has none."""

    location = serializers.IntegerField(allow_null=True)


class UnbilledOutput(serializers.Serializer):
    """Visits, and their expected charge as far as prices are known; ``unpriced`` have a service without a price."""

    visits = serializers.IntegerField()
    charge = serializers.DecimalField(max_digits=14, decimal_places=2)
    unpriced = serializers.IntegerField()


class WeekOutput(serializers.Serializer):
    """How many active authorizations end in the civil week that begins on this Monday."""

    monday = serializers.DateField()
    ending = serializers.IntegerField()


class DashboardOutput(serializers.Serializer):
    """The figures of the dashboard, of all locations (``place`` null) or one; what each means stands on the page."""

    as_of = serializers.DateTimeField()
    place = serializers.IntegerField(allow_null=True)
    days = TodayOutput(many=True)
    active = serializers.IntegerField()
    ending = serializers.IntegerField()
    use = UseOutput()
    by_location = HomeUseOutput(many=True)
    weeks = WeekOutput(many=True)
    unbilled_since = serializers.DateField()
    unbilled = UnbilledOutput()
    at_risk_percent = serializers.IntegerField()
    at_risk = UnbilledOutput()
    past_last_day = UnbilledOutput()
    sent_claims = serializers.IntegerField()
    sent_charge = serializers.DecimalField(max_digits=14, decimal_places=2)


class Dashboard(APIView):
    """The administrator's dashboard."""

    permissions: ClassVar = {"GET": "see_dashboard"}

    @described(DashboardOutput, asks=[PLACE])
    def get(self, request: Request) -> Response:
        """The figures as they stand now, money in dollars; ``?place=`` for one location."""
        by, at = actor_of(request), timezone.now()
        calendar = today_at(by, at)
        place = asked_for(request.query_params.get("place", ""), calendar.places)
        place_id = place.pk if place else None
        found = dashboard.figures(by, calendar=calendar, place=place_id)
        return Response(DashboardOutput(_said(found, place_id, calendar, at)).data)


def _said(found: Figures, place: int | None, calendar: Calendar, at: datetime) -> dict[str, Any]:
    days = [(pk, day) for pk, day in calendar.days.items() if place in (None, pk)]
    return {
        "as_of": at,
        "place": place,
        "days": [{"location": pk, "today": day} for pk, day in days],
        "active": found.active,
        "ending": found.ending,
        "use": found.use,
        "by_location": [{"location": home, **_counts(use)} for home, use in found.by_home.items()],
        "weeks": [{"monday": monday, "ending": number} for monday, number in found.weeks],
        "unbilled_since": found.since,
        "unbilled": found.unbilled,
        "at_risk_percent": found.percent,
        "at_risk": found.at_risk,
        "past_last_day": found.late,
        "sent_claims": found.sent,
        "sent_charge": found.sent_charge,
    }


def _counts(use: Use) -> dict[str, Any]:
    return {name: getattr(use, name) for name in ("authorized", "before_us", "held", "used", "percent")}
