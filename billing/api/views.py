"""Claims and claim files by API: the same deeds as on the pages."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import serializers
from billing.domain.states import JUDGED, ClaimState
from billing.services import charges, claims, paper_claims, submissions
from vca.core.access import Actor
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described, state_filter
from vca.core.api.serializers import JobOutput, ReasonInput
from vca.domain.rules import CATALOGUE

# What the scrub may find, and that the claim is past it.
BLOCKING = tuple(code for code in CATALOGUE if code.startswith("CLAIM-"))

PAYER = OpenApiParameter("payer", str, enum=serializers.PAYERS, description="Only those that this one pays for.")


class ClaimList(APIView):
    """All claims of the practice; new drafts."""

    permissions: ClassVar = {"GET": "see_claims", "POST": "draft_claims"}

    @described(serializers.ClaimOutput(many=True), asks=[state_filter(ClaimState)])
    def get(self, request: Request) -> Response:
        """Newest first; ``?state=DRAFT`` filters."""
        rows = queries.claims(actor_of(request))
        state = request.query_params.get("state")
        return listed(self, request, rows.filter(state=state) if state else rows, serializers.ClaimOutput)

    @described(
        serializers.DraftedOutput,
        takes=serializers.DraftInput,
        statuses=(201,),
        refused_by=("CLAIM-08", "CLAIM-16", "CLAIM-26"),
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Draft claims from completed visits: one per authorization and location, more when one would be too long."""
        said = heard(serializers.DraftInput, request).validated_data
        drafted = claims.draft(visit_ids=said["visits"], by=actor_of(request), at=timezone.now())
        return Response({"results": serializers.ClaimOutput(drafted, many=True).data}, status=201)


class VisitsToBill(APIView):
    """Completed visits that stand on no live claim."""

    permissions: ClassVar = {"GET": "see_claims"}

    @described(serializers.VisitToBillOutput(many=True), asks=[PAYER])
    def get(self, request: Request) -> Response:
        """Newest first; ``?payer=VA`` leaves out those of the network, of which no claim can be drafted (CLAIM-08)."""
        rows, payer = queries.unbilled_visits(actor_of(request)), request.query_params.get("payer")
        if payer:
            rows = rows.filter(queries.FOR_NETWORK if payer == serializers.NETWORK else ~queries.FOR_NETWORK)
        return listed(self, request, rows, serializers.VisitToBillOutput)


class ClaimDetail(APIView):
    """One claim."""

    permissions: ClassVar = {"GET": "see_claims"}

    @described(serializers.WholeClaimOutput)
    def get(self, request: Request, claim_id: int) -> Response:
        """Lines, diagnoses, and what the scrub finds while it is not sent."""
        return Response(whole(claim_id, actor_of(request)))


def whole(claim_id: int, by: Actor) -> dict[str, Any]:
    """Return a claim as JSON. Raises Http404."""
    claim = get_object_or_404(queries.whole_claims(by, [claim_id]))
    found = claims.findings([claim], by=by, at=timezone.now()) if claim.state in JUDGED else {}
    context = {"findings": found.get(claim.pk, ())}
    body: dict[str, Any] = serializers.WholeClaimOutput(claim, context=context).data
    return body


def claim_act(
    name: str, deed: Callable[..., Any], *, refused_by: tuple[str, ...], timed: bool = True, says: Any = None
) -> Any:
    """Return the API view of an act on a claim; ``says`` reads what is said of it."""

    def post(self: APIView, request: Request, claim_id: int) -> Response:
        by = actor_of(request)
        claim = get_object_or_404(queries.claims(by), pk=claim_id)
        words = {"at": timezone.now()} if timed else {}
        if says:
            words |= heard(says, request).validated_data
        deed(claim=claim, by=by, **words)
        return Response(whole(claim.pk, by))

    post.__doc__ = (deed.__doc__ or "").split("Raises")[0].strip()
    act = described(serializers.WholeClaimOutput, takes=says, refused_by=refused_by)(repeatable(post))
    view: type[APIView] = type(name, (APIView,), {"permissions": {"POST": "draft_claims"}, "post": act})
    return view.as_view()


make_ready = claim_act("Readiness", claims.make_ready, refused_by=BLOCKING)
back_to_draft = claim_act("TakingBack", claims.back_to_draft, refused_by=("CLAIM-14",), timed=False)
rebuild = claim_act("Rebuilding", claims.rebuild, refused_by=("CLAIM-14",), timed=False)
close = claim_act("Closing", claims.close, refused_by=("ACCESS-12", "CLAIM-14"), says=ReasonInput)
take_off = claim_act(
    *("TakingOff", claims.take_off), refused_by=("CLAIM-14", "CLAIM-27"), timed=False, says=serializers.TakeOffInput
)


class AllReady(APIView):
    """The drafts in which nothing stands in the way."""

    permissions: ClassVar = {"POST": "draft_claims"}

    @described(serializers.MadeReadyOutput)
    @repeatable
    def post(self, request: Request) -> Response:
        """Make them all ready; the others say by ``GET /claims/{claim_id}/`` why not."""
        made = claims.make_all_ready(by=actor_of(request), at=timezone.now())
        return Response(serializers.MadeReadyOutput(made).data)


class PriceList(APIView):
    """The practice's prices; a new one."""

    permissions: ClassVar = {"GET": "set_charges", "POST": "set_charges"}

    @described(serializers.PriceOutput(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.charges(actor_of(request)), serializers.PriceOutput)

    @described(serializers.PriceOutput, takes=serializers.PriceInput, statuses=(201,))
    @repeatable
    def post(self, request: Request) -> Response:
        """Set the price of a code from a day on; the price before it ends the day before."""
        said = heard(serializers.PriceInput, request).validated_data
        return Response(serializers.PriceOutput(charges.set_price(by=actor_of(request), **said)).data, status=201)


class ClaimFileList(APIView):
    """The claim files of the practice; a new one."""

    permissions: ClassVar = {"GET": "see_claims", "POST": "send_claims"}

    @described(serializers.SubmissionOutput(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.claim_files(actor_of(request)), serializers.SubmissionOutput)

    @described(JobOutput, statuses=(202,), refused_by=("CLAIM-17",))
    @repeatable
    def post(self, request: Request) -> Response:
        """Ask the worker to write all ready claims as one 837P (202); the job's ``result`` is the document."""
        job = submissions.ask(by=actor_of(request))
        return Response(JobOutput(job).data, status=202)


class ClaimForms(APIView):
    """Claims on paper."""

    permissions: ClassVar = {"POST": "send_claims"}

    @described(JobOutput, takes=serializers.FormsInput, statuses=(202,), refused_by=("CLAIM-28", "PAPER-04"))
    @repeatable
    def post(self, request: Request) -> Response:
        """Ask the worker to print claims as CMS-1500 in one PDF (202); it moves no claim. Drafts are left alone."""
        said = heard(serializers.FormsInput, request).validated_data
        job = paper_claims.ask(said["claims"], with_form=said["with_form"], by=actor_of(request))
        return Response(JobOutput(job).data, status=202)
