"""The import of VA's list by a clerk: at once or in the background, with the lines that the command prints."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django import conf
from django.core.files import temp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from referrals import tasks
from referrals.intake.json_reader import LARGEST
from referrals.models import Notice, Referral
from referrals.services import imports
from tests import world
from tests.referrals.intake.test_json_reader import CAMEL
from tests.referrals.test_import_referrals import run
from tests.vca.core.rows import everything
from tests.world import World
from vca.core import documents, jobs
from vca.core.models import AuditEvent, Document, Job
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World, client: Client) -> Client:
    client.force_login(world.person(harbor, Role.BILLER))
    return client


def records(count: int) -> list[dict[str, Any]]:
    return [{**CAMEL, "referralNumber": f"VA{number:010d}"} for number in range(count)]


def send(biller: Client, content: bytes) -> Any:
    return biller.post(reverse("import_referrals"), {"file": SimpleUploadedFile("list.json", content)})


def reported(report: Document | None) -> list[str]:
    assert report
    return documents.read(report).decode().splitlines()


def test_report_holds_the_lines_of_the_command(biller: Client, tmp_path: Path) -> None:
    said = [CAMEL, {**CAMEL, "referralNumber": "VA0000000043", "status": "I"}, {**CAMEL, "status": "AC"}]

    answer = send(biller, json.dumps(said).encode())

    report = Document.objects.get(kind="va_referral_report")
    page = biller.get(answer.url).content.decode()
    assert answer.url == reverse("import_report", args=[report.pk])
    assert reported(report) == [
        "VA0000000042 created, held: visit limits not stated",
        "VA0000000043 created, held: visit limits not stated, status not known: I",
        "VA0000000042 differs: va_status, held",
    ]
    assert [words in page for words in ("Differs: va_status, held", "status not known: I")] == [True, True]
    assert run(tmp_path, said[1:2]) == ["VA0000000043 unchanged"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "The file is not JSON: line 1, column 2"),
        (b"", "The file is empty"),
        (json.dumps([CAMEL, {"lastName": "X"}]).encode(), "Record 2: referralNumber is missing"),
        (b" " * (LARGEST + 1), "The file is larger than 20 MB"),
    ],
)
def test_broken_list_is_refused_on_its_form_and_changes_nothing(biller: Client, content: bytes, sentence: str) -> None:
    before = everything()

    answer = send(biller, content)

    assert (answer.status_code, everything()) == (422, before)
    assert sentence in answer.content.decode()


def test_form_without_a_file_is_refused(biller: Client) -> None:
    assert biller.post(reverse("import_referrals"), {}).status_code == 422


def test_empty_list_says_so(biller: Client) -> None:
    answer = send(biller, b"[]")

    assert "there was nothing to import" in biller.get(answer.url).content.decode()


def test_list_of_two_hundred_is_done_at_once_and_a_longer_one_by_a_job(
    biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 2)

    at_once, later = (send(biller, json.dumps(records(count)).encode()) for count in (2, 3))

    job = Job.objects.get(kind="import_referrals")
    assert at_once.url == reverse("import_report", args=[Document.objects.get(kind="va_referral_report").pk])
    assert (later.url, job.state, Referral.objects.count()) == (reverse("job", args=[job.pk]), "QUEUED", 2)


def asked(biller: Client, monkeypatch: pytest.MonkeyPatch, *, count: int) -> Job:
    """Return the job of a list, in chunks of two records."""
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    monkeypatch.setattr(tasks, "RECORDS", 2)
    send(biller, json.dumps(records(count)).encode())
    return Job.objects.get(kind="import_referrals")


def test_job_takes_over_the_list_and_leaves_its_report(biller: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    job = asked(biller, monkeypatch, count=5)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("DONE", 5, 5)
    assert job.outcome == "5 records: 5 created, 0 unchanged, 0 differs"
    assert reported(job.result) == [f"VA{n:010d} created, held: visit limits not stated" for n in range(5)]


def test_job_that_was_broken_off_is_done_again(biller: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    job = asked(biller, monkeypatch, count=3)
    document = Document.objects.get(kind="va_referral_list")
    first = tasks.json_reader.read(documents.read(document))[:2]
    imports.receive_some(first, document=document, by=world.access.job(job), at=world.NOW)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.outcome, Referral.objects.count()) == ("3 records: 1 created, 2 unchanged, 0 differs", 3)


def test_front_desk_imports_nothing(harbor: World, client: Client) -> None:
    client.force_login(world.person(harbor, Role.FRONT_DESK))

    assert send(client, json.dumps([CAMEL]).encode()).status_code == 403
    assert Referral.objects.count() == 0


def test_other_documents_are_no_reports(biller: Client, harbor: World) -> None:
    world.receive(harbor)

    notice = Document.objects.get(kind="va_notice")
    assert biller.get(reverse("import_report", args=[notice.pk])).status_code == 404


def said(biller: Client, notice: Notice) -> dict[str, tuple[tuple[str, ...], str, bool]]:
    """Return what the page of a notice shows by field: VA's words, what stands here, and whether to compare them."""
    rows = biller.get(reverse("notice", args=[notice.pk])).context["rows"]
    return {row.field: (row.said, row.here, row.to_compare) for row in rows}


def test_words_that_were_not_understood_are_shown_as_received(biller: Client) -> None:
    record = {**CAMEL, "lastName": "S" * 61, "icn": "1099999999V123456", "status": {"code": 1}, "StatusCode": "AC"}
    send(biller, json.dumps([{**CAMEL, "referralNumber": "VA0000000099"}, record]).encode())

    shown = said(biller, Notice.objects.get(referral__number="VA0000000042"))

    assert shown["last_name"] == (("S" * 61,), "", True)
    assert shown["va_status"] == (('{"code": 1}', "AC"), "", True)
    assert shown["station"] == (("552",), "552", False)
    assert AuditEvent.objects.get(action="page.read").subject_kind == "notice"


def test_newer_words_are_shown_beside_what_stands_here(biller: Client) -> None:
    send(biller, json.dumps([CAMEL, {**CAMEL, "referralExpirationDate": "2024-08-01"}]).encode())

    shown = said(biller, Notice.objects.get(pending=True))

    assert shown["expiration_date"] == (("2024-08-01",), "2024-05-27", True)


def test_notice_that_was_sent_is_shown_too(biller: Client, harbor: World) -> None:
    number = world.receive(harbor).referral.number
    world.receive(harbor, number=number, va_status="X")

    # VA's own status is never typed here: it follows each notice, and is shown because it changed.
    assert said(biller, Notice.objects.get(pending=True))["va_status"] == (("X",), "X", True)


def test_front_desk_sees_no_words_of_va(harbor: World, client: Client) -> None:
    client.force_login(world.person(harbor, Role.FRONT_DESK))
    notice = world.receive(harbor).referral.notices.get()

    assert client.get(reverse("notice", args=[notice.pk])).status_code == 403


@pytest.mark.parametrize(
    ("handlers", "written"),
    [
        (conf.settings.FILE_UPLOAD_HANDLERS, 0),
        (["django.core.files.uploadhandler.TemporaryFileUploadHandler"], 1),  # the control
    ],
)
def test_list_on_its_way_in_is_written_nowhere(
    biller: Client, settings: Settings, handlers: list[str], written: int
) -> None:
    """Above 2.5 MB Django would write it to /tmp in the clear: docs/security/data-flow.md says where it lies."""
    settings.FILE_UPLOAD_HANDLERS = handlers

    with mock.patch.object(temp, "NamedTemporaryFile", wraps=temp.NamedTemporaryFile) as made:
        answer = send(biller, b"[" + b" " * 3 * 1024**2 + b"]")

    assert (answer.status_code, made.call_count) == (302, written)
