"""What came back for a claim, by API: read, recorded, undone."""

from typing import ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import serializers
from billing.models import Acknowledgment
from billing.services import acknowledgments
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described
from vca.core.api.serializers import ReasonInput

ANSWERED = ("ANSWER-01", "ANSWER-02", "ANSWER-03", "ANSWER-05", "CLAIM-14", *serializers.PROOF_REFUSED)


class AcknowledgmentList(APIView):
    """What the payer, or the clearinghouse before it, answered for a claim."""

    permissions: ClassVar = {"GET": "see_claims", "POST": "send_claims"}
    parser_classes = (JSONParser, MultiPartParser)

    @described(serializers.AcknowledgmentOutput(many=True))
    def get(self, request: Request, claim_id: int) -> Response:
        """Newest first; one that was recorded by mistake says when and why it was undone."""
        claim = get_object_or_404(queries.claims(actor_of(request)), pk=claim_id)
        return listed(self, request, queries.acknowledgments(claim), serializers.AcknowledgmentOutput)

    @described(
        serializers.AcknowledgmentOutput, takes=serializers.AcknowledgmentInput, statuses=(201,), refused_by=ANSWERED
    )
    @repeatable
    def post(self, request: Request, claim_id: int) -> Response:
        """Record an answer to a claim that was sent. A rejected one is mended as a draft and sent anew."""
        by = actor_of(request)
        claim = get_object_or_404(queries.claims(by), pk=claim_id)
        answer = heard(serializers.AcknowledgmentInput, request).said()
        made = acknowledgments.take(claim=claim, answer=answer, by=by, at=timezone.now())
        return Response(serializers.AcknowledgmentOutput(made).data, status=201)


class Undoing(APIView):
    """The undoing of an answer that was recorded by mistake."""

    permissions: ClassVar = {"POST": "send_claims"}

    @described(serializers.AcknowledgmentOutput, takes=ReasonInput, refused_by=("ANSWER-04",))
    @repeatable
    def post(self, request: Request, acknowledgment_id: int) -> Response:
        """Withdraw it with a reason; the claim waits again, or stands as an earlier answer left it."""
        by = actor_of(request)
        row = get_object_or_404(access.scope(Acknowledgment.objects.all(), by), pk=acknowledgment_id)
        said = heard(ReasonInput, request)
        acknowledgments.undo(acknowledgment=row, by=by, at=timezone.now(), **said.validated_data)
        row.refresh_from_db()
        return Response(serializers.AcknowledgmentOutput(row).data)
