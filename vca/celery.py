"""The Celery app: the doorbell of the job table, never the queue (docs/architecture.md, Work in the background)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")

app = Celery("vca")
app.conf.update(
    broker_url=os.environ.get("REDIS_URL") or "memory://",
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_time_limit=600,
    timezone="UTC",
    enable_utc=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 900,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Whoever rings is a page: without these a Redis that hangs holds it for ever, one that is down for 6 seconds.
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "max_retries": 0,
    },
    beat_sync_every=1,  # the age of the schedule's file tells whether beat lives
    # An interval, not a crontab: crontabs skip or repeat runs on the nights when clocks change.
    beat_schedule={
        "sweep": {
            "task": "vca.core.tasks.sweep",
            "schedule": 10.0,
            "options": {"expires": 10},
        }
    },
)
app.autodiscover_tasks(["vca.core"])
