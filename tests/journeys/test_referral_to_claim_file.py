"""From VA's list to a claim file, through HTTP as a clerk would: the clock stands at April 2024."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from billing.models import Claim, Submission
from referrals import queries
from referrals.models import Referral, Visit
from tests import world
from tests.billing.x12.reading import complaints
from tests.world import PASSWORD, World
from vca.core import documents
from vca.core.models import AuditEvent
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "referrals" / "ccra_referral_list.json"
APRIL = datetime(2024, 4, 15, 16, 0, tzinfo=UTC)
OURS = [
    {
        "referralNumber": f"VA000000770{place}",
        "lastName": "EXAMPLE",
        "firstName": "Jules",
        "dob": "1955-05-05",
        "icn": "1012999999V654321",
        "status": status,
        "categoryOfCare": "MENTAL HEALTH",
        "seocId": "MH_SAMPLE INFUSION_1.0.2",
        "seocNumberOfDays": "60",
        "referralDate": "2024-03-28",
        "referralExpirationDate": "2024-05-27",
    }
    for place, status in enumerate(("A", "AP", "BP"), start=1)
]


class Clerk:
    """Somebody at a browser without JavaScript."""

    def __init__(self, email: str) -> None:
        self.client = Client()
        self.email = email
        self.sign_in()

    def sign_in(self) -> None:
        """A session lasts half a day."""
        self.post("sign_in", email=self.email, password=PASSWORD)

    def get(self, name: str, *args: Any, **query: str) -> str:
        answer = self.client.get(reverse(name, args=args), query)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()

    def post(self, name: str, *args: Any, **fields: Any) -> Any:
        answer = self.client.post(reverse(name, args=args), fields)
        assert answer.status_code == 302, (name, answer.status_code, answer.context and answer.context["form"].errors)
        return answer


@pytest.fixture
def april() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(APRIL, tick=True) as clock:
        yield clock


@pytest.fixture
def harbor() -> World:
    return world.practice("demo")


def imported(path: Path, records: list[dict[str, str]]) -> list[str]:
    file = path / "list.json"
    file.write_text(json.dumps(records))
    out = StringIO()
    call_command("import_referrals", str(file), practice="demo", stdout=out)
    return out.getvalue().splitlines()


def records() -> list[list[dict[str, str]]]:
    """Our own list, and the recorded one where it is at hand."""
    return [OURS, *([json.loads(SAMPLES.read_text())] if SAMPLES.exists() else [])]


@pytest.mark.parametrize("records", records(), ids=["ours", "recorded"][: len(records())])
def test_clerk_takes_a_referral_to_a_claim_file(
    harbor: World, april: time_machine.Traveller, tmp_path: Path, records: list[dict[str, str]]
) -> None:
    lines = imported(tmp_path, records)
    assert lines == [f"{one['referralNumber']} created, held: visit limits not stated" for one in records]
    assert imported(tmp_path, records) == [f"{one['referralNumber']} unchanged" for one in records]
    biller = Clerk(world.person(harbor, Role.BILLER).email)
    desk = Clerk(world.person(harbor, Role.FRONT_DESK).email)
    clinician = Clerk(world.person(harbor, Role.CLINICIAN).email)

    referral = Referral.objects.get(number=records[0]["referralNumber"])
    confirm(biller, harbor, referral)
    book_six(desk, harbor, referral)
    complete_two(desk, clinician, april)
    biller.sign_in()
    claim = bill(biller)
    content = write(biller, tmp_path)

    claim.refresh_from_db()
    assert (claim.state, complaints(content)) == ("SENT", [])
    assert f"REF*G1*{referral.number}~".encode() in content
    assert list(queries.miscounted(harbor.by)) == []
    deeds = ["referral.confirmed", "visit.booked", "visit.completed", "claim.drafted", "submission.written"]
    assert AuditEvent.objects.filter(action__in=deeds).count() == 1 + 6 + 2 + 1 + 1


def confirm(biller: Clerk, harbor: World, referral: Referral) -> None:
    assert referral.number in biller.get("referrals")
    details = {"affiliation": "VCA", "provisional_diagnosis": "F33.2"}
    biller.post("referral_details", referral.pk, **details, home_location=harbor.location.pk)
    limit = {"description": "Ketamine infusion", "limit_kind": "COUNTED", "visits": 6, "codes": "96365, J3490"}
    biller.post("new_line", referral.pk, **limit)
    facts = referral.veteran.facts
    known = {"last_name": facts.last_name, "first_name": facts.first_name, "date_of_birth": facts.date_of_birth}
    place = {"street": "2 Oak St", "city": "Portland", "state": "or", "zip_code": "97205-1111", "sex": "F"}
    biller.post("edit_veteran", referral.veteran_id, **known, **place, icn=facts.icn)
    biller.post("confirm_referral", referral.pk)
    assert reverse("confirm_referral", args=[referral.pk]) not in biller.get("authorization", referral.authorization.pk)


def book_six(desk: Clerk, harbor: World, referral: Referral) -> None:
    line = referral.authorization.services.get()
    for day in range(15, 21):
        first = service(0, line.pk, harbor.clinician.pk, code="96365")
        second = service(1, line.pk, harbor.clinician.pk, code="J3490")
        drug = {"drug_name": "KETAMINE HCL 50MG/ML", "ndc": "42023-0114-10", "ndc_unit": "ML", "ndc_quantity": "0.8"}
        second |= {f"services-1-{name}": value for name, value in drug.items()}
        forms = {"services-TOTAL_FORMS": 2, "services-INITIAL_FORMS": 0}
        when = {"location": harbor.location.pk, "on": f"2024-04-{day}", "at": "10:00"}
        desk.post("book_visit", referral.authorization.pk, **when, **forms, **first, **second)
    line.refresh_from_db()
    assert (line.visits_held, line.count.left) == (6, 0)


def service(place: int, line: int, clinician: int, *, code: str) -> dict[str, Any]:
    said = {"service": line, "clinician": clinician, "code": code, "units": 1}
    return {f"services-{place}-{name}": value for name, value in said.items()}


def complete_two(desk: Clerk, clinician: Clerk, april: time_machine.Traveller) -> None:
    for visit in Visit.objects.order_by("starts_at")[:2]:
        april.move_to(visit.starts_at)
        desk.sign_in()
        clinician.sign_in()
        assert "VA COVERS THIS VISIT" in desk.get("today").upper()
        desk.post("check_in", visit.pk)
        clinician.post("complete_visit", visit.pk)
    april.shift(timedelta(hours=2))


def bill(biller: Clerk) -> Claim:
    page = biller.get("claims")
    assert "unbilled" in page.lower()
    visits = Visit.objects.filter(state="COMPLETED").values_list("pk", flat=True)
    biller.post("draft_claims", visit=list(visits))
    claim = Claim.objects.get()
    assert claim.total_charge == 2 * (450 + 87.50)
    biller.post("claim_ready", claim.pk)
    return claim


def write(biller: Clerk, path: Path) -> bytes:
    assert "Write the 837P file" in biller.get("review_file")
    answer = biller.post("write_file", claim=list(Claim.objects.values_list("pk", flat=True)))
    call_command("work", once=True)
    page = biller.client.get(answer.url).content.decode()
    submission = Submission.objects.get()
    assert reverse("document", args=[submission.document_id]) in page
    download = biller.client.get(reverse("document", args=[submission.document_id]))
    file = path / "again.837"
    call_command("write_837p", practice="demo", out=file, batch="latest", stdout=StringIO())
    assert download.content == documents.read(submission.document) == file.read_bytes()
    return download.content
