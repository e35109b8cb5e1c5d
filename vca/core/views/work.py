"""Background work, documents, and what a person does with a task."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vca.core import access, documents, jobs, vocabulary
from vca.core.access import PageRequest
from vca.core.models import Document, Job, JobState, Task
from vca.core.pages import attachment, came_from
from vca.core.services import chores
from vca.domain.wording import counted


@require_safe
@access.page("manage_practice")
def jobs_page(request: PageRequest) -> HttpResponse:
    """Background work of the practice, what stopped above all."""
    rows = access.scope(Job.objects.all(), request.actor)
    recent = rows.exclude(state=JobState.PARKED).order_by("-created_at", "pk")[:50]
    shown = [*rows.filter(state=JobState.PARKED).order_by("-created_at", "pk")[:50], *recent]
    context = {"jobs": [(job, vocabulary.words(vocabulary.Family.JOB, job.kind)) for job in shown]}
    return render(request, "core/jobs.html", context)


@require_safe
@access.page("see_day", touches=False)
def job_page(request: PageRequest, job_id: UUID) -> HttpResponse:
    """Progress of background work; the fragment alone for htmx."""
    job = get_object_or_404(access.scope(Job.objects.select_related("result"), request.actor), pk=job_id)
    template = "core/_job.html" if request.headers.get("HX-Request") else "core/job.html"
    words = vocabulary.words(vocabulary.Family.JOB, job.kind)
    return render(request, template, {"job": job, "words": words, "estimate": _estimate(job, timezone.now())})


def _estimate(job: Job, now: datetime) -> str:
    """How long it still takes at its pace so far; empty before that can be told."""
    if not (job.started_at and job.total and job.done):
        return ""
    minutes = (now - job.started_at) * (job.total - job.done) // job.done // timedelta(minutes=1)
    return f"about {counted(minutes + 1, 'minute')} left"


@require_POST
@access.page("see_day")
def cancel_job(request: PageRequest, job_id: UUID) -> HttpResponse:
    """Cancel background work."""
    job = get_object_or_404(access.scope(Job.objects.all(), request.actor), pk=job_id)
    if not jobs.cancel(job=job, by=request.actor):
        messages.info(request, "It had already ended.")
    return redirect("job", job_id)


@require_POST
@access.page("see_day")
def retry_job(request: PageRequest, job_id: UUID) -> HttpResponse:
    """Start parked work again."""
    job = get_object_or_404(access.scope(Job.objects.all(), request.actor), pk=job_id)
    jobs.retry(job=job, by=request.actor)
    return redirect("job", job_id)


@require_safe
@access.page("open_documents")
def document(request: PageRequest, document_id: int) -> HttpResponse:
    """Download a document as it was kept."""
    row = get_object_or_404(access.scope(Document.objects.all(), request.actor), pk=document_id)
    content = documents.opened(row, by=request.actor)
    return attachment(content, filename=row.filename, media_type=row.media_type)


@require_POST
@access.page("see_day")
def take_task(request: PageRequest, task_id: int) -> HttpResponse:
    """See to a task myself."""
    task = get_object_or_404(access.scope(Task.objects.all(), request.actor), pk=task_id)
    if not chores.take(task=task, by=request.actor):
        messages.info(request, "It is yours already, or done.")
    return redirect(came_from(request, reverse("tasks")))


@require_POST
@access.page("see_day")
def give_back_task(request: PageRequest, task_id: int) -> HttpResponse:
    """Leave a task of mine to anybody."""
    task = get_object_or_404(access.scope(Task.objects.all(), request.actor), pk=task_id)
    chores.give_back(task=task, by=request.actor)
    return redirect(came_from(request, reverse("tasks")))
