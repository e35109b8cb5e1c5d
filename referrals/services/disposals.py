"""Disposal: a Veteran's records go together, in one transaction, when all are past their time; a certificate stays.

Sources: 45 CFR 164.310(d)(2)(i), disposal; 164.316(b)(2)(i), retention. docs/decisions/0016.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from referrals import signals
from referrals.models import (
    Authorization,
    AuthorizationVersion,
    AuthorizedService,
    Disposal,
    LedgerEntry,
    LegalHold,
    Notice,
    Referral,
    Veteran,
    VeteranFacts,
    Visit,
    VisitService,
)
from referrals.services.retention import PastTime, past_their_time
from referrals.signals import Gone
from vca.core import access, alerts, audit, documents, jobs, sight
from vca.core.access import Actor
from vca.core.db import Among
from vca.core.models import Document, Job
from vca.core.services.leftovers import forget_about, gone
from vca.core.signals import whose
from vca.domain.errors import RuleError
from vca.domain.wording import counted


class NotPastTime(RuleError):
    """Somebody's records are still to be kept."""

    code = "RETAIN-01"


class NotThatMany(RuleError):
    """The number that was typed is not that of the ticked Veterans."""

    code = "RETAIN-02"


def ask(*, veteran_ids: Collection[int], typed: int, by: Actor, at: datetime) -> Job:
    """Ask for the disposal of these Veterans' records. Raises NotThatMany, NotPastTime."""
    ids = sorted(set(veteran_ids))
    if not ids or typed != len(ids):
        raise NotThatMany(f"{counted(len(ids), 'Veteran')} ticked, {typed} typed", field="count")
    ready = {one.due.veteran_id for one in past_their_time(by, at=at, among=ids) if one.is_ready}
    if ready != set(ids):
        kept = len(ids) - len(ready)
        raise NotPastTime(f"the records of {kept} of the {counted(len(ids), 'Veteran')} are to be kept")
    return jobs.enqueue(kind="dispose_records", key=jobs.digest(ids), subject_ids=ids, by=by)


def reports_naming(veteran_ids: Collection[int], *, by: Actor) -> dict[int, set[int]]:
    """Return the ids of the reports of imports that name each of these Veterans. Each report is read once for all."""
    naming: dict[int, set[int]] = {pk: set() for pk in veteran_ids}
    since = Referral.objects.filter(Among("veteran_id", list(naming))).aggregate(first=Min("received_at"))["first"]
    for report in documents.received(by, "va_referral_report").filter(created_at__gte=since) if since else ():
        for pk in whose(report) & naming.keys():
            naming[pk].add(report.pk)
    return naming


def dispose(*, veteran_id: int, by: Actor, at: datetime, reports: Collection[int] | None = None) -> bool:
    """Delete everything of a Veteran and leave the certificate; tell whether it was still there and still due.

    What is due is asked again behind the lock that who places a hold waits for. ``reports`` are those that name the
    Veteran, where who disposes of several has asked for all at once; one that came since goes with the unnamed files.
    """
    with transaction.atomic(), sight.unseen():
        alerts.hold(by)
        veteran = access.scope(Veteran.objects.select_for_update(no_key=True), by).filter(pk=veteran_id).first()
        found = past_their_time(by, at=at, among=[veteran_id] if veteran else [])
        if veteran is None or not found or not found[0].is_ready:
            return False
        naming = reports_naming([veteran_id], by=by)[veteran_id] if reports is None else set(reports)
        answers = [*signals.gone_of(veteran_id, by=by), _delete(veteran, naming, by)]
        _certify(found[0], answers, by=by, at=at)
    return True


def _delete(veteran: Veteran, reports: set[int], by: Actor) -> Gone:
    """Delete what referrals knows of a Veteran, from the leaves to the root: PROTECT stops what would be forgotten."""
    referrals = Referral.objects.filter(veteran=veteran)
    named_in = Notice.objects.filter(referral__veteran=veteran, document__isnull=False)
    document_ids = reports | set(named_in.values_list("document_id", flat=True))
    counts = _forget(veteran, by)
    Authorization.objects.filter(veteran=veteran).update(current=None)
    Referral.objects.filter(continues__veteran=veteran).update(continues=None)
    Veteran.objects.filter(pk=veteran.pk).update(current=None)
    for rows in (
        LedgerEntry.objects.filter(visit__veteran=veteran),
        VisitService.objects.filter(visit__veteran=veteran),
        Visit.objects.filter(veteran=veteran),
        AuthorizationVersion.objects.filter(authorization__veteran=veteran),
        AuthorizedService.objects.filter(authorization__veteran=veteran),
        Authorization.objects.filter(veteran=veteran),
        Notice.objects.filter(referral__veteran=veteran),
        referrals,
        LegalHold.objects.filter(veteran=veteran),
        VeteranFacts.objects.filter(veteran=veteran),
        Veteran.objects.filter(pk=veteran.pk),
    ):
        counts += gone(rows)
    return Gone(counts, document_ids)


def _forget(veteran: Veteran, by: Actor) -> Counter[str]:
    """Delete the alerts and tasks about the Veteran's referrals, authorizations, lines and visits."""
    lines = AuthorizedService.objects.filter(authorization__veteran=veteran)
    about = {
        "referral": veteran.referrals.all(),
        "authorization": veteran.authorizations.all(),
        "authorizedservice": lines,
        "visit": veteran.visits.all(),
    }
    counts = Counter[str]()
    for kind, rows in about.items():
        counts += forget_about(kind, list(rows.values_list("pk", flat=True)), by=by)
    return counts


def _certify(found: PastTime, answers: list[Gone], *, by: Actor, at: datetime) -> None:
    """Discard the files that now name nobody, and write the certificate and the event."""
    named = Document.objects.filter(pk__in={pk for one in answers for pk in one.document_ids})
    alone = [document for document in access.scope(named, by).order_by("pk") if not whose(document)]
    left = named.count() - len(alone)
    for document in alone:
        documents.discard(document)
    due, counts = found.due, sum((one.counts for one in answers), Counter[str]())
    Disposal.objects.create(
        practice_id=by.practice_id,
        veteran_number=due.veteran_id,
        rule=due.rule,
        years=due.years,
        source=found.source,
        last_day=due.last_day,
        due_on=due.due_on,
        counts=dict(sorted(counts.items())),
        files=len(alone),
        files_left=left,
        at=at,
        asked_by_id=by.user_id,
    )
    told = {"rule": due.rule, "rows": counts.total(), "files": len(alone), "files_left": left}
    subject = f"veteran {due.veteran_id}"
    audit.record(by=by, action="records.disposed", subject=subject, changes=told, veterans=[due.veteran_id])
