"""ProfessionalClaim: one claim for professional services, the noun that the scrub, the 837P and the CMS-1500 read.

Identifiers, codes and ZIP codes are held as ``validate`` of their module in ``vca.domain.identifiers`` returns them:
diagnosis F332, ZIP 972051234, drug 42023011410. Names and addresses are held as people write them; each format folds
them into its own letters. A value that the rows lack is an empty string, or ``None`` for a day or a drug: a claim that
is not complete can be built, and the scrub says what it lacks.

Sources: ASC X12N 005010X222A1; National Uniform Claim Committee, 1500 instruction manual 02/12.

>>> Usage("T")
<Usage.TEST: 'T'>
>>> Usage("X")
Traceback (most recent call last):
    ...
ValueError: 'X' is not a valid Usage
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from vca.domain.periods import Period


class PayerRoute(StrEnum):
    """Where the affiliation on the referral sends its claims. Source: VA, File a claim for Veteran care."""

    VA_DIRECT = "VA_DIRECT"  # Veterans Care Agreement or another direct authorization: VA, through its clearinghouse
    NETWORK = "NETWORK"  # Community Care Network: the administrator of the region, through its own channel
    UNKNOWN = "UNKNOWN"  # no affiliation on file: ask the VA facility, send nowhere


class MemberIdKind(StrEnum):
    """Which number names the Veteran, best first."""

    ICN = "ICN"
    EDIPI = "EDIPI"
    SSN = "SSN"


class Usage(StrEnum):
    """ISA15: whether the receiver works the file or only tests it."""

    TEST = "T"
    PRODUCTION = "P"


@dataclass(frozen=True, slots=True)
class Address:
    """A place in the United States. Loops N3 and N4; ``zip_code`` has five or nine digits."""

    street: str
    city: str
    state: str
    zip_code: str
    street_2: str = ""


@dataclass(frozen=True, slots=True)
class BillingProvider:
    """The practice that is paid. Loops 2000A, 2010AA and 2010AB; boxes 25 and 33. ``tax_id`` is an EIN."""

    name: str
    npi: str
    tax_id: str
    taxonomy: str
    phone: str
    address: Address
    pay_to: Address | None = None  # only where it differs from the address; a post office box is allowed here


@dataclass(frozen=True, slots=True)
class Clinician:
    """A person who treated or referred. Loops 2310A, 2310B and 2420A; boxes 17, 24J and 31."""

    last_name: str
    first_name: str
    npi: str
    taxonomy: str = ""
    middle_name: str = ""


@dataclass(frozen=True, slots=True)
class Facility:
    """The place of service, with its own NPI if it has one. Loop 2310C; box 32."""

    name: str
    address: Address
    npi: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Subscriber:
    """The Veteran, who is patient and subscriber in one. Loop 2010BA; boxes 1a to 7. ``sex`` is F, M or U.

    It has no repr, so that neither a traceback nor a log tells who it is.
    """

    last_name: str
    first_name: str
    member_id: str
    member_id_kind: MemberIdKind
    birth_date: date | None
    sex: str
    address: Address
    middle_name: str = ""
    suffix: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who is asked to pay. Loop 2010BB; carrier block. Both values are parameters chosen by the day of submission."""

    name: str
    payer_id: str
    address: Address | None = None  # printed on paper only


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug given on a line. Loop 2410; box 24, shaded. ``unit`` is F2, GR, ME, ML or UN, ``quantity`` counts it."""

    ndc: str
    unit: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """One service of one day. Loop 2400; box 24.

    ``control_number`` is ours (REF*6R) and comes back in the 835. ``charge`` is dollars for all ``units``.
    ``diagnosis_pointers`` count the claim's diagnoses from one, most relevant first.
    ``description`` names the drug where the code does not. ``authorized_codes`` are those that VA listed for the line
    on which the visit counts; none mean that VA listed none.
    """

    number: int
    control_number: str
    service_date: date
    code: str
    charge: Decimal
    units: int
    place_of_service: str
    diagnosis_pointers: tuple[int, ...]
    rendering: Clinician
    modifiers: tuple[str, ...] = ()
    description: str = ""
    drug: Drug | None = None
    authorized_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProfessionalClaim:
    """One claim. Loops 2000A to 2420A; the whole form.

    ``total_charge`` is what the books say; the scrub compares it with the lines.
    ``authorized`` is of the authorization version that the claim was built from. Raises ValueError when the lines are
    not numbered 1, 2, 3.
    """

    control_number: str  # CLM01, box 26
    frequency_code: str  # CLM05-3, box 22: 1 original, 7 replacement, 8 void
    original_claim_number: str  # REF*F8, box 22: the payer's number of the claim that is replaced or voided
    referral_number: str  # REF*G1, box 23
    place_of_service: str  # CLM05-1
    total_charge: Decimal  # CLM02, box 28
    diagnoses: tuple[str, ...]  # HI, box 21: the principal one first
    billing_provider: BillingProvider
    subscriber: Subscriber
    payer: Payer
    facility: Facility
    referring: Clinician | None
    lines: tuple[ServiceLine, ...]
    authorized: Period
    payer_route: PayerRoute
    test_data: bool
    corrected_days: tuple[date, ...] = ()  # of visits that were corrected after the claim was built from them

    def __post_init__(self) -> None:
        if any(line.number != place for place, line in enumerate(self.lines, start=1)):
            raise ValueError("the lines of a claim are numbered 1, 2, 3 in their order")

    def __repr__(self) -> str:
        return f"ProfessionalClaim({self.control_number})"


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who sends the file. ISA06, GS02, loop 1000A."""

    name: str
    submitter_id: str
    contact: str
    phone: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes the file in. ISA08, GS03, loop 1000B."""

    name: str
    receiver_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What goes around the claims of one file.

    The control numbers are never used again between this sender and receiver. ``batch_id`` is BHT03, which the 277CA
    brings back. ``created_at`` is aware and in the practice's local time. The qualifiers (ISA05, ISA07) are those of
    the clearinghouse's companion guide: ZZ mutually defined, 30 tax number, 01 D-U-N-S. Raises ValueError on a moment
    without a zone and on a control number that does not fit nine digits.
    """

    submitter: Submitter
    receiver: Receiver
    usage: Usage
    interchange_control_number: int  # ISA13, 1 to 999999999
    group_control_number: int  # GS06, 1 to 999999999
    batch_id: str
    created_at: datetime
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() is None:
            raise ValueError("the moment of an envelope has a time zone")
        if not all(0 < number < 10**9 for number in (self.interchange_control_number, self.group_control_number)):
            raise ValueError("a control number has one to nine digits and is above zero")
