"""Authorizations by API: their days, their lines, their counts; and the Veteran's facts."""

from typing import ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from referrals import queries
from referrals.api import inputs, outputs
from referrals.api.referrals import referral_of
from referrals.models import Authorization, AuthorizedService, FactSource, ThroughSource, Veteran
from referrals.services import amendments, authorizations, veterans
from referrals.services.authorizations import Terms
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import heard, listed, repeatable
from vca.core.api.schema import described


def authorization_of(request: Request, authorization_id: int) -> Authorization:
    """Return the authorization. Raises Http404."""
    return get_object_or_404(queries.authorizations(actor_of(request)), pk=authorization_id)


def line_of(request: Request, service_id: int) -> AuthorizedService:
    """Return the service line. Raises Http404."""
    rows = AuthorizedService.objects.select_related("authorization__referral")
    return get_object_or_404(access.scope(rows, actor_of(request)), pk=service_id)


class AuthorizationList(APIView):
    """Authorizations with their counts."""

    permissions: ClassVar = {"GET": "see_referrals"}

    @described(outputs.AuthorizationOutput(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        return listed(self, request, queries.authorizations(actor_of(request)), outputs.AuthorizationOutput)


class AuthorizationDetail(APIView):
    """One authorization."""

    permissions: ClassVar = {"GET": "see_referrals"}

    @described(outputs.AuthorizationOutput)
    def get(self, request: Request, authorization_id: int) -> Response:
        """Days, lines and counts."""
        return Response(outputs.AuthorizationOutput(authorization_of(request, authorization_id)).data)


class Days(APIView):
    """The authorized days of a referral."""

    permissions: ClassVar = {"POST": "change_limits"}

    @described(outputs.AuthorizationOutput, takes=inputs.DaysInput, statuses=(201,), refused_by=("REFERRAL-08",))
    @repeatable
    def post(self, request: Request, referral_id: int) -> Response:
        """Record first and last day as a new version; a booking outside becomes a task."""
        row = referral_of(request, referral_id).authorization
        said = heard(inputs.DaysInput, request).validated_data
        kept = authorizations.terms_of(row)
        terms = Terms(said["valid_from"], said["valid_through"], ThroughSource.ENTERED, kept.seoc, kept.seoc_days)
        by, now = actor_of(request), timezone.now()
        amendments.amend(authorization=row, terms=terms, reason=said["reason"], by=by, at=now)
        return Response(outputs.AuthorizationOutput(authorization_of(request, row.pk)).data, status=201)


class LineList(APIView):
    """The service lines of a referral."""

    permissions: ClassVar = {"POST": "change_limits"}

    @described(outputs.LineOutput, takes=inputs.LineChange, statuses=(201,))
    @repeatable
    def post(self, request: Request, referral_id: int) -> Response:
        """Add a line that VA authorizes."""
        row, limit = referral_of(request, referral_id).authorization, heard(inputs.LineChange, request).limit()
        line = amendments.add_line(authorization=row, limit=limit, by=actor_of(request), at=timezone.now())
        return Response(outputs.LineOutput(line).data, status=201)


class LineDetail(APIView):
    """One service line."""

    permissions: ClassVar = {"PATCH": "change_limits"}

    @described(outputs.LineOutput, takes=inputs.LineChange(partial=True))
    @repeatable
    def patch(self, request: Request, service_id: int) -> Response:
        """Set what VA authorizes; a cut below what is spoken for is recorded, and becomes a task."""
        row = line_of(request, service_id)
        said = heard(inputs.LineChange, request, instance=row, partial=True)
        reason = said.validated_data.get("reason") or "limit entered"
        by, now = actor_of(request), timezone.now()
        line = amendments.set_limit(service=row, limit=said.limit(), reason=reason, by=by, at=now)
        return Response(outputs.LineOutput(line).data)


class OpeningBalance(APIView):
    """The visits of a line that were given before this product counted."""

    permissions: ClassVar = {"POST": "change_limits"}

    @described(outputs.LineOutput, takes=inputs.OpeningBalanceInput)
    @repeatable
    def post(self, request: Request, service_id: int) -> Response:
        """Set their number, and say where it comes from."""
        row = line_of(request, service_id)
        said = heard(inputs.OpeningBalanceInput, request).validated_data
        line = amendments.set_opening_balance(service=row, by=actor_of(request), at=timezone.now(), **said)
        return Response(outputs.LineOutput(line).data)


class VeteranIdentifiers(APIView):
    """The identifiers of one Veteran."""

    permissions: ClassVar = {"GET": "reveal_identifiers"}

    @described(outputs.IdentifiersOutput)
    def get(self, request: Request, veteran_id: int) -> Response:
        """The identifiers in full, for who files with them; each asking is recorded in the audit trail."""
        by = actor_of(request)
        row = get_object_or_404(access.scope(Veteran.objects.select_related("current"), by), pk=veteran_id)
        return Response(outputs.IdentifiersOutput(veterans.reveal(veteran=row, by=by)).data)


class VeteranDetail(APIView):
    """One Veteran."""

    permissions: ClassVar = {"GET": "see_veterans", "PATCH": "change_veterans"}

    def _row(self, request: Request, veteran_id: int) -> Veteran:
        rows = access.scope(Veteran.objects.select_related("current"), actor_of(request))
        return get_object_or_404(rows, pk=veteran_id)

    @described(outputs.FactsOutput)
    def get(self, request: Request, veteran_id: int) -> Response:
        """What is known now."""
        return Response(outputs.FactsOutput(self._row(request, veteran_id).facts).data)

    @described(outputs.FactsOutput, takes=inputs.VeteranInput(partial=True), refused_by=("RECORD-01",))
    @repeatable
    def patch(self, request: Request, veteran_id: int) -> Response:
        """Change what is known: a new version of the facts; claims keep the one that they were built from."""
        row = self._row(request, veteran_id)
        facts = heard(inputs.VeteranInput, request, partial=True).facts()
        by, now = actor_of(request), timezone.now()
        veterans.change(veteran=row, facts=facts, source=FactSource.VETERAN, by=by, at=now)
        return Response(outputs.FactsOutput(self._row(request, veteran_id).facts).data)
