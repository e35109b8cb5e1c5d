"""Emergency access: with a reason, for an hour, told to the administrators, reading alone, and over by itself.

Source: 45 CFR 164.312(a)(2)(ii), emergency access procedure.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Claim
from billing.services import claims
from tests import world
from tests.world import NOW, World
from vca.core import access, jobs, vocabulary
from vca.core.models import Alert, AuditEvent, Delivery, Job, User
from vca.core.services import emergencies
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both
REASON = {"reason": "The clinician is away and somebody collapsed."}
HOUR = timedelta(minutes=60)


@pytest.fixture
def claim(harbor: World) -> Claim:
    visit = world.completed(harbor, world.authorization(harbor))
    made, *_ = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    return made


@pytest.fixture
def nurse(harbor: World) -> User:
    return world.person(harbor, Role.NURSE, email="nurse@example.org")


@pytest.fixture
def client(nurse: User, clock: Any) -> Client:
    one = Client()
    one.force_login(nurse)
    return one


def looks(client: Client, claim: Claim) -> int:
    return client.get(reverse("claim", args=[claim.pk])).status_code


def events(*actions: str) -> list[tuple[str, Any]]:
    rows = AuditEvent.objects.filter(action__in=actions).order_by("pk")
    return [(one.action, one.changes.get("how") or one.changes.get("reason")) for one in rows]


def test_opens_for_an_hour_what_the_role_does_not_show(client: Client, claim: Claim, clock: Any) -> None:
    before = looks(client, claim)

    client.post(reverse("emergency"), REASON)
    seen = [looks(client, claim)]
    for minutes in (14, 14, 14, 14):  # somebody who sits idle is signed out before the hour is over
        clock.shift(timedelta(minutes=minutes))
        seen.append(looks(client, claim))
    clock.move_to(NOW + HOUR - timedelta(seconds=1))
    last = looks(client, claim)
    clock.move_to(NOW + HOUR)

    assert (before, seen, last, looks(client, claim)) == (403, [200] * 5, 200, 403)


def test_begin_and_end_are_events_and_each_look_carries_the_reason(client: Client, claim: Claim, clock: Any) -> None:
    client.post(reverse("emergency"), REASON)
    looks(client, claim)
    clock.move_to(NOW + HOUR)

    assert [jobs.run(one.pk) for one in Job.objects.filter(kind="end_emergency")] == [True]

    told = [("emergency.began", REASON["reason"]), ("page.read", REASON["reason"]), ("emergency.ended", "time")]
    assert events("emergency.began", "page.read", "emergency.ended") == told
    ends = AuditEvent.objects.filter(action__startswith="emergency.")
    assert len({(one.subject_id, one.user_id) for one in ends}) == 1


def test_administrators_are_alerted_at_once(client: Client, harbor: World) -> None:
    boss = world.person(harbor, Role.ADMINISTRATOR)

    client.post(reverse("emergency"), REASON)

    alert = Alert.objects.get(kind="emergency")
    assert (alert.state, [one.recipient.user for one in Delivery.objects.filter(alert=alert)]) == ("OPEN", [boss])
    assert alert.headline.startswith("Nurse opened emergency access")


def test_ended_by_hand_it_is_over_and_ends_once(client: Client, claim: Claim, clock: Any) -> None:
    client.post(reverse("emergency"), REASON)
    client.post(reverse("end_emergency"))
    after = looks(client, claim)
    clock.move_to(NOW + HOUR)

    jobs.run(Job.objects.get(kind="end_emergency").pk)

    assert (after, events("emergency.ended")) == (403, [("emergency.ended", "person")])


def test_banner_stands_on_every_page_until_it_is_over(client: Client) -> None:
    client.post(reverse("emergency"), REASON)
    during = [b"Emergency access is open until" in client.get(reverse(one)).content for one in ("today", "practice")]

    client.post(reverse("end_emergency"))

    assert (during, b"is open until" in client.get(reverse("today")).content) == ([True, True], False)


@pytest.mark.parametrize("reason", ["", "short"])
def test_without_a_reason_nothing_is_opened(client: Client, claim: Claim, reason: str) -> None:
    answer = client.post(reverse("emergency"), {"reason": reason})

    assert (answer.status_code, looks(client, claim), events("emergency.began")) == (422, 403, [])


def test_it_ends_with_the_session(client: Client, claim: Claim, nurse: User) -> None:
    client.post(reverse("emergency"), REASON)

    client.post(reverse("sign_out"))
    client.force_login(nurse)

    assert looks(client, claim) == 403


def test_it_ends_with_a_sign_in_that_time_has_ended(
    client: Client, claim: Claim, nurse: User, clock: Any, harbor: World
) -> None:
    client.post(reverse("emergency"), REASON)
    clock.shift(timedelta(minutes=16))

    asked = looks(client, claim)
    client.post(reverse("sign_in"), {"email": nurse.email, "password": world.PASSWORD})

    assert (asked, client.get(reverse("today")).status_code, looks(client, claim)) == (302, 200, 403)


def test_slow_request_that_began_before_the_end_does_not_bring_it_back(client: Client, claim: Claim) -> None:
    client.post(reverse("emergency"), REASON)
    as_it_was = client.session[emergencies.KEY]
    client.post(reverse("end_emergency"))

    session = client.session
    session[emergencies.KEY] = as_it_was
    session.save()

    assert looks(client, claim) == 403


def test_it_holds_in_the_practice_in_which_it_was_opened(harbor: World) -> None:
    session: Any = {}
    opened = emergencies.Emergency("k", harbor.practice.pk, NOW + HOUR, "a reason")
    emergencies.keep(session, opened)

    mine, other = (emergencies.found(session, practice_id=pk, at=NOW) for pk in (harbor.practice.pk, 0))

    assert (mine, other) == (opened, None)


@pytest.mark.parametrize("page", ["edit_practice", "charges", "people", "dashboard", "review_file", "tokens"])
def test_settings_money_and_people_stay_closed(client: Client, page: str) -> None:
    client.post(reverse("emergency"), REASON)

    assert client.get(reverse(page)).status_code == 403


def test_what_is_lent_changes_exports_and_sends_nothing() -> None:
    verbs = ("see_", "open_documents")

    assert [one for one in emergencies.LENT if not one.startswith(verbs)] == []
    assert emergencies.LENT & {"see_audit", "see_dashboard", "see_practice"} == set()
    assert vocabulary.permissions_of(frozenset(Role)) >= emergencies.LENT


def test_it_would_be_refused_without_what_is_lent(
    client: Client, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergencies, "LENT", frozenset())
    client.post(reverse("emergency"), REASON)

    assert looks(client, claim) == 403


def test_actor_without_emergency_has_no_reason(harbor: World, nurse: User) -> None:
    actor = access.person(nurse, harbor.practice)

    assert actor is not None
    assert (actor.lent, actor.reason) == (frozenset(), "")
