"""API tokens end with what they were made by: a new password, or lost second factors.

Whoever had the old password may have made a token, which would outlive it by a year. Source: OWASP ASVS 5.0.0, 7.4.3.
"""

from datetime import datetime

from vca.core import audit
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import ApiToken, User


def end_all_of(user: User, *, acting_as: str, at: datetime) -> None:
    """End every token of a person, in every practice, each with its event there. Must run in a transaction."""
    with within(None):
        live = list(ApiToken.objects.filter(user=user, revoked_at__isnull=True).order_by("pk"))
    for token in live:
        with within(token.practice_id):
            if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
                by = Actor(token.practice_id, user.pk, acting_as)
                audit.record(by=by, action="token.revoked", subject=token)
