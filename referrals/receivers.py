"""Referrals' answer to core: the visits that are still booked at a place, or with somebody who treats."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from referrals import queries
from referrals.models import Visit
from vca.core.access import Actor
from vca.core.models import Clinician, ServiceLocation
from vca.core.signals import Hanging, still_needed
from vca.domain.wording import say_day


@receiver(still_needed, sender=ServiceLocation, dispatch_uid="visits booked at a place")
def booked_at(row: ServiceLocation, by: Actor, **_: Any) -> list[Hanging]:
    """Return the visits booked there."""
    return [_hanging(visit) for visit in queries.still_booked(by).filter(location=row)]


@receiver(still_needed, sender=Clinician, dispatch_uid="visits booked with a clinician")
def booked_with(row: Clinician, by: Actor, **_: Any) -> list[Hanging]:
    """Return the visits in which the clinician is to give a service."""
    return [_hanging(visit) for visit in queries.still_booked(by).filter(services__clinician=row).distinct()]


def _hanging(visit: Visit) -> Hanging:
    words = f"Visit on {say_day(visit.on)}, referral {visit.authorization.referral.number}"
    return Hanging(words, reverse("authorization", args=[visit.authorization_id]))
