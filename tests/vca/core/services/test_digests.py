"""E-mail about new alerts: once for each person and alert, without a word about anybody, and never lost."""

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent, Delivery, Job, User
from vca.core.services import digests, inbox, people
from vca.core.services.inbox import Snooze
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
    due = Reached(**about, passed=passed, basis="6", headline=words, due_on=None)
    alerts.raise_alert(due, by=harbor.by, at=NOW)


def sent(harbor: World, *, days: int = 0, tick: bool = True) -> list[list[str]]:
    """Ask for messages and let the worker send them; return to whom each went."""
    mail.outbox.clear()
    with time_machine.travel(NOW + days * DAY, tick=tick):
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


def test_alert_that_follows_one_dismissed_before_it_was_mailed_counts_once(harbor: World, biller: User) -> None:
    raised(harbor)
    alerts.dismiss(alert=Alert.objects.get(), reason="known", by=harbor.by, at=NOW)
    raised(harbor, passed=(45, 30))
    sent(harbor)
    assert (mail.outbox[0].subject, by_email()) == ("VCA Desk: 1 new alert", ["DELIVERED"] * 2)


def test_closed_alert_and_gone_person_are_not_told(harbor: World, biller: User) -> None:
    raised(harbor)
    alerts.close_gone("visits_left", [], by=harbor.by, at=NOW)
    assert sent(harbor) == []
    raised(harbor, subject=2)
    User.objects.update(is_active=False)
    assert sent(harbor) == []


def snoozed(harbor: World, *, days: int = 2) -> None:
    asked = Snooze(TODAY + days * DAY)
    inbox.snooze([Alert.objects.get()], asked=asked, by=harbor.by, at=NOW)


def test_snoozed_alert_is_told_once_it_woke_and_once(harbor: World, biller: User) -> None:
    raised(harbor)
    snoozed(harbor)
    assert (sent(harbor), sent(harbor, days=1)) == ([], [])
    assert (sent(harbor, days=2), sent(harbor, days=3)) == ([["biller@example.org"]], [])


def test_alert_told_before_it_was_snoozed_is_not_told_again(harbor: World, biller: User) -> None:
    raised(harbor)
    assert sent(harbor) == [["biller@example.org"]]
    snoozed(harbor)
    assert sent(harbor, days=2) == []


def test_snoozed_alert_that_tightens_is_told_at_once(harbor: World, biller: User) -> None:
    raised(harbor)
    snoozed(harbor)
    raised(harbor, passed=(45, 30))
    assert sent(harbor) == [["biller@example.org"]]


def test_snooze_undone_lets_it_be_told(harbor: World, biller: User) -> None:
    raised(harbor)
    snoozed(harbor)
    inbox.wake([Alert.objects.get()], by=harbor.by)
    assert sent(harbor) == [["biller@example.org"]]


def mornings(harbor: World, *days: int) -> list[int]:
    """Let the daily work of these days run, and what it asks for; return how many messages went on each."""
    found = []
    for day in days:
        mail.outbox.clear()
        with time_machine.travel(NOW + day * DAY, tick=False) as clock:
            jobs.sweep(jobs.run)
            clock.shift(2 * digests.GATHERED)
            jobs.sweep(jobs.run)
        found.append(len(mail.outbox))
    return found


def test_watch_on_the_morning_of_its_day_tells_of_what_woke(harbor: World, biller: User) -> None:
    world.authorization(harbor, expiration_date=TODAY + 60 * DAY, visits=2)  # few visits left, and nothing ends soon
    with time_machine.travel(NOW, tick=False):
        jobs.sweep(jobs.run)
    snoozed(harbor)

    assert mornings(harbor, 0, 1, 2, 3) == [0, 0, 1, 0]


def test_watch_that_looks_at_what_it_raised_alone_would_not_tell(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.authorization(harbor, expiration_date=TODAY + 60 * DAY, visits=2)
    with time_machine.travel(NOW, tick=False):
        jobs.sweep(jobs.run)
    snoozed(harbor)
    mornings(harbor, 0)
    monkeypatch.setattr(digests, "ask_if_due", lambda **_: None)

    assert mornings(harbor, 1, 2, 3) == [0, 0, 0]


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
    assert (job.state, job.outcome, by_email()) == ("QUEUED", "will be tried again: ConnectionRefusedError", ["NOTED"])
    assert (sent(harbor, days=1), by_email()) == ([["biller@example.org"]], ["DELIVERED"])


def by_email() -> list[str]:
    return list(Delivery.objects.filter(channel="EMAIL").order_by("pk").values_list("outcome", flat=True))


def test_refused_address_keeps_nobody_else_back(harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    world.person(harbor, Role.CLINICIAN, email="clinician@example.org")
    raised(harbor)
    send = EmailMessage.send

    def refuse_one(message: EmailMessage, **options: Any) -> int:
        if message.to == ["biller@example.org"]:
            raise SMTPRecipientsRefused({})
        return send(message, **options)

    monkeypatch.setattr(EmailMessage, "send", refuse_one)
    assert (sent(harbor), sorted(by_email())) == ([["clinician@example.org"]], ["DELIVERED", "NOTED"])
    assert (sent(harbor, days=1), Job.objects.get(kind="send_digests").state) == ([], "QUEUED")


def refusing(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    send = EmailMessage.send

    def refuse(message: EmailMessage, **options: Any) -> int:
        if message.to == ["biller@example.org"]:
            raise SMTPRecipientsRefused({message.to[0]: (code, b"no")})
        return send(message, **options)

    monkeypatch.setattr(EmailMessage, "send", refuse)


@pytest.mark.parametrize(
    ("code", "outcome", "state"), [(450, "NOTED", "QUEUED"), (499, "NOTED", "QUEUED"), (550, "REFUSED", "DONE")]
)
def test_address_that_refuses_for_good_is_given_up(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch, code: int, outcome: str, state: str
) -> None:
    raised(harbor)
    refusing(monkeypatch, code)

    sent(harbor)

    assert (by_email(), Job.objects.get(kind="send_digests").state) == ([outcome], state)


def test_address_that_refused_is_said_to_the_administrator_until_it_takes_mail(
    harbor: World, biller: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(world.person(harbor, Role.ADMINISTRATOR))
    with monkeypatch.context() as broken:
        refusing(broken, 550)
        raised(harbor)
        sent(harbor)
    refused = client.get(reverse("people")).content.count(b"E-mail refused")
    again = sent(harbor, days=1)
    raised(harbor, subject=2)
    sent(harbor, days=2)
    mended = client.get(reverse("people")).content.count(b"E-mail refused")

    assert (again, refused, mended) == ([], 1, 0)
    assert AuditEvent.objects.filter(action="digest.refused").count() == 1


def test_message_of_which_no_answer_came_is_sent_again_as_it_was(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(harbor)
    send, taken = EmailMessage.send, []

    def take_and_cut(message: EmailMessage, **options: Any) -> int:
        taken.append(message)
        if len(taken) == 1:
            raise ConnectionResetError("no answer")
        return send(message, **options)

    monkeypatch.setattr(EmailMessage, "send", take_and_cut)
    sent(harbor)
    raised(harbor, subject=2)
    sent(harbor, days=1)
    words = [(one.extra_headers["Message-ID"], one.body) for one in taken]
    assert (len(words), words[0] == words[1], words[1][0] == words[2][0]) == (3, True, False)


def meanwhile(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], Any]) -> None:
    """Let something happen while the first message is handed to the mail server."""
    send, deeds = EmailMessage.send, [deed]

    def send_slowly(message: EmailMessage, **options: Any) -> int:
        if deeds:
            deeds.pop()()
        return send(message, **options)

    monkeypatch.setattr(EmailMessage, "send", send_slowly)


def test_what_is_asked_for_while_messages_are_sent_is_told_by_the_job_that_follows(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second watch ends while the digest of the first is on its way."""
    raised(harbor)

    def watch_ends() -> None:
        raised(harbor, subject=2)
        digests.ask_if_due(by=harbor.by, at=NOW)

    meanwhile(monkeypatch, watch_ends)

    first = sent(harbor)
    with time_machine.travel(NOW + 2 * digests.GATHERED):
        jobs.sweep(jobs.run)

    assert (len(first), len(mail.outbox), by_email()) == (1, 2, ["DELIVERED", "DELIVERED"])


@pytest.mark.parametrize("tick", [True, False], ids=["later", "at the same instant"])
def test_job_that_follows_leaves_what_is_being_sent_to_the_first(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch, tick: bool
) -> None:
    world.person(harbor, Role.CLINICIAN, email="clinician@example.org")
    raised(harbor)

    def other_job_runs() -> None:
        raised(harbor, subject=2)
        jobs.run(digests.ask(by=harbor.by, at=NOW - DAY).pk)

    meanwhile(monkeypatch, other_job_runs)

    told = sent(harbor, tick=tick)

    assert sorted(to for (to,) in told) == ["biller@example.org"] * 2 + ["clinician@example.org"] * 2
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 4


def test_no_transaction_is_open_while_a_message_is_sent(
    harbor: World, biller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(harbor)
    around, inside = len(connection.savepoint_ids), []

    def look(message: EmailMessage) -> None:
        inside.append(len(connection.savepoint_ids))

    monkeypatch.setattr(EmailMessage, "send", look)
    sent(harbor)
    assert inside == [around]


def test_alert_that_closed_and_came_back_before_anybody_was_told_is_told(harbor: World, biller: User) -> None:
    raised(harbor)
    alerts.close_gone("visits_left", [], by=harbor.by, at=NOW)
    raised(harbor)
    assert sent(harbor) == [["biller@example.org"]]


def test_what_no_server_took_is_asked_for_again_the_next_morning(harbor: World, biller: User) -> None:
    raised(harbor)
    with time_machine.travel(NOW, tick=False):
        jobs.sweep(jobs.run)
    assert Job.objects.filter(kind="send_digests", due_at=NOW + digests.GATHERED).count() == 1


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
