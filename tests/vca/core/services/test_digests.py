"""E-mail about new alerts: once for each person and alert, without a word about anybody, and never lost."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import AuditEvent, Delivery, Job, User
from vca.core.services import digests, people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World) -> User:
    return world.person(harbor, Role.BILLER, email="biller@example.org")


def raised(harbor: World, *, subject: int = 1, passed: tuple[int, ...] = (45,)) -> None:
    about: dict[str, Any] = {"kind": "visits_left", "rule_code": "AUTH-02", "subject_kind": "x", "subject_id": subject}
    words = "VA0000009001, Ketamine infusion: no visits left"
    due = Reached(**about, passed=passed, basis="6", headline=words, due_on=None, roles=(Role.BILLER, Role.CLINICIAN))
    alerts.raise_alert(due, by=harbor.by, at=NOW)


def sent(harbor: World, *, days: int = 0) -> list[list[str]]:
    """Ask for messages and let the worker send them; return to whom each went."""
    mail.outbox.clear()
    with time_machine.travel(NOW + days * DAY):
        digests.ask(by=harbor.by, at=NOW - DAY)
        jobs.sweep(jobs.run)
    return [one.to for one in mail.outbox]


def test_new_alerts_are_told_once(harbor: World, biller: User) -> None:
    raised(harbor)
    raised(harbor, subject=2)
    assert (sent(harbor), sent(harbor, days=1)) == ([["biller@example.org"]], [])
    assert Delivery.objects.filter(channel="EMAIL").count() == 2


def test_message_says_how_many_and_nothing_about_anybody(harbor: World, biller: User, settings: Any) -> None:
    settings.SITE_URL = "https://vca.example.org"
    raised(harbor)
    sent(harbor)
    [message] = mail.outbox
    assert (message.subject, message.body) == (
        "VCA Desk: 1 new alert",
        "Harbor Clinic\n\nFew visits left: 1\n\nOpen them: https://vca.example.org/alerts/\n\n"
        "Whom they are about is not written here: e-mail is not private.\n"
        "To have no such messages: https://vca.example.org/password/",
    )


def test_tighter_threshold_is_told_again(harbor: World, biller: User) -> None:
    raised(harbor)
    sent(harbor)
    raised(harbor, passed=(45, 30))
    assert (sent(harbor), sent(harbor)) == ([["biller@example.org"]], [])


def test_person_of_two_roles_gets_one_message(harbor: World, biller: User) -> None:
    people.give_role(user=biller, role=Role.CLINICIAN, by=harbor.by)
    raised(harbor)
    assert sent(harbor) == [["biller@example.org"]]
    assert mail.outbox[0].subject == "VCA Desk: 1 new alert"


def test_closed_alert_and_gone_person_are_not_told(harbor: World, biller: User) -> None:
    raised(harbor)
    alerts.resolve(kind="visits_left", subject_kind="x", subject_ids=[1], by=harbor.by, at=NOW)
    assert sent(harbor) == []
    raised(harbor, subject=2)
    User.objects.update(is_active=False)
    assert sent(harbor) == []


def test_other_practice_is_told_nothing(harbor: World, biller: User) -> None:
    raised(harbor)
    assert sent(world.practice("ridge")) == []


def test_message_that_could_not_be_sent_is_sent_later(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(harbor)

    def refuse(*_: object) -> int:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert sent(harbor) == []
    job = Job.objects.get(kind="send_digests")
    assert (job.state, job.outcome, Delivery.objects.filter(channel="EMAIL").count()) == (
        *("QUEUED", "will be tried again: ConnectionRefusedError"),
        0,
    )
    assert sent(harbor, days=1) == [["biller@example.org"]]


def test_message_sent_again_after_a_kill_has_the_same_id(harbor: World, biller: User) -> None:
    raised(harbor)
    job = digests.ask(by=harbor.by, at=NOW)
    [digest] = digests.due(harbor.by)
    ids = {digests.message(digest, job=job).extra_headers["Message-ID"] for _ in range(2)}
    assert len(ids) == 1


def test_person_stops_the_messages_and_has_them_again(harbor: World, biller: User, client: Client) -> None:
    client.force_login(biller)
    assert b"Stop these messages" in client.get(reverse("change_password")).content
    client.post(reverse("choose_digest"), {"wanted": "no"})
    raised(harbor)
    assert sent(harbor) == []
    client.post(reverse("choose_digest"), {"wanted": "yes"})
    assert sent(harbor) == [["biller@example.org"]]
    assert AuditEvent.objects.filter(action="digest.chosen").count() == 2


def test_watch_that_raises_asks_for_messages(harbor: World, biller: User) -> None:
    world.authorization(harbor, expiration_date=NOW.date())
    with time_machine.travel(NOW, tick=False):
        jobs.sweep(jobs.run)
    assert Job.objects.filter(kind="send_digests", due_at=NOW + digests.GATHERED).count() == 1
    with time_machine.travel(NOW + DAY):
        jobs.sweep(jobs.run)
        jobs.sweep(jobs.run)
    assert Job.objects.filter(kind="send_digests").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_message(harbor: World, biller: User) -> None:
    raised(harbor)
    mail.outbox.clear()
    with time_machine.travel(NOW, tick=True):
        job = digests.ask(by=harbor.by, at=NOW - DAY)
        at_once(*[lambda: jobs.run(job.pk)] * 2)
    assert (len(mail.outbox), Delivery.objects.filter(channel="EMAIL").count()) == (1, 1)
