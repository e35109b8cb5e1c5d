"""The policies by which PostgreSQL keeps practices apart; ``prepare_database`` writes them after every migration.

A table of a model with ``practice`` is covered by itself. What is read before a practice is known is a door: it can be
read as long as none is set, and written in its practice alone. Everything else is listed with its reason.
"""

from django.apps import apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

MISSING = "VCA01"  # the SQLSTATE of a statement that needs a practice where none is set
DOORS = {
    "core.Practice": "the practices of whoever signs in, and what sweeps go through one by one",
    "core.Membership": "where somebody works, who has not chosen yet; who works elsewhere resets no password here",
    "core.ApiToken": "found by its hash: it names the practice",
    "core.Invitation": "found by the hash of its link: it names the practice",
    "core.KeptForm": "for which pages somebody who signs in had typed something; what it was is sealed",
    "core.Job": "the queue: a worker takes what is due, and works in the practice of the job",
    "core.AuditEvent": "the sealer chains the events of all practices; what people do to their own account has none",
}
OF_NO_PRACTICE = {
    "core_user": "a person is one person in all practices",
    "core_passkey": "of a person in all practices: public keys",
    "core_authenticatorapp": "of a person in all practices; the secret is sealed",
    "core_recoverycode": "of a person in all practices: keyed hashes",
    "core_tries": "who tries at the door works nowhere yet: keyed hashes and moments",
    "core_realdata": "one row for all practices: since when",
    "core_backuprun": "of everything at once: moments and numbers",
    "core_auditseal": "the one chain over all events: hashes and numbers",
    "core_sealedevent": "which event is in which link: numbers",
    "django_session": "found by its key, which is random",
    "django_content_type": "Django's own, made by migrations",
    "django_migrations": "Django's own",
    "auth_permission": "Django's own, made by migrations; roles do not use it",
    "auth_group": "Django's own, empty: roles do not use it",
    "auth_group_permissions": "Django's own, empty: roles do not use it",
}

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION chosen_practice() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(pg_catalog.current_setting('vca.practice', true), '')::bigint $$;
CREATE OR REPLACE FUNCTION refuse_without_practice() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    $$ BEGIN RAISE EXCEPTION 'no practice is set on this connection' USING ERRCODE = '{MISSING}',
        HINT = 'Act inside vca.core.isolation.within(practice_id).'; END $$;
CREATE OR REPLACE FUNCTION practice_in_force() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(public.chosen_practice(), public.refuse_without_practice()) $$;
"""
CHOSEN, IN_FORCE = "(SELECT public.chosen_practice())", "(SELECT public.practice_in_force())"  # once a query, not a row


def covered() -> dict[str, type[models.Model]]:
    """Return the models whose tables have policies, by table: those with ``practice``, and the practice itself."""
    every = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    return {model._meta.db_table: model for model in every if column(model)}


def column(model: type[models.Model]) -> str:
    """Return the column that names the practice of a row; empty when there is none."""
    if model._meta.label == "core.Practice":
        return "id"
    names = {one.name: str(one.column) for one in model._meta.concrete_fields}
    return names.get("practice", "")


def isolate(owner: BaseDatabaseWrapper, *, role: str) -> None:
    """Write the policies anew, table by table, so that none is locked for long. ``role`` is the application's."""
    with owner.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        for table, model in covered().items():
            with transaction.atomic(using=owner.alias):
                _drop_all(cursor, table)
                for statement in _statements(table, model, role=owner.ops.quote_name(role)):
                    cursor.execute(statement)


def _drop_all(cursor: CursorWrapper, table: str) -> None:
    cursor.execute("SELECT quote_ident(policyname) FROM pg_policies WHERE tablename = %s", [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP POLICY {name} ON "{table}"')


def _statements(table: str, model: type[models.Model], *, role: str) -> list[str]:
    policies = {"owner": "FOR ALL TO CURRENT_USER USING (true) WITH CHECK (true)"}  # migrations, backup, restore
    rules = _door(model) if model._meta.label in DOORS else {"practice": f"FOR ALL TO {{}} USING ({_own(model)})"}
    policies |= {name: rule.format(role) for name, rule in rules.items()}
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
        *(f'CREATE POLICY {name} ON "{table}" {rule}' for name, rule in policies.items()),
    ]


def _door(model: type[models.Model]) -> dict[str, str]:
    own, chosen = _own(model), f"{column(model)} = {CHOSEN} OR {CHOSEN} IS NULL"
    seen = f"{chosen} OR practice_id IS NULL" if _may_lack_practice(model) else chosen
    added = f"{CHOSEN} IS NULL" if model._meta.label == "core.Practice" else own  # its number is not known before
    return {
        "seen": f"FOR SELECT TO {{}} USING ({seen})",
        "added": f"FOR INSERT TO {{}} WITH CHECK ({added})",
        "changed": f"FOR UPDATE TO {{}} USING ({own})",
        "deleted": f"FOR DELETE TO {{}} USING ({own})",
    }


def _own(model: type[models.Model]) -> str:
    """Return the condition on a row of the practice in force; a row without a practice is the system's."""
    own = f"{column(model)} = {IN_FORCE}"
    return f"practice_id IS NULL OR {own}" if _may_lack_practice(model) else own


def _may_lack_practice(model: type[models.Model]) -> bool:
    return column(model) == "practice_id" and model._meta.get_field("practice").null
