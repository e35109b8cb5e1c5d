"""What a page offers each role: only what leads somewhere for them. Source: OWASP ASVS 5.0.0, 8.2.1."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from billing.models import Claim
from billing.views import events, mending
from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from tests import world
from tests.access.scene import Scene, standing
from tests.world import TODAY
from vca.core import access, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, Job, License, Practice
from vca.core.models.job import JobState
from vca.core.services import practices
from vca.core.vocabulary import Role
from vca.desk.queries import acts

pytestmark = pytest.mark.both

DESK = {Role.BILLER, Role.ADMINISTRATOR}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def roles_that_see(scene: Scene, words: str, page: str, **ids: int) -> set[Role]:
    """Return the roles on whose page these words stand."""
    said = scene.ours.ids | ids
    return {role for role, keys in scene.ours.keys.items() if words in keys.ask(page, "GET", said).content.decode()}


@pytest.mark.parametrize(
    ("tile", "roles"),
    [
        ("Referrals to confirm", DESK),
        ("Visits to bill", DESK),
        ("Background work that stopped", {Role.ADMINISTRATOR}),
        ("Nothing has been backed up yet", {Role.ADMINISTRATOR}),
    ],
)
def test_page_of_the_day_tells_each_role_what_waits_for_it(scene: Scene, tile: str, roles: set[Role]) -> None:
    Job.objects.filter(pk=scene.ours.ids["job_id"]).update(state=JobState.PARKED)
    Practice.objects.update(test_data=False)

    assert roles_that_see(scene, tile, "today") == roles


@pytest.mark.parametrize("number", range(len(vocabulary.navigation())))
def test_navigation_names_the_pages_that_a_role_may_open(scene: Scene, number: int) -> None:
    entry = vocabulary.navigation()[number]
    allowed = {role for role in Role if entry.permission in vocabulary.permissions_of(frozenset({role}))}

    assert roles_that_see(scene, f'href="{reverse(entry.page)}"', "change_password") == allowed


def test_limit_is_entered_by_who_may(scene: Scene) -> None:
    line = StatedLine("Ketamine infusion", LimitKind.UNKNOWN, None, ("96365",))
    held = world.receive(scene.ours.world, lines=(line,)).referral

    url = reverse("edit_line", args=[world.line(held.authorization).pk])

    assert roles_that_see(scene, f'href="{url}"', "authorization", authorization_id=held.authorization.pk) == DESK


def nobody(scene: Scene) -> Actor:
    """Return an actor of ours without a role."""
    return Actor(scene.ours.world.practice.pk, scene.ours.people[Role.NURSE].pk, "person")


def administrator(scene: Scene) -> Actor:
    found = access.person(scene.ours.people[Role.ADMINISTRATOR], scene.ours.world.practice)
    assert found
    return found


def test_act_of_an_alert_leads_who_may_to_its_page(scene: Scene) -> None:
    alert = Alert.objects.get(pk=scene.ours.ids["alert_id"])
    rows = [{"alert": alert, "authorization": None}]

    assert acts.acts(rows, nobody(scene))[alert.pk].url == ""
    assert acts.acts(rows, administrator(scene))[alert.pk].url != ""


def test_alert_about_a_license_of_another_practice_has_no_act(scene: Scene) -> None:
    facts = {"state": "OR", "number": "MD-1", "valid_from": TODAY, "valid_through": TODAY}
    for side in (scene.ours, scene.theirs):
        practices.record_license(clinician=side.world.clinician, facts=facts, by=side.world.by)
    alert = Alert.objects.get(pk=scene.ours.ids["alert_id"])
    alert.kind, alert.subject_kind = "license_ending", "license"

    def told(subject: License) -> list[str]:
        alert.subject_id = subject.pk
        return [one.label for one in acts.acts([{"alert": alert, "authorization": None}], scene.ours.world.by).values()]

    mine, other = (License.objects.get(practice=one.world.practice) for one in (scene.ours, scene.theirs))
    assert (told(mine), told(other)) == (["Record the renewed license"], [])


def test_way_to_mend_a_claim_is_told_to_who_may_go_it(scene: Scene) -> None:
    claim = Claim.objects.get(pk=scene.ours.ids["claim_id"])

    assert mending.way("facility", claim, by=nobody(scene)) == mending.Way()
    assert mending.way("facility", claim, by=administrator(scene)).url != ""


def test_file_of_a_claim_is_offered_to_who_may_open_it(scene: Scene) -> None:
    claim = Claim.objects.get(submitted__acknowledgments=scene.ours.ids["acknowledgment_id"])

    def offered(by: Actor) -> list[str]:
        return [one["url"] for one in events.of(claim, by=by) if one.get("url")]

    assert offered(nobody(scene)) == []
    assert offered(administrator(scene)) == [reverse("document", args=[scene.ours.ids["document_id"]])]
