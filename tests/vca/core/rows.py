"""All rows of ours, to compare what was with what is."""

from typing import Any

from django.apps import apps

from vca.core.models import AuditEvent, Mention

OURS = ("core", "referrals", "billing")
READINGS = ("page.read", "api.read")


def everything() -> dict[str, list[Any]]:
    """Return every row of every table of ours, but for what says that somebody has read something."""
    models = [model for model in apps.get_models() if model._meta.app_label in OURS]
    found = {model._meta.label: model._default_manager.order_by("pk") for model in models}
    found["core.AuditEvent"] = AuditEvent.objects.exclude(action__in=READINGS).order_by("pk")
    found["core.Mention"] = Mention.objects.exclude(event__action__in=READINGS).order_by("pk")
    return {label: list(rows.values_list()) for label, rows in found.items()}


def in_the_database(text: str) -> list[str]:
    """Return the tables in which a text stands anywhere."""
    return [table for table, rows in everything().items() if any(text in str(value) for row in rows for value in row)]
