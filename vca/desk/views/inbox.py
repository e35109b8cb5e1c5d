"""What a person must do."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vca.core import access
from vca.core.access import PageRequest
from vca.desk.queries import inbox
from vca.desk.queries.calendar import today_at


@require_safe
@access.page("see_day")
def tasks(request: PageRequest) -> HttpResponse:
    """What this person's roles must do, or what they have taken on themselves."""
    mine = "mine" in request.GET
    page = inbox.task_page(request.actor, mine=mine, after=request.GET.get("after", ""))
    return render(
        request, "desk/tasks.html", {"page": page, "mine": mine, "today": today_at(request.actor, timezone.now()).today}
    )
