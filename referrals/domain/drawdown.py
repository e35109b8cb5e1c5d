"""Drawing visits on an authorized service line: the arithmetic that the database then enforces.

>>> line = LineCount(LimitKind.COUNTED, authorized=6, before_us=1, held=2, used=2)
>>> line.left
1
>>> LineCount(LimitKind.UNLIMITED, held=40, used=200).left is None
True
"""

from dataclasses import dataclass
from datetime import date

from referrals.domain.states import LimitKind
from vca.domain.errors import RuleError
from vca.domain.periods import Period
from vca.domain.wording import say_day


class VisitsExhausted(RuleError):
    """Every authorized visit of a line is held or used."""

    code = "VISIT-02"


class VisitOutsidePeriod(RuleError):
    """The day lies outside the authorization."""

    code = "VISIT-03"


class LimitNotKnown(RuleError):
    """The line's limit has not been entered."""

    code = "VISIT-04"


# What refuses a visit until VA acts, or a referral is confirmed: not active, exhausted, outside the authorized days.
COVER_TO_COME = frozenset({"VISIT-01", VisitsExhausted.code, VisitOutsidePeriod.code})


@dataclass(frozen=True, slots=True)
class LineCount:
    """Visits of one line: authorized by VA, given before us, held by bookings, used. ``over`` is what VA cut away."""

    limit_kind: LimitKind
    authorized: int | None = None
    before_us: int = 0
    over: int = 0
    held: int = 0
    used: int = 0

    @property
    def spoken_for(self) -> int:
        """Visits that can no longer be drawn."""
        return self.before_us + self.held + self.used

    @property
    def left(self) -> int | None:
        """Visits that can still be drawn; negative after VA cut below what is spoken for; ``None`` without a number."""
        return None if self.authorized is None else self.authorized - self.spoken_for


def refuse_draw(line: LineCount, *, name: str) -> None:
    """Raise what refuses one more visit on the line of that name. Raises LimitNotKnown, VisitsExhausted."""
    if line.limit_kind == LimitKind.UNKNOWN:
        raise LimitNotKnown(f"the visit limit of the line {name} has not been entered")
    if line.limit_kind == LimitKind.COUNTED and (line.left or 0) < 1:
        raise VisitsExhausted(
            f"all {line.authorized} authorized visits of the line {name} are spoken for: "
            f"{line.used + line.before_us} used, {line.held} held by bookings"
        )


def refuse_day(period: Period, day: date) -> None:
    """Raise VisitOutsidePeriod unless the day lies in the authorization, first and last day included."""
    first, last = period.valid_from, period.valid_through
    if first and day < first:
        raise VisitOutsidePeriod(f"{say_day(day)} is before the authorization's first day, {say_day(first)}")
    if last and last < day:
        raise VisitOutsidePeriod(f"{say_day(day)} is after the authorization's last day, {say_day(last)}")


def over_after_cut(line: LineCount, *, authorized: int) -> int:
    """Return how many visits an amendment leaves above the new number: recorded, never hidden, never drawn again."""
    return max(0, line.spoken_for - authorized)
