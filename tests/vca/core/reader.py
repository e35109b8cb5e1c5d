"""Somebody of a practice with a row of every kind, who reads it as a person and as a program."""

from dataclasses import dataclass
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from tests.access.scene import PLACES, Id, address, is_api, rows_of
from tests.world import NOW, World
from vca.core.models import User
from vca.core.services import people
from vca.core.vocabulary import Role


@dataclass(frozen=True)
class Reader:
    """A browser and a program of one person in three roles, and the ids of the rows by their place in an address."""

    page: Client
    api: Client
    mine: dict[str, Id]

    def ask(self, name: str, method: str = "GET") -> HttpResponse:
        """Ask an address about these rows, with an empty body."""
        kind = "application/json" if is_api(name) else MULTIPART_CONTENT
        client, body = self.api if is_api(name) else self.page, () if method == "GET" else ({}, kind)
        headers = {"Idempotency-Key": uuid4().hex}
        answer: HttpResponse = getattr(client, method.lower())(address(name, self.mine), *body, headers=headers)
        return answer


def reader(one: World, *, token: str) -> Reader:
    """Make the rows, and sign the person in; the program's token has that name."""
    person = User.objects.create_user(f"{one.practice.code}@example.org", name="Person")
    for role in (Role.ADMINISTRATOR, Role.CLINICIAN, Role.BILLER):
        people.give_role(user=person, role=role, by=one.by)
    mine, page = rows_of(one, owner=person), Client()
    page.force_login(person)
    secret = people.issue_token(user=person, name=token, by=one.by, at=NOW)[1]
    return Reader(page, Client(headers={"Authorization": f"Bearer {secret}"}), mine)


def place_ids(reader: Reader, name: str) -> list[str]:
    """Return what stands in the address of that name."""
    return [str(reader.mine[place]) for place in PLACES[name]]
