"""What is looked at before anything is served: real people's data is never served as in the try-out."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from vca.core.models import RealData, User

DEBUG_ON = (
    "There is a practice of real people here, and DEBUG is on: whoever meets a fault would read their data. Set "
    "DEBUG=0 and ALLOWED_HOSTS."
)
DEMO_OPEN = (
    "There is a practice of real people here, and people of the demo, whose password is public, can sign in. Restore a "
    "backup from before that, or disable them."
)


def refuse_unsafe() -> None:
    """Raise ImproperlyConfigured for what must not be beside real people's data.

    A database that does not answer, or has no tables yet, refuses nothing: /readyz tells of it, and nobody is served.
    """
    try:
        demo = User.objects.filter(is_demo=True, is_active=True).exists() if RealData.objects.exists() else None
    except DatabaseError:
        return
    if demo is not None and settings.DEBUG:
        raise ImproperlyConfigured(DEBUG_ON)
    if demo:
        raise ImproperlyConfigured(DEMO_OPEN)
