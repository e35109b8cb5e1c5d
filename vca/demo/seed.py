"""Seed the demo: two practices of invented data, made by the services that people use, in the order of events.

Everything follows from a moment and a number: the same two give the same practices. All of it is one transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from django.db import transaction

from vca.core.isolation import within
from vca.core.models import Practice
from vca.demo import cases, claims, waiting
from vca.demo.cases import Case, Waiting
from vca.demo.clinics import HARBOR, RIDGE, Blueprint, Clinic, open_clinic
from vca.demo.courses import course
from vca.demo.days import Deed, moment, play
from vca.demo.episodes import Episode, paper_deeds
from vca.demo.invented import Person, people, referral_number_of
from vca.demo.people import PASSWORD, make_users
from vca.demo.visits import visit_deeds
from vca.demo.work import see_to_alerts, watch

SEED = 20
FIRST_SLOT, SLOT, SLOTS = time(8), timedelta(minutes=30), 18
MAIL_AT = time(7, 45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens in one practice."""

    blueprint: Blueprint
    cases: tuple[Case, ...]
    waiting: tuple[Waiting, ...]
    serial: int  # of its first Veteran


SCRIPTS = (
    Script(blueprint=HARBOR, cases=cases.DEMO, waiting=cases.DEMO_WAITING, serial=1),
    Script(blueprint=RIDGE, cases=cases.SECOND, waiting=cases.SECOND_WAITING, serial=501),
)


def seed(*, now: datetime, number: int = SEED, password: str = PASSWORD) -> tuple[Practice, ...]:
    """Make both practices as they stand at that moment, and return them. Raises IntegrityError when they exist."""
    with transaction.atomic():
        users = make_users(password)
        clinics = [open_clinic(script.blueprint, users=users, today=now.date()) for script in SCRIPTS]
        for script, clinic in zip(SCRIPTS, clinics, strict=True):
            with within(clinic.practice.pk):
                _live(script, clinic, Random(f"{number} {script.blueprint.code}"), now)  # noqa: S311 - no secret
        watch([clinic.practice for clinic in clinics], now=now)
        with within(clinics[0].practice.pk):
            see_to_alerts(clinics[0].staff, now=now)
    return tuple(clinic.practice for clinic in clinics)


def _live(script: Script, clinic: Clinic, rng: Random, now: datetime) -> None:
    """Play the whole history of one practice."""
    today = clinic.sites[0].place.civil_day(now)
    veterans = _veterans(script, clinic, rng, today)
    arrivals = veterans[-len(script.waiting) :]
    episodes = list(_episodes(script, clinic, veterans, rng, now))
    deeds = [deed for episode in episodes for deed in (*paper_deeds(episode), *visit_deeds(episode))]
    play([*deeds, *claims.billing_deeds(clinic, today=today), _mail(script, clinic, arrivals, today)])


def _veterans(script: Script, clinic: Clinic, rng: Random, today: date) -> list[Person]:
    """Return those who come for the cases, then those whose referral waits."""
    sites = [case.site for case in script.cases if not case.same_person] + [0] * len(script.waiting)
    return people(rng, [clinic.sites[site].area for site in sites], first_serial=script.serial, today=today)


def _episodes(
    script: Script, clinic: Clinic, veterans: Sequence[Person], rng: Random, now: datetime
) -> Iterator[Episode]:
    seen = [0] * len(clinic.sites)
    for serial, (case, person) in enumerate(_cast(script.cases, veterans), start=script.serial):
        site = clinic.sites[case.site]
        today = site.place.civil_day(now)
        sittings = course(case, today=today, rng=rng)
        slot = slot_of(seen[case.site])
        seen[case.site] += 1
        yield Episode(case, person, clinic, site, referral_number_of(serial * 37), slot, today, sittings)


def _cast(rows: Sequence[Case], veterans: Sequence[Person]) -> list[tuple[Case, Person]]:
    """Give each case its Veteran; a second referral goes to the one before it."""
    comers = list(accumulate(0 if case.same_person else 1 for case in rows))
    return [(case, veterans[comer - 1]) for case, comer in zip(rows, comers, strict=True)]


def slot_of(place: int) -> time:
    """Return the clock time of the place-th Veteran of a day, from eight in the morning."""
    start = datetime.combine(date.min, FIRST_SLOT) + place % SLOTS * SLOT
    return start.time()


def _mail(script: Script, clinic: Clinic, arrivals: Sequence[Person], today: date) -> Deed:
    numbers = [referral_number_of((script.serial + len(script.cases) + place) * 37) for place in range(len(arrivals))]
    asked = list(zip(script.waiting, arrivals, numbers, strict=True))
    at = moment(clinic.sites[0].place, today, MAIL_AT)
    return Deed(at, lambda at: waiting.receive(clinic, asked, at=at))
