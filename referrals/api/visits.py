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
from referrals.models import Authorization, Visit
from referrals.services import pencils, series, visits
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described
from vca.core.api.serializers import ReasonInput
from vca.core.models import ServiceLocation

PLACED = tuple(f"VISIT-{number}" for number in ("01", "02", "03", "04", "06", "10", "20", "21", "22", "24", "25"))
COVER = (*PLACED, "VISIT-08", "VISIT-09", "VISIT-11")
AGAIN = ("VISIT-01", "VISIT-02", "VISIT-03", "VISIT-04", "VISIT-05", "VISIT-06", "VISIT-07")
UNDOING = (*AGAIN, "VISIT-20", "VISIT-21", "VISIT-22", "VISIT-24", "VISIT-25")


def visit_of(request: Request, visit_id: int) -> Visit:
    """Return the visit. Raises Http404."""
    return get_object_or_404(access.scope(Visit.objects.all(), actor_of(request)), pk=visit_id)


def place_of(request: Request, said: inputs.CorrectionInput) -> ServiceLocation:
    """Return the location that was named. Raises Http404."""
    places = access.scope(ServiceLocation.objects.all(), actor_of(request))
    return get_object_or_404(places, pk=said.validated_data["location"])


def planned(request: Request, row: Authorization, said: inputs.VisitInput) -> visits.Plan:
    """Return the visit as it is wanted. Raises Http404."""
    data = said.validated_data
    return visits.Plan(row, place_of(request, said), data["starts_at"], said.planned(), data["diagnoses"])


class VisitList(APIView):
    """The visits of an authorization; a new booking."""

    permissions: ClassVar = {"GET": "see_referrals", "POST": "book_visits"}

    @described(outputs.VisitOutput(many=True))
    def get(self, request: Request, authorization_id: int) -> Response:
        """Newest first."""
        rows = queries.visits(authorization_of(request, authorization_id))
        return listed(self, request, rows, partial(outputs.VisitOutput, context={"by": actor_of(request)}))

    @described(outputs.VisitOutput, takes=inputs.BookingInput, statuses=(201,), refused_by=COVER)
    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Book a visit: it holds one authorized visit on each of its lines, or is refused whole (409).

        ``or_pencil`` it, when all that it lacks is VA's cover: it holds nothing until cover comes.
        """
        row, said = authorization_of(request, authorization_id), heard(inputs.BookingInput, request)
        deed = pencils.arrange if said.validated_data["or_pencil"] else visits.book
        visit = deed(plan=planned(request, row, said), by=actor_of(request), at=timezone.now())
        return Response(outputs.visit_said(visit, actor_of(request)), status=201)


class WalkIn(APIView):
    """A visit that was not booked."""

    permissions: ClassVar = {"POST": "check_in_visits"}

    @described(outputs.VisitOutput, takes=inputs.VisitInput, statuses=(201,), refused_by=COVER)
    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Check in somebody who has come without a booking: it uses one authorized visit on each line at once."""
        row, said = authorization_of(request, authorization_id), heard(inputs.VisitInput, request)
        plan = planned(request, row, said)
        visit = visits.walk_in(plan=plan, by=actor_of(request), at=timezone.now())
        return Response(outputs.visit_said(visit, actor_of(request)), status=201)


class Series(APIView):
    """Visits that are booked together."""

    permissions: ClassVar = {"POST": "book_visits"}

    @described(outputs.SeriesOutput, takes=inputs.SeriesInput, statuses=(201,), refused_by=("VISIT-13",))
    @repeatable
    def post(self, request: Request, authorization_id: int) -> Response:
        """Book each visit, or none (409, which names each that is refused). ``or_pencil`` those without cover."""
        row, by = authorization_of(request, authorization_id), actor_of(request)
        said = heard(inputs.SeriesInput, request)
        data, place = said.validated_data, place_of(request, said)
        moments, given = data["starts_at"], said.planned()
        plans = [visits.Plan(row, place, moment, given, data["diagnoses"]) for moment in moments]
        booked = series.book(plans=plans, by=by, at=timezone.now(), or_pencil=data["or_pencil"])
        made = {"series": booked[0].series, "visits": booked}
        return Response(outputs.SeriesOutput(made, context={"by": by}).data, status=201)


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


class VisitMove(APIView):
    """Another place, day or time of a booked visit."""

    permissions: ClassVar = {"POST": "book_visits"}

    @described(outputs.VisitOutput, takes=inputs.MoveInput, refused_by=(*PLACED, "VISIT-05"))
    @repeatable
    def post(self, request: Request, visit_id: int) -> Response:
        """Move it: what it holds moves along, or the move is refused and the visit stays as it was (409)."""
        visit, by = visit_of(request, visit_id), actor_of(request)
        said = heard(inputs.MoveInput, request).validated_data
        place = get_object_or_404(access.scope(ServiceLocation.objects.all(), by), pk=said["location"])
        visits.move(visit=visit, location=place, starts_at=said["starts_at"], by=by, at=timezone.now())
        return Response(outputs.visit_said(visit_of(request, visit_id), by))


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
book_penciled = visit_act("PenciledBooking", "book_visits", visits.book_penciled, (*COVER, "VISIT-05"))
cancel = visit_act("Cancellation", "book_visits", visits.cancel, ("VISIT-05",), says=inputs.MissedInput)
no_show = visit_act("NoShow", "check_in_visits", visits.no_show, ("VISIT-05", "VISIT-11"), says=inputs.MissedInput)
undo = visit_act("Undoing", "book_visits", visits.undo, UNDOING)
void = visit_act("Voiding", "void_visits", visits.void, ("VISIT-05", "VISIT-07"), says=ReasonInput)
