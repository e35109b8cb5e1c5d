"""Where what a finding names is mended: the form, and what the link to it says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from billing.domain.findings import Finding
from billing.domain.states import ClaimState
from billing.models import Claim, ClaimLine
from vca.core.access import Actor
from vca.domain.rules import CATALOGUE, Rule
from vca.domain.wording import say_day


@dataclass(frozen=True, slots=True)
class Way:
    """The form that mends a finding and the words of its link; both empty where this person has none.

    ``posts`` is true of an act, which is a button.
    """

    url: str = ""
    words: str = ""
    posts: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """What one rule finds on a claim: each thing in a sentence, and the ways to mend it."""

    rule: Rule
    messages: list[str]
    ways: list[Way]


# Beginning of the field -> page, permission, words. The first that fits counts; "line." stands for any line.
# A visit is corrected while its claim is a draft (VISIT-07): a claim that is ready has no way there.
WAYS = (
    ("subscriber", "edit_veteran", "change_veterans", "Change the Veteran's facts"),
    ("billing_provider", "edit_practice", "manage_practice", "Change billing details"),
    ("facility", "edit_location", "manage_practice", "Change the location"),
    ("place_of_service", "edit_location", "manage_practice", "Change the location"),
    ("line.place_of_service", "edit_location", "manage_practice", "Change the location"),
    ("payer_route", "referral_details", "enter_referrals", "Change the affiliation"),
    ("payer.name", "payer-name", "manage_practice", "Set the payer's name"),
    ("payer.payer_id", "payer-id", "manage_practice", "Set the payer id"),
    ("referring", "referral_details", "enter_referrals", "Change the referring provider"),
    ("referral_number", "authorization", "see_referrals", "Open the referral"),
    ("line.service_date", "authorization", "see_referrals", "Open the authorization"),
    ("line.rendering", "edit_clinician", "manage_practice", "Change the clinician"),
    ("line.charge", "charges", "set_charges", "Set a price"),
    ("total_charge", "charges", "set_charges", "Set a price"),
    ("line.control_number", "", "", ""),
    ("line.", "edit_visit", "correct_visits", "Correct the visit"),
    ("diagnoses", "edit_visit", "correct_visits", "Correct the visit"),
    ("visits", "rebuild_claim", "draft_claims", "Build it again"),
)


def explained(found: Iterable[Finding], claim: Claim, *, by: Actor) -> list[Explained]:
    """Return findings by rule, in the order of the rules."""
    grouped: dict[str, list[Finding]] = {}
    for one in found:
        grouped.setdefault(one.code, []).append(one)
    return [
        Explained(CATALOGUE[code], [one.message for one in some], ways([one.field for one in some], claim, by=by))
        for code, some in grouped.items()
    ]


def ways(fields: Iterable[str], claim: Claim, *, by: Actor) -> list[Way]:
    """Return the ways to mend these fields of a claim, each once."""
    found = [way(field, claim, by=by) for field in fields]
    return list(dict.fromkeys(one for one in found if one.url))


def way(field: str, claim: Claim, *, by: Actor) -> Way:
    """Return the way to mend a field of a claim, such as ``lines.2.units``."""
    plain = re.sub(r"^lines\.\d+\.", "line.", field)
    page, permission, words = next((rest for start, *rest in WAYS if plain.startswith(start)), ("", "", ""))
    line = _line(field, claim)
    url = _url(page, line, claim) if page and by.may(permission) else ""
    which = f" of {say_day(line.service_date)}" if line and page == "edit_visit" else ""
    return Way(url, words + which, posts=page == "rebuild_claim") if url else Way()


def _url(page: str, line: ClaimLine | None, claim: Claim) -> str:
    """Return the address, or nothing when there is no line to correct or the claim is no draft any more."""
    if page in ("edit_visit", "rebuild_claim") and claim.state != ClaimState.DRAFT:
        return ""
    if page in ("payer-name", "payer-id"):
        return reverse("parameter", args=[page])
    subjects = {
        "authorization": claim.authorization_version.authorization_id,
        "edit_clinician": line and line.clinician_id,
        "edit_location": claim.location_id,
        "edit_visit": line and line.visit_id,
        "rebuild_claim": claim.pk,
        "edit_veteran": claim.veteran_id,
        "referral_details": claim.referral_id,
    }
    if page not in subjects:
        return reverse(page)
    return reverse(page, args=[subjects[page]]) if subjects[page] else ""


def _line(field: str, claim: Claim) -> ClaimLine | None:
    """Return the line that the field names, else the first."""
    lines = list(claim.lines.all())
    named = re.match(r"lines\.(\d+)\.", field)
    found = [line for line in lines if named and line.number == int(named.group(1))]
    return next(iter([*found, *lines]), None)
