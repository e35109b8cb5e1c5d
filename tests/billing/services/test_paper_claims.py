"""Claims on paper: looked through before they are written, and written by a job that leaves nothing half done."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from billing import queries, tasks
from billing.models import Claim
from billing.services import claims, paper_claims
from billing.services.paper_claims import NothingToPrint, TooMany
from referrals.models import Referral, VeteranFacts
from tests import world
from tests.billing.cms1500 import reading
from tests.world import NOW, World
from vca.core import documents, jobs
from vca.core.models import AuditEvent, Document, Job
from vca.core.services import parameters
from vca.domain.rules import CATALOGUE

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def harbor() -> World:
    return world.practice()


def today(harbor: World) -> date:
    return harbor.location.civil_day(NOW)


def ready(harbor: World, number: int) -> list[Claim]:
    """Return so many claims that are ready, each of a referral of its own."""
    made = [draft(harbor) for _ in range(number)]
    for claim in made:
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    return made


def draft(harbor: World) -> Claim:
    visit = world.completed(harbor, world.authorization(harbor))
    claim, *_ = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    return claim


def lengthen(claim: Claim) -> None:
    """Give a Veteran a name that box 2 does not hold."""
    VeteranFacts.objects.filter(veteran_id=claim.veteran_id).update(last_name="N" * 40)


def ids(made: list[Claim]) -> list[int]:
    return [claim.pk for claim in made]


def done(harbor: World, made: list[Claim], *, with_form: bool = True) -> Job:
    job = paper_claims.ask(ids(made), with_form=with_form, by=harbor.by)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def printed(job: Job) -> bytes:
    assert job.result is not None
    return documents.read(job.result)


def set_value(harbor: World, name: str, value: str) -> None:
    parameters.set_value(name=name, value=value, valid_from=today(harbor), source="x", verified_on=None, by=harbor.by)


def test_review_tells_claims_total_and_what_is_left_out_and_why(harbor: World) -> None:
    made = ready(harbor, 3)
    lengthen(made[1])
    Referral.objects.filter(pk=made[2].referral_id).update(affiliation="CCN")

    review = paper_claims.review(ids(made), by=harbor.by, at=timezone.now())

    assert [one.claim_id for one in review.printed] == [made[0].pk]
    assert (review.total_charge, len(review.sheets)) == (made[0].total_charge, 1)
    assert {one.claim_id: {finding.code for finding in one.findings} for one in review.left_out} == {
        made[1].pk: {"PAPER-01"},
        made[2].pk: {"CLAIM-08"},
    }


def test_review_asks_for_no_ready_claim_but_its_own(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(harbor, 2)
    found, ready_ids = [], queries.ready_ids
    monkeypatch.setattr(queries, "ready_ids", lambda *by, **among: found.append(ready_ids(*by, **among)) or found[-1])

    paper_claims.review(ids(made[:1]), by=harbor.by, at=timezone.now())

    assert found == [[made[0].pk]]


def test_review_of_nothing_is_nothing(harbor: World) -> None:
    review = paper_claims.review([], by=harbor.by, at=timezone.now())
    assert (review.judged, review.sheets, review.total_charge) == ((), (), Decimal())


def test_the_file_holds_the_claims_that_were_reviewed(harbor: World) -> None:
    made = ready(harbor, 3)
    lengthen(made[1])
    review = paper_claims.review(ids(made), by=harbor.by, at=timezone.now())

    job = done(harbor, made)

    assert (job.state, job.outcome, job.done, job.total) == (
        "DONE",
        "2 claims on 2 sheets, 1 left out (PAPER-01)",
        3,
        3,
    )
    assert reading.cells(printed(job)) == [reading.expected(sheet) for sheet in review.sheets]
    named = sorted(Claim.objects.filter(printed__document=job.result).values_list("veteran_id", flat=True))
    told = {"claims": 2, "sheets": 2, "veterans": named}
    assert AuditEvent.objects.get(action="claims.printed").changes == told


def test_printing_sends_nothing(harbor: World) -> None:
    made = ready(harbor, 2)
    done(harbor, made)
    assert list(Claim.objects.values_list("state", flat=True)) == ["READY", "READY"]


def test_printing_twice_is_one_document(harbor: World) -> None:
    made = ready(harbor, 2)
    assert done(harbor, made).result == done(harbor, made).result
    assert Document.objects.filter(kind="claims_cms1500").count() == 1


def test_pre_printed_paper_gets_the_text_alone_and_moved(harbor: World) -> None:
    made = ready(harbor, 1)
    set_value(harbor, "paper-shift", "7,-2")
    drawn, alone = (reading.characters(printed(done(harbor, made, with_form=form))) for form in (True, False))
    typed = [one for one in drawn if one[1] == reading.TEXT_FONT and not one[0].isspace()]
    moved = [one for one in alone if not one[0].isspace()]
    assert moved == [
        (*one[:2], pytest.approx(one[2] + 7, abs=0.01), pytest.approx(one[3] + 2, abs=0.01)) for one in typed
    ]


def test_practice_sets_name_address_and_totals(harbor: World) -> None:
    made = ready(harbor, 1)
    for name, value in (("paper-billing-name", "Harbor"), ("paper-mail-address", "PO Box 9, Anytown, FL, 33630")):
        set_value(harbor, name, value)

    (sheet,) = paper_claims.review(ids(made), by=harbor.by, at=timezone.now()).sheets

    assert (sheet["33.name"], sheet["carrier.2"], sheet["carrier.3"]) == ("HARBOR", "PO BOX 9", "ANYTOWN FL 33630")


def test_a_payer_without_address_is_a_warning_that_holds_nothing_back(harbor: World) -> None:
    made = ready(harbor, 1)
    set_value(harbor, "paper-mail-address", "")
    (judged,) = paper_claims.review(ids(made), by=harbor.by, at=timezone.now()).judged
    assert ([finding.code for finding in judged.findings], judged.is_printed) == (["PAPER-02"], True)


def test_drafts_and_claims_of_others_are_not_printed(harbor: World) -> None:
    ridge = world.practice("ridge")
    foreign, unready = ready(ridge, 1), draft(harbor)
    with pytest.raises(NothingToPrint, match="none of the chosen claims has been made ready"):
        paper_claims.ask([foreign[0].pk, unready.pk], with_form=True, by=harbor.by)


def test_more_claims_than_a_file_holds_are_refused(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_claims, "MOST", 1)
    with pytest.raises(TooMany, match="PAPER-04 2 claims were chosen"):
        paper_claims.ask(ids(ready(harbor, 2)), with_form=True, by=harbor.by)


def test_when_nothing_may_be_printed_the_job_says_so(harbor: World) -> None:
    (claim,) = ready(harbor, 1)
    lengthen(claim)
    job = done(harbor, [claim])
    assert (job.state, job.outcome, job.result) == ("DONE", "nothing could be printed, 1 left out (PAPER-01)", None)


def test_progress_is_shown_by_chunks(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    made, shown = ready(harbor, 3), []
    chunk = jobs.Run.chunk
    monkeypatch.setattr(jobs.Run, "chunk", lambda run, **progress: (shown.append(progress), chunk(run, **progress))[1])

    done(harbor, made)

    assert shown == [{"done": 2, "total": 3}, {"done": 3, "total": 3}, {}]


def test_a_cancelled_job_keeps_no_file(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(harbor, 1)
    job = paper_claims.ask(ids(made), with_form=True, by=harbor.by)
    monkeypatch.setattr(tasks, "print_sheets", lambda *_, **__: (jobs.cancel(job=job, by=harbor.by), b"x")[1])

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, Document.objects.filter(kind="claims_cms1500").count()) == ("CANCELLED", 0)


def test_asking_twice_is_one_job_and_another_choice_is_another(harbor: World) -> None:
    made = ready(harbor, 2)
    asked = [
        paper_claims.ask(chosen, with_form=form, by=harbor.by).pk
        for chosen, form in ((ids(made), True), (ids(made)[::-1], True), (ids(made), False), (ids(made)[:1], True))
    ]
    assert asked[0] == asked[1]
    assert len(set(asked)) == 3


def test_the_rules_of_paper_are_in_the_catalogue() -> None:
    known = ["PAPER-01", "PAPER-02", "PAPER-03", "PAPER-04"]
    assert [code for code in CATALOGUE if code.startswith("PAPER")] == known
