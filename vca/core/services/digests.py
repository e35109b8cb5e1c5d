"""E-mail about new alerts: how many of which kind, and a link. What they are about stays in the product.

What is to be told is noted in one commit, sent outside any transaction, and ticked off in a second commit. So no
message is lost: what was noted and not ticked off is sent again, by the job that failed, by one that a person starts
again, or by the next morning's. It is sent twice only when the worker or the line dies after the mail server has taken
it and before it is ticked off; then it is word for word the same, under the same Message-ID. Never twice would mean
sometimes not at all, and a deadline that nobody was told of costs more than a message that came twice. An address that
the server refuses for good ends its message; the next one is tried again, for the address may have been mended.
Source: 45 CFR 164.312(e)(1), transmission security; RFC 5322 3.6.4, Message-ID; RFC 5321 4.2.1, 5yz.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.urls import reverse

from vca.core import access, alerts, audit, jobs, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, AlertState, Channel, Delivery, Job, Outcome, Practice, User
from vca.domain.wording import counted

GATHERED = timedelta(minutes=5)  # what the watches of a morning raise goes into one message


@dataclass(frozen=True, slots=True)
class Digest:
    """One message: to whom, when it was noted, and the deliveries by e-mail that it is."""

    user: User
    noted_at: datetime
    deliveries: Sequence[Delivery]


def ask(*, by: Actor, at: datetime) -> Job:
    """Let everybody be told by e-mail, once the watches of this morning are through; by the next job if one sends."""
    return jobs.enqueue_behind(kind="send_digests", key=f"practice {by.practice_id}", by=by, due_at=at + GATHERED)


def ask_if_due(*, by: Actor, at: datetime) -> None:
    """Let everybody be told, if there is something to tell: what was raised, woke, or no mail server took yesterday."""
    if _untold(by, at).exists() or _noted(by).exists():
        ask(by=by, at=at)


def note(*, job: Job, by: Actor, at: datetime) -> list[Digest]:
    """Note what is to be told now; return it, and what was noted before and never ticked off, as messages.

    What another job may be sending at this moment is left to it.
    """
    with transaction.atomic():
        alerts.hold(by)  # of two jobs the second finds what the first has noted, and sees it run
        moment = _own_instant(by, at)
        Delivery.objects.bulk_create([_by_email(row, moment) for row in _untold(by, at)])
        mine = _noted(by).filter(at=moment) if jobs.beside(job, at=at).exists() else _noted(by)
        told: dict[tuple[User, datetime], list[Delivery]] = {}
        for row in mine.select_related("recipient__user").order_by("at", "recipient__user_id", "pk"):
            told.setdefault((row.recipient.user, row.at), []).append(row)
    return [Digest(user, noted_at, rows) for (user, noted_at), rows in told.items()]


def _own_instant(by: Actor, at: datetime) -> datetime:
    """Return that instant, or the next at which no other job noted anything: a message is named after it."""
    taken = access.scope(Delivery.objects.filter(channel=Channel.EMAIL, at__gte=at), by)
    last = taken.aggregate(last=Max("at"))["last"]
    return last + timedelta(microseconds=1) if last else at


def _untold(by: Actor, at: datetime) -> QuerySet[Delivery]:
    """Return what somebody was told in the product alone, of alerts that are open and awake."""
    about = ("kind", "subject_kind", "subject_id")
    said = {name: OuterRef(name) for name in ("recipient", "threshold", "basis", *about)}
    # Not the alert of that day: it may have closed itself and been followed by another, of which nobody is told anew.
    alert = Alert.objects.filter(
        practice_id=by.practice_id, state=AlertState.OPEN, **{name: OuterRef(name) for name in about}
    )
    rows = _reachable(by).filter(channel=Channel.IN_PRODUCT, outcome=Outcome.DELIVERED)
    written = Delivery.objects.filter(channel=Channel.EMAIL, **said)
    return rows.filter(Exists(alert.exclude(wakes_at__gt=at)), ~Exists(written)).order_by("pk")


def _noted(by: Actor) -> QuerySet[Delivery]:
    return _reachable(by).filter(channel=Channel.EMAIL, outcome=Outcome.NOTED)


def _reachable(by: Actor) -> QuerySet[Delivery]:
    return access.scope(Delivery.objects.all(), by).filter(
        recipient__is_active=True,
        recipient__user__is_active=True,
        recipient__user__wants_digest=True,
    )


def tick_off(digest: Digest, *, by: Actor) -> None:
    """Record that the mail server has taken the message."""
    _end(digest, Outcome.DELIVERED, "digest.sent", by)


def give_up(digest: Digest, *, by: Actor) -> None:
    """Record that the address takes no mail: the message is not sent again, and the list of people says so."""
    _end(digest, Outcome.REFUSED, "digest.refused", by)


def _end(digest: Digest, outcome: Outcome, action: str, by: Actor) -> None:
    with transaction.atomic():
        mine = Delivery.objects.filter(pk__in=[row.pk for row in digest.deliveries], outcome=Outcome.NOTED)
        if mine.update(outcome=outcome):
            audit.record(by=by, action=action, subject=digest.user, changes={"alerts": len(_alerts(digest))})


def message(digest: Digest, *, by: Actor) -> EmailMessage:
    """Return what is sent: numbers and a link, and no word about anybody; for the same digest always the same."""
    kinds = Counter(kind for kind, *_ in _alerts(digest))
    told = [f"{vocabulary.words(vocabulary.Family.ALERT, kind)}: {number}" for kind, number in sorted(kinds.items())]
    practice = Practice.objects.get(pk=by.practice_id)
    body = (
        *(practice.name, "", *told, ""),
        f"Open them: {settings.SITE_URL}{reverse('alerts')}",
        "",
        "Whom they are about is not written here: e-mail is not private.",
        f"To have no such messages: {settings.SITE_URL}{reverse('change_password')}",
    )
    name = f"digest-{practice.pk}-{digest.user.pk}-{digest.noted_at:%Y%m%dT%H%M%S%f}"
    return EmailMessage(
        subject=f"VCA Desk: {counted(kinds.total(), 'new alert')}",
        body="\n".join(body),
        to=[digest.user.email],
        headers={"Message-ID": f"<{name}@{urlsplit(settings.SITE_URL).hostname}>"},
    )


def _alerts(digest: Digest) -> set[tuple[str, str, int]]:
    """Return kind and subject of each alert once.

    Somebody with two roles is told twice in the product, and an alert that was dismissed may have been followed by
    another on the same subject: one of them is open.
    """
    return {(row.kind, row.subject_kind, row.subject_id) for row in digest.deliveries}


def _by_email(row: Delivery, at: datetime) -> Delivery:
    copied = ("practice_id", "alert_id", "kind", "subject_kind", "subject_id", "threshold", "basis", "recipient_id")
    values = {name: getattr(row, name) for name in copied}
    return Delivery(channel=Channel.EMAIL, outcome=Outcome.NOTED, at=at, **values)


def choose(*, user: User, wanted: bool, by: audit.By) -> None:
    """Let a person have the messages, or not."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(wants_digest=wanted)
        audit.record(by=by, action="digest.chosen", subject=user, changes={"wanted": wanted})
