"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Every page that shows both apps."""

    name = "vca.desk"
    label = "desk"
