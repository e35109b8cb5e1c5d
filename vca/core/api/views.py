"""Places, clinicians, background work, documents and tasks by API."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vca.core import access, documents, jobs
from vca.core.api import serializers
from vca.core.api.authentication import actor_of
from vca.core.api.requests import listed, repeatable
from vca.core.api.schema import described
from vca.core.models import Clinician, Document, Job, ServiceLocation, Task
from vca.core.pages import attachment
from vca.core.services import chores
from vca.core.signals import note_subjects


class LocationList(APIView):
    """The practice's places."""

    permissions: ClassVar = {"GET": "see_day"}

    @described(serializers.LocationOutput(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = access.scope(ServiceLocation.objects.all(), actor_of(request))
        return listed(self, request, rows, serializers.LocationOutput)


class ClinicianList(APIView):
    """The practice's clinicians."""

    permissions: ClassVar = {"GET": "see_day"}

    @described(serializers.ClinicianOutput(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = access.scope(Clinician.objects.all(), actor_of(request))
        return listed(self, request, rows, serializers.ClinicianOutput)


class JobDetail(APIView):
    """Background work."""

    permissions: ClassVar = {"GET": "see_day"}

    @described(serializers.JobOutput)
    def get(self, request: Request, job_id: UUID) -> Response:
        """How far it is; ask again until ``state`` is DONE, PARKED or CANCELLED."""
        row = get_object_or_404(access.scope(Job.objects.all(), actor_of(request)), pk=job_id)
        return Response(serializers.JobOutput(row).data)


class JobCancellation(APIView):
    """The cancelling of background work."""

    permissions: ClassVar = {"POST": "see_day"}

    @described(serializers.JobOutput)
    @repeatable
    def post(self, request: Request, job_id: UUID) -> Response:
        """Cancel it, if it has not ended; what it has written stays."""
        row = get_object_or_404(access.scope(Job.objects.all(), actor_of(request)), pk=job_id)
        jobs.cancel(job=row, by=actor_of(request))
        row.refresh_from_db()
        return Response(serializers.JobOutput(row).data)


class JobRetry(APIView):
    """The second start of background work."""

    permissions: ClassVar = {"POST": "see_day"}

    @described(serializers.JobOutput)
    @repeatable
    def post(self, request: Request, job_id: UUID) -> Response:
        """Start it again, if it was parked; another one that has taken its place is left alone."""
        row = get_object_or_404(access.scope(Job.objects.all(), actor_of(request)), pk=job_id)
        jobs.retry(job=row, by=actor_of(request))
        row.refresh_from_db()
        return Response(serializers.JobOutput(row).data)


class DocumentContent(APIView):
    """A document as it was kept."""

    permissions: ClassVar = {"GET": "open_documents"}

    @described(OpenApiTypes.BINARY, statuses=[(200, "*/*")])
    def get(self, request: Request, document_id: int) -> HttpResponse:
        """Return the bytes; that they were read is recorded."""
        by = actor_of(request)
        row = get_object_or_404(access.scope(Document.objects.all(), by), pk=document_id)
        return attachment(documents.opened(row, by=by), filename=row.filename, media_type=row.media_type)


class TaskList(APIView):
    """What people must do."""

    permissions: ClassVar = {"GET": "see_day"}

    @described(serializers.TaskOutput(many=True))
    def get(self, request: Request) -> Response:
        """Open tasks of the kinds that are for the token's person, newest first."""
        rows = chores.tasks_for(actor_of(request))
        return listed(self, request, rows, serializers.TaskOutput, note=note_subjects)


def task_act(name: str, deed: Callable[..., bool], said: str) -> Any:
    """Return the API view of an act on a task."""

    def post(self: APIView, request: Request, task_id: int) -> Response:
        by = actor_of(request)
        row = get_object_or_404(access.scope(Task.objects.all(), by), pk=task_id)
        deed(task=row, by=by)
        row.refresh_from_db()
        note_subjects([row])
        return Response(serializers.TaskOutput(row).data)

    post.__doc__ = said
    answer = described(serializers.TaskOutput)(repeatable(post))
    view: type[APIView] = type(name, (APIView,), {"permissions": {"POST": "see_day"}, "post": answer})
    return view.as_view()


take_task = task_act("TaskTaking", chores.take, "See to it oneself, also in the place of somebody else.")
give_back_task = task_act("TaskGivingBack", chores.give_back, "Leave it to anybody, if it was one's own.")
