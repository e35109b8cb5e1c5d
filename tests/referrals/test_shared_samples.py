"""The recorded answer of VA's referral service, where the samples lie beside the repository."""

from pathlib import Path

import pytest

from referrals.models import Veteran
from tests import world
from tests.referrals.test_import_referrals import run

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SAMPLE = Path(__file__).parents[3] / "shared/samples/referrals/ccra_referral_list.json"
HELD = "created, held: visit limits not stated"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples do not lie beside the repository")
def test_recorded_list_is_imported_once(tmp_path: Path) -> None:
    world.practice()
    content = SAMPLE.read_bytes()

    first, second = run(tmp_path, content), run(tmp_path, content)

    numbers = [f"VA000000568{last}" for last in (1, 2, 3)]
    assert first == [f"{number} {HELD}" for number in numbers]
    assert (second, Veteran.objects.count()) == ([f"{number} unchanged" for number in numbers], 1)
