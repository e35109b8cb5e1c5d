"""The one worker process of the try-out: it sweeps the job table and is its own doorbell."""

import logging
import signal
import threading
import time

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from vca.core import jobs
from vca.core.services import start

logger = logging.getLogger(__name__)
LISTEN_EVERY = 0.5
SWEEP_EVERY = 10.0


class Command(BaseCommand):
    """Do due jobs until told to stop; the job in hand is finished first."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """``--once`` is for scripts and tests."""
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *, once: bool, **_: object) -> None:
        """Look for due jobs twice a second, and sweep every ten seconds."""
        start.refuse_unsafe()
        if once:
            while jobs.sweep(jobs.run):
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        swept_at = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() - swept_at >= SWEEP_EVERY:
                    swept_at = time.monotonic()
                    jobs.sweep(jobs.run)
                self._do_due()
            except DatabaseError:
                # The database is busy or away for a moment: the rows wait, and so do we.
                logger.exception("the job table cannot be read; trying again")
            close_old_connections()
            stop.wait(LISTEN_EVERY)

    def _do_due(self) -> None:
        for job_id in jobs.due(timezone.now()).values_list("pk", flat=True)[: jobs.SWEEP_AT_MOST]:
            jobs.run(job_id)
