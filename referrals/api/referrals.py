"""Referrals by API: received, read, changed, confirmed and moved along their states."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from referrals import queries
from referrals.api import inputs, outputs
from referrals.domain.states import ReferralState
from referrals.intake.json_reader import Received
from referrals.models import FactSource, Referral, Veteran
from referrals.services import referrals
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described, state_filter
from vca.core.api.serializers import ReasonInput
from vca.core.models import ServiceLocation
from vca.domain.rules import CATALOGUE

# Whatever of VA's words may stand in the way of confirming: REFERRAL-01 and its like.
UNREADY = tuple(code for code in CATALOGUE if code.startswith("REFERRAL-"))


def referral_of(request: Request, referral_id: int) -> Referral:
    """Return the referral. Raises Http404."""
    return get_object_or_404(queries.referrals(actor_of(request)), pk=referral_id)


def whole(referral: Referral, *, status: int = 200) -> Response:
    """Answer with all that is known of the referral."""
    return Response(outputs.WholeReferralOutput(referral).data, status=status)


class ReferralList(APIView):
    """All referrals of the practice; a new one."""

    permissions: ClassVar = {"GET": "see_referrals", "POST": "enter_referrals"}

    @described(outputs.ReferralOutput(many=True), asks=[state_filter(ReferralState)])
    def get(self, request: Request) -> Response:
        """Newest first; ``?state=HELD`` filters."""
        rows = queries.referrals(actor_of(request))
        state = request.query_params.get("state")
        return listed(self, request, rows.filter(state=state) if state else rows, outputs.ReferralOutput)

    @described(
        outputs.ReceivedOutput,
        takes=inputs.ReferralInput,
        statuses=(200, 201),
        refused_by=("REFERRAL-10", "RECORD-01"),
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Receive a referral: created (201), or known already (200): unchanged, or differing and held."""
        said = heard(inputs.ReferralInput, request)
        received = Received(said.notice(), {}, derived_expiration=False)
        outcome = referrals.receive(received, source=FactSource.REFERRAL, by=actor_of(request), at=timezone.now())
        body = outputs.ReferralOutput(outcome.referral).data
        body |= {"result": outcome.result, "held_because": outcome.reasons, "differs_in": outcome.fields}
        body |= {"held_by": [outputs.explained(reason) for reason in outcome.held_for]}
        return Response(body, status=201 if outcome.result == referrals.Result.CREATED else 200)


class ReferralDetail(APIView):
    """One referral."""

    permissions: ClassVar = {"GET": "see_referrals", "PATCH": "enter_referrals"}

    @described(outputs.WholeReferralOutput)
    def get(self, request: Request, referral_id: int) -> Response:
        """With what stands in the way of confirming it."""
        return whole(referral_of(request, referral_id))

    @described(outputs.WholeReferralOutput, takes=inputs.DetailsInput(partial=True), refused_by=UNREADY)
    @repeatable
    def patch(self, request: Request, referral_id: int) -> Response:
        """Enter what the paper says: affiliation, network, home location, diagnosis, what VA says its status means."""
        by, row = actor_of(request), referral_of(request, referral_id)
        said = heard(inputs.DetailsInput, request, partial=True, context={"va_status": row.va_status})
        facts, home = dict(said.validated_data), row.authorization.home_location
        if "home_location" in facts:
            places = access.scope(ServiceLocation.objects.filter(is_active=True), by)
            home = get_object_or_404(places, pk=facts.pop("home_location"))
        referrals.change_details(referral=row, facts=facts, home=home, by=by)
        return whole(referral_of(request, referral_id))


class ReferralConfirmation(APIView):
    """The confirming of a referral."""

    permissions: ClassVar = {"POST": "confirm_referrals"}

    @described(outputs.ReferralOutput, refused_by=(*UNREADY, "ACCESS-12"))
    @repeatable
    def post(self, request: Request, referral_id: int) -> Response:
        """Make the referral active, or say what is missing (409)."""
        row = referral_of(request, referral_id)
        referrals.confirm(referral=row, by=actor_of(request), at=timezone.now())
        return Response(outputs.ReferralOutput(row).data)


def referral_act(name: str, deed: Callable[..., None], said: str) -> Any:
    """Return the API view of a move of a referral, which needs a reason."""

    def post(self: APIView, request: Request, referral_id: int) -> Response:
        row = referral_of(request, referral_id)
        reason = heard(ReasonInput, request).validated_data["reason"]
        deed(referral=row, reason=reason, by=actor_of(request), at=timezone.now())
        return Response(outputs.ReferralOutput(row).data)

    post.__doc__ = f"{said} The reason is kept."
    act = described(outputs.ReferralOutput, takes=ReasonInput, refused_by=("REFERRAL-06",))(repeatable(post))
    view: type[APIView] = type(name, (APIView,), {"permissions": {"POST": "confirm_referrals"}, "post": act})
    return view.as_view()


LEFT = "Visits that are still booked become a task."
reject = referral_act("Rejection", referrals.reject, f"Refuse a referral that was not confirmed. {LEFT}")
reopen = referral_act("Reopening", referrals.reopen, "Open a referral again that has ended.")
suspend = referral_act("Suspension", referrals.suspend, "Let no visit be booked for a while.")
resume = referral_act("Resumption", referrals.resume, "Make a suspended referral active again.")
cancel = referral_act("ReferralCancellation", referrals.cancel, f"End an active referral: VA took it back. {LEFT}")
complete = referral_act("ReferralCompletion", referrals.complete, f"End an active referral: care is over. {LEFT}")


class ReferralMove(APIView):
    """The Veteran of a referral."""

    permissions: ClassVar = {"POST": "confirm_referrals"}

    @described(outputs.ReferralOutput, takes=inputs.VeteranChoice, refused_by=UNREADY)
    @repeatable
    def post(self, request: Request, referral_id: int) -> Response:
        """Move a referral that was entered on the wrong Veteran, with its visits and drafts."""
        by, row = actor_of(request), referral_of(request, referral_id)
        chosen = heard(inputs.VeteranChoice, request).validated_data["veteran"]
        to = get_object_or_404(access.scope(Veteran.objects.all(), by), pk=chosen)
        referrals.move_to_veteran(referral=row, veteran=to, by=by)
        return Response(outputs.ReferralOutput(row).data)
