"""Ask the production settings for some addresses, in a place of its own, and print what browsers are told.

    python -m tests.deployment.answers

wants DEBUG=0 and an empty VCA_STATE_DIR; it prints one JSON object: the answers by name, cookies, and some settings.
"""

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
django.setup()

from django.conf import settings  # noqa: E402 - all of these need the settings
from django.contrib.auth.hashers import get_hasher  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from tests import world  # noqa: E402
from vca.core.vocabulary import Role  # noqa: E402

HOST = "vca.example.org"
CANARY = "canary-in-an-exception"
# name: method, path, scheme, host
ASKED = {
    "page": ("GET", "/sign-in/", "https", HOST),
    "page without TLS": ("GET", "/sign-in/", "http", HOST),
    "probe": ("GET", "/healthz", "https", HOST),
    "probe without TLS": ("GET", "/healthz", "http", "10.0.0.7"),
    "style": ("GET", "/static/css/house.css", "https", HOST),
    "script": ("GET", "/static/js/house.js", "https", HOST),
    "drawing": ("GET", "/static/img/icons.svg", "https", HOST),
    "api": ("GET", "/api/v1/referrals/", "https", HOST),
    "api without TLS": ("POST", "/api/v1/referrals/", "http", HOST),
    "schema": ("GET", "/api/schema/", "https", HOST),
    "nowhere": ("GET", "/nowhere/", "https", HOST),
    "folder": ("GET", "/static/", "https", HOST),
    "folder of styles": ("GET", "/static/css/", "https", HOST),
    "history": ("GET", "/.git/config", "https", HOST),
    "settings": ("GET", "/static/../vca/settings.py", "https", HOST),
    "admin": ("GET", "/admin/", "https", HOST),
    "trace": ("TRACE", "/sign-in/", "https", HOST),
    "other host": ("GET", "/sign-in/", "https", "other.example.org"),
    "api from another site": ("GET", "/api/v1/referrals/", "https", HOST),
    "form of another site": ("POST", "/sign-in/", "https", HOST),
}
ELSEWHERE = {"Origin": "https://elsewhere.example"}
EXTRA = {"api from another site": ELSEWHERE, "form of another site": ELSEWHERE}


def ask(client: Client, method: str, path: str, scheme: str, host: str, **extra: str) -> dict[str, Any]:
    """Return what an address answers behind the proxy."""
    headers = {"Host": host, "X-Forwarded-Proto": scheme, **extra}
    answer = client.generic(method, path, b"", headers=headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {"status": answer.status_code, "headers": dict(answer.headers), "text": content.decode(errors="replace")}


def answers(client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every answer by its name."""
    for name, (method, path, scheme, host) in ASKED.items():
        yield name, ask(client, method, path, scheme, host, **EXTRA.get(name, {}))
    with mock.patch("vca.core.views.door.forms.SignInForm", side_effect=ValueError(CANARY)):
        yield "fault", ask(client, "GET", "/sign-in/", "https", HOST)


def cookies() -> dict[str, dict[str, Any]]:
    """Return every cookie that somebody gets who signs in and is told something."""
    person = world.person(world.practice(), Role.ADMINISTRATOR)
    client = Client(headers={"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/"})
    client.get("/sign-in/")
    client.post("/sign-in/", {"email": person.email, "password": world.PASSWORD})
    client.get("/")
    client.post("/sign-out/")
    client.post("/practice/people/", {})  # is told that nothing was saved
    names = ("secure", "httponly", "samesite", "path", "domain")
    return {name: {one: morsel[one] for one in names} for name, morsel in client.cookies.items()}


def main() -> None:
    """Print it."""
    call_command("prepare_database", verbosity=0)
    hasher = get_hasher()
    told = {
        "answers": dict(answers(Client(enforce_csrf_checks=True, raise_request_exception=False))),
        "cookies": cookies(),
        "debug": settings.DEBUG,
        "password hash": [hasher.algorithm, getattr(hasher, "iterations", 0)],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
