"""The practice's own prices."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from billing.models import Charge
from vca.core import audit
from vca.core.access import Actor


def set_price(*, code: str, amount: Decimal, valid_from: date, by: Actor) -> Charge:
    """Set the price of a code from a day on; the price before it ends the day before."""
    with transaction.atomic():
        mine = Charge.objects.filter(practice_id=by.practice_id, code=code)
        running = mine.filter(
            Q(valid_through__isnull=True) | Q(valid_through__gte=valid_from), valid_from__lt=valid_from
        )
        running.update(valid_through=valid_from - timedelta(days=1))
        charge, _ = Charge.objects.update_or_create(
            practice_id=by.practice_id, code=code, valid_from=valid_from, defaults={"amount": amount}
        )
        audit.record(by=by, action="charge.set", subject=charge, changes={"code": code, "amount": str(amount)})
    return charge
