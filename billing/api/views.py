"""Claims and claim files by API: the same deeds as on the pages."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import serializers
from billing.domain.states import ClaimState
from billing.services import claims, submissions
from vca.core.access import Actor
from vca.core.api.authentication import actor_of
from vca.core.api.requests import listed, repeatable
from vca.core.api.serializers import JobOutput, ReasonInput

JUDGED = (ClaimState.DRAFT, ClaimState.READY)


class ClaimList(APIView):
    """All claims of the practice; new drafts."""

    permissions: ClassVar = {"GET": "see_claims", "POST": "draft_claims"}

    def get(self, request: Request) -> Response:
        """Newest first; ``?state=DRAFT`` filters."""
        rows = queries.claims(actor_of(request))
        state = request.query_params.get("state")
        return listed(self, request, rows.filter(state=state) if state else rows, serializers.ClaimOutput)

    @repeatable
    def post(self, request: Request) -> Response:
        """Draft claims from completed visits: one per authorization and location, more when one would be too long."""
        said = serializers.DraftInput(data=request.data)
        said.is_valid(raise_exception=True)
        drafted = claims.draft(visit_ids=said.validated_data["visits"], by=actor_of(request), at=timezone.now())
        return Response({"results": serializers.ClaimOutput(drafted, many=True).data}, status=201)


class VisitsToBill(APIView):
    """Completed visits that stand on no live claim."""

    permissions: ClassVar = {"GET": "see_claims"}

    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.unbilled_visits(actor_of(request)), serializers.VisitToBillOutput)


class ClaimDetail(APIView):
    """One claim."""

    permissions: ClassVar = {"GET": "see_claims"}

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


def claim_act(name: str, deed: Callable[..., Any], *, timed: bool = True, fields: Any = None) -> Any:
    """Return the API view of an act on a claim."""

    def post(self: APIView, request: Request, claim_id: int) -> Response:
        by = actor_of(request)
        claim = get_object_or_404(queries.claims(by), pk=claim_id)
        words: dict[str, Any] = {"at": timezone.now()} if timed else {}
        if fields:
            said = fields(data=request.data)
            said.is_valid(raise_exception=True)
            words |= said.validated_data
        deed(claim=claim, by=by, **words)
        return Response(whole(claim.pk, by))

    members = {"permissions": {"POST": "draft_claims"}, "post": repeatable(post), "__doc__": f"{name} of a claim."}
    view: type[APIView] = type(name, (APIView,), members)
    return view.as_view()


make_ready = claim_act("Readiness", claims.make_ready)
back_to_draft = claim_act("TakingBack", claims.back_to_draft, timed=False)
rebuild = claim_act("Rebuilding", claims.rebuild, timed=False)
close = claim_act("Closing", claims.close, fields=ReasonInput)


class ClaimFileList(APIView):
    """The claim files of the practice; a new one."""

    permissions: ClassVar = {"GET": "see_claims", "POST": "send_claims"}

    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.submissions(actor_of(request)), serializers.SubmissionOutput)

    @repeatable
    def post(self, request: Request) -> Response:
        """Ask the worker to write all ready claims as one 837P (202); the job's ``result`` is the document."""
        job = submissions.ask(by=actor_of(request))
        return Response(JobOutput(job).data, status=202)
