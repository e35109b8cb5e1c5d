"""The form of a visit: what it offers, asks once, refuses, and keeps."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals.forms.referrals import DetailsForm
from referrals.models import Authorization, Visit
from referrals.services import amendments, visits
from referrals.services.amendments import Limit
from referrals.services.visits import Planned, change_services
from referrals.views.visits import MOST_SERVICES
from tests import world
from tests.world import NOW, World
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def client(harbor: World) -> Client:
    client = Client()
    client.force_login(world.person(harbor, Role.BILLER))
    return client


def page(client: Client, name: str, *args: int) -> Any:
    return client.get(reverse(name, args=args))


def test_only_line_and_clinician_are_chosen(harbor: World, authorization: Authorization, client: Client) -> None:
    (form,) = page(client, "book_visit", authorization.pk).context["services"].forms

    chosen = form["service"].value(), form["clinician"].value()
    assert chosen == (world.line(authorization).pk, harbor.clinician.pk)


def test_nothing_is_chosen_among_several(harbor: World, authorization: Authorization, client: Client) -> None:
    limit = Limit("Therapy", world.LimitKind.UNLIMITED, None)
    amendments.add_line(authorization=authorization, limit=limit, by=harbor.by, at=NOW)
    world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")

    form = page(client, "book_visit", authorization.pk).context["services"].forms[0]

    assert (form["service"].value(), form["clinician"].value()) == (None, None)


def test_lines_and_clinicians_are_asked_once_for_all_services(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page(client, "book_visit", authorization.pk)
        return len(seen)

    queries()
    one = queries()
    for number in range(4):
        limit = Limit(f"Line {number}", world.LimitKind.UNLIMITED, None)
        amendments.add_line(authorization=authorization, limit=limit, by=harbor.by, at=NOW)

    assert queries() == one


def test_visit_is_moved_and_a_refusal_stays_in_the_form(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit = world.booked(harbor, authorization)
    wanted = {"location": harbor.location.pk, "on": "2024-04-12", "at": "10:00"}
    url = reverse("move_visit", args=[visit.pk])

    same = client.post(url, {**wanted, "on": "2024-04-11"})
    refused = client.post(url, {**wanted, "on": "2025-04-12"})
    moved = client.post(url, wanted)

    visit.refresh_from_db()
    assert [answer.status_code for answer in (same, refused, moved)] == [302, 422, 302]
    assert ("VISIT-03" in refused.content.decode(), str(visit.on)) == (True, "2024-04-12")


def entered(harbor: World, visit: Visit, number: int, **changes: Any) -> dict[str, Any]:
    """Return what is entered for so many services."""
    line = visit.authorization.services.get()
    service = {"service": line.pk, "clinician": harbor.clinician.pk, "code": "96366", "units": 1, **changes}
    fields = {f"services-{place}-{name}": value for place in range(number) for name, value in service.items()}
    return {"services-TOTAL_FORMS": number, "services-INITIAL_FORMS": number, "diagnoses": "F33.2", **fields}


@pytest.mark.parametrize(("quantity", "status"), [("-1", 422), ("0", 422), ("0.001", 302)])
def test_drug_quantity_is_above_zero(
    harbor: World, authorization: Authorization, client: Client, quantity: str, status: int
) -> None:
    visit = world.booked(harbor, authorization)
    drug = {"drug_name": "Ketamine", "ndc": "00409205310", "ndc_unit": "ML", "ndc_quantity": quantity}

    answer = client.post(reverse("edit_visit", args=[visit.pk]), entered(harbor, visit, 1, **drug))

    assert answer.status_code == status


def test_visit_with_many_services_keeps_them_all(harbor: World, authorization: Authorization, client: Client) -> None:
    visit, number = world.booked(harbor, authorization), MOST_SERVICES + 2
    planned = [Planned(world.line(authorization).pk, harbor.clinician.pk, code="96365")] * number
    change_services(visit=visit, services=planned, diagnoses=[], by=harbor.by)

    shown = page(client, "edit_visit", visit.pk).context["services"].forms
    answer = client.post(reverse("edit_visit", args=[visit.pk]), entered(harbor, visit, number))

    assert (len(shown), answer.status_code) == (number, 302)
    assert [*visit.services.values_list("code", flat=True)] == ["96366"] * number


@pytest.mark.parametrize(("status", "asked"), [("AP", False), ("", False), ("ZZ", True)])
def test_status_is_vas_own_word_and_only_the_meaning_of_an_unknown_one_is_asked(
    harbor: World, status: str, asked: bool
) -> None:
    referral = world.receive(harbor, va_status=status).referral

    fields = DetailsForm(instance=referral).fields

    assert ("va_status" in fields, "va_status_meaning" in fields) == (False, asked)


def test_status_that_is_sent_all_the_same_is_not_taken(harbor: World, client: Client) -> None:
    referral = world.receive(harbor).referral

    client.post(reverse("referral_details", args=[referral.pk]), {"affiliation": "VCA", "va_status": "ZZ"})

    referral.refresh_from_db()
    assert referral.va_status == "AP"


def test_refusal_names_the_line(harbor: World, client: Client) -> None:
    authorization = world.authorization(harbor, visits=1)
    world.booked(harbor, authorization)

    with pytest.raises(world.visits.drawdown.VisitsExhausted, match="visits of the line Ketamine infusion are"):
        world.booked(harbor, authorization)


def booking(harbor: World, authorization: Authorization, **changes: str) -> dict[str, Any]:
    """Return what a person enters to book 12 April at ten."""
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    formset = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0}
    entered = {"location": harbor.location.pk, "on": "2024-04-12", "at": "10:00", **changes}
    return {**entered, **formset, **{f"services-0-{name}": value for name, value in service.items()}}


def send(client: Client, harbor: World, authorization: Authorization, **changes: str) -> Any:
    return client.post(reverse("book_visit", args=[authorization.pk]), booking(harbor, authorization, **changes))


def test_second_visit_at_the_same_time_is_asked_about(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    assert send(client, harbor, authorization).status_code == 302

    asked = send(client, harbor, authorization)

    number = authorization.referral.number
    said = f"This Veteran has a visit at that time already: {number}, booked. If this is another one, tick here."
    assert (asked.status_code, asked.context["form"].errors["twice"]) == (422, [said])
    assert (b'type="checkbox" name="twice"' in asked.content, Visit.objects.count()) == (True, 1)
    assert send(client, harbor, authorization, twice="on").status_code == 302
    assert Visit.objects.count() == 2


def test_visit_at_another_time_or_after_a_cancelled_one_is_not_asked_about(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    send(client, harbor, authorization)
    assert send(client, harbor, authorization, at="10:30").status_code == 302
    visits.cancel(visit=Visit.objects.order_by("pk")[0], reason="", by=harbor.by, at=NOW)
    assert send(client, harbor, authorization).status_code == 302


def test_visit_under_another_referral_is_asked_about(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    other = world.authorization(harbor)
    Authorization.objects.filter(pk=other.pk).update(veteran=authorization.veteran_id)
    send(client, harbor, authorization)
    assert send(client, harbor, other).status_code == 422
