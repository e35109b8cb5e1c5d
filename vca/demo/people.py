"""The people who sign in to the demo: one for each role, one who works in both practices.

They share one password that everybody can read here. That is sound only where nobody else can reach the server and
where all data is invented: ``seed_demo`` refuses to use it outside of DEBUG.
"""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from vca.core import access
from vca.core.access import Actor
from vca.core.models import Practice, User
from vca.core.services import people
from vca.core.vocabulary import Role

PASSWORD = "lantern-over-the-harbor"  # noqa: S105 - a try-out on this machine, with invented data


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who can sign in: their roles by the code of the practice, and what they will find."""

    email: str
    name: str
    roles: dict[str, Role]
    finds: str


SIGN_INS = (
    SignIn(
        "front_desk@demo.example",
        "Robin Castellane",
        {"demo": Role.FRONT_DESK},
        "Today at both locations: Veterans to check in, one at each on the last authorized visit. No money.",
    ),
    SignIn(
        "nurse@demo.example",
        "Juno Abernathy-Fields",
        {"demo": Role.NURSE},
        "The same day with arrivals and bookings; books and checks in, completes nothing.",
    ),
    SignIn(
        "clinician@demo.example",
        "Maren Oduya",
        {"demo": Role.CLINICIAN},
        "Visits to complete, and alerts on authorizations that end or run out.",
    ),
    SignIn(
        "biller@demo.example",
        "Teodor Whitlow",
        {"demo": Role.BILLER},
        "Held referrals, a notice that differs, drafts with findings, ready claims, answers of VA.",
    ),
    SignIn(
        "administrator@demo.example",
        "Priya Lindgarten",
        {"demo": Role.ADMINISTRATOR},
        "All of it, and the practice: people, agreements, a clinician whom VA has not approved yet.",
    ),
    SignIn(
        "both@demo.example",
        "Sam Okonjo-Reyes",
        {"demo": Role.BILLER, "second": Role.BILLER},
        "Two practices: Harbor Ketamine & Wellness and Ridge Clinic, chosen after signing in.",
    ),
    SignIn(
        "administrator@second.example",
        "Wilhelmina Frost",
        {"second": Role.ADMINISTRATOR},
        "Ridge Clinic alone; nothing of the other practice.",
    ),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts in a practice."""

    desk: Actor
    clinician: Actor
    biller: Actor


def make_users(password: str) -> dict[str, User]:
    """Make the people and return them by address."""
    users = {one.email: User.objects.create_user(one.email, name=one.name) for one in SIGN_INS}
    # One hash for all: hashing is slow on purpose, and seven times as slow helps nobody here.
    User.objects.filter(email__in=users).update(password=make_password(password), is_demo=True)
    return users


def give_roles(practice: Practice, users: dict[str, User]) -> None:
    """Give the people their roles in that practice."""
    by = access.acting_for(practice, what="seed_demo")
    for one in SIGN_INS:
        if practice.code in one.roles:
            people.give_role(user=users[one.email], role=one.roles[practice.code], by=by)


def staff_of(practice: Practice, users: dict[str, User]) -> Staff:
    """Return who acts in the practice; where a role is not filled, an administrator does it."""
    found = [access.person(users[one.email], practice) for one in SIGN_INS if practice.code in one.roles]
    actors = {role: actor for actor in reversed(found) if actor for role in actor.roles}
    boss = actors[Role.ADMINISTRATOR]
    wanted = (Role.FRONT_DESK, Role.CLINICIAN, Role.BILLER)
    return Staff(*(actors.get(role, boss) for role in wanted))
