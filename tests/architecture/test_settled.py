"""What is so everywhere in the product, held against its code, settings and scripts: each with a sample that breaks it.

Rows of docs/security/asvs.csv rest on these. Source: OWASP ASVS 5.0.0.
"""

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore
from django.forms import CharField, Form, PasswordInput

from tests.architecture.test_style import ROOT, nodes, sources
from tests.deployment import compose
from vca.core import forms
from vca.core.db import LineWithoutRows
from vca.core.models import User

PRODUCT = ("vca/", "referrals/", "billing/")
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
# What a script may not write: text that becomes HTML, what stays in the browser, a property whose name came from data.
HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(")
KEPT = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.|serviceWorker")
MERGED = re.compile(r"Object\.assign|__proto__|\.\.\.JSON|structuredClone|(?<!data)\[[a-z]\w*\]\s*=[^=]")
TALKS = re.compile(r"postMessage|WebSocket|EventSource|RTCPeerConnection|sendBeacon")


def found(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return the lines of a script in which a pattern stands, but for remarks."""
    code = (line.partition("//")[0] for line in text.splitlines())
    return [line.strip() for line in code if pattern.search(line)]


def in_scripts(pattern: re.Pattern[str]) -> list[str]:
    return [f"{path.name}: {line}" for path in SCRIPTS for line in found(pattern, path.read_text())]


def test_scripts_write_no_html() -> None:
    assert in_scripts(HTML) == []


def test_scripts_keep_nothing_in_the_browser() -> None:
    assert in_scripts(KEPT) == []


def test_scripts_set_no_property_named_by_data() -> None:
    """But for one, whose name is one of four words that stand in the line above it."""
    assert in_scripts(MERGED) == [
        "passkeys.js: if (made.response[part]) response[part] = encoded(made.response[part]);"
    ]


def test_scripts_speak_to_pages_of_ours_alone() -> None:
    assert in_scripts(TALKS) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (HTML, "box.innerHTML = text;"),
        (KEPT, "localStorage.setItem('a', typed);"),
        (MERGED, "said[name] = value;"),
        (MERGED, "Object.assign(said, answer);"),
        (TALKS, "window.postMessage(said, '*');"),
    ],
)
def test_line_that_may_not_be_there_is_found(pattern: re.Pattern[str], line: str) -> None:
    assert (found(pattern, line), found(pattern, f"// {line}")) == ([line], [])


def password_fields() -> list[tuple[str, CharField]]:
    """Return every field of every form whose name says that it takes a password."""
    every = [one for one in vars(forms).values() if isinstance(one, type) and issubclass(one, Form)]
    fields = ((f"{form.__name__}.{name}", field) for form in every for name, field in form.base_fields.items())
    named = re.compile(r"password|\.present$|\.new$")
    return [(name, field) for name, field in fields if named.search(name) and isinstance(field, CharField)]


def test_password_fields_are_masked_and_may_be_filled_in() -> None:
    """Masked, kept as typed, open to pasting and to password managers, of any length that is asked of nobody."""
    known = {"current-password", "new-password"}
    told = {
        name: (type(field.widget), field.strip, field.widget.attrs.get("autocomplete") in known, field.max_length)
        for name, field in password_fields()
    }
    assert len(told) > 2
    assert set(told.values()) == {(PasswordInput, False, True, None)}


def test_nothing_asks_for_a_hint() -> None:
    asks = re.compile(r"hint_?(question|answer)|secret_?question|security_?question|maiden|password_?hint")
    assert [path for path, text in sources() if path.startswith(PRODUCT) and asks.search(text.lower())] == []


def test_nothing_ends_a_password() -> None:
    """No column says when a password was set or ends."""
    names = {field.name for field in User._meta.get_fields()}
    assert {name for name in names if re.search(r"expire|password_", name)} == set()


@pytest.mark.both
@pytest.mark.django_db
def test_session_keys_are_beyond_guessing() -> None:
    """Django's own: 32 letters of 36, from the system's source of chance; kept by the server."""
    keys = {SessionStore()._get_new_session_key() for _ in range(10)}
    assert (settings.SESSION_ENGINE, len(keys)) == ("django.contrib.sessions.backends.db", 10)
    assert {len(one) * math.log2(len(VALID_KEY_CHARS)) > 128 for one in keys} == {True}


def test_product_has_no_cache() -> None:
    """But Django's own in the memory of a process, into which nothing of ours is put."""
    uses = [path for path, text in sources() if path.startswith(PRODUCT) and "django.core.cache" in text]
    assert (uses, [one["BACKEND"] for one in settings.CACHES.values()]) == (
        [],
        ["django.core.cache.backends.locmem.LocMemCache"],
    )


def test_log_goes_to_the_console_alone() -> None:
    """Who collects it decides where it stays; nothing of ours opens a file or a line for it."""
    handlers = {one["class"] for one in settings.LOGGING["handlers"].values()}
    assert (handlers, settings.ADMINS) == ({"logging.StreamHandler"}, [])


def test_log_lines_and_events_are_in_utc() -> None:
    assert (settings.TIME_ZONE, settings.USE_TZ) == ("UTC", True)
    line = LineWithoutRows(settings.LOGGING["formatters"]["line"]["format"], style="{")
    assert line.usesTime()


def parameters_of_either_place(text: str) -> Iterator[str]:
    """Find what reads a parameter wherever it stands: a form's value could be given in its address."""
    for node in nodes(text, ast.Attribute):
        if ast.unparse(node) in {"request.REQUEST", "request.GET.update", "request.params"}:
            yield ast.unparse(node)


def test_parameters_are_asked_for_where_they_belong() -> None:
    told = [
        (path, one) for path, text in sources() if path.startswith(PRODUCT) for one in parameters_of_either_place(text)
    ]
    assert told == []
    assert list(parameters_of_either_place("x = request.REQUEST['a']")) == ["request.REQUEST"]


def loose_serializers(text: str) -> Iterator[str]:
    """Find serializers that take whatever a model has, or write rows by themselves."""
    for node in nodes(text, ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        writes = {one.name for one in node.body if isinstance(one, ast.FunctionDef)} & {"create", "update", "save"}
        if "ModelSerializer" in bases and not node.name.endswith("Output"):
            yield f"{node.name} takes what its model has"
        if any(base.endswith("Serializer") for base in bases) and writes:
            yield f"{node.name} writes"
        if node.name == "Meta" and re.search(r"fields = '__all__'|\bexclude = ", ast.unparse(node)):
            yield f"{node.name} does not list its fields"


def test_what_the_api_takes_is_listed_field_by_field() -> None:
    rooms = {path: text for path, text in sources() if path.startswith(PRODUCT) and "/api/" in path}
    assert sum("Input(serializers.Serializer)" in text for text in rooms.values()) > 2
    assert [(path, one) for path, text in rooms.items() for one in loose_serializers(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "class VisitInput(serializers.ModelSerializer): pass",
        "class VisitInput(Serializer):\n def create(self, data): pass",
        "class VisitOutput(ModelSerializer):\n class Meta:\n  fields = '__all__'",
    ],
)
def test_loose_serializer_is_found(text: str) -> None:
    assert len(list(loose_serializers(text))) == 1


APPLICATION = {"SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "APP_DATABASE_PASSWORD", "REDIS_PASSWORD"}
SECRETS = {
    "db": {"APP_DATABASE_PASSWORD", "OWNER_DATABASE_PASSWORD", "POSTGRES_PASSWORD"},
    "redis": {"REDIS_PASSWORD"},
    "migrate": APPLICATION | {"OWNER_DATABASE_PASSWORD"},
    "web": APPLICATION,
    "worker": APPLICATION,
    "beat": APPLICATION,
}


def test_service_knows_the_secrets_it_needs() -> None:
    """Only the step that migrates knows the owner of the tables."""
    filled = compose.new_environment("vca.example.org")
    told = {
        name: {key for key, value in filled.items() if key != "ALLOWED_HOSTS" and value in str(service)}
        for name, service in compose.services(filled).items()
    }
    assert told == SECRETS


def test_scripts_are_all_here() -> None:
    """A script in another folder would be passed over in silence."""
    elsewhere = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "static").rglob("*.js")}
    assert {one for one in elsewhere if not one.startswith("static/vendor/")} == {"static/js"}
    assert Path("static/js/house.js") in [path.relative_to(ROOT) for path in SCRIPTS]
