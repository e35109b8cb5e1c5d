"""Money, days, badges, links and controls as every page shows them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.template import Context, RequestContext, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from vca.core.templatetags import house
from vca.core.templatetags.house import Badge

TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 17, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("-87.5"), "($87.50)"),
        (0, "$0.00"),
        (Decimal("-0.001"), "$0.00"),
        (Decimal("0.005"), "$0.01"),
        (12_430_551, "$12,430,551.00"),
        (None, "–"),
    ],
)
def test_money_is_written_as_dollars(amount: Decimal | int | None, text: str) -> None:
    assert house.money(amount) == text


def test_money_refuses_a_float() -> None:
    with pytest.raises(TypeError):
        house.money(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "text"), [(date(2026, 12, 14), "14 Dec 2026"), (date(2027, 1, 2), "2 Jan 2027"), (None, "–")]
)
def test_civil_day_is_written_without_doubt(day: date | None, text: str) -> None:
    assert house.civil_day(day) == text


def test_civil_day_refuses_an_instant() -> None:
    with pytest.raises(TypeError):
        house.civil_day(AT)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 12, 14), "in 21 days"),
        (date(2026, 11, 24), "tomorrow"),
        (TODAY, "today"),
        (date(2026, 11, 22), "yesterday"),
        (date(2026, 11, 20), "3 days ago"),
        (None, "–"),
    ],
)
def test_relative_day_is_said_in_words(day: date | None, text: str) -> None:
    assert house.relative_day(day, TODAY) == text


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        (AT, "America/Los_Angeles", "23 Nov 2026, 9:31 AM PST"),
        (AT, ZoneInfo("America/New_York"), "23 Nov 2026, 12:31 PM EST"),
        (datetime(2026, 7, 1, 5, 5, tzinfo=UTC), "America/Chicago", "1 Jul 2026, 12:05 AM CDT"),
        (datetime(2026, 7, 1, 5, 5, tzinfo=UTC), "Pacific/Honolulu", "30 Jun 2026, 7:05 PM HST"),
        (None, "America/Chicago", "–"),
    ],
)
def test_instant_shows_the_clock_of_the_place(at: datetime | None, zone: ZoneInfo | str, text: str) -> None:
    assert house.instant(at, zone) == text


def test_clock_shows_the_time_of_day_alone() -> None:
    assert house.clock(AT, "America/Los_Angeles") == "9:31 AM PST"


def test_instant_refuses_a_moment_without_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        house.instant(datetime(2026, 11, 23), "America/Chicago")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("identifier", "text"),
    [("1012667145V264737", "••••4737"), ("1234", "••••"), ("12345", "••••2345"), ("", "–"), (None, "–")],
)
def test_mask_leaves_the_last_four(identifier: str | None, text: str) -> None:
    assert house.mask(identifier) == text


@pytest.mark.parametrize(("digits", "text"), [("8055550143", "(805) 555-0143"), ("5550143", "5550143"), ("", "–")])
def test_phone_stands_as_it_is_dialled(digits: str, text: str) -> None:
    assert house.phone(digits) == text


@pytest.mark.parametrize(("digits", "text"), [("934012345", "93401-2345"), ("93401", "93401"), ("", "–")])
def test_zip_code_has_its_hyphen(digits: str, text: str) -> None:
    assert house.zip_code(digits) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("expiration_date", "Expiration date"),
        ("va_status", "VA status"),
        ("icn", "ICN"),
        ("seoc_days", "SEOC days"),
        ("PARTIALLY_PAID", "Partially paid"),
    ],
)
def test_words_spell_out_the_name_of_a_field(name: str, text: str) -> None:
    assert house.words(name) == text


def test_day_at_is_the_civil_day_of_the_place() -> None:
    late = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    assert house.day_at(late, "America/Los_Angeles") == "23 Nov 2026"
    assert house.day_at(late, "America/New_York") == "24 Nov 2026"
    assert house.day_at(None, "America/New_York") == "–"


@pytest.mark.parametrize(
    ("state", "kind", "badge"),
    [
        ("ACCEPTED", "", Badge("Active", "check", "good")),
        ("ACCEPTED", "referral", Badge("Active", "check", "good")),
        ("ACCEPTED", "claim", Badge("Accepted", "check", "good")),
        ("HELD", "", Badge("Needs review", "alert", "warn")),
        ("Low visits", "", Badge("Low visits", "half", "warn")),
        ("No-show", "", Badge("No-show", "dash", "warn")),
        ("SENT", "claim", Badge("Submitted", "send", "info")),
        ("ACTIVE", "", Badge("Active", "check", "good")),
        ("BEING_BUILT", "", Badge("Being built", "dot", "quiet")),
    ],
)
def test_status_badge_knows_the_state(state: str, kind: str, badge: Badge) -> None:
    assert house.status_badge(state, kind) == badge


def test_badges_never_say_the_same_with_one_picture_for_two_states() -> None:
    seen = [(badge.word, badge.icon) for badge in house.BADGES.values()]
    assert len(set(seen)) == len(seen)


def test_badges_use_icons_that_are_drawn_and_tones_that_are_dressed() -> None:
    drawn = (settings.BASE_DIR / "static/img/icons.svg").read_text()
    sheet = (settings.BASE_DIR / "static/css/house.css").read_text()
    assert [badge for badge in house.BADGES.values() if f'id="{badge.icon}"' not in drawn] == []
    assert {badge.tone for badge in house.BADGES.values()} - {"quiet"} == {"good", "info", "warn", "bad"}
    assert [tone for tone in ("good", "info", "warn", "bad") if f".tone-{tone} " not in sheet] == []


def test_badge_component_shows_icon_and_word() -> None:
    html = render_to_string("components/badge.html", {"state": "DENIED", "here_only": True})
    assert 'class="badge tone-bad"' in html
    assert 'icons.svg#cross"></use></svg>Denied</span>' in html
    assert html.strip().endswith("here only</span>")


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("{% query_replace page=2 %}", "?state=HELD&amp;state=SENT&amp;page=2"),
        ('{% query_replace state="PAID" %}', "?state=PAID&amp;page=7"),
        ("{% query_replace page=None state=None %}", "?"),
        ('{% query_replace q="a&b" page=None state=None %}', "?q=a%26b"),
    ],
)
def test_query_replace_keeps_the_other_parameters(tag: str, text: str) -> None:
    request = RequestFactory().get("/claims/?state=HELD&state=SENT&page=7")
    html = Template(tag).render(Context({"request": request}))
    assert html == text


class VisitForm(forms.Form):
    """One control of each kind."""

    day = forms.DateField(widget=forms.DateInput(), initial=TODAY, help_text="Inside the authorization.")
    start = forms.TimeField(widget=forms.TimeInput(), required=False)
    code = forms.ChoiceField(choices=[("96365", "Infusion")])
    note = forms.CharField(widget=forms.Textarea(attrs={"class": "wide"}), required=False)
    present = forms.BooleanField(required=False)
    place = forms.ChoiceField(choices=[("11", "Office")], widget=forms.RadioSelect)
    password = forms.CharField(widget=forms.PasswordInput, required=False)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("day", ['type="date"', 'class="usa-input"', 'value="2026-11-23"', 'aria-describedby="id_day_helptext"']),
        ("start", ['type="time"', 'class="usa-input"']),
        ("code", ["<select", 'class="usa-select"']),
        ("note", ["<textarea", 'class="wide usa-textarea"']),
        ("present", ['type="checkbox"', 'class="choice"']),
        ("place", ['type="radio"', 'class="choice"']),
        ("password", ['type="password"', 'class="usa-input"']),
    ],
)
def test_widget_dresses_each_control(name: str, parts: list[str]) -> None:
    html = house.widget(VisitForm()[name])
    assert [part for part in parts if part not in html] == []


def test_field_component_ties_label_hint_and_error_to_the_control() -> None:
    html = render_to_string("components/field.html", {"field": VisitForm({})["day"]})
    ids = ["id_day_helptext", "id_day_error"]
    assert f'aria-describedby="{" ".join(ids)}"' in html
    assert [name for name in ids if html.count(f'id="{name}"') != 1] == []
    assert '<label class="usa-label" for="id_day">Day <span class="required-mark">required</span></label>' in html


def test_field_component_groups_radio_buttons() -> None:
    html = render_to_string("components/field.html", {"field": VisitForm({})["place"]})
    assert '<fieldset class="usa-fieldset" id="id_place" aria-describedby="id_place_error">' in html
    assert "<legend" in html


def test_form_errors_component_links_to_each_field() -> None:
    html = render_to_string("components/form_errors.html", {"form": VisitForm({})})
    assert [name for name in ("day", "code", "place") if f'href="#id_{name}"' not in html] == []
    assert render_to_string("components/form_errors.html", {"form": VisitForm()}).strip() == ""


def test_components_that_post_carry_the_token() -> None:
    request = RequestFactory().get("/")
    page = Template('{% include "components/undo.html" with what="Checked in" url="/undo/" %}')
    assert 'name="csrfmiddlewaretoken"' in page.render(RequestContext(request))
