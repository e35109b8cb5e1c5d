"""Core at start: read what each app declares, and register job handlers, receivers and the id in addresses."""

from django.apps import AppConfig
from django.urls import register_converter
from django.utils.module_loading import autodiscover_modules

from vca.core.pages import IdConverter


class CoreConfig(AppConfig):
    """People, places, paper, audit, jobs, tasks for people, alerts."""

    name = "vca.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Import every app's words before the modules that use them."""
        register_converter(IdConverter, "id")
        autodiscover_modules("vocabulary")
        autodiscover_modules("tasks", "receivers")
