"""Referrals, authorizations and visits by API."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from referrals import queries
from referrals.api import serializers
from referrals.domain.states import ReferralState
from referrals.intake.json_reader import Received
from referrals.models import FactSource, Visit
from referrals.services import referrals, visits
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import listed, repeatable
from vca.core.models import ServiceLocation


class ReferralList(APIView):
    """All referrals of the practice; a new one."""

    permissions: ClassVar = {"GET": "see_referrals", "POST": "enter_referrals"}

    def get(self, request: Request) -> Response:
        """Newest first; ``?state=HELD`` filters."""
        rows = queries.referrals(actor_of(request))
        state = request.query_params.get("state")
        if state and state not in set(ReferralState):
            raise ValidationError({"state": f"Choose one of {', '.join(ReferralState)}."})
        return listed(self, request, rows.filter(state=state) if state else rows, serializers.ReferralOutput)

    @repeatable
    def post(self, request: Request) -> Response:
        """Receive a referral: created (201), or known already (200): unchanged, or differing and held."""
        said = serializers.ReferralInput(data=request.data)
        said.is_valid(raise_exception=True)
        received = Received(said.notice(), {}, derived_expiration=False)
        outcome = referrals.receive(received, source=FactSource.REFERRAL, by=actor_of(request), at=timezone.now())
        body = serializers.ReferralOutput(outcome.referral).data
        body |= {"result": outcome.result, "held_because": outcome.reasons, "differs_in": outcome.fields}
        body |= {"held_by": [serializers.explained(reason) for reason in outcome.held_for]}
        return Response(body, status=201 if outcome.result == referrals.Result.CREATED else 200)


class ReferralDetail(APIView):
    """One referral."""

    permissions: ClassVar = {"GET": "see_referrals"}

    def get(self, request: Request, referral_id: int) -> Response:
        """With what stands in the way of confirming it."""
        row = get_object_or_404(queries.referrals(actor_of(request)), pk=referral_id)
        body = serializers.ReferralOutput(row).data
        return Response(body | {"obstacles": [serializers.explained(reason) for reason in queries.obstacles(row)]})


class ReferralConfirmation(APIView):
    """The confirming of a referral."""

    permissions: ClassVar = {"POST": "confirm_referrals"}

    @repeatable
    def post(self, request: Request, referral_id: int) -> Response:
        """Make the referral active, or say what is missing (409)."""
        row = get_object_or_404(queries.referrals(actor_of(request)), pk=referral_id)
        referrals.confirm(referral=row, by=actor_of(request), at=timezone.now())
        return Response(serializers.ReferralOutput(row).data)


class AuthorizationList(APIView):
    """Authorizations with their counts."""

    permissions: ClassVar = {"GET": "see_referrals"}

    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.authorizations(actor_of(request)), serializers.AuthorizationOutput)


class AuthorizationDetail(APIView):
    """One authorization."""

    permissions: ClassVar = {"GET": "see_referrals"}

    def get(self, request: Request, authorization_id: int) -> Response:
        """Days, lines and counts."""
        row = get_object_or_404(queries.authorizations(actor_of(request)), pk=authorization_id)
        return Response(serializers.AuthorizationOutput(row).data)


class VisitList(APIView):
    """The visits of an authorization; a new booking."""

    permissions: ClassVar = {"GET": "see_referrals", "POST": "book_visits"}

    def get(self, request: Request, authorization_id: int) -> Response:
        """Newest first."""
        row = get_object_or_404(queries.authorizations(actor_of(request)), pk=authorization_id)
        return listed(self, request, queries.visits(row), serializers.VisitOutput)

    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Book a visit: it holds one authorized visit on each of its lines, or is refused whole (409)."""
        by = actor_of(request)
        row = get_object_or_404(queries.authorizations(by), pk=authorization_id)
        said = serializers.VisitInput(data=request.data)
        said.is_valid(raise_exception=True)
        data = said.validated_data
        place = get_object_or_404(access.scope(ServiceLocation.objects.all(), by), pk=data["location"])
        plan = visits.Plan(row, place, data["starts_at"], said.planned(), data["diagnoses"])
        visit = visits.book(plan=plan, by=by, at=timezone.now())
        return Response(serializers.VisitOutput(visit).data, status=201)


def visit_act(name: str, permission: str, deed: Callable[..., None], *fields: str) -> Any:
    """Return the API view of an act on a visit."""

    def post(self: APIView, request: Request, visit_id: int) -> Response:
        visit = get_object_or_404(access.scope(Visit.objects.all(), actor_of(request)), pk=visit_id)
        said = serializers.WordsInput(data=request.data)
        said.is_valid(raise_exception=True)
        words = {field: said.validated_data[field] for field in fields}
        deed(visit=visit, by=actor_of(request), at=timezone.now(), **words)
        return Response(serializers.VisitOutput(visit).data)

    members = {"permissions": {"POST": permission}, "post": repeatable(post), "__doc__": f"{name} of a visit."}
    view: type[APIView] = type(name, (APIView,), members)
    return view.as_view()


check_in = visit_act("CheckIn", "check_in_visits", visits.check_in)
complete = visit_act("Completion", "complete_visits", visits.complete)
cancel = visit_act("Cancellation", "book_visits", visits.cancel, "reason")
no_show = visit_act("NoShow", "check_in_visits", visits.no_show, "reason")
undo = visit_act("Undoing", "book_visits", visits.undo)
