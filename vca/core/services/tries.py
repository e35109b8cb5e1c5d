"""Guessing takes longer and longer, and nobody is locked out for good.

Failures are counted for an account from an address, for the account, and for the address. A try is counted before it is
judged, under a lock, so that a hundred at once are a hundred. Who has signed in from an address before is held up by
failures of that pair alone: strangers cannot keep anybody out of the account.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from vca.core import crypto
from vca.core.models import Tries
from vca.domain.errors import RuleError
from vca.domain.sign_in import ACCOUNT, ADDRESS, FORGOTTEN_AFTER, PAIR, Pace
from vca.domain.wording import lasting

KNOWN_FOR = timedelta(days=90)


class TooManyTries(RuleError):
    """The next try must wait."""

    code = "ACCESS-07"


def paces(account: str, address: str) -> dict[str, Pace]:
    """Return the pace of each key that a try counts for, the pair first."""
    named = {"pair": f"{account} {address}", "account": account, "address": address}
    keys = {kind: crypto.blind_index(value, about=f"tries.{kind}") for kind, value in named.items()}
    return {keys["pair"]: PAIR, keys["account"]: ACCOUNT, keys["address"]: ADDRESS}


def begin(*, account: str, address: str, at: datetime) -> None:
    """Count a try that is about to be judged. Raises TooManyTries, then nothing was counted."""
    kinds = paces(account, address)
    with transaction.atomic():
        rows = _locked(kinds, at)
        pair = rows[next(iter(kinds))]
        free_at = max(row.free_at for row in ([pair] if pair.is_known else rows.values()))
        if free_at > at:
            raise TooManyTries(f"too many tries; wait {lasting(free_at - at)}")
        for key, row in rows.items():
            row.failures = 1 if at - row.last_at > FORGOTTEN_AFTER else row.failures + 1
            row.last_at, row.free_at = at, at + kinds[key].delay(row.failures)
        Tries.objects.bulk_update(rows.values(), ["failures", "last_at", "free_at"])


def _locked(keys: Iterable[str], at: datetime) -> dict[str, Tries]:
    """Return a row for each key, locked in one order, so that two tries never wait for each other."""
    wanted = sorted(keys)
    fresh = [Tries(key=key, last_at=at, free_at=at) for key in wanted]
    Tries.objects.bulk_create(fresh, ignore_conflicts=True)
    found = Tries.objects.select_for_update(no_key=True).filter(key__in=wanted).order_by("key")
    return {row.key: row for row in found}


def succeeded(*, account: str, address: str, at: datetime) -> None:
    """Forget the failures of the account, and know it from this address; of the address only this try is forgiven."""
    pair, everywhere, whole_address = paces(account, address)
    with transaction.atomic():
        rows = _locked((pair, everywhere, whole_address), at)
        rows[pair].is_known = True
        rows[pair].failures = rows[everywhere].failures = 0
        rows[whole_address].failures -= min(1, rows[whole_address].failures)
        rows[pair].free_at = rows[everywhere].free_at = at
        Tries.objects.bulk_update(rows.values(), ["failures", "free_at", "is_known"])


def forget_old(*, at: datetime) -> int:
    """Delete what no longer counts; return how many rows."""
    strangers = Tries.objects.filter(is_known=False, last_at__lt=at - FORGOTTEN_AFTER)
    known = Tries.objects.filter(is_known=True, last_at__lt=at - KNOWN_FOR)
    return strangers.delete()[0] + known.delete()[0]
