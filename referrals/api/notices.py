"""VA's notices by API: which wait, what they say, and that they have been compared."""

from typing import ClassVar, cast

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from referrals.api import outputs
from referrals.api.referrals import referral_of
from referrals.models import Notice
from referrals.services import notices, referrals
from vca.core import access
from vca.core.api.authentication import actor_of
from vca.core.api.requests import listed, repeatable
from vca.core.api.schema import described
from vca.core.models import Document


class NoticeList(APIView):
    """What VA said about a referral."""

    permissions: ClassVar = {"GET": "see_referrals"}

    @described(outputs.NoticeOutput(many=True))
    def get(self, request: Request, referral_id: int) -> Response:
        """Newest first; pending ones wait for a person to compare them."""
        rows = referral_of(request, referral_id).notices.all()
        return listed(self, request, rows, outputs.NoticeOutput)


class NoticeDetail(APIView):
    """One notice."""

    permissions: ClassVar = {"GET": "enter_referrals"}

    @described(outputs.ReadNoticeOutput)
    def get(self, request: Request, notice_id: int) -> Response:
        """VA's words beside what stands here; that they were read is recorded."""
        by = actor_of(request)
        rows = access.scope(Notice.objects.select_related("document", "referral__authorization"), by)
        row = get_object_or_404(rows.filter(document__isnull=False), pk=notice_id)
        compared = notices.compared(notice=row, document=cast(Document, row.document), by=by)
        return Response(outputs.ReadNoticeOutput(row, context={"compared": compared}).data)


class NoticeSettlement(APIView):
    """The settling of a notice."""

    permissions: ClassVar = {"POST": "confirm_referrals"}

    @described(outputs.NoticeOutput)
    @repeatable
    def post(self, request: Request, notice_id: int) -> Response:
        """A differing notice has been compared, and what changed is taken over."""
        by = actor_of(request)
        row = get_object_or_404(access.scope(Notice.objects.select_related("referral"), by), pk=notice_id)
        referrals.settle_notice(notice=row, by=by, at=timezone.now())
        row.refresh_from_db()
        return Response(outputs.NoticeOutput(row).data)
