"""A record of which any field says anything: refused by its name with nothing changed, or one line and a held row."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from referrals.models import Referral
from tests.referrals.intake.test_json_reader import CAMEL, PASCAL
from tests.referrals.test_import_referrals import run
from tests.vca.core.kept import put_back
from tests.vca.core.rows import everything
from tests.world import World
from vca.core import documents
from vca.core.models import Document

pytestmark = pytest.mark.both

TEXTS = st.text(st.characters(), max_size=300)  # lone surrogates and controls among them
DATES = st.dates().map(str) | st.sampled_from(["0001-01-01", "9999-12-31", "2024-02-30", "99999-01-01"])
LEAVES = (
    *(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS, DATES),
    st.sampled_from(["AP", "X", "VA0000000042", "402-PC-1234567", "1012345678V123456", "(not stated)", " "]),
)
VALUES = st.recursive(
    st.one_of(*LEAVES), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


def mutated(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the good record with up to four of its fields, or others, saying anything."""
    keys = st.sampled_from([*CAMEL, *PASCAL]) | TEXTS
    return st.dictionaries(keys, VALUES, max_size=4).map(lambda changes: good | changes)


@given(records=st.lists(st.sampled_from([CAMEL, PASCAL]).flatmap(mutated), min_size=1, max_size=2))
@example(records=[{**CAMEL, "status": "\ud800"}])
@example(records=[{**CAMEL, "lastName": "\x00"}])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_record_is_refused_by_name_or_has_its_line(
    once: World, tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    with put_back(once):
        before = everything()
        refusal, lines = outcome(tmp_path_factory.mktemp("list"), records)
        if refusal:
            named = ("referralNumber", "lastName with dob, or icn")
            assert (refusal.returncode, everything()) == (2, before)
            assert str(refusal).startswith("list.json: record ")
            assert any(field in str(refusal) for field in named)
        else:
            kept_file = documents.read(Document.objects.get(kind="va_referral_list"))
            assert [is_told(line) for line in lines] == [True] * len(records)
            assert {*Referral.objects.values_list("state", flat=True)} == {"HELD"}
            assert kept_file == json.dumps(records).encode()


def outcome(path: Path, records: list[dict[str, Any]]) -> tuple[CommandError | None, list[str]]:
    """Return the refusal, or the lines."""
    try:
        return None, run(path, records)
    except CommandError as refusal:
        return refusal, []


def is_told(line: str) -> bool:
    """Is that one of the three things that become of a record, on one line?"""
    words = line.partition(" ")[2]
    told = words.startswith(("created, held: visit limits not stated", "differs: ")) or words == "unchanged"
    return told and line.isprintable()
