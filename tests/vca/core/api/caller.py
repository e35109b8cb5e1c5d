"""Somebody who calls the API with a token; each answer is held against /api/schema/."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.vca.core.api.contract import breaches
from tests.world import World
from vca.core.models import User
from vca.core.services import people
from vca.core.vocabulary import Role


class Caller:
    """Calls by the name of the address; a POST or PATCH has a key of its own unless one is given."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else None)

    def get(self, name: str, *ids: int, **query: str) -> Any:
        return kept(self.client.get(reverse(f"api:{name}", args=ids), query))

    def post(self, name: str, *ids: int, body: Any = None, key: str | None = None) -> Any:
        return self._send(self.client.post, name, ids, body, key)

    def patch(self, name: str, *ids: int, body: Any = None, key: str | None = None) -> Any:
        return self._send(self.client.patch, name, ids, body, key)

    def _send(self, send: Callable[..., Any], name: str, ids: tuple[int, ...], body: Any, key: str | None) -> Any:
        headers = {"Idempotency-Key": uuid4().hex if key is None else key}
        url = reverse(f"api:{name}", args=ids)
        return kept(send(url, {} if body is None else body, "application/json", headers=headers))


def kept(answer: Any) -> Any:
    """Return the answer, which keeps what the description of the API promises."""
    found = breaches(answer)
    assert not found, found
    return answer


def caller(world: World, *roles: Role) -> Caller:
    """Return somebody with these roles and a new token; a password takes longer than a test, so there is none."""
    user = User.objects.create_user(f"{uuid4().hex}@example.org", name="Person")
    for role in roles:
        people.give_role(user=user, role=role, by=world.by)
    return Caller(people.issue_token(user=user, name="test", by=world.by, at=timezone.now())[1])
