"""POSTs that may be repeated, and pages of lists."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from referrals.models import Referral, Visit
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import idempotency
from vca.core.models import AuditEvent, IdempotencyKey
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

BODY = {"number": "VA0000009001", "last_name": "Sample", "date_of_birth": "1960-01-02"}


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World) -> Caller:
    return caller(harbor, Role.BILLER)


def booking(harbor: World) -> Callable[..., Any]:
    """Return what books one visit, always the same, with the key that it is given."""
    authorization = world.authorization(harbor)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365"}
    body = {"location": harbor.location.pk, "starts_at": NOW.isoformat(), "services": [service]}
    return partial(caller(harbor, Role.BILLER).post, "api_visits", authorization.pk, body=body)


@pytest.mark.parametrize("key", ["", "x" * 81])
def test_post_without_a_usable_key_is_refused(biller: Caller, key: str) -> None:
    answer = biller.post("api_referrals", body=BODY, key=key)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")
    assert Referral.objects.count() == 0


def test_post_without_the_header_is_refused(biller: Caller) -> None:
    assert biller.client.post("/api/v1/referrals/", BODY, "application/json").status_code == 422


def test_repeated_post_gets_the_first_answer_and_changes_nothing(biller: Caller) -> None:
    first = biller.post("api_referrals", body=BODY, key="1")
    before = everything()

    again = biller.post("api_referrals", body=BODY, key="1")

    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    assert everything() == before


def test_repeated_answer_is_recorded_as_read_again(harbor: World) -> None:
    """Whoever repeats a call is shown a Veteran's data once more: the report of who looked says so each time."""
    book = booking(harbor)

    answers = [book(key="1").json() for _ in range(3)]

    readings = AuditEvent.objects.filter(action="api.read").order_by("pk")
    veteran = Visit.objects.get().authorization.referral.veteran_id
    assert [one.changes["veterans"] for one in readings] == [[veteran]] * len(answers)


def test_answer_that_is_kept_is_sealed(harbor: World) -> None:
    booking(harbor)(key="1")

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM core_idempotencykey")
        ((body,),) = cursor.fetchall()
    assert ("starts_at" in IdempotencyKey.objects.get().body, "starts_at" in body) == (True, False)


def test_repeated_booking_books_once(harbor: World) -> None:
    book = booking(harbor)

    answers = [book(key="1").json() for _ in range(3)]

    assert (answers, Visit.objects.count()) == ([answers[0]] * 3, 1)


def test_repeated_booking_would_book_again_without_the_key(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "earlier_answer", lambda **_: None)
    monkeypatch.setattr(idempotency, "remember", lambda **_: None)
    book = booking(harbor)

    for _ in range(3):
        book(key="1")

    assert Visit.objects.count() == 3


@pytest.mark.parametrize("change", [{"last_name": "Other"}, {"number": "VA0000009002"}])
def test_key_of_another_request_is_refused(biller: Caller, change: dict[str, str]) -> None:
    biller.post("api_referrals", body=BODY, key="1")

    answer = biller.post("api_referrals", body=BODY | change, key="1")

    assert (answer.status_code, answer.json()["error"]["code"], Referral.objects.count()) == (409, "API-01", 1)


def test_key_of_another_address_is_refused(harbor: World) -> None:
    first, second = (world.receive(harbor).referral for _ in range(2))
    one = caller(harbor, Role.BILLER)
    for referral in (first, second):
        world.referrals.change_details(referral=referral, facts={"network": ""}, home=harbor.location, by=harbor.by)
    one.post("api_confirm_referral", first.pk, key="1")

    assert one.post("api_confirm_referral", second.pk, key="1").json()["error"]["code"] == "API-01"


def test_key_is_of_one_practice(harbor: World, biller: Caller) -> None:
    lake = world.practice("lake")
    biller.post("api_referrals", body=BODY, key="1")

    assert caller(lake, Role.BILLER).post("api_referrals", body=BODY, key="1").status_code == 201


def test_refused_request_leaves_no_key(harbor: World, biller: Caller) -> None:
    referral = world.receive(harbor).referral
    before = everything()

    refused = biller.post("api_confirm_referral", referral.pk, key="1")

    assert (refused.status_code, everything()) == (409, before)


def test_refused_request_can_be_sent_again_with_its_key(harbor: World, biller: Caller) -> None:
    referral = world.receive(harbor).referral
    biller.post("api_confirm_referral", referral.pk, key="1")
    world.referrals.change_details(referral=referral, facts={"network": ""}, home=harbor.location, by=harbor.by)

    assert biller.post("api_confirm_referral", referral.pk, key="1").status_code == 200


def test_invalid_request_leaves_no_key(biller: Caller) -> None:
    biller.post("api_referrals", body={}, key="1")

    assert IdempotencyKey.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_key_create_one_referral(harbor: World, biller: Caller) -> None:
    answers = at_once(*[partial(biller.post, "api_referrals", body=BODY, key="1")] * 20)

    told = [(answer.status_code, answer.json()) for answer in answers]
    assert (told, Referral.objects.count()) == ([(201, answers[0].json())] * 20, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_five_at_once_would_book_five_without_the_key(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "earlier_answer", lambda **_: None)
    monkeypatch.setattr(idempotency, "remember", lambda **_: None)

    at_once(*[partial(booking(harbor), key="1")] * 5)

    assert Visit.objects.count() == 5


def test_pages_follow_each_other_without_gap_or_repetition(harbor: World, biller: Caller) -> None:
    made = [world.receive(harbor).referral.pk for _ in range(5)]
    found, page = [], biller.get("api_referrals", page_size="2").json()

    while page:
        found += [row["id"] for row in page["results"]]
        page = biller.client.get(page["next"]).json() if page["next"] else None

    assert found == made[::-1]


def test_row_that_comes_meanwhile_moves_no_page(harbor: World, biller: Caller) -> None:
    made = [world.receive(harbor).referral.pk for _ in range(4)]
    first = biller.get("api_referrals", page_size="2").json()

    world.receive(harbor)

    second = biller.client.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made[::-1]


@pytest.mark.parametrize(("size", "rows"), [("1", 1), ("0", 3), ("-1", 3), ("many", 3), ("100000", 3)])
def test_page_has_the_size_asked_for_within_reason(harbor: World, biller: Caller, size: str, rows: int) -> None:
    for _ in range(3):
        world.receive(harbor)

    assert len(biller.get("api_referrals", page_size=size).json()["results"]) == rows


LISTS = ("api_claims", "api_referrals", "api_alerts", "api_submissions", "api_tasks")


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("api_claims", {"state": "ZZ"}, "Choose one of: DRAFT, READY, "),
        ("api_referrals", {"state": "ZZ"}, "Choose one of: RECEIVED, HELD, "),
        ("api_alerts", {"state": "ZZ"}, "Choose one of: OPEN, "),
        ("api_alerts", {"kind": "ZZ"}, "Choose one of: agreement_ending, "),
        ("api_submissions", {"channel": "ZZ"}, "Choose one of: FILE, "),
        ("api_claims", {"authorization": "9"}, "There is no such filter here. There are: state, cursor, page_size."),
        ("api_tasks", {"state": "OPEN"}, "There is no such filter here. There are: cursor, page_size."),
    ],
)
def test_filter_that_is_not_known_is_named(biller: Caller, name: str, query: dict[str, str], said: str) -> None:
    answer = biller.get(name, **query)

    told = answer.json()["error"]
    assert (answer.status_code, told["code"], [told["field"]]) == (422, "INPUT", list(query))
    assert told["message"].startswith(said)


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_a_list_are_asked_for_by_size(biller: Caller, name: str) -> None:
    assert biller.get(name, page_size="1").status_code == 200
