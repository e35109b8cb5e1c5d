"""Invented people and numbers: of the right shape, and nobody's.

>>> npi_of(77), icn_of(3), referral_number_of(12)
('1900000773', '1900000003V023757', 'VA7000000012')
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from vca.domain.identifiers import npi

FIRST_NAMES = (
    *("Adela", "Amos", "Beatriz", "Bram", "Camille", "Cato", "Dalia", "Desmond", "Elspeth", "Emeka", "Farah", "Felix"),
    *("Greta", "Hollis", "Imani", "Ivo", "Jonah", "June", "Kenji", "Lena", "Lucian", "Malik", "Mireille", "Nadia"),
    *(
        "Noor",
        "Orson",
        "Petra",
        "Quentin",
        "Rafael",
        "Rosalind",
        "Silas",
        "Tamsin",
        "Teo",
        "Ursula",
        "Viktor",
        "Winona",
    ),
)
LAST_NAMES = (
    *("Alderwick", "Ambershore", "Birchwater", "Bramblecote", "Cindergate", "Cloverton", "Copperfield-Ray"),
    *("Dovecroft", "Driftwood", "Eastlantern", "Emberley", "Fenwillow", "Fernhollow", "Gladewright", "Goldenreed"),
    *("Harrowgate", "Hazelmoor", "Heronsby", "Inkwell", "Ivorydale", "Juniper-Cole", "Kestrelton", "Kingfisher"),
    *("Larkhaven", "Lindenbrook", "Maplethorn", "Marrowstone", "Nettlefield", "Northcandle", "Oakenshaw", "Ottermere"),
    *("Pebblewick", "Plumridge", "Quillby", "Ravensedge", "Rookwater", "Saffronhill", "Sedgeworth", "Silverbark"),
    *("Thistledown", "Thornquist", "Umberfield", "Vesperlane", "Wheatstone-Li", "Willowmarsh", "Wrenfield", "Yarrowby"),
)
STREETS = ("Heron Row", "Tide Pool Lane", "Juniper Bend", "Old Mill Road", "Sandpiper Court", "Copper Hill", "Reed Way")


@dataclass(frozen=True, slots=True)
class Area:
    """Where invented people live: ``zip_code`` has five digits, ``area_code`` three."""

    city: str
    state: str
    zip_code: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Person:
    """An invented Veteran: what a notice says of them, and what the Veteran adds."""

    last_name: str
    first_name: str
    date_of_birth: date
    icn: str
    contact: dict[str, Any]


def npi_of(serial: int) -> str:
    """Return an invented NPI with a right check digit."""
    nine = f"19{serial:07}"
    return nine + npi.calc_check_digit(nine)


def icn_of(serial: int) -> str:
    """Return an invented ICN."""
    return f"19{serial:08}V{serial * 7919 % 10**6:06}"


def referral_number_of(serial: int) -> str:
    """Return an invented VA referral number."""
    return f"VA{7 * 10**9 + serial}"


def people(rng: Random, areas: Sequence[Area], *, first_serial: int, today: date) -> list[Person]:
    """Return one person for each area, there at home; at most as many as there are last names, each with their own."""
    names = rng.sample(LAST_NAMES, len(areas))
    pairs = enumerate(zip(names, areas, strict=True), start=first_serial)
    return [_person(rng, serial, name, area, today) for serial, (name, area) in pairs]


def _person(rng: Random, serial: int, last_name: str, area: Area, today: date) -> Person:
    born = today - timedelta(days=rng.randint(27 * 365, 79 * 365))
    contact = {
        "sex": rng.choice("FMM"),
        "street": f"{rng.randint(2, 980)} {rng.choice(STREETS)}",
        "city": area.city,
        "state": area.state,
        "zip_code": f"{area.zip_code}{rng.randint(1, 9998):04}",
        "phone": f"{area.area_code}55501{serial % 100:02}",  # 555-01xx rings nowhere
    }
    return Person(last_name, rng.choice(FIRST_NAMES), born, icn_of(serial), contact)
