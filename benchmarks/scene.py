"""Where the benchmarks play: two practices of the issue's size in one database; a biller and an administrator."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from django.test import Client
from django.urls import reverse

from benchmarks import bulk, clinic
from benchmarks.courses import Size
from tests import world
from tests.databases import show_one_practice_at_a_time, url
from tests.world import World
from vca.core import access, isolation
from vca.core.access import Actor
from vca.core.vocabulary import Role
from vca.desk.queries.calendar import Calendar


@dataclass(frozen=True)
class Scene:
    """The practice that is looked at, its biller, and today there."""

    place: World
    by: Actor
    client: Client
    administrator: Client
    today: date
    database: str

    @property
    def calendar(self) -> Calendar:
        """Today at the practice's places, all of one zone."""
        return Calendar({place.pk: self.today for place in self.place.practice.locations.all()}, self.today)

    def get(self, path: str) -> bytes:
        """Return the page there, as the biller is sent it, or the dashboard as the administrator is.

        Raises AssertionError for anything but a page.
        """
        client = self.administrator if path.startswith(reverse("dashboard")) else self.client
        answer = client.get(path, secure=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content


@cache
def scene() -> Scene:
    """Return the scene, loaded and checked once; the second practice is there so that keeping it apart costs its cost.

    From then on the database shows this process the first practice alone, by the policies of production.
    """
    now, size = datetime.now(UTC), Size()
    places = [clinic.practice(code, size, now=now) for code in ("harbor", "ridge")]
    bulk.settle()
    for place in places:
        clinic.check(place, size)
    place, *_ = places
    biller, administrator = (world.person(place, role) for role in (Role.BILLER, Role.ADMINISTRATOR))
    by = access.person(biller, place.practice)
    assert by is not None
    clients = [Client(headers={"host": "localhost"}) for _ in (biller, administrator)]
    for client, person in zip(clients, (biller, administrator), strict=True):
        client.force_login(person)
    show_one_practice_at_a_time()
    isolation.switch(by.practice_id)
    return Scene(place, by, *clients, place.location.civil_day(now), url())
