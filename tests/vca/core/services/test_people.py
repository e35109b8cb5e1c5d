"""People: an invitation is used once, a role ends at once, and nothing that opens a door lies in the database."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything, in_the_database
from tests.world import NOW, PASSWORD, World
from vca.core import access
from vca.core.access import Actor
from vca.core.models import Invitation, Membership, User
from vca.core.services import people
from vca.core.services.passwords import NotOursToReset, NotThePresentPassword
from vca.core.services.people import InvitationNotUsable
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

EMAIL = "new@example.org"
LASTS = timedelta(days=7)
OTHER = "another sentence that is long enough"


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture(autouse=True)
def quick_hashing(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


def invited(harbor: World, email: str = EMAIL, role: Role = Role.NURSE) -> str:
    _, token = people.invite(email=email, role=role, by=harbor.by, at=NOW)
    return token


def accepted(token: str, *, password: str = PASSWORD, later: timedelta = timedelta(0)) -> User:
    return people.accept(token=token, name="New", password=password, at=NOW + later)


def test_invited_person_joins_with_the_role(harbor: World) -> None:
    user = accepted(invited(harbor))

    actor = access.person(user, harbor.practice)
    assert (user.email, user.name, user.check_password(PASSWORD)) == (EMAIL, "New", True)
    assert actor
    assert actor.roles == {Role.NURSE}


def test_invitation_is_used_once(harbor: World) -> None:
    token = invited(harbor)
    accepted(token)

    with pytest.raises(InvitationNotUsable, match="ACCESS-02"):
        accepted(token)

    assert Membership.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_invitation_is_used_once_by_two_at_once(harbor: World) -> None:
    world.person(harbor, Role.BILLER, email=EMAIL)

    found = at_once(*[partial(accepted, invited(harbor))] * 2)

    assert sorted(type(one) for one in found if not isinstance(one, User)) == [InvitationNotUsable]
    assert Invitation.objects.filter(accepted_at__isnull=False).count() == 1


@pytest.mark.parametrize(("later", "usable"), [(LASTS - timedelta(seconds=1), True), (LASTS, False)])
def test_invitation_lasts_a_week(harbor: World, later: timedelta, usable: bool) -> None:
    token = invited(harbor)

    if usable:
        assert accepted(token, later=later).email == EMAIL
    else:
        with pytest.raises(InvitationNotUsable):
            accepted(token, later=later)


DAY = timedelta(days=1)


@pytest.mark.parametrize(("later", "usable"), [(DAY - timedelta(seconds=1), True), (DAY, False)])
def test_reset_link_lasts_a_day(harbor: World, later: timedelta, usable: bool) -> None:
    """It opens an account that opens doors already, so it lasts shorter. Source: OWASP ASVS 5.0.0, 6.4.1."""
    user = world.person(harbor, Role.NURSE, email=EMAIL)
    _, token = people.offer_reset(user=user, by=harbor.by, at=NOW)

    if usable:
        assert accepted(token, later=later) == user
    else:
        with pytest.raises(InvitationNotUsable):
            accepted(token, later=later)


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "x" * 10_000])
def test_unknown_link_is_refused(harbor: World, token: str) -> None:
    invited(harbor)

    with pytest.raises(InvitationNotUsable):
        accepted(token)


@pytest.mark.parametrize("password", ["", "short", "fourteen chars", "new@example.org", "1" * 15])
def test_weak_password_is_refused_and_leaves_the_invitation_usable(harbor: World, password: str) -> None:
    token = invited(harbor)
    before = everything()

    with pytest.raises(ValidationError):
        accepted(token, password=password)

    assert everything() == before
    assert accepted(token).email == EMAIL


@pytest.mark.parametrize("password", ["x" * 128 + " 7", "pass phrase à la é", "correct horse battery staple"])
def test_long_password_is_taken_as_it_is(harbor: World, password: str) -> None:
    assert check_password(password, accepted(invited(harbor), password=password).password)


def test_somebody_known_keeps_name_and_password_and_gains_the_role(harbor: World) -> None:
    known = world.person(harbor, Role.BILLER, email=EMAIL)
    lake = world.practice("lake")

    user = accepted(invited(lake, email="NEW@example.org"))

    known.refresh_from_db()
    assert (user.pk, known.name, known.check_password(PASSWORD)) == (known.pk, "Biller", True)
    assert access.active_roles(known.pk, lake.practice.pk) == {Role.NURSE}


def test_somebody_known_proves_to_be_that_person(harbor: World) -> None:
    world.person(harbor, Role.BILLER, email=EMAIL)
    token = invited(world.practice("lake"))
    before = everything()

    with pytest.raises(NotThePresentPassword, match="ACCESS-04"):
        accepted(token, password="something else entirely")

    assert everything() == before


def test_somebody_known_who_works_nowhere_any_more_sets_a_new_password(harbor: World) -> None:
    known = world.person(harbor, Role.BILLER, email=EMAIL)
    people.end_role(membership=known.memberships.get(), by=harbor.by)

    user = accepted(invited(harbor), password=OTHER)

    assert (user, user.name, user.check_password(OTHER)) == (known, "Biller", True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_invitations_to_one_new_address_at_once_make_one_person(harbor: World) -> None:
    tokens = [invited(harbor, role=role) for role in (Role.NURSE, Role.BILLER)]

    found = at_once(*[partial(accepted, token) for token in tokens])

    user = User.objects.get(email=EMAIL)
    assert found == [user, user]
    assert access.active_roles(user.pk, harbor.practice.pk) == {Role.NURSE, Role.BILLER}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_new_people_at_once_would_fail_without_looking_again(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = User.objects.create_user
    gate = Barrier(2)

    def create(*words: str, **more: str) -> User:
        gate.wait(10)
        return slowly(*words, **more)

    monkeypatch.setattr(User.objects, "create_user", create)
    monkeypatch.setattr(people, "IntegrityError", ZeroDivisionError)
    tokens = [invited(harbor, role=role) for role in (Role.NURSE, Role.BILLER)]

    found = at_once(*[partial(accepted, token) for token in tokens])

    assert sorted(type(one).__name__ for one in found) == ["IntegrityError", "User"]


def waiting(harbor: World) -> Invitation:
    return people.invitations(harbor.by).get()


def test_withdrawn_invitation_opens_nothing_and_is_listed_no_more(harbor: World) -> None:
    token = invited(harbor)
    row = waiting(harbor)

    withdrawn = [people.withdraw_invitation(invitation=row, by=harbor.by, at=NOW) for _ in range(2)]

    assert (withdrawn, list(people.invitations(harbor.by))) == ([True, False], [])
    with pytest.raises(InvitationNotUsable, match="was withdrawn"):
        accepted(token)


def test_invitation_made_again_has_a_new_link_and_a_new_week(harbor: World) -> None:
    old = invited(harbor)

    new = people.invite_again(invitation=waiting(harbor), by=harbor.by, at=NOW + LASTS)

    with pytest.raises(InvitationNotUsable, match="a newer one has taken its place"):
        accepted(old)
    assert accepted(new, later=LASTS + timedelta(days=6)).email == EMAIL


def test_second_invitation_like_the_first_takes_its_place(harbor: World) -> None:
    old, new = invited(harbor), invited(harbor)
    invited(harbor, role=Role.BILLER)

    with pytest.raises(InvitationNotUsable):
        accepted(old)
    assert (accepted(new).email, people.invitations(harbor.by).count()) == (EMAIL, 1)


@pytest.mark.parametrize("end", ["use", "withdraw"])
def test_ended_invitation_is_not_made_again(harbor: World, end: str) -> None:
    token, row = invited(harbor), waiting(harbor)
    if end == "use":
        accepted(token)
    else:
        people.withdraw_invitation(invitation=row, by=harbor.by, at=NOW)

    with pytest.raises(InvitationNotUsable):
        people.invite_again(invitation=row, by=harbor.by, at=NOW)


def test_invitation_of_another_practice_is_neither_withdrawn_nor_made_again(harbor: World) -> None:
    lake = world.practice("lake")
    invited(harbor)
    row = waiting(harbor)

    with pytest.raises(InvitationNotUsable):
        people.invite_again(invitation=row, by=lake.by, at=NOW)
    assert (people.withdraw_invitation(invitation=row, by=lake.by, at=NOW), waiting(harbor)) == (False, row)


def administrator(harbor: World) -> Actor:
    actor = access.person(world.person(harbor, Role.ADMINISTRATOR), harbor.practice)
    assert actor
    return actor


def test_reset_link_sets_a_new_password_and_leaves_the_roles(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    _, token = people.offer_reset(user=user, by=administrator(harbor), at=NOW)

    people.accept(token=token, password=OTHER, at=NOW)

    user.refresh_from_db()
    assert (user.check_password(OTHER), user.check_password(PASSWORD), user.name) == (True, False, "Biller")
    assert access.active_roles(user.pk, harbor.practice.pk) == {Role.BILLER}
    with pytest.raises(InvitationNotUsable, match="was used already"):
        people.accept(token=token, password=PASSWORD, at=NOW)


def works_elsewhere_too(user: User, harbor: World) -> None:
    people.give_role(user=user, role=Role.BILLER, by=world.practice("lake").by)


def works_elsewhere_alone(user: User, harbor: World) -> None:
    works_elsewhere_too(user, harbor)
    left(user, harbor)


def left(user: User, harbor: World) -> None:
    people.end_role(membership=user.memberships.get(practice=harbor.practice), by=harbor.by)


def closed(user: User, harbor: World) -> None:
    user.is_active = False
    user.save()


NOT_OURS = [works_elsewhere_too, works_elsewhere_alone, left, closed]


@pytest.mark.parametrize("arrange", NOT_OURS)
def test_person_who_is_not_ours_alone_is_not_reset(harbor: World, arrange: Callable[[User, World], None]) -> None:
    user, by = world.person(harbor, Role.BILLER), administrator(harbor)
    arrange(user, harbor)

    with pytest.raises(NotOursToReset, match="ACCESS-05"):
        people.offer_reset(user=user, by=by, at=NOW)


@pytest.mark.parametrize("arrange", NOT_OURS)
def test_reset_link_made_before_is_refused_when_it_is_used(
    harbor: World, arrange: Callable[[User, World], None]
) -> None:
    user = world.person(harbor, Role.BILLER)
    _, token = people.offer_reset(user=user, by=administrator(harbor), at=NOW)
    arrange(user, harbor)

    with pytest.raises(NotOursToReset):
        people.accept(token=token, password=OTHER, at=NOW)

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_operator_resets_somebody_of_two_practices(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    works_elsewhere_too(user, harbor)
    _, token = people.offer_reset(user=user, by=harbor.by, at=NOW)

    assert people.accept(token=token, password=OTHER, at=NOW).check_password(OTHER)


def test_operators_link_is_not_handed_to_an_administrator(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    works_elsewhere_too(user, harbor)
    people.offer_reset(user=user, by=harbor.by, at=NOW)

    with pytest.raises(NotOursToReset):
        people.invite_again(invitation=waiting(harbor), by=administrator(harbor), at=NOW)


@pytest.mark.parametrize("kind", ["invitation", "token"])
def test_secret_stands_nowhere_in_the_database(harbor: World, kind: str) -> None:
    if kind == "invitation":
        secret = invited(harbor)
    else:
        _, secret = people.issue_token(user=world.person(harbor, Role.BILLER), name="x", by=harbor.by, at=NOW)

    found = in_the_database(people.hashed(secret))
    assert (in_the_database(secret), found) == ([], ["core.Invitation" if kind == "invitation" else "core.ApiToken"])


def test_token_finds_its_person(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    row, token = people.issue_token(user=user, name="x", by=harbor.by, at=NOW)

    assert (people.holder(token, at=NOW), token.startswith("vca_")) == (row, True)


@pytest.mark.parametrize(("later", "live"), [(timedelta(days=364), True), (timedelta(days=365), False)])
def test_token_lasts_a_year(harbor: World, later: timedelta, live: bool) -> None:
    row, token = people.issue_token(user=world.person(harbor, Role.BILLER), name="x", by=harbor.by, at=NOW)

    assert people.holder(token, at=NOW + later) == (row if live else None)


def test_revoked_token_is_dead(harbor: World) -> None:
    row, token = people.issue_token(user=world.person(harbor, Role.BILLER), name="x", by=harbor.by, at=NOW)

    revoked = [people.revoke_token(token=row, by=harbor.by, at=NOW) for _ in range(2)]

    assert (revoked, people.holder(token, at=NOW)) == ([True, False], None)


def test_token_of_another_practice_is_not_revoked(harbor: World) -> None:
    row, token = people.issue_token(user=world.person(harbor, Role.BILLER), name="x", by=harbor.by, at=NOW)

    assert people.revoke_token(token=row, by=world.practice("lake").by, at=NOW) is False
    assert people.holder(token, at=NOW) == row


def test_role_ends_once_and_in_its_own_practice(harbor: World) -> None:
    membership = world.person(harbor, Role.BILLER).memberships.get()
    lake = world.practice("lake")

    ended = [people.end_role(membership=membership, by=by) for by in (lake.by, harbor.by, harbor.by)]

    assert ended == [False, True, False]


def test_last_administrator_stays(harbor: World) -> None:
    first, second = (world.person(harbor, Role.ADMINISTRATOR).memberships.get() for _ in range(2))
    world.person(world.practice("lake"), Role.ADMINISTRATOR)  # another practice's, who is of no help here
    people.end_role(membership=first, by=harbor.by)

    with pytest.raises(people.LastAdministrator, match="ACCESS-03"):
        people.end_role(membership=second, by=harbor.by)

    second.refresh_from_db()
    assert second.is_active


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_last_administrators_ended_at_once_one_stays(harbor: World) -> None:
    both = [world.person(harbor, Role.ADMINISTRATOR).memberships.get() for _ in range(2)]

    at_once(*[partial(people.end_role, membership=one, by=harbor.by) for one in both])

    assert Membership.objects.filter(is_active=True).count() == 1


def test_ended_role_given_again_is_the_same_membership(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    first = user.memberships.get()
    people.end_role(membership=first, by=harbor.by)

    again = people.give_role(user=user, role=Role.BILLER, by=harbor.by)

    assert (again, access.active_roles(user.pk, harbor.practice.pk)) == (first, {Role.BILLER})


def test_members_are_listed_with_the_active_ones_first(harbor: World) -> None:
    ended, active = (world.person(harbor, role).memberships.get() for role in (Role.BILLER, Role.NURSE))
    people.end_role(membership=ended, by=harbor.by)
    world.person(world.practice("lake"), Role.NURSE)

    assert list(people.members(harbor.by)) == [active, ended]


@pytest.mark.parametrize("email", ["New@Example.org", "NEW@EXAMPLE.ORG"])
def test_address_is_one_person_in_any_case(harbor: World, email: str) -> None:
    accepted(invited(harbor))

    assert User.objects.get_by_natural_key(email).email == EMAIL
