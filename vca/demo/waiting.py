"""Referrals that wait for a person: entered by hand this morning, or imported from VA's list."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from referrals.domain.notice import ReferralNotice, StatedLine
from referrals.domain.states import Affiliation, LimitKind
from referrals.intake import json_reader
from referrals.intake.json_reader import Received
from referrals.services import referrals
from referrals.services.veterans import FactSource
from vca.demo.cases import IMPORTED, Waiting
from vca.demo.clinics import Clinic
from vca.demo.courses import CODES, WORDS, Line
from vca.demo.invented import Person

VALID_DAYS = 120
LIMITS = {Waiting.READY: (LimitKind.COUNTED, 8), Waiting.LIMIT_UNKNOWN: (LimitKind.UNKNOWN, None)}


def receive(clinic: Clinic, asked: Sequence[tuple[Waiting, Person, str]], *, at: datetime) -> None:
    """Let these referrals arrive at that moment; each is a reason, a person and a number."""
    imported = [_record(*one, at=at) for one in asked if one[0] in IMPORTED]
    if imported:
        content = json.dumps(imported, indent=2).encode()
        filename = f"va-referrals-{at:%Y-%m-%d}.json"
        received = json_reader.read(content)
        by = clinic.staff.biller
        referrals.import_list(content=content, received=received, filename=filename, by=by, at=at)
    for reason, person, number in asked:
        if reason in LIMITS:
            _enter(clinic, reason, person, number, at=at)


def _record(reason: Waiting, person: Person, number: str, *, at: datetime) -> dict[str, Any]:
    """Return a record as VA's service writes it."""
    record = {
        "referralNumber": number,
        "lastName": person.last_name,
        "firstName": person.first_name,
        "dob": person.date_of_birth.isoformat(),
        "icn": person.icn,
        "status": "I" if reason == Waiting.STATUS else "AP",
        "stationId": "998",
        "categoryOfCare": "MENTAL HEALTH",
        "referralDate": at.date().isoformat(),
        "seocNumberOfDays": VALID_DAYS,
        "referralLastUpdateDateTime": f"{at:%Y-%m-%d %H:%M:%S}",
    }
    if reason == Waiting.NO_EXPIRATION:
        return record
    return {**record, "referralExpirationDate": (at.date() + timedelta(days=VALID_DAYS)).isoformat()}


def _enter(clinic: Clinic, reason: Waiting, person: Person, number: str, *, at: datetime) -> None:
    kind, visits = LIMITS[reason]
    notice = ReferralNotice(
        number=number,
        last_name=person.last_name,
        first_name=person.first_name,
        date_of_birth=person.date_of_birth,
        icn=person.icn,
        affiliation=Affiliation.VCA,
        va_status="AP",
        station="998",
        category_of_care="MENTAL HEALTH",
        referral_date=at.date(),
        expiration_date=at.date() + timedelta(days=VALID_DAYS),
        lines=(StatedLine(WORDS[Line.INFUSION], kind, visits, CODES[Line.INFUSION]),),
    )
    by, received = clinic.staff.biller, Received(notice, {}, derived_expiration=False)
    referral = referrals.receive(received, source=FactSource.REFERRAL, by=by, at=at).referral
    facts = {"provisional_diagnosis": "F332"}
    referrals.change_details(referral=referral, facts=facts, home=clinic.sites[0].place, by=by)
