"""App configuration."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Synthetic practices for the try-out."""

    name = "vca.demo"
    label = "demo"
