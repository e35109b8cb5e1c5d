"""Two practices with a row of every kind that an address can name, and everybody who may ask for one.

The scene is made once for a module (``standing``), and a test puts back what it did (``Scene.as_it_was``).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import time_machine
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Claim, Submission
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.models import Authorization, Notice, Referral
from referrals.services import closures, holds, imports, series
from tests import world
from tests.access.table import DOORS, TABLE
from tests.vca.core.authenticator import Device
from tests.world import NOW, World
from vca.core import alerts, jobs
from vca.core.access import Nowhere
from vca.core.alerts import Reached
from vca.core.models import Alert, AuthenticatorApp, Passkey, Task, User
from vca.core.pages import PRACTICE_KEY
from vca.core.services import passkeys, people
from vca.core.services.passkeys import Site
from vca.core.vocabulary import Role

Id = int | UUID | str
# What stands in an address without being a row of a practice: a word, a secret, and what is a person's own.
NO_ROWS = {"name", "token", "passkey_id"}


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """Yield every address that there is."""
    for one in (resolver or get_resolver()).url_patterns:
        yield from patterns(one) if isinstance(one, URLResolver) else [one]


# What differs on every page: the keys of its forms, and the seconds left.
EACH_TIME = re.compile(rb'name="(csrfmiddlewaretoken|sent_once)" value="[\w-]+"|data-seconds="\d+"')
PLACES: dict[str, tuple[str, ...]] = {one.name or "": tuple(one.pattern.converters) for one in patterns()}
# Every address that names no row and that a practice's data may answer: it can be opened, searched or exported.
SEARCHES = ("veterans", "claims", "export_claims", "export_submissions", "export_dashboard")
LISTS = [(name, "GET") for name, cells in TABLE.items() if not PLACES[name] and "GET" in cells]
LISTS = [(name, method) for name, method in LISTS if TABLE[name][method].needs[0] not in DOORS]
LISTS += [(name, "POST") for name in SEARCHES]


def is_api(name: str) -> bool:
    """Tell whether an address is the API's."""
    return name.startswith("api_")


def methods(name: str) -> tuple[str, ...]:
    """Return the methods that an address may have, which are asked for by everybody."""
    return ("GET", "POST", "PATCH") if is_api(name) else ("GET", "POST")


def address(name: str, ids: dict[str, Id]) -> str:
    """Return the address of that name with what stands in it."""
    if name == "api_unknown":
        return "/api/nowhere/"
    said = {place: ids[place] for place in PLACES[name]}
    return reverse(f"api:{name}" if is_api(name) and name != "api_schema" else name, kwargs=said)


@cache
def handler() -> Any:
    """Return the one handler of all clients: to make its middleware takes as long as an answer."""
    return Client().handler


@dataclass(frozen=True, slots=True)
class Keys:
    """By what somebody is known: the session of a browser, the token of a caller."""

    session: str = ""
    token: str = ""

    def ask(self, name: str, method: str, ids: dict[str, Id], body: Any = None) -> HttpResponse:
        """Ask an address in that way; the body, or of GET the query, is empty unless it is given."""
        client = Client(headers={"Authorization": f"Bearer {self.token}"} if self.token else None)
        client.handler = handler()
        if self.session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        kind = "application/json" if is_api(name) else MULTIPART_CONTENT
        sent = (body or {}, kind) if method in ("POST", "PATCH", "PUT") else (body,) if body else ()
        answer: Any = getattr(client, method.lower())(
            address(name, ids), *sent, headers={"Idempotency-Key": uuid4().hex}
        )
        return answer


@dataclass(frozen=True)
class Side:
    """A practice with its rows by their place in an address, and the keys of its people by role."""

    world: World
    ids: dict[str, Id]
    people: dict[Role, User]
    keys: dict[Role, Keys]


@dataclass(frozen=True)
class Scene:
    """What is asked for is ours; theirs is the other practice, whose lists are read before ours is there.

    ``others`` are those who belong to neither.
    """

    ours: Side
    theirs: Side
    others: dict[str, Keys]
    lists_before: dict[tuple[str, str], bytes]

    @contextmanager
    def as_it_was(self) -> Iterator["Scene"]:
        """Take back what the block does."""
        with transaction.atomic():
            yield self
            transaction.set_rollback(True)


@contextmanager
def standing(blocker: DjangoDbBlocker | None = None) -> Iterator[Scene]:
    """Let the scene stand while the block runs; within pytest its blocker is asked for the database."""
    with blocker.unblock() if blocker else nullcontext(), time_machine.travel(NOW, tick=False), transaction.atomic():
        theirs = side("lake")
        between = world.person(theirs.world, Role.ADMINISTRATOR, email="nurse@both.example")
        keys(between, theirs.world)
        before = {(name, method): listed(theirs, name, method) for name, method in LISTS}
        ours = side("harbor")
        yield Scene(ours, theirs, others(ours) | {"of two practices": of_both(ours, between)}, before)
        transaction.set_rollback(True)


def listed(one: Side, name: str, method: str) -> bytes:
    """Return what a list tells the administrator of a practice; a search asks for what everybody is called."""
    with transaction.atomic():
        answer = one.keys[Role.ADMINISTRATOR].ask(name, method, one.ids, {"q": "Sample"} if method == "POST" else None)
        transaction.set_rollback(True)
    return EACH_TIME.sub(b"", answer.content)


def side(code: str) -> Side:
    """Make a practice, its people and its rows."""
    one = world.practice(code)
    who = {role: world.person(one, role, email=f"{role.lower()}@{code}.example") for role in Role}
    ids = rows_of(one, owner=who[Role.ADMINISTRATOR])
    return Side(one, ids, who, {role: keys(user, one) for role, user in who.items()})


def session(user: User) -> str:
    """Sign somebody in; return the key of the session."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def keys(user: User, one: World) -> Keys:
    """Give somebody an authenticator app, a session and a token; return what they are known by."""
    app = {"secret": "JBSWY3DPEHPK3PXP", "last_step": 0, "added_at": NOW}
    AuthenticatorApp.objects.get_or_create(user=user, defaults=app)
    return Keys(session(user), people.issue_token(user=user, name="key", by=one.by, at=timezone.now())[1])


def others(ours: Side) -> dict[str, Keys]:
    """Return those who have no key, the wrong one, or one that opens nothing any more."""
    left = world.person(ours.world, Role.ADMINISTRATOR, email="left@harbor.example")
    of_old = keys(left, ours.world)
    left.is_active = False
    left.save(update_fields=["is_active"])
    nobody = User.objects.create_user("nobody@nowhere.example", name="Nobody")
    return {"stranger": Keys(), "deactivated": of_old, "without a role": keys(nobody, ours.world)}


def of_both(ours: Side, user: User) -> Keys:
    """Let the other practice's administrator be a nurse here, and choose to be here; return what they are known by."""
    people.give_role(user=user, role=Role.NURSE, by=ours.world.by)
    found = keys(user, ours.world)
    chosen = SessionStore(found.session)
    chosen[PRACTICE_KEY] = ours.world.practice.pk
    chosen.save()
    return found


def rows_of(one: World, *, owner: User) -> dict[str, Id]:
    """Make a row of every kind that an address can name; return what names them by its place in the address.

    A token and a passkey are the owner's.
    """
    by = one.by
    membership = world.person(one, Role.NURSE).memberships.get()
    referral = world.authorization(one, visits=12).referral
    world.receive(one, number=world.receive(one).referral.number, va_status="X")
    world.booked(one, referral.authorization)
    invitation, secret = people.invite(email=f"new@{one.practice.code}.example", role=Role.NURSE, by=by, at=NOW)
    hold = holds.place(veteran=referral.veteran, matter="2024-17", reason="A letter", by=by, at=NOW)
    closed = closures.close(location=one.location, first=date(2024, 12, 24), last=date(2024, 12, 26), reason="x", by=by)
    absence = closures.away(clinician=one.clinician, first=date(2024, 12, 24), last=date(2024, 12, 26), by=by)
    return {
        **_billed(one, referral),
        "absence_id": absence.pk,
        "agreement_id": one.practice.agreements.get().pk,
        "authorization_id": referral.authorization.pk,
        "closure_id": closed.pk,
        "clinician_id": one.clinician.pk,
        "hold_id": hold.pk,
        "invitation_id": invitation.pk,
        "location_id": one.location.pk,
        "membership_id": membership.pk,
        "name": "payer-id",
        "notice_id": Notice.objects.get(practice=one.practice, pending=True).pk,
        "passkey_id": _passkey(owner).pk,
        "referral_id": referral.pk,
        "report_id": imports.take(content=b"[]", filename="x", by=by, at=NOW).pk,  # type: ignore[dict-item]
        "series_id": _series(one, referral.authorization),
        "service_id": world.line(referral.authorization).pk,
        "task_id": Task.objects.filter(practice=one.practice).first().pk,  # type: ignore[union-attr]
        "token": secret,
        "token_id": people.issue_token(user=owner, name="test", by=by, at=NOW)[0].pk,
        "veteran_id": referral.veteran_id,
        "visit_id": world.completed(one, referral.authorization).pk,
    }


def _series(one: World, authorization: Authorization) -> Id:
    """Book two visits together."""
    plans = [world.plan(one, authorization, at=NOW + timedelta(days=ahead)) for ahead in (1, 2)]
    return series.book(plans=plans, by=one.by, at=NOW)[0].series  # type: ignore[return-value]  # which it has


def _passkey(owner: User) -> Passkey:
    site = Site("testserver", "http://testserver")
    asked, state = passkeys.begin_adding(owner, site=site)
    said = {"answer": Device().create(asked, site.origin), "state": state, "site": site}
    passkeys.add(user=owner, name="key", by=Nowhere(owner.pk), at=NOW, **said)
    return owner.passkeys.get()


def _billed(one: World, referral: Referral) -> dict[str, Id]:
    """Make claims that are answered, sent by hand, ready and drafts, and an alert for those who bill."""
    by, written = one.by, _claimed(one, referral.authorization)
    claims.make_ready(claim=written, by=by, at=NOW)
    job = submissions.ask(by=by)
    jobs.run(job.pk)
    job.refresh_from_db()
    answer = Answer(Verdict.ACCEPTED, Source.PHONE, NOW.date(), reference="C-1")
    answered = acknowledgments.take(claim=written, answer=answer, by=by, at=NOW)
    sent = _sent_by_hand(one, referral.authorization)
    ready, draft = (_claimed(one, referral.authorization) for _ in range(2))
    claims.make_ready(claim=ready, by=by, at=NOW)
    due = Reached("filing_limit", "CLAIM-09", "claim", draft.pk, (30,), "2024-10-08", "test", NOW.date())
    alerts.raise_alert(due, by=by, at=NOW)
    return {
        "acknowledgment_id": answered.pk,
        "alert_id": Alert.objects.get(practice=one.practice).pk,
        "claim_id": draft.pk,
        "document_id": job.result_id or 0,
        "job_id": job.pk,
        "submission_id": sent.pk,
    }


def _claimed(one: World, authorization: Authorization) -> Claim:
    return claims.draft(visit_ids=[world.completed(one, authorization).pk], by=one.by, at=NOW)[0]


def _sent_by_hand(one: World, authorization: Authorization) -> Submission:
    claim = _claimed(one, authorization)
    claims.make_ready(claim=claim, by=one.by, at=NOW)
    sent = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    return submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=one.by, at=NOW)
