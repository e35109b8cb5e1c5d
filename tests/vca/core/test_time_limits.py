"""A sign-in ends after a while without anybody there and after a day's work, and a half-filled form survives that.

Source: 45 CFR 164.312(a)(2)(iii); OWASP ASVS 5.0.0, 7.3.1 and 7.3.2; WCAG 2.2, 2.2.1 and 2.2.5.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import world
from tests.vca.core.rows import in_the_database
from tests.world import NOW, TODAY, World
from vca.core import jobs, kept_forms, sessions
from vca.core.models import AuditEvent, KeptForm, User
from vca.core.services import parameters, people, sign_ins
from vca.core.services.parameters import NotAValue
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock", "harbor")]

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PAGE = "/practice/"
NEW_REFERRAL = "/referrals/new/"


@pytest.fixture
def biller(harbor: World) -> User:
    user = User.objects.create_user("biller@example.org", name="Biller")
    people.give_role(user=user, role=Role.BILLER, by=harbor.by)
    return user


def opens(client: Client, url: str = PAGE) -> bool:
    answer: Any = client.get(url)
    return answer.status_code == 200


@pytest.mark.parametrize(("idle", "there"), [(15 * MINUTE - SECOND, True), (15 * MINUTE + SECOND, False)])
def test_sign_in_ends_after_fifteen_minutes_alone(biller: User, clock: Any, idle: timedelta, there: bool) -> None:
    client = world.signed_in(biller)
    clock.move_to(NOW + HOUR / 10)
    assert opens(client)

    clock.shift(idle)

    assert opens(client) is there


def test_sign_in_would_go_on_without_the_limit(biller: User, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.signed_in(biller)
    monkeypatch.setattr(sessions, "is_over", lambda *_, **__: False)
    clock.shift(16 * MINUTE)

    assert opens(client)


@pytest.mark.parametrize(("after", "there"), [(12 * HOUR - SECOND, True), (12 * HOUR, False)])
def test_sign_in_ends_after_twelve_hours_of_work(biller: User, clock: Any, after: timedelta, there: bool) -> None:
    client = world.signed_in(biller)
    for _ in range(71):
        clock.shift(10 * MINUTE)
        assert opens(client)

    clock.move_to(NOW + after)

    assert opens(client) is there


def test_session_that_says_nothing_of_a_sign_in_is_over(biller: User) -> None:
    client = world.signed_in(biller)
    session = client.session
    del session[sessions.KEY]
    session.save()

    assert not opens(client)


def job_page(harbor: World) -> str:
    return reverse("job", args=[jobs.enqueue(kind="watch_authorizations", key="1", by=harbor.by).pk])


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("get", "job", {"HX-Request": "true"}),
        ("get", "job", {}),
        ("get", "job?anything=1", {"HX-Request": "true"}),
        ("get", "/sign-in/time/", {}),
        ("get", "/sign-in/time/?touch=1&extend=1", {}),
        ("get", "/sign-in/", {}),
        ("head", PAGE, {}),
        ("get", "/static/css/house.css", {}),
        ("get", "/nowhere/", {}),
        ("get", "/people/nowhere/", {}),
        ("get", "/practice/people/", {}),  # a biller may not
        ("get", "/api/v1/claims/", {}),
        ("post", "/sign-in/kept-form/", {}),
    ],
)
def test_what_no_person_asks_for_does_not_extend(
    harbor: World, biller: User, clock: Any, method: str, url: str, headers: dict[str, str]
) -> None:
    client, address = world.signed_in(biller), url.replace("job", job_page(harbor))
    for _ in range(14):
        clock.shift(MINUTE)
        getattr(client, method)(address, headers=headers)

    clock.shift(2 * MINUTE)

    assert not opens(client)


@pytest.mark.parametrize(("method", "url"), [("get", PAGE), ("get", "/password/"), ("post", "/sign-in/time/")])
def test_what_a_person_asks_for_extends(biller: User, clock: Any, method: str, url: str) -> None:
    client = world.signed_in(biller)
    clock.shift(10 * MINUTE)
    getattr(client, method)(url)

    clock.shift(10 * MINUTE)

    assert opens(client)


def test_server_tells_how_long_the_sign_in_lasts(biller: User, clock: Any) -> None:
    client = world.signed_in(biller)
    clock.shift(13 * MINUTE)

    told = [
        client.get("/sign-in/time/").json(),
        client.post("/sign-in/time/").json(),
        Client().get("/sign-in/time/").json(),
    ]

    assert told == [{"seconds": 120}, {"seconds": 900}, {"seconds": 0}]


def test_nothing_extends_beyond_the_longest_time(biller: User, clock: Any) -> None:
    client = world.signed_in(biller)
    for _ in range(71):
        clock.shift(10 * MINUTE)
        client.post("/sign-in/time/")
    clock.shift(9 * MINUTE)

    assert client.post("/sign-in/time/").json() == {"seconds": 60}


def test_page_writes_the_session_at_most_every_thirty_seconds(biller: User, clock: Any) -> None:
    client = world.signed_in(biller)

    def writes(later: timedelta) -> int:
        clock.shift(later)
        with CaptureQueriesContext(connection) as seen:
            assert opens(client)
        return sum(query["sql"].startswith(("UPDATE", "INSERT")) for query in seen)

    assert [writes(later) for later in (29 * SECOND, SECOND, SECOND, 28 * SECOND, SECOND)] == [0, 1, 0, 0, 1]


def set_limit(harbor: World, name: str, value: str) -> None:
    said = {"valid_from": TODAY, "source": "test", "verified_on": None}
    parameters.set_value(name=name, value=value, by=harbor.by, **said)


@pytest.mark.parametrize(
    ("name", "value", "lasts"),
    [("sign-in-idle-minutes", "5", 5 * MINUTE), ("sign-in-idle-minutes", "60", HOUR), ("sign-in-hours", "1", HOUR)],
)
def test_practice_sets_the_limits(
    harbor: World, biller: User, clock: Any, name: str, value: str, lasts: timedelta
) -> None:
    set_limit(harbor, name, value)
    if name == "sign-in-hours":
        set_limit(harbor, "sign-in-idle-minutes", "60")
    client = world.signed_in(biller)

    clock.shift(lasts - SECOND)
    assert client.get("/sign-in/time/").json() == {"seconds": 1}
    clock.shift(SECOND)
    assert not opens(client)


def test_limit_begins_on_its_day_at_the_place(harbor: World, biller: User, clock: Any) -> None:
    """Late in the evening of TODAY it is tomorrow already in UTC."""
    said = {"valid_from": TODAY + timedelta(days=1), "source": "test", "verified_on": None}
    parameters.set_value(name="sign-in-idle-minutes", value="5", by=harbor.by, **said)
    evening = datetime.combine(TODAY, time(23, 30), harbor.location.zone)

    assert evening.astimezone(UTC).date() > TODAY
    lasts = [sign_ins.limits(biller, at=at).idle for at in (evening, evening + HOUR)]
    assert lasts == [15 * MINUTE, 5 * MINUTE]


def test_of_two_practices_the_stricter_one_counts(harbor: World, biller: User) -> None:
    lake = world.practice("lake")
    people.give_role(user=biller, role=Role.NURSE, by=lake.by)
    set_limit(lake, "sign-in-idle-minutes", "5")

    assert world.signed_in(biller).get("/sign-in/time/").json() == {"seconds": 300}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("sign-in-idle-minutes", value) for value in ("4", "61", "0", "-1", "x", "")),
        *(("sign-in-hours", value) for value in ("0", "13", "1.5")),
    ],
)
def test_limit_beyond_its_bounds_is_refused(harbor: World, name: str, value: str) -> None:
    with pytest.raises(NotAValue):
        set_limit(harbor, name, value)


def test_end_is_recorded_once(biller: User, clock: Any) -> None:
    client = world.signed_in(biller)
    clock.shift(HOUR)
    for _ in range(3):
        opens(client)

    ends = AuditEvent.objects.filter(action="sign_out.done").values_list("user_id", "changes")
    assert list(ends) == [(biller.pk, {"how": "time"})]


def typed(client: Client, words: dict[str, str], *, action: str = NEW_REFERRAL) -> Any:
    """Send a form whose page it is itself."""
    return client.post(action, words, headers={"Referer": f"http://testserver{NEW_REFERRAL}"}, follow=True)


def shown(client: Client, words: str) -> bool:
    return f'value="{words}"' in client.get(NEW_REFERRAL).content.decode()


@pytest.fixture
def interrupted(biller: User, clock: Any) -> Client:
    """Somebody who sent a form after the end of the sign-in."""
    client = world.signed_in(biller)
    clock.shift(HOUR)
    door = typed(client, {"last_name": "Sampleton", "number": "12"})
    assert (door.status_code, b"is there again when you have signed in" in door.content) == (200, True)
    return client


def test_half_filled_form_is_there_again_after_signing_in(interrupted: Client, biller: User) -> None:
    interrupted.force_login(biller)

    page = interrupted.get(NEW_REFERRAL).content.decode()

    assert ('value="Sampleton"' in page, kept_forms.HERE_AGAIN in page, "Error:" in page) == (True, True, False)


def test_half_filled_form_is_given_back_once(interrupted: Client, biller: User) -> None:
    interrupted.force_login(biller)

    assert [shown(interrupted, "Sampleton") for _ in range(2)] == [True, False]
    assert KeptForm.objects.count() == 0


@pytest.mark.parametrize(("later", "there"), [(HOUR - SECOND, True), (HOUR, False)])
def test_half_filled_form_is_kept_for_an_hour(
    interrupted: Client, biller: User, clock: Any, later: timedelta, there: bool
) -> None:
    clock.shift(later)
    interrupted.force_login(biller)

    assert shown(interrupted, "Sampleton") is there


def test_half_filled_form_that_nobody_came_back_for_is_deleted_by_the_sweep(interrupted: Client, clock: Any) -> None:
    clock.shift(HOUR)
    jobs.sweep(lambda job_id: None)

    assert KeptForm.objects.count() == 0


def test_half_filled_form_is_not_given_to_somebody_else(harbor: World, interrupted: Client) -> None:
    other = User.objects.create_user("other@example.org", name="Other")
    people.give_role(user=other, role=Role.BILLER, by=harbor.by)
    interrupted.force_login(other)

    assert not shown(interrupted, "Sampleton")
    assert KeptForm.objects.count() == 1


def test_half_filled_form_is_not_given_back_in_another_practice(
    harbor: World, interrupted: Client, biller: User
) -> None:
    lake = world.practice("lake")
    people.give_role(user=biller, role=Role.BILLER, by=lake.by)
    interrupted.force_login(biller)
    interrupted.post(reverse("choose_practice"), {"practice": lake.practice.pk})

    assert not shown(interrupted, "Sampleton")


def test_half_filled_form_lies_in_the_database_sealed(interrupted: Client) -> None:
    assert KeptForm.objects.count() == 1
    assert (in_the_database("Sampleton"), in_the_database(NEW_REFERRAL)) == ([], [])


def test_half_filled_form_was_not_acted_on(interrupted: Client) -> None:
    assert AuditEvent.objects.filter(action__startswith="referral").count() == 0


def test_script_keeps_what_was_typed_before_the_end(biller: User, clock: Any) -> None:
    client = world.signed_in(biller)
    words = {"kept_page": NEW_REFERRAL, "kept_action": NEW_REFERRAL, "last_name": "Sampleton", "sent_once": uuid4().hex}
    assert client.post(reverse("keep_form"), words).status_code == 204

    clock.shift(HOUR / 2)
    client.force_login(biller)

    assert shown(client, "Sampleton")


def test_nobody_unknown_keeps_anything() -> None:
    words = {"kept_page": NEW_REFERRAL, "kept_action": NEW_REFERRAL, "last_name": "Sampleton"}

    assert (Client().post(reverse("keep_form"), words).status_code, KeptForm.objects.count()) == (204, 0)


def test_password_is_never_kept(biller: User) -> None:
    client = world.signed_in(biller)
    client.post(reverse("keep_form"), {"kept_page": "/x/", "kept_action": "/x/", "new_password": "secret", "a": "1"})

    assert "secret" not in KeptForm.objects.get().fields
