"""The lists of a biller: which visits are to bill, which belong to the network, and what a search finds."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing import queries
from billing.models import Claim
from billing.services import claims
from billing.views import lists
from referrals.domain.states import Affiliation
from referrals.models import Authorization, Referral, Visit
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.services import practices
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

DAY = timedelta(days=1)


def page(client: Client, query: str = "", **posted: str) -> str:
    address = reverse("claims") + query
    answer = client.post(address, posted) if posted else client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def ticked(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'name="visit" value="(\d+)"', html)]


def completed(harbor: World, one: Authorization, *days_ago: int) -> list[Visit]:
    return [world.completed(harbor, one, at=NOW - days * DAY) for days in days_ago]


def network(harbor: World, words: str) -> Authorization:
    one = world.authorization(harbor, affiliation=Affiliation.CCN)
    Referral.objects.filter(pk=one.referral_id).update(network=words)
    return one


def test_longest_waiting_authorization_comes_first_and_stays_together(harbor: World, biller: Client) -> None:
    early, late = world.authorization(harbor), world.authorization(harbor)
    second = completed(harbor, late, 2, 1)
    first = completed(harbor, early, 3, 0)

    assert ticked(page(biller)) == [visit.pk for visit in (*first, *second)]


def test_pages_show_each_visit_once_and_whole_authorizations(
    harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    made = [completed(harbor, world.authorization(harbor), 9 - number, 1) for number in range(3)]
    seen, query = [], ""
    while True:
        html = page(biller, query)
        seen.append(ticked(html))
        found = re.search(r'href="(\?after=[^"]+)" rel="next"', html)
        if not found:
            break
        query = found.group(1)

    assert seen == [[visit.pk for visit in visits] for visits in made]


def test_list_opens_at_the_visit_that_an_address_names(
    harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 1)
    made = [completed(harbor, world.authorization(harbor), 9 - number, 1) for number in range(3)]
    ids = [[visit.pk for visit in visits] for visits in made]

    html = page(biller, f"?visit={ids[1][1]}")

    (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', html)
    assert [ticked(html), ticked(page(biller, unescape(older)))] == ids[1:]
    said = ["The list is opened at one visit" in page(biller, f"?visit={pk}") for pk in (ids[1][0], ids[0][1], "x", 0)]
    assert said == [True, False, False, False]


@pytest.mark.parametrize(("own", "shown"), [(True, 2), (False, 1)])
def test_visit_of_long_ago_that_an_address_names_is_shown(harbor: World, biller: Client, own: bool, shown: int) -> None:
    old = {"referral_date": date(2023, 2, 1), "expiration_date": date(2024, 5, 27)}
    beyond, _ = completed(harbor, world.authorization(harbor, **old), 367, 366)
    lake = world.practice("lake")
    (foreign,) = completed(lake, world.authorization(lake, **old), 367)

    assert len(ticked(page(biller, f"?visit={beyond.pk if own else foreign.pk}"))) == shown


@pytest.mark.parametrize("state", ["BILL", "NETWORK"])
def test_next_page_follows_although_what_the_last_one_showed_is_billed_meanwhile(
    harbor: World, biller: Client, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 1)
    words = {"BILL": [None] * 3, "NETWORK": ["A & B", "A & B", "Region 4"]}[state]
    made = [network(harbor, one) if one else world.authorization(harbor) for one in words]
    for number, one in enumerate(made):
        completed(harbor, one, 9 - number)
    query = f"?state={state}"
    for _ in range(2):
        (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', page(biller, query))
        query = unescape(older)

    Visit.objects.filter(authorization=made[1]).update(state="VOIDED")

    html = page(biller, query)
    assert [one.referral.number in html for one in made] == [False, False, True]


def test_visit_of_long_ago_is_shown_when_it_is_asked_for(harbor: World, biller: Client) -> None:
    old = {"referral_date": date(2023, 2, 1), "expiration_date": date(2024, 5, 27)}
    one = world.authorization(harbor, **old)
    beyond, within = completed(harbor, one, 367, 366)

    assert [ticked(page(biller, query)) for query in ("", "?ever=1")] == [[within.pk], [beyond.pk, within.pk]]


@pytest.mark.parametrize("since", [None, TODAY - 9 * DAY])
def test_visit_on_a_live_claim_is_not_to_bill_and_free_again_when_it_is_closed(
    harbor: World, since: date | None
) -> None:
    billed, left = completed(harbor, world.authorization(harbor), 9, 1)
    (claim,) = claims.draft(visit_ids=[billed.pk], by=harbor.by, at=NOW)
    before = [one.visit_id for one in queries.visits_to_bill(harbor.by, since=since)]

    claims.close(claim=claim, reason="test", by=harbor.by, at=NOW)

    after = [one.visit_id for one in queries.visits_to_bill(harbor.by, since=since)]
    assert (before, after) == ([left.pk], [billed.pk, left.pk])


def test_visit_of_the_network_is_not_to_bill_to_va(harbor: World, biller: Client) -> None:
    (ours,) = completed(harbor, world.authorization(harbor), 1)
    completed(harbor, network(harbor, "Region 4"), 1)

    html, elsewhere = page(biller), page(biller, "?state=NETWORK")

    assert ticked(html) == [ours.pk]
    assert 'Visits to bill <span class="quiet">1</span>' in html
    assert 'Billed to the network <span class="quiet">1</span>' in html
    assert ticked(elsewhere) == []
    assert 'Payer id <span class="code">TWVACCN</span>' in elsewhere


def test_network_that_is_not_known_asks_for_its_name(harbor: World, biller: Client) -> None:
    completed(harbor, network(harbor, ""), 1)

    assert "Enter the administrator or its region on the referral" in page(biller, "?state=NETWORK")


def test_todays_tile_counts_what_the_list_shows(harbor: World, biller: Client) -> None:
    completed(harbor, world.authorization(harbor), 1)
    completed(harbor, network(harbor, "Optum"), 1)

    html = biller.get(reverse("today")).content.decode()

    (figure,) = re.findall(r'figure-large">(\d+)</span>\s*<span class="row"><a href="[^"]+">Visits to bill', html)
    assert figure == "1"


def test_tile_and_lists_look_back_from_the_same_day(harbor: World, biller: Client) -> None:
    practices.record_location(facts={"time_zone": "Pacific/Honolulu"}, by=harbor.by, location=harbor.location)
    practices.record_location(facts={"name": "East", "time_zone": "America/New_York"}, by=harbor.by)
    old = {"referral_date": date(2023, 2, 1), "expiration_date": date(2024, 5, 27)}
    completed(harbor, world.authorization(harbor, **old), 366)

    with time_machine.travel(
        NOW + timedelta(hours=14), tick=False
    ):  # still today in Honolulu, 3:00 of the next in the East
        client = Client()
        client.force_login(world.person(harbor, Role.BILLER))
        listed = len(ticked(page(client)))
        tile, elsewhere = (client.get(reverse(name)).content.decode() for name in ("today", "not_billed"))

    (figure,) = re.findall(r'figure-large">(\d+)</span>\s*<span class="row"><a href="[^"]+">Visits to bill', tile)
    assert (listed, figure, elsewhere.count('data-label="Expected charge">')) == (1, "1", 1)


@pytest.mark.parametrize("words", ["number", "name", "referral"])
def test_search_finds_a_claim_by_number_name_or_referral(harbor: World, biller: Client, words: str) -> None:
    one, other = (world.authorization(harbor, last_name=name) for name in ("Gull", "Heron"))
    for authorization in (one, other):
        claims.draft(visit_ids=[visit.pk for visit in completed(harbor, authorization, 1)], by=harbor.by, at=NOW)
    sought = Claim.objects.get(referral=one.referral)
    asked = {"number": sought.control_number.lower(), "name": "gul", "referral": one.referral.number}

    html = page(biller, q=asked[words])

    numbers = [claim.control_number for claim in Claim.objects.order_by("pk") if f">{claim.control_number}<" in html]
    assert numbers == [sought.control_number]


def test_claim_of_another_practice_is_not_found(harbor: World, biller: Client) -> None:
    lake = world.practice("lake")
    authorization = world.authorization(lake, last_name="Gull")
    claims.draft(visit_ids=[visit.pk for visit in completed(lake, authorization, 1)], by=lake.by, at=NOW)

    assert "No claim was found." in page(biller, q="Gull")


def test_export_is_a_table_that_a_biller_downloads(harbor: World, biller: Client) -> None:
    claims.draft(visit_ids=[completed(harbor, world.authorization(harbor), 1)[0].pk], by=harbor.by, at=NOW)

    answer = biller.post(reverse("export_claims"), {"state": "DRAFT", "q": ""})

    assert (answer.headers["Content-Type"], len(answer.content.splitlines())) == ("text/csv; charset=utf-8", 2)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="claims.csv"'


def test_outdated_draft_offers_one_button_that_builds_it_again(harbor: World, biller: Client) -> None:
    (visit,) = completed(harbor, world.authorization(harbor), 1)
    (claim,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.outdate(visit_id=visit.pk, by=harbor.by)
    address = reverse("claim", args=[claim.pk])
    before = biller.get(address).content.decode()

    biller.post(reverse("rebuild_claim", args=[claim.pk]))

    after = biller.get(address).content.decode()
    said = "The visit of 10 Apr 2024 was corrected after this draft was made. Build it again."
    assert [(said in html, html.count("Build it again</button>")) for html in (before, after)] == [
        (True, 1),
        (False, 0),
    ]


@pytest.mark.parametrize(("state", "offered"), [("DRAFT", True), ("READY", False)])
def test_finding_on_a_line_leads_to_the_visit_while_the_claim_is_a_draft(
    harbor: World, biller: Client, state: str, offered: bool
) -> None:
    (visit,) = completed(harbor, world.authorization(harbor), 1)
    (claim,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claim.lines.update(code="")
    Claim.objects.update(state=state, ready_at=NOW)

    html = biller.get(reverse("claim", args=[claim.pk])).content.decode()

    assert (">Correct the visit of 10 Apr 2024</a>" in html, "CLAIM-10" in html) == (offered, True)


@pytest.mark.parametrize(("posted", "left"), [("first", 1), ("none", 2), ("nonsense", 2)])
def test_visit_is_taken_off_on_the_claims_page(harbor: World, biller: Client, posted: str, left: int) -> None:
    made = completed(harbor, world.authorization(harbor), 2, 1)
    (claim,) = claims.draft(visit_ids=[visit.pk for visit in made], by=harbor.by, at=NOW)
    said = {"first": {"visit": made[0].pk}, "none": {}, "nonsense": {"visit": "x"}}[posted]

    biller.post(reverse("take_off_claim", args=[claim.pk]), said)

    assert claim.lines.count() == left


def test_export_of_a_narrowed_list_holds_the_claims_of_that_place(harbor: World, biller: Client) -> None:
    here, there = world.ready_claim(harbor), world.ready_claim(harbor)
    other = practices.record_location(facts={"name": "Annex", "time_zone": "America/New_York"}, by=harbor.by)
    Claim.objects.filter(pk=there.pk).update(location=other)

    form = page(biller, f"?state=READY&place={other.pk}").partition(f'action="{reverse("export_claims")}"')[2]
    said = dict(re.findall(r'name="(state|place|q)" value="([^"]*)"', form.partition("</form>")[0]))
    narrowed, whole = (
        biller.post(reverse("export_claims"), sent).content.decode() for sent in (said, {**said, "place": ""})
    )

    numbers = [
        [one.control_number for one in (here, there) if one.control_number in text] for text in (narrowed, whole)
    ]
    assert numbers == [[there.control_number], [here.control_number, there.control_number]]
