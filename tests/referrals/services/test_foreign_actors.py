"""Services trust nobody: whoever acts for another practice finds no row, and changes none.

Every public function of referrals' services that takes ``by`` stands here, with what it is called with, or among those
that take no row; a new one without a place turns the first test red.
"""

import inspect
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist

import referrals.services
from referrals.domain.contact import Contact
from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from referrals.intake.json_reader import Received
from referrals.models import Authorization, AuthorizedService, FactSource, Notice, Referral, Visit
from referrals.services import authorizations, closures, holds, pencils, telling, veterans, visits
from referrals.services import referrals as referral_services
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core import access
from vca.core.access import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Service = Callable[..., Any]
Words = Callable[[World], dict[str, Any]]
# What they get is a notice, facts or a file: they look for rows, and make rows, of the actor's practice alone.
ROWLESS = {
    "approvals.bring_up_to_date",
    "approvals.due",
    "approvals.due_at",
    "bookable.refuse_uncovered",  # they look for agreements of the actor's practice alone
    "bookable.refuse_without_agreement",
    "closing.close_gone",  # as watch.close_gone
    "disposals.ask",  # ids: another practice's are not due, see test_retention
    "disposals.dispose",
    "disposals.reports_naming",  # ids: reports of the actor's practice alone are read
    "holds.all_of",
    "imports.keep_report",
    "imports.take",
    "necessity.require_clinical",
    "necessity.sees_clinical",
    "referrals.import_list",
    "referrals.keep_list",
    "referrals.receive",
    "retention.past_their_time",
    "retention.tell",
    "series.cancel",  # what names a series: another practice's is not found, see tests/access/test_neighbors.py
    "unnamed.ask",
    "unnamed.dispose",
    "unnamed.files",
    "unnamed.reports",
    "veterans.find",
    "veterans.record",
    "watch.watched",
    "watch.close_gone",
    "asking.close_gone",
    "forecasts.keep_one",  # on commit, by keep
    "authorizations.settle_over",
}
CALLS: dict[str, Words] = {}


def called_with(*names: str) -> Callable[[Words], Words]:
    """Put into the table what these services are called with."""

    def enter(words: Words) -> Words:
        CALLS.update(dict.fromkeys(names, words))
        return words

    return enter


def services() -> dict[str, Service]:
    """Return every public function of the services that says who acts, by module and name."""
    modules = [one.name for one in iter_modules([str(Path(referrals.services.__file__ or "").parent)])]
    found = {name: vars(import_module(f"referrals.services.{name}")) for name in modules}
    return {
        f"{module}.{name}": thing
        for module, things in found.items()
        for name, thing in things.items()
        if inspect.isfunction(thing) and thing.__module__ == f"referrals.services.{module}"
        if not name.startswith("_") and "by" in inspect.signature(thing).parameters
    }


def referral(harbor: World, **stated: Any) -> Referral:
    return world.receive(harbor, **stated).referral


def a_penciled_visit(harbor: World) -> Visit:
    """Return one that is covered since."""
    row = pencils.arrange(plan=world.plan(harbor, world.authorization(harbor, visits=0)), by=harbor.by, at=NOW)
    AuthorizedService.objects.filter(authorization=row.authorization_id).update(visits_authorized=1)
    return row


@called_with("pencils.book_waiting")
def a_waiting_authorization(harbor: World) -> dict[str, Any]:
    return {"authorization": a_penciled_visit(harbor).authorization, "at": NOW}


@called_with("visits.book_penciled")
def a_waiting_visit(harbor: World) -> dict[str, Any]:
    return {"visit": a_penciled_visit(harbor), "at": NOW}


@called_with("visits.book", "visits.walk_in", "pencils.arrange")
def a_plan(harbor: World) -> dict[str, Any]:
    return {"plan": world.plan(harbor, world.authorization(harbor)), "at": NOW}


@called_with("series.book", "series.conflicts_of")
def some_plans(harbor: World) -> dict[str, Any]:
    return {"plans": [a_plan(harbor)["plan"]], "at": NOW}


@called_with("visits.pencil")
def a_plan_that_waits(harbor: World) -> dict[str, Any]:
    return {**a_plan(harbor), "waits_for": "VISIT-02", "kept_until": TODAY}


@called_with("pencils.give_up_due")
def a_location_where_nobody_waits(harbor: World) -> dict[str, Any]:
    a_penciled_visit(harbor)
    return {"location": harbor.location, "at": NOW + timedelta(days=30)}


@called_with("authorizations.tell_of_bookings_beyond")
def a_line_cut_below_its_bookings(harbor: World) -> dict[str, Any]:
    visit = world.booked(harbor, world.authorization(harbor))
    service = world.line(visit.authorization)
    service.visits_over = 1
    return {"service": service, "at": NOW}


@called_with("authorizations.add_version")
def terms_as_they_are(harbor: World) -> dict[str, Any]:
    authorization = world.authorization(harbor)
    terms = authorizations.terms_of(authorization)
    return {"authorization": authorization, "terms": terms, "reason": "test", "at": NOW}


@called_with("visits.check_in", "ledger.release", "ledger.use_held")
def a_booked_visit(harbor: World) -> dict[str, Any]:
    return {"visit": world.booked(harbor, world.authorization(harbor)), "at": NOW}


def an_unforetold_authorization(harbor: World) -> Authorization:
    pk = world.authorization(harbor).pk
    Authorization.objects.filter(pk=pk).update(runs_out_on=None)
    return Authorization.objects.get(pk=pk)


@called_with("forecasts.keep")
def some_authorizations(harbor: World) -> dict[str, Any]:
    return {"authorizations": [an_unforetold_authorization(harbor)], "today": TODAY}


@called_with("visits.move")
def a_booked_visit_and_another_time(harbor: World) -> dict[str, Any]:
    return {**a_booked_visit(harbor), "location": harbor.location, "starts_at": NOW + timedelta(days=1)}


@called_with("visits.cancel", "visits.no_show")
def a_booked_visit_and_why(harbor: World) -> dict[str, Any]:
    return {**a_booked_visit(harbor), "reason": "test"}


@called_with("visits.complete")
def a_visit_under_way(harbor: World) -> dict[str, Any]:
    words = a_booked_visit(harbor)
    visits.check_in(by=harbor.by, **words)
    return words


@called_with("visits.undo", "ledger.hold", "ledger.use_directly")
def a_given_visit(harbor: World) -> dict[str, Any]:
    return {"visit": world.completed(harbor, world.authorization(harbor)), "at": NOW}


@called_with("visits.void")
def a_given_visit_and_why(harbor: World) -> dict[str, Any]:
    return {**a_given_visit(harbor), "reason": "test"}


@called_with("ledger.void")
def a_use_to_take_back(harbor: World) -> dict[str, Any]:
    return {**a_given_visit(harbor), "back_to_hold": False}


@called_with("visits.change_services")
def a_correction(harbor: World) -> dict[str, Any]:
    visit: Visit = a_given_visit(harbor)["visit"]
    planned = visits.Planned(visit.services.get().service_id, harbor.clinician.pk, code="96366")
    return {"visit": visit, "services": [planned], "diagnoses": ["F332"]}


@called_with("authorizations.open_for")
def a_referral_without_authorization(harbor: World) -> dict[str, Any]:
    row = referral(harbor)
    bare = Referral.objects.create(
        practice=harbor.practice, veteran=row.veteran, number="VA9999999999", received_at=NOW
    )
    line = StatedLine("Infusion", LimitKind.COUNTED, 6, ())
    return {"referral": bare, "terms": Terms(TODAY, TODAY), "lines": [line], "at": NOW}


@called_with("amendments.amend")
def new_terms(harbor: World) -> dict[str, Any]:
    terms = Terms(TODAY, TODAY)
    return {"authorization": world.authorization(harbor), "terms": terms, "reason": "test", "at": NOW}


@called_with("amendments.set_limit")
def a_limit(harbor: World) -> dict[str, Any]:
    limit = Limit("Infusion", LimitKind.COUNTED, 9)
    return {"service": world.line(world.authorization(harbor)), "limit": limit, "reason": "test", "at": NOW}


@called_with("amendments.add_line")
def a_line(harbor: World) -> dict[str, Any]:
    return {"authorization": world.authorization(harbor), "limit": Limit("x", LimitKind.UNLIMITED, None), "at": NOW}


@called_with("amendments.set_opening_balance")
def a_balance(harbor: World) -> dict[str, Any]:
    return {"service": world.line(world.authorization(harbor)), "visits": 1, "source": "test", "at": NOW}


@called_with("authorizations.locked")
def an_authorization(harbor: World) -> dict[str, Any]:
    return {"authorization": world.authorization(harbor)}


@called_with("stranded.tell", "stranded.settle")
def an_ended_authorization(harbor: World) -> dict[str, Any]:
    visit: Visit = a_booked_visit(harbor)["visit"]
    Referral.objects.update(state="COMPLETED")
    return {"authorization": Authorization.objects.get(pk=visit.authorization_id), "at": NOW}


@called_with("referrals.settle_notice")
def a_notice(harbor: World) -> dict[str, Any]:
    referral(harbor, number=referral(harbor).number, va_status="X")
    return {"notice": Notice.objects.get(practice=harbor.practice, pending=True), "at": NOW}


@called_with("notices.compared")
def a_notice_and_its_words(harbor: World) -> dict[str, Any]:
    notice: Notice = a_notice(harbor)["notice"]
    return {"notice": notice, "document": notice.document}


@called_with("imports.receive_some")
def records_of_a_list(harbor: World) -> dict[str, Any]:
    document = an_imported_list(harbor)["document"]
    return {"some": [Received(world.notice(), {}, derived_expiration=False)], "document": document, "at": NOW}


@called_with("imports.close")
def an_imported_list(harbor: World) -> dict[str, Any]:
    document = referral_services.keep_list(b"[]", filename="list.json", by=harbor.by)
    return {"outcomes": [], "document": document}


@called_with("referrals.change_details")
def details(harbor: World) -> dict[str, Any]:
    return {"referral": referral(harbor), "facts": {"network": "x"}, "home": None}


@called_with("referrals.move_to_veteran")
def another_veteran(harbor: World) -> dict[str, Any]:
    return {"referral": referral(harbor), "veteran": referral(harbor).veteran}


@called_with("referrals.confirm")
def a_referral_to_confirm(harbor: World) -> dict[str, Any]:
    row = referral(harbor)
    referral_services.change_details(referral=row, facts={"network": ""}, home=harbor.location, by=harbor.by)
    return {"referral": row, "at": NOW}


@called_with("referrals.suspend", "referrals.cancel", "referrals.complete")
def an_active_referral(harbor: World) -> dict[str, Any]:
    return {"referral": world.authorization(harbor).referral, "reason": "test", "at": NOW}


@called_with("referrals.reject")
def an_open_referral(harbor: World) -> dict[str, Any]:
    return {"referral": referral(harbor), "reason": "test", "at": NOW}


@called_with("referrals.reopen")
def an_ended_referral(harbor: World) -> dict[str, Any]:
    words = an_active_referral(harbor)
    referral_services.complete(by=harbor.by, **words)
    return words


@called_with("referrals.resume")
def a_suspended_referral(harbor: World) -> dict[str, Any]:
    words = an_active_referral(harbor)
    referral_services.suspend(by=harbor.by, **words)
    return words


@called_with("veterans.reveal")
def identifiers(harbor: World) -> dict[str, Any]:
    return {"veteran": referral(harbor).veteran}


@called_with("veterans.change")
def facts(harbor: World) -> dict[str, Any]:
    return {"veteran": referral(harbor).veteran, "facts": {"city": "Salem"}, "source": FactSource.VA, "at": NOW}


@called_with("veterans.learn_icn")
def an_icn(harbor: World) -> dict[str, Any]:
    said = world.notice()
    return {"veteran": referral(harbor, icn="").veteran, "notice": said, "source": FactSource.VA, "at": NOW}


@called_with("holds.place")
def a_hold_to_place(harbor: World) -> dict[str, Any]:
    return {"veteran": referral(harbor).veteran, "matter": "2024-17", "reason": "A letter", "at": NOW}


@called_with("holds.lift")
def a_hold(harbor: World) -> dict[str, Any]:
    hold = holds.place(by=harbor.by, **a_hold_to_place(harbor))
    return {"hold": hold, "reason": "Settled", "at": NOW}


@called_with("watch.due", "asking.due")
def what_is_watched(harbor: World) -> dict[str, Any]:
    return {"authorizations": [world.authorization(harbor)], "today": TODAY}


@called_with("closing.due")
def a_day_left_open(harbor: World) -> dict[str, Any]:
    a_booked_visit(harbor)
    return {"location": harbor.location, "today": TODAY + timedelta(days=1)}


@called_with("closures.close")
def days_to_close(harbor: World) -> dict[str, Any]:
    return {"location": harbor.location, "first": TODAY, "last": TODAY, "reason": "test"}


@called_with("closures.reopen")
def closed_days(harbor: World) -> dict[str, Any]:
    return {"closed": closures.close(by=harbor.by, **days_to_close(harbor))}


@called_with("closures.away")
def days_away(harbor: World) -> dict[str, Any]:
    return {"clinician": harbor.clinician, "first": TODAY, "last": TODAY}


@called_with("closures.back")
def an_absence(harbor: World) -> dict[str, Any]:
    return {"absence": closures.away(by=harbor.by, **days_away(harbor))}


@called_with("telling.told")
def a_missed_visit_of_which_va_is_not_told(harbor: World) -> dict[str, Any]:
    words = a_booked_visit(harbor)
    visits.no_show(by=harbor.by, reason="", contact=Contact(0, va_told=False), **words)
    return {**words, "how": "by phone"}


@called_with("telling.take_back")
def a_task_to_tell_va(harbor: World) -> dict[str, Any]:
    return {"visit": a_missed_visit_of_which_va_is_not_told(harbor)["visit"], "at": NOW}


@called_with("telling.ask")
def a_missed_visit_without_its_task(harbor: World) -> dict[str, Any]:
    words = a_task_to_tell_va(harbor)
    telling.take_back(by=harbor.by, **words)
    return {"visit": words["visit"]}


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def stranger() -> Actor:
    return world.practice("lake").by


def call(name: str, words: dict[str, Any], by: Actor) -> None:
    service, rest = services()[name], dict(words)
    first = next(iter(inspect.signature(service).parameters.values()))
    plain = [rest.pop(first.name)] if first.kind is first.POSITIONAL_OR_KEYWORD else []
    service(*plain, by=by, **rest)


def test_every_service_is_tried() -> None:
    assert services().keys() == CALLS.keys() | ROWLESS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_service_refuses_an_actor_of_another_practice(harbor: World, stranger: Actor, name: str) -> None:
    words = CALLS[name](harbor)
    before = everything()

    with pytest.raises(ObjectDoesNotExist):
        call(name, words, stranger)

    assert everything() == before


IDLE = {
    "authorizations.locked",
    "notices.compared",
    "series.conflicts_of",
    "stranded.settle",
    "watch.due",
    "asking.due",
}  # they change nothing here


@pytest.mark.parametrize("name", sorted(CALLS.keys() - IDLE))
def test_service_serves_an_actor_of_its_own_practice(harbor: World, stranger: Actor, name: str) -> None:
    words = CALLS[name](harbor)
    before = everything()

    call(name, words, harbor.by)

    assert everything() != before


@pytest.mark.parametrize("name", ["visits.cancel", "referrals.complete", "amendments.add_line", "veterans.change"])
def test_service_would_serve_anybody_without_the_guard(
    harbor: World, stranger: Actor, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = CALLS[name](harbor)
    before = everything()
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)
    monkeypatch.setattr(access, "own", lambda row, by: row)

    call(name, words, stranger)

    assert everything() != before


def test_foreign_place_is_not_booked(harbor: World, stranger: Actor) -> None:
    lake = world.practice("ridge")
    plan = world.plan(harbor, world.authorization(harbor))

    with pytest.raises(ObjectDoesNotExist):
        visits.book(plan=visits.Plan(plan.authorization, lake.location, NOW, plan.services), by=harbor.by, at=NOW)


def test_lines_of_another_practice_are_not_settled(harbor: World, stranger: Actor) -> None:
    line = world.line(world.authorization(harbor))
    AuthorizedService.objects.filter(pk=line.pk).update(visits_over=1)
    before = everything()

    authorizations.settle_over([line.pk], by=stranger, at=NOW)

    assert everything() == before


def test_veteran_of_another_practice_is_not_found(harbor: World, stranger: Actor) -> None:
    said = world.notice()
    world.receive(harbor, **{"icn": said.icn})

    assert (veterans.find(said, by=stranger), len(veterans.find(said, by=harbor.by))) == ([], 1)
