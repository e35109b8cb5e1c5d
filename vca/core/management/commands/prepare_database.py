"""Migrate with the owner's role, then grant the application role what it needs and show it one practice at a time."""

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from vca.core import policies, vocabulary
from vca.core.services import backups

WITHOUT_OWNER = (
    "DATABASE_OWNER_URL is not set: the role of DATABASE_URL owns the tables, and nothing below the code keeps "
    "practices apart or the audit trail unchanged. docs/deployment.md tells how to have two roles."
)


class Command(BaseCommand):
    """Bring the database up to this version of the product."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The owner's connection is used when there is one."""
        parser.add_argument("--database", default=backups.owner())

    def handle(self, *, database: str, verbosity: int, **_: object) -> None:
        """Migrate, then grant and isolate."""
        call_command(
            "migrate",
            database=database,
            verbosity=0 if verbosity == 1 else verbosity,
            interactive=False,
        )
        refuse_of_another_commit(connections[database])
        if "owner" in connections:
            role = connections["default"].settings_dict["USER"]
            refuse_role_above_policies(connections[database], role=role)
            grant(connections[database], role=role)
            policies.isolate(connections[database], role=role)
        elif connections[database].vendor == "postgresql":
            self.stderr.write(WITHOUT_OWNER)


def refuse_of_another_commit(one: BaseDatabaseWrapper) -> None:
    """Raise CommandError for a database whose tables another commit made: until the first release none migrates it."""
    with one.cursor() as cursor:
        there = set(one.introspection.table_names(cursor))
        for model in apps.get_models():
            table, wanted = model._meta.db_table, {str(field.column) for field in model._meta.local_concrete_fields}
            rows = one.introspection.get_table_description(cursor, table) if table in there else []
            lacking = sorted(wanted - {row.name for row in rows})
            if lacking:
                raise CommandError(
                    f"This database was made by another commit: {table}.{lacking[0]} is not in it. Take an empty one. "
                    "For the try-out remove its folder, or name another: VCA_STATE_DIR=/elsewhere ./run"
                )


def refuse_role_above_policies(owner: BaseDatabaseWrapper, *, role: str) -> None:
    """Raise CommandError for an application role to which no policy, or the owner's policy, would apply."""
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles"
            " WHERE rolname = %s",
            [role],
        )
        if cursor.fetchone() == (True,):
            raise CommandError(
                f"The role {role} of DATABASE_URL may do what the owner may, so that nothing would keep the practices "
                "apart. Give the application a role of its own: deploy/roles.sh shows how."
            )


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
