"""./run manage import_referrals FILE --practice CODE"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from referrals.domain.states import ReferralState
from referrals.models import Notice, Referral, ThroughSource, Veteran
from tests import world
from tests.referrals.intake.test_json_reader import CAMEL, PASCAL
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


def run(path: Path, records: Any, *, practice: str = "harbor") -> list[str]:
    file = path / "list.json"
    file.write_bytes(records if isinstance(records, bytes) else json.dumps(records).encode())
    out = StringIO()
    call_command("import_referrals", str(file), practice=practice, stdout=out)
    return out.getvalue().splitlines()


def everything() -> dict[str, int]:
    """Return the number of rows of every table."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_new_record_is_held_with_its_reason(harbor: World, tmp_path: Path) -> None:
    assert run(tmp_path, [CAMEL]) == ["VA0000000042 created, held: visit limits not stated"]
    assert Referral.objects.get().state == ReferralState.HELD


def test_same_record_again_is_unchanged_and_changes_nothing(harbor: World, tmp_path: Path) -> None:
    run(tmp_path, [CAMEL])
    before = everything()

    lines = run(tmp_path, [CAMEL])

    changed = {name for name, count in everything().items() if count != before[name]}
    assert (lines, changed) == (["VA0000000042 unchanged"], {"core.AuditEvent"})


def test_differing_record_is_named_and_held(harbor: World, tmp_path: Path) -> None:
    run(tmp_path, [CAMEL])

    lines = run(tmp_path, [{**CAMEL, "referralExpirationDate": "2024-08-01", "status": "X"}])

    assert lines == ["VA0000000042 differs: va_status, expiration_date, held"]
    assert Notice.objects.filter(pending=True).count() == 1
    assert str(Referral.objects.get().authorization.terms.valid_through) == "2024-05-27"


def test_raw_status_is_kept(harbor: World, tmp_path: Path) -> None:
    lines = run(tmp_path, [{**CAMEL, "status": "I"}])

    assert lines == ["VA0000000042 created, held: visit limits not stated, status not known: I"]
    assert Referral.objects.get().va_status == "I"


def test_derived_last_day_is_marked(harbor: World, tmp_path: Path) -> None:
    lines = run(tmp_path, [PASCAL])

    terms = Referral.objects.get().authorization.terms
    assert lines == ["VA0000000042 created, held: visit limits not stated, expiration date not stated"]
    assert (str(terms.valid_through), terms.through_source) == ("2024-05-27", ThroughSource.DERIVED)


def test_three_referrals_of_one_icn_are_one_veteran(harbor: World, tmp_path: Path) -> None:
    run(tmp_path, [{**CAMEL, "referralNumber": f"VA000000004{n}"} for n in range(3)])

    assert (Referral.objects.count(), Veteran.objects.count()) == (3, 1)


def test_other_birth_date_under_the_same_icn_is_held(harbor: World, tmp_path: Path) -> None:
    run(tmp_path, [CAMEL])

    lines = run(tmp_path, [{**CAMEL, "referralNumber": "VA0000000043", "dob": "1999-09-09"}])

    assert lines == [
        "VA0000000043 created, held: visit limits not stated, "
        "Veteran's name or date of birth differs from the one on file"
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{}",
        json.dumps([CAMEL, {**CAMEL, "referralNumber": "VA1"}]).encode(),
        json.dumps([CAMEL, CAMEL]).encode(),
    ],
)
def test_broken_file_exits_with_2_and_changes_nothing(harbor: World, tmp_path: Path, content: bytes) -> None:
    before = everything()

    with pytest.raises(CommandError) as refusal:
        run(tmp_path, content)

    assert (refusal.value.returncode, everything()) == (2, before)
    assert str(refusal.value).endswith("Nothing was changed.")


def test_unknown_practice_exits_with_2(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        run(tmp_path, [CAMEL], practice="nowhere")

    assert refusal.value.returncode == 2
