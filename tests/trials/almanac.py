"""What a careful person with a calendar would expect of the alerts: shares no code and no number with the product.

A cause is something that can be warned of: an authorization that ends, a line whose visits run out. At each morning's
look the almanac says whom it must have told of which threshold, and which alerts stand open.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DESK = ("BILLER", "ADMINISTRATOR")
SHIPPED = {
    "authorization-ending-days": "45,30,21,7",
    "visits-left": "2,0",
    "request-due-days": "7,0",
    "agreement-ending-days": "180,90,60",
    "license-ending-days": "180,90,60",
    "dea-ending-days": "180,90,60",
    "filing-limit-left-days": "150,90,30,10",
    "filing-limit-days": "180",
}
Key = tuple[str, int, int, str, int]  # kind, subject, threshold, basis, recipient


@dataclass(slots=True)
class Cause:
    """Something that is warned of. ``left`` gives days or visits left and the basis, ``None`` when there is no cause.

    ``place`` is the place whose morning looks at it, ``None`` for every place's; ``zone`` is whose civil day counts.
    """

    kind: str
    subject: int
    parameter: str
    zone: ZoneInfo
    place: int | None
    left: Callable[[date], tuple[int, str] | None]
    roles: tuple[str, ...] = DESK


@dataclass(slots=True)
class Person:
    """One role of somebody."""

    role: str
    here: bool = True
    wants_mail: bool = True


@dataclass(slots=True)
class Said:
    """What the last alert about a subject says, and whether it stands OPEN, was DISMISSED or is GONE.

    ``wakes`` is when it asks for something again; nothing unless somebody snoozed it.
    """

    threshold: int
    basis: str
    state: str = "OPEN"
    wakes: datetime | None = None

    def sleeps(self, at: datetime) -> bool:
        return self.wakes is not None and self.wakes > at


@dataclass(slots=True)
class Almanac:
    """What is so, what was said, and what must have been delivered: outcome and instant by key."""

    causes: list[Cause] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    parameters: dict[str, dict[date, str]] = field(default_factory=dict)
    alerts: dict[tuple[str, int], Said] = field(default_factory=dict)
    told: dict[Key, tuple[str, datetime]] = field(default_factory=dict)
    mailed: set[Key] = field(default_factory=set)  # must have been sent
    mailable: set[Key] = field(default_factory=set)  # may have been
    looked: dict[int, datetime] = field(default_factory=dict)

    def numbers(self, name: str, today: date) -> list[int]:
        """Return the numbers in force on a day, the largest first; of what has no parameter, its day."""
        if not name:
            return [0]  # the day itself
        begun = {since: value for since, value in self.parameters.get(name, {}).items() if since <= today}
        value = begun[max(begun)] if begun else SHIPPED[name]
        return sorted({int(number) for number in value.split(",")}, reverse=True)

    def morning(self, place: int, zone: ZoneInfo, at: datetime) -> bool:
        """Tell whether it has been six in the morning there since it was last looked at; then it is looked at now."""
        before = self.looked.get(place)
        if before and six(at, zone) <= six(before, zone):
            return False
        self.looked[place] = at
        for cause in self.causes:
            if cause.place in (None, place):
                self.look(cause, at)
        return True

    def look(self, cause: Cause, at: datetime) -> None:
        """Say what one look at one cause must tell."""
        today = at.astimezone(cause.zone).date()
        left, basis = cause.left(today) or (0, "")
        passed = [one for one in self.numbers(cause.parameter, today) if left <= one] if basis else []
        said = self.alerts.get((cause.kind, cause.subject))
        if not passed:
            if said and said.state == "OPEN":
                said.state = "GONE"
            return
        if said and said.state == "DISMISSED" and said.basis == basis and passed[-1] >= said.threshold:
            return
        goes_on = said and said.state == "OPEN" and said.basis == basis and passed[-1] >= said.threshold
        self.alerts[cause.kind, cause.subject] = Said(passed[-1], basis, wakes=said.wakes if said and goes_on else None)
        for person in (pk for pk, one in self.people.items() if one.here and one.role in cause.roles):
            for one in passed:
                outcome = "DELIVERED" if one == passed[-1] else "PASSED"
                self.told.setdefault((cause.kind, cause.subject, one, basis, person), (outcome, at))

    def reopened(self, kind: str, subject: int, said: Said) -> None:
        """Note that somebody undid a dismissal: what was closed, maybe long ago, says again what it said."""
        self.alerts[kind, subject] = said

    def open(self) -> set[tuple[str, int, int, str]]:
        """Return what stands open: kind, subject, threshold, basis."""
        return {(*about, said.threshold, said.basis) for about, said in self.alerts.items() if said.state == "OPEN"}

    def asleep(self, at: datetime) -> set[tuple[str, int]]:
        """Return what stands open and asks for nothing yet: kind and subject."""
        return {about for about, said in self.alerts.items() if said.state == "OPEN" and said.sleeps(at)}

    def to_mail(self, at: datetime) -> Iterable[Key]:
        """Return what people were told in the product and would then be told by e-mail."""
        for key, (outcome, _) in self.told.items():
            person, said = self.people[key[4]], self.alerts[key[:2]]
            is_awake = said.state == "OPEN" and not said.sleeps(at)
            if outcome == "DELIVERED" and is_awake and person.here and person.wants_mail:
                yield key


def six(at: datetime, zone: ZoneInfo) -> date:
    """Return the day whose six in the morning was the last one there."""
    return (at.astimezone(zone).replace(tzinfo=None) - timedelta(hours=6)).date()
