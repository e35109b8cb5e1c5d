"""Every sign-in begins with its time limits, whoever signs somebody in."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from vca.core import kept_forms, sessions
from vca.core.models import User
from vca.core.services import sign_ins


@receiver(user_logged_in)
def begin(sender: type[User], *, request: HttpRequest, user: User, **_: Any) -> None:
    """Note the moment, the limits, and the pages for which something was kept."""
    now = timezone.now()
    sessions.begin(request.session, limits=sign_ins.limits(user, at=now), at=now)
    kept_forms.remember(request.session, user_id=user.pk)
