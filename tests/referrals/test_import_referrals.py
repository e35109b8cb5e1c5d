"""./run manage import_referrals FILE --practice CODE"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from referrals import queries
from referrals.domain.notice import RULE_OF, HoldReason
from referrals.domain.states import ReferralState
from referrals.intake.json_reader import LARGEST
from referrals.models import Notice, Referral, ThroughSource, Veteran
from referrals.services import referrals
from tests import world
from tests.referrals.intake.test_json_reader import CAMEL, PASCAL
from tests.world import World
from vca.core import documents
from vca.core.models import Document
from vca.domain.rules import CATALOGUE

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
        b"",
        b"[" * 100_000,
        b" " * (LARGEST + 1),
    ],
)
def test_broken_file_exits_with_2_and_changes_nothing(harbor: World, tmp_path: Path, content: bytes) -> None:
    before = everything()

    with pytest.raises(CommandError) as refusal:
        run(tmp_path, content)

    assert (refusal.value.returncode, everything()) == (2, before)
    assert str(refusal.value).endswith("Nothing was changed.")


def test_refusal_is_made_of_whole_sentences(harbor: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        run(tmp_path, [{**CAMEL, "referralNumber": "VA1"}])

    assert str(refusal.value) == (
        "list.json: record 1: referralNumber is malformed: It is too short or too long. Nothing was changed."
    )


def test_unknown_practice_exits_with_2(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        run(tmp_path, [CAMEL], practice="nowhere")

    assert refusal.value.returncode == 2


def test_record_twice_in_one_file_is_unchanged_or_differs(harbor: World, tmp_path: Path) -> None:
    lines = run(tmp_path, [CAMEL, CAMEL, {**CAMEL, "status": "AC"}])

    assert lines == [
        "VA0000000042 created, held: visit limits not stated",
        "VA0000000042 unchanged",
        "VA0000000042 differs: va_status, held",
    ]


def test_empty_list_imports_nothing_and_says_so(
    harbor: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (run(tmp_path, []), Referral.objects.count()) == ([], 0)
    assert capsys.readouterr().err == "The list is empty; there was nothing to import.\n"


LIMITS = "visit limits not stated"
HELD: tuple[tuple[dict[str, Any], str, tuple[str, ...]], ...] = (
    ({}, "", ("LIMITS",)),
    ({"referralExpirationDate": ""}, "expiration date not stated", ("LIMITS", "DERIVED")),
    (
        {"referralExpirationDate": "never"},
        "expiration date not stated, not understood: expiration_date",
        ("LIMITS", "EXPIRATION", "UNREAD"),
    ),
    (
        {"referralExpirationDate": "2024-01-01"},
        "expiration date before referral date",
        ("LIMITS", "EXPIRATION", "ORDER"),
    ),
    ({"referralExpirationDate": "9999-12-31"}, "dates too far away", ("LIMITS", "FAR")),
    ({"referralDate": "0001-01-01"}, "dates too far away", ("LIMITS", "FAR")),
    (
        {"referralDate": "9999-01-01", "referralExpirationDate": None, "seocNumberOfDays": 9999},
        "expiration date not stated, dates too far away",
        ("LIMITS", "EXPIRATION", "FAR"),
    ),
    ({"referralDate": None}, "referral date not stated", ("LIMITS", "START")),
    ({"status": "I"}, "status not known: I", ("LIMITS", "STATUS")),
    ({"status": 1}, "status not known: 1", ("LIMITS", "STATUS")),
    (
        {"status": ["AP"]},
        'status not known: ["AP"], not understood: va_status',
        ("LIMITS", "STATUS", "UNREAD"),
    ),
    ({"status": "X"}, "VA's status says it is not active: X", ("LIMITS", "STOPPED")),
    (
        {"lastName": "S" * 61},
        "Veteran's name not stated, not understood: last_name",
        ("LIMITS", "NAME", "UNREAD"),
    ),
    (
        {"firstName": "Ro\x00bin"},
        "Veteran's name not stated, not understood: first_name",
        ("LIMITS", "NAME", "UNREAD"),
    ),
    (
        {"lastName": None, "firstName": None},
        "Veteran's name not stated",
        ("LIMITS", "NAME"),
    ),
    ({"dob": ""}, "date of birth not stated", ("LIMITS", "BIRTH")),
    ({"dob": "2961-02-03"}, "date of birth in the future or too long ago", ("LIMITS", "AGE")),
    (
        {"icn": "", "dob": "03.02.1961"},
        "date of birth not stated, not understood: date_of_birth",
        ("LIMITS", "BIRTH", "UNREAD"),
    ),
    ({"icn": "12V34"}, "not understood: icn", ("LIMITS", "UNREAD")),
    ({"StatusCode": "AC"}, "stated twice: va_status (AP and AC)", ("LIMITS", "TWICE")),
    ({"DOB": "1961-03-02"}, "date of birth not stated, stated twice: date_of_birth", ("LIMITS", "BIRTH", "TWICE")),
    ({"seocId": {"name": "x"}, "priority": [1]}, "not understood: priority, seoc", ("LIMITS", "UNREAD")),
)


@pytest.mark.parametrize(("changes", "said", "obstacles"), HELD)
def test_record_is_held_for_what_it_says_and_stays_so(
    harbor: World, tmp_path: Path, changes: dict[str, Any], said: str, obstacles: tuple[str, ...]
) -> None:
    record = {**CAMEL, **changes}

    lines = run(tmp_path, [record])

    referral = Referral.objects.get()
    stand = [reason.name for reason in queries.obstacles(referral)]
    kept = documents.read(Document.objects.get(kind="va_referral_list"))
    assert lines == [f"VA0000000042 created, held: {', '.join(filter(None, (LIMITS, said)))}"]
    assert (referral.state, json.loads(kept)) == (ReferralState.HELD, [record])
    assert stand == [name for name in HoldReason.__members__ if name in {*obstacles, "AFFILIATION", "LOCATION"}]
    assert run(tmp_path, [record]) == ["VA0000000042 unchanged"]


def test_what_was_not_understood_stands_in_the_way_until_it_was_compared(harbor: World, tmp_path: Path) -> None:
    run(tmp_path, [{**CAMEL, "status": {}}])
    notice = Notice.objects.get()

    referrals.settle_notice(notice=notice, by=harbor.by, at=world.NOW)

    assert (notice.differs_in, notice.rules) == (["va_status"], ["REFERRAL-15"])
    assert HoldReason.UNREAD not in queries.obstacles(Referral.objects.get())


@pytest.mark.parametrize("reason", list(HoldReason))
def test_every_obstacle_names_a_rule_with_source_and_next_act(reason: HoldReason) -> None:
    rule = CATALOGUE[RULE_OF[reason]]

    assert [bool(words) for words in (rule.sentence, rule.source, rule.next_act)] == [True] * 3


def test_rules_that_va_has_not_confirmed_say_so() -> None:
    unverified = {RULE_OF[reason] for reason in HoldReason if CATALOGUE[RULE_OF[reason]].verify_with_va}

    assert unverified == {"REFERRAL-02", "REFERRAL-03", "REFERRAL-04", "REFERRAL-16"}
