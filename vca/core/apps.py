"""Core at start: read what each app declares, and register job handlers and receivers."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    """People, places, paper, audit, jobs, tasks for people, alerts."""

    name = "vca.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Import every app's words before the modules that use them."""
        autodiscover_modules("vocabulary")
        autodiscover_modules("tasks", "receivers")
