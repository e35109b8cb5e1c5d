"""The dashboard says what its lists say, to the cent, to administrators alone, and of their own practice alone."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.domain.channels import Channel
from billing.models import Charge
from billing.services import claims, submissions
from billing.services.submissions import ByHand
from referrals.domain.states import Affiliation
from referrals.models import Authorization, Visit, VisitService
from referrals.services import referrals
from tests import world
from tests.vca.core.api.caller import caller
from tests.vca.core.kept import put_back
from tests.vca.desk import figures
from tests.world import NOW, TODAY, World
from vca.core import access, pages
from vca.core.models import AuditEvent, User
from vca.core.services import parameters, people, practices
from vca.core.vocabulary import Role
from vca.desk.queries import unbilled

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
EAST = "America/New_York"
# Either side of midnight in New York and in Los Angeles; between the two it is two days at once.
MIDNIGHTS = [datetime(2024, 4, 12, *clock, tzinfo=UTC) for clock in ((3, 59), (4, 1), (6, 59), (7, 1))]
OTHERS = [role for role in Role if role != Role.ADMINISTRATOR]


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False), put_back(once):
        yield once


def signed_in(place: World, role: Role = Role.ADMINISTRATOR) -> Client:
    client = Client()
    client.force_login(world.person(place, role))
    return client


@pytest.fixture
def administrator(harbor: World) -> Client:
    return signed_in(harbor)


def in_the_east(place: World) -> World:
    """Open a second place of the practice, in another zone, under the same agreement."""
    facts = {"street": "9 Pier St", "city": "Albany", "state": "NY", "zip_code": "122071234"}
    east = practices.record_location(facts={"name": "East", "time_zone": EAST, **facts}, by=place.by)
    agreement = place.practice.agreements.get()
    both = [place.location, east]
    practices.record_agreement(facts={}, by=place.by, locations=both, clinicians=[place.clinician], agreement=agreement)
    return World(place.practice, east, place.clinician, place.by)


def long_ago(place: World, *, through: date = TODAY + 20 * DAY, **stated: Any) -> Authorization:
    return world.authorization(place, referral_date=date(2023, 1, 10), expiration_date=through, **stated)


def send(place: World, *made: Visit) -> None:
    """Send a claim of these visits by hand."""
    at = made[-1].starts_at + DAY / 12
    for claim in claims.draft(visit_ids=[one.pk for one in made], by=place.by, at=at):
        claims.make_ready(claim=claim, by=place.by, at=at)
        sent = ByHand(Channel.PORTAL, at, receipt="R-1")
        submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=place.by, at=at)


def unpriced(visit: Visit) -> None:
    """Let the visit have, besides, a service of which no price is known."""
    service = visit.services.get()
    more = {"practice_id": visit.practice_id, "service_id": service.service_id, "clinician_id": service.clinician_id}
    VisitService.objects.create(visit=visit, code="96127", **more)


def some_of_everything(place: World) -> None:
    """Make what each tile is about: 1 authorization that ends soon with 3 of 9 visits used, one not."""
    one = long_ago(place, visits=9)
    _, risky, fresh = (world.completed(place, one, at=NOW - days * DAY) for days in (190, 140, 3))
    unpriced(risky)
    claims.draft(visit_ids=[fresh.pk], by=place.by, at=NOW)
    other = long_ago(place, through=TODAY + 31 * DAY, visits=None)
    send(place, *(world.completed(place, other, at=NOW - days * DAY) for days in (2, 1)))


def at_random(place: World, rng: Random) -> None:
    """Make a practice by lot: last days near today and near thirty days on, visits near every edge of their limit."""
    for where in (place, in_the_east(place)):
        for _ in range(5):
            through = TODAY + rng.choice((-2, -1, 0, 1, 2, 29, 30, 31, 32, 60)) * DAY
            kind = rng.choice((Affiliation.VCA, Affiliation.VCA, Affiliation.OTHER_VA, Affiliation.CCN))
            one = long_ago(where, through=through, visits=rng.choice((None, 4, 9)), affiliation=kind)
            treated(where, one, rng)
            if rng.random() < 0.2:
                referrals.suspend(referral=one.referral, reason="test", by=where.by, at=NOW)


def treated(place: World, one: Authorization, rng: Random) -> None:
    """Give some visits, each so many days ago, drafts and sends claims of some, and books one."""
    ends = one.terms.valid_through or TODAY
    latest = NOW + min(ends - TODAY, 0 * DAY)
    ago = [rng.choice((1, 133, 134, 135, 136, 179, 180, 181, 364, 366, 367)) for _ in range(rng.randrange(4))]
    made = [world.completed(place, one, at=latest - days * DAY - rng.random() * DAY / 9) for days in ago]
    fate = rng.choice(("none", "unpriced", "drafted", "sent")) if made else "none"
    if fate == "unpriced":
        unpriced(made[0])
    elif one.referral.affiliation != Affiliation.CCN and fate == "drafted":
        claims.draft(visit_ids=[made[-1].pk], by=place.by, at=NOW)
    elif one.referral.affiliation != Affiliation.CCN and fate == "sent":
        send(place, made[-1])
    if ends > TODAY and rng.random() < 0.5:
        world.booked(place, one, at=NOW + DAY)


@pytest.mark.parametrize("number", range(2))
def test_every_tile_is_the_sum_of_its_list_at_random_around_midnight(
    harbor: World, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_random(harbor, Random(number))
    at_random(world.practice("lake"), Random(number))
    for paged in (pages.keyset, pages.keyset_by_day):
        monkeypatch.setitem(paged.__kwdefaults__, "size", 6)
    monkeypatch.setattr(unbilled, "PAGE_SIZE", 6)
    places = harbor.practice.locations.values_list("pk", flat=True)

    for at in MIDNIGHTS:
        with time_machine.travel(at, tick=False):
            administrator = signed_in(harbor)
            found = [figures.compare(administrator, place) for place in ("", *places)]
        whole, *parts = ([int(one["Active authorizations"]), figures.money(one)] for one in found)
        assert [sum(some) for some in zip(*parts, strict=True)] == whole


def planted_authorization(place: World) -> None:
    long_ago(place)


def planted_draw(place: World) -> None:
    world.booked(place, Authorization.objects.earliest("pk"), at=NOW + DAY)


def planted_visit(place: World) -> None:
    world.completed(place, Authorization.objects.earliest("pk"), at=NOW - 5 * DAY)


def planted_risk(place: World) -> None:
    world.completed(place, Authorization.objects.earliest("pk"), at=NOW - 150 * DAY)


def planted_claim(place: World) -> None:
    send(place, world.completed(place, Authorization.objects.latest("pk"), at=NOW - DAY))


PLANTED = {
    planted_authorization: ["Active authorizations", "Ending within 30 days", "Visits used of those authorized"],
    planted_draw: ["Visits used of those authorized"],
    planted_visit: ["Visits used of those authorized", "Visits not billed"],
    planted_risk: ["Visits used of those authorized", "Visits not billed", "Revenue at risk"],
    planted_claim: ["Claims sent and not answered"],
}


@pytest.mark.parametrize("plant", PLANTED)
def test_row_that_a_tile_misses_is_found(harbor: World, administrator: Client, plant: Any) -> None:
    some_of_everything(harbor)
    before = figures.tiles(administrator)

    plant(harbor)

    missed = []
    for tile in before:
        try:
            figures.COMPARED[tile.label](tile, figures.listed(administrator, tile.url))
        except AssertionError:
            missed.append(tile.label)
    assert missed == PLANTED[plant]
    figures.compare(administrator)


def test_figures_are_those_of_the_rows(harbor: World, administrator: Client) -> None:
    some_of_everything(harbor)
    some_of_everything(world.practice("lake"))

    found = figures.tiles(administrator)

    assert {tile.label: tile.figure for tile in found} == {
        "Active authorizations": "2",
        "Ending within 30 days": "1",
        "Visits used of those authorized": "33.3 %",
        "Visits not billed": "$1,350.00",
        "Revenue at risk": "$900.00",
        "Claims sent and not answered": "$900.00",
    }
    assert {tile.as_of for tile in found} == {"11 Apr 2024, 10:00 AM PDT"}
    *_, not_billed, at_risk, sent = [tile.definition for tile in found]
    assert not_billed == (
        "Expected charge, at your own prices, of 3 visits completed since 11 Apr 2023 and on no claim sent to VA; "
        "1 of them has a service without a price, which is not in the sum."
    )
    assert at_risk == (
        "What is not billed although more than 75 % of its filing limit has passed: 2 visits, $450.00 of it past the "
        "last day to file; 1 of them has a service without a price, which is not in the sum."
    )
    assert sent == "Total charge of 1 claim sent of which no answer is recorded yet."


def test_each_place_judges_by_its_own_day(harbor: World) -> None:
    east = in_the_east(harbor)
    for place in (harbor, east):
        long_ago(place, through=date(2024, 4, 11))

    active, as_of = [], []
    for at in MIDNIGHTS:
        with time_machine.travel(at, tick=False):
            administrator = signed_in(harbor)
            shown = [figures.tiles(administrator, place) for place in ("", harbor.location.pk, east.location.pk)]
            active.append([tiles[0].figure for tiles in shown])
            as_of.append(shown[0][0].as_of)

    assert active == [["2", "1", "1"], ["1", "1", "0"], ["1", "1", "0"], ["0", "0", "0"]]
    assert as_of == [
        "11 Apr 2024, 11:59 PM EDT",
        "11 Apr 2024, 9:01 PM PDT at Main; 12 Apr 2024, 12:01 AM EDT at East",
        "11 Apr 2024, 11:59 PM PDT at Main; 12 Apr 2024, 2:59 AM EDT at East",
        "12 Apr 2024, 3:01 AM EDT",
    ]


@pytest.mark.parametrize(("percent", "visits"), [("1", 3), ("75", 2), ("78", 1), ("100", 1)])
def test_share_of_the_limit_is_the_practices_own(
    harbor: World, administrator: Client, percent: str, visits: int
) -> None:
    some_of_everything(harbor)
    said = {"valid_from": TODAY, "source": "test", "verified_on": None}
    parameters.set_value(name="revenue-at-risk-percent", value=percent, by=harbor.by, **said)

    tile = figures.tiles(administrator)[4]

    assert f"more than {percent} % of its filing limit has passed: {visits} visit" in tile.definition


@pytest.mark.parametrize("value", ["0", "101", "much", "7.5"])
def test_share_of_the_limit_is_a_percentage(harbor: World, value: str) -> None:
    with pytest.raises(parameters.NotAValue):
        parameters.set_value(
            name="revenue-at-risk-percent", value=value, valid_from=TODAY, source="", verified_on=None, by=harbor.by
        )


def test_price_of_the_day_is_expected_and_none_is_said(harbor: World, administrator: Client) -> None:
    one = long_ago(harbor)
    for days in (10, 5, 1):
        world.completed(harbor, one, at=NOW - days * DAY)
    Charge.objects.filter(code="96365").update(valid_through=TODAY - 6 * DAY)
    mine = {"practice": harbor.practice, "code": "96365"}
    Charge.objects.create(**mine, amount=Decimal("99.99"), valid_from=TODAY - DAY)

    tile = figures.tiles(administrator)[3]

    assert (tile.figure, "1 of them has" in tile.definition) == ("$549.99", True)
    figures.compare(administrator)


def test_export_and_api_say_the_same(harbor: World, administrator: Client) -> None:
    some_of_everything(harbor)
    east = in_the_east(harbor)
    long_ago(east)

    told = caller(harbor, Role.ADMINISTRATOR).get("api_dashboard").json()
    answer = administrator.post(reverse("export_dashboard"))

    head, *lines = csv.reader(StringIO(answer.content.decode()))
    values = {(line[0], line[1], line[3]): line[2] for line in lines}
    assert head == ["Figure", "Of", "Value", "Unit", "As of", "Location"]
    assert {tuple(line[4:]) for line in lines} == {("11 Apr 2024, 1:00 PM EDT", "All locations")}
    assert values["Visits not billed", "", "US dollars"] == told["unbilled"]["charge"] == "1350.00"
    assert values["Revenue at risk", "", "US dollars"] == told["at_risk"]["charge"] == "900.00"
    assert values["Revenue at risk", "past the last day to file", "US dollars"] == told["past_last_day"]["charge"]
    assert values["Visits not billed", "without a price", "visits"] == str(told["unbilled"]["unpriced"]) == "1"
    assert values["Claims sent and not answered", "", "US dollars"] == told["sent_charge"] == "900.00"
    assert values["Active authorizations", "", "authorizations"] == str(told["active"]) == "3"
    assert values["Visits used of those authorized", "", "percent"] == told["use"]["percent"] == "20.0"
    of = {one["location"]: one["authorized"] for one in told["by_location"]}
    assert of == {harbor.location.pk: 9, east.location.pk: 6}
    assert values["Visits authorized", "East", "visits"] == "6"
    weeks = {one["monday"]: str(one["ending"]) for one in told["weeks"]}
    assert weeks == {of.removeprefix("week of "): n for (name, of, _), n in values.items() if "week of" in of}
    assert (min(weeks), len(weeks)) == ("2024-04-08", 12)
    event = AuditEvent.objects.get(action="dashboard.exported")
    assert event.changes == {"lines": len(lines), "location": None}


def test_export_of_a_place_holds_that_place(harbor: World, administrator: Client) -> None:
    east = in_the_east(harbor)
    long_ago(east)

    answer = administrator.post(reverse("export_dashboard"), {"place": harbor.location.pk})

    _, active, *_ = csv.reader(StringIO(answer.content.decode()))
    assert active == ["Active authorizations", "", "0", "authorizations", "11 Apr 2024, 10:00 AM PDT", "Main"]


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_but_an_administrator_sees_the_figures(harbor: World, role: Role) -> None:
    some_of_everything(harbor)
    client = signed_in(harbor, role)

    answers = [client.get(reverse("dashboard")), client.post(reverse("export_dashboard"))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert caller(harbor, role).get("api_dashboard").status_code == 403
    assert reverse("dashboard") not in figures.read(client, reverse("today"))


@pytest.mark.parametrize("text", ["foreign", "x", "9" * 30, "-1", "0", "٣"])
@pytest.mark.parametrize("name", ["dashboard", "authorizations", "not_billed", "claims", "api:api_dashboard"])
def test_place_that_is_not_the_practices_is_not_there(
    harbor: World, administrator: Client, name: str, text: str
) -> None:
    place = str(world.practice("lake").location.pk) if text == "foreign" else text
    client = caller(harbor, Role.ADMINISTRATOR).client if name.startswith("api:") else administrator

    answer = client.get(reverse(name), {"place": place, "state": "SENT"})

    assert answer.status_code == 404


@pytest.mark.parametrize("week", ["", "x", "2024-13-01", "9999-12-31", "0001-01-01"])
def test_nonsense_for_a_week_is_no_fault(administrator: Client, week: str) -> None:
    assert administrator.get(reverse("authorizations"), {"week": week}).status_code == 200


def test_new_practice_is_told_what_to_do_first(harbor: World, administrator: Client) -> None:
    before = figures.read(administrator, reverse("dashboard"))
    world.authorization(harbor)

    assert ("Enter a referral" in before, 'class="tile"' in before) == (True, False)
    assert 'class="tile"' in figures.read(administrator, reverse("dashboard"))


def test_practice_without_a_place_is_told_to_add_one(harbor: World, administrator: Client) -> None:
    lake = practices.create(code="pond", name="Pond", test_data=True)
    user = User.objects.create_user("pond@example.org", name="Person")
    people.give_role(user=user, role=Role.ADMINISTRATOR, by=access.acting_for(lake, what="test"))
    client = Client()
    client.force_login(user)

    assert "Add a location" in figures.read(client, reverse("dashboard"))
    assert client.post(reverse("export_dashboard")).status_code == 200
