"""The demo's two practices on their first day, without a Veteran: what docs/api.md starts from, in a second.

python -m tests.deployment.open_demo
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - needs the settings

from vca.demo.clinics import HARBOR, open_clinic  # noqa: E402
from vca.demo.people import make_users  # noqa: E402

if __name__ == "__main__":
    open_clinic(HARBOR, users=make_users("nobody signs in"), today=timezone.now().date())
