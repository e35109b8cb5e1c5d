"""Claims sent by hand: shown by something, once, and taken back while nothing came back."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from billing import queries
from billing.domain.channels import LARGEST_PROOF, Channel
from billing.domain.states import CLAIM_MOVES, ClaimState
from billing.models import Claim, PrintedClaim, Submission, SubmittedClaim
from billing.services import assembly, claims, paper_claims, submissions
from billing.services.claims import MoveNotOffered
from billing.services.paper_claims import Review
from billing.services.proofs import NotAProof, Proof
from billing.services.submissions import ByHand, NothingReady, NotShown, NotTakenBack, WrongMoment
from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, World
from vca.core import documents
from vca.core.uploads.gate import NotAdmitted

pytestmark = [pytest.mark.django_db, pytest.mark.both]

HOUR = timedelta(hours=1)
LATER = NOW + HOUR
PORTAL = ByHand(Channel.PORTAL, LATER, receipt="R-1")


@pytest.fixture
def harbor() -> World:
    return world.practice()


def ready(harbor: World, number: int = 1) -> list[Claim]:
    return [world.ready_claim(harbor) for _ in range(number)]


def sent(harbor: World, made: list[Claim], how: ByHand = PORTAL, *, at: datetime = LATER) -> Submission:
    return submissions.record_by_hand(claim_ids=[claim.pk for claim in made], sent=how, by=harbor.by, at=at)


def taken_back(harbor: World, submission: Submission) -> None:
    submissions.take_back(submission=submission, reason="never arrived", by=harbor.by, at=LATER + HOUR)


def stored(harbor: World, made: list[Claim]) -> Submission | None:
    read = assembly.assemble([claim.pk for claim in made], by=harbor.by, at=NOW)
    return submissions.store(read, job=None, by=harbor.by, at=LATER)


def printed(harbor: World, made: list[Claim], content: bytes) -> int:
    """Keep those bytes as the CMS-1500 of these claims as they stand; return the document."""
    review = paper_claims.review([claim.pk for claim in made], by=harbor.by, at=NOW)
    return paper_claims.keep(content, whole=Review(review.judged), by=harbor.by, at=NOW).pk


def states() -> list[tuple[str, datetime | None]]:
    return list(Claim.objects.order_by("pk").values_list("state", "sent_at"))


def test_claims_sent_by_hand_are_sent_from_that_moment_on(harbor: World) -> None:
    made = ready(harbor, 2)

    submission = sent(harbor, made, at=LATER + HOUR)

    assert states() == [("SENT", LATER)] * 2
    assert (submission.claim_count, submission.total_charge, submission.receipt) == (2, Decimal("900.00"), "R-1")
    assert (submission.batch_number, submission.document_id, submission.channel) == (None, None, "PORTAL")
    assert list(submission.submitted.order_by("claim").values_list("claim", "is_live")) == [
        (claim.pk, True) for claim in made
    ]


def test_claims_sent_by_hand_no_longer_wait_for_their_filing_limit(harbor: World) -> None:
    made = ready(harbor, 1)
    waiting = len(list(queries.unfiled_visits(harbor.by, location_id=harbor.location.pk)))

    sent(harbor, made)

    assert (waiting, list(queries.unfiled_visits(harbor.by, location_id=harbor.location.pk))) == (1, [])


def test_claims_sent_by_hand_are_in_no_file(harbor: World) -> None:
    sent(harbor, ready(harbor, 1))

    with pytest.raises(NothingReady):
        submissions.ask(by=harbor.by)
    assert list(queries.claim_files(harbor.by)) == []


def test_proof_is_kept_as_it_came(harbor: World) -> None:
    submission = sent(harbor, ready(harbor), replace(PORTAL, receipt="", proof=Proof(PNG, "shot of the portal.png")))

    assert submission.proof
    assert documents.read(submission.proof) == PNG
    assert (submission.proof.filename, submission.proof.media_type) == ("shot of the portal.png", "image/png")


REFUSALS: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "nothing shows it": ({"receipt": ""}, NotShown),
    "a moment to come": ({"sent_at": LATER + timedelta(seconds=1)}, WrongMoment),
    "the day before the visit": ({"sent_at": NOW - timedelta(days=1)}, WrongMoment),
    "a proof of another kind": ({"proof": Proof(b"MZ", "proof.pdf")}, NotAProof),
    "a proof that is not sound": ({"proof": Proof(PNG[:-20], "proof.png")}, NotAdmitted),
    "an empty proof": ({"proof": Proof(b"", "proof.pdf")}, NotAProof),
    "a proof too large": ({"proof": Proof(PNG + bytes(LARGEST_PROOF), "proof.png")}, NotAProof),
}


@pytest.mark.parametrize(("changes", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_is_refused_and_changes_nothing(
    harbor: World, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    made = ready(harbor)
    before = everything()

    with pytest.raises(refusal):
        sent(harbor, made, replace(PORTAL, **changes))

    assert everything() == before


def test_claim_of_the_morning_may_be_sent_that_morning(harbor: World) -> None:
    midnight = NOW.astimezone(harbor.location.zone).replace(hour=0, minute=0)

    sent(harbor, ready(harbor), replace(PORTAL, sent_at=midnight))

    assert states() == [("SENT", midnight)]


def test_one_claim_that_is_not_ready_holds_back_all(harbor: World) -> None:
    first, second = ready(harbor, 2)
    claims.back_to_draft(claim=second, by=harbor.by)

    with pytest.raises(MoveNotOffered, match=f"claim {second.control_number} is draft"):
        sent(harbor, [first, second])
    assert [state for state, _ in states()] == ["READY", "DRAFT"]


def test_claim_of_another_practice_is_not_there(harbor: World) -> None:
    foreign, own = ready(world.practice("lake")), ready(harbor)

    for some in (foreign, [*own, *foreign], []):
        with pytest.raises(NothingReady):
            sent(harbor, some)
    assert [state for state, _ in states()] == ["READY", "READY"]


def test_mailed_claims_name_the_paper_that_was_printed_of_them_last(harbor: World) -> None:
    made = ready(harbor, 2)
    printed(harbor, made, b"%PDF-old")
    newest = printed(harbor, made, b"%PDF-new")
    printed(harbor, made[:1], b"%PDF-one")

    assert sent(harbor, made, replace(PORTAL, channel=Channel.MAIL)).document_id == newest


@pytest.mark.parametrize(("early", "named"), [(timedelta(minutes=1), False), (timedelta(seconds=30), True)])
def test_paper_printed_after_it_was_mailed_is_not_what_was_mailed(harbor: World, early: timedelta, named: bool) -> None:
    made = ready(harbor)
    paper = printed(harbor, made, b"%PDF-old")

    mailed = sent(harbor, made, replace(PORTAL, channel=Channel.MAIL, sent_at=NOW - early))

    assert mailed.document_id == (paper if named else None)


@pytest.mark.parametrize("channel", [Channel.PORTAL, Channel.FAX])
def test_only_what_is_mailed_names_a_paper(harbor: World, channel: Channel) -> None:
    made = ready(harbor)
    printed(harbor, made, b"%PDF-old")

    assert sent(harbor, made, replace(PORTAL, channel=channel)).document_id is None


def test_paper_printed_before_the_claim_changed_is_not_what_was_mailed(harbor: World) -> None:
    (claim,) = ready(harbor)
    printed(harbor, [claim], b"%PDF-old")
    claims.back_to_draft(claim=claim, by=harbor.by)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)

    assert sent(harbor, [claim], replace(PORTAL, channel=Channel.MAIL)).document_id is None


def test_printing_the_same_twice_is_noted_once(harbor: World) -> None:
    made = ready(harbor, 2)

    assert printed(harbor, made, b"%PDF-same") == printed(harbor, made, b"%PDF-same")
    assert PrintedClaim.objects.count() == 2


def test_what_was_sent_by_hand_is_taken_back_with_its_reason(harbor: World) -> None:
    submission = sent(harbor, ready(harbor, 2))

    taken_back(harbor, submission)

    submission.refresh_from_db()
    assert states() == [("READY", None)] * 2
    assert (submission.withdrawn_at, submission.withdrawn_reason) == (LATER + HOUR, "never arrived")
    assert list(submission.submitted.values_list("is_live", flat=True)) == [False, False]


def test_claims_that_were_taken_back_are_sent_anew(harbor: World) -> None:
    made = ready(harbor)
    taken_back(harbor, sent(harbor, made))

    submission = stored(harbor, made)

    assert (submission.batch_number if submission else None, states()) == (1, [("SENT", LATER)])


def test_file_is_never_taken_back(harbor: World) -> None:
    submission = stored(harbor, ready(harbor))
    assert submission

    with pytest.raises(NotTakenBack, match="it is a file"):
        taken_back(harbor, submission)


def test_nothing_is_taken_back_twice(harbor: World) -> None:
    submission = sent(harbor, ready(harbor))
    taken_back(harbor, submission)

    with pytest.raises(NotTakenBack, match="taken back already"):
        taken_back(harbor, submission)


@pytest.mark.parametrize("answer", [ClaimState.ACCEPTED, ClaimState.REJECTED, ClaimState.PAID, ClaimState.DENIED])
def test_nothing_is_taken_back_once_an_answer_came(harbor: World, answer: ClaimState) -> None:
    first, second = ready(harbor, 2)
    submission = sent(harbor, [first, second])
    Claim.objects.filter(pk=second.pk).update(state=answer)

    with pytest.raises(NotTakenBack, match=f"something came back for claim {second.control_number}"):
        taken_back(harbor, submission)
    assert [state for state, _ in states()] == ["SENT", answer]


def test_submission_of_another_practice_is_not_there(harbor: World) -> None:
    lake = world.practice("lake")
    submission = sent(lake, ready(lake))

    with pytest.raises(Submission.DoesNotExist):
        taken_back(harbor, submission)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_a_file_and_a_hand_at_once_one_sends_the_claims(harbor: World) -> None:
    made = ready(harbor, 2)
    read = assembly.assemble([claim.pk for claim in made], by=harbor.by, at=timezone.now())

    done = at_once(
        partial(submissions.store, read, job=None, by=harbor.by, at=LATER),
        partial(sent, harbor, made),
        partial(sent, harbor, made[::-1]),
    )

    assert [one for one in done if not isinstance(one, Submission | MoveNotOffered | None)] == []
    assert (sum(isinstance(one, Submission) for one in done), Submission.objects.count()) == (1, 1)
    assert list(SubmittedClaim.objects.order_by("claim").values_list("claim", flat=True)) == [one.pk for one in made]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_looked_before_either_wrote_are_stopped_by_the_constraint(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ready(harbor)
    monkeypatch.setattr(submissions, "_locked_ready", lambda ids, by: list(Claim.objects.filter(pk__in=ids)))

    done = at_once(*[partial(sent, harbor, made)] * 2)

    assert sorted(type(one) for one in done if not isinstance(one, Submission)) == [IntegrityError]
    assert Submission.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_back_at_once_one_does(harbor: World) -> None:
    submission = sent(harbor, ready(harbor))

    done = at_once(*[partial(taken_back, harbor, submission)] * 2)

    assert [type(one) for one in done if one is not None] == [NotTakenBack]
    assert CLAIM_MOVES.target("take_back", ClaimState.SENT) == ClaimState.READY
