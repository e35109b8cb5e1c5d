"""Parameters: the value in force on the day that chooses it, and where it comes from."""

from contextlib import nullcontext
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests import world
from tests.world import World
from vca.core import vocabulary
from vca.core.models import ParameterValue
from vca.core.services import parameters
from vca.core.services.parameters import NotADay, NotAValue, Setting
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

NAME = "filing-limit-days"
SHIPPED = Setting("180", "38 USC 1703D(b)", None)
FIRST, SECOND, VERIFIED = date(2024, 1, 1), date(2024, 7, 1), date(2024, 6, 20)


@pytest.fixture
def harbor() -> World:
    return world.practice()


def own(harbor: World, value: str, valid_from: date, *, verified_on: date | None = None) -> ParameterValue:
    return parameters.set_value(
        name=NAME, value=value, valid_from=valid_from, source="letter", verified_on=verified_on, by=harbor.by
    )


def in_force(harbor: World, on: date) -> Setting:
    return parameters.in_force(NAME, practice_id=harbor.practice.pk, on=on)


def test_shipped_value_is_in_force_with_its_source(harbor: World) -> None:
    assert in_force(harbor, FIRST) == SHIPPED


@pytest.mark.parametrize(
    ("on", "setting"),
    [
        (date(2023, 12, 31), SHIPPED),
        (FIRST, Setting("90", "letter", None)),
        (date(2024, 6, 30), Setting("90", "letter", None)),
        (SECOND, Setting("365", "letter", VERIFIED)),
        (date(2030, 1, 1), Setting("365", "letter", VERIFIED)),
    ],
)
def test_own_value_is_in_force_from_its_first_day(harbor: World, on: date, setting: Setting) -> None:
    own(harbor, "365", SECOND, verified_on=VERIFIED)
    own(harbor, "90", FIRST)

    assert in_force(harbor, on) == setting


def test_value_that_has_ended_gives_way_to_the_shipped_one(harbor: World) -> None:
    own(harbor, "90", FIRST)
    ParameterValue.objects.update(valid_through=date(2024, 6, 30))

    assert [in_force(harbor, day).value for day in (date(2024, 6, 30), SECOND)] == ["90", "180"]


def test_value_set_again_from_the_same_day_is_corrected(harbor: World) -> None:
    first = own(harbor, "90", FIRST)

    again = own(harbor, "120", FIRST)

    assert (again, in_force(harbor, FIRST).value) == (first, "120")


@pytest.mark.parametrize("on", [date(2023, 12, 31), FIRST, SECOND, date(2025, 1, 1)])
def test_all_values_in_force_are_those_of_each_name(
    harbor: World, on: date, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    own(harbor, "365", SECOND, verified_on=VERIFIED)
    own(harbor, "90", FIRST)
    own(world.practice("lake"), "7", FIRST)
    ParameterValue.objects.filter(value="365").update(valid_through=date(2024, 12, 31))

    with django_assert_num_queries(1):
        found = parameters.all_in_force(practice_id=harbor.practice.pk, on=on)

    practice_id = harbor.practice.pk
    each = vocabulary.parameters()
    assert found == [(one, parameters.in_force(one.name, practice_id=practice_id, on=on)) for one in each]


def test_value_is_of_one_practice(harbor: World) -> None:
    own(harbor, "90", FIRST)

    assert in_force(world.practice("lake"), FIRST) == SHIPPED


def test_list_is_read_as_numbers(harbor: World) -> None:
    name = "authorization-ending-days"

    assert parameters.numbers(name, practice_id=harbor.practice.pk, on=FIRST) == (45, 30, 21, 7)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[(NAME, text) for text in ("", "0", "-1", "180 days", "1e3", "99999")],
        *[("authorization-ending-days", text) for text in ("", "45,", "45;30", "x", "10,10", "-1")],
        *[("receiver-id", text) for text in ("vaclrhouse", "A" * 16, "VA*CLR", "VA~")],
    ],
)
def test_text_that_is_no_value_of_the_parameter_is_refused(harbor: World, name: str, text: str) -> None:
    source = {"source": "letter", "verified_on": None}

    with pytest.raises(NotAValue, match="PARAM-01"):
        parameters.set_value(name=name, value=text, valid_from=FIRST, by=harbor.by, **source)

    assert ParameterValue.objects.count() == 0


@pytest.mark.parametrize("name", [one.name for one in vocabulary.parameters()])
def test_shipped_value_is_a_value_of_its_parameter(name: str) -> None:
    shipped = vocabulary.parameter(name)

    shipped.read(shipped.value)


def test_undeclared_name_is_refused(harbor: World) -> None:
    with pytest.raises(KeyError, match="filing-limit"):
        parameters.value("filing-limit", practice_id=harbor.practice.pk, on=FIRST)


def test_every_shipped_value_names_its_source_and_the_date_that_chooses_it() -> None:
    shipped = vocabulary.parameters()

    assert [one.name for one in shipped if not (one.source and one.chosen_by and one.unit)] == []


@pytest.mark.parametrize(
    ("day", "refused"), [("1999-12-31", 1), ("2000-01-01", 0), ("2099-12-31", 0), ("2100-01-01", 1)]
)
def test_value_begins_on_a_day_of_our_time(harbor: World, day: str, refused: int) -> None:
    raised = pytest.raises(NotADay, match="PARAM-02") if refused else nullcontext()

    with raised:
        own(harbor, "90", date.fromisoformat(day))

    assert ParameterValue.objects.count() == 1 - refused


@pytest.fixture
def administrator(harbor: World) -> Client:
    client = Client()
    client.force_login(world.person(harbor, Role.ADMINISTRATOR))
    return client


FORM = {"value": "90", "valid_from": "2024-01-01", "source": "a letter of VA", "verified_on": ""}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": "0"}, "This parameter is a whole number from 1 to 9999."),
        ({"valid_from": "1800-01-01"}, "PARAM-02"),
        ({"verified_on": "2050-01-01"}, "today at the latest"),
    ],
    ids=["value", "first day", "day to come"],
)
def test_refused_value_keeps_what_was_typed(administrator: Client, changes: dict[str, str], said: str) -> None:
    typed = FORM | changes

    answer = administrator.post(reverse("parameter", args=[NAME]), typed)

    form = answer.context["form"]
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert {name: form[name].value() for name in FORM} == typed
    assert ParameterValue.objects.count() == 0


def test_value_is_set_on_its_page(administrator: Client) -> None:
    answer = administrator.post(reverse("parameter", args=[NAME]), FORM | {"verified_on": "2024-01-02"})

    assert (answer.status_code, ParameterValue.objects.get().value) == (302, "90")
