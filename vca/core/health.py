"""Two questions of whoever runs the service: does the process live, and may it be given requests?

The answers hold no version, no address and no health data: anybody may ask.
"""

import os
from collections.abc import Callable, Mapping

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from redis import Redis
from redis.exceptions import RedisError

PATIENCE = 2  # seconds that Redis has


def alive() -> HttpResponse:
    """200: this process answers."""
    return JsonResponse({"alive": True})


def ready() -> HttpResponse:
    """200 when pages can be served, 503 when not, and what each part says.

    Redis does not count: without it work waits for the next sweep, and nothing is lost.
    """
    found = {name: check() for name, check in NEEDED.items()}
    told = {"ready": set(found.values()) == {"ok"}, **found, "doorbell": doorbell()}
    return JsonResponse(told, status=200 if told["ready"] else 503)


def database() -> str:
    """Return whether the database answers, with the tables that this version needs."""
    try:
        connections["default"].ensure_connection()
        waits = schema_is_older()
    except DatabaseError:
        return "does not answer"
    return "waits for prepare_database" if waits else "ok"


def schema_is_older() -> bool:
    """Tell whether migrations of this version are missing."""
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def documents() -> str:
    """Return whether files can be kept."""
    folder = settings.DOCUMENTS_DIR
    place = folder if folder.exists() else folder.parent  # it is made with the first file
    return "ok" if os.access(place, os.W_OK | os.X_OK) else "cannot be written"


def doorbell() -> str:
    """Return whether workers are rung for at once; otherwise they look every ten seconds."""
    if not settings.REDIS_URL:
        return "not used"
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) as redis:
            redis.ping()
    except RedisError:
        return "does not answer"
    return "ok"


NEEDED: Mapping[str, Callable[[], str]] = {"database": database, "documents": documents}
PROBES: Mapping[str, Callable[[], HttpResponse]] = {"/healthz": alive, "/readyz": ready}
