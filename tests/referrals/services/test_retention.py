"""Records past their time are found, held, disposed of whole, and nothing else is.

Sources: 45 CFR 164.316(b)(2)(i), 164.528(a)(1); 31 USC 3731(b)(2).
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db.models import ProtectedError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from billing.domain.answers import Source, Verdict
from billing.domain.states import ClaimState
from billing.models import Claim, Submission
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from referrals import signals
from referrals.models import Disposal, Veteran
from referrals.services import disposals, holds, imports, referrals, retention, unnamed, visits
from referrals.services.disposals import NotPastTime, NotThatMany
from tests import world
from tests.referrals.services import aged
from tests.referrals.services.aged import LATER, NAME, SSN, STREET, WORDS
from tests.vca.core.rows import everything, in_the_database
from tests.world import NOW, TODAY, World
from vca.core import documents, jobs
from vca.core.models import Alert, AuditEvent, Document, Job, JobState, Mention, Task
from vca.core.services import parameters
from vca.core.services.parameters import NotAValue
from vca.core.signals import whose
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


def found(one: World, *, at: datetime = LATER) -> dict[int, retention.PastTime]:
    return {past.due.veteran_id: past for past in retention.past_their_time(one.by, at=at)}


def test_settled_veteran_is_past_time_the_day_after_the_last_year_of_the_longest_class(harbor: World) -> None:
    veteran = aged.settled(harbor)
    # The authorization's last day, 27 May 2024, and ten years.
    last = datetime(2034, 5, 28, 7, tzinfo=NOW.tzinfo)  # midnight in Portland

    assert found(harbor, at=last - timedelta(seconds=1)) == {}
    past = found(harbor, at=last)[veteran.pk]
    assert (past.due.rule, past.due.years, past.due.last_day) == ("keep-referrals-years", 10, date(2024, 5, 27))
    assert (past.due.due_on, past.what, past.is_ready) == (
        date(2034, 5, 28),
        ("name and facts", "1 referral", "1 visit"),
        True,
    )


def test_claims_keep_a_veteran_for_their_own_years(harbor: World) -> None:
    veteran = aged.full(harbor)
    source = {"valid_from": TODAY, "source": "contract", "verified_on": None, "by": harbor.by}
    for name in ("keep-referrals-years", "keep-visits-years"):
        parameters.set_value(name=name, value="6", **source)
    due = found(harbor)[veteran.pk].due
    parameters.set_value(name="keep-claims-years", value="12", **source)

    assert (due.rule, due.due_on, found(harbor)) == ("keep-claims-years", date(2034, 4, 12), {})


@pytest.mark.parametrize(("value", "is_taken"), [("6", True), ("5", False), ("0", False), ("x", False)])
def test_identity_is_kept_for_six_years_at_least(harbor: World, value: str, is_taken: bool) -> None:
    said = {"valid_from": TODAY, "source": "test", "verified_on": None, "by": harbor.by}
    try:
        parameters.set_value(name="keep-identities-years", value=value, **said)
    except parameters.NotAValue:
        assert not is_taken
    else:
        assert is_taken


def reopened(one: World, veteran: Veteran) -> str:
    referrals.reopen(referral=veteran.referrals.get(), reason="test", by=one.by, at=NOW)
    Task.objects.update(closed_at=NOW)
    return "referral not ended"


def booked(one: World, veteran: Veteran) -> str:
    visits.undo(visit=veteran.visits.get(), by=one.by, at=NOW)
    Alert.objects.all().delete()
    return "visit not over"


def claimed(one: World, veteran: Veteran) -> str:
    claims.draft(visit_ids=[veteran.visits.get().pk], by=one.by, at=NOW)
    return "1 claim not settled"


def accepted(one: World, veteran: Veteran) -> str:
    """What VA accepted it has not paid."""
    return stands(one, veteran, ClaimState.ACCEPTED)


def denied(one: World, veteran: Veteran) -> str:
    return stands(one, veteran, ClaimState.DENIED)


def stands(one: World, veteran: Veteran, state: ClaimState) -> str:
    claimed(one, veteran)
    Claim.objects.update(state=state)
    return "1 claim not settled"


def waited_for(one: World, veteran: Veteran) -> str:
    Task.objects.create(
        practice=one.practice, kind="visits_over", subject_kind="referral", subject_id=veteran.referrals.get().pk
    )
    return "an alert or a task"


@pytest.mark.parametrize("opened", [reopened, booked, claimed, accepted, denied, waited_for])
def test_veteran_of_whom_something_is_open_is_listed_and_kept(
    harbor: World, opened: Callable[[World, Veteran], str]
) -> None:
    veteran = aged.settled(harbor)
    words = opened(harbor, veteran)

    past = found(harbor)[veteran.pk]

    assert (past.open, past.is_ready) == ((words,), False)
    assert not disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)


@pytest.mark.parametrize("of_all", [True, False])
def test_hold_keeps_until_it_is_lifted(harbor: World, of_all: bool) -> None:
    veteran = aged.settled(harbor)
    whom = None if of_all else veteran
    hold = holds.place(veteran=whom, matter="2034-1", reason="A letter of counsel", by=harbor.by, at=NOW)

    with pytest.raises(NotPastTime, match="of 1 of the 1 Veteran"):
        disposals.ask(veteran_ids=[veteran.pk], typed=1, by=harbor.by, at=LATER)
    assert found(harbor)[veteran.pk].is_held
    assert not disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)
    assert holds.lift(hold=hold, reason="Settled", by=harbor.by, at=LATER)
    assert not holds.lift(hold=hold, reason="Again", by=harbor.by, at=LATER)
    assert disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)


def test_held_veteran_would_be_disposed_of_if_nobody_asked(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    veteran = aged.settled(harbor)
    holds.place(veteran=veteran, matter="2034-1", reason="A letter of counsel", by=harbor.by, at=NOW)
    monkeypatch.setattr(retention, "_held", lambda by: set())

    assert disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)


def test_hold_of_another_veteran_or_practice_keeps_nobody_else(harbor: World) -> None:
    veteran, other, lake = aged.settled(harbor), aged.settled(harbor), world.practice("lake")
    for whom, by in ((other, harbor.by), (None, lake.by)):
        holds.place(veteran=whom, matter="2034-1", reason="A letter of counsel", by=by, at=NOW)

    assert [past.is_held for past in (found(harbor)[veteran.pk], found(harbor)[other.pk])] == [False, True]


@pytest.mark.parametrize("typed", [0, 1, 3])
def test_other_number_than_that_of_the_ticked_is_refused(harbor: World, typed: int) -> None:
    ids = [aged.settled(harbor).pk for _ in range(2)]

    with pytest.raises(NotThatMany, match=f"2 Veterans ticked, {typed} typed"):
        disposals.ask(veteran_ids=ids, typed=typed, by=harbor.by, at=LATER)


def test_one_who_is_not_due_stops_all_that_are_ticked(harbor: World) -> None:
    later = world.authorization(harbor, expiration_date=date(2024, 12, 31))
    ids = [aged.settled(harbor).pk, later.veteran_id]

    with pytest.raises(NotPastTime, match="of 1 of the 2 Veterans"):
        disposals.ask(veteran_ids=ids, typed=2, by=harbor.by, at=LATER)


def disposed(one: World, ids: list[int], clock: time_machine.Traveller) -> Job:
    """Let an administrator ask, and a worker do it."""
    clock.move_to(LATER)
    job = disposals.ask(veteran_ids=ids, typed=len(ids), by=one.by, at=LATER)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def files() -> set[Path]:
    return {one for one in settings.DOCUMENTS_DIR.rglob("*") if one.is_file() and len(one.name) == 64}


def test_nothing_of_a_veteran_is_left_but_the_certificate_and_the_trail(
    harbor: World, clock: time_machine.Traveller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    world.person(harbor, Role.BILLER)
    before, files_before = everything(), files()
    veteran = aged.full(harbor)
    number, claim_number = veteran.referrals.get().number, Claim.objects.order_by("pk")[0].control_number
    trail = list(AuditEvent.objects.order_by("pk").values_list("pk", "hash"))

    with django_capture_on_commit_callbacks(execute=True):
        job = disposed(harbor, [veteran.pk], clock)

    after = everything()
    stays = {"core.AuditEvent", "core.Mention", "core.Job", "billing.ControlNumbers"}
    assert {label for label in after if after[label] != before[label]} == stays | {"referrals.Disposal"}
    for canary in (NAME, STREET, SSN, WORDS, number, claim_number):
        assert in_the_database(canary) == [], canary
    assert (files(), job.outcome) == (files_before, "records of 1 of 1 Veteran disposed of, the others are kept")
    assert list(AuditEvent.objects.order_by("pk").values_list("pk", "hash"))[: len(trail)] == trail
    assert Mention.objects.filter(veteran_id=veteran.pk).exists()


@pytest.fixture
def two(harbor: World) -> tuple[Veteran, Veteran]:
    """Two Veterans who came by the same list, and whose claims went out in the same file."""
    made = [world.authorization(harbor) for _ in range(2)]
    document = referrals.keep_list(b"[]", filename="list.json", by=harbor.by)
    for authorization in made:
        authorization.referral.notices.update(document=document)
        (claim,) = claims.draft(visit_ids=[world.completed(harbor, authorization).pk], by=harbor.by, at=NOW)
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    jobs.run(submissions.ask(by=harbor.by).pk)
    answer = Answer(Verdict.ACCEPTED, Source.PHONE, TODAY, reference="C-1")
    for claim in Claim.objects.all():
        acknowledgments.take(claim=claim, answer=answer, by=harbor.by, at=NOW)
    Claim.objects.update(state=ClaimState.PAID)  # which nothing posts yet
    aged.close_alerts(harbor)
    return made[0].veteran, made[1].veteran


def test_file_that_names_others_goes_with_the_last_of_them(
    harbor: World, two: tuple[Veteran, Veteran], clock: time_machine.Traveller
) -> None:
    shared = {"va_referral_list", "claims_837p"}
    left = []
    for veteran_id in [one.pk for one in two]:
        disposed(harbor, [veteran_id], clock)
        left.append((shared & {*Document.objects.values_list("kind", flat=True)}, Submission.objects.count()))

    assert left == [(shared, 1), (set(), 0)]
    assert list(Disposal.objects.order_by("pk").values_list("files_left", flat=True)) == [2, 0]


def test_held_veteran_keeps_the_files_that_name_others_too(
    harbor: World, two: tuple[Veteran, Veteran], clock: time_machine.Traveller
) -> None:
    first, second = two
    holds.place(veteran=second, matter="2034-1", reason="A letter of counsel", by=harbor.by, at=NOW)

    disposed(harbor, [first.pk], clock)

    document = Document.objects.get(kind="claims_837p")
    assert (whose(document), documents.read(document)[:3]) == ({second.pk}, b"ISA")


def reads_of_reports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is read of documents from now on."""
    read, kinds = documents.read, list[str]()
    monkeypatch.setattr(documents, "read", lambda document: kinds.append(document.kind) or read(document))
    return kinds


@pytest.mark.parametrize("at_once", [True, False], ids=["all at once", "one by one: the control"])
def test_report_of_others_is_read_once_for_all_who_are_disposed_of(
    harbor: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    stays = world.authorization(harbor, expiration_date=date(2034, 12, 31)).referral.number
    ids = [aged.settled(harbor).pk for _ in range(3)]
    imports.keep_report([f"{stays} unchanged"], filename="list.json", by=harbor.by)
    read = reads_of_reports(monkeypatch)

    if at_once:
        disposed(harbor, ids, clock)
    else:
        for pk in ids:
            disposals.dispose(veteran_id=pk, by=harbor.by, at=LATER)

    assert (Disposal.objects.count(), read.count("va_referral_report")) == (3, 1 if at_once else 3)


def test_report_of_several_goes_with_the_last_of_them(harbor: World, clock: time_machine.Traveller) -> None:
    veterans = [aged.settled(harbor) for _ in range(2)]
    numbers = [one.referrals.get().number for one in veterans]
    imports.keep_report([f"{one} created" for one in numbers], filename="list.json", by=harbor.by)

    disposed(harbor, [one.pk for one in veterans], clock)

    assert not Document.objects.filter(kind="va_referral_report").exists()
    assert list(Disposal.objects.order_by("pk").values_list("files_left", flat=True)) == [1, 0]


def test_numbers_of_what_was_sent_are_not_taken_again(
    harbor: World, two: tuple[Veteran, Veteran], clock: time_machine.Traveller
) -> None:
    before = everything()["billing.ControlNumbers"]

    disposed(harbor, [one.pk for one in two], clock)

    assert everything()["billing.ControlNumbers"] == before


def test_hold_placed_after_it_was_asked_for_stops_the_job(harbor: World, clock: time_machine.Traveller) -> None:
    veterans = [aged.settled(harbor) for _ in range(2)]
    ids = [one.pk for one in veterans]
    clock.move_to(LATER)
    job = disposals.ask(veteran_ids=ids, typed=2, by=harbor.by, at=LATER)
    holds.place(veteran=veterans[0], matter="2034-1", reason="A letter of counsel", by=harbor.by, at=LATER)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert list(Veteran.objects.filter(pk__in=ids)) == veterans[:1]
    assert job.outcome == "records of 1 of 2 Veterans disposed of, the others are kept"


def test_row_that_no_app_deletes_stops_the_disposal_whole(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    veteran = aged.full(harbor)
    monkeypatch.setattr(signals, "gone_of", lambda veteran_id, by: [])
    before = everything()

    with pytest.raises(ProtectedError):
        disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)

    assert everything() == before


def test_veteran_of_another_practice_is_neither_found_nor_disposed_of(harbor: World) -> None:
    veteran, lake = aged.settled(harbor), world.practice("lake")

    assert found(lake) == {}
    assert not disposals.dispose(veteran_id=veteran.pk, by=lake.by, at=LATER)
    with pytest.raises(NotPastTime):
        disposals.ask(veteran_ids=[veteran.pk], typed=1, by=lake.by, at=LATER)


def looked(one: World) -> list[str]:
    """Let the daily job look; return the headlines of the tasks that are open then."""
    job = jobs.enqueue(kind="find_due_records", key=str(one.location.pk), by=one.by)
    assert jobs.run(job.pk)
    return list(Task.objects.filter(kind="records_due", closed_at=None).values_list("headline", flat=True))


def test_daily_look_deletes_nothing_and_opens_a_task_until_nothing_is_due(
    harbor: World, clock: time_machine.Traveller
) -> None:
    veteran = aged.settled(harbor)
    clock.move_to(LATER)

    first = looked(harbor)
    holds.place(veteran=None, matter="2034-1", reason="A letter of counsel", by=harbor.by, at=LATER)

    assert (first, looked(harbor)) == (["Records of 1 Veteran are past their time"], [])
    assert Veteran.objects.filter(pk=veteran.pk).exists()


def test_daily_look_that_finds_nobody_leaves_no_event(harbor: World, clock: time_machine.Traveller) -> None:
    aged.settled(harbor)
    said = []
    for now in (NOW, LATER):
        clock.move_to(now)
        looked(harbor)
        said.append(list(AuditEvent.objects.filter(action="records.swept").values_list("changes", flat=True)))

    assert said == [[], [{"ready": 1, "held": 0, "found": 1}]]


def test_daily_look_is_planned_for_each_place(harbor: World) -> None:
    jobs.plan_daily(NOW)

    assert Job.objects.filter(kind="find_due_records", key=str(harbor.location.pk)).count() == 1


def nobodys(one: World) -> list[str]:
    return list(unnamed.files(one.by, at=LATER).values_list("filename", flat=True))


def test_file_of_which_nothing_was_taken_over_has_days_of_its_own(harbor: World) -> None:
    referrals.keep_list(b"[]", filename="list.json", by=harbor.by)
    imports.keep_report(["VA0000000001 broken"], filename="list.json", by=harbor.by)
    aged.full(harbor)
    year = timedelta(days=365)

    found = [list(unnamed.files(harbor.by, at=NOW + year + after)) for after in (timedelta(0), timedelta(seconds=1))]

    assert [[one.filename for one in some] for some in found] == [[], ["list.json"]]


def sent_again(one: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> tuple[Document, Job]:
    """Send a list of which nothing was taken over once more after a year; return its row, as old as before, and job."""
    monkeypatch.setattr(imports, "AT_ONCE", -1)
    first = imports.take(content=b"[]", filename="list.json", by=one.by, at=NOW)
    assert isinstance(first, Job)
    assert jobs.run(first.pk)
    clock.move_to(LATER)
    again = imports.take(content=b"[]", filename="list.json", by=one.by, at=LATER)
    assert isinstance(again, Job)
    return Document.objects.get(kind="va_referral_list"), again


def test_list_that_is_sent_again_is_kept_until_its_import_has_ended(
    harbor: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, job = sent_again(harbor, clock, monkeypatch)

    meanwhile = nobodys(harbor)
    unnamed.dispose([document.pk], by=harbor.by, at=LATER)
    assert jobs.run(job.pk)

    assert (meanwhile, nobodys(harbor)) == ([], ["list.json"])
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_list_that_is_sent_again_would_go_by_its_age_alone(
    harbor: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, job = sent_again(harbor, clock, monkeypatch)
    monkeypatch.setattr(unnamed, "_being_imported", lambda by: set())

    unnamed.dispose([document.pk], by=harbor.by, at=LATER)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (Document.objects.filter(pk=document.pk).exists(), job.state == JobState.DONE) == (False, False)


@pytest.mark.parametrize(("days", "found"), [("1", []), ("0", ["list.json"])], ids=["at least a day", "the control"])
def test_file_of_an_import_that_runs_right_now_is_protected_by_its_age(
    harbor: World, monkeypatch: pytest.MonkeyPatch, days: str, found: list[str]
) -> None:
    monkeypatch.setattr(unnamed.parameters, "value", lambda *_, **__: days)
    referrals.keep_list(b"[]", filename="list.json", by=harbor.by)

    assert [one.filename for one in unnamed.files(harbor.by, at=NOW + timedelta(seconds=1))] == found


def test_age_of_nobodys_files_is_a_day_at_least(harbor: World) -> None:
    said: dict[str, Any] = {"valid_from": TODAY, "source": "test", "verified_on": None, "by": harbor.by}
    with pytest.raises(NotAValue):
        parameters.set_value(name=unnamed.DAYS, value="0", **said)


def test_file_is_somebodys_while_any_of_these_points_at_it() -> None:
    assert {(model._meta.label, column) for model, column in unnamed.pointers()} == {
        ("billing.Acknowledgment", "proof"),
        ("billing.PrintedClaim", "document"),
        ("billing.Submission", "document"),
        ("billing.Submission", "proof"),
        ("referrals.Notice", "document"),
    }


def test_files_that_name_nobody_go_when_their_number_is_typed_and_no_hold_stands(
    harbor: World, clock: time_machine.Traveller
) -> None:
    referrals.keep_list(b"[]", filename="list.json", by=harbor.by)
    imports.keep_report(["VA0000000001 broken"], filename="list.json", by=harbor.by)
    kept = aged.settled(harbor)
    clock.move_to(LATER)
    for typed in (0, 2):
        with pytest.raises(NotThatMany, match=f"1 file to dispose of, {typed} typed"):
            unnamed.ask(typed=typed, by=harbor.by, at=LATER)
    job = unnamed.ask(typed=1, by=harbor.by, at=LATER)
    hold = holds.place(veteran=kept, matter="2034-1", reason="A letter of counsel", by=harbor.by, at=LATER)
    held = nobodys(harbor), Document.objects.count()
    jobs.run(job.pk)
    after_held = Document.objects.count()
    said_held = AuditEvent.objects.filter(action="files.disposed").count()
    holds.lift(hold=hold, reason="Settled", by=harbor.by, at=LATER)
    jobs.run(unnamed.ask(typed=1, by=harbor.by, at=LATER).pk)

    assert (held, after_held, said_held) == (([], 3), 3, 0)
    assert list(Document.objects.values_list("kind", flat=True)) == ["va_notice"]
    said = AuditEvent.objects.filter(action="files.disposed").latest("pk")
    assert said.changes == {"files": 2, "kinds": {"va_referral_list": 1, "va_referral_report": 1}}
