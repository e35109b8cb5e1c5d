"""All rows of ours, to compare what was with what is."""

from typing import Any

from django.apps import apps

OURS = ("core", "referrals", "billing")


def everything() -> dict[str, list[Any]]:
    """Return every row of every table of ours."""
    models = [model for model in apps.get_models() if model._meta.app_label in OURS]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}
