"""WSGI entry for gunicorn: unsafe settings end it before it serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
application = get_wsgi_application()

from vca.core.services import start  # noqa: E402 - models can be read only now

start.refuse_unsafe()
