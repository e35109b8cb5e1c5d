"""The work list: what must be filed first comes first, with what is in its way, and each tab counts its rows."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Claim
from billing.services import acknowledgments, charges, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from billing.views import lists
from referrals.models import Authorization, Referral
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.services import parameters
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
OPEN = {"referral_date": TODAY - 100 * DAY, "expiration_date": TODAY + 10 * DAY}
NO = Answer(Verdict.REJECTED, Source.CLEARINGHOUSE, TODAY, words="A7:562 no such member", reference="R-9")
YES = Answer(Verdict.ACCEPTED, Source.PORTAL, TODAY, payer_claim_number="77001")
STATES = ("DRAFT", "READY", "SENT", "REJECTED", "ACCEPTED", "CLOSED")


def authorized(harbor: World) -> Authorization:
    return world.authorization(harbor, **OPEN)


def claim_in(harbor: World, state: str, *days_ago: int) -> Claim:
    """Make a claim of visits of those days and bring it there by the services."""
    one = authorized(harbor)
    visits = [world.completed(harbor, one, at=NOW - days * DAY).pk for days in days_ago]
    (claim,) = claims.draft(visit_ids=visits, by=harbor.by, at=NOW)
    if state == "CLOSED":
        claims.close(claim=claim, reason="test", by=harbor.by, at=NOW)
    elif state != "DRAFT":
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    if state in ("SENT", "REJECTED", "ACCEPTED"):
        sent = ByHand(Channel.PORTAL, NOW, receipt="R-1")
        submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=harbor.by, at=NOW)
    if state in ("REJECTED", "ACCEPTED"):
        acknowledgments.take(claim=claim, answer=NO if state == "REJECTED" else YES, by=harbor.by, at=NOW)
    return claim


def html(client: Client, query: str = "") -> str:
    answer = client.get(reverse("claims") + query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def shown(text: str) -> list[str]:
    """Return the numbers of the claims in the list, from the top."""
    return re.findall(r'<th scope="row"><a href="/claims/\d+/">([^<]+)</a>', text)


def cells(text: str) -> dict[str, str]:
    """Return the first row's cells by their labels, as words."""
    row = text[text.index("<tbody>") :].partition("</tr>")[0]
    found = re.findall(r'data-label="([^"]+)">(.*?)</td>', row, re.DOTALL)
    return {label: " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for label, cell in found}


@pytest.mark.parametrize("state", ["DRAFT", "READY", "REJECTED", "SENT"])
def test_what_must_be_filed_first_comes_first(harbor: World, biller: Client, state: str) -> None:
    later, first, between = (claim_in(harbor, state, *days) for days in ((1,), (60, 2), (30,)))

    assert shown(html(biller, f"?state={state}")) == [one.control_number for one in (first, between, later)]


@pytest.mark.parametrize("state", ["ACCEPTED", "CLOSED"])
def test_what_is_done_is_the_newest_first(harbor: World, biller: Client, state: str) -> None:
    made = [claim_in(harbor, state, days) for days in (1, 60, 30)]

    assert shown(html(biller, f"?state={state}")) == [one.control_number for one in reversed(made)]


@pytest.mark.parametrize("state", ["DRAFT", "SENT"])
def test_pages_show_each_claim_once_in_order(
    harbor: World, biller: Client, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    monkeypatch.setattr(lists, "JUDGED_AT_ONCE", 2)
    made = [claim_in(harbor, state, days) for days in (5, 9, 5, 1, 9)]
    seen, query = [], f"?state={state}"
    while query:
        text = html(biller, query)
        seen.append(shown(text))
        query = next(iter(re.findall(r'href="(\?[^"]*after=[^"]+)" rel="next"', text)), "")

    by_day = [made[place].control_number for place in (1, 4, 0, 2, 3)]
    assert seen == [by_day[:2], by_day[2:4], by_day[4:]]


def test_each_tab_counts_the_rows_behind_it(harbor: World, biller: Client) -> None:
    for times, state in enumerate(STATES, start=1):
        for _ in range(times):
            claim_in(harbor, state, 1)

    text = html(biller)

    tabs = dict(re.findall(r'href="\?state=([A-Z]+)">[^<]+<span class="quiet">(\d+)', text))
    assert tabs == {state: str(len(shown(html(biller, f"?state={state}")))) for state in STATES}
    assert tabs == {state: str(times) for times, state in enumerate(STATES, start=1)}


def test_row_says_what_a_biller_asks(harbor: World, biller: Client) -> None:
    claim = claim_in(harbor, "REJECTED", 3, 1)

    assert cells(html(biller, "?state=REJECTED")) == {
        "File by": "5 Oct 2024, 177 days left",
        "Veteran": claim.veteran.facts.display_name,
        "Authorization": claim.referral.number,
        "Visits": "8 Apr 2024 to 10 Apr 2024",
        "Payer": "VA",
        "In its way": "“A7:562 no such member”",
        "Age": "0 days",
        "Total charge": "$900.00",
    }


@pytest.mark.parametrize(
    ("limit", "words", "tone"),
    [
        ("180", "28 Sep 2024, 170 days left", None),
        ("40", "11 May 2024, 30 days left", "warn"),
        ("41", "12 May 2024, 31 days left", None),
        ("11", "12 Apr 2024, 1 day left", "warn"),
        ("10", "11 Apr 2024, last day", "warn"),
        ("9", "10 Apr 2024, limit passed yesterday", "bad"),
    ],
)
def test_limit_that_is_near_or_past_is_said_in_words_and_shown(
    harbor: World, biller: Client, limit: str, words: str, tone: str | None
) -> None:
    claim_in(harbor, "DRAFT", 10)
    known = {"name": "filing-limit-days", "valid_from": TODAY - 365 * DAY, "source": "test", "verified_on": None}
    parameters.set_value(**known, value=limit, by=harbor.by)  # type: ignore[arg-type]

    text = html(biller, "?state=DRAFT")

    assert cells(text)["File by"] == words
    (cell,) = re.findall(r'data-label="File by">(.*?)</td>', text, re.DOTALL)
    assert re.findall(r'<span class="(\w+)"><svg', cell) == ([tone] if tone else [])


def test_no_answer_yet_says_since_when(harbor: World) -> None:
    claim_in(harbor, "SENT", 1)

    with time_machine.travel(NOW + 12 * DAY, tick=False):
        client = Client()
        client.force_login(world.person(harbor, Role.BILLER))
        text = html(client, "?state=SENT")

    row = cells(text)
    assert (row["File by"], row["In its way"], row["Age"]) == ("sent 11 Apr 2024", "no answer yet", "12 days")
    assert "No answer yet <span" in text


@pytest.mark.parametrize("state", STATES)
def test_age_is_in_civil_days_since_the_claim_came_to_where_it_stands(harbor: World, state: str) -> None:
    claim = claim_in(harbor, state, 1)
    if state in ("ACCEPTED", "REJECTED", "CLOSED"):
        Claim.objects.update(created_at=NOW - 9 * DAY, ready_at=NOW - 8 * DAY, sent_at=NOW - 7 * DAY)
    evening = timedelta(hours=17)  # NOW is a morning there: less than a day after it, and the next one

    with time_machine.travel(NOW + evening, tick=False):
        client = Client()
        client.force_login(world.person(harbor, Role.BILLER))
        text = html(client, f"?state={state}")

    assert claim.location.civil_day(NOW + evening) == TODAY + DAY
    assert cells(text)["Age"] == "1 day"


def test_submission_waits_for_civil_days(harbor: World) -> None:
    claim_in(harbor, "SENT", 1)

    with time_machine.travel(NOW + timedelta(hours=17), tick=False):
        client = Client()
        client.force_login(world.person(harbor, Role.BILLER))
        text = unescape(client.get(reverse("submissions")).content.decode())

    assert "1 without an answer for 1 day" in " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize("state", ["DRAFT", "READY"])
def test_rule_that_blocks_is_named(harbor: World, biller: Client, state: str) -> None:
    claim = claim_in(harbor, state, 1)
    sound = cells(html(biller, f"?state={state}"))["In its way"]
    Claim.objects.filter(pk=claim.pk).update(frequency_code="9")

    assert (sound, cells(html(biller, f"?state={state}"))["In its way"][:9]) == ("nothing", "CLAIM-20 ")


def test_claim_that_no_longer_goes_to_va_says_so(harbor: World, biller: Client) -> None:
    claim = claim_in(harbor, "DRAFT", 1)
    Referral.objects.filter(pk=claim.referral_id).update(affiliation="CCN")

    assert cells(html(biller, "?state=DRAFT"))["Payer"] == "Network"


def test_visit_to_bill_says_until_when_and_for_how_much(harbor: World, biller: Client) -> None:
    one = authorized(harbor)
    world.completed(harbor, one, at=NOW - 5 * DAY)
    world.completed(harbor, one, at=NOW - 3 * DAY, code="J3490")
    charges.Charge.objects.filter(code="J3490").delete()

    text = " ".join(re.sub(r"<[^>]+>", " ", html(biller)).split())

    assert "$450.00, file by 3 Oct 2024, 175 days left 5 days old" in text
    assert "no price , file by 5 Oct 2024, 177 days left 3 days old" in text
