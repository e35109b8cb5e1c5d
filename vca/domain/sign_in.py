"""How guessing is slowed down, and when a sign-in ends.

Source: OWASP ASVS 5.0.0, 6.3.1 (guessing), 7.3.1 and 7.3.2 (time limits); 45 CFR 164.312(a)(2)(iii), automatic logoff.

>>> [PAIR.delay(failures).total_seconds() for failures in (4, 5, 6, 7, 40)]
[0.0, 2.0, 4.0, 8.0, 900.0]
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FORGOTTEN_AFTER = timedelta(hours=1)  # without a failure


@dataclass(frozen=True, slots=True)
class Pace:
    """How often somebody may fail freely, and the longest delay after that."""

    free: int
    longest: timedelta

    def delay(self, failures: int) -> timedelta:
        """Return how long the next try waits after so many failures in a row: 2 s, doubled by each one."""
        beyond = failures - self.free + 1
        return min(timedelta(seconds=2 ** min(beyond, 20)), self.longest) if beyond > 0 else timedelta()


PAIR = Pace(free=5, longest=timedelta(minutes=15))  # one account from one address
ACCOUNT = Pace(free=100, longest=timedelta(minutes=1))  # one account from anywhere: short, since strangers can cause it
ADDRESS = Pace(free=50, longest=timedelta(minutes=15))  # one address, behind which a whole clinic may sit


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sign-in lasts without anybody there, and at the longest."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in: when it began, and when somebody was last there."""

    began_at: datetime
    seen_at: datetime
    limits: Limits

    @property
    def ends_at(self) -> datetime:
        """The first moment at which it is over.

        >>> day = datetime(2026, 11, 2, 8)
        >>> limits = Limits(idle=timedelta(minutes=15), longest=timedelta(hours=12))
        >>> SignedIn(day, day + timedelta(hours=3), limits).ends_at.isoformat()
        '2026-11-02T11:15:00'
        """
        return min(self.seen_at + self.limits.idle, self.began_at + self.limits.longest)
