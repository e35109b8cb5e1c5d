"""./run manage work --once"""

import pytest
from django.core.management import call_command

from tests import world
from vca.core import jobs
from vca.core.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_everything_due_is_done_and_then_it_ends() -> None:
    world.practice()

    call_command("work", once=True)

    states = list(Job.objects.order_by("due_at").values_list("kind", "state"))
    assert states == [("watch_authorizations", "DONE"), ("watch_authorizations", "QUEUED")]  # and the next morning's


def test_what_fails_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs._handlers, "watch_authorizations", lambda run: 1 // 0)
    world.practice()

    call_command("work", once=True)

    job = Job.objects.get()
    assert (job.state, job.attempt) == ("QUEUED", 1)
