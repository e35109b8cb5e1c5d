"""Tasks for people: one open per subject and kind, closed with a proof."""

from functools import partial

import pytest

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, World
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
