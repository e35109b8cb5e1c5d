"""What was sent, on pages: how, by whom, with which numbers, and what came back."""

import csv
import re
from datetime import datetime, timedelta
from html import unescape
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse

from billing import queries
from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Claim, Submission
from billing.queries import Answers
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from tests import world
from tests.vca.core.api.caller import caller
from tests.world import NOW, TODAY, World
from vca.core import jobs
from vca.core.models import AuditEvent
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

YES = Answer(Verdict.ACCEPTED, Source.PORTAL, TODAY, payer_claim_number="77001")
NO = Answer(Verdict.REJECTED, Source.CLEARINGHOUSE, TODAY, words="A7:562", reference="R-9")


@pytest.fixture
def moment() -> datetime:
    return NOW + timedelta(days=3)


def ready(harbor: World, number: int = 1) -> list[Claim]:
    return [world.ready_claim(harbor) for _ in range(number)]


def by_hand(harbor: World, made: list[Claim], receipt: str = "R-1", channel: Channel = Channel.PORTAL) -> Submission:
    sent = ByHand(channel, NOW, receipt=receipt)
    return submissions.record_by_hand(claim_ids=[one.pk for one in made], sent=sent, by=harbor.by, at=NOW)


def answered(harbor: World, claim: Claim, answer: Answer) -> None:
    acknowledgments.take(claim=claim, answer=answer, by=harbor.by, at=NOW)


def text(client: Client, name: str = "submissions", *ids: int, query: str = "") -> str:
    answer = client.get(reverse(name, args=ids) + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())))


def test_answers_are_counted_by_submission(harbor: World) -> None:
    made = ready(harbor, 4)
    whole, lone = by_hand(harbor, made[:3]), by_hand(harbor, made[3:])
    answered(harbor, made[0], YES)
    answered(harbor, made[1], NO)

    assert queries.answers_to([whole, lone]) == {whole.pk: Answers(1, 1, 1), lone.pk: Answers(waiting=1)}


def test_nobody_waits_for_what_was_taken_back(harbor: World) -> None:
    sent = by_hand(harbor, ready(harbor))
    submissions.take_back(submission=sent, reason="never left", by=harbor.by, at=NOW)

    assert queries.answers_to([Submission.objects.get()]) == {sent.pk: Answers()}


def test_list_tells_how_by_which_numbers_and_what_came_back(harbor: World, biller: Client) -> None:
    made = ready(harbor, 2)
    by_hand(harbor, made, "R-77")
    answered(harbor, made[0], YES)
    ready(harbor)
    jobs.run(submissions.ask(by=harbor.by).pk)

    shown = text(biller)

    told = ("Payer's portal", "R-77", "1 accepted", "1 without an answer for 3 days", "Batch 1", "$900.00", "$450.00")
    assert [words for words in told if words not in shown] == []
    assert shown.index("Batch 1") < shown.index("R-77")


def test_list_says_that_the_last_recorded_comes_first(harbor: World, biller: Client) -> None:
    first, late = ready(harbor), ready(harbor)
    by_hand(harbor, first, "R-new")
    mailed = ByHand(Channel.MAIL, NOW - timedelta(hours=1), receipt="R-old")
    submissions.record_by_hand(claim_ids=[one.pk for one in late], sent=mailed, by=harbor.by, at=NOW)

    shown = text(biller)

    assert (shown.index("R-old") < shown.index("R-new"), "the last recorded first" in shown) == (True, True)


def test_what_was_taken_back_is_marked(harbor: World, biller: Client) -> None:
    sent = by_hand(harbor, ready(harbor))
    before = text(biller)
    submissions.take_back(submission=sent, reason="never left", by=harbor.by, at=NOW)

    assert ("taken back" in before, "taken back" in text(biller)) == (False, True)
    assert "never left" in text(biller, "submission", sent.pk)


def test_channel_filters_and_nonsense_does_not(harbor: World, biller: Client) -> None:
    for channel in (Channel.PORTAL, Channel.MAIL):
        by_hand(harbor, ready(harbor), f"receipt {channel}", channel)
    seen = {
        query: [channel for channel in ("PORTAL", "MAIL") if f"receipt {channel}" in text(biller, query=query)]
        for query in ("", "?channel=MAIL", "?channel=FAX", "?channel=x")
    }

    assert seen == {
        "": ["PORTAL", "MAIL"],
        "?channel=MAIL": ["MAIL"],
        "?channel=FAX": [],
        "?channel=x": ["PORTAL", "MAIL"],
    }


def test_empty_list_says_what_comes_next(harbor: World, biller: Client) -> None:
    assert "Nothing has been sent yet." in text(biller)
    assert "Nothing was sent in this way." in text(biller, query="?channel=FAX")


def test_pages_show_each_once(harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vca.core.pages.keyset.__kwdefaults__", {"newest_first": True, "after": "", "size": 2})
    receipts = [f"R-{number}" for number in range(3)]
    for receipt in receipts:
        by_hand(harbor, ready(harbor), receipt)

    first = text(biller)
    (older,) = re.findall(r'href="(\?after=\d+)" rel="next"', biller.get(reverse("submissions")).content.decode())

    seen = [[one for one in receipts if one in shown] for shown in (first, text(biller, query=older))]
    assert seen == [["R-1", "R-2"], ["R-0"]]


def test_submission_shows_its_claims_and_their_answers(harbor: World, biller: Client) -> None:
    made = ready(harbor, 3)
    sent = by_hand(harbor, made)
    answered(harbor, made[1], NO)
    claims.back_to_draft(claim=made[1], by=harbor.by)

    shown = text(biller, "submission", sent.pk)

    _, *rows = re.split("|".join(one.control_number for one in made), shown)
    assert ["no answer yet" in row for row in rows] == [True, False, True]
    assert ("Rejected" in rows[1], "Draft" in rows[1]) == (True, True)


def test_claim_leads_to_its_submission_and_back(harbor: World, biller: Client) -> None:
    (claim,) = ready(harbor)
    sent = by_hand(harbor, [claim])

    there, back = reverse("submission", args=[sent.pk]), reverse("claim", args=[claim.pk])
    assert f'href="{there}"' in biller.get(back).content.decode()
    assert f'href="{back}"' in biller.get(there).content.decode()


@pytest.mark.parametrize("came_back", [False, True])
def test_taking_back_is_offered_until_something_came_back(harbor: World, biller: Client, came_back: bool) -> None:
    made = ready(harbor, 2)
    sent = by_hand(harbor, made)
    if came_back:
        answered(harbor, made[0], NO)

    pages = [reverse("submission", args=[sent.pk]), *(reverse("claim", args=[one.pk]) for one in made)]
    offered = [reverse("take_back_submission", args=[sent.pk]) in biller.get(one).content.decode() for one in pages]
    assert offered == [not came_back] * 3


def test_export_holds_what_the_list_shows_and_is_recorded(harbor: World, biller: Client) -> None:
    made = ready(harbor, 2)
    by_hand(harbor, made, "=1+1")
    answered(harbor, made[0], YES)
    by_hand(harbor, ready(harbor), "fax", Channel.FAX)

    answer = biller.post(reverse("export_submissions"), {"channel": "PORTAL"})

    head, *rows = csv.reader(StringIO(answer.content.decode()))
    assert [dict(zip(head, row, strict=True))["Receipt"] for row in rows] == ["'=1+1"]
    assert rows[0][9:12] == ["1", "0", "1"]
    event = AuditEvent.objects.get(action="submissions.exported")
    assert event.changes == {"submissions": 1, "channel": "PORTAL"}


FORM = r'<form[^>]* action="{}"[^>]*>(.*?)</form>'
INPUT = re.compile(r'<input [^>]*name="([^"]+)"(?: value="([^"]*)")?')


@pytest.mark.parametrize(
    ("page", "action", "query"),
    [
        ("dashboard", "export_dashboard", ""),
        ("submissions", "export_submissions", ""),
        ("claims", "export_claims", "?state=SENT"),
        ("claims", "claims", ""),
    ],
)
def test_page_that_stays_open_gives_its_table_or_search_again(
    harbor: World, page: str, action: str, query: str
) -> None:
    by_hand(harbor, ready(harbor))
    owner = Client()
    user = world.person(harbor, Role.ADMINISTRATOR)
    people.give_role(user=user, role=Role.BILLER, by=harbor.by)
    owner.force_login(user)
    html = owner.get(reverse(page) + query).content.decode()
    (form,) = re.findall(FORM.format(reverse(action)), html, re.DOTALL)
    said = dict(INPUT.findall(form)) | ({"q": "Sample"} if action == "claims" else {})

    answers = [owner.post(reverse(action), said) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert AuditEvent.objects.filter(action__endswith=".exported").count() == (0 if action == "claims" else 2)


def test_submissions_are_listed_by_api(harbor: World) -> None:
    sent = by_hand(harbor, ready(harbor))
    other = caller(world.practice("ridge"), Role.BILLER)
    ours = caller(harbor, Role.BILLER)

    assert [[one["id"] for one in who.get("api_submissions").json()["results"]] for who in (ours, other)] == [
        [sent.pk],
        [],
    ]
    assert ours.get("api_submissions", channel="MAIL").json()["results"] == []


def test_front_desk_sees_nothing_of_it(harbor: World) -> None:
    client = Client()
    client.force_login(world.person(harbor, Role.FRONT_DESK))
    sent = by_hand(harbor, ready(harbor))

    answers = [client.get(reverse("submissions")), client.get(reverse("submission", args=[sent.pk]))]
    answers.append(client.post(reverse("export_submissions")))
    assert [one.status_code for one in answers] == [403, 403, 403]
