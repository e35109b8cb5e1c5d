"""The workers of the negative control: the product's own, but for the one job that they do naively.

python -m tests.faults.naive_worker                       for manage.py work
celery -A tests.faults.naive_worker worker                for celery -A vca.celery worker
"""

import os
from importlib import import_module

import django
from django.core.management import call_command

from vca.celery import app

__all__ = ["app"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
django.setup()
import_module("vca.core.jobs").handler("write_837p")(import_module("tests.faults.naive").write_837p)

if __name__ == "__main__":
    call_command("work")
