"""Health data stays where it belongs: a day in a clinic over HTTP, with a worker, a broker and a mail server's folder,
and then a search of everything that is left behind. Source: 45 CFR 164.312(a); OWASP ASVS 5.0.0, 14.2.1 and 16.2.5.

What may hold it: the tables (identifiers sealed), files that are kept (sealed), and answers to who may see them.
"""

import base64
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from tests import databases, world
from tests.canaries import sweep
from tests.canaries.sweep import Canaries
from tests.canaries.visitor import HOST, Visitor
from tests.faults.processes import free_port, started
from tests.faults.workers import ended, production, until
from tests.world import World
from vca.core import audit, documents
from vca.core.models import Job
from vca.core.services import people
from vca.core.vocabulary import Role
from vca.settings import BASE_DIR

pytestmark = [
    *(pytest.mark.serial, pytest.mark.postgres, pytest.mark.redis),
    pytest.mark.django_db(transaction=True),
]

CANARIES = Canaries(
    identifiers=("1012777333V424242", "1987612345", "219479999", "1012777334V424242"),
    personal=("Quillfeather", "Zephyrine", "1951-09-17", "19510917", "Thistledown", "77 Marrowbone Way", "5035559173"),
)
ICN, EDIPI, SSN, OTHER_ICN = CANARIES.identifiers
LAST, FIRST, BORN, _, OTHER_LAST, STREET, PHONE = CANARIES.personal
VERBOSE = ("--log-level", "debug", "--access-logfile", "-", "--no-control-socket")


@dataclass
class Day:
    """What a day has left: what was said by each process, asked by each visitor, and carried by the broker."""

    said: dict[str, str] = field(default_factory=dict)
    temporary: Path = Path()
    mail: Path = Path()
    redis: str = ""

    def leaks(self) -> dict[str, set[str]]:
        """Search everything."""
        return sweep.leaks(
            sweep.texts(self.said, CANARIES),
            sweep.rows(CANARIES),
            sweep.dump(databases.url(databases.owner_alias()), CANARIES),
            sweep.redis_keys(self.redis, CANARIES),
            sweep.files(settings.DOCUMENTS_DIR, "document", CANARIES),
            sweep.files(self.temporary, "temporary file", CANARIES),
            sweep.files(self.mail, "mail", CANARIES),
        )


@contextmanager
def listening(url: str) -> Iterator[list[str]]:
    """Hear every command that Redis is given, payloads included."""
    heard: list[str] = []
    with Redis.from_url(url) as redis, redis.monitor() as monitor:

        def listen() -> None:
            with suppress(RedisError, ValueError, OSError):  # the end of the block closes it
                for one in monitor.listen():
                    heard.append(one["command"])

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield heard
        monitor.connection.disconnect()
        thread.join(timeout=5)


@contextmanager
def clinic(folder: Path, day: Day) -> Iterator[int]:
    """Serve as in production, with a worker, and note what everything says; yield the port."""
    day.temporary, day.mail = folder / "tmp", folder / "mail"
    for one in (day.temporary, day.mail):
        one.mkdir()
    port = free_port()
    with production() as (environment, _):
        day.redis = environment["REDIS_URL"]
        environment |= {"DEBUG": "0", "ALLOWED_HOSTS": HOST, "TMPDIR": str(day.temporary), "VCA_STATE_DIR": str(folder)}
        environment |= {name: getattr(settings, name) for name in ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY")}
        environment["EMAIL_URL"] = f"filemail://{day.mail}"
        web = [sys.executable, "-m", "gunicorn", "vca.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", *VERBOSE]
        work = [sys.executable, "-m", "celery", "-A", "vca.celery", "worker", "--concurrency", "2"]
        work += ["--loglevel", "debug", "--beat", "--schedule", str(folder / "beat")]
        with (
            listening(day.redis) as heard,
            started(web, env=environment, cwd=BASE_DIR) as server,
            started(work, env=environment, cwd=BASE_DIR) as worker,
        ):
            server.wait_for_port(port, timeout=60)
            try:
                yield port
            finally:
                day.said |= {"web and access log": server.output(), "worker log": worker.output()}
                day.said["broker"] = "\n".join(heard)


def records(count: int) -> bytes:
    """Return a list of VA's service, all of one person."""
    one = {
        "lastName": OTHER_LAST,
        "firstName": FIRST,
        "dob": BORN,
        "icn": OTHER_ICN,
        "status": "AP",
        "stationId": "552",
    }
    known = {**one, "referralDate": "2026-11-01", "referralExpirationDate": "2027-02-01"}
    return json.dumps([{**known, "referralNumber": f"VA{number:010d}"} for number in range(count)]).encode()


def by_api(caller: Visitor, harbor: World) -> tuple[int, list[str]]:
    """Take a referral from its receipt to a claim file by the API; return the Veteran and the jobs."""
    today = timezone.now().date()
    line = {"description": "Ketamine infusion", "limit_kind": "COUNTED", "visits": 6, "codes": ["96365"]}
    days = {"referral_date": str(today - timedelta(10)), "expiration_date": str(today + timedelta(6))}
    who = {"last_name": LAST, "first_name": FIRST, "date_of_birth": BORN, "icn": ICN}
    stated = {"number": "VA0999999901", "va_status": "AP", **days, **who, "lines": [line]}
    referral = caller.call("POST", "referrals/", stated, key="the-same")
    caller.call("POST", "referrals/", stated, key="the-same")
    caller.call("POST", "referrals/", {**stated, "expiration_date": f"never, {LAST}"})
    number, veteran = referral["id"], referral["veteran"]
    details = {"affiliation": "VCA", "home_location": harbor.location.pk, "provisional_diagnosis": "F33.2"}
    caller.call("PATCH", f"referrals/{number}/", details)
    address = {"street": STREET, "city": "Portland", "state": "OR", "zip_code": "97205", "phone": PHONE, "sex": "F"}
    caller.call("PATCH", f"veterans/{veteran}/", {**address, "ssn": SSN, "edipi": EDIPI})
    caller.call("PATCH", f"veterans/{veteran}/", {"ssn": f"{SSN}9"})
    caller.call("GET", f"veterans/{veteran}/")
    assert caller.call("GET", f"veterans/{veteran}/identifiers/")["ssn"] == SSN
    caller.call("POST", f"referrals/{number}/confirm/", {})
    authorization = caller.call("GET", f"referrals/{number}/")["authorization"]
    service = caller.call("GET", f"authorizations/{authorization}/")["services"][0]["id"]
    given = {"service": service, "clinician": harbor.clinician.pk, "code": "96365"}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"location": harbor.location.pk, "starts_at": now, "diagnoses": ["F33.2"], "services": [given]}
    visit = caller.call("POST", f"authorizations/{authorization}/visits/", wanted)["id"]
    caller.call("POST", f"visits/{visit}/check-in/", {})
    caller.call("POST", f"visits/{visit}/complete/", {})
    claim = caller.call("POST", "claims/", {"visits": [visit]})["results"][0]["id"]
    caller.call("POST", f"claims/{claim}/ready/", {})
    asked = [caller.call("POST", "claim-forms/", {"claims": [claim]}), caller.call("POST", "claim-files/", {})]
    return veteran, [one["id"] for one in asked]


def by_pages(biller: Visitor, veteran: int) -> None:
    """Search, read, mistype, mend, reveal, import and export."""
    for page in ("/", "/veterans/", "/referrals/", "/claims/", "/alerts/", "/tasks/", "/visits/not-billed/"):
        biller.get(page)
    for words in (LAST, ICN, SSN, f"{LAST}, {FIRST}"):
        biller.send("/veterans/", {"q": words})
    page = f"/veterans/{veteran}/"
    biller.get(f"{page}edit/")
    known = {"last_name": LAST, "first_name": FIRST, "date_of_birth": BORN, "street": STREET, "phone": PHONE}
    biller.send(f"{page}edit/", {**known, "ssn": SSN, "zip_code": "not a ZIP"})
    biller.get(f"{page}edit/")
    biller.send(
        f"{page}edit/", {**known, "ssn": SSN, "edipi": EDIPI, "city": "Salem", "state": "OR", "zip_code": "97301"}
    )
    biller.get(page)
    assert SSN in biller.send(f"{page}identifiers/", {})
    biller.get("/referrals/new/")
    entered = {"last_name": OTHER_LAST, "first_name": FIRST, "date_of_birth": BORN, "icn": f"{SSN}V1"}
    biller.send("/referrals/new/", {"number": "VA0999999902", "affiliation": "VCA", **entered})
    for name, content in (
        ("list.json", records(3)),
        (f"{OTHER_LAST} {SSN}.json", records(400)),
        ("x", b"[" + SSN.encode()),
    ):
        biller.get("/referrals/import/")
        biller.send("/referrals/import/", {}, file=(name, content))
    biller.get("/claims/")
    biller.send("/claims/export/", {})
    biller.get(f"/nowhere/{veteran}/")


def at_the_door(stranger: Visitor, veteran: int) -> None:
    """Send forms that are not acted on: signed out, and without the token that shows whose form it is."""
    stranger.get("/sign-in/")
    stranger.send("/sign-in/", {"email": f"{LAST}@example.org".lower(), "password": SSN})
    stranger.send(f"/veterans/{veteran}/edit/", {"last_name": LAST, "ssn": SSN})
    stranger.send("/veterans/", {"q": LAST, "csrfmiddlewaretoken": "x"})


def session_of(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def lived(folder: Path) -> Iterator[Day]:
    """Live a day; the broker and what it keeps are there until the end of the block."""
    day, harbor = Day(), world.practice()
    boss, biller = (world.person(harbor, role) for role in (Role.ADMINISTRATOR, Role.BILLER))
    _, token = people.issue_token(user=boss, name="x", by=harbor.by, at=timezone.now())
    with clinic(folder, day) as port:
        caller, reader, stranger = Visitor(port, token=token), Visitor(port, session=session_of(biller)), Visitor(port)
        veteran, job_ids = by_api(caller, harbor)
        by_pages(reader, veteran)
        at_the_door(stranger, veteran)
        for job in Job.objects.all():
            until(job, ended)
        for path in (f"documents/{Job.objects.get(pk=pk).result_id}/" for pk in job_ids):
            caller.call("GET", path)
        for who, visitor in {"API": caller, "biller": reader, "stranger": stranger}.items():
            day.said[f"addresses, titles and cookies of the {who}"] = "\n".join(visitor.seen)
        met = {status for one in (caller, reader, stranger) for _, status in one.answers}
        assert met >= {200, 201, 302, 403, 404, 422}  # so that what goes wrong has been seen too
        assert max(met) < 500
        yield day


def test_nothing_of_a_day_is_left_where_it_does_not_belong(tmp_path: Path) -> None:
    with lived(tmp_path) as day:
        assert day.leaks() == {}


def test_every_planted_leak_is_found(tmp_path: Path) -> None:
    harbor, day = world.practice(), Day(temporary=tmp_path / "tmp", mail=tmp_path / "mail")
    with production() as (environment, _):
        day.redis = environment["REDIS_URL"]
        planted = plant(day, harbor)

        found = day.leaks()

    assert {place.partition(" ")[0] if place.startswith(("document", "mail")) else place for place in found} == planted


def plant(day: Day, harbor: World) -> set[str]:
    """Leave something in every kind of place; return the places."""
    day.said["log"] = f"INFO saved {LAST}"
    day.said["address"] = f"GET /veterans/?born={BORN}"
    with sweep.database(day.redis, 3) as redis:
        redis.set("payload", base64.b64encode(json.dumps({"args": [{"name": FIRST}]}).encode()))
    for folder, words in ((day.mail, OTHER_LAST), (day.temporary, SSN[:3] + "-" + SSN[3:5] + "-" + SSN[5:])):
        folder.mkdir()
        (folder / "file").write_text(words)
    by = harbor.by
    kept = documents.keep(b"x", kind="va_notice", filename=f"{SSN}.json", media_type="text/json", by=by)
    documents.path(kept).write_text(STREET)
    with transaction.atomic():
        audit.record(by=by, action="veteran.changed", subject="x", changes={"to": PHONE})
    Job.objects.create(practice=harbor.practice, kind="purge_leftovers", key=LAST, due_at=timezone.now())
    store = SessionStore()
    store["words"] = [f"{LAST} is saved"]
    store.save()
    tables = {f"table {one}" for one in ("core.AuditEvent", "core.Job", "core.Document", "sessions")}
    return tables | {"dump"} | {"log", "address", "redis 3 payload", "mail", "temporary file file", "document"}
