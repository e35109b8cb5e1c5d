"""Tasks for people: one open per subject and kind, closed with a proof."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, TODAY, World
from vca.core import access, vocabulary
from vca.core.access import Actor, NotPermitted
from vca.core.models import AuditEvent, Task
from vca.core.services import chores
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

KIND = "visits_over"


@pytest.fixture
def harbor() -> World:
    return world.practice()


def opened(one: World, *, kind: str = KIND) -> Task:
    return chores.open_task(kind=kind, subject=one.practice, headline="test", by=one.by)


def closed(one: World) -> int:
    return chores.close_tasks(kind=KIND, subject=one.practice, proof="done", by=one.by, at=NOW)


def test_task_is_open_once(harbor: World) -> None:
    first, again = opened(harbor), opened(harbor)

    assert (again, Task.objects.count(), AuditEvent.objects.filter(action="task.opened").count()) == (first, 1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_task_is_open_once_when_many_open_it(harbor: World) -> None:
    found = at_once(*[partial(opened, harbor)] * 6)

    assert {task.pk for task in found} == {Task.objects.get().pk}


def test_task_is_closed_with_its_proof(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    by = world.access.person(user, harbor.practice)
    assert by
    opened(harbor)

    number = chores.close_tasks(kind=KIND, subject=harbor.practice, proof="done", by=by, at=NOW)

    task = Task.objects.get()
    assert (number, task.closed_at, task.closed_by, task.proof) == (1, NOW, user, "done")


def test_closed_task_is_opened_anew(harbor: World) -> None:
    first = opened(harbor)
    closed(harbor)

    again = opened(harbor)

    assert (again == first, list(chores.open_tasks(harbor.by))) == (False, [again])


def test_nothing_open_is_nothing_to_close(harbor: World) -> None:
    opened(harbor, kind="referral_held")

    assert closed(harbor) == 0


def test_tasks_are_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")
    opened(harbor)

    assert (closed(lake), list(chores.open_tasks(lake.by))) == (0, [])


def test_undeclared_kind_is_refused(harbor: World) -> None:
    with pytest.raises(KeyError, match="laundry"):
        opened(harbor, kind="laundry")


def member(one: World, role: Role) -> Actor:
    actor = access.person(world.person(one, role), one.practice)
    assert actor
    return actor


def test_open_task_says_what_is_so_now(harbor: World) -> None:
    about = {"kind": KIND, "subject": harbor.practice, "by": harbor.by}
    chores.open_task(headline="2 visits", due_on=TODAY, **about)

    chores.open_task(headline="1 visit", **about)

    assert list(Task.objects.values_list("headline", "due_on")) == [("1 visit", None)]


def test_task_is_taken_taken_over_and_given_back(harbor: World) -> None:
    task = opened(harbor)
    first, second = (member(harbor, Role.BILLER) for _ in range(2))

    acts = [
        (chores.take(task=task, by=first), owner(task) == first.user_id),
        (chores.take(task=task, by=first), owner(task) == first.user_id),
        (chores.take(task=task, by=second), owner(task) == second.user_id),
        (chores.give_back(task=task, by=first), owner(task) == second.user_id),
        (chores.give_back(task=task, by=second), owner(task) is None),
    ]

    assert acts == [(True, True), (False, True), (True, True), (False, True), (True, True)]


def owner(task: Task) -> int | None:
    task.refresh_from_db()
    return task.owner_id


def test_closed_task_is_taken_by_nobody(harbor: World) -> None:
    task = opened(harbor)
    closed(harbor)

    assert (chores.take(task=task, by=member(harbor, Role.BILLER)), owner(task)) == (False, None)


def test_task_is_taken_by_those_alone_whose_it_is(harbor: World) -> None:
    task = opened(harbor)
    nurse = member(harbor, Role.NURSE)

    with pytest.raises(NotPermitted):
        chores.take(task=task, by=nurse)

    assert (list(chores.tasks_for(nurse)), list(chores.tasks_for(member(harbor, Role.BILLER)))) == ([], [task])


def test_task_due_first_is_on_top_and_one_without_a_day_at_the_end(harbor: World) -> None:
    days = (None, TODAY + timedelta(1), TODAY)
    for day in days:
        row = {"practice": harbor.practice, "kind": KIND, "subject_kind": "x", "headline": "test"}
        Task.objects.create(**row, subject_id=days.index(day), due_on=day)

    found = [task.due_on for task in chores.tasks_for(member(harbor, Role.BILLER))]

    assert found == [TODAY, TODAY + timedelta(1), None]


def test_every_kind_of_task_has_somebody_in_charge() -> None:
    declared = vocabulary.kinds(vocabulary.Family.TASK)

    assert [kind for kind in declared if kind not in vocabulary._in_charge] == []


@pytest.fixture
def page(harbor: World) -> Client:
    client = Client()
    client.force_login(world.person(harbor, Role.BILLER))
    return client


def test_page_of_the_day_tells_how_many_more_there_are(harbor: World, page: Client) -> None:
    for number in range(12):
        world.receive(harbor, number=f"VA{number:010d}")

    said = page.get(reverse("today")).content.decode()
    everything = page.get(reverse("tasks")).content.decode()

    assert ("And 2 more" in said, said.count("Confirm referral"), everything.count('data-label="Due"')) == (
        True,
        10,
        12,
    )


def test_page_of_mine_shows_what_i_have_taken(harbor: World, page: Client) -> None:
    mine, _ = world.receive(harbor), world.receive(harbor)
    task = Task.objects.get(subject_id=mine.referral.pk)

    page.post(reverse("take_task", args=[task.pk]))
    said = page.get(reverse("tasks") + "?mine").content.decode()

    assert (said.count('data-label="Due"'), mine.referral.number in said) == (1, True)
    page.post(reverse("give_back_task", args=[task.pk]))
    assert "You have taken no task" in page.get(reverse("tasks") + "?mine").content.decode()
