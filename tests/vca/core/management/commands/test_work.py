"""./run manage work --once"""

from collections import Counter

import pytest
from django.core.management import call_command

from tests import world
from vca.core import jobs, vocabulary
from vca.core.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_everything_due_is_done_and_then_it_ends() -> None:
    world.practice()

    call_command("work", once=True)

    states = Counter(Job.objects.values_list("kind", "state"))
    daily = vocabulary.daily_jobs()
    assert states == {(kind, state): 1 for kind in daily for state in ("DONE", "QUEUED")}  # and the next morning's


def test_what_fails_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs._handlers, "watch_authorizations", lambda run: 1 // 0)
    world.practice()

    call_command("work", once=True)

    job = Job.objects.get(kind="watch_authorizations", attempt__gt=0)
    assert (job.state, job.attempt) == ("QUEUED", 1)
