"""What was sent: files, mail, faxes and what was typed into portals, and what came back for each."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import queries
from billing.domain.channels import CHANNEL_WORDS, Channel
from billing.models import Submission
from billing.queries import Answers
from billing.services import exports
from vca.core import access
from vca.core.access import PageRequest
from vca.core.pages import attachment, keyset
from vca.core.services import practices


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission, in words, with what came back; ``days`` is for how many civil days it is out."""

    row: Submission
    how: str
    answers: Answers
    days: int

    @classmethod
    def told(cls, row: Submission, answers: Answers, *, zone: ZoneInfo, at: datetime) -> "Sent":
        """Return it as it stands at that moment, by the calendar of that zone."""
        sent_on, today = (moment.astimezone(zone).date() for moment in (row.sent_at, at))
        return cls(row, CHANNEL_WORDS[Channel(row.channel)], answers, (today - sent_on).days)


@require_safe
@access.page("see_claims")
def submissions_page(request: PageRequest) -> HttpResponse:
    """All that was sent, the last recorded first, or what went by one channel."""
    channel = _channel(request.GET.get("channel", ""))
    page = keyset(queries.submissions(request.actor, channel=channel), after=request.GET.get("after", ""))
    answers, now = queries.answers_to(page.rows), timezone.now()
    zone = practices.home_zone(request.actor)
    context = {
        "page": page,
        "rows": [Sent.told(row, answers[row.pk], zone=zone, at=now) for row in page.rows],
        "channel": channel,
        "channels": CHANNEL_WORDS.items(),
    }
    return render(request, "billing/submissions.html", context)


def _channel(said: str) -> str:
    return said if said in set(Channel) else ""


@require_POST
@access.page("export_claims", step_up=True)
def export_submissions(request: PageRequest) -> HttpResponse:
    """What the list shows, as a table to be opened elsewhere."""
    content = exports.submissions_as_csv(channel=_channel(request.POST.get("channel", "")), by=request.actor)
    return attachment(content, filename="submissions.csv", media_type="text/csv; charset=utf-8")


@require_safe
@access.page("see_claims")
def submission_page(request: PageRequest, submission_id: int) -> HttpResponse:
    """One submission and its claims, each with what came back."""
    rows = queries.submissions(request.actor).select_related("document", "proof", "withdrawn_by")
    row = get_object_or_404(rows, pk=submission_id)
    answers = queries.answers_to([row])[row.pk]
    page = keyset(queries.submitted(row), newest_first=False, after=request.GET.get("after", ""))
    context = {
        "sent": Sent.told(row, answers, zone=practices.home_zone(request.actor), at=timezone.now()),
        "row": row,
        "page": page,
        "may_take_back": queries.may_be_taken_back(row, answers),
    }
    return render(request, "billing/submission.html", context)
