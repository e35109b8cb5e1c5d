"""A batch before it is written: who is in it, who is not and why, and what the button asks for."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from billing import tasks
from billing.models import Claim, Submission
from billing.services import claims, submissions
from billing.views import batches
from referrals.models import VeteranFacts
from tests import world
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import Document, Job

pytestmark = pytest.mark.both

BOTH = ("review_file", "review_paper")
POSTS = ("write_file", "print_claims")
FILES = Q(kind__startswith="claims_")


def ready(harbor: World, number: int = 1) -> list[Claim]:
    return [world.ready_claim(harbor) for _ in range(number)]


def page(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def ticked(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'name="claim" value="(\d+)" data-charge="450.00" checked', html)]


def lengthen(claim: Claim) -> None:
    """Give a Veteran a name that box 2 does not hold."""
    VeteranFacts.objects.filter(veteran_id=claim.veteran_id).update(last_name="N" * 40)


def states() -> list[str]:
    return list(Claim.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("name", BOTH)
def test_review_shows_the_claims_and_their_total(harbor: World, biller: Client, name: str) -> None:
    made = ready(harbor, 2)

    html = page(biller, name)

    assert ticked(html) == [claim.pk for claim in made]
    assert ("$900.00" in html, "2 claims" in html, "Left out" in html) == (True, True, False)
    assert "if all stay ticked" in html


@pytest.mark.parametrize("name", BOTH)
def test_review_without_a_ready_claim_says_what_comes_next(harbor: World, biller: Client, name: str) -> None:
    html = page(biller, name)

    assert ("No claim is ready." in html, '<button class="usa-button">' in html) == (True, False)


@pytest.mark.parametrize("name", BOTH)
def test_claim_that_a_rule_blocks_is_left_out_with_rule_source_and_next_act(
    harbor: World, biller: Client, name: str
) -> None:
    sound, blocked = ready(harbor, 2)
    VeteranFacts.objects.filter(veteran_id=blocked.veteran_id).update(date_of_birth=None)

    html = page(biller, name)

    left_out = html.partition('id="left-out"')[2]
    assert (ticked(html), "1 left out" in html, "$450.00" in html) == ([sound.pk], True, True)
    assert all(word in left_out for word in (blocked.control_number, "notice__code", "Source: ", "Change the Veteran"))


def test_what_does_not_fit_its_box_is_left_out_of_paper_alone(harbor: World, biller: Client) -> None:
    (claim,) = ready(harbor)
    lengthen(claim)

    assert [ticked(page(biller, name)) for name in BOTH] == [[claim.pk], []]
    assert "PAPER-01" in page(biller, "review_paper")


def test_one_batch_holds_so_many_and_says_how_many_wait(
    harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "REVIEWED_AT_ONCE", 2)
    made = ready(harbor, 3)

    html = page(biller, "review_file")

    assert (ticked(html), "1 more ready claim for the batch" in html) == ([claim.pk for claim in made[:2]], True)


def test_only_what_is_ticked_is_written(harbor: World, biller: Client) -> None:
    first, _, third = ready(harbor, 3)

    answer = biller.post(reverse("write_file"), {"claim": [first.pk, third.pk]})
    jobs.run(Job.objects.get(kind="write_837p").pk)

    assert answer.status_code == 302
    assert (states(), Submission.objects.get().claim_count) == (["SENT", "READY", "SENT"], 2)


def test_nothing_ticked_is_refused(harbor: World, biller: Client) -> None:
    ready(harbor)

    refused = [biller.post(reverse(name), {"claim": ["x", "-1", ""]}, follow=True) for name in POSTS]

    assert [b"No claim was chosen" in answer.content for answer in refused] == [True, True]
    assert [b"CLAIM-28" in answer.content for answer in refused] == [True, True]
    assert Job.objects.count() == 0


@pytest.mark.parametrize("name", POSTS)
def test_only_claims_that_are_not_there_ticked_is_refused(harbor: World, biller: Client, name: str) -> None:
    (foreign,), _ = ready(world.practice("lake")), ready(harbor)

    answer = biller.post(reverse(name), {"claim": foreign.pk}, follow=True)

    assert ("None of the chosen claims" in answer.content.decode(), Job.objects.count()) == (True, 0)


@pytest.mark.parametrize("name", POSTS)
def test_claim_of_another_practice_is_not_in_a_batch(harbor: World, biller: Client, name: str) -> None:
    (foreign,), (own,) = ready(world.practice("lake")), ready(harbor)

    biller.post(reverse(name), {"claim": [foreign.pk, own.pk]})

    assert Job.objects.get().subject_ids == [own.pk]


def test_other_choices_are_other_jobs_and_the_same_choice_is_one(harbor: World) -> None:
    first, second = ready(harbor, 2)
    choices = ([first.pk], [second.pk], [first.pk], [first.pk, second.pk], [second.pk, first.pk], None)

    asked = [submissions.ask(by=harbor.by, claim_ids=choice).pk for choice in choices]

    assert (asked[0] == asked[2], asked[3] == asked[4], len(set(asked))) == (True, True, 4)


@pytest.mark.parametrize(("form", "kind"), [("drawn", "write_cms1500"), ("none", "write_cms1500_text")])
def test_claims_are_printed_with_the_form_or_without(harbor: World, biller: Client, form: str, kind: str) -> None:
    first, _ = ready(harbor, 2)

    biller.post(reverse("print_claims"), {"claim": first.pk, "form": form})

    assert list(Job.objects.values_list("kind", "subject_ids")) == [(kind, [first.pk])]


def test_form_that_is_none_of_ours_is_refused(harbor: World, biller: Client) -> None:
    (claim,) = ready(harbor)

    answer = biller.post(reverse("print_claims"), {"claim": claim.pk, "form": "zzz"})

    assert (answer.status_code, Job.objects.count()) == (400, 0)


def test_claim_page_offers_to_print_what_is_no_draft(harbor: World, biller: Client) -> None:
    (claim,) = ready(harbor)

    asked = [b"Print CMS-1500" in biller.get(reverse("claim", args=[claim.pk])).content]
    claims.back_to_draft(claim=claim, by=harbor.by)
    asked.append(b"Print CMS-1500" in biller.get(reverse("claim", args=[claim.pk])).content)

    assert asked == [True, False]


def test_estimate_follows_the_pace_of_the_last_jobs(harbor: World, biller: Client) -> None:
    ready(harbor, 2)
    before = "at the pace" in page(biller, "review_file")
    for seconds in (30, 10):
        ended = {"state": "DONE", "done": 4, "started_at": NOW, "finished_at": NOW + timedelta(seconds=seconds)}
        Job.objects.create(practice=harbor.practice, kind="write_837p", key="1", due_at=NOW, **ended)

    assert (before, "about 10 seconds, at the pace" in page(biller, "review_file")) == (False, True)


@pytest.mark.parametrize(("number", "known"), [(10, True), (19, True), (20, False)])
def test_estimate_is_not_drawn_from_a_much_smaller_job(harbor: World, number: int, known: bool) -> None:
    ended = {"state": "DONE", "done": 1, "started_at": NOW, "finished_at": NOW + timedelta(seconds=1)}
    Job.objects.create(practice=harbor.practice, kind="write_837p", key="1", due_at=NOW, **ended)

    assert (jobs.estimate("write_837p", number, by=harbor.by) is not None) == known


def test_estimate_knows_nothing_of_another_practice(harbor: World) -> None:
    lake = world.practice("lake")
    ended = {"state": "DONE", "done": 4, "started_at": NOW, "finished_at": NOW + timedelta(seconds=9)}
    Job.objects.create(practice=lake.practice, kind="write_837p", key="1", due_at=NOW, **ended)

    assert [jobs.estimate("write_837p", 4, by=one.by) for one in (harbor, lake)] == [None, timedelta(seconds=9)]


@pytest.mark.parametrize("name", POSTS)
def test_job_page_tells_progress_and_cancels_without_a_script(harbor: World, biller: Client, name: str) -> None:
    (claim,) = ready(harbor)
    job_page = biller.post(reverse(name), {"claim": claim.pk}).headers["Location"]
    job = Job.objects.get()

    waiting = biller.get(job_page).content.decode()
    biller.post(reverse("cancel_job", args=[job.pk]))
    jobs.run(job.pk)

    assert (f'href="{job_page}"' in waiting, reverse("cancel_job", args=[job.pk]) in waiting) == (True, True)
    assert "cancelled by a person" in biller.get(job_page).content.decode().lower()
    assert (states(), Submission.objects.count(), Document.objects.filter(FILES).count()) == (["READY"], 0, 0)


@pytest.mark.parametrize("name", POSTS)
def test_job_page_leads_to_the_file_without_a_script(harbor: World, biller: Client, name: str) -> None:
    (claim,) = ready(harbor)
    job_page = biller.post(reverse(name), {"claim": claim.pk}).headers["Location"]

    jobs.run(Job.objects.get().pk)

    download = reverse("document", args=[Document.objects.filter(FILES).get().pk])
    assert download in biller.get(job_page).content.decode()
    assert biller.get(download).status_code == 200


def test_job_cancelled_between_its_chunks_leaves_each_claim_ready(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ready(harbor, 3)
    job = submissions.ask(by=harbor.by, claim_ids=[claim.pk for claim in made])
    judge, judged = tasks._judge, []

    def judge_and_cancel(*args: object) -> object:
        judged.append(args)
        if len(judged) == 2:
            jobs.cancel(job=job, by=harbor.by)
        return judge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "CHUNK", 1)
    monkeypatch.setattr(tasks, "_judge", judge_and_cancel)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, states(), Submission.objects.count()) == ("CANCELLED", 1, ["READY"] * 3, 0)
