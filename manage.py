#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
    try:
        settings.DEBUG  # noqa: B018 - reads the settings, so that nonsense in them ends here, without a traceback
    except ImproperlyConfigured as fault:
        sys.exit(f"The settings cannot be used. {fault}")
    execute_from_command_line(sys.argv)
