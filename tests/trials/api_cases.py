"""Requests that nobody would write by hand, made from the description of the API: answered, and answered as promised.

A practice stands there with a row of each kind; a request is made as schemathesis makes it, sound or unsound, and in
every second one the ids are those of rows that there are. Nothing that it changes stays.
"""

import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import schemathesis
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rest_framework.views import APIView
from schemathesis import Case, GenerationMode

from billing.services import claims
from tests import databases, world
from tests.trials.registry import Outcome, trial
from tests.vca.core.api.caller import caller
from tests.vca.core.api.contract import breaches, promised
from tests.world import NOW, World
from vca.core import jobs
from vca.core.vocabulary import Role

AT_ONCE = 250
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SETTINGS = settings(
    max_examples=AT_ONCE, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@cache
def requests() -> st.SearchStrategy[Case]:
    """Return requests to every operation, sound and unsound."""
    schema = schemathesis.openapi.from_dict(promised())
    found = [result.ok() for result in schema.get_all_operations()]
    return st.sampled_from([one.as_strategy(generation_mode=mode) for one in found for mode in MODES]).flatmap(identity)


def identity(strategy: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return strategy


def near(value: Any) -> Any:
    """Return the value with every number in it that of a row that may be there."""
    if isinstance(value, dict):
        return {key: near(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(map(near, value))
    return 1 + value % 3 if isinstance(value, int) and not isinstance(value, bool) else value


def sent(client: Client, case: Case, *, close: bool, job_id: str) -> Any:
    """Send a request as it was made; return the answer."""
    parts = {name: job_id if close and name == "job_id" else value for name, value in case.path_parameters.items()}
    parts = near(parts) if close else parts
    path = case.path
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    body: Any = case.body if isinstance(case.body, dict | list | str | int | float | bool | None) else {}
    text = json.dumps(near(body) if close else body)
    headers = {name: str(value) for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
    query = {name: str(value) for name, value in (case.query or {}).items()}
    return client.generic(case.method, path, text, "application/json", headers=headers, query_params=query)


def faults(answer: Any) -> list[str]:
    """Return what is wrong with an answer: that there is none, or what it says otherwise than promised."""
    if answer.status_code >= 500:
        return [f"{answer.request['REQUEST_METHOD']} {answer.request['PATH_INFO']}: {answer.status_code}"]
    return [] if answer.status_code == 405 else breaches(answer)


def found(number: int, client: Client, job_id: str) -> list[str]:
    """Return what is wrong with the answers to as many requests as are sent at once, which the number gives."""
    told: list[str] = []
    chance = random.Random(number)

    @seed(number)
    @SETTINGS
    @given(case=requests())
    def send(case: Case) -> None:
        with transaction.atomic():
            told.extend(faults(sent(client, case, close=chance.random() < 0.5, job_id=job_id)))
            transaction.set_rollback(True)

    send()
    return told


@contextmanager
def practice() -> Iterator[tuple[Client, str]]:
    """Yield somebody who may do everything in a practice with rows of each kind, and the id of a job."""
    harbor = world.practice()
    try:
        client = caller(harbor, *Role).client
        client.raise_request_exception = False
        yield client, filled(harbor)
    finally:
        databases.empty()


def filled(harbor: World) -> str:
    """Make a row of each kind; return the id of a job."""
    authorization = world.authorization(harbor)
    visit = world.completed(harbor, authorization)
    world.booked(harbor, authorization)
    world.receive(harbor)
    claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    return str(jobs.enqueue(kind="write_837p", key="x", by=harbor.by, subject_ids=[]).pk)


def as_it_comes(view: APIView, fault: Exception) -> HttpResponse:
    raise fault


@trial(
    "api-cases",
    alone=False,
    full=200,
    ci=8,
    control=0.95,
    needs=(),
    claim="250 requests made from the description of the API, sound and unsound: no fault of ours, and as promised",
)
def api_cases(n: int, *, start: int) -> Iterator[Outcome]:
    """The control lets a refusal come out as a fault."""
    logging.disable(logging.CRITICAL)
    try:
        with time_machine.travel(NOW), practice() as (client, job_id):
            for number in range(start, n):
                told, broke = found(number, client, job_id), None
                if number % 10 == 0:
                    with patch.object(APIView, "handle_exception", as_it_comes):
                        broke = bool(found(number, client, job_id))
                for fault in sorted(set(told)):
                    print(f"api-cases {number}: {fault}", flush=True)
                yield Outcome(not told, control_broke=broke)
    finally:
        logging.disable(logging.NOTSET)
