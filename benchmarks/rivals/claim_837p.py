"""The 837P by f-strings: the same bytes, as fast as we could write them by hand.

It writes what the claims at hand need and no more: one billing provider, one clinician for all lines of a claim, no
modifiers, no pay-to address, no earlier claim. It trusts every value: nothing is folded but to capitals, nothing is
cut to its width, nothing is searched for delimiters, and no rule is judged. ``Rival`` reads the rows by one statement,
on a psycopg connection of its own, in which PostgreSQL does as much of the formatting as it can.
"""

import base64
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing.domain.claim import BillingProvider, Envelope, Payer, ProfessionalClaim, ServiceLine

POINTERS = ("", "1", "1:2", "1:2:3", "1:2:3:4")
STATEMENT = """
SELECT claim.id, facts.id::text, facts.icn, lines.written, diagnoses.pointers,
    claim.control_number, trim_scale(claim.total_charge / 100.0)::text, place.place_of_service, claim.frequency_code,
    referral.number, diagnoses.written,
    upper(facts.last_name), upper(facts.first_name), upper(facts.middle_name), upper(facts.suffix),
    upper(facts.street) || CASE facts.street_2 WHEN '' THEN '' ELSE '*' || upper(facts.street_2) END,
    upper(facts.city), facts.state, facts.zip_code, to_char(facts.date_of_birth, 'YYYYMMDD'), facts.sex,
    upper(split_part(referral.referring_name, ',', 1)), upper(trim(split_part(referral.referring_name, ',', 2))),
    referral.referring_npi, upper(clinician.last_name), upper(clinician.first_name), clinician.npi, clinician.taxonomy
FROM billing_claim claim
JOIN core_servicelocation place ON place.id = claim.location_id
JOIN referrals_referral referral ON referral.id = claim.referral_id
JOIN referrals_veteran veteran ON veteran.id = claim.veteran_id
JOIN referrals_veteranfacts facts ON facts.id = veteran.current_id
JOIN billing_claimline first ON first.claim_id = claim.id AND first.number = 1
JOIN core_clinician clinician ON clinician.id = first.clinician_id
JOIN LATERAL (
    SELECT least(count(*), 4) AS pointers,
        string_agg(CASE position WHEN 1 THEN 'ABK:' ELSE 'ABF:' END || code, '*' ORDER BY position) AS written
    FROM billing_claimdiagnosis
    WHERE claim_id = claim.id
) diagnoses ON true
JOIN LATERAL (
    SELECT json_agg(json_build_array(
        number, code || CASE code WHEN 'J3490' THEN ':::::' || upper(drug_name) ELSE '' END,
        trim_scale(charge / 100.0)::text, units, to_char(service_date, 'YYYYMMDD'), control_number,
        ndc, ltrim(trim_scale(ndc_quantity)::text, '0'), ndc_unit
    ) ORDER BY number)::text AS written
    FROM billing_claimline
    WHERE claim_id = claim.id
) lines ON true
WHERE claim.practice_id = %s AND claim.state = 'READY'
ORDER BY claim.id
"""
SENT = "UPDATE billing_claim SET state = 'SENT', sent_at = %s, revision = revision + 1 WHERE id = ANY(%s)"


def from_claims(claims: Sequence[ProfessionalClaim], envelope: Envelope) -> bytes:
    """Return the file of claims that are loaded."""
    texts = [_claim_of(level, claim) for level, claim in enumerate(claims, start=2)]
    return _file(texts, claims[0].billing_provider, envelope)


class Rival:
    """The ready claims of one practice. It is told practice, payer and key, which ours looks up."""

    def __init__(
        self, url: str, *, practice_id: int, provider: BillingProvider, payer: Payer, key: bytes, path: Path
    ) -> None:
        self._connection = psycopg.connect(url, options=f"-c vca.practice={practice_id}")
        self._practice_id, self._provider, self._payer, self._path = practice_id, provider, payer, path
        self._decrypt = AESGCM(key).decrypt

    def write(self, envelope: Envelope) -> bytes:
        """Write the file to the disk and mark its claims as sent, in one transaction; return its bytes."""
        with self._connection.transaction():
            rows = self._connection.execute(STATEMENT, [self._practice_id]).fetchall()
            content = _file(list(self._texts(rows)), self._provider, envelope)
            with self._path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._connection.execute(SENT, [envelope.created_at, [row[0] for row in rows]])
        return content

    def _texts(self, rows: Sequence[tuple]) -> Iterable[str]:
        for level, (_, facts_id, icn, lines, pointers, *values) in enumerate(rows, start=2):
            written = [_line(POINTERS[pointers], *line) for line in json.loads(lines)]
            yield _claim(level, self._opened(icn, facts_id), self._payer, "".join(written), *values)

    def _opened(self, sealed: str, facts_id: str) -> str:
        rest = base64.b64decode(sealed.partition(":")[2])
        return self._decrypt(rest[:12], rest[12:], f"referrals_veteranfacts.icn.{facts_id}".encode()).decode()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _claim_of(level: int, claim: ProfessionalClaim) -> str:
    veteran, referring, rendering = claim.subscriber, claim.referring, claim.lines[0].rendering
    home = veteran.address
    principal, *others = claim.diagnoses
    return _claim(
        level,
        veteran.member_id,
        claim.payer,
        "".join([_line_of(line) for line in claim.lines]),
        claim.control_number,
        f"{claim.total_charge:.2f}".rstrip("0").rstrip("."),
        claim.place_of_service,
        claim.frequency_code,
        claim.referral_number,
        "*".join([f"ABK:{principal}", *[f"ABF:{code}" for code in others]]),
        veteran.last_name.upper(),
        veteran.first_name.upper(),
        veteran.middle_name.upper(),
        veteran.suffix.upper(),
        f"{home.street}*{home.street_2}".upper() if home.street_2 else home.street.upper(),
        home.city.upper(),
        home.state,
        home.zip_code,
        f"{veteran.birth_date:%Y%m%d}",
        veteran.sex,
        referring.last_name.upper() if referring else "",
        referring.first_name.upper() if referring else "",
        referring.npi if referring else "",
        rendering.last_name.upper(),
        rendering.first_name.upper(),
        rendering.npi,
        rendering.taxonomy,
    )


def _line_of(line: ServiceLine) -> str:
    drug = line.drug
    return _line(
        POINTERS[len(line.diagnosis_pointers)],
        line.number,
        f"{line.code}:::::{line.description.upper()}" if line.description else line.code,
        f"{line.charge:.2f}".rstrip("0").rstrip("."),
        line.units,
        f"{line.service_date:%Y%m%d}",
        line.control_number,
        drug.ndc if drug else "",
        f"{drug.quantity:.3f}".strip("0").rstrip(".") if drug else "",
        drug.unit if drug else "",
    )


def _claim(
    level: int,
    member_id: str,
    payer: Payer,
    lines: str,
    number: str,
    total: str,
    place: str,
    frequency: str,
    referral: str,
    diagnoses: str,
    last: str,
    first: str,
    middle: str,
    suffix: str,
    street: str,
    city: str,
    state: str,
    zip_code: str,
    born: str,
    sex: str,
    referring_last: str,
    referring_first: str,
    referring_npi: str,
    rendering_last: str,
    rendering_first: str,
    rendering_npi: str,
    taxonomy: str,
) -> str:
    referring = f"NM1*DN*1*{referring_last}*{referring_first}****XX*{referring_npi}~\n" if referring_npi else ""
    return f"""HL*{level}*1*22*0~
SBR*P*18*******VA~
NM1*IL*1*{last}*{first}*{middle}**{suffix}*MI*{member_id}~
N3*{street}~
N4*{city}*{state}*{zip_code}~
DMG*D8*{born}*{sex}~
NM1*PR*2*{payer.name}*****PI*{payer.payer_id}~
CLM*{number}*{total}***{place}:B:{frequency}*Y*A*Y*Y~
REF*G1*{referral}~
HI*{diagnoses}~
{referring}NM1*82*1*{rendering_last}*{rendering_first}****XX*{rendering_npi}~
PRV*PE*PXC*{taxonomy}~
{lines}"""


def _line(
    pointers: str,
    number: int,
    procedure: str,
    charge: str,
    units: int,
    day: str,
    control_number: str,
    ndc: str,
    quantity: str,
    unit: str,
) -> str:
    drug = f"LIN**N4*{ndc}~\nCTP****{quantity}*{unit}~\n" if ndc else ""
    return f"""LX*{number}~
SV1*HC:{procedure}*{charge}*UN*{units}***{pointers}~
DTP*472*D8*{day}~
REF*6R*{control_number}~
{drug}"""


def _file(claims: list[str], provider: BillingProvider, envelope: Envelope) -> bytes:
    sender, receiver, at = envelope.submitter, envelope.receiver, envelope.created_at
    group, interchange = envelope.group_control_number, envelope.interchange_control_number
    home = provider.address
    body = f"""BHT*0019*00*{envelope.batch_id}*{at:%Y%m%d}*{at:%H%M}*CH~
NM1*41*2*{sender.name.upper()}*****46*{sender.submitter_id}~
PER*IC*{sender.contact.upper()}*TE*{sender.phone}~
NM1*40*2*{receiver.name.upper()}*****46*{receiver.receiver_id}~
HL*1**20*1~
PRV*BI*PXC*{provider.taxonomy}~
NM1*85*2*{provider.name.upper()}*****XX*{provider.npi}~
N3*{home.street.upper()}~
N4*{home.city.upper()}*{home.state}*{home.zip_code}~
REF*EI*{provider.tax_id}~
{"".join(claims)}"""
    return f"""ISA*00*          *00*          *ZZ*{sender.submitter_id:15}*ZZ*{receiver.receiver_id:15}\
*{at:%y%m%d}*{at:%H%M}*^*00501*{interchange:09d}*0*{envelope.usage}*:~
GS*HC*{sender.submitter_id}*{receiver.receiver_id}*{at:%Y%m%d}*{at:%H%M}*{group}*X*005010X222A1~
ST*837*0001*005010X222A1~
{body}SE*{body.count("~") + 2}*0001~
GE*1*{group}~
IEA*1*{interchange:09d}~
""".encode("ascii")
