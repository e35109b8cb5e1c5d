"""Repeat a request and get the first answer again: the key, the deed and its answer are one commit.

A twin that arrives while the first one runs waits for its commit and is then given its answer; a refused request
leaves nothing, so that it can be sent again with the same key.
"""

import hashlib
from typing import Any

from vca.core.access import Actor
from vca.core.models import IdempotencyKey
from vca.domain.errors import RuleError


class KeyReused(RuleError):
    """The key was used for another request."""

    code = "API-01"


def earlier_answer(*, by: Actor, key: str, request: bytes) -> tuple[int, Any] | None:
    """Return status and body given before, or ``None`` after noting that this request runs now.

    Must run in the transaction of the deed. Raises KeyReused when the same key came with another request.
    """
    digest = hashlib.sha256(request).hexdigest()
    row = IdempotencyKey(practice_id=by.practice_id, key=key, request_hash=digest)
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    first = IdempotencyKey.objects.select_for_update().get(practice_id=by.practice_id, key=key)
    if first.request_hash != digest:
        raise KeyReused("this Idempotency-Key was used for another request")
    return None if first.status is None else (first.status, first.body)


def remember(*, by: Actor, key: str, status: int, body: Any) -> None:
    """Keep the answer for repetitions."""
    IdempotencyKey.objects.filter(practice_id=by.practice_id, key=key).update(status=status, body=body)
