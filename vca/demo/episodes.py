"""An episode of care as it comes to life: paper arrives, is completed and confirmed, and is sometimes amended."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from referrals.domain.notice import ReferralNotice
from referrals.domain.states import LimitKind
from referrals.intake.json_reader import Received
from referrals.services import amendments, referrals, veterans
from referrals.services.amendments import Limit
from referrals.services.veterans import FactSource
from vca.demo.cases import Case, Flaw, Turn
from vca.demo.clinics import Clinic, Site
from vca.demo.courses import WORDS, Line, Sitting, stated_lines
from vca.demo.days import Deed, last_workday, moment
from vca.demo.invented import Person, npi_of

DESK_OPENS, CONFIRMED_AT, SETTLED_AT = time(9, 5), time(11, 40), time(16, 45)
ADDRESS = ("street", "city", "state", "zip_code")
REFERRERS = (("Brandt, Ilse", npi_of(3001)), ("Amadi, Kelechi", npi_of(3002)), ("Solheim, Rune", npi_of(3003)))


@dataclass(slots=True)
class Episode:
    """One authorization: what is wanted, and what the deeds have made of it so far."""

    case: Case
    person: Person
    clinic: Clinic
    site: Site
    number: str
    slot: time
    today: date
    sittings: tuple[Sitting, ...]
    referral: Any = None
    lines: dict[Line, int] = field(default_factory=dict)
    visits: dict[date, Any] = field(default_factory=dict)

    @property
    def authorization(self) -> Any:
        """The row, once the paper has arrived."""
        return self.referral.authorization

    @property
    def valid_from(self) -> date:
        """The first authorized day."""
        return self.today - timedelta(days=self.case.began)

    @property
    def confirmed_at(self) -> datetime:
        """When the referral became active: on the last workday up to its first day."""
        return moment(self.site.place, last_workday(self.valid_from), CONFIRMED_AT)

    def line(self, line: Line) -> Any:
        """Return the service line's row as it stands now."""
        return self.authorization.services.get(pk=self.lines[line])


def paper_deeds(episode: Episode) -> list[Deed]:
    """Return what the biller does with the paper, from its arrival on."""
    day, place = last_workday(episode.valid_from), episode.site.place
    deeds = [
        Deed(moment(place, day, DESK_OPENS), lambda at: _receive(episode, at)),
        Deed(episode.confirmed_at, lambda at: _confirm(episode, at)),
    ]
    turns = {Turn.CUT: _cut, Turn.DIFFERS: _differ}
    if turn := turns.get(episode.case.turn):
        yesterday = last_workday(episode.today - timedelta(days=1))
        deeds.append(Deed(moment(place, yesterday, SETTLED_AT), lambda at: turn(episode, at)))
    return deeds


def notice(episode: Episode) -> ReferralNotice:
    """Return what VA's paper says."""
    case, person = episode.case, episode.person
    return ReferralNotice(
        number=episode.number,
        last_name=person.last_name,
        first_name=person.first_name,
        date_of_birth=person.date_of_birth,
        icn=person.icn,
        affiliation=case.affiliation,
        va_status="AC",
        station="998",
        category_of_care="MENTAL HEALTH",
        priority="Routine",
        seoc=f"SAMPLE_{case.program} {case.began + case.ends} DAYS_1.0.1",
        seoc_days=case.began + case.ends,
        referral_date=episode.valid_from,
        expiration_date=episode.today + timedelta(days=case.ends),
        lines=stated_lines(case, episode.sittings),
    )


def _receive(episode: Episode, at: datetime) -> None:
    by = episode.clinic.staff.biller
    received = Received(notice(episode), {}, derived_expiration=False)
    episode.referral = referrals.receive(received, source=FactSource.REFERRAL, by=by, at=at).referral
    ids = dict(episode.authorization.services.values_list("description", "pk"))
    episode.lines = {line: ids[words] for line, words in WORDS.items() if words in ids}
    _record_contact(episode, at)
    if episode.case.before_us:
        source = "Transfer summary of the Veteran's earlier clinic"
        line, visits = episode.line(Line.INFUSION), episode.case.before_us
        amendments.set_opening_balance(service=line, visits=visits, source=source, by=by, at=at)


def _record_contact(episode: Episode, at: datetime) -> None:
    missing = ADDRESS if episode.case.flaw == Flaw.NO_ADDRESS else ()
    known = {name: value for name, value in episode.person.contact.items() if name not in missing}
    facts = {**known, "va_facility": "Harbor Coast VA Medical Center (sample)"}
    veteran, by = episode.referral.veteran, episode.clinic.staff.biller
    veterans.change(veteran=veteran, facts=facts, source=FactSource.VETERAN, by=by, at=at)


def details(episode: Episode) -> dict[str, Any]:
    """Return what else the paper says of the referral."""
    name, number = REFERRERS[len(episode.person.first_name) % len(REFERRERS)]
    unstated = episode.case.flaw == Flaw.NO_DIAGNOSIS
    network = {"network": "Region 4"} if episode.case.affiliation == "CCN" else {}
    return {
        "provisional_diagnosis": "" if unstated else "F332",
        "referring_name": name,
        "referring_npi": number,
        **network,
    }


def _confirm(episode: Episode, at: datetime) -> None:
    by, place = episode.clinic.staff.biller, episode.site.place
    referrals.change_details(referral=episode.referral, facts=details(episode), home=place, by=by)
    referrals.confirm(referral=episode.referral, by=by, at=at)


def _cut(episode: Episode, at: datetime) -> None:
    """VA authorizes two infusions fewer than are used and booked."""
    line = episode.line(Line.INFUSION)
    visits = line.visits_used + line.visits_held - 2
    limit = Limit(line.description, LimitKind.COUNTED, visits, tuple(line.codes))
    by, reason = episode.clinic.staff.biller, "Amended referral received by fax"
    amendments.set_limit(service=line, limit=limit, reason=reason, by=by, at=at)


def _differ(episode: Episode, at: datetime) -> None:
    """VA sends the referral again with a later last day."""
    said = notice(episode)
    later = replace(said, expiration_date=episode.today + timedelta(days=episode.case.ends + 30), priority="Urgent")
    received = Received(later, {}, derived_expiration=False)
    referrals.receive(received, source=FactSource.REFERRAL, by=episode.clinic.staff.biller, at=at)
