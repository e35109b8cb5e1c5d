"""The inbox of alerts: what stands in it, for whom, where each act leads, and what became of one alert."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.services import claims
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, vocabulary
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent, DeaRegistration, License, User
from vca.core.services import inbox, practices
from vca.core.services.inbox import Snooze
from vca.core.vocabulary import Family, Role
from vca.desk.queries import alert_log
from vca.desk.queries.alerts import SHOWN_AT_ONCE, group_of

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
LAST = date(2024, 6, 10)


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def somebody(harbor: World, role: Role) -> tuple[Client, User]:
    client, user = Client(), world.person(harbor, role)
    client.force_login(user)
    return client, user


@pytest.fixture
def biller(harbor: World) -> Client:
    return somebody(harbor, Role.BILLER)[0]


def raised(harbor: World, subject_id: int = 1, **other: Any) -> Alert:
    due = Reached(
        *("authorization_ending", "AUTH-01", "authorization", subject_id, (60,)),
        *(LAST.isoformat(), f"number {subject_id}", LAST, harbor.location.pk),
    )
    alerts.raise_alert(replace(due, **other), by=harbor.by, at=NOW)
    return Alert.objects.get(subject_id=subject_id, kind=other.get("kind", "authorization_ending"))


def filing(harbor: World, subject_id: int = 1, **other: Any) -> Alert:
    return raised(harbor, subject_id, kind="filing_limit", rule_code="FILING-01", subject_kind="visit", **other)


def snoozed(harbor: World, alert: Alert, days: int = 2) -> None:
    inbox.snooze([alert], asked=Snooze(TODAY + days * DAY, "VA was asked"), by=harbor.by, at=NOW)


def headlines(client: Client, query: str = "") -> list[str]:
    """Return the headings of the page: its groups and its alerts."""
    said = client.get(reverse("alerts") + query).content.decode()
    return re.findall(r'<h[23] id="(?:group|alert)-\d+">([^<]*)<', said)


def test_alerts_stand_in_groups_by_due_day(harbor: World, biller: Client) -> None:
    for number, due_on in enumerate((None, TODAY + 7 * DAY, TODAY + 6 * DAY, TODAY + DAY, TODAY, TODAY - DAY)):
        raised(harbor, number, due_on=due_on)

    assert headlines(biller) == [
        *("Today", "number 5", "number 4"),
        *("This week", "number 3", "number 2"),
        *("Later", "number 1", "number 0"),
    ]


def test_due_day_is_judged_at_the_place_of_each(harbor: World, biller: Client) -> None:
    address = {"street": "1 Example Way", "city": "Tamuning", "state": "GU", "zip_code": "969130001"}
    guam = practices.record_location(facts={"name": "Guam", "time_zone": "Pacific/Guam", **address}, by=harbor.by)
    raised(harbor, 1, due_on=TODAY + DAY)
    raised(harbor, 2, due_on=TODAY + DAY, location_id=guam.pk)  # there it is 12 April already

    assert headlines(biller) == ["Today", "number 2", "This week", "number 1"]


@pytest.mark.parametrize(
    ("days", "group"), [(-400, "Today"), (0, "Today"), (1, "This week"), (6, "This week"), (7, "Later"), (400, "Later")]
)
def test_group_begins_and_ends_with_its_day(days: int, group: str) -> None:
    assert group_of(TODAY + days * DAY, today=TODAY) == group


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Later", "number 1", "number 2", "number 3"]),
        ("?kind=filing_limit", ["Later", "number 2"]),
        ("?kind=nonsense", ["Later", "number 1", "number 2", "number 3"]),
        ("?mine=yes", ["Later", "number 3"]),
        ("?mine=yes&kind=filing_limit", []),
        ("?snoozed=yes", ["number 4"]),
        ("?snoozed=yes&kind=filing_limit", []),
        ("?after=nonsense", ["Later", "number 1", "number 2", "number 3"]),
    ],
)
def test_list_shows_what_is_asked_for(harbor: World, query: str, shown: list[str]) -> None:
    client, user = somebody(harbor, Role.BILLER)
    raised(harbor, 1)
    filing(harbor, 2)
    Alert.objects.filter(pk=raised(harbor, 3).pk).update(owner=user)
    snoozed(harbor, raised(harbor, 4))

    assert headlines(client, query) == shown


@pytest.mark.parametrize("role", list(Role))
def test_number_in_the_navigation_and_on_today_equals_the_list(harbor: World, role: Role) -> None:
    client, _ = somebody(harbor, role)
    for number in range(1, 8):
        raised(harbor, number)
    filing(harbor, 8)
    snoozed(harbor, Alert.objects.get(subject_id=7))

    page, day = client.get(reverse("alerts")), client.get(reverse("today"))

    listed = len(page.context["page"].rows)
    assert listed == (7 if role in (Role.BILLER, Role.ADMINISTRATOR) else 6)
    assert (page.context["counts"]["awake"], page.context["open_alerts"]) == (listed, listed)
    assert len(day.context["alerts"]) + day.context["more_alerts"] == listed
    assert f'<span class="count">{listed}<span' in day.content.decode()


def test_list_goes_on_where_its_page_ended(harbor: World, biller: Client) -> None:
    for number in range(SHOWN_AT_ONCE + 1):
        raised(harbor, number, due_on=TODAY + number * DAY)

    first = biller.get(reverse("alerts")).context["page"]
    second = biller.get(reverse("alerts"), {"after": first.older}).context["page"]

    shown = [one["alert"].subject_id for page in (first, second) for one in page.rows]
    assert (shown, second.older) == (list(range(SHOWN_AT_ONCE + 1)), "")


def test_empty_views_say_why(harbor: World, biller: Client) -> None:
    said = [biller.get(reverse("alerts") + query).content.decode() for query in ("", "?mine=yes", "?snoozed=yes")]

    whys = ("No alert is open.", "You have taken no alert.", "No alert is snoozed.")
    assert [why in page for why, page in zip(whys, said, strict=True)] == [True] * 3


def act_of(client: Client) -> tuple[str, str] | None:
    [row] = client.get(reverse("alerts")).context["page"].rows
    return row["act"] and (row["act"].label, row["act"].url)


def test_act_of_an_authorization_is_its_page(harbor: World, biller: Client) -> None:
    authorization = world.authorization(harbor)
    raised(harbor, authorization.pk)

    assert act_of(biller) == ("Open the authorization", reverse("authorization", args=[authorization.pk]))


def test_act_of_a_line_is_the_line(harbor: World, biller: Client) -> None:
    authorization = world.authorization(harbor)
    line = world.line(authorization)
    raised(harbor, line.pk, kind="visits_left", rule_code="AUTH-02", subject_kind="authorizedservice")
    page = reverse("authorization", args=[authorization.pk])

    assert act_of(biller) == ("Open the line", f"{page}#line-{line.pk}")
    assert f'id="line-{line.pk}"' in biller.get(page).content.decode()


def test_act_of_a_filing_limit_is_the_visit_to_bill_then_its_draft(harbor: World, biller: Client) -> None:
    visit = world.completed(harbor, world.authorization(harbor), at=NOW - DAY)
    filing(harbor, visit.pk)

    before = act_of(biller)
    address, _, _ = before[1].partition("#")
    listed = f'id="visit-{visit.pk}"' in biller.get(address).content.decode()
    (claim,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)

    assert (before, listed) == (("Bill it", f"{reverse('claims')}?visit={visit.pk}#visit-{visit.pk}"), True)
    assert act_of(biller) == ("Bill it", reverse("claim", args=[claim.pk]))


@pytest.mark.parametrize(
    ("kind", "rule_code", "label", "page"),
    [
        ("license_ending", "LICENSE-01", "Record the renewed license", "new_license"),
        ("dea_ending", "DEA-01", "Record the renewed registration", "new_dea"),
        ("agreement_ending", "AGREEMENT-01", "Record the next agreement", "new_agreement"),
    ],
)
def test_act_of_an_approval_is_the_form_for_who_may_fill_it_in(
    harbor: World, kind: str, rule_code: str, label: str, page: str
) -> None:
    paper = {"practice": harbor.practice, "clinician": harbor.clinician, "number": "1", "valid_through": LAST}
    rows = {
        "license_ending": License.objects.create(**paper, state="OR", valid_from=TODAY),
        "dea_ending": DeaRegistration.objects.create(**paper, location=harbor.location),
        "agreement_ending": harbor.practice.agreements.get(),
    }
    about = rows[kind]
    raised(harbor, about.pk, kind=kind, rule_code=rule_code, subject_kind=about._meta.model_name)
    url = reverse(page, args=[] if page == "new_agreement" else [harbor.clinician.pk])

    assert act_of(somebody(harbor, Role.ADMINISTRATOR)[0]) == (label, url)
    assert act_of(somebody(harbor, Role.BILLER)[0]) == (label, "")


def test_act_is_missing_where_the_thing_has_gone(harbor: World, biller: Client) -> None:
    raised(harbor, 999_999)

    assert act_of(biller) is None


def posted(client: Client, name: str, *rows: Alert, **said: str) -> Any:
    body = {"alert": [row.as_shown for row in rows], **said}
    return client.post(reverse(name), body, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def undo(client: Client, answer: Any) -> None:
    [message] = answer.context["messages"]
    client.post(message.extra_tags.removeprefix("undo:"))


def test_ticked_alerts_are_snoozed_and_woken_and_snoozed_again(harbor: World, biller: Client) -> None:
    rows = [raised(harbor, number) for number in (1, 2, 3)]

    snoozing = posted(biller, "snooze_alerts", *rows[:2], until="2024-04-20", reason="VA was asked")
    asleep = headlines(biller, "?snoozed=yes")
    undo(biller, snoozing)
    awake = headlines(biller)
    posted(biller, "snooze_alerts", *rows, until="2024-04-20")
    waking = posted(biller, "wake_alerts", rows[0])
    undo(biller, waking)

    assert (told(snoozing), asleep) == (["2 alerts snoozed until 20 Apr 2024."], ["number 1", "number 2"])
    assert (awake, told(waking)) == (["Later", "number 1", "number 2", "number 3"], ["Woken."])
    assert headlines(biller) == []


def test_ticked_alerts_are_dismissed_with_one_reason_and_opened_again(harbor: World, biller: Client) -> None:
    rows = [raised(harbor, number) for number in (1, 2)]

    answer = posted(biller, "dismiss_alerts", *rows, reason="care has ended")
    reasons = list(Alert.objects.values_list("closed_reason", flat=True))
    undo(biller, answer)

    assert (told(answer), reasons) == (["2 alerts dismissed."], ["care has ended"] * 2)
    assert headlines(biller) == ["Later", "number 1", "number 2"]


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("snooze_alerts", {}, "Enter the day until which to snooze, such as 2026-12-14."),
        ("snooze_alerts", {"until": "soon"}, "Enter the day until which to snooze, such as 2026-12-14."),
        ("dismiss_alerts", {"reason": " "}, "Say why it is dismissed; the reason is kept."),
    ],
)
def test_form_that_lacks_something_says_so(
    harbor: World, biller: Client, name: str, said: dict[str, str], words: str
) -> None:
    answer = posted(biller, name, raised(harbor), **said)

    assert (told(answer), headlines(biller)) == ([words], ["Later", "number 1"])


@pytest.mark.parametrize("name", ["snooze_alerts", "wake_alerts", "dismiss_alerts", "reopen_alerts"])
def test_form_without_a_tick_says_so(harbor: World, biller: Client, name: str) -> None:
    assert told(posted(biller, name, until="2024-04-20", reason="x")) == ["Tick the alerts first."]


def forms_of(page: str) -> dict[str, str]:
    """Return by button the address of the form of the only alert on a page."""
    found = re.findall(r'<form[^>]*action="([^"]*\?alert=[^"]*)">.*?<button[^>]*>(\w+)', page, re.DOTALL)
    return {button: address for address, button in found}


@pytest.mark.parametrize("since", [{"passed": (60, 45)}, {"basis": "2024-08-25"}], ids=["tighter", "other basis"])
@pytest.mark.parametrize("button", ["Dismiss", "Snooze"])
def test_page_that_stayed_open_does_not_speak_for_what_it_never_showed(
    harbor: World, biller: Client, button: str, since: dict[str, Any]
) -> None:
    raised(harbor)
    page = biller.get(reverse("alerts")).content.decode()
    ticked = re.findall(r'name="alert" value="([^"]*)"', page)
    raised(harbor, **since)
    said = {"until": "2024-04-20", "reason": "known"}

    answers = [
        biller.post(forms_of(page)[button], said, follow=True),
        biller.post(reverse(f"{button.lower()}_alerts"), {"alert": ticked, **said}, follow=True),
    ]

    assert [(answer.status_code, b"ALERT-02" in answer.content) for answer in answers] == [(409, True)] * 2
    assert headlines(biller) == ["Later", "number 1"]
    again = biller.post(forms_of(biller.get(reverse("alerts")).content.decode())[button], said, follow=True)
    assert (again.status_code, headlines(biller)) == (200, [])


ACTS = ["snooze_alerts", "wake_alerts", "snooze_alerts_again", "dismiss_alerts", "reopen_alerts"]


@pytest.mark.parametrize("name", ACTS)
def test_form_that_names_one_that_is_not_ones_own_finds_nothing(harbor: World, name: str) -> None:
    nurse, mine, money = somebody(harbor, Role.NURSE)[0], raised(harbor, 1), filing(harbor, 2)
    foreign = raised(world.practice("lake"), 3)
    was = list(Alert.objects.order_by("pk").values())
    body = {"until": "2024-04-20", "reason": "x"}

    for other in (money.as_shown, foreign.as_shown, "999999 60 x", "x", str(mine.pk), f"{'9' * 30} 60 x", "² 60 x"):
        answer = nurse.post(reverse(name), {"alert": [mine.as_shown, other], **body})
        assert answer.status_code == 404

    assert list(Alert.objects.order_by("pk").values()) == was


def test_page_of_an_alert_of_money_is_not_there_for_a_role_of_care(harbor: World, biller: Client) -> None:
    nurse, money = somebody(harbor, Role.NURSE)[0], filing(harbor)

    paths = [reverse("alert", args=[money.pk]), reverse("alert", args=[999_999])]
    assert [[client.get(path).status_code for path in paths] for client in (nurse, biller)] == [[404, 404], [200, 404]]
    for name in ("take_alert", "give_back_alert"):
        assert nurse.post(reverse(name, args=[money.pk])).status_code == 404


def test_alert_is_taken_and_given_back(harbor: World) -> None:
    client, _ = somebody(harbor, Role.CLINICIAN)
    alert = raised(harbor)

    client.post(reverse("take_alert", args=[alert.pk]))
    mine = headlines(client, "?mine=yes")
    again = client.post(reverse("take_alert", args=[alert.pk]), follow=True)
    client.post(reverse("give_back_alert", args=[alert.pk]))

    assert (mine, told(again)) == (["Later", "number 1"], ["It is yours already."])
    assert headlines(client, "?mine=yes") == []


def test_page_of_an_alert_tells_what_became_of_it_and_whom_it_reached(harbor: World) -> None:
    client, user = somebody(harbor, Role.BILLER)
    path = reverse("alert", args=[raised(harbor).pk])
    deeds = [
        (1, "snooze_alerts", {"until": "2024-04-14", "reason": "first"}),
        (4, "snooze_alerts", {"until": "2024-04-20", "reason": "VA was asked"}),
        (5, "dismiss_alerts", {"reason": "care has ended"}),
        (6, "reopen_alerts", {}),
    ]
    with time_machine.travel(NOW, tick=False) as clock:
        for days, name, said in deeds:
            clock.move_to(NOW + days * DAY)
            client.force_login(user)
            posted(client, name, Alert.objects.get(), **said)
        client.post(reverse("take_alert", args=[Alert.objects.get().pk]))
        clock.move_to(NOW + 20 * DAY)
        client.force_login(user)
        page = client.get(path)

    assert [(event["what"], event.get("who", ""), event.get("detail", "")) for event in page.context["events"]] == [
        ("Raised", "VCA Desk", "At 60 days left."),
        ("Snoozed", user.name, "Until 14 Apr 2024."),
        ("Woke on its day", "", ""),
        ("Snoozed", user.name, "Until 20 Apr 2024. Reason: VA was asked"),
        ("Dismissed", user.name, ""),
        ("Dismissal undone", user.name, ""),
        ("Taken", user.name, ""),
        ("Woke on its day", "", ""),
    ]
    [(delivery, threshold)] = page.context["deliveries"]
    assert (delivery.recipient.user, threshold) == (user, "60 days left")
    assert b"Who was told" in page.content


def test_alert_that_came_back_says_whom_it_reached_before(harbor: World, biller: Client) -> None:
    raised(harbor)
    for basis in (LAST.isoformat(), "2024-08-25"):
        alerts.close_gone("authorization_ending", [], by=harbor.by, at=NOW)
        alerts.raise_alert(due_again(harbor, basis), by=harbor.by, at=NOW + DAY)
    raised_twice = Alert.objects.order_by("pk")[1:]

    told_of = [biller.get(reverse("alert", args=[one.pk])).context["deliveries"] for one in raised_twice]

    assert [[row.basis for row, _ in rows] for rows in told_of] == [["2024-06-10"], ["2024-08-25"]]


def test_history_of_an_alert_does_not_rise_with_a_new_colleague(harbor: World, biller: Client) -> None:
    path = reverse("alert", args=[raised(harbor).pk])
    somebody(harbor, Role.NURSE)
    raised(harbor)

    context = biller.get(path).context

    assert ([event["what"] for event in context["events"]], len(context["deliveries"])) == (["Raised"], 2)


def due_again(harbor: World, basis: str) -> Reached:
    about = ("authorization_ending", "AUTH-01", "authorization", 1, (60,))
    return Reached(*about, basis, "number 1", LAST, harbor.location.pk)


def test_looking_at_an_alert_is_no_part_of_its_history(harbor: World, biller: Client) -> None:
    path = reverse("alert", args=[raised(harbor, world.authorization(harbor).pk).pk])

    first, second = (biller.get(path) for _ in range(2))

    assert AuditEvent.objects.filter(action="page.read", subject_kind="alert").count() == 2
    assert first.context["events"] == second.context["events"]


def test_history_knows_every_act_on_an_alert() -> None:
    assert {kind for kind in vocabulary.kinds(Family.AUDIT) if kind.startswith("alert.")} == alert_log.SAID.keys()
