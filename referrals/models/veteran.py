"""Veterans, and what is known of them: each version of the facts with its source and date.

Social Security number, ICN and EDIPI are encrypted at rest; the ICN is found by a blind index.
"""

import uuid
from enum import StrEnum
from typing import Any, cast

from django.conf import settings
from django.db import models

from vca.core import crypto
from vca.core.crypto import SealedTextField
from vca.core.db import StateField, one_of
from vca.core.models import OfVeteran, Practice


class FactSource(StrEnum):
    """Where facts about a Veteran came from."""

    REFERRAL = "REFERRAL"
    VETERAN = "VETERAN"
    VA = "VA"
    IMPORT = "IMPORT"


class Sex(StrEnum):
    """Sex as an 837P sends it: loop 2010BA DMG03."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


class Veteran(OfVeteran):
    """A Veteran in one practice. ``current`` is the newest version of the facts."""

    whose = "id"

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="veterans")
    current = models.OneToOneField("VeteranFacts", models.PROTECT, null=True, related_name="+")
    icn_index = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "icn_index"],
                condition=~models.Q(icn_index=""),
                name="veteran_icn_is_one_person",
            )
        ]

    def __str__(self) -> str:
        return f"Veteran {self.pk}"

    @property
    def facts(self) -> "VeteranFacts":
        """The newest version of the facts: there is one as soon as the transaction that made the row has ended."""
        return cast("VeteranFacts", self.current)


class VeteranFacts(OfVeteran):
    """One version of what is known of a Veteran; never changed, only followed by the next one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    veteran = models.ForeignKey(Veteran, models.PROTECT, related_name="versions")
    last_name = models.CharField(max_length=60)
    first_name = models.CharField(max_length=35, blank=True)
    middle_name = models.CharField(max_length=25, blank=True)
    suffix = models.CharField(max_length=10, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    sex = StateField(Sex, blank=True)
    icn = SealedTextField("ICN", blank=True)
    edipi = SealedTextField("EDIPI", blank=True)
    ssn = SealedTextField("Social Security number", blank=True)
    street = models.CharField(max_length=55, blank=True)
    street_2 = models.CharField("Apartment or unit", max_length=55, blank=True)
    city = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField("ZIP", max_length=9, blank=True)
    phone = models.CharField(max_length=10, blank=True)
    va_facility = models.CharField("VA facility", max_length=120, blank=True)
    source = StateField(FactSource)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            one_of("source", FactSource, model="facts"),
            one_of("sex", Sex, model="facts", blank=True),
        ]
        indexes = [
            models.Index(fields=["practice", "last_name", "first_name"], name="facts_by_name"),
            models.Index(fields=["practice", "date_of_birth"], name="facts_by_birth"),
        ]

    def __str__(self) -> str:
        return f"facts {self.pk}"

    @property
    def display_name(self) -> str:
        """LAST, First M as on a schedule."""
        return display_name(self.last_name, self.first_name, self.middle_name)

    @property
    def initials(self) -> str:
        """What may be written where others can see it."""
        return "".join(name[:1].upper() for name in (self.first_name, self.last_name))


def display_name(last_name: str, first_name: str, middle_name: str) -> str:
    """Return LAST, First M; somebody of whom VA stated an ICN and no name has to be called something."""
    if not (last_name or first_name):
        return "(name not stated)"
    given = " ".join(part for part in (first_name, middle_name[:1]) if part)
    return f"{last_name.upper()}, {given}" if given else last_name.upper()


IDENTIFIERS = ("icn", "edipi", "ssn")
FACT_FIELDS = (
    *("last_name", "first_name", "middle_name", "suffix", "date_of_birth", "sex", *IDENTIFIERS),
    *("street", "street_2", "city", "state", "zip_code", "phone", "va_facility"),
)


def facts_of(version: VeteranFacts) -> dict[str, Any]:
    """Return the facts of a version by field."""
    return {name: getattr(version, name) for name in FACT_FIELDS}


def icn_index(icn: str) -> str:
    """Return the blind index by which a Veteran is found."""
    return crypto.blind_index(icn, about="veteran.icn")
