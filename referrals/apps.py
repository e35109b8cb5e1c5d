"""App configuration."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Referrals, authorizations and visits."""

    name = "referrals"
