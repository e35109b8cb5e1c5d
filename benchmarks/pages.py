"""The other pages that are opened all day, whole, on the same two practices."""

from functools import partial
from statistics import median

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.measuring import by_turns, percentile
from benchmarks.registry import Table, benchmark
from benchmarks.scene import Scene, scene
from billing.models import Claim
from referrals.models import Authorization

ROUNDS = 31
HEAD = ("Page", "KB", "queries", "median, ms", "p95, ms")


@benchmark(
    "pages",
    claim="Whole pages of a practice with 4,000 authorizations, 80,000 visits and 5,000 claims; the aim is 50 ms.",
)
def run() -> Table:
    """Measure each page by turns with the others."""
    stage = scene()
    paths = addresses(stage)
    taken = by_turns({path: partial(stage.get, path) for path in paths.values()}, rounds=ROUNDS)
    return Table(HEAD, tuple(_row(stage, name, path, taken[path]) for name, path in paths.items()))


def addresses(stage: Scene) -> dict[str, str]:
    """Return the address of each page by what it is called."""
    mine = {"practice": stage.place.practice}
    one = Authorization.objects.filter(**mine).earliest("pk")
    claim = Claim.objects.filter(**mine).latest("pk")
    return {
        "Today": reverse("today"),
        "Referrals": reverse("referrals"),
        "Authorizations": reverse("authorizations"),
        "One authorization": reverse("authorization", args=[one.pk]),
        "Veterans": reverse("veterans"),
        "One Veteran": reverse("veteran", args=[one.veteran_id]),
        "Visits to bill": reverse("claims"),
        "Claims, drafts": reverse("claims") + "?state=DRAFT",
        "Claims, ready": reverse("claims") + "?state=READY",
        "Claims, sent": reverse("claims") + "?state=SENT",
        "Claims, all": reverse("claims") + "?state=ALL",
        "One claim": reverse("claim", args=[claim.pk]),
        "Visits not billed": reverse("not_billed"),
        "Alerts": reverse("alerts"),
        "Dashboard": reverse("dashboard"),
        "Practice": reverse("practice"),
    }


def _row(stage: Scene, name: str, path: str, taken: list[float]) -> tuple[str, ...]:
    with CaptureQueriesContext(connection) as seen:
        size = len(stage.get(path))
    return name, f"{size / 1000:.0f}", str(len(seen)), f"{median(taken):.1f}", f"{percentile(taken, 0.95):.1f}"
