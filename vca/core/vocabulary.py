"""What each app declares of itself: permissions by role, and its kinds of audit event, document, job, task and alert.

Core knows neither referrals nor claims. Each app's ``vocabulary.py`` calls ``declare`` and core's ``apps.py`` imports
them at start. An undeclared kind is refused when it is used, so a spelling mistake cannot live.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """What a person does in a practice; one person may have several roles."""

    FRONT_DESK = "FRONT_DESK"
    NURSE = "NURSE"
    CLINICIAN = "CLINICIAN"
    BILLER = "BILLER"
    ADMINISTRATOR = "ADMINISTRATOR"


ROLE_WORDS = {
    Role.FRONT_DESK: "Front desk",
    Role.NURSE: "Nurse",
    Role.CLINICIAN: "Clinician",
    Role.BILLER: "Biller",
    Role.ADMINISTRATOR: "Administrator",
}


class Family(StrEnum):
    """The families of declared kinds."""

    AUDIT = "audit event"
    DOCUMENT = "document"
    JOB = "job"
    TASK = "task"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number or name that law, contract or VA may change: its shipped value, source, and the date that chooses it.

    ``read`` raises ValueError for a text that is no value of this parameter. ``verify_with`` is whom the practice asks
    whether it still holds: VA, or its own counsel where state law decides; empty where nobody need be asked.
    """

    name: str
    value: str
    unit: str
    source: str
    chosen_by: str
    verify_with: str = "VA"
    read: Callable[[str], object] = str


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A page named in the navigation of every page, for those who have the permission; ``place`` orders them."""

    place: int
    label: str
    page: str
    permission: str


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert: its words, the roles that are told and alone see it, and the act that mends its cause.

    ``page`` names the address of that act, which the desk completes. ``days`` names the parameter with its thresholds,
    in days before the due day; empty where they are not days.
    """

    words: str
    roles: tuple[Role, ...]
    act: str
    page: str
    days: str = ""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A kind of audit event by which a Veteran's data leaves the house: who received what, and why.

    ``recipient`` may be empty: then it is whoever acted, a person or the program that holds the token. Source:
    45 CFR 164.528(b)(2), content of an accounting of disclosures.
    """

    recipient: str
    what: str
    why: str


class Expected(ValueError):
    """A text that is no value; says in words what is one."""


def _within(text: str, least: int, most: int, expected: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise Expected(expected) from None
    if not least <= number <= most:
        raise Expected(expected)
    return number


def whole_number(text: str) -> int:
    """Return a count of days, one or more. Raises Expected."""
    return _within(text, 1, 9999, "a whole number from 1 to 9999")


def between(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number of these, both included; it raises ValueError for any other text."""

    def read(text: str) -> int:
        if not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def whole_numbers(text: str) -> tuple[int, ...]:
    """Return counts such as ``45,30,21,7``, each once. Raises Expected."""
    expected = "whole numbers from 0 to 9999 with commas between them, each once"
    found = tuple(_within(part, 0, 9999, expected) for part in text.split(","))
    if len(set(found)) < len(found):
        raise Expected(expected)
    return found


def percentage(text: str) -> int:
    """Return a percentage, 1 to 100. Raises Expected."""
    return _within(text, 1, 100, "a whole number from 1 to 100")


def yes_or_no(text: str) -> bool:
    """Return whether it is yes. Raises Expected."""
    if text not in ("yes", "no"):
        raise Expected("yes or no")
    return text == "yes"


@dataclass(frozen=True, slots=True)
class PersonThrough:
    """Somebody by e-mail address, through a civil day."""

    email: str
    last_day: date


def person_through(text: str) -> PersonThrough | None:
    """Read ``ada@example.org through 2027-12-31``; nothing names nobody. Raises Expected."""
    if not text:
        return None
    email, _, day = text.partition(" through ")
    try:
        if re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            return PersonThrough(email, date.fromisoformat(day))
    except ValueError:
        pass
    raise Expected('one person and a last day, such as "ada@example.org through 2027-12-31"')


def mailbox(text: str) -> str:
    """Return an id of at most 15 capitals and digits, or nothing: ISA06 and ISA08. Raises ValueError."""
    if text and not re.fullmatch(r"[A-Z0-9-]{1,15}", text):
        raise ValueError(text)
    return text


_permissions: dict[Role, set[str]] = {role: set() for role in Role}
_kinds: dict[Family, dict[str, str]] = {family: {} for family in Family}
_parameters: dict[str, Parameter] = {}
_daily: set[str] = set()
_in_charge: dict[str, str] = {}
_alerts: dict[str, AlertKind] = {}
_navigation: list[Entry] = []
_append_only: set[str] = set()
_disclosures: dict[str, Disclosure] = {}
_hourly: dict[str, int] = {}


def declare(
    *,
    permissions: Mapping[str, tuple[Role, ...]] | None = None,
    audit_events: Mapping[str, str] | None = None,
    documents: Mapping[str, str] | None = None,
    jobs: Mapping[str, str] | None = None,
    tasks: Mapping[str, str] | None = None,
    alerts: Mapping[str, AlertKind] | None = None,
    parameters: tuple[Parameter, ...] = (),
    daily_jobs: tuple[str, ...] = (),
    in_charge: Mapping[str, str] | None = None,
    navigation: tuple[Entry, ...] = (),
    append_only: tuple[str, ...] = (),
    disclosures: Mapping[str, Disclosure] | None = None,
    hourly: Mapping[str, int] | None = None,
) -> None:
    """Add an app's words.

    ``in_charge`` names by kind the permission for a job or a task, ``append_only`` the models (app.Model) whose
    rows the application's role may neither change nor delete, ``disclosures`` by kind of audit event what leaves the
    house with it, ``hourly`` how often one person may leave an event in an hour. Raises ValueError when a kind is
    declared twice.
    """
    for permission, roles in (permissions or {}).items():
        for role in roles:
            _permissions[role].add(permission)
    families = (
        (Family.AUDIT, audit_events),
        (Family.DOCUMENT, documents),
        (Family.JOB, jobs),
    )
    of_alerts = {kind: one.words for kind, one in (alerts or {}).items()}
    for family, kinds in (*families, (Family.TASK, tasks), (Family.ALERT, of_alerts)):
        _add(family, kinds or {})
    _alerts.update(alerts or {})
    _parameters.update({parameter.name: parameter for parameter in parameters})
    _daily.update(daily_jobs)
    _in_charge.update(in_charge or {})
    _navigation.extend(navigation)
    _append_only.update(append_only)
    _disclosures.update(disclosures or {})
    _hourly.update(hourly or {})


def _add(family: Family, kinds: Mapping[str, str]) -> None:
    twice = _kinds[family].keys() & kinds.keys()
    if twice:
        raise ValueError(f"{family} declared twice: {', '.join(sorted(twice))}")
    _kinds[family].update(kinds)


def words(family: Family, kind: str) -> str:
    """Return the plain words of a kind. Raises KeyError for one that nobody declared."""
    return _kinds[family][kind]


def kinds(family: Family) -> dict[str, str]:
    """Return all declared kinds of a family with their words."""
    return dict(_kinds[family])


def alert_kind(kind: str) -> AlertKind:
    """Return what was declared of a kind of alert. Raises KeyError for one that nobody declared."""
    return _alerts[kind]


def alerts_told(roles: frozenset[Role]) -> dict[str, AlertKind]:
    """Return the kinds of alert that somebody with these roles is told, and may see."""
    return {kind: one for kind, one in _alerts.items() if roles & set(one.roles)}


def permissions_of(roles: frozenset[Role]) -> frozenset[str]:
    """Return what somebody with these roles may do."""
    return frozenset().union(*(_permissions[role] for role in roles))


def parameter(name: str) -> Parameter:
    """Return the declared parameter. Raises KeyError."""
    return _parameters[name]


def parameters() -> tuple[Parameter, ...]:
    """Return all declared parameters by name."""
    return tuple(_parameters[name] for name in sorted(_parameters))


def in_charge(kind: str) -> str:
    """Return the permission that it takes to cancel or restart a job of that kind, or to do a task of that kind."""
    return _in_charge.get(kind, "manage_practice")


def daily_jobs() -> frozenset[str]:
    """Return the kinds of job that run every day for each location."""
    return frozenset(_daily)


def navigation() -> list[Entry]:
    """Return the entries of all apps in their order."""
    return sorted(_navigation)


def disclosures() -> dict[str, Disclosure]:
    """Return by kind of audit event what leaves the house with it."""
    return dict(_disclosures)


def hourly() -> dict[str, int]:
    """Return by kind of audit event how often one person may leave it in an hour; what is not there is not counted."""
    return dict(_hourly)


def append_only() -> frozenset[str]:
    """Return the models, as app.Model, whose rows are written once."""
    return frozenset(_append_only)


_EVERYBODY = tuple(Role)
declare(
    permissions={
        "see_day": _EVERYBODY,
        "see_alerts": _EVERYBODY,
        "see_practice": _EVERYBODY,
        "manage_practice": (Role.ADMINISTRATOR,),
        "manage_people": (Role.ADMINISTRATOR,),
        "issue_tokens": (Role.ADMINISTRATOR, Role.BILLER),
        "see_audit": (Role.ADMINISTRATOR,),
        "open_in_emergency": _EVERYBODY,
    },
    audit_events={
        "alert.dismissed": "Alert dismissed",
        "alert.given_back": "Alert given back",
        "alert.handed_over": "Alert of somebody who left handed over",
        "alert.raised": "Alert raised",
        "alert.reopened": "Dismissal of an alert undone",
        "alert.resolved": "Alert closed itself",
        "alert.snoozed": "Alert snoozed",
        "alert.taken": "Alert taken",
        "alert.woken": "Alert woken",
        "agreement.changed": "Agreement with VA changed",
        "agreement.recorded": "Agreement with VA recorded",
        "api.read": "Health data given to a program by API",
        "backup.made": "Backup made",
        "backup.proven": "Backup proven to restore",
        "backup.restored": "Restored from a backup",
        "clinician.changed": "Clinician changed",
        "clinician.recorded": "Clinician recorded",
        "codes.made": "New recovery codes made",
        "dea.recorded": "DEA registration recorded",
        "digest.chosen": "E-mail about alerts chosen or stopped",
        "digest.refused": "E-mail about alerts refused by its address",
        "digest.sent": "E-mail about alerts sent",
        "document.kept": "Document kept",
        "document.read": "Document opened",
        "emergency.began": "Emergency access opened",
        "emergency.ended": "Emergency access ended",
        "factor.added": "Passkey or authenticator app added",
        "factor.removed": "Passkey or authenticator app removed",
        "factor.renamed": "Passkey renamed",
        "factors.dropped": "Second factors taken away by a one-time link",
        "factors.reset_offered": "Link for a new second factor made",
        "invitation.accepted": "Invitation accepted",
        "invitation.sent": "Invitation made",
        "invitation.sent_again": "Invitation made again",
        "invitation.withdrawn": "Invitation withdrawn",
        "job.asked_for": "Background work asked for",
        "job.read": "Health data read by background work",
        "job.cancelled": "Background work cancelled",
        "job.retried": "Background work started again",
        "keys.rotated": "Encrypted anew with the newest key",
        "leftovers.purged": "What was kept long enough deleted",
        "license.recorded": "License recorded",
        "location.changed": "Location changed",
        "location.recorded": "Location recorded",
        "membership.ended": "Role ended",
        "membership.given": "Role given",
        "page.read": "Page with health data opened",
        "parameter.set": "Parameter set",
        "password.changed": "Password changed",
        "password.reset": "Password set by a one-time link",
        "password.reset_offered": "Link for a new password made",
        "person.disabled": "Person disabled: roles, sessions, tokens and work ended",
        "practice.changed": "Practice details changed",
        "practice.created": "Practice created",
        "report.exported": "Report of who looked, or of what left the house, exported",
        "sign_in.done": "Signed in",
        "sign_in.failed": "Sign-in failed",
        "sign_in.proved": "Proved again who they are",
        "sign_out.done": "Signed out",
        "real_data.began": "First practice of real people: second factors a must, demo closed",
        "task.closed": "Task closed",
        "task.given_back": "Task given back",
        "task.handed_over": "Task of somebody who left handed over",
        "task.opened": "Task opened",
        "task.taken": "Task taken",
        "token.issued": "API token issued",
        "token.revoked": "API token revoked",
    },
    disclosures={
        "api.read": Disclosure("", "Data answered to a program", "Operations: a program that the practice connected"),
        "document.read": Disclosure("", "A document was opened or saved", "Payment and operations: work on a claim"),
        "report.exported": Disclosure("", "A report from the audit trail", "Required by law: 45 CFR 164.528"),
    },
    # A page a second, all hour long, is no person; of a program it is three calls. Source: our own.
    hourly={"page.read": 3600, "api.read": 10_800, "document.read": 300, "report.exported": 30},
    alerts={
        "emergency": AlertKind("Emergency access", (Role.ADMINISTRATOR,), "See who works here", "people"),
    },
    jobs={
        "end_emergency": "End an hour of emergency access",
        "purge_leftovers": "Delete what was kept long enough",
        "send_digests": "Tell people of new alerts by e-mail",
    },
    daily_jobs=("purge_leftovers",),
    navigation=(Entry(70, "Practice", "practice", "see_practice"),),
    append_only=(
        *("core.AuditEvent", "core.AuditSeal", "core.BackupRun", "core.Mention", "core.RealData", "core.SealedEvent"),
    ),
    parameters=(
        Parameter(
            "keep-api-answers-days",
            "30",
            "days after the request",
            "This product's own default; a repeated request comes within minutes",
            "today",
            verify_with="",
            read=whole_number,
        ),
        Parameter(
            "keep-ended-work-days",
            "90",
            "days after its end",
            "This product's own default, for daily work that nobody asked for; the audit trail keeps what it did",
            "today",
            verify_with="",
            read=whole_number,
        ),
        Parameter(
            "separation-exception",
            "",
            "a person through a day, who takes both steps where the practice is too small to keep them apart",
            "Nobody is excepted; whoever grants it says here why",
            "today",
            verify_with="",
            read=person_through,
        ),
        Parameter(
            "sign-in-hours",
            "12",
            "hours from sign-in to signing in again, 1 to 12",
            "OWASP ASVS 5.0.0, 7.3.2; NIST SP 800-63B-4",
            "sign-in",
            verify_with="",
            read=between(1, 12),
        ),
        Parameter(
            "sign-in-idle-minutes",
            "15",
            "minutes without anybody there until signing in again, 5 to 60",
            "45 CFR 164.312(a)(2)(iii), automatic logoff; OWASP ASVS 5.0.0, 7.3.1",
            "sign-in",
            verify_with="",
            read=between(5, 60),
        ),
    ),
)
