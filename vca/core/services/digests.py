"""E-mail about new alerts: how many of which kind, and a link. What they are about stays in the product.

A message is sent inside the transaction that notes it, so that none is lost; a worker that dies between sending and
noting sends it again under the same Message-ID. Source: 45 CFR 164.312(e)(1), transmission security.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from vca.core import audit, jobs, vocabulary
from vca.core.access import Actor
from vca.core.models import AlertState, Channel, Delivery, Job, Outcome, Practice, User
from vca.domain.wording import counted

GATHERED = timedelta(minutes=5)  # what the watches of a morning raise goes into one message


@dataclass(frozen=True, slots=True)
class Digest:
    """One message: to whom, and the deliveries in the product that it tells of."""

    user: User
    deliveries: Sequence[Delivery]


def ask(*, by: Actor, at: datetime) -> Job:
    """Let everybody be told by e-mail, once the watches of this morning are through."""
    return jobs.enqueue(kind="send_digests", key=f"practice {by.practice_id}", by=by, due_at=at + GATHERED)


def due(by: Actor) -> list[Digest]:
    """Return the messages that are due: open alerts of which somebody was told in the product alone."""
    written = Delivery.objects.filter(
        channel=Channel.EMAIL,
        **{name: OuterRef(name) for name in ("recipient", "kind", "subject_kind", "subject_id", "threshold", "basis")},
    )
    rows = Delivery.objects.filter(
        practice_id=by.practice_id,
        channel=Channel.IN_PRODUCT,
        outcome=Outcome.DELIVERED,
        alert__state=AlertState.OPEN,
        recipient__is_active=True,
        recipient__user__is_active=True,
        recipient__user__wants_digest=True,
    )
    told: dict[User, list[Delivery]] = {}
    for row in rows.filter(~Exists(written)).select_related("recipient__user").order_by("recipient__user_id", "pk"):
        told.setdefault(row.recipient.user, []).append(row)
    return [Digest(user, deliveries) for user, deliveries in told.items()]


def send(digest: Digest, *, job: Job, by: Actor, at: datetime) -> None:
    """Note and send one message. Raises SMTPException and OSError, and then nothing is noted."""
    with transaction.atomic():
        Delivery.objects.bulk_create([_by_email(row, at) for row in digest.deliveries], ignore_conflicts=True)
        audit.record(by=by, action="digest.sent", subject=digest.user, changes={"alerts": len(_alerts(digest))})
        message(digest, job=job).send()


def message(digest: Digest, *, job: Job) -> EmailMessage:
    """Return what is sent: numbers and a link, and no word about anybody."""
    kinds = Counter(_alerts(digest).values())
    told = [f"{vocabulary.words(vocabulary.Family.ALERT, kind)}: {number}" for kind, number in sorted(kinds.items())]
    practice = Practice.objects.get(jobs=job)
    body = (
        *(practice.name, "", *told, ""),
        f"Open them: {settings.SITE_URL}{reverse('alerts')}",
        "",
        "Whom they are about is not written here: e-mail is not private.",
        f"To have no such messages: {settings.SITE_URL}{reverse('change_password')}",
    )
    return EmailMessage(
        subject=f"VCA Desk: {counted(kinds.total(), 'new alert')}",
        body="\n".join(body),
        to=[digest.user.email],
        headers={"Message-ID": f"<digest-{job.pk}-{digest.user.pk}@{urlsplit(settings.SITE_URL).hostname}>"},
    )


def _alerts(digest: Digest) -> dict[int, str]:
    """Return kind by alert; somebody with two roles is told twice in the product, and once by e-mail."""
    return {row.alert_id: row.kind for row in digest.deliveries}


def _by_email(row: Delivery, at: datetime) -> Delivery:
    copied = ("practice_id", "alert_id", "kind", "subject_kind", "subject_id", "threshold", "basis", "recipient_id")
    return Delivery(channel=Channel.EMAIL, at=at, **{name: getattr(row, name) for name in copied})


def choose(*, user: User, wanted: bool, by: audit.By) -> None:
    """Let a person have the messages, or not."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(wants_digest=wanted)
        audit.record(by=by, action="digest.chosen", subject=user, changes={"wanted": wanted})
