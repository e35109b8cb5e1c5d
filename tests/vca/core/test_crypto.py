"""Sealing: what is encrypted opens in its own place alone; keys rotate; no plain text reaches the database."""

import base64
import hmac
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import TextField
from pytest_django import Settings

from referrals.models import Veteran, VeteranFacts, icn_index
from tests import world
from tests.vca.core.keys import NEW, OLD
from tests.world import NOW
from vca.core import crypto
from vca.core.crypto import SealBroken
from vca.core.models import Practice

ICN, OTHER_ICN = "1012999999V654321", "1012999998V654321"

pytestmark = pytest.mark.both

Keys = Callable[[str], None]


@pytest.fixture
def use_keys(settings: Settings) -> Iterator[Keys]:
    """Return what puts other keys in force, until the end of the test."""

    def use(keys: str) -> None:
        settings.FIELD_KEYS = keys
        crypto.keys.cache_clear()

    yield use
    crypto.keys.cache_clear()


def facts(icn: str = ICN, **more: str) -> VeteranFacts:
    """Return facts that are not saved yet."""
    practice, _ = Practice.objects.get_or_create(code="harbor", defaults={"name": "Harbor"})
    veteran = Veteran.objects.create(practice=practice)
    return VeteranFacts(
        practice=practice, veteran=veteran, last_name="Sample", source="VA", recorded_at=NOW, icn=icn, **more
    )


def saved(icn: str = ICN, **more: str) -> VeteranFacts:
    row = facts(icn, **more)
    row.save(force_insert=True)
    return row


def stored(row: VeteranFacts, column: str = "icn") -> str:
    """Return what lies in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM referrals_veteranfacts WHERE id = %s", [_key(row)])
        return str(cursor.fetchone()[0])


def overwrite(row: VeteranFacts, text: str) -> None:
    """Write into the database as somebody with its password would."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE referrals_veteranfacts SET icn = %s WHERE id = %s", [text, _key(row)])


def _key(row: VeteranFacts) -> str:
    return row.pk.hex if connection.vendor == "sqlite" else str(row.pk)


def test_sealed_bytes_open_again() -> None:
    sealed = crypto.seal(b"plain", about="here")

    assert crypto.unseal(sealed, about="here") == b"plain"


def test_sealing_twice_gives_different_bytes() -> None:
    assert crypto.seal(b"plain", about="here") != crypto.seal(b"plain", about="here")


def test_moved_ciphertext_does_not_open() -> None:
    sealed = crypto.seal(b"plain", about="here")

    with pytest.raises(SealBroken, match="sealed for another place, or was altered"):
        crypto.unseal(sealed, about="there")


@pytest.mark.parametrize("place", [-1, -17, 15])
def test_altered_ciphertext_does_not_open(place: int) -> None:
    sealed = bytearray(crypto.seal(b"plain", about="here"))
    sealed[place] ^= 1

    with pytest.raises(SealBroken):
        crypto.unseal(bytes(sealed), about="here")


@pytest.mark.parametrize("length", range(0, 30, 3))
def test_cut_off_ciphertext_does_not_open(length: int) -> None:
    sealed = crypto.seal(b"plain", about="here")

    with pytest.raises(SealBroken):
        crypto.unseal(sealed[:length], about="here")


def test_rotated_key_opens_what_the_old_one_sealed(use_keys: Keys) -> None:
    use_keys(OLD)
    before = crypto.seal(b"plain", about="here")
    use_keys(f"{NEW},{OLD}")
    after = crypto.seal(b"plain", about="here")

    assert [sealed.partition(b":")[0] for sealed in (before, after)] == [b"old", b"new"]
    assert [crypto.unseal(sealed, about="here") for sealed in (before, after)] == [b"plain", b"plain"]


def test_lost_key_is_named(use_keys: Keys) -> None:
    use_keys(OLD)
    sealed = crypto.seal(b"plain", about="here")
    use_keys(NEW)

    with pytest.raises(SealBroken, match="'old', is not among FIELD_KEYS"):
        crypto.unseal(sealed, about="here")


@pytest.mark.parametrize("keys", [f"{NEW},{OLD}", NEW])
def test_rotating_leaves_blind_indexes_as_they_are(use_keys: Keys, keys: str) -> None:
    use_keys(OLD)
    before = crypto.blind_index("value", about="here")
    use_keys(keys)

    assert crypto.blind_index("value", about="here") == before


@pytest.mark.parametrize(
    ("value", "about", "same"), [("value", "here", True), ("value", "there", False), ("Value", "here", False)]
)
def test_blind_index_is_of_one_value_in_one_place(value: str, about: str, same: bool) -> None:
    assert (crypto.blind_index(value, about=about) == crypto.blind_index("value", about="here")) is same


def test_blind_index_is_made_with_a_key_of_its_own(use_keys: Keys) -> None:
    use_keys(OLD)

    found = crypto.blind_index("value", about="here")

    by_key = [hmac.new(key, b"here:value", "sha256").hexdigest() for key in (crypto.index_key(), crypto.keys()["old"])]
    assert [found == one for one in by_key] == [True, False]


def test_nothing_has_no_blind_index() -> None:
    assert crypto.blind_index("", about="here") == ""


@pytest.mark.parametrize(
    "keys", ["", "x", ":", f"{OLD},", "a:c2hvcnQ=", "a:not base64", "a:é", OLD.removeprefix("old"), f"{OLD},{OLD}"]
)
def test_malformed_keys_are_refused(use_keys: Keys, keys: str) -> None:
    use_keys(keys)

    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        crypto.keys()


@pytest.mark.django_db
def test_field_is_plain_in_python_and_sealed_in_the_database() -> None:
    row = saved()

    assert (row.icn, VeteranFacts.objects.get(pk=row.pk).icn) == (ICN, ICN)
    assert stored(row) != ICN
    key_id, _, rest = stored(row).partition(":")
    sealed = key_id.encode() + b":" + base64.b64decode(rest)
    assert crypto.unseal(sealed, about=f"referrals_veteranfacts.icn.{row.pk}") == ICN.encode()


@pytest.mark.django_db
def test_plain_text_would_be_seen_in_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto.SealedTextField, "pre_save", TextField.pre_save)
    monkeypatch.setattr(crypto.SealedTextField, "get_prep_value", TextField.get_prep_value)

    assert stored(saved()) == ICN


@pytest.mark.django_db
def test_empty_field_stays_empty() -> None:
    row = saved("")

    assert (stored(row), VeteranFacts.objects.get(pk=row.pk).icn) == ("", "")


@pytest.mark.django_db
def test_field_is_opened_when_it_is_read_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    saved(ssn="900010002")
    unseal = Mock(return_value=b"x")
    monkeypatch.setattr(crypto, "unseal", unseal)

    row = VeteranFacts.objects.get()

    assert (unseal.call_count, row.icn, row.icn, unseal.call_count) == (0, "x", "x", 1)


@pytest.mark.django_db
def test_saving_writes_back_what_was_never_opened() -> None:
    row = saved()
    before = stored(row)
    again = VeteranFacts.objects.get()

    again.save()

    assert stored(row) == before


@pytest.mark.django_db
def test_ciphertext_of_another_row_does_not_open() -> None:
    row, other = saved(), saved(OTHER_ICN)
    overwrite(other, stored(row))

    with pytest.raises(SealBroken):
        _ = VeteranFacts.objects.get(pk=other.pk).icn


@pytest.mark.django_db
def test_ciphertext_of_another_row_would_open_if_the_row_did_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto.SealedTextField, "about", lambda field, row: field.column)
    row, other = saved(), saved(OTHER_ICN)
    overwrite(other, stored(row))

    assert VeteranFacts.objects.get(pk=other.pk).icn == ICN


@pytest.mark.django_db
def test_ciphertext_of_another_column_does_not_open() -> None:
    row = saved(ssn="900010002")
    overwrite(row, stored(row, "ssn"))

    with pytest.raises(SealBroken):
        _ = VeteranFacts.objects.get().icn


@pytest.mark.django_db
@pytest.mark.parametrize("text", [ICN, "not sealed", "A", "AAAA"])
def test_text_that_was_never_sealed_does_not_open(text: str) -> None:
    overwrite(saved(), text)

    with pytest.raises(SealBroken):
        _ = VeteranFacts.objects.get().icn


@pytest.mark.django_db
def test_deferred_field_is_opened_when_it_is_read() -> None:
    saved()

    row = VeteranFacts.objects.defer("icn").get()

    assert ("icn" in row.__dict__, row.icn) == (False, ICN)


@pytest.mark.django_db
def test_bulk_created_rows_are_sealed() -> None:
    rows = VeteranFacts.objects.bulk_create([facts(), facts(OTHER_ICN)])

    assert [stored(row) in (ICN, OTHER_ICN) for row in rows] == [False, False]
    assert [VeteranFacts.objects.get(pk=row.pk).icn for row in rows] == [ICN, OTHER_ICN]


@pytest.mark.django_db
def test_values_show_no_plain_text() -> None:
    row = saved()

    shown = [*VeteranFacts.objects.values_list("icn", flat=True), *VeteranFacts.objects.values("icn")[0].values()]

    assert shown == [stored(row), stored(row)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda row: VeteranFacts.objects.update(icn=row.icn),
        lambda row: VeteranFacts.objects.bulk_update([row], ["icn"]),
    ],
)
def test_writing_past_the_row_is_refused(write: Callable[[VeteranFacts], object]) -> None:
    row = saved()
    before = stored(row)

    with pytest.raises(TypeError, match="icn is sealed for its row"), transaction.atomic():
        write(row)

    assert stored(row) == before


@pytest.mark.django_db
def test_looking_for_plain_text_is_refused() -> None:
    with pytest.raises(TypeError, match="look it up by a blind index"):
        VeteranFacts.objects.filter(icn=ICN).first()


@pytest.mark.django_db
def test_blind_index_finds_the_veteran() -> None:
    harbor = world.practice()
    veteran = world.receive(harbor, icn=ICN).referral.veteran
    world.receive(harbor, icn=OTHER_ICN)

    assert list(Veteran.objects.filter(icn_index=icn_index(ICN))) == [veteran]
