"""A file of claims as 837P, beside plain string formatting by hand that gives the same bytes.

"From loaded rows" begins on both sides with the same ProfessionalClaims: on ours the writer folds every text to the
letters of X12, cuts it to its width and searches it for delimiters; in the second row every rule of the scrub is judged
first. "End to end" begins with rows in the database and ends with claims that are sent: ours is the job of the worker,
with its lease, queries, assembly, scrub, sealed document, submission and audit trail; by hand it is one SQL statement,
f-strings, a plain file and one UPDATE. Both bring the file to the disk before they commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.utils import timezone

from benchmarks.measuring import Side, by_turns, ratio
from benchmarks.registry import Table, benchmark
from benchmarks.rivals.claim_837p import Rival, from_claims
from billing import queries
from billing.domain.claim import Envelope
from billing.domain.scrub import scrub
from billing.domain.states import ClaimState
from billing.models import Claim, Submission
from billing.services import assembly, claims, submissions
from billing.services.assembly import Assembled
from billing.services.submissions import Numbers
from billing.x12.claim_837p import write_837p
from referrals.services import referrals, visits
from referrals.services.visits import Plan, Planned
from tests import world
from tests.databases import url
from tests.faults import batches
from tests.world import World
from vca.core import crypto, documents, jobs
from vca.core.access import Actor
from vca.core.models import Practice

CLAIMS = 200
ROUNDS = 31
FILING_LIMIT = 180  # days
HAND, OURS, SCRUBBED = "by hand", "ours", "ours, scrubbed first"
HEAD = (f"One file of {CLAIMS} claims", "by hand, ms", "ours, ms", "ours, claims/s", "ours / by hand (95 %)")
DRUG = {"drug_name": "Ketamine HCl", "ndc": "42023011410", "ndc_unit": "ML", "ndc_quantity": Decimal("0.86")}
REFERRER = {"referring_name": "Brandt, Ilse", "referring_npi": world.NPIS[2]}
INFUSION: tuple[dict[str, Any], ...] = ({"code": "96365"}, {"code": "96366"}, {"code": "J3490", **DRUG})


@benchmark(
    "claim-837p",
    claim="A claim file is written from loaded rows in at most 6 times the time of f-strings that trust every value, "
    "and in at most 12 times that time when every rule is judged first.",
)
def run() -> Table:
    """Compare writing alone, writing after the scrub, and the whole way from the rows to the disk."""
    with ready(CLAIMS) as batch:
        envelope = batch.check()
        loaded = by_turns(batch.from_loaded_rows(envelope), rounds=ROUNDS)
        whole = by_turns(batch.end_to_end(envelope), rounds=ROUNDS, before=batch.renew)
    rows = (
        ("from loaded rows", loaded[HAND], loaded[OURS]),
        ("from loaded rows, scrubbed first", loaded[HAND], loaded[SCRUBBED]),
        ("end to end", whole[HAND], whole[OURS]),
    )
    return Table(HEAD, tuple(_row(*row) for row in rows))


class Batch:
    """Ready claims as rows and loaded, and the job that is asked to write them."""

    def __init__(self, by: Actor, loaded: list[Assembled], rival: Rival) -> None:
        self._by, self._loaded, self._rival = by, loaded, rival
        self._claims = [one.document for one in loaded]
        self.renew()

    def renew(self) -> None:
        """Bring the rows back to where no file was written, and ask for one."""
        batches.forget()
        self._job = submissions.ask(by=self._by)

    def from_loaded_rows(self, envelope: Envelope) -> dict[str, Callable[[], bytes]]:
        """Return the ways of writing claims that are loaded."""
        ours = partial(write_837p, self._claims, envelope=envelope)
        return {
            HAND: partial(from_claims, self._claims, envelope),
            OURS: ours,
            SCRUBBED: lambda: ours() if self._is_sound() else b"",
        }

    def end_to_end(self, envelope: Envelope) -> dict[str, Side]:
        """Return the ways from the rows to the file, after each of which ``renew`` is due."""
        return {HAND: partial(self._rival.write, envelope), OURS: lambda: jobs.run(self._job.pk)}

    def check(self) -> Envelope:
        """Let each side write the file; return the envelope of all. Raises AssertionError unless all bytes are one."""
        self.renew()
        jobs.run(self._job.pk)
        assert batches.wrongs(self._job) == []
        row = Submission.objects.select_related("document").get(job=self._job)
        numbers = Numbers(row.batch_number, row.interchange_control_number, row.group_control_number)
        practice = Practice.objects.get(pk=self._by.practice_id)
        envelope = submissions._envelope(practice, numbers, by=self._by, at=row.sent_at)
        content = documents.read(row.document)
        self.renew()
        assert self._rival.write(envelope) == content
        assert set(Claim.objects.values_list("state", flat=True)) == {ClaimState.SENT}
        others = [name for name, write in self.from_loaded_rows(envelope).items() if write() != content]
        assert not others, f"other bytes: {', '.join(others)}"
        return envelope

    def _is_sound(self) -> bool:
        return not any(scrub(one.document, today=one.filed_on, filing_limit_days=FILING_LIMIT) for one in self._loaded)


@contextmanager
def ready(number: int) -> Iterator[Batch]:
    """Have that many ready claims of a practice, each of an infusion of two hours and its drug for another Veteran."""
    place, now = world.practice("gull"), timezone.now()
    for _ in range(number):
        _make_ready(place, at=now - timedelta(days=2))
    loaded = assembly.assemble(queries.ready_ids(place.by), by=place.by, at=now)
    one = loaded[0].document
    with TemporaryDirectory() as directory, patch.object(settings, "REDIS_URL", ""):
        rival = Rival(
            url(),
            practice_id=place.practice.pk,
            provider=one.billing_provider,
            payer=one.payer,
            key=next(iter(crypto.keys().values())),
            path=Path(directory) / "claims.837",
        )
        yield Batch(place.by, loaded, rival)
        rival.close()


def _make_ready(place: World, *, at: datetime) -> None:
    month = timedelta(days=30)
    term = {"referral_date": (at - month).date(), "expiration_date": (at + month).date()}
    authorization = world.authorization(place, **term)
    referrals.change_details(referral=authorization.referral, facts=REFERRER, home=place.location, by=place.by)
    line = world.line(authorization).pk
    planned = [Planned(service_id=line, clinician_id=place.clinician.pk, **service) for service in INFUSION]
    plan = Plan(authorization, place.location, at, planned, ("F332", "F4310"))
    visit = visits.book(plan=plan, by=place.by, at=at - month)
    visits.check_in(visit=visit, by=place.by, at=at)
    visits.complete(visit=visit, by=place.by, at=at + timedelta(hours=2))
    (claim,) = claims.draft(visit_ids=[visit.pk], by=place.by, at=at + timedelta(hours=3))
    claims.make_ready(claim=claim, by=place.by, at=at + timedelta(hours=3))


def _row(name: str, by_hand: list[float], ours: list[float]) -> tuple[str, ...]:
    middle = median(ours)
    return (
        name,
        f"{median(by_hand):,.1f}",
        f"{middle:,.1f}",
        f"{CLAIMS / middle * 1000:,.0f}",
        str(ratio(ours, by_hand)),
    )
