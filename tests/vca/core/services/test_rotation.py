"""Rotating keys: everything is sealed anew, whoever writes meanwhile, and then the old key can go."""

import base64
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from referrals.models import Veteran, VeteranFacts, icn_index
from tests import world
from tests.vca.core.keys import NEW, OLD, field_keys
from tests.world import NOW, World
from vca.core import crypto, documents, kept_forms
from vca.core.crypto import SealBroken
from vca.core.kept_forms import Whose
from vca.core.models import AuditEvent, AuthenticatorApp, Document, KeptForm
from vca.core.services import people, rotation
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ICN, SSN = "1012999999V654321", "900010002"


@pytest.fixture(autouse=True)
def own_documents(settings: Settings, tmp_path: Path) -> None:
    """Keep files apart from those of other tests, which other keys have sealed."""
    settings.DOCUMENTS_DIR = tmp_path


def nobody(_: str) -> None:
    """Tell nobody."""


def filled(code: str = "harbor") -> World:
    """Return a practice with a value in each sealed column, and a file, under the keys in force."""
    one = world.practice(code)
    veteran = world.receive(one, icn=ICN).referral.veteran
    facts = veteran.facts
    facts.ssn, facts.edipi = SSN, "1234567890"
    facts.save()
    user = world.person(one, Role.BILLER)
    AuthenticatorApp.objects.create(user=user, secret="ABC", last_step=1, added_at=NOW)
    whose = Whose(user.pk, one.practice.pk)
    kept_forms.keep(page="/x/", action="/x/", fields=[("words", "typed")], whose=whose, at=timezone.now())
    documents.keep(b"content", kind="va_notice", filename="x.json", media_type="text/json", by=one.by)
    return one


def read_all() -> list[str]:
    """Return everything that is sealed, opened."""
    facts = [value for row in VeteranFacts.objects.order_by("pk") for value in (row.icn, row.ssn, row.edipi)]
    apps = [app.secret for app in AuthenticatorApp.objects.order_by("pk")]
    forms = [form.fields for form in KeptForm.objects.order_by("pk")]
    return [*facts, *apps, *forms, *(documents.read(one).hex() for one in Document.objects.order_by("pk"))]


def test_after_a_rotation_the_old_key_can_go() -> None:
    with field_keys(OLD):
        filled()
        filled("summit")
        before = read_all()
    with field_keys(f"{NEW},{OLD}"):
        done = rotation.rotate(tell=nobody)
    with field_keys(NEW):
        assert (read_all(), rotation.left(), done.broken) == (before, {}, set())
        assert Veteran.objects.filter(icn_index=icn_index(ICN)).count() == 2


def test_without_a_rotation_it_cannot() -> None:
    with field_keys(OLD):
        filled()
    with field_keys(NEW), pytest.raises(SealBroken, match="'old', is not among FIELD_KEYS"):
        read_all()


def test_every_sealed_column_is_rotated() -> None:
    with field_keys(OLD):
        filled()
    with field_keys(f"{NEW},{OLD}"):
        found = rotation.left()
        done = rotation.rotate(tell=nobody).done
    assert (
        set(found)
        == set(done)
        == {
            *(f"referrals_veteranfacts.{name}" for name in ("icn", "edipi", "ssn")),
            *("core_authenticatorapp.secret", "core_keptform.fields", "files"),
        }
    )


def test_rotating_again_changes_nothing() -> None:
    with field_keys(OLD):
        filled()
    with field_keys(f"{NEW},{OLD}"):
        rotation.rotate(tell=nobody)
        assert rotation.rotate(tell=nobody).done.total() == 0


def test_rotation_that_was_stopped_goes_on_where_it_was() -> None:
    with field_keys(OLD):
        one = world.practice()
        for _ in range(7):
            world.receive(one)

    def stop(said: str) -> None:
        if said == "referrals_veteranfacts.icn: 4":
            raise KeyboardInterrupt

    with field_keys(f"{NEW},{OLD}"), patch.object(rotation, "AT_ONCE", 2):
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(tell=stop)
        assert rotation.left()["referrals_veteranfacts.icn"] == 3
        assert rotation.rotate(tell=nobody).done["referrals_veteranfacts.icn"] == 3


def test_what_an_old_process_writes_meanwhile_is_found_by_the_next_look() -> None:
    with field_keys(OLD):
        one = filled()

    def write_with_old_key(said: str) -> None:
        if said == "core_keptform.fields: 1":  # after the facts were looked through
            with field_keys(OLD):
                world.receive(one)

    with field_keys(f"{NEW},{OLD}"):
        rotation.rotate(tell=write_with_old_key)
        assert rotation.left() == {}


def test_what_was_changed_meanwhile_is_not_written_over() -> None:
    with field_keys(OLD):
        veteran = filled().practice.veterans.get()
    close, changed = crypto.SealedTextField.close, []

    def change_first(column: crypto.SealedTextField, value: str, row: VeteranFacts) -> crypto.Sealed:
        if column.name == "ssn" and not changed:
            changed.append(value)
            facts = VeteranFacts.objects.get(veteran=veteran)
            facts.ssn = "900010003"
            facts.save(update_fields=["ssn"])
        return close(column, value, row)

    with field_keys(f"{NEW},{OLD}"), patch.object(crypto.SealedTextField, "close", change_first):
        rotation.rotate(tell=nobody)
    with field_keys(NEW):
        assert (VeteranFacts.objects.get(veteran=veteran).ssn, changed) == ("900010003", [SSN])


def test_file_without_a_row_is_rotated_too() -> None:
    with field_keys(OLD):
        one = filled()
        document = Document.objects.get(practice=one.practice, media_type="text/json")
        document.delete()
    with field_keys(f"{NEW},{OLD}"):
        rotation.rotate(tell=nobody)
    with field_keys(NEW):
        again = documents.keep(b"content", kind="va_notice", filename="x", media_type="text/json", by=one.by)
        assert documents.read(again) == b"content"


def test_every_rotated_lot_is_audited() -> None:
    with field_keys(OLD):
        filled()
    with field_keys(f"{NEW},{OLD}"):
        done = rotation.rotate(tell=nobody).done
    events = AuditEvent.objects.filter(action="keys.rotated")
    assert {event.subject_kind: event.changes for event in events} == {
        name[:40]: {"key": "new", "count": count} for name, count in done.items()
    }


def test_value_whose_key_is_lost_is_named_and_the_others_rotated() -> None:
    lost = "lost:" + base64.b64encode(bytes(range(1, 33))).decode()
    with field_keys(lost):
        one = world.practice()
        gone = world.receive(one).referral.veteran.facts
    with field_keys(OLD):
        world.receive(one)
    with field_keys(f"{NEW},{OLD}"):
        with pytest.raises(CommandError, match=f"could not be opened.*referrals_veteranfacts.icn.{gone.pk}"):
            call_command("rotate_keys")
        assert rotation.left()["referrals_veteranfacts.icn"] == 1


def test_command_tells_which_key_can_go(capsys: pytest.CaptureFixture[str]) -> None:
    with field_keys(OLD):
        filled()
    with field_keys(f"{NEW},{OLD}"):
        call_command("rotate_keys")
        call_command("rotate_keys", "--look")
    told = capsys.readouterr().out.splitlines()
    assert told[1:] == ["No longer needed here: old. Backups made before need their keys."] * 2


def test_looking_tells_what_is_left_and_changes_nothing() -> None:
    with field_keys(OLD):
        filled()
    with field_keys(f"{NEW},{OLD}"):
        with pytest.raises(CommandError, match=r"core_authenticatorapp\.secret: 1.*Keep all keys"):
            call_command("rotate_keys", "--look")
        assert rotation.left()["core_authenticatorapp.secret"] == 1


@pytest.mark.parametrize("name", ["veteran", "api:api_veteran"])
def test_lost_key_is_a_refusal_that_names_it(name: str, client: Client) -> None:
    with field_keys(OLD):
        one = filled()
        biller = world.person(one, Role.BILLER)
        client.force_login(biller)
        _, token = people.issue_token(user=biller, name="x", by=one.by, at=timezone.now())
        url = reverse(name, args=[one.practice.veterans.get().pk])
    with field_keys(NEW):
        answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
    assert (
        answer.status_code,
        "KEPT-01" in answer.text,
        "&#x27;old&#x27;" in answer.text or "'old'" in answer.text,
    ) == (
        *(409, True),
        True,
    )
