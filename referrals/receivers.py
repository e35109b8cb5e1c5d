"""Referrals' answers to core: what is still booked at a place or with somebody who treats, and whom a paper names."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from referrals import queries
from referrals.models import Notice, Visit
from vca.core import documents
from vca.core.access import Actor
from vca.core.models import Clinician, Document, ServiceLocation
from vca.core.signals import Hanging, about, naming, still_needed
from vca.domain.wording import say_day


@receiver(still_needed, sender=ServiceLocation, dispatch_uid="visits booked at a place")
def booked_at(row: ServiceLocation, by: Actor, **_: Any) -> list[Hanging]:
    """Return the visits booked there."""
    return [_hanging(visit) for visit in queries.still_booked(by).filter(location=row)]


@receiver(still_needed, sender=Clinician, dispatch_uid="visits booked with a clinician")
def booked_with(row: Clinician, by: Actor, **_: Any) -> list[Hanging]:
    """Return the visits in which the clinician is to give a service."""
    return [_hanging(visit) for visit in queries.still_booked(by).filter(services__clinician=row).distinct()]


@receiver(naming, dispatch_uid="Veterans in notices and their reports")
def named_in(document: Document, **_: Any) -> set[int]:
    """Return the Veterans of the notices that came with a document, or of the referrals that a report is about."""
    if document.kind == "va_referral_report":
        return queries.veterans_in_report(documents.read(document).decode().splitlines(), document.practice_id)
    return set(Notice.objects.filter(document=document).values_list("referral__veteran", flat=True))


@receiver(about, dispatch_uid="Veterans of referrals, authorizations and visits")
def whose(kind: str, ids: set[int], **_: Any) -> set[int]:
    """Return the Veterans of what a task or an alert is about."""
    return queries.veterans_of(kind, ids)


def _hanging(visit: Visit) -> Hanging:
    words = f"Visit on {say_day(visit.on)}, referral {visit.authorization.referral.number}"
    return Hanging(words, reverse("authorization", args=[visit.authorization_id]))
