"""The two practices of the demo: billing details, locations, clinicians, agreements with VA, prices."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from billing.services import charges
from vca.core import access
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import Clinician, EndedBy, Practice, ServiceLocation, User
from vca.core.services import practices
from vca.demo.invented import Area, npi_of
from vca.demo.people import Staff, give_roles, staff_of
from vca.domain.identifiers import dea_number

PHYSICIAN, NURSE_PRACTITIONER, ASSISTANT = "2084P0800X", "363LP0808X", "363A00000X"
PSYCHOLOGIST, MENTAL_HEALTH_CLINIC = "103TC0700X", "261QM0850X"
PRESCRIBING = ("MD", "NP")
SOON = 4  # the clinician and place whose papers end soon: the second clinician at the second place
PRICES = {
    "99204": "340.00",
    "99214": "240.00",
    "99213": "165.00",
    "96365": "460.00",
    "96366": "140.00",
    "J3490": "85.00",
    "90833": "120.00",
    "90834": "175.00",
    "90837": "230.00",
    "96127": "18.00",
}


@dataclass(frozen=True, slots=True)
class Treats:
    """Somebody who treats: ``approved`` days ago by VA, or not yet; ``email`` names the one who signs in."""

    first_name: str
    last_name: str
    credentials: str
    npi: str
    taxonomy: str
    approved: int | None = None
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A practice before it exists."""

    code: str
    name: str
    details: dict[str, Any]
    places: tuple[dict[str, Any], ...]
    areas: tuple[Area, ...]
    clinicians: tuple[Treats, ...]
    teams: tuple[tuple[int, int], ...]  # by location: who infuses, who gives therapy


HARBOR = Blueprint(
    code="demo",
    name="Harbor Ketamine & Wellness",
    details={
        "legal_name": "Harbor Ketamine Wellness PC",
        "npi": npi_of(1001),
        "taxonomy": MENTAL_HEALTH_CLINIC,
        "tax_id": "950000021",
        "street": "410 Beacon Walk",
        "street_2": "Suite 200",
        "city": "Morro Bay",
        "state": "CA",
        "zip_code": "934420410",
        "billing_contact": "Teodor Whitlow",
        "billing_phone": "8055550100",
    },
    places=(
        {
            "name": "Harbor Morro Bay",
            "time_zone": "America/Los_Angeles",
            "npi": npi_of(1002),
            "street": "410 Beacon Walk",
            "street_2": "Suite 200",
            "city": "Morro Bay",
            "state": "CA",
            "zip_code": "934420410",
        },
        {
            "name": "Harbor Fruita",
            "time_zone": "America/Denver",
            "npi": npi_of(1003),
            "street": "77 Orchard Mesa Loop",
            "city": "Fruita",
            "state": "CO",
            "zip_code": "815210077",
        },
    ),
    areas=(Area("Morro Bay", "CA", "93442", "805"), Area("Fruita", "CO", "81521", "970")),
    clinicians=(
        Treats("Maren", "Oduya", "MD", npi_of(1011), PHYSICIAN, approved=390, email="clinician@demo.example"),
        Treats("Tobias", "Lindqvist", "NP", npi_of(1012), NURSE_PRACTITIONER, approved=372),
        Treats("Iris", "Calloway-Bright", "PhD", npi_of(1013), PSYCHOLOGIST, approved=390),
        Treats("Anselm", "Petrosyan", "PA", npi_of(1014), ASSISTANT),
    ),
    teams=((0, 2), (1, 2)),
)
RIDGE = Blueprint(
    code="second",
    name="Ridge Clinic",
    details={
        "legal_name": "Ridge Clinic LLC",
        "npi": npi_of(2001),
        "taxonomy": MENTAL_HEALTH_CLINIC,
        "tax_id": "810000034",
        "street": "15 Sawtooth Terrace",
        "city": "Bozeman",
        "state": "MT",
        "zip_code": "597150015",
        "billing_contact": "Wilhelmina Frost",
        "billing_phone": "4065550100",
    },
    places=(
        {
            "name": "Ridge Clinic Bozeman",
            "time_zone": "America/Denver",
            "street": "15 Sawtooth Terrace",
            "city": "Bozeman",
            "state": "MT",
            "zip_code": "597150015",
        },
    ),
    areas=(Area("Bozeman", "MT", "59715", "406"),),
    clinicians=(
        Treats("Leopold", "Varga", "MD", npi_of(2011), PHYSICIAN, approved=300),
        Treats("Coralie", "Stonebridge", "PsyD", npi_of(2012), PSYCHOLOGIST, approved=300),
    ),
    teams=((0, 1),),
)


@dataclass(frozen=True, slots=True)
class Site:
    """A location with those who treat there and the Veterans' home town."""

    place: ServiceLocation
    infuses: Clinician
    talks: Clinician
    area: Area


@dataclass(frozen=True, slots=True)
class Clinic:
    """A practice that is open."""

    practice: Practice
    staff: Staff
    sites: tuple[Site, ...]


def open_clinic(plan: Blueprint, *, users: dict[str, User], today: date) -> Clinic:
    """Set up a practice of invented data with all that it needs before the first referral."""
    practice = practices.create(code=plan.code, name=plan.name, test_data=True)
    with within(practice.pk):
        return _set_up(practice, plan, users=users, today=today)


def _set_up(practice: Practice, plan: Blueprint, *, users: dict[str, User], today: date) -> Clinic:
    by = access.acting_for(practice, what="seed_demo")
    practices.change(practice=practice, facts=plan.details, by=by)
    give_roles(practice, users)
    places = [practices.record_location(facts=facts, by=by) for facts in plan.places]
    clinicians = [_clinician(one, users=users, today=today, by=by) for one in plan.clinicians]
    _agreements(places, [one for one in clinicians if not one.is_pending], today=today, by=by)
    for number, (clinician, place) in enumerate(product(clinicians, places), start=1):
        _licenses(clinician, place, number, today=today, by=by)
    _prices(today=today, by=by)
    teams = zip(places, plan.teams, plan.areas, strict=True)
    sites = tuple(Site(place, clinicians[one], clinicians[other], area) for place, (one, other), area in teams)
    return Clinic(practice, staff_of(practice, users), sites)


def _clinician(one: Treats, *, users: dict[str, User], today: date, by: Actor) -> Clinician:
    facts = {
        "first_name": one.first_name,
        "last_name": one.last_name,
        "credentials": one.credentials,
        "npi": one.npi,
        "taxonomy": one.taxonomy,
        "approved_on": None if one.approved is None else today - timedelta(days=one.approved),
        "user": users.get(one.email),
    }
    return practices.record_clinician(facts=facts, by=by)


def _agreements(places: list[ServiceLocation], clinicians: list[Clinician], *, today: date, by: Actor) -> None:
    """One agreement that both sides replaced early, and the one in force."""
    begun = today - timedelta(days=400)
    facility = {"va_facility": "Harbor Coast VA Medical Center (sample)", "station": "998"}
    earlier = {
        "number": "VCA-SAMPLE-0001",
        "valid_from": begun - timedelta(days=900),
        "valid_through": begun + timedelta(days=195),
        "ended_on": begun - timedelta(days=1),
        "ended_by": EndedBy.PRACTICE,
    }
    current = {"number": "VCA-SAMPLE-0002", "valid_from": begun, "valid_through": begun + timedelta(days=1095)}
    for facts in (earlier, current):
        practices.record_agreement(facts={**facility, **facts}, by=by, locations=places, clinicians=clinicians)


def _licenses(clinician: Clinician, place: ServiceLocation, number: int, *, today: date, by: Actor) -> None:
    """The license for the state of a place, and for those who prescribe the place's DEA registration; two end soon."""
    if clinician.is_pending:
        return
    soon = number == SOON
    facts = {"state": place.state, "number": f"{clinician.credentials.upper()}-{40_000 + number}"}
    period = {"valid_from": today - timedelta(days=310), "valid_through": today + timedelta(days=48 if soon else 420)}
    practices.record_license(clinician=clinician, facts={**facts, **period}, by=by)
    if clinician.credentials in PRESCRIBING:
        digits = f"{600_000 + number}"
        dea = f"B{clinician.last_name[0]}{digits}{dea_number.calc_check_digit(digits)}"
        last = today + timedelta(days=83 if soon else 690)
        practices.record_dea(
            clinician=clinician, facts={"location": place, "number": dea, "valid_through": last}, by=by
        )


def _prices(*, today: date, by: Actor) -> None:
    """The practice's prices; that of an infusion was raised in between."""
    begun = today - timedelta(days=400)
    for code, amount in PRICES.items():
        charges.set_price(code=code, amount=Decimal(amount), valid_from=begun, by=by)
    raised = Decimal(PRICES["96365"]) + 15
    charges.set_price(code="96365", amount=raised, valid_from=today - timedelta(days=30), by=by)
