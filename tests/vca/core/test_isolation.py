"""The database keeps practices apart by itself: what the code forgets to ask, a foreign row is not there.

Each guard is tried as the application's role, and taken away once, as the owner, to see that this is found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import Client
from pytest_django import DjangoDbBlocker

from referrals import queries
from referrals.models import Disposal, Veteran
from tests import databases, world
from tests.access.scene import rows_of
from tests.vca.core.at_once import in_another_thread
from tests.world import NOW, World
from vca.core import access, isolation, jobs, kept_forms, policies, vocabulary
from vca.core.isolation import within
from vca.core.kept_forms import Whose
from vca.core.management.commands import backup, prepare_database
from vca.core.models import Job, KeptForm, Membership, Practice, ServiceLocation, User
from vca.core.services import backups, parameters, people, sign_ins
from vca.core.vocabulary import Role

pytestmark = pytest.mark.postgres

PRACTICE, DOOR = {"owner", "practice", "tests"}, {"owner", "seen", "added", "changed", "deleted", "tests"}
DOORS = {apps.get_model(label)._meta.db_table for label in policies.DOORS}
READ_ONCE_WRITTEN = {apps.get_model(label)._meta.db_table for label in vocabulary.append_only()}
PRIVATE = policies.covered().keys() - DOORS
# What no row is made of here.
EMPTY = {"core_license", "core_dearegistration", "core_idempotencykey", "core_parametervalue"}
EMPTY |= {"referrals_seocversion", "referrals_seocline", "billing_printedclaim"}
EMPTY |= {"referrals_openday"}  # it is written when a day is left open
MINE = 2  # Veterans of each practice


@dataclass(frozen=True)
class Scene:
    """Two practices with a row in most tables."""

    mine: World
    foreign: World


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), time_machine.travel(NOW), transaction.atomic():
        lake, harbor = world.practice("lake"), world.practice("harbor")
        for one in (lake, harbor):
            rows_of(one, owner=world.person(one, Role.ADMINISTRATOR))
            kept(world.person(one, Role.BILLER, email=f"kept@{one.practice.code}.example"), one)
            certified(one)
        yield Scene(mine=harbor, foreign=lake)
        transaction.set_rollback(True)


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with transaction.atomic():
        yield made
        transaction.set_rollback(True)


def kept(user: User, one: World) -> bool:
    """Keep a form that somebody had typed in a practice."""
    whose = Whose(user.pk, one.practice.pk)
    return kept_forms.keep(page="/x/", action="/x/", fields=[("name", "typed")], whose=whose, at=NOW)


def certified(one: World) -> Disposal:
    """Leave the certificate of a disposal."""
    rule = {"rule": "keep-claims-years", "years": 10, "last_day": NOW.date(), "due_on": NOW.date(), "at": NOW}
    number = {"veteran_number": one.practice.pk, "counts": {}, "files": 0, "files_left": 0}
    return Disposal.objects.create(practice=one.practice, **rule, **number)


def asked(statement: str, *values: Any) -> Any:
    """Return the first value that a statement gives, or how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


def told() -> str:
    """Return whose rows the connection shows."""
    return str(asked("SELECT current_setting('vca.practice', true)"))


@contextmanager
def refused(sqlstate: str) -> Iterator[None]:
    with pytest.raises(DatabaseError) as fault, transaction.atomic():
        yield
    assert fault.value.__cause__.sqlstate == sqlstate  # type: ignore[union-attr]


DENIED, NOT_ALLOWED = "42501", "42501"  # by a grant, or by the WITH CHECK of a policy


# Every table is covered.


def gaps(cursor: CursorWrapper) -> set[str]:
    """Return the tables that are neither covered by what they need nor listed as belonging to no practice."""
    cursor.execute(
        "SELECT relname, relrowsecurity AND relforcerowsecurity,"
        " array(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid)"
        " FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    found = {table: (forced, set(names)) for table, forced, names in cursor.fetchall()}
    wanted = {table: (True, DOOR if table in DOORS else PRACTICE) for table in policies.covered()}
    wanted |= {table: (False, set()) for table in policies.OF_NO_PRACTICE}
    return {table for table in found.keys() | wanted.keys() if found.get(table) != wanted.get(table)}


@pytest.mark.django_db
def test_every_table_is_covered_or_listed_with_its_reason() -> None:
    with connection.cursor() as cursor:
        assert gaps(cursor) == set()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("DROP POLICY practice ON billing_claim", "billing_claim"),
        ("DROP POLICY changed ON core_job", "core_job"),
        ("CREATE POLICY more ON billing_claim USING (true)", "billing_claim"),
        ("ALTER TABLE referrals_veteran NO FORCE ROW LEVEL SECURITY", "referrals_veteran"),
        ("ALTER TABLE referrals_veteran DISABLE ROW LEVEL SECURITY", "referrals_veteran"),
        ("CREATE TABLE billing_new (id int, practice_id int)", "billing_new"),
    ],
)
@pytest.mark.django_db
def test_a_table_without_its_policy_is_found(statement: str, table: str) -> None:
    with databases.as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(statement)
        assert gaps(cursor) == {table}
        cursor.execute("ROLLBACK")


@pytest.mark.django_db
def test_policies_are_written_anew_as_they_were() -> None:
    # In a transaction of the owner's, so that the policy of the tests comes back.
    said = "SELECT tablename, policyname, cmd, roles, qual, with_check FROM pg_policies WHERE policyname <> 'tests'"
    with databases.as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"{said} ORDER BY 1, 2")
        before = cursor.fetchall()
        cursor.execute("DROP POLICY practice ON billing_claim")
        for table, model in policies.covered().items():
            policies._drop_all(cursor, table)
            databases.run(cursor, policies._statements(table, model, role="vca_app"))
        cursor.execute(f"{said} ORDER BY 1, 2")
        assert cursor.fetchall() == before
        cursor.execute("ROLLBACK")


# What the application's role sees and may write.


def test_foreign_rows_are_neither_seen_nor_changed_nor_deleted(scene: Scene) -> None:
    """By a cursor that asks for them by the practice they belong to."""
    found = {}
    with within(scene.mine.practice.pk):
        for table, model in policies.covered().items():
            foreign = f'"{table}" WHERE {policies.column(model)} = {scene.foreign.practice.pk}'
            found[table] = [asked(f"SELECT count(*) FROM {foreign}")]
            if table not in READ_ONCE_WRITTEN:
                same = f'UPDATE "{table}" SET {policies.column(model)} = {policies.column(model)}'
                found[table] += [asked(f"{same} {foreign.partition(' ')[2]}"), asked(f"DELETE FROM {foreign}")]
    assert found == {table: [0] if table in READ_ONCE_WRITTEN else [0, 0, 0] for table in policies.covered()}


def test_rows_of_ones_own_are_seen(scene: Scene) -> None:
    """The scene shows something: without this the test above would pass on empty tables."""
    both = {}
    for world_ in (scene.mine, scene.foreign):
        with within(world_.practice.pk):
            counted = {table: asked(f'SELECT count(*) FROM "{table}"') for table in policies.covered()}
        both[world_.practice.code] = {table for table, number in counted.items() if number}
    assert both == dict.fromkeys(("harbor", "lake"), policies.covered().keys() - EMPTY)


@pytest.mark.parametrize("table", sorted(policies.covered().keys() - {"core_practice"}))
def test_rows_are_not_written_into_another_practice(scene: Scene, table: str) -> None:
    theirs = (
        asked(
            f'SELECT (SELECT row_to_json(one) FROM "{table}" one WHERE practice_id = %s LIMIT 1)::text',
            scene.foreign.practice.pk,
        )
        or f'{{"practice_id": {scene.foreign.practice.pk}}}'
    )
    with within(scene.mine.practice.pk):
        with refused(NOT_ALLOWED):
            asked(f'INSERT INTO "{table}" SELECT * FROM json_populate_record(NULL::"{table}", %s)', theirs)
        with refused(DENIED if table in READ_ONCE_WRITTEN else NOT_ALLOWED):
            # One's own row is not given away; where there is none, the refusal is that of the INSERT above.
            if not asked(f'UPDATE "{table}" SET practice_id = %s', scene.foreign.practice.pk):
                asked(f'INSERT INTO "{table}" SELECT * FROM json_populate_record(NULL::"{table}", %s)', theirs)


def test_a_practice_is_made_outside_of_any(scene: Scene) -> None:
    with within(scene.mine.practice.pk), refused(NOT_ALLOWED):
        Practice.objects.create(code="new", name="New")
    with within(None):
        assert Practice.objects.create(code="new", name="New").code == "new"


@pytest.mark.parametrize("table", sorted(PRIVATE - EMPTY))
def test_without_a_practice_one_named_error_is_raised(scene: Scene, table: str) -> None:
    with within(None), refused(policies.MISSING):
        asked(f'SELECT * FROM "{table}"')


@pytest.mark.parametrize("table", sorted(DOORS - {"core_practice"}))
def test_doors_are_read_without_a_practice_and_written_in_theirs_alone(scene: Scene, table: str) -> None:
    theirs = f'"{table}" WHERE practice_id = {scene.foreign.practice.pk}'
    with within(None):
        assert asked(f"SELECT count(*) FROM {theirs}") > 0
        with refused(DENIED if table in READ_ONCE_WRITTEN else policies.MISSING):
            asked(f"DELETE FROM {theirs}")


@pytest.mark.parametrize("nobody", [0, 1_000_000_007])
def test_practice_that_is_not_there_sees_nothing_in_production(scene: Scene, nobody: int) -> None:
    with databases.as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT DISTINCT qual FROM pg_policies WHERE policyname = 'tests'")
        assert len(cursor.fetchall()) == 1  # all that is added for the tests, and there in test databases only
    with within(nobody):
        seen = Veteran.objects.count()
    assert seen == (2 * MINE if nobody == databases.EVERYTHING else 0)


# Whose rows a connection shows, and for how long.


@pytest.mark.django_db
def test_blocks_lie_inside_one_another() -> None:
    seen = []
    with within(1):
        seen.append(told())
        with within(2):
            seen.append(told())
        with within(None):
            seen.append(told())
        isolation.switch(3)
        seen.append(told())
    assert (seen, told()) == (["1", "2", "", "3"], "0")


@pytest.mark.django_db
def test_rollback_leaves_what_the_block_around_it_set() -> None:
    with within(1):
        with pytest.raises(KeyError), transaction.atomic(), within(2):
            raise KeyError
        seen = [told()]
        with pytest.raises(KeyError), within(2), transaction.atomic():
            raise KeyError
        seen.append(told())
        with pytest.raises(DatabaseError), transaction.atomic(), within(2):
            asked("SELECT 1 / 0")  # the transaction is broken when the block ends
        seen.append(told())
        with within(2):
            seen.append(told())
    assert (seen, told()) == (["1", "1", "1", "2"], "0")


@pytest.mark.django_db(transaction=True)
def test_new_connection_is_told_at_once() -> None:
    with within(7):
        connection.close()
        assert told() == "7"
    assert told() == "0"
    with within(None):
        connection.close()
        assert told() == "None"


@pytest.mark.django_db(transaction=True)
def test_connection_that_cannot_be_told_is_never_used_again() -> None:
    mine = asked("SELECT pg_backend_pid()")
    with databases.as_owner() as owner, owner.cursor() as cursor, pytest.raises(DatabaseError), within(7):
        cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
    assert connection.connection is None
    assert (told(), asked("SELECT pg_backend_pid()") != mine) == ("0", True)


@pytest.mark.django_db(transaction=True)
def test_thread_has_a_practice_of_its_own() -> None:
    with within(7):
        assert (told(), in_another_thread(told)) == ("7", "0")


# Requests, one after the other on one connection.


@pytest.fixture
def as_in_production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is in force outside of requests."""
    with within(None), monkeypatch.context() as changed:
        changed.setattr(isolation, "resting", None)
        yield


SHOWN = """SELECT current_setting('vca.practice'), array(SELECT DISTINCT practice_id FROM referrals_veteran)"""


def biller(one: World) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world.person(one, Role.BILLER))
    return client


def bearer(one: World) -> Client:
    _, text = people.issue_token(user=world.person(one, Role.BILLER), name="test", by=one.by, at=NOW)
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.mark.parametrize("kind", [biller, bearer])
def test_connection_shows_the_next_request_nothing_of_the_one_before(
    scene: Scene, kind: Any, request: pytest.FixtureRequest
) -> None:
    with time_machine.travel(NOW):
        clients = [kind(scene.mine), kind(scene.foreign), Client()]
        request.getfixturevalue("as_in_production")
        seen = []

        def look(execute: Any, sql: str, *rest: Any) -> Any:
            if "referrals_" in sql:
                seen.append(connection.connection.execute(SHOWN).fetchone())
            return execute(sql, *rest)

        between = []
        with connection.execute_wrapper(look):
            for client in [*clients, clients[0]]:
                client.get("/api/v1/referrals/" if kind is bearer else "/referrals/")
                between.append(told())
    ids = [scene.mine.practice.pk, scene.foreign.practice.pk, scene.mine.practice.pk]
    assert [one for one, _ in groupby(seen)] == [(str(pk), [pk]) for pk in ids]
    assert between == ["", "", "", ""]


# Jobs and commands.


def test_job_sees_its_practice_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(run: jobs.Run) -> None:
        seen.append((told(), ServiceLocation.objects.get().practice_id))

    monkeypatch.setitem(jobs._handlers, "purge_leftovers", look)
    mine, foreign = scene.mine.practice.pk, scene.foreign.practice.pk
    rows = [
        jobs.enqueue(kind="purge_leftovers", key=f"test {one.practice.pk}", by=one.by)
        for one in (scene.mine, scene.foreign)
    ]
    with within(None):
        assert [jobs.run(row.pk) for row in rows] == [True, True]
        assert told() == ""
    assert seen == [(str(mine), mine), (str(foreign), foreign)]


def test_sweep_plans_the_days_of_every_practice(scene: Scene) -> None:
    with within(None):
        jobs.plan_daily(NOW)
    planned = set(Job.objects.filter(kind="purge_leftovers").values_list("practice_id", "key"))
    assert planned == {(one.practice.pk, str(one.location.pk)) for one in (scene.mine, scene.foreign)}


def test_service_that_forgets_to_ask_shows_one_practice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)
    assert queries.veterans(scene.mine.by).count() == 2 * MINE
    with within(scene.mine.practice.pk):
        assert queries.veterans(scene.mine.by).count() == MINE


def test_somebody_of_two_practices_finds_both_from_either(scene: Scene) -> None:
    user = world.person(scene.mine, Role.NURSE)
    people.give_role(user=user, role=Role.NURSE, by=scene.foreign.by)
    both = {scene.mine.practice.pk, scene.foreign.practice.pk}
    with within(scene.mine.practice.pk):
        assert {one.pk for one in access.practices_of(user)} == both
        assert Membership.objects.filter(user=user).count() == 1


def test_sign_in_has_the_strictest_limit_of_all_practices_and_finds_what_was_kept_in_each(scene: Scene) -> None:
    user, session = world.person(scene.mine, Role.NURSE), SessionStore()
    people.give_role(user=user, role=Role.NURSE, by=scene.foreign.by)
    strict = {"value": "7", "valid_from": NOW.date(), "source": "test", "verified_on": None}
    parameters.set_value(name="sign-in-idle-minutes", by=scene.foreign.by, **strict)  # type: ignore[arg-type]

    with within(None):
        idle = sign_ins.limits(user, at=NOW).idle
        assert (kept(user, scene.mine), kept(user, scene.foreign)) == (True, True)
        kept_forms.remember(session, user_id=user.pk)

    assert (idle, len(session[kept_forms.SESSION_KEY])) == (timedelta(minutes=7), 2)


def test_sweep_forgets_the_forms_of_every_practice(scene: Scene) -> None:
    with within(None), time_machine.travel(NOW + kept_forms.KEPT_FOR):
        jobs.sweep(lambda job_id: None)
        assert KeptForm.objects.count() == 0


def test_owner_is_no_role_for_the_application() -> None:
    with databases.as_owner() as owner:
        prepare_database.refuse_role_above_policies(owner, role="vca_app")
        for role in ("vca_owner", "postgres"):
            with pytest.raises(CommandError, match=f"The role {role} of DATABASE_URL may do what the owner may"):
                prepare_database.refuse_role_above_policies(owner, role=role)


def test_backup_as_the_application_is_refused(scene: Scene, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "owner", lambda: "default")
    monkeypatch.setattr(backups, "snapshot", lambda alias: transaction.atomic())
    with within(None), pytest.raises(CommandError) as refusal:
        call_command("backup", str(tmp_path / "a.backup"), "--without-keys")
    assert (str(refusal.value), list(tmp_path.iterdir())) == (backup.NEEDS_OWNER, [])
