"""Visits by API: booked, walked in, corrected, and the acts on them."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from referrals import queries
from referrals.api import inputs, outputs
from referrals.api.authorizations import authorization_of
from referrals.models import Visit
from referrals.services import visits
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described
from vca.core.api.serializers import ReasonInput
from vca.core.models import ServiceLocation

COVER = tuple(f"VISIT-{number}" for number in ("01", "02", "03", "04", "06", "08", "09", "10", "11"))
AGAIN = ("VISIT-01", "VISIT-02", "VISIT-03", "VISIT-04", "VISIT-05", "VISIT-06", "VISIT-07")


def visit_of(request: Request, visit_id: int) -> Visit:
    """Return the visit. Raises Http404."""
    return get_object_or_404(access.scope(Visit.objects.all(), actor_of(request)), pk=visit_id)


def planned(request: Request, authorization_id: int) -> visits.Plan:
    """Return the visit as it is wanted. Raises Http404, ValidationError."""
    row = authorization_of(request, authorization_id)
    said = heard(inputs.VisitInput, request)
    data = said.validated_data
    places = access.scope(ServiceLocation.objects.all(), actor_of(request))
    place = get_object_or_404(places, pk=data["location"])
    return visits.Plan(row, place, data["starts_at"], said.planned(), data["diagnoses"])


class VisitList(APIView):
    """The visits of an authorization; a new booking."""

    permissions: ClassVar = {"GET": "see_referrals", "POST": "book_visits"}

    @described(outputs.VisitOutput(many=True))
    def get(self, request: Request, authorization_id: int) -> Response:
        """Newest first."""
        rows = queries.visits(authorization_of(request, authorization_id))
        return listed(self, request, rows, partial(outputs.VisitOutput, context={"by": actor_of(request)}))

    @described(outputs.VisitOutput, takes=inputs.VisitInput, statuses=(201,), refused_by=COVER)
    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Book a visit: it holds one authorized visit on each of its lines, or is refused whole (409)."""
        visit = visits.book(plan=planned(request, authorization_id), by=actor_of(request), at=timezone.now())
        return Response(outputs.visit_said(visit, actor_of(request)), status=201)


class WalkIn(APIView):
    """A visit that was not booked."""

    permissions: ClassVar = {"POST": "check_in_visits"}

    @described(outputs.VisitOutput, takes=inputs.VisitInput, statuses=(201,), refused_by=COVER)
    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Check in somebody who has come without a booking: it uses one authorized visit on each line at once."""
        visit = visits.walk_in(plan=planned(request, authorization_id), by=actor_of(request), at=timezone.now())
        return Response(outputs.visit_said(visit, actor_of(request)), status=201)


class VisitDetail(APIView):
    """One visit."""

    permissions: ClassVar = {"GET": "see_referrals", "PATCH": "correct_visits"}

    @described(outputs.VisitOutput)
    def get(self, request: Request, visit_id: int) -> Response:
        """With its services."""
        return Response(outputs.visit_said(visit_of(request, visit_id), actor_of(request)))

    @described(
        outputs.VisitOutput,
        takes=inputs.CorrectionInput,
        refused_by=("VISIT-07", "VISIT-08", "VISIT-09", "VISIT-10", "VISIT-12"),
    )
    @repeatable
    def patch(self, request: Request, visit_id: int) -> Response:
        """Correct what is billed: codes, units, drug, clinician, diagnoses. All services are sent; the lines stay."""
        visit = visit_of(request, visit_id)
        said = heard(inputs.CorrectionInput, request)
        diagnoses = said.validated_data["diagnoses"] if "diagnoses" in request.data else visit.diagnoses
        visits.change_services(visit=visit, services=said.planned(), diagnoses=diagnoses, by=actor_of(request))
        return Response(outputs.visit_said(visit_of(request, visit_id), actor_of(request)))


def visit_act(
    name: str, permission: str, deed: Callable[..., None], refused_by: tuple[str, ...], *, says: Any = None
) -> Any:
    """Return the API view of an act on a visit; ``says`` reads what is said of it."""

    def post(self: APIView, request: Request, visit_id: int) -> Response:
        visit = visit_of(request, visit_id)
        words = heard(says or Serializer, request).validated_data
        deed(visit=visit, by=actor_of(request), at=timezone.now(), **words)
        return Response(outputs.visit_said(visit, actor_of(request)))

    post.__doc__ = (deed.__doc__ or "").split("Raises")[0].strip()
    act = described(outputs.VisitOutput, takes=says, refused_by=refused_by)(repeatable(post))
    view: type[APIView] = type(name, (APIView,), {"permissions": {"POST": permission}, "post": act})
    return view.as_view()


check_in = visit_act("CheckIn", "check_in_visits", visits.check_in, (*AGAIN, "VISIT-11"))
complete = visit_act("Completion", "complete_visits", visits.complete, ("VISIT-05",))
cancel = visit_act("Cancellation", "book_visits", visits.cancel, ("VISIT-05",), says=inputs.WordsInput)
no_show = visit_act("NoShow", "check_in_visits", visits.no_show, ("VISIT-05", "VISIT-11"), says=inputs.WordsInput)
undo = visit_act("Undoing", "book_visits", visits.undo, AGAIN)
void = visit_act("Voiding", "void_visits", visits.void, ("VISIT-05", "VISIT-07"), says=ReasonInput)
