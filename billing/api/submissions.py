"""What went out, by API: sent by hand, and taken back."""

from typing import ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import serializers
from billing.domain.channels import Channel
from billing.models import Submission
from billing.services import submissions
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described
from vca.core.api.serializers import ReasonInput

CHANNEL = OpenApiParameter("channel", str, enum=[one.value for one in Channel], description="Only by this channel.")
BY_HAND = ("CLAIM-14", "CLAIM-17", "SUBMIT-01", "SUBMIT-02", *serializers.PROOF_REFUSED)


class SubmissionList(APIView):
    """What the practice sent: files, and what went by hand."""

    permissions: ClassVar = {"GET": "see_claims"}

    @described(serializers.SubmissionOutput(many=True), asks=[CHANNEL])
    def get(self, request: Request) -> Response:
        """The last recorded first; ``?channel=PORTAL`` filters."""
        rows = queries.submissions(actor_of(request), channel=request.query_params.get("channel", ""))
        return listed(self, request, rows, serializers.SubmissionOutput)


class SubmissionDetail(APIView):
    """One submission."""

    permissions: ClassVar = {"GET": "see_claims"}

    @described(serializers.WholeSubmissionOutput)
    def get(self, request: Request, submission_id: int) -> Response:
        """With its numbers, and how many of its claims were answered."""
        row = get_object_or_404(queries.submissions(actor_of(request)), pk=submission_id)
        said = {"answers": queries.answers_to([row])[row.pk]}
        return Response(serializers.WholeSubmissionOutput(row, context=said).data)


class SubmittedClaimList(APIView):
    """The claims of one submission."""

    permissions: ClassVar = {"GET": "see_claims"}

    @described(serializers.SubmittedClaimOutput(many=True))
    def get(self, request: Request, submission_id: int) -> Response:
        """The last of them first, each with what came back for it."""
        row = get_object_or_404(queries.submissions(actor_of(request)), pk=submission_id)
        return listed(self, request, queries.submitted(row), serializers.SubmittedClaimOutput)


class ByHandList(APIView):
    """Claims that somebody sent without a file of ours."""

    permissions: ClassVar = {"POST": "send_claims"}
    parser_classes = (JSONParser, MultiPartParser)

    @described(serializers.SubmissionOutput, takes=serializers.ByHandInput, statuses=(201,), refused_by=BY_HAND)
    @repeatable
    def post(self, request: Request) -> Response:
        """Record that ready claims went out together by hand; they are sent from the moment that is said."""
        said = heard(serializers.ByHandInput, request)
        made = submissions.record_by_hand(
            claim_ids=said.validated_data["claims"], sent=said.said(), by=actor_of(request), at=timezone.now()
        )
        return Response(serializers.SubmissionOutput(made).data, status=201)


class TakingBackByHand(APIView):
    """The undoing of what was recorded as sent by hand."""

    permissions: ClassVar = {"POST": "send_claims"}

    @described(serializers.SubmissionOutput, takes=ReasonInput, refused_by=("SUBMIT-04",))
    @repeatable
    def post(self, request: Request, submission_id: int) -> Response:
        """Take it back while nothing came back: its claims are ready again."""
        by = actor_of(request)
        row = get_object_or_404(access.scope(Submission.objects.all(), by), pk=submission_id)
        said = heard(ReasonInput, request)
        submissions.take_back(submission=row, by=by, at=timezone.now(), **said.validated_data)
        row.refresh_from_db()
        return Response(serializers.SubmissionOutput(row).data)
