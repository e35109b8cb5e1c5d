"""Migrate with the owner's role, then grant the application role what it needs and no more."""

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from vca.core import vocabulary


class Command(BaseCommand):
    """Bring the database up to this version of the product."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The owner's connection is used when there is one."""
        parser.add_argument("--database", default="owner" if "owner" in connections else "default")

    def handle(self, *, database: str, verbosity: int, **_: object) -> None:
        """Migrate, then grant."""
        call_command(
            "migrate",
            database=database,
            verbosity=0 if verbosity == 1 else verbosity,
            interactive=False,
        )
        if "owner" in connections:
            grant(connections[database], role=connections["default"].settings_dict["USER"])


def grant(owner: BaseDatabaseWrapper, *, role: str) -> None:
    """Give the application role its rights on every table; what is append-only can be read and added to."""
    name, append_only = owner.ops.quote_name(role), {apps.get_model(label) for label in vocabulary.append_only()}
    with transaction.atomic(using=owner.alias), owner.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
        # Backups and the readiness probe ask which migrations stand.
        cursor.execute(f"GRANT SELECT ON django_migrations TO {name}")
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            rights = "SELECT, INSERT" if model in append_only else "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(f"REVOKE ALL ON {owner.ops.quote_name(table)} FROM {name}")
            cursor.execute(f"GRANT {rights} ON {owner.ops.quote_name(table)} TO {name}")
