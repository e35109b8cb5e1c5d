"""The visits of an episode: booked some days before, checked in and completed at their own times."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from referrals.services import visits
from referrals.services.visits import Plan, Planned
from vca.demo.cases import Fate, Flaw
from vca.demo.courses import Line, Sitting
from vca.demo.days import Deed, last_workday, moment
from vca.demo.episodes import Episode

LEAD = timedelta(days=6)
BOOKED_AT, CANCELLED_AT = time(15, 10), time(14, 20)
FLAWED_DAYS = timedelta(days=14)
KETAMINE, KETAMINE_NDC = "Ketamine HCl 50 mg/mL inj", "42023011410"
QUANTITIES = tuple(Decimal(text) for text in ("0.7", "0.8", "0.86", "0.9", "1.05"))
LONG_FROM = 7  # from this place on an infusion takes more than an hour and a half


def visit_deeds(episode: Episode) -> list[Deed]:
    """Return what happens to each visit of the episode up to today."""
    return [deed for sitting in episode.sittings for deed in _deeds(episode, sitting)]


def _deeds(episode: Episode, sitting: Sitting) -> Iterator[Deed]:
    starts_at, clinic = moment(episode.site.place, sitting.on, episode.slot), episode.clinic
    desk, clinician = clinic.staff.desk, clinic.staff.clinician

    def visit() -> Any:
        return episode.visits[sitting.on]

    yield Deed(_booked_at(episode, sitting), lambda at: _book(episode, sitting, starts_at, at))
    if sitting.fate in (Fate.ARRIVED, Fate.COMPLETED):
        arrives_at = starts_at - timedelta(minutes=4 + sitting.place % 5)
        yield Deed(arrives_at, lambda at: visits.check_in(visit=visit(), by=desk, at=at))
    if sitting.fate == Fate.COMPLETED:
        ends_at, found = starts_at + timedelta(minutes=110), _diagnoses(episode, sitting)
        yield Deed(ends_at, lambda at: visits.complete(visit=visit(), diagnoses=found, by=clinician, at=at))
    if sitting.fate == Fate.NO_SHOW:
        late = starts_at + timedelta(minutes=40)
        yield Deed(late, lambda at: visits.no_show(visit=visit(), reason="Did not come, no call", by=desk, at=at))
    if sitting.fate == Fate.CANCELLED:
        before = moment(episode.site.place, last_workday(sitting.on - timedelta(days=1)), CANCELLED_AT)
        yield Deed(before, lambda at: visits.cancel(visit=visit(), reason="No ride that day", by=desk, at=at))


def _booked_at(episode: Episode, sitting: Sitting) -> datetime:
    """Some days before the visit, yesterday at the latest, and never before the referral is confirmed."""
    yesterday = episode.today - timedelta(days=1)
    day = last_workday(min(sitting.on - LEAD, yesterday))
    return max(moment(episode.site.place, day, BOOKED_AT), episode.confirmed_at + timedelta(minutes=20))


def _book(episode: Episode, sitting: Sitting, starts_at: datetime, at: datetime) -> None:
    services = tuple(_services(episode, sitting))
    plan = Plan(episode.authorization, episode.site.place, starts_at, services)
    episode.visits[sitting.on] = visits.book(plan=plan, by=episode.clinic.staff.desk, at=at)


def _diagnoses(episode: Episode, sitting: Sitting) -> tuple[str, ...]:
    if _is_flawed(episode, sitting, Flaw.NO_DIAGNOSIS):
        return ()
    return ("F332", "F4312") if len(episode.person.last_name) % 3 == 0 else ("F332",)


def _is_flawed(episode: Episode, sitting: Sitting, flaw: Flaw) -> bool:
    return episode.case.flaw == flaw and sitting.on > episode.today - FLAWED_DAYS


def _services(episode: Episode, sitting: Sitting) -> Iterator[Planned]:
    if Line.EVALUATION in sitting.lines:
        yield from _evaluation(episode, sitting)
    if Line.INFUSION in sitting.lines:
        yield from _infusion(episode, sitting)
    if Line.THERAPY in sitting.lines:
        line, clinician = episode.lines[Line.THERAPY], episode.site.talks
        yield Planned(line, clinician.pk, code="90837" if sitting.place % 3 == 2 else "90834")


def _evaluation(episode: Episode, sitting: Sitting) -> Iterator[Planned]:
    line, clinician = episode.lines[Line.EVALUATION], episode.site.infuses
    if Line.INFUSION not in sitting.lines:
        yield Planned(line, clinician.pk, code="99204")
        return
    yield Planned(line, clinician.pk, code="99214" if sitting.place < LONG_FROM else "99213", modifiers="25")


def _infusion(episode: Episode, sitting: Sitting) -> Iterator[Planned]:
    line, clinician = episode.lines[Line.INFUSION], episode.site.infuses
    yield Planned(line, clinician.pk, code="96365")
    if sitting.place >= LONG_FROM:
        yield Planned(line, clinician.pk, code="96366")
    if _is_flawed(episode, sitting, Flaw.NO_PRICE):
        yield Planned(line, clinician.pk, code="96375")
    if _is_flawed(episode, sitting, Flaw.NOT_LISTED):
        yield Planned(line, clinician.pk, code="96127")
    yield _drug(episode, sitting, line, clinician.pk)


def _drug(episode: Episode, sitting: Sitting, line_id: int, clinician_id: int) -> Planned:
    if _is_flawed(episode, sitting, Flaw.NO_NDC):
        return Planned(line_id, clinician_id, code="J3490", drug_name=KETAMINE)
    quantity = QUANTITIES[len(episode.person.last_name) % len(QUANTITIES)]
    return Planned(
        line_id,
        clinician_id,
        code="J3490",
        drug_name=KETAMINE,
        ndc=KETAMINE_NDC,
        ndc_unit="ML",
        ndc_quantity=quantity,
    )
