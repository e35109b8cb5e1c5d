"""What comes back for a claim: kept in the payer's words, moved along its states, undone while nothing followed."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from billing import queries
from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Acknowledgment, Claim, Submission, SubmittedClaim
from billing.services import acknowledgments, assembly, claims, filing, submissions
from billing.services.acknowledgments import AcceptedAlready, Answer, NotShown, NotUndone, NoWords, WrongDay
from billing.services.claims import MoveNotOffered
from billing.services.proofs import NotAProof, Proof
from billing.services.submissions import ByHand, NotTakenBack
from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, TODAY, World
from vca.core import documents
from vca.core.uploads.gate import NotAdmitted

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
LATER = NOW + timedelta(hours=1)
ACCEPTED = Answer(Verdict.ACCEPTED, Source.PORTAL, TODAY, payer_claim_number="77001")
BY_CLEARINGHOUSE = Answer(Verdict.ACCEPTED, Source.CLEARINGHOUSE, TODAY, reference="R-8")
REJECTED = Answer(Verdict.REJECTED, Source.CLEARINGHOUSE, TODAY, words="A7:562 billing provider", reference="R-9")


@pytest.fixture
def harbor() -> World:
    return world.practice()


def sent(harbor: World, number: int = 1) -> list[Claim]:
    made = [world.ready_claim(harbor) for _ in range(number)]
    how = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    submissions.record_by_hand(claim_ids=[one.pk for one in made], sent=how, by=harbor.by, at=NOW)
    return made


def taken(harbor: World, claim: Claim, answer: Answer, *, at: datetime = LATER) -> Acknowledgment:
    return acknowledgments.take(claim=claim, answer=answer, by=harbor.by, at=at)


def undone(harbor: World, row: Acknowledgment) -> None:
    acknowledgments.undo(acknowledgment=row, reason="the wrong claim", by=harbor.by, at=LATER + DAY)


def stands(claim: Claim) -> tuple[str, list[tuple[bool, str]]]:
    """Return the claim's state and, by submission, whether it is live and what was answered."""
    claim.refresh_from_db()
    return claim.state, list(claim.submitted.order_by("pk").values_list("is_live", "answer"))


@pytest.mark.parametrize(
    ("answer", "state", "live"), [(ACCEPTED, "ACCEPTED", True), (REJECTED, "REJECTED", False)], ids=["yes", "no"]
)
def test_answer_moves_its_claim_and_no_other(harbor: World, answer: Answer, state: str, live: bool) -> None:
    claim, other = sent(harbor, 2)

    row = taken(harbor, claim, answer)

    assert (stands(claim), stands(other)) == ((state, [(live, state)]), ("SENT", [(True, "")]))
    kept = (row.verdict, row.source, row.answered_on, row.words, row.payer_claim_number, row.reference)
    assert kept == (answer.verdict, answer.source, TODAY, answer.words, answer.payer_claim_number, answer.reference)


def test_proof_is_kept_as_it_came(harbor: World) -> None:
    (claim,) = sent(harbor)

    row = taken(harbor, claim, replace(ACCEPTED, payer_claim_number="", proof=Proof(PNG, "shot.png")))

    assert row.proof
    assert (documents.read(row.proof), row.proof.kind) == (PNG, "answer_proof")


def test_file_that_is_kept_already_shows_many_answers(harbor: World) -> None:
    claim, other = sent(harbor, 2)
    first = taken(harbor, claim, replace(ACCEPTED, payer_claim_number="", proof=Proof(PNG, "shot.png")))

    second = taken(harbor, other, replace(ACCEPTED, payer_claim_number="", proof=first.proof))

    assert second.proof_id == first.proof_id


REFUSALS: dict[str, tuple[Answer, type[Exception]]] = {
    "nothing shows it": (replace(ACCEPTED, payer_claim_number=""), NotShown),
    "a rejection without words": (replace(REJECTED, words=""), NoWords),
    "the day before it was sent": (replace(ACCEPTED, answered_on=TODAY - DAY), WrongDay),
    "a day to come": (replace(ACCEPTED, answered_on=TODAY + DAY), WrongDay),
    "a proof of another kind": (replace(ACCEPTED, proof=Proof(b"MZ", "proof.pdf")), NotAProof),
    "a proof that is not sound": (replace(ACCEPTED, proof=Proof(PNG[:-20], "proof.png")), NotAdmitted),
}


@pytest.mark.parametrize(("answer", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_is_refused_and_changes_nothing(harbor: World, answer: Answer, refusal: type[Exception]) -> None:
    (claim,) = sent(harbor)
    before = everything()

    with pytest.raises(refusal):
        taken(harbor, claim, answer)

    assert everything() == before


@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [
        (ACCEPTED, ACCEPTED, AcceptedAlready),
        (ACCEPTED, BY_CLEARINGHOUSE, None),
        (ACCEPTED, REJECTED, None),
        (REJECTED, ACCEPTED, MoveNotOffered),
        (REJECTED, REJECTED, MoveNotOffered),
    ],
)
def test_second_answer_may_reject_what_was_accepted_or_accept_it_from_elsewhere(
    harbor: World, first: Answer, second: Answer, refusal: type[Exception] | None
) -> None:
    (claim,) = sent(harbor)
    taken(harbor, claim, first)

    if refusal:
        with pytest.raises(refusal):
            taken(harbor, claim, second)
    else:
        taken(harbor, claim, second)

    assert stands(claim)[0] == (first if refusal else second).verdict


@pytest.mark.parametrize("order", [(BY_CLEARINGHOUSE, ACCEPTED), (ACCEPTED, BY_CLEARINGHOUSE)], ids=["after", "before"])
def test_number_of_the_payer_stands_beside_the_acceptance_of_the_clearinghouse(
    harbor: World, order: tuple[Answer, Answer]
) -> None:
    (claim,) = sent(harbor)
    first, last = (taken(harbor, claim, answer) for answer in order)
    numbers = {acknowledgments.payer_claim_number(row) for row in (first, last)}

    undone(harbor, last)

    assert (numbers, stands(claim)) == ({ACCEPTED.payer_claim_number}, ("ACCEPTED", [(True, "ACCEPTED")]))
    assert acknowledgments.undoable(claim) == first


def test_claim_that_was_not_sent_has_no_answer(harbor: World) -> None:
    with pytest.raises(MoveNotOffered, match="the claim is ready"):
        taken(harbor, world.ready_claim(harbor), ACCEPTED)


def test_claim_of_another_practice_is_not_there(harbor: World) -> None:
    (claim,) = sent(world.practice("lake"))

    with pytest.raises(Claim.DoesNotExist):
        taken(harbor, claim, ACCEPTED)
    assert stands(claim) == ("SENT", [(True, "")])


def test_rejected_claim_is_mended_and_sent_anew_under_its_number(harbor: World) -> None:
    (claim,) = sent(harbor)
    taken(harbor, claim, REJECTED)
    number = claim.control_number

    claims.back_to_draft(claim=claim, by=harbor.by)
    claims.rebuild(claim=claim, by=harbor.by)
    claims.make_ready(claim=claim, by=harbor.by, at=LATER)
    read = assembly.assemble([claim.pk], by=harbor.by, at=LATER)
    submissions.store(read, job=None, by=harbor.by, at=LATER)

    assert stands(claim) == ("SENT", [(False, "REJECTED"), (True, "")])
    assert (claim.control_number, claim.frequency_code) == (number, "1")
    assert "*11:B:1*" in documents.read(Submission.objects.get(batch_number=1).document).decode()  # type: ignore[arg-type]


def test_rejected_claim_is_not_filed_and_its_clock_runs_on(harbor: World) -> None:
    (claim,) = sent(harbor)
    soon = TODAY + 160 * DAY
    seen = partial(filing.due, harbor.location, by=harbor.by, today=soon)
    quiet = list(seen())

    taken(harbor, claim, REJECTED)

    (told,) = seen()
    assert quiet == []
    assert told.headline.endswith(f"must be filed by 8 Oct 2024; claim {claim.control_number} was rejected")


@pytest.mark.parametrize("sent_again", [False, True])
def test_rejected_visit_counts_as_billed_only_once_it_is_sent_again(harbor: World, sent_again: bool) -> None:
    (claim,) = sent(harbor)
    service = claim.lines.get().visit_service
    assert service
    taken(harbor, claim, REJECTED)
    if sent_again:
        Claim.objects.filter(pk=claim.pk).update(state="SENT")

    assert queries.visits_billed([service.service_id]) == {service.service_id: (int(sent_again), 0)}


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED], ids=["yes", "no"])
def test_answer_is_undone_with_its_reason(harbor: World, answer: Answer) -> None:
    (claim,) = sent(harbor)
    row = taken(harbor, claim, answer)

    undone(harbor, row)

    row.refresh_from_db()
    assert stands(claim) == ("SENT", [(True, "")])
    assert (row.withdrawn_at, row.withdrawn_reason, row.words) == (LATER + DAY, "the wrong claim", answer.words)


def test_undone_rejection_leaves_the_acceptance_before_it(harbor: World) -> None:
    (claim,) = sent(harbor)
    taken(harbor, claim, ACCEPTED)

    undone(harbor, taken(harbor, claim, REJECTED))

    assert stands(claim) == ("ACCEPTED", [(True, "ACCEPTED")])


def test_other_answer_is_taken_after_one_was_undone(harbor: World) -> None:
    (claim,) = sent(harbor)
    undone(harbor, taken(harbor, claim, REJECTED))

    taken(harbor, claim, REJECTED)

    assert stands(claim) == ("REJECTED", [(False, "REJECTED")])


FOLLOWED: dict[str, tuple[Answer, Any]] = {
    "a second undoing": (ACCEPTED, lambda harbor, claim, row: undone(harbor, row)),
    "a rejection": (ACCEPTED, lambda harbor, claim, row: taken(harbor, claim, REJECTED)),
    "the mending": (REJECTED, lambda harbor, claim, row: claims.back_to_draft(claim=claim, by=harbor.by)),
}


@pytest.mark.parametrize(("answer", "follow"), FOLLOWED.values(), ids=FOLLOWED)
def test_answer_that_was_followed_stands(harbor: World, answer: Answer, follow: Any) -> None:
    (claim,) = sent(harbor)
    row = taken(harbor, claim, answer)
    follow(harbor, claim, row)
    before = everything()

    with pytest.raises(NotUndone):
        undone(harbor, row)
    assert everything() == before


def test_rejection_of_an_earlier_submission_stands(harbor: World) -> None:
    (claim,) = sent(harbor)
    first = taken(harbor, claim, REJECTED)
    claims.back_to_draft(claim=claim, by=harbor.by)
    claims.make_ready(claim=claim, by=harbor.by, at=LATER)
    how = ByHand(Channel.PORTAL, LATER, receipt="R-2")
    submissions.record_by_hand(claim_ids=[claim.pk], sent=how, by=harbor.by, at=LATER)
    second = taken(harbor, claim, REJECTED)

    with pytest.raises(NotUndone, match="it is rejected"):
        undone(harbor, first)
    assert acknowledgments.undoable(claim) == second


def test_answer_of_another_practice_is_not_there(harbor: World) -> None:
    lake = world.practice("lake")
    (claim,) = sent(lake)
    row = taken(lake, claim, ACCEPTED)

    with pytest.raises(Acknowledgment.DoesNotExist):
        undone(harbor, row)


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED], ids=["yes", "no"])
def test_submission_is_not_taken_back_once_one_of_its_claims_was_answered(harbor: World, answer: Answer) -> None:
    claim, _ = sent(harbor, 2)
    taken(harbor, claim, answer)

    with pytest.raises(NotTakenBack, match=f"something came back for claim {claim.control_number}"):
        submissions.take_back(submission=Submission.objects.get(), reason="x", by=harbor.by, at=LATER)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_and_a_taking_back_at_once_one_counts(harbor: World) -> None:
    (claim,) = sent(harbor)
    back = partial(submissions.take_back, submission=Submission.objects.get(), reason="x", by=harbor.by)

    done = at_once(
        partial(taken, harbor, Claim.objects.get(), REJECTED),
        partial(taken, harbor, Claim.objects.get(), REJECTED),
        partial(back, at=timezone.now()),
    )

    refused = [one for one in done if isinstance(one, MoveNotOffered | NotTakenBack)]
    assert (len(refused), Acknowledgment.objects.count() <= 1) == (2, True)
    assert SubmittedClaim.objects.get().is_live is False
    assert stands(claim)[0] in ("READY", "REJECTED")


def rejected_and_ready(harbor: World, answer: Answer = REJECTED) -> Claim:
    """Return a claim sent at NOW, rejected then, mended and ready again."""
    (claim,) = sent(harbor)
    taken(harbor, claim, answer, at=NOW + 2 * DAY)
    claims.back_to_draft(claim=claim, by=harbor.by)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW + 2 * DAY)
    return claim


def resent(harbor: World, claim: Claim, sent_at: datetime) -> Submission:
    how = ByHand(Channel.PORTAL, sent_at, receipt="R-2")
    return submissions.record_by_hand(claim_ids=[claim.pk], sent=how, by=harbor.by, at=NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("answer", "sent_at", "why"),
    [
        (REJECTED, NOW - timedelta(minutes=1), "was sent before"),
        (replace(REJECTED, answered_on=TODAY + DAY), NOW + timedelta(hours=1), "was rejected later"),
    ],
    ids=["before it was sent", "before it was rejected"],
)
def test_claim_is_not_sent_anew_before_it_came_back(harbor: World, answer: Answer, sent_at: datetime, why: str) -> None:
    claim = rejected_and_ready(harbor, answer)
    before = everything()

    with pytest.raises(submissions.WrongMoment, match=why):
        resent(harbor, claim, sent_at)

    assert everything() == before


@pytest.mark.parametrize("sent_at", [NOW, NOW + DAY])
def test_claim_is_sent_anew_from_the_day_of_its_rejection_on(harbor: World, sent_at: datetime) -> None:
    claim = rejected_and_ready(harbor)

    resent(harbor, claim, sent_at)

    assert stands(claim) == ("SENT", [(False, "REJECTED"), (True, "")])


def test_sending_that_was_taken_back_holds_no_later_one_back(harbor: World) -> None:
    (claim,) = sent(harbor)
    submissions.take_back(submission=Submission.objects.get(), reason="a mistake", by=harbor.by, at=LATER)
    midnight = NOW.astimezone(harbor.location.zone).replace(hour=0, minute=0)

    resent(harbor, claim, midnight)

    assert stands(claim)[0] == "SENT"
