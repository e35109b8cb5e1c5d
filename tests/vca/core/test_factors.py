"""Second factors: codes and passkeys, each used once; lost ones; and from when on they are a must.

Source: OWASP ASVS 5.0.0, 6.3.3, 6.5.1; RFC 6238; W3C Web Authentication, level 2, 7.1 and 7.2.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from tests import world
from tests.vca.core.authenticator import PRESENT_AND_VERIFIED, Device
from tests.vca.core.rows import in_the_database
from tests.world import NOW, PASSWORD, World
from vca.core import sessions
from vca.core.models import AuditEvent, AuthenticatorApp, RealData, RecoveryCode, User
from vca.core.services import factors, passkeys, people, practices, tries
from vca.core.services.factors import LastFactor, NotTheCode
from vca.core.services.passkeys import NameTaken, PasskeyRefused, Site
from vca.core.services.passwords import NotOursToReset
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock", "harbor")]

EMAIL = "biller@example.org"
HERE = "127.0.0.1"
STEP = timedelta(seconds=30)
SITE = Site("testserver", "http://testserver")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def biller(harbor: World) -> User:
    return world.person(harbor, Role.BILLER, email=EMAIL)


def code(at: Any = NOW) -> str:
    return pyotp.TOTP(SECRET).at(at)


def with_app(user: User, by: Any) -> list[str]:
    """Add an app whose code of now is used; return the recovery codes."""
    return factors.add_app(user=user, secret=SECRET, code=code(), by=by, at=NOW)


def with_passkey(user: User, by: Any, *, name: str = "laptop") -> Device:
    device = Device()
    question, state = passkeys.begin_adding(user, site=SITE)
    said = device.create(question, SITE.origin)
    passkeys.add(user=user, name=name, answer=said, state=state, site=SITE, by=by, at=NOW)
    return device


def enter(client: Client, **words: str) -> Any:
    return client.post(reverse("sign_in"), {"email": EMAIL, "password": PASSWORD} | words)


def opens(client: Client) -> bool:
    answer: Any = client.get(reverse("practice"))
    return answer.status_code == 200


def test_app_is_added_with_its_first_code_and_shows_recovery_codes(biller: User) -> None:
    client = world.signed_in(biller)
    offer = client.get(reverse("add_app")).context["offer"]

    words = {"sealed": offer.sealed, "code": pyotp.TOTP(offer.secret).at(NOW)}
    page = client.post(reverse("add_app"), words)

    assert (len(page.context["codes"]), opens(client)) == (10, True)
    assert AuthenticatorApp.objects.get(user=biller).secret == offer.secret


@pytest.mark.parametrize("said", ["000000", "", "1234567", "abcdef", code(NOW - 2 * STEP)])
def test_app_is_not_added_with_another_code(biller: User, said: str) -> None:
    client = world.signed_in(biller)
    offer = factors.offer_app(biller, secret=SECRET)

    page = client.post(reverse("add_app"), {"sealed": offer.sealed, "code": said})

    assert (page.status_code, page.context["offer"].secret) == (422, SECRET)
    assert not AuthenticatorApp.objects.exists()


def test_secret_offered_to_somebody_else_is_not_taken(harbor: World, biller: User) -> None:
    other = factors.offer_app(world.person(harbor, Role.NURSE), secret=SECRET)

    assert [factors.offered(biller, sealed) for sealed in (other.sealed, "", "nonsense")] == [None] * 3


def test_neither_secret_nor_recovery_codes_lie_in_the_database(harbor: World, biller: User) -> None:
    codes = with_app(biller, harbor.by)

    assert [in_the_database(text) for text in (SECRET, codes[0], codes[0].replace("-", ""))] == [[], [], []]


def test_recovery_codes_are_beyond_guessing(harbor: World, biller: User) -> None:
    """More than 112 bits each, which a hash without stretching needs. Source: OWASP ASVS 5.0.0, 6.5.2 and 11.5.1."""
    codes = [one.replace("-", "") for one in with_app(biller, harbor.by)]

    assert len(set("".join(codes)) - set(factors.RECOVERY_LETTERS)) == 0
    assert {math.log2(len(factors.RECOVERY_LETTERS)) * len(one) > 112 for one in codes} == {True}
    assert len(set(codes)) == factors.RECOVERY_CODES


def test_sign_in_asks_for_the_code_after_the_password(harbor: World, biller: User, clock: Any) -> None:
    with_app(biller, harbor.by)
    clock.shift(STEP)
    client = Client()

    first = enter(client, next="/practice/")
    assert (first.headers["Location"], opens(client)) == ("/sign-in/second-factor/?next=%2Fpractice%2F", False)
    second = client.post(first.headers["Location"], {"code": code(NOW + STEP), "next": "/practice/"})

    assert (second.headers["Location"], opens(client)) == ("/practice/", True)
    said = AuditEvent.objects.filter(action="sign_in.done").values_list("changes__how", flat=True)
    assert list(said) == ["password and app"]


@pytest.mark.parametrize(("away", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_code_may_be_one_step_early_or_late(harbor: World, biller: User, clock: Any, away: int, fits: bool) -> None:
    with_app(biller, harbor.by)
    now = NOW + 10 * STEP

    try:
        used = factors.use_code(user=biller, code=code(now + away * STEP), address=HERE, at=now) == "app"
    except NotTheCode:
        used = False

    assert used is fits


def test_code_is_used_once_and_none_before_it_afterwards(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    now = NOW + 10 * STEP
    factors.use_code(user=biller, code=code(now), address=HERE, at=now)

    for again in (code(now), code(now - STEP), code(NOW)):
        with pytest.raises(NotTheCode, match="ACCESS-08"):
            factors.use_code(user=biller, code=again, address=HERE, at=now)


def test_first_code_of_an_app_does_not_sign_in(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)

    with pytest.raises(NotTheCode):
        factors.use_code(user=biller, code=code(), address=HERE, at=NOW)


@pytest.mark.parametrize("spelled", [str, str.upper, lambda text: text.replace("-", " "), lambda text: f" {text} "])
def test_recovery_code_is_used_once(harbor: World, biller: User, spelled: Callable[[str], str]) -> None:
    codes = with_app(biller, harbor.by)
    factors.use_code(user=biller, code=spelled(codes[0]), address=HERE, at=NOW)

    with pytest.raises(NotTheCode):
        factors.use_code(user=biller, code=codes[0], address=HERE, at=NOW)
    assert factors.codes_left(biller) == 9


def test_recovery_code_of_somebody_else_does_not_fit(harbor: World, biller: User) -> None:
    other = world.person(harbor, Role.NURSE)
    codes = with_app(other, harbor.by)
    with_app(biller, harbor.by)

    with pytest.raises(NotTheCode):
        factors.use_code(user=biller, code=codes[0], address=HERE, at=NOW)


def test_new_recovery_codes_end_the_old_ones(harbor: World, biller: User) -> None:
    old = with_app(biller, harbor.by)
    new = world.signed_in(biller).post(reverse("new_codes")).context["codes"]

    with pytest.raises(NotTheCode):
        factors.use_code(user=biller, code=old[0], address=HERE, at=NOW)
    assert factors.use_code(user=biller, code=new[0], address=HERE, at=NOW) == "recovery code"


def test_guessing_codes_takes_longer_and_longer(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    for _ in range(5):
        with pytest.raises(NotTheCode):
            factors.use_code(user=biller, code="000000", address=HERE, at=NOW)

    with pytest.raises(tries.TooManyTries):
        factors.use_code(user=biller, code="000000", address=HERE, at=NOW)


@pytest.mark.parametrize("spoil", ["later", "password", "never"])
def test_half_a_sign_in_leads_back_to_the_door(harbor: World, biller: User, clock: Any, spoil: str) -> None:
    codes = with_app(biller, harbor.by)
    client = Client()
    if spoil != "never":
        enter(client)
    if spoil == "later":
        clock.shift(timedelta(minutes=10, seconds=1))
    if spoil == "password":
        biller.set_password("another sentence that is long")
        biller.save()

    answer = client.post(reverse("second_factor"), {"code": codes[0]})

    assert (answer.headers["Location"], opens(client)) == (reverse("sign_in"), False)


def test_adding_a_factor_ends_every_other_session(harbor: World, biller: User) -> None:
    here, there = world.signed_in(biller), world.signed_in(biller)
    offer = factors.offer_app(biller, secret=SECRET)

    here.post(reverse("add_app"), {"sealed": offer.sealed, "code": code()})

    assert (opens(here), opens(there)) == (True, False)


def test_removing_the_last_factor_takes_the_recovery_codes_along(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    client = world.signed_in(biller)

    client.post(reverse("remove_app"))

    assert (factors.has_any(biller), RecoveryCode.objects.count(), opens(client)) == (False, 0, True)


def answered(client: Client, device: Device, *, origin: str = SITE.origin, **words: str) -> Any:
    question = client.post(reverse("passkey_challenge")).json()
    return client.post(reverse("passkey_sign_in"), {"passkey": device.get(question, origin)} | words)


def test_passkey_is_added_on_its_page(biller: User) -> None:
    client, device = world.signed_in(biller), Device()
    question = client.post(reverse("new_passkey_challenge")).json()

    words = {"name": "laptop", "passkey": device.create(question, SITE.origin)}
    page = client.post(reverse("add_passkey"), words)

    assert (len(page.context["codes"]), biller.passkeys.get().name, opens(client)) == (10, "laptop", True)


def test_passkey_signs_in_without_a_password(harbor: World, biller: User) -> None:
    device, client = with_passkey(biller, harbor.by), Client()

    answer = answered(client, device, next="/practice/")

    assert (answer.headers["Location"], opens(client)) == ("/practice/", True)


def test_passkey_is_the_second_step_too(harbor: World, biller: User) -> None:
    device, client = with_passkey(biller, harbor.by), Client()
    page = client.get(enter(client).headers["Location"])

    answered(client, device)

    assert (page.context["has_passkey"], opens(client)) == (True, True)


FOREIGN = ["http://testserver.evil.example", "https://testserver", "http://testserver:81", "http://sub.testserver", ""]


@pytest.mark.parametrize("origin", FOREIGN)
def test_passkey_of_a_foreign_origin_is_refused(harbor: World, biller: User, origin: str) -> None:
    device, client = with_passkey(biller, harbor.by), Client()

    answer = answered(client, device, origin=origin)

    assert (answer.headers["Location"], opens(client)) == ("/sign-in/?next=%2F", False)
    assert AuditEvent.objects.filter(action="sign_in.failed", changes__how="passkey").count() == 1


@pytest.mark.parametrize("origin", FOREIGN)
def test_passkey_is_not_added_from_a_foreign_origin(harbor: World, biller: User, origin: str) -> None:
    question, state = passkeys.begin_adding(biller, site=SITE)
    said = {"name": "x", "state": state, "site": SITE, "by": harbor.by, "at": NOW}

    with pytest.raises(PasskeyRefused, match="ACCESS-10"):
        passkeys.add(user=biller, answer=Device().create(question, origin), **said)


@pytest.mark.parametrize(
    "device",
    [Device("evil.example"), Device(flags=0x01), Device(flags=0x04)],
    ids=["another host", "not verified", "not present"],
)
def test_passkey_that_says_otherwise_is_not_added(harbor: World, biller: User, device: Device) -> None:
    question, state = passkeys.begin_adding(biller, site=SITE)
    said = {"name": "x", "state": state, "site": SITE, "by": harbor.by, "at": NOW}

    with pytest.raises(PasskeyRefused):
        passkeys.add(user=biller, answer=device.create(question, SITE.origin), **said)


def refused(device: Device, change: Callable[[dict[str, Any]], None] = lambda question: None) -> bool:
    question, state = passkeys.begin_asking(site=SITE)
    change(question)
    try:
        passkeys.use(answer=device.get(question, SITE.origin), state=state, site=SITE, at=NOW)
    except PasskeyRefused:
        return True
    return False


def test_passkey_that_says_otherwise_does_not_sign_in(harbor: World, biller: User) -> None:
    device = with_passkey(biller, harbor.by)
    assert not refused(device)

    assert refused(device, lambda question: question["publicKey"].update(challenge="A" * 43))
    for name, value in {
        "host": "evil.example",
        "flags": 0x01,
        "key": Device().key,
        "id": b"unknown",
        "count": -1,
    }.items():
        spoilt = Device()
        spoilt.__dict__.update(device.__dict__ | {name: value})
        assert refused(spoilt), name
    assert device.flags == PRESENT_AND_VERIFIED


def test_answer_is_taken_once(harbor: World, biller: User) -> None:
    device, client = with_passkey(biller, harbor.by), Client()
    question = client.post(reverse("passkey_challenge")).json()
    words = {"passkey": device.get(question, SITE.origin)}
    client.post(reverse("passkey_sign_in"), words)
    client.post(reverse("sign_out"))

    client.post(reverse("passkey_sign_in"), words)

    assert not opens(client)


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "null", "{}", '{"id": 1}', '{"id":"a","rawId":"a","response":{}}', "\x00"]
)
def test_nonsense_is_refused(said: str) -> None:
    client = Client()
    client.post(reverse("passkey_challenge"))

    answer = client.post(reverse("passkey_sign_in"), {"passkey": said})

    assert answer.headers["Location"] == "/sign-in/?next=%2F"


def test_refused_passkeys_make_the_next_try_wait(harbor: World, biller: User) -> None:
    device, client = with_passkey(biller, harbor.by), Client()
    for _ in range(5):
        answered(client, device, origin=FOREIGN[0])

    answered(client, device)

    failures = AuditEvent.objects.filter(action="sign_in.failed").count()
    assert (opens(client), failures) == (False, 5)


def test_passkeys_are_named_once_and_renamed(harbor: World, biller: User) -> None:
    with_passkey(biller, harbor.by)
    with pytest.raises(NameTaken):
        with_passkey(biller, harbor.by)
    with_passkey(biller, harbor.by, name="phone")
    passkey = biller.passkeys.get(name="phone")

    client = world.signed_in(biller)
    client.post(reverse("rename_passkey", args=[passkey.pk]), {"name": "laptop"})
    client.post(reverse("rename_passkey", args=[passkey.pk]), {"name": "key"})

    assert sorted(biller.passkeys.values_list("name", flat=True)) == ["key", "laptop"]


def test_removed_passkey_opens_nothing(harbor: World, biller: User) -> None:
    device, client = with_passkey(biller, harbor.by), world.signed_in(biller)

    client.post(reverse("remove_passkey", args=[biller.passkeys.get().pk]))

    assert (refused(device), opens(client), enter(Client()).headers["Location"]) == (True, True, "/")


@pytest.mark.parametrize("act", ["rename_passkey", "remove_passkey"])
def test_passkey_of_somebody_else_is_not_there(harbor: World, biller: User, act: str) -> None:
    with_passkey(biller, harbor.by)
    other = world.signed_in(world.person(harbor, Role.NURSE))

    assert other.post(reverse(act, args=[biller.passkeys.get().pk]), {"name": "x"}).status_code == 404


def test_new_password_by_link_leaves_the_second_factor(harbor: World, biller: User) -> None:
    """Source: OWASP ASVS 5.0.0, 6.4.3."""
    with_app(biller, harbor.by)
    _, token = people.offer_reset(user=biller, by=harbor.by, at=NOW)
    client = Client()

    client.post(reverse("accept_invitation", args=[token]), {"password": "another sentence, as long"})

    answer = enter(client, password="another sentence, as long")
    assert answer.headers["Location"].startswith(reverse("second_factor"))
    assert not opens(client)


def test_lost_factors_go_by_link_and_present_password(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    with_passkey(biller, harbor.by)
    biller.refresh_from_db()
    elsewhere, page = world.signed_in(biller), world.signed_in(world.person(harbor, Role.ADMINISTRATOR))
    address = reverse("offer_new_factors", args=[biller.memberships.get().pk])
    assert address in page.get(reverse("people")).content.decode()

    link = page.post(address).context["link"]
    wrong = Client().post(link, {"password": "not the password"})
    assert (wrong.status_code, factors.has_any(biller)) == (422, True)
    right = Client().post(link, {"password": PASSWORD}, follow=True)

    assert b"second factors are gone" in right.content
    assert (factors.has_any(biller), RecoveryCode.objects.count(), opens(elsewhere)) == (False, 0, False)
    assert Client().get(link).status_code == 409
    actions = AuditEvent.objects.filter(action__startswith="factors").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["factors.reset_offered", "factors.dropped"]


def test_practice_does_not_reset_the_factors_of_somebody_who_works_elsewhere_too(harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    _, token = people.offer_new_factors(user=biller, by=actor(harbor), at=NOW)
    people.give_role(user=biller, role=Role.NURSE, by=world.practice("lake").by)

    with pytest.raises(NotOursToReset):
        people.offer_new_factors(user=biller, by=actor(harbor), at=NOW)
    with pytest.raises(NotOursToReset):
        people.accept(token=token, password=PASSWORD, at=NOW)
    assert factors.has_any(biller)


def actor(harbor: World) -> Any:
    return people.Actor(harbor.practice.pk, world.person(harbor, Role.ADMINISTRATOR).pk, "person")


def test_operator_makes_the_link_for_anybody(harbor: World, biller: User, capsys: pytest.CaptureFixture[str]) -> None:
    with_app(biller, harbor.by)
    people.give_role(user=biller, role=Role.NURSE, by=world.practice("lake").by)

    call_command("reset_password", EMAIL, practice="harbor", second_factor=True)
    link = capsys.readouterr().out.split()[-1].replace("http://localhost:8000", "")
    Client().post(link, {"password": PASSWORD})

    assert not factors.has_any(biller)


@pytest.fixture
def real(harbor: World, biller: User) -> None:
    world.real_practice("real", name="Real")


def test_session_of_before_must_add_a_factor_from_that_moment(harbor: World, biller: User) -> None:
    client = world.signed_in(biller)
    before = opens(client)

    world.real_practice("real", name="Real")

    assert (before, opens(client)) == (True, False)


def test_practice_of_invented_data_asks_for_none(harbor: World, biller: User) -> None:
    practices.create(code="lake", name="Lake", test_data=True)

    assert opens(world.signed_in(biller))


def test_page_would_open_without_the_row(real: None, biller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "has_second", lambda session: True)

    assert opens(world.signed_in(biller))


def test_password_then_a_factor_that_is_added_opens_the_pages(real: None, biller: User) -> None:
    client = Client()
    door = client.get(enter(client).headers["Location"], follow=True)
    assert (door.request["PATH_INFO"], door.context["must"]) == (reverse("factors"), True)

    offer = client.get(reverse("add_app")).context["offer"]
    client.post(reverse("add_app"), {"sealed": offer.sealed, "code": pyotp.TOTP(offer.secret).at(NOW)})

    assert opens(client)


def test_only_factor_is_not_removed_where_it_is_a_must(real: None, harbor: World, biller: User) -> None:
    with_app(biller, harbor.by)
    with pytest.raises(LastFactor, match="ACCESS-09"):
        factors.remove_app(user=biller, by=harbor.by)
    with_passkey(biller, harbor.by)

    factors.remove_app(user=biller, by=harbor.by)

    with pytest.raises(LastFactor):
        passkeys.remove(passkey=biller.passkeys.get(), by=harbor.by)


@pytest.mark.parametrize("statement", ["DELETE FROM core_realdata", "UPDATE core_realdata SET id = 2"])
def test_row_is_neither_changed_nor_deleted(real: None, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert RealData.objects.count() == 1


def test_second_real_practice_changes_nothing_more(real: None) -> None:
    world.real_practice("second", name="Second")

    assert (RealData.objects.count(), AuditEvent.objects.filter(action="real_data.began").count()) == (1, 1)


@pytest.fixture
def demo_biller(biller: User) -> User:
    User.objects.filter(pk=biller.pk).update(is_demo=True)
    biller.refresh_from_db()
    return biller


def test_demo_people_are_out_from_that_moment(harbor: World, demo_biller: User) -> None:
    client = world.signed_in(demo_biller)
    _, token = people.issue_token(user=demo_biller, name="test", by=harbor.by, at=NOW)
    api = Client(headers={"Authorization": f"Bearer {token}"})
    before = (opens(client), api.get("/api/v1/claims/").status_code, enter(Client()).status_code)

    world.real_practice("real", name="Real")

    after = (opens(client), api.get("/api/v1/claims/").status_code, enter(Client()).status_code)
    assert (before, after) == ((True, 200, 302), (False, 401, 422))


def test_demo_people_stay_out_even_if_their_account_is_opened(harbor: World, demo_biller: User, real: None) -> None:
    User.objects.update(is_active=True)
    device = with_passkey(demo_biller, harbor.by)
    client = Client()

    answered(client, device)

    assert (enter(Client()).status_code, opens(client)) == (422, False)
