"""Rows to test with, made through the services as people would make them. Everybody here is invented.

``practice()`` gives a place to stand: one location, one approved clinician, an agreement, prices. ``authorization()``
gives a confirmed referral with one counted line. Days are around NOW, Thursday 11 April 2024 in Portland.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client

from billing.models import Claim
from billing.services import charges, claims
from referrals.domain.notice import ReferralNotice, StatedLine
from referrals.domain.states import Affiliation, LimitKind
from referrals.intake.json_reader import Received
from referrals.models import Authorization, AuthorizedService, FactSource, Visit
from referrals.services import referrals, veterans, visits
from referrals.services.visits import Plan, Planned
from vca.core import access
from vca.core.access import Actor
from vca.core.models import Agreement, BackupDeed, BackupRun, Clinician, Practice, ServiceLocation, User
from vca.core.services import people, practices
from vca.core.vocabulary import Role

NOW = datetime(2024, 4, 11, 17, 0, tzinfo=UTC)
TODAY = date(2024, 4, 11)
PASSWORD = "a long enough sentence for tests"
NPIS = ("1234567893", "1245319599", "1003000126", "1679576722", "1999999984")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A practice and what stands in it; ``by`` is a command acting for it."""

    practice: Practice
    location: ServiceLocation
    clinician: Clinician
    by: Actor


def practice(code: str = "harbor", *, zone: str = "America/Los_Angeles") -> World:
    """Return a practice that may book and bill."""
    row = practices.create(code=code, name=f"{code.capitalize()} Clinic", test_data=True)
    by = access.acting_for(row, what="test")
    address = {"street": "1 Example Way", "city": "Portland", "state": "OR", "zip_code": "972051234"}
    billing = {"legal_name": "Harbor Clinic LLC", "npi": NPIS[0], "taxonomy": "261QM0855X", "tax_id": "123456789"}
    contact = {"billing_phone": "5035550147", "billing_contact": "Billing Office"}
    practices.change(practice=row, facts={**address, **billing, **contact}, by=by)
    place = practices.record_location(facts={"name": "Main", "time_zone": zone, **address}, by=by)
    clinician = add_clinician(by, NPIS[1], last_name="Render")
    agreement = {"number": "A-1", "va_facility": "VA Portland", "station": "648"}
    period = {"valid_from": date(2023, 1, 1), "valid_through": date(2027, 12, 31)}
    practices.record_agreement(facts={**agreement, **period}, by=by, locations=[place], clinicians=[clinician])
    for code_, amount in (("96365", "450"), ("96366", "150"), ("J3490", "87.50"), ("90837", "210"), ("99204", "300")):
        charges.set_price(code=code_, amount=Decimal(amount), valid_from=date(2023, 1, 1), by=by)
    return World(row, place, clinician, by)


def real_practice(code: str, *, name: str) -> Practice:
    """Return a practice of real people, where a backup was proven before."""
    proven_backup()
    return practices.create(code=code, name=name, test_data=False)


def proven_backup(*, at: datetime = NOW) -> None:
    """Let a backup have been made and proven."""
    for deed in BackupDeed:
        BackupRun.objects.create(deed=deed, archive="a" * 32, rows=1, files=1, at=at)


def add_clinician(by: Actor, npi: str, *, last_name: str, approved_on: date | None = date(2023, 1, 1)) -> Clinician:
    """Return a clinician, approved by VA unless told otherwise."""
    facts = {"first_name": "Ada", "last_name": last_name, "npi": npi, "taxonomy": "207L00000X"}
    return practices.record_clinician(facts={**facts, "approved_on": approved_on}, by=by)


def cover(world: World) -> None:
    """Let the practice's agreement cover every site and clinician there is."""
    places, clinicians = (list(model.objects.filter(practice=world.practice)) for model in (ServiceLocation, Clinician))
    row = Agreement.objects.get(practice=world.practice)
    practices.record_agreement(facts={}, by=world.by, locations=places, clinicians=clinicians, agreement=row)


def person(world: World, role: Role, *, email: str = "") -> User:
    """Return somebody with that role in the practice."""
    user = User.objects.create_user(
        email or f"{role.lower()}-{next(_numbers)}@example.org", name=role.capitalize(), password=PASSWORD
    )
    people.give_role(user=user, role=role, by=world.by)
    return user


def signed_in(user: User) -> Client:
    """Return a browser in which that person has signed in."""
    client = Client()
    client.force_login(user)
    return client


def notice(**stated: Any) -> ReferralNotice:
    """Return a notice with everything that a confirmed referral needs, but for what is overridden."""
    number = next(_numbers)
    complete = {
        "number": f"VA{number:010d}",
        "last_name": f"Sample{number}",
        "first_name": "Alex",
        "date_of_birth": date(1960, 1, 2),
        "icn": f"{1012000000 + number}V123456",
        "affiliation": Affiliation.VCA,
        "va_status": "AP",
        "referral_date": date(2024, 3, 28),
        "expiration_date": date(2024, 5, 27),
        "lines": (StatedLine("Ketamine infusion", LimitKind.COUNTED, 6, ("96365", "96366", "J3490")),),
    }
    return ReferralNotice(**{**complete, **stated})


def receive(world: World, **stated: Any) -> referrals.Outcome:
    """Receive a notice."""
    said = Received(notice(**stated), {}, derived_expiration=False)
    return referrals.receive(said, source=FactSource.REFERRAL, by=world.by, at=NOW)


def authorization(world: World, *, visits: int | None = 6, **stated: Any) -> Authorization:
    """Return a confirmed authorization with one line of that many visits; ``None`` is a line without a limit."""
    kind = LimitKind.UNLIMITED if visits is None else LimitKind.COUNTED
    line = StatedLine("Ketamine infusion", kind, visits, ("96365", "96366", "J3490"))
    outcome = receive(world, **{"lines": (line,), **stated})
    confirm(world, outcome)
    return outcome.referral.authorization


def confirm(world: World, outcome: referrals.Outcome) -> None:
    """Enter what the paper says and confirm."""
    referral = outcome.referral
    facts = {"sex": "M", "street": "2 Oak St", "city": "Portland", "state": "OR", "zip_code": "972051111"}
    veterans.change(veteran=referral.veteran, facts=facts, source=FactSource.REFERRAL, by=world.by, at=NOW)
    diagnosis = {"provisional_diagnosis": "F332"}
    referrals.change_details(referral=referral, facts=diagnosis, home=world.location, by=world.by)
    referrals.confirm(referral=referral, by=world.by, at=NOW)


def line(authorization: Authorization, number: int = 1) -> AuthorizedService:
    """Return a line as it stands now."""
    return authorization.services.get(number=number)


def plan(
    world: World,
    authorization: Authorization,
    *,
    at: datetime = NOW,
    code: str = "96365",
    lines: tuple[int, ...] = (1,),
) -> Plan:
    """Return a visit of one service on each of these lines."""
    ids = [line(authorization, number).pk for number in lines]
    services = [Planned(service_id=pk, clinician_id=world.clinician.pk, code=code) for pk in ids]
    return Plan(authorization, world.location, at, services, ("F332",))


def booked(world: World, authorization: Authorization, *, at: datetime = NOW, **options: Any) -> Visit:
    """Return a booked visit."""
    return visits.book(plan=plan(world, authorization, at=at, **options), by=world.by, at=NOW - timedelta(days=7))


def completed(world: World, authorization: Authorization, *, at: datetime = NOW, **options: Any) -> Visit:
    """Return a completed visit."""
    visit = booked(world, authorization, at=at, **options)
    visits.check_in(visit=visit, by=world.by, at=at)
    visits.complete(visit=visit, by=world.by, at=at + timedelta(hours=1))
    return visit


def ready_claim(world: World) -> Claim:
    """Return a claim of one visit of NOW that waits to be sent, of a referral of its own."""
    made, *_ = claims.draft(visit_ids=[completed(world, authorization(world)).pk], by=world.by, at=NOW)
    claims.make_ready(claim=made, by=world.by, at=NOW)
    return made
