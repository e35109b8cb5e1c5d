"""Claims to test with. Every person, practice and number here is invented."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from billing.domain.claim import (
    Address,
    BillingProvider,
    Clinician,
    Drug,
    Envelope,
    Facility,
    MemberIdKind,
    Payer,
    PayerRoute,
    ProfessionalClaim,
    Receiver,
    ServiceLine,
    Submitter,
    Subscriber,
    Usage,
)
from vca.domain.identifiers import npi
from vca.domain.periods import Period

TODAY = date(2026, 11, 23)
VISIT_DAY = date(2026, 11, 3)
PACIFIC = timezone(timedelta(hours=-8))


def npi_of(number: int) -> str:
    """Return an invented NPI with a right check digit."""
    nine = f"1{number:08}"
    return nine + npi.calc_check_digit(nine)


CLINIC = BillingProvider(
    name="Gull Point Recovery Clinic LLC",
    npi=npi_of(40_000_001),
    tax_id="930000017",
    taxonomy="261QM0855X",
    phone="5035550100",
    address=Address("12 Heron Row", "Astoria", "OR", "971030012", "Floor 2"),
)
INFUSIONIST = Clinician("Okafor-Lind", "Maren", npi_of(40_000_011), "207L00000X")
THERAPIST = Clinician("Tanaka", "Wes", npi_of(40_000_012), "103TC0700X", "J")
REFERRER = Clinician("Brandt", "Ilse", npi_of(40_000_013))
INFUSION_SUITE = Facility("Gull Point Infusion Suite", Address("40 Ferry Lane", "Seaside", "OR", "971380040"))
VETERAN = Subscriber(
    last_name="Quillfeather",
    first_name="Avery",
    member_id="1000000001V000001",
    member_id_kind=MemberIdKind.ICN,
    birth_date=date(1979, 4, 12),
    sex="F",
    address=Address("7 Lantern Court", "Warrenton", "OR", "97146"),
    middle_name="R",
)
KETAMINE = Drug("42023011410", "ML", Decimal("0.86"))


def line(number: int = 1, **changes: Any) -> ServiceLine:
    """Return the first hour of an infusion, with those changes."""
    infusion = ServiceLine(
        number=number,
        control_number=f"L{number:04}",
        service_date=VISIT_DAY,
        code="96365",
        charge=Decimal("450.00"),
        units=1,
        place_of_service="11",
        diagnosis_pointers=(1, 2),
        rendering=INFUSIONIST,
    )
    return replace(infusion, **changes)


def drug_line(number: int = 1, **changes: Any) -> ServiceLine:
    """Return ketamine under the unclassified code, with those changes."""
    drug = line(number, code="J3490", charge=Decimal("87.50"), description="Ketamine HCl 50 mg/mL inj", drug=KETAMINE)
    return replace(drug, **changes)


def claim(**changes: Any) -> ProfessionalClaim:
    """Return an infusion of two hours and its drug, with those changes; its total follows the lines."""
    lines = (line(1), line(2, code="96366", charge=Decimal("150.00")), drug_line(3))
    lines = changes.pop("lines", lines)
    infusion = ProfessionalClaim(
        control_number="GPR-00001",
        frequency_code="1",
        original_claim_number="",
        referral_number="VA0000000017",
        place_of_service="11",
        total_charge=sum((line.charge for line in lines), start=Decimal()),
        diagnoses=("F332", "F4310"),
        billing_provider=CLINIC,
        subscriber=VETERAN,
        payer=Payer("VA", "12115"),
        facility=INFUSION_SUITE,
        referring=REFERRER,
        lines=lines,
        authorized=Period(date(2026, 9, 1), date(2027, 2, 28)),
        payer_route=PayerRoute.VA_DIRECT,
        test_data=True,
    )
    return replace(infusion, **changes)


def subscriber(**changes: Any) -> Subscriber:
    """Return the Veteran, with those changes."""
    return replace(VETERAN, **changes)


def envelope(**changes: Any) -> Envelope:
    """Return a test envelope of 9:30 on 23 November 2026, with those changes."""
    morning = Envelope(
        submitter=Submitter("Gull Point Recovery Clinic LLC", "GULLPT01", "Billing office", "5035550100"),
        receiver=Receiver("Example Clearinghouse", "EXCLEAR"),
        usage=Usage.TEST,
        interchange_control_number=7,
        group_control_number=3,
        batch_id="B000000007",
        created_at=datetime(2026, 11, 23, 9, 30, tzinfo=PACIFIC),
    )
    return replace(morning, **changes)
