"""Somebody leaves: from that moment nothing acts in their name, and what they had to do has another owner."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import world
from tests.world import NOW, PASSWORD, World
from vca.core import access, alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert, ApiToken, AuditEvent, Job, Task, User
from vca.core.services import chores, departures, inbox, people
from vca.core.services.departures import NotAColleague
from vca.core.services.people import InvitationNotUsable, LastAdministrator
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

EMAIL = "leaver@example.org"


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def leaver(harbor: World) -> User:
    return world.person(harbor, Role.BILLER, email=EMAIL)


def actor(user: User, harbor: World) -> access.Actor:
    found = access.person(user, harbor.practice)
    assert found
    return found


def disable(harbor: World, user: User, **options: Any) -> None:
    departures.disable(user=user, by=harbor.by, at=NOW, **options)


def task_of(user: User, harbor: World, *, kind: str = "referral_held") -> Task:
    task = chores.open_task(kind=kind, subject=harbor.location, headline="test", by=harbor.by)
    chores.take(task=task, by=actor(user, harbor))
    return task


def test_every_session_and_token_is_dead_on_the_next_request(harbor: World, leaver: User) -> None:
    pages = [world.signed_in(leaver) for _ in range(2)]
    _, token = people.issue_token(user=leaver, name="test", by=harbor.by, at=harbor.practice.created_at)
    api = Client(headers={"Authorization": f"Bearer {token}"})

    def answers() -> list[int]:
        clients = [(one, reverse("claims")) for one in pages] + [(api, "/api/v1/claims/")]
        return [client.get(url).status_code for client, url in clients]

    before = answers()
    disable(harbor, leaver)

    assert (before, answers()) == ([200, 200, 200], [302, 302, 401])
    assert pages[0].get(reverse("claims")).headers["Location"] == "/sign-in/?next=/claims/"


def test_password_opens_nothing_any_more(harbor: World, leaver: User) -> None:
    disable(harbor, leaver)

    answer = Client().post(reverse("sign_in"), {"email": EMAIL, "password": PASSWORD})

    assert (answer.status_code, b"ACCESS-06" in answer.content) == (422, True)


def test_session_does_not_come_back_with_the_account(harbor: World, leaver: User) -> None:
    client = world.signed_in(leaver)
    disable(harbor, leaver)
    User.objects.update(is_active=True)
    people.give_role(user=leaver, role=Role.BILLER, by=harbor.by)

    assert client.get(reverse("claims")).status_code == 302


def test_work_that_waits_is_cancelled_and_that_of_others_goes_on(harbor: World, leaver: User) -> None:
    other = world.person(harbor, Role.BILLER)
    mine = jobs.enqueue(kind="write_837p", key="mine", by=actor(leaver, harbor))
    theirs = jobs.enqueue(kind="write_837p", key="theirs", by=actor(other, harbor))

    disable(harbor, leaver)

    assert [Job.objects.get(pk=job.pk).state for job in (mine, theirs)] == ["CANCELLED", "QUEUED"]
    assert not jobs.run(mine.pk)


def test_work_that_runs_writes_nothing_more(harbor: World, leaver: User) -> None:
    job = jobs.enqueue(kind="write_837p", key="mine", by=actor(leaver, harbor))
    taken = jobs.take(job.pk, now=job.due_at)
    assert taken
    run = jobs.Run(taken)

    disable(harbor, leaver)

    with pytest.raises(jobs.LeaseLost), run.chunk():
        pass


def test_work_that_slipped_in_is_not_done(harbor: World, leaver: User) -> None:
    by = actor(leaver, harbor)
    disable(harbor, leaver)
    job = jobs.enqueue(kind="write_837p", key="late", by=by)

    jobs.run(job.pk)

    assert (Job.objects.get(pk=job.pk).state, "no longer works here" in Job.objects.get(pk=job.pk).outcome) == (
        "PARKED",
        True,
    )


def test_tasks_go_to_the_successor_as_far_as_they_may_do_them(harbor: World, leaver: User) -> None:
    task = task_of(leaver, harbor)
    biller, nurse = world.person(harbor, Role.BILLER), world.person(harbor, Role.NURSE)

    disable(harbor, leaver, successor=biller)
    assert Task.objects.get(pk=task.pk).owner == biller
    disable(harbor, biller, successor=nurse)
    assert Task.objects.get(pk=task.pk).owner is None

    said = AuditEvent.objects.filter(action="task.handed_over").order_by("pk").values_list("changes", flat=True)
    assert list(said) == [{"from": leaver.pk, "to": biller.pk}, {"from": biller.pk, "to": None}]


def test_alerts_go_to_the_successor_as_far_as_they_are_told_of_them(harbor: World, leaver: User) -> None:
    reached = Reached("filing_limit", "CLAIM-19", "test", 1, (30,), "", "test", None)
    alert = alerts.raise_alert(reached, by=harbor.by, at=NOW)
    assert alert
    inbox.take(alert=alert, by=actor(leaver, harbor))
    biller, nurse = world.person(harbor, Role.BILLER), world.person(harbor, Role.NURSE)
    owners = []

    for user, successor in ((leaver, biller), (biller, nurse)):
        disable(harbor, user, successor=successor)
        owners.append(Alert.objects.get(pk=alert.pk).owner)

    assert owners == [biller, None]
    said = AuditEvent.objects.filter(action="alert.handed_over").order_by("pk").values_list("changes", flat=True)
    assert list(said) == [{"from": leaver.pk, "to": biller.pk}, {"from": biller.pk, "to": None}]


def test_closed_tasks_and_those_of_others_stay(harbor: World, leaver: User) -> None:
    closed = task_of(leaver, harbor)
    chores.close_tasks(kind=closed.kind, subject=harbor.location, proof="done", by=harbor.by, at=NOW)

    disable(harbor, leaver)

    assert Task.objects.get(pk=closed.pk).owner == leaver


@pytest.mark.parametrize("who", ["oneself", "stranger", "somebody who left"])
def test_work_is_left_to_no_stranger(harbor: World, leaver: User, who: str) -> None:
    gone = world.person(harbor, Role.NURSE)
    disable(harbor, gone)
    stranger = world.person(world.practice("lake"), Role.BILLER)
    successor = {"oneself": leaver, "stranger": stranger, "somebody who left": gone}[who]

    with pytest.raises(NotAColleague, match="ACCESS-11"):
        disable(harbor, leaver, successor=successor)

    assert leaver.memberships.get().is_active


def test_last_administrator_is_not_disabled_and_nothing_has_changed(harbor: World) -> None:
    boss = world.person(harbor, Role.ADMINISTRATOR)
    client = world.signed_in(boss)

    with pytest.raises(LastAdministrator):
        disable(harbor, boss)

    assert client.get(reverse("people")).status_code == 200


def test_who_works_elsewhere_too_signs_in_again_and_works_there(harbor: World, leaver: User) -> None:
    lake = world.practice("lake")
    people.give_role(user=leaver, role=Role.BILLER, by=lake.by)
    people.issue_token(user=leaver, name="lake", by=lake.by, at=NOW)

    disable(harbor, leaver)
    client = Client()
    client.post(reverse("sign_in"), {"email": EMAIL, "password": PASSWORD})

    assert client.get(reverse("practice")).context["practice"] == lake.practice
    assert [one.revoked_at for one in ApiToken.objects.filter(user=leaver)] == [None]


def test_links_of_somebody_who_has_left_open_nothing(harbor: World) -> None:
    boss = world.person(harbor, Role.ADMINISTRATOR, email="boss@example.org")
    colleague, by = world.person(harbor, Role.NURSE), actor(boss, harbor)
    world.person(harbor, Role.ADMINISTRATOR, email="second@example.org")
    made = {"role": Role.BILLER, "at": NOW}
    _, joining = people.invite(email="second-address@example.org", by=by, **made)
    _, reset = people.offer_reset(user=colleague, by=by, at=NOW)
    _, for_them = people.invite(email="boss@example.org", by=harbor.by, **made)
    _, of_others = people.invite(email="new@example.org", by=harbor.by, **made)

    disable(harbor, boss)

    for token in (joining, reset, for_them):
        with pytest.raises(InvitationNotUsable, match="withdrawn"):
            people.accept(token=token, password=PASSWORD, at=NOW, name="X")
    assert people.accept(token=of_others, password=PASSWORD, at=NOW, name="New").email == "new@example.org"


def test_link_that_is_made_anew_meanwhile_is_dead(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link, before = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)
    looked = people.usable_invitation(before, at=NOW)
    people.invite_again(invitation=link, by=harbor.by, at=NOW)
    monkeypatch.setattr(people, "usable_invitation", lambda token, *, at: looked)

    with pytest.raises(InvitationNotUsable, match="a moment ago"):
        people.accept(token=before, password=PASSWORD, at=NOW, name="New")


def test_invited_anew_they_come_back(harbor: World, leaver: User) -> None:
    disable(harbor, leaver)
    _, token = people.invite(email=EMAIL, role=Role.NURSE, by=harbor.by, at=NOW)

    people.accept(token=token, password=PASSWORD, at=NOW)

    assert Client().post(reverse("sign_in"), {"email": EMAIL, "password": PASSWORD}).status_code == 302


def test_administrator_disables_somebody_on_a_page(harbor: World, leaver: User) -> None:
    heir = world.person(harbor, Role.BILLER)
    task = task_of(leaver, harbor)
    page, url = (
        world.signed_in(world.person(harbor, Role.ADMINISTRATOR)),
        reverse("disable_person", args=[leaver.memberships.get().pk]),
    )

    form = page.get(url).context["form"]
    answer = page.post(url, {"successor": heir.pk})

    assert leaver not in form.fields["successor"].queryset
    assert (answer.headers["Location"], Task.objects.get(pk=task.pk).owner) == (reverse("people"), heir)
    leaver.refresh_from_db()
    assert not leaver.is_active
