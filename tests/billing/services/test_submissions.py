"""Claim files: whole or not at all, with numbers that are never used again."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from billing.models import Claim, ControlNumbers, Submission
from billing.services import assembly, claims, submissions
from billing.services.submissions import NothingReady
from tests import world
from tests.billing.x12.reading import complaints
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import documents
from vca.core.models import Job, Practice

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


def ready(harbor: World, number: int = 1) -> list[Claim]:
    """Return so many claims that are ready to be sent."""
    authorization = world.authorization(harbor)
    made = []
    for day in range(number):
        visit = world.completed(harbor, authorization, at=NOW - timedelta(days=day))
        claim, *_ = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
        made.append(claim)
    return made


def assembled(harbor: World, some: Sequence[Claim]) -> list[assembly.Assembled]:
    return assembly.assemble([claim.pk for claim in some], by=harbor.by, at=NOW)


def stored(harbor: World, some: Sequence[Claim]) -> Submission | None:
    return submissions.store(assembled(harbor, some), job=None, by=harbor.by, at=NOW)


def states(some: Sequence[Claim]) -> list[str]:
    for claim in some:
        claim.refresh_from_db()
    return [claim.state for claim in some]


def test_asking_without_a_ready_claim_is_refused(harbor: World) -> None:
    with pytest.raises(NothingReady, match="CLAIM-17 no claim is ready to be sent"):
        submissions.ask(by=harbor.by)

    assert Job.objects.count() == 0


def test_asking_twice_is_one_job(harbor: World) -> None:
    ready(harbor)

    assert submissions.ask(by=harbor.by) == submissions.ask(by=harbor.by)


def test_each_practice_has_a_job_of_its_own(harbor: World) -> None:
    lake = world.practice("lake")
    for one in (harbor, lake):
        ready(one)

    assert submissions.ask(by=harbor.by) != submissions.ask(by=lake.by)


def test_file_marks_its_claims_sent(harbor: World) -> None:
    some = ready(harbor, 2)

    submission = stored(harbor, some)

    assert submission
    assert (submission.claim_count, submission.total_charge, submission.usage) == (2, Decimal("900.00"), "T")
    assert (states(some), [claim.sent_at for claim in some]) == (["SENT", "SENT"], [NOW, NOW])
    assert list(submission.submitted.order_by("claim").values_list("claim", flat=True)) == [claim.pk for claim in some]


def test_file_is_kept_as_it_was_written_and_is_sound(harbor: World) -> None:
    (claim,) = ready(harbor)

    submission = stored(harbor, [claim])

    assert submission
    content = documents.read(submission.document)
    assert (complaints(content), f"CLM*{claim.control_number}*450".encode() in content) == ([], True)
    assert submission.document.filename == "harbor-000001.837"


def test_every_file_has_numbers_of_its_own(harbor: World) -> None:
    made = [stored(harbor, ready(harbor)) for _ in range(3)]

    numbers = [(one.batch_number, one.interchange_control_number, one.group_control_number) for one in made if one]
    assert numbers == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]


def test_numbers_are_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")

    made = [stored(one, ready(one)) for one in (harbor, lake)]

    assert [one.batch_number for one in made if one] == [1, 1]


def test_claim_changed_in_between_is_left_for_the_next_file(harbor: World) -> None:
    first, second = ready(harbor, 2)
    read = assembled(harbor, [first, second])
    claims.back_to_draft(claim=first, by=harbor.by)
    claims.make_ready(claim=first, by=harbor.by, at=NOW)

    submission = submissions.store(read, job=None, by=harbor.by, at=NOW)

    assert (submission.claim_count if submission else None, states([first, second])) == (1, ["READY", "SENT"])


def test_claim_changed_in_between_would_be_sent_as_it_was_without_its_revision(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "_still_ready", lambda read, by: list(read))
    (claim,) = ready(harbor)
    read = assembled(harbor, [claim])
    claims.close(claim=claim, reason="wrong", by=harbor.by, at=NOW)

    submissions.store(read, job=None, by=harbor.by, at=NOW)

    assert states([claim]) == ["SENT"]


def test_no_claim_left_takes_no_number(harbor: World) -> None:
    (claim,) = ready(harbor)
    read = assembled(harbor, [claim])
    claims.close(claim=claim, reason="wrong", by=harbor.by, at=NOW)
    before = everything()

    submission = submissions.store(read, job=None, by=harbor.by, at=NOW)

    assert (submission, everything()) == (None, before)


def test_crash_before_the_commit_leaves_everything_as_it_was(harbor: World) -> None:
    some = ready(harbor)
    before = everything()
    with transaction.atomic():
        stored(harbor, some)
        transaction.set_rollback(True)
    after = everything()

    submission = stored(harbor, some)

    assert after == before
    assert (submission.batch_number if submission else None, ControlNumbers.objects.get().batch) == (1, 1)


@pytest.mark.parametrize(("test_data", "usage"), [(True, "T"), (False, "P")])
def test_only_a_real_practice_sends_real_files(harbor: World, test_data: bool, usage: str) -> None:
    Practice.objects.update(test_data=test_data)

    submission = stored(harbor, ready(harbor))

    assert submission
    isa15 = documents.read(submission.document).split(b"~")[0].split(b"*")[15].decode()
    assert (submission.usage, isa15) == (usage, usage)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_the_same_claims_one_writes_them(harbor: World) -> None:
    read = assembled(harbor, ready(harbor, 2))

    made = at_once(*[partial(submissions.store, read, job=None, by=harbor.by, at=NOW)] * 3)

    batches = [one.batch_number for one in made if isinstance(one, Submission)]
    assert (batches, made.count(None), Submission.objects.count()) == ([1], 2, 1)
