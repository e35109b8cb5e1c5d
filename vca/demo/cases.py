"""What the demo shows: a row for each authorization, counted in days from today, and the referrals that wait.

The limits that VA prints follow from the visits (see ``courses``): used, booked, and ``spare`` ones left.
"""

from dataclasses import dataclass
from enum import StrEnum

from referrals.domain.states import Affiliation


class Fate(StrEnum):
    """What becomes of a visit."""

    COMPLETED = "COMPLETED"
    ARRIVED = "ARRIVED"
    BOOKED = "BOOKED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"


class Flaw(StrEnum):
    """What keeps the newest claims of a case in draft."""

    NONE = ""
    NO_ADDRESS = "the Veteran's address is missing"
    NO_DIAGNOSIS = "no diagnosis on visit or referral"
    NO_NDC = "the drug has no NDC"
    NO_PRICE = "a code without a price"
    NOT_LISTED = "a code that VA did not list"


class Turn(StrEnum):
    """What VA says once the visits have begun."""

    NONE = ""
    CUT = "an amendment below what is used and booked"
    DIFFERS = "a newer notice that differs"


class Program(StrEnum):
    """What was referred."""

    SERIES = "SERIES"
    THERAPY = "THERAPY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One authorization. It ``began`` so many days ago and ``ends`` in so many days; below zero it has ended.

    ``most`` caps the visits, ``ahead`` is how many are booked after today, ``spare`` and ``spare_talks`` how many are
    left beyond those. ``same_person`` takes the Veteran of the case before it.
    """

    site: int = 0
    began: int
    ends: int
    most: int = 99
    ahead: int = 1
    spare: int = 4
    spare_talks: int = 6
    today: Fate | None = None
    before_us: int = 0
    affiliation: Affiliation = Affiliation.VCA
    program: Program = Program.SERIES
    flaw: Flaw = Flaw.NONE
    turn: Turn = Turn.NONE
    same_person: bool = False


MID_SERIES = (
    Case(began=33, ends=92, today=Fate.COMPLETED, ahead=3),
    Case(began=26, ends=120, today=Fate.COMPLETED, spare=6),
    Case(began=40, ends=80, today=Fate.ARRIVED),
    Case(began=19, ends=101, today=Fate.BOOKED),
    Case(began=37, ends=143, today=Fate.BOOKED, before_us=2),
    Case(began=51, ends=129, spare=5),
    Case(began=34, ends=86, flaw=Flaw.NO_DIAGNOSIS),
    Case(began=29, ends=91, flaw=Flaw.NO_NDC),
    Case(began=44, ends=121, spare=3),
    Case(site=1, began=31, ends=89, today=Fate.COMPLETED, ahead=3),
    Case(site=1, began=45, ends=75, today=Fate.COMPLETED, spare=5),
    Case(site=1, began=24, ends=96, today=Fate.ARRIVED),
    Case(site=1, began=38, ends=82, today=Fate.BOOKED),
    Case(site=1, began=35, ends=85, spare=5),
    Case(site=1, began=22, ends=98, flaw=Flaw.NO_ADDRESS),
    Case(site=1, began=30, ends=90, flaw=Flaw.NO_PRICE),
    Case(site=1, began=36, ends=144, flaw=Flaw.NOT_LISTED),
)
LAST_VISIT_TODAY = (
    Case(began=52, ends=68, today=Fate.BOOKED, spare=0, ahead=0),
    Case(site=1, began=43, ends=77, today=Fate.BOOKED, spare=0, ahead=0),
)
EXPIRED = (Case(began=102, ends=-12, most=11), Case(site=1, began=150, ends=-61, most=9))
EXHAUSTED = (
    Case(began=60, ends=60, most=9, ahead=0, spare=0, spare_talks=0),
    Case(site=1, began=62, ends=118, most=10, ahead=0, spare=0, spare_talks=0),
)
ENDING = (Case(began=55, ends=5), Case(site=1, began=40, ends=20))
FEW_LEFT = (Case(began=43, ends=77, spare=2), Case(site=1, began=48, ends=72, spare=1))
YEAR_LONG = (Case(began=143, ends=222, ahead=2, spare=2), Case(site=1, began=107, ends=258, spare=3))
CONCURRENT = (
    Case(began=44, ends=76),
    Case(began=37, ends=143, program=Program.THERAPY, same_person=True, today=Fate.BOOKED),
    Case(site=1, began=39, ends=81),
    Case(site=1, began=30, ends=150, program=Program.THERAPY, same_person=True),
)
OTHERS = (
    Case(began=41, ends=79, affiliation=Affiliation.CCN),
    Case(site=1, began=32, ends=88, turn=Turn.DIFFERS),
    Case(began=36, ends=84, ahead=2, turn=Turn.CUT),
    Case(site=1, began=1, ends=119, ahead=3, spare=6),
)
# Came once and never again, and nobody wrote the bill: its filing limit is near.
FORGOTTEN = (Case(site=1, began=160, ends=-70, most=1, ahead=0, same_person=True),)
DEMO = (
    *(*MID_SERIES, *LAST_VISIT_TODAY, *EXPIRED, *EXHAUSTED, *ENDING),
    *(*FEW_LEFT, *YEAR_LONG, *CONCURRENT, *OTHERS, *FORGOTTEN),
)
SECOND = (
    Case(began=27, ends=93, today=Fate.BOOKED),
    Case(began=39, ends=81, today=Fate.COMPLETED),
    Case(began=64, ends=16, spare=1),
    Case(began=18, ends=102, program=Program.THERAPY),
)


class Waiting(StrEnum):
    """Why a referral waits for a person, or that it only waits to be confirmed."""

    READY = "everything is there"
    LIMIT_UNKNOWN = "a line without a stated limit"
    NO_LIMITS = "imported, without limits"
    STATUS = "imported, with a status that is not known"
    NO_EXPIRATION = "imported, without expiration date"


IMPORTED = (Waiting.NO_LIMITS, Waiting.STATUS, Waiting.NO_EXPIRATION)
DEMO_WAITING = (Waiting.READY, Waiting.LIMIT_UNKNOWN, *IMPORTED)
SECOND_WAITING = (Waiting.LIMIT_UNKNOWN,)
