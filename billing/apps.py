"""App configuration."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Claims, and later remittances."""

    name = "billing"
