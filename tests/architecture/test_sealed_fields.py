"""What identifies a person is encrypted: a column whose name says that it may hold an identifier is sealed, or stands
here with the reason why it is not.
"""

import re
from collections.abc import Iterable

import pytest
from django.apps import apps
from django.db import models

from referrals.models import VeteranFacts
from vca.core.crypto import SealedTextField

OURS = ("core", "referrals", "billing", "desk", "demo")
TELLING = re.compile(
    r"ssn|social|icn|edipi|mrn|member|subscriber|beneficiary|medicare|medicaid|passport|driver|licen[cs]e|account|policy"
    r"|card|bank|routing|tax|ein|consult|identifier|number|serial|secret|token|credential|npi|fax|phone"
)
REASONS = {
    "billing.Acknowledgment.payer_claim_number": "the payer's name for a claim, as in its answers",
    "billing.Claim.control_number": "our own running number of a claim",
    "billing.Claim.original_claim_number": "the payer's name for a claim",
    "billing.ClaimLine.control_number": "our own running number of a line",
    "core.Agreement.number": "the practice's own contract",
    "core.Agreement.station": "a VA facility",
    "core.ApiToken.token_hash": "a hash of what is random",
    "core.Clinician.credentials": "the letters after a clinician's name",
    "core.Clinician.npi": "public: the national register of providers",
    "core.Clinician.taxonomy": "a specialty's code",
    "core.DeaRegistration.number": "a clinician's, which claims and prescriptions show",
    "core.Invitation.token_hash": "a hash of what is random",
    "core.License.number": "public: the register of a state",
    "core.Passkey.credential": "a public key",
    "core.Passkey.credential_id": "found by its value; names a device to this site alone",
    "core.Practice.billing_phone": "the practice's own, printed on claims",
    "core.Practice.npi": "public: the national register of providers",
    "core.Practice.tax_id": "an EIN, never a Social Security number: printed on every claim",
    "core.Practice.taxonomy": "a specialty's code",
    "core.ServiceLocation.npi": "public: the national register of providers",
    "referrals.Referral.consult_id": "VA's name for a consult, not for a person",
    "referrals.Referral.number": "VA's name for a referral: lists are searched by parts of it",
    "referrals.Referral.referring_npi": "public: the national register of providers",
    "referrals.Veteran.icn_index": "the blind index of the ICN",
    "referrals.VeteranFacts.phone": "people are called by it: shown to everybody who may see the Veteran",
}


def open_text(every: Iterable[type[models.Model]]) -> set[str]:
    """Return the columns of text that are not sealed and may, by their name or label, hold an identifier."""
    fields = ((model, field) for model in every for field in model._meta.concrete_fields)
    return {
        f"{model._meta.label}.{field.name}"
        for model, field in fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, SealedTextField)
        and TELLING.search(f"{field.name} {field.verbose_name}".lower())
    }


def test_every_identifier_is_encrypted_or_declared_with_its_reason() -> None:
    found = open_text(model for model in apps.get_models() if model._meta.app_label in OURS)

    assert sorted(found) == sorted(REASONS)


@pytest.mark.parametrize("name", ["icn", "edipi", "ssn"])
def test_identifier_of_a_veteran_is_encrypted(name: str) -> None:
    assert isinstance(VeteranFacts._meta.get_field(name), SealedTextField)


def test_column_that_is_not_declared_is_found() -> None:
    class Insured(models.Model):
        member_number = models.CharField(max_length=20)
        medicare = SealedTextField()

        class Meta:
            app_label = "nowhere"
            managed = False

    assert open_text([Insured]) == {"nowhere.Insured.member_number"}
