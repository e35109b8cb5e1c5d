"""Hostile files, sent over HTTP to each page that takes a file: refused in time, nothing kept, the server unharmed."""

import re
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from billing.models import Claim
from billing.services import claims
from tests import databases, world
from tests.vca.core.uploads import hostile
from tests.vca.core.uploads.hostile import FILES, Hostile
from tests.world import NOW, TODAY, World
from vca.core import documents
from vca.core.models import Document
from vca.core.uploads import gate
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.serial]

SECONDS, MEGABYTES = 10, 150
PAGES = {hostile.PROOF: ("sent_by_hand", "proof"), hostile.LIST: ("import_referrals", "file")}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Site:
    """A practice, served; and a biller who is signed in."""

    harbor: World
    host: str
    cookie: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
        """Return status, cookies and text of an answer."""
        link = HTTPConnection(self.host, timeout=SECONDS)
        link.request(method, path, body, {"Cookie": self.cookie, "Content-Type": MULTIPART_CONTENT, **headers})
        answer = link.getresponse()
        told = answer.status, answer.headers.get("Set-Cookie", ""), unescape(answer.read().decode())
        link.close()
        return told

    def send(self, one: Hostile, content: bytes, claim: Claim) -> tuple[int, str]:
        """Fill in the form as a browser does."""
        page, field = PAGES[one.sent_to]
        _, cookies, form = self.ask("GET", reverse(page))
        said = {"claim": claim.pk, "channel": "PORTAL", "on": TODAY.isoformat(), "at": "14:05", "receipt": "R-1"}
        said |= dict(HIDDEN.findall(form)) | {field: SimpleUploadedFile("x", content)}
        said[field].name = one.filename  # type: ignore[attr-defined]  # with the folders that SimpleUploadedFile cuts off
        csrf = cookies.partition(";")[0]
        status, _, text = self.ask(
            "POST", reverse(page), encode_multipart(BOUNDARY, said), Cookie=f"{self.cookie}; {csrf}"
        )
        return status, text


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    with django_db_blocker.unblock():
        harbor, client = world.practice(), Client()
        client.force_login(world.person(harbor, Role.BILLER))
        (cookie,) = (f"{name}={one.value}" for name, one in client.cookies.items())
        server = LiveServer("127.0.0.1")
        try:
            yield Site(harbor, urlsplit(server.url).netloc, cookie)
        finally:
            server.stop()
            databases.empty()


@pytest.fixture(scope="module")
def claim(site: Site) -> Claim:
    visit = world.completed(site.harbor, world.authorization(site.harbor))
    made, *_ = claims.draft(visit_ids=[visit.pk], by=site.harbor.by, at=NOW)
    claims.make_ready(claim=made, by=site.harbor.by, at=NOW)
    return made


def memory() -> int:
    """Return the most megabytes that this process ever held: it is the web process too."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.parametrize("name", FILES)
def test_hostile_upload_is_refused_in_time(site: Site, claim: Claim, name: str) -> None:
    one, kept = FILES[name], Document.objects.count()
    content = one.make()
    held, begun = memory(), time.monotonic()

    status, text = site.send(one, content, claim)

    assert (status, f"({one.refused_by})" in text) == (422, True)
    assert (time.monotonic() - begun < SECONDS, memory() - held < MEGABYTES) == (True, True)
    assert (Document.objects.count(), site.ask("GET", "/healthz")[0]) == (kept, 200)
    claim.refresh_from_db()
    assert claim.state == "READY"


def test_every_field_that_takes_a_file_gets_some_of_them() -> None:
    """A new field is found here: its service asks the gate, and its page comes into ``PAGES``."""
    modules = {path for app in ("vca", "referrals", "billing") for path in Path(app).rglob("*.py")}
    fields = sum(len(re.findall(r"\bforms\.FileField\b", path.read_text())) for path in modules)
    assert (fields, len(FILES) >= 25) == (len(PAGES), True)


def test_without_the_gate_a_script_is_kept(site: Site, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(gate, "_ask", lambda *_: None)

    one = FILES["script at opening"]

    status, _ = site.send(one, one.make(), claim)

    kept = Document.objects.get(kind="submission_proof")
    assert (status, b"app.alert" in documents.read(kept)) == (302, True)
