"""What a request names besides its address: in a form, a body, a list or a query. Another practice's id is none.

Fields that name a row are found in the forms, in the description of the API and in the code of the pages, and a field
that no request here names turns the suite red. Sources: OWASP ASVS 5.0.0, 8.2.2 and 15.3.3.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.forms import BaseForm, ModelChoiceField
from pytest_django import DjangoDbBlocker

from billing.domain.states import ClaimState
from billing.models import Claim
from tests.access.scene import EACH_TIME, PLACES, Id, Scene, Side, address, is_api, standing
from tests.vca.core.api.contract import operation, promised
from tests.vca.core.rows import everything
from vca.core import policies
from vca.core.models import Alert, Practice
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

BOSS = Role.ADMINISTRATOR
ROOT = Path(__file__).parents[2]
Names = dict[str, Any]
BY_HAND = {"channel": "PORTAL", "on": "2024-04-11", "at": "10:00", "receipt": "R-2"}
DAYS_OUT = {"valid_from": "2024-12-24", "valid_through": "2024-12-26"}
AGREEMENT = {"number": "A-1", "va_facility": "VA", "valid_from": "2023-01-01", "valid_through": "2027-12-31"}
FORMSET = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0, "services-0-code": "96366", "services-0-units": 1}


def service(of: Names) -> Names:
    return FORMSET | {"services-0-service": of["service_id"], "services-0-clinician": of["clinician_id"]}


def series(of: Names) -> Names:
    """Two visits together, the days as they were proposed."""
    pattern = {"location": of["location_id"], "on": "2024-04-20", "at": "10:00", "count": 2}
    days = {"days-TOTAL_FORMS": 2, "days-INITIAL_FORMS": 0, "days-0-on": "2024-04-20", "days-1-on": "2024-04-27"}
    return pattern | days | {"days-0-at": "10:00", "days-1-at": "10:00", "book": "book"}


def services(of: Names) -> list[Names]:
    return [{"service": of["service_id"], "clinician": of["clinician_id"], "code": "96366", "units": 1}]


def booking(of: Names) -> Names:
    return {"location": of["location_id"], "starts_at": "2024-04-12T10:00:00-07:00", "services": services(of)}


def walk_in(of: Names) -> Names:
    return booking(of) | {"starts_at": "2024-04-11T10:00:00-07:00"}


# Address, method -> what is sent, by what names the rows.
REQUESTS: dict[tuple[str, str], Callable[[Names], Names]] = {
    ("choose_practice", "POST"): lambda of: {"practice": of["practice_id"]},
    ("edit_agreement", "POST"): lambda of: (
        AGREEMENT | {"locations": of["location_id"], "clinicians": of["clinician_id"]}
    ),
    ("new_dea", "POST"): lambda of: {
        "number": "AB1234563",
        "valid_through": "2027-12-31",
        "location": of["location_id"],
    },
    ("closed_days", "POST"): lambda of: DAYS_OUT | {"location": of["location_id"], "reason": "x"},
    ("absences", "POST"): lambda of: DAYS_OUT | {"clinician": of["clinician_id"]},
    ("disable_person", "POST"): lambda of: {"successor": of["user_id"]},
    ("referral_details", "POST"): lambda of: {"affiliation": "VCA", "network": "x", "home_location": of["location_id"]},
    ("move_referral", "POST"): lambda of: {"veteran": of["other_veteran_id"]},
    ("book_visit", "POST"): lambda of: {"on": "2024-04-13", "at": "10:00", "location": of["location_id"]} | service(of),
    ("book_visit", "GET"): lambda of: {"again": of["visit_id"]},
    ("book_series", "POST"): lambda of: series(of) | service(of),
    ("walk_in", "POST"): lambda of: {"on": "2024-04-11", "at": "10:05", "location": of["location_id"]} | service(of),
    ("move_visit", "POST"): lambda of: {"on": "2024-04-13", "at": "10:00", "location": of["location_id"]},
    ("edit_visit", "POST"): lambda of: {"diagnoses": "F33.2"} | service(of),
    ("draft_claims", "POST"): lambda of: {"visit": [of["visit_id"]]},
    ("take_off_claim", "POST"): lambda of: {"visit": of["drafted_id"]},
    ("write_file", "POST"): lambda of: {"claim": [of["ready_id"]]},
    ("print_claims", "POST"): lambda of: {"claim": [of["ready_id"]], "form": "drawn"},
    ("sent_by_hand", "POST"): lambda of: BY_HAND | {"claim": [of["ready_id"]]},
    ("sent_by_hand", "GET"): lambda of: {"claim": of["ready_id"]},
    ("claims", "GET"): lambda of: {"state": "ALL", "place": of["location_id"]},
    ("authorizations", "GET"): lambda of: {"place": of["location_id"]},
    ("not_billed", "GET"): lambda of: {"place": of["location_id"]},
    ("dashboard", "GET"): lambda of: {"place": of["location_id"]},
    ("export_dashboard", "POST"): lambda of: {"place": of["location_id"]},
    ("snooze_alerts", "POST"): lambda of: {"alert": [of["alert"]], "until": "2024-04-12"},
    ("wake_alerts", "POST"): lambda of: {"alert": [of["alert"]]},
    ("snooze_alerts_again", "POST"): lambda of: {"alert": [of["alert"]]},
    ("dismiss_alerts", "POST"): lambda of: {"alert": [of["alert"]], "reason": "x"},
    ("reopen_alerts", "POST"): lambda of: {"alert": [of["alert"]]},
    ("api_referral", "PATCH"): lambda of: {"home_location": of["location_id"], "network": "x"},
    ("api_move_referral", "POST"): lambda of: {"veteran": of["other_veteran_id"]},
    ("api_visits", "POST"): booking,
    ("api_walk_in", "POST"): walk_in,
    ("api_series", "POST"): lambda of: (
        booking(of) | {"starts_at": ["2024-04-20T10:00:00-07:00", "2024-04-27T10:00:00-07:00"]}
    ),
    ("api_move_visit", "POST"): lambda of: {
        "location": of["location_id"],
        "starts_at": "2024-04-12T10:00:00-07:00",
    },
    ("api_visit", "PATCH"): lambda of: {"services": services(of)},
    ("api_claims", "POST"): lambda of: {"visits": [of["visit_id"]]},
    ("api_take_off_claim", "POST"): lambda of: {"visit": of["drafted_id"]},
    ("api_claim_forms", "POST"): lambda of: {"claims": [of["ready_id"]]},
    ("api_sent_by_hand", "POST"): lambda of: {
        "claims": [of["ready_id"]],
        "channel": "PORTAL",
        "sent_at": "2024-04-11T10:00:00-07:00",
        "receipt": "R-2",
    },
    ("api_dashboard", "GET"): lambda of: {"place": of["location_id"]},
}


class Asked(dict[str, Any]):
    """Names that remember which of them were asked for."""

    def __init__(self, known: Names) -> None:
        super().__init__(known)
        self.asked: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        self.asked[name] = None
        return super().get(name, 0)


def named_by(build: Callable[[Names], Names]) -> list[str]:
    """Return the rows that a request names."""
    of = Asked({})
    build(of)
    return list(of.asked)


CASES = [(name, method, place) for (name, method), build in REQUESTS.items() for place in named_by(build)]


BULK = [
    ("draft_claims", "visit", "visit_id"),
    ("write_file", "claim", "ready_id"),
    ("print_claims", "claim", "ready_id"),
    ("sent_by_hand", "claim", "ready_id"),
    *((name, "alert", "alert") for name in ("snooze_alerts", "wake_alerts", "dismiss_alerts", "reopen_alerts")),
    ("api_claims", "visits", "visit_id"),
    ("api_claim_forms", "claims", "ready_id"),
    ("api_sent_by_hand", "claims", "ready_id"),
]


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def names(side: Side) -> Names:
    """Return what names the rows of a practice in a request."""
    draft = Claim.objects.get(pk=side.ids["claim_id"])
    others = draft.practice.veterans.exclude(pk=side.ids["veteran_id"])
    return side.ids | {
        "alert": Alert.objects.get(pk=side.ids["alert_id"]).as_shown,
        "drafted_id": draft.lines.order_by("pk")[0].visit_id,
        "other_veteran_id": others.order_by("pk")[0].pk,
        "practice_id": side.world.practice.pk,
        "ready_id": Claim.objects.get(practice=side.world.practice, state=ClaimState.READY).pk,
        "user_id": side.people[Role.BILLER].pk,
    }


def never(known: Any) -> Any:
    """Return what names no row, and is otherwise like what is known."""
    return re.sub(r"^\d+", lambda one: str(int(one[0]) + 1_000_000), known) if isinstance(known, str) else known + 10**6


def said(scene: Scene, name: str, method: str, of: Names, *, like: Names) -> tuple[int, str, bytes]:
    """Return what is answered to a request; an id that it says again stands there as the one of ``like``."""
    with scene.as_it_was():
        answer = scene.ours.keys[BOSS].ask(name, method, scene.ours.ids, REQUESTS[name, method](of))
    to, body = answer.headers.get("Location", ""), EACH_TIME.sub(b"", answer.content).decode()
    for place, known in of.items():
        if known != like[place]:
            said, meant = (str(one).partition(" ")[0] for one in (known, like[place]))
            to, body = to.replace(said, meant), body.replace(said, meant)
    return answer.status_code, to, body.encode()


@pytest.mark.parametrize(("name", "method", "place"), CASES)
def test_foreign_id_is_answered_as_one_that_was_never_given(scene: Scene, name: str, method: str, place: str) -> None:
    foreign = names(scene.ours) | {place: names(scene.theirs)[place]}
    unknown = foreign | {place: never(foreign[place])}

    assert said(scene, name, method, foreign, like=foreign) == said(scene, name, method, unknown, like=foreign)


@pytest.mark.parametrize(("name", "method", "place"), CASES)
def test_foreign_id_changes_nothing(scene: Scene, name: str, method: str, place: str) -> None:
    foreign = names(scene.ours) | {place: names(scene.theirs)[place]}
    before = everything()

    scene.ours.keys[BOSS].ask(name, method, scene.ours.ids, REQUESTS[name, method](foreign))

    assert everything() == before


@pytest.mark.parametrize(("name", "method", "place"), CASES)
def test_id_of_ones_own_is_answered_otherwise(scene: Scene, name: str, method: str, place: str) -> None:
    """Without this the tests above would pass on requests that are refused for another reason."""
    own = names(scene.ours)
    unknown = own | {place: never(own[place])}

    assert said(scene, name, method, own, like=own) != said(scene, name, method, unknown, like=own)


@pytest.mark.parametrize(("name", "field", "place"), BULK)
def test_foreign_id_among_ones_own_is_answered_as_one_that_was_never_given(
    scene: Scene, name: str, field: str, place: str
) -> None:
    own, foreign = names(scene.ours), names(scene.theirs)[place]

    answers = [among(scene, name, {field: [own[place], one]}, own) for one in (foreign, never(foreign))]

    assert answers[0] == answers[1]


def among(scene: Scene, name: str, several: Names, own: Names) -> tuple[int, bytes]:
    """Return what is answered to a list, without the numbers in it; what it did to ours is taken back."""
    theirs = rows_of_practice(scene.theirs)
    with scene.as_it_was():
        answer = scene.ours.keys[BOSS].ask(name, "POST", scene.ours.ids, REQUESTS[name, "POST"](own) | several)
        assert rows_of_practice(scene.theirs) == theirs
    return answer.status_code, re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+", b"#", EACH_TIME.sub(b"", answer.content))


def rows_of_practice(side: Side) -> dict[str, list[Any]]:
    """Return every row of a practice."""
    of = {"practice": side.world.practice}
    covered = [model for model in policies.covered().values() if model is not Practice]
    return {model._meta.label: list(model._default_manager.filter(**of).order_by("pk").values()) for model in covered}


# Whether all that names a row is asked for above.

# What pages read by hand, from a form or a query: words that name rows, and all others.
NAME_ROWS = {"again", "alert", "claim", "place", "practice", "visit"}
NAME_NONE = {
    "back",
    "on",
    "after",
    "at",
    "channel",
    "count",
    "form",
    "kind",
    "next",
    "passkey",
    "q",
    "sealed",
    "session",
    "state",
    "view",
    "wanted",
    "week",
}


def leaves(body: Any, inside: str = "") -> Iterator[str]:
    """Yield the fields of a request in which a row is named; of a formset without its number."""
    if isinstance(body, dict):
        for name, inner in body.items():
            yield from leaves(inner, re.sub(r"^services-\d-", "", name))
    elif isinstance(body, list):
        for inner in body:
            yield from leaves(inner, inside)
    elif body is NAMED:
        yield inside


class Anything(dict[str, Any]):
    """Names every row by one thing."""

    def __missing__(self, place: str) -> Any:
        return NAMED


NAMED = object()


def asked(*, of_api: bool) -> set[tuple[str, str, str]]:
    """Return address, method and field of every row that is named above."""
    mine = {(name, method): build for (name, method), build in REQUESTS.items() if is_api(name) is of_api}
    return {(*key, field) for key, build in mine.items() for field in leaves(build(Anything()))}


def test_every_row_that_a_form_offers_is_asked_for() -> None:
    ours = [one for one in subclasses(BaseForm) if one.__module__.partition(".")[0] in ("vca", "referrals", "billing")]
    found = (name_and_field for one in ours for name_and_field in getattr(one, "base_fields", {}).items())
    offered = {name for name, field in found if isinstance(field, ModelChoiceField)}

    assert offered - {field for *_, field in asked(of_api=False)} == set()


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_row_that_the_api_takes_is_asked_for() -> None:
    ids: dict[str, Id] = {place: 1 for places in PLACES.values() for place in places}
    mine = [(name, method) for name, method in REQUESTS if is_api(name)]
    told = {(operation(method, address(name, ids)) or {})["operationId"]: (name, method) for name, method in mine}

    taken = {(*told.get(one, (one, "")), field) for one, field in (*ids_of_bodies(), *ids_of_queries())}

    assert taken == asked(of_api=True)


def operations() -> list[dict[str, Any]]:
    return [one for operations in promised()["paths"].values() for one in operations.values()]


def ids_of_bodies() -> Iterator[tuple[str, str]]:
    """Yield the operation and the field of everything in the bodies of the API that names a row."""
    for one in operations():
        for shape in one.get("requestBody", {}).get("content", {}).values():
            yield from ((one["operationId"], field) for field in ids_in(shape["schema"]))


def ids_in(schema: Any, inside: str = "") -> Iterator[str]:
    """Yield the properties of a shape that name rows."""
    if "$ref" in schema:
        schema = promised()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, inner in schema.get("properties", {}).items():
        yield from ids_in(inner, name)
    if "items" in schema:
        yield from ids_in(schema["items"], inside)
    if schema.get("maximum") == 2**63 - 1:
        yield inside


def ids_of_queries() -> Iterator[tuple[str, str]]:
    for one in operations():
        numbers = (said for said in one.get("parameters", ()) if said["in"] == "query")
        whole = (said["name"] for said in numbers if said["schema"].get("type") == "integer")
        yield from ((one["operationId"], name) for name in whole if name != "page_size")


def test_every_word_that_a_page_reads_is_known() -> None:
    assert words_of_pages() == NAME_ROWS | NAME_NONE
    assert NAME_ROWS - {field for *_, field in asked(of_api=False)} == set()


def words_of_pages() -> set[str]:
    """Return every name that the pages read from a form or a query by hand."""
    rooms = (ROOT / room / "views" for room in ("vca/core", "vca/desk", "referrals", "billing"))
    nodes = (node for room in rooms for file in room.glob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    return {word for node in nodes for word in read_by(node)}


def read_by(node: ast.AST) -> Iterator[str]:
    """Yield the word that a call such as ``request.GET.get("place")`` reads."""
    match node:
        case ast.Call(func=ast.Attribute(value=said, attr="get" | "getlist"), args=[ast.Constant(value=str(word)), *_]):
            if ast.unparse(said).rpartition(".")[2] in ("GET", "POST", "said", "asked", "query_params"):
                yield word
