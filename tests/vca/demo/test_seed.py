"""The demo as it is seeded on a pinned Monday: what it promises, and that everything in it is sound."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.password_validation import validate_password
from django.db import models, transaction
from pytest_django import DjangoDbBlocker

from billing import queries as billing
from billing.domain.channels import Channel
from billing.domain.states import ClaimState
from billing.models import Claim, ClaimLine, Submission, SubmittedClaim
from billing.services import claims, submissions
from billing.views import events
from referrals import queries as referrals
from referrals.domain.notice import HoldReason
from referrals.models import AuthorizedService, Veteran, VeteranFacts, Visit
from tests.billing.x12.reading import complaints, named
from tests.vca.demo.chronicle import chronicle
from vca.core import access, alerts, documents
from vca.core.access import Actor
from vca.core.models import Clinician, Practice, User
from vca.core.services import chores, practices
from vca.core.vocabulary import Role
from vca.demo.people import PASSWORD, SIGN_INS
from vca.demo.seed import seed
from vca.demo.work import write_batch
from vca.desk.queries import authorizations as desk
from vca.desk.queries import cover
from vca.domain.identifiers import icn, npi

pytestmark = pytest.mark.both

SENT_AND_ANSWERED = {ClaimState.SENT, ClaimState.ACCEPTED, ClaimState.REJECTED}
NOW = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)  # a Monday: 10:15 in Morro Bay, 11:15 in Fruita
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Seeded:
    demo: Practice
    second: Practice
    said_before: list[Any]

    @property
    def by(self) -> Actor:
        return access.acting_for(self.demo, what="test")


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Seeded]:
    """Seed, forget, and seed again; every test of this module reads the second time."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True), transaction.atomic():
        with transaction.atomic():
            said_before = [chronicle(practice) for practice in seed(now=NOW)]
            transaction.set_rollback(True)
        yield Seeded(*seed(now=NOW), said_before)
        transaction.set_rollback(True)


@pytest.fixture
def undone(seeded: Seeded) -> Iterator[None]:
    """Take back what the test does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_two_seeds_say_the_same(seeded: Seeded) -> None:
    assert [chronicle(seeded.demo), chronicle(seeded.second)] == seeded.said_before


def test_both_practices_are_test_data_with_places_in_two_zones(seeded: Seeded) -> None:
    assert [(one.code, one.test_data) for one in (seeded.demo, seeded.second)] == [("demo", True), ("second", True)]
    zones = seeded.demo.locations.order_by("pk").values_list("time_zone", flat=True)
    assert list(zones) == ["America/Los_Angeles", "America/Denver"]


def test_one_clinician_is_pending_and_one_agreement_has_ended(seeded: Seeded) -> None:
    clinicians = Clinician.objects.filter(practice=seeded.demo)
    assert Counter(one.is_pending for one in clinicians) == {False: 3, True: 1}
    in_force = practices.agreements_in_force(seeded.by, on=TODAY)
    assert (practices.agreements(seeded.by).count(), in_force.count()) == (2, 1)


def test_forty_veterans_have_these_referrals(seeded: Seeded) -> None:
    assert referrals.veterans(seeded.by).count() == 40
    assert referrals.counts_by_state(seeded.by) == {"ACCEPTED": 38, "HELD": 4, "RECEIVED": 1}
    affiliations = referrals.referrals(seeded.by).order_by().values_list("affiliation", flat=True)
    assert Counter(affiliations) == {"VCA": 39, "CCN": 1, "UNKNOWN": 3}
    assert Counter(Counter(row.veteran_id for row in referrals.referrals(seeded.by)).values()) == {1: 37, 2: 3}


def test_authorizations_stand_in_every_computed_state(seeded: Seeded) -> None:
    shown = Counter(desk.badges(one, today=TODAY)[0] for one in referrals.authorizations(seeded.by))
    assert shown == {
        "ACTIVE": 25,
        "LOW_VISITS": 6,
        "HELD": 4,
        "EXPIRED": 3,
        "EXHAUSTED": 2,
        "EXPIRING": 2,
        "RECEIVED": 1,
    }


def test_what_waits_waits_for_these_reasons(seeded: Seeded) -> None:
    mail = (HoldReason.AFFILIATION, HoldReason.LIMITS)
    assert Counter(referrals.obstacles(one) for one in referrals.waiting(seeded.by)) == {
        (): 1,
        (HoldReason.LIMITS,): 1,
        (*mail, HoldReason.LOCATION): 1,
        (*mail, HoldReason.STATUS, HoldReason.LOCATION): 1,
        (*mail, HoldReason.DERIVED, HoldReason.LOCATION): 1,
        (HoldReason.DIFFERS,): 1,
    }


def test_one_authorization_was_cut_below_what_is_spoken_for(seeded: Seeded) -> None:
    lines = AuthorizedService.objects.filter(visits_over__gt=0)
    assert [(line.visits_over, line.visits_held, line.count.left) for line in lines] == [(2, 2, -2)]
    assert chores.open_tasks(seeded.by).filter(kind="visits_over").count() == 1


@pytest.mark.parametrize(
    ("place", "states", "last_visits"),
    [
        ("Harbor Morro Bay", {"COMPLETED": 2, "ARRIVED": 1, "BOOKED": 4}, 1),
        ("Harbor Fruita", {"COMPLETED": 2, "ARRIVED": 1, "BOOKED": 2}, 1),
    ],
)
def test_today_has_visits_in_several_states(
    seeded: Seeded, place: str, states: dict[str, int], last_visits: int
) -> None:
    days = {one.pk: TODAY for one in seeded.demo.locations.filter(name=place)}
    shown = cover.todays_visits(seeded.by, days=days)
    assert Counter(visit.state for visit, _ in shown) == states
    assert sum(1 for _, cover in shown if cover.rule_code == "AUTH-02") == last_visits


def test_visits_lie_on_workdays_at_clinic_hours_and_happen_in_their_order(seeded: Seeded) -> None:
    for visit in Visit.objects.select_related("location"):
        begins = visit.starts_at.astimezone(visit.location.zone)
        assert (begins.date(), begins.weekday() < 5, 8 <= begins.hour < 17) == (visit.on, True, True)
        moments = [visit.booked_at, visit.arrived_at, visit.completed_at]
        known = [moment for moment in moments if moment]
        assert known == sorted(known)
        assert visit.booked_at < NOW


def test_past_visits_are_settled_and_coming_ones_are_booked(seeded: Seeded) -> None:
    past = set(Visit.objects.filter(on__lt=TODAY).values_list("state", flat=True))
    coming = set(Visit.objects.filter(on__gt=TODAY).values_list("state", flat=True))
    assert (past, coming) == ({"COMPLETED", "CANCELLED", "NO_SHOW"}, {"BOOKED"})


def test_every_counter_equals_its_ledger(seeded: Seeded) -> None:
    for practice in (seeded.demo, seeded.second):
        assert list(referrals.miscounted(access.acting_for(practice, what="test"))) == []


def test_the_watch_has_raised_what_is_due(seeded: Seeded) -> None:
    kinds = Counter(alerts.open_alerts(seeded.by).values_list("kind", flat=True))
    assert kinds == {
        "authorization_ending": 3,
        "dea_ending": 1,
        "filing_limit": 1,
        "license_ending": 1,
        "request_due": 4,
        "visits_left": 10,
    }


def test_each_view_of_the_inbox_has_something(seeded: Seeded) -> None:
    awake, asleep = (which(seeded.by, at=NOW) for which in (alerts.awake, alerts.asleep))
    assert (awake.count(), awake.exclude(owner=None).count(), asleep.count()) == (19, 1, 1)


def test_one_visit_was_forgotten_and_must_be_filed_within_thirty_days(seeded: Seeded) -> None:
    (told,) = [one for one in alerts.open_alerts(seeded.by) if one.kind == "filing_limit"]
    assert told.due_on
    assert (0 < (told.due_on - TODAY).days < 30, told.headline.endswith("; no claim yet")) == (True, True)


def test_claims_stand_in_every_state_up_to_their_answer(seeded: Seeded) -> None:
    counts = {state: number for state, (number, _) in billing.counts_by_state(seeded.by).items()}
    assert set(counts) == {ClaimState.DRAFT, ClaimState.READY, *SENT_AND_ANSWERED}
    assert counts[ClaimState.READY] >= 30
    assert (counts[ClaimState.REJECTED], counts[ClaimState.SENT]) == (1, 4)
    sent = SubmittedClaim.objects.filter(practice=seeded.demo, is_live=True).count()
    assert sent == counts[ClaimState.SENT] + counts[ClaimState.ACCEPTED]


def test_one_rejected_claim_was_mended_and_accepted_the_second_time(seeded: Seeded) -> None:
    twice = Claim.objects.filter(practice=seeded.demo, submitted__answer="REJECTED", state=ClaimState.ACCEPTED).get()
    answers = list(twice.submitted.order_by("pk").values_list("submission__channel", "is_live", "answer"))
    assert answers == [("FILE", False, "REJECTED"), ("PORTAL", True, "ACCEPTED")]


def test_four_were_sent_by_hand_one_of_them_printed_and_mailed(seeded: Seeded) -> None:
    rows = Submission.objects.filter(practice=seeded.demo).exclude(channel=Channel.FILE).order_by("pk")

    assert [(one.channel, one.document_id is not None) for one in rows] == [
        ("PORTAL", False),
        ("MAIL", True),
        ("PORTAL", False),
        ("FAX", False),
    ]
    assert [documents.read(one.proof)[:4] for one in rows if one.proof] == [b"\x89PNG"] * 3
    assert [one.receipt for one in rows] == ["TEST-000020", "9400 0000 0000 0000 0000 17", "TEST-000017", ""]


def test_time_line_of_a_claim_has_its_sense(seeded: Seeded) -> None:
    """What is printed is printed before it is mailed, and what is answered was sent."""
    claims_sent = Claim.objects.filter(practice=seeded.demo, submitted__isnull=False).distinct()
    told = {tuple(event["what"].partition(":")[0] for event in events.of(one, by=seeded.by)) for one in claims_sent}
    assert told == {
        ("Drafted", "Made ready", "Written to batch 1"),
        ("Drafted", "Made ready", "Written to batch 1", "Accepted"),
        ("Drafted", "Made ready", "Written to batch 1", "Rejected"),
        ("Drafted", "Written to batch 1", "Rejected", "Made ready", "Sent by hand", "Accepted"),
        ("Drafted", "Made ready", "Printed as CMS-1500", "Sent by hand"),
        ("Drafted", "Made ready", "Sent by hand", "Accepted"),
        ("Drafted", "Made ready", "Sent by hand"),
    }


def found(seeded: Seeded, state: ClaimState) -> Counter[tuple[str, ...]]:
    rows = list(Claim.objects.filter(practice=seeded.demo, state=state))
    findings = claims.findings(rows, by=seeded.by, at=NOW).values()
    return Counter(tuple(sorted({one.code for one in some})) for some in findings)


def test_what_is_ready_passes_the_scrub(seeded: Seeded) -> None:
    assert set(found(seeded, ClaimState.READY)) == {()}


def test_drafts_show_each_kind_of_finding(seeded: Seeded) -> None:
    shown = {("CLAIM-04", "CLAIM-10"), ("CLAIM-06",), ("CLAIM-07", "CLAIM-18"), ("CLAIM-11",), ("CLAIM-13",), ()}
    assert set(found(seeded, ClaimState.DRAFT)) == shown


def test_a_claim_charges_the_price_of_its_day(seeded: Seeded) -> None:
    lines = ClaimLine.objects.filter(practice=seeded.demo, code="96365")
    raised_on = TODAY - timedelta(days=30)
    before = set(lines.filter(service_date__lt=raised_on).values_list("charge", flat=True))
    since = set(lines.filter(service_date__gte=raised_on).values_list("charge", flat=True))
    assert (before, since) == ({Decimal("460.00")}, {Decimal("475.00")})


def test_a_visit_of_the_network_is_left_unbilled_and_refused(seeded: Seeded) -> None:
    visit = billing.unbilled_visits(seeded.by).filter(authorization__referral__affiliation="CCN").first()
    with pytest.raises(claims.NotBilledToVa):
        claims.draft(visit_ids=[visit.pk], by=seeded.by, at=NOW)


@pytest.mark.usefixtures("undone")
def test_the_ready_claims_make_a_file_that_is_accepted(seeded: Seeded) -> None:
    write_batch(seeded.by, at=NOW)

    batch = billing.claim_files(seeded.by).first()
    file = documents.read(batch.document)
    assert complaints(file) == []
    assert len(named(file, "CLM")) == batch.claim_count >= 30
    with pytest.raises(submissions.NothingReady):
        submissions.ask(by=seeded.by)


def test_the_earlier_batch_is_accepted_too(seeded: Seeded) -> None:
    assert complaints(documents.read(billing.claim_files(seeded.by).get().document)) == []


def test_each_role_has_somebody_and_one_works_in_both_practices(seeded: Seeded) -> None:
    roles = {one.email: one.roles.get("demo") for one in SIGN_INS}
    expected = {f"{role.lower()}@demo.example": role for role in Role}
    assert {email: role for email, role in roles.items() if email in expected} == expected
    for one in SIGN_INS:
        held = User.objects.get(email=one.email).memberships.values_list("practice__code", "role")
        assert dict(held) == one.roles


def test_the_password_is_a_good_one_and_opens_every_account(seeded: Seeded) -> None:
    users = User.objects.filter(email__in=[one.email for one in SIGN_INS])
    for user in users:
        validate_password(PASSWORD, user)
    assert len({user.password for user in users}) == 1
    assert users[0].check_password(PASSWORD)


def test_nobody_and_no_number_is_real(seeded: Seeded) -> None:
    for facts in VeteranFacts.objects.all():
        assert icn.is_valid(facts.icn)
        assert facts.icn.startswith("190000")
        assert facts.phone == "" or facts.phone[3:8] == "55501"
        assert facts.zip_code == "" or len(facts.zip_code) == 9
    numbers = Clinician.objects.values_list("npi", flat=True)
    assert [number for number in numbers if not npi.is_valid(number)] == []
    assert Veteran.objects.values("icn_index").distinct().count() == 45


def owned() -> list[tuple[type[models.Model], models.ForeignKey]]:
    """Return each foreign key from a table with a practice to a table with a practice."""
    tables = [model for model in apps.get_models() if any(f.name == "practice" for f in model._meta.fields)]
    keys = [(model, field) for model in tables for field in model._meta.fields if field.related_model in tables]
    return [(model, field) for model, field in keys if isinstance(field, models.ForeignKey)]


def test_no_row_of_one_practice_points_at_a_row_of_the_other(seeded: Seeded) -> None:
    keys = owned()
    astray = [
        (model.__name__, field.name)
        for model, field in keys
        if model.objects.filter(**{f"{field.name}__isnull": False})
        .exclude(practice=models.F(f"{field.name}__practice"))
        .exists()
    ]
    assert len(keys) > 30
    assert astray == []


def test_a_row_that_points_astray_would_be_found(seeded: Seeded, undone: None) -> None:
    visit = Visit.objects.filter(practice=seeded.demo).first()
    foreign = seeded.second.locations.get()
    Visit.objects.filter(pk=visit.pk).update(location=foreign)

    astray = Visit.objects.exclude(practice=models.F("location__practice"))

    assert list(astray) == [visit]


def test_the_history_is_not_older_than_the_filing_limit(seeded: Seeded) -> None:
    assert Visit.objects.order_by("on").values_list("on", flat=True)[0] > TODAY - timedelta(days=180)
