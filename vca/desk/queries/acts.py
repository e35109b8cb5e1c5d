"""Where the cause of an alert is mended: the page that its kind declares, for the thing that the alert is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.urls import resolve, reverse

from billing import queries as billing
from vca.core import access, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, DeaRegistration, License

CLINICIAN_OF = {"license": License, "dearegistration": DeaRegistration}


@dataclass(frozen=True, slots=True)
class Act:
    """What the act is called, and the page on which it is done; empty where the actor may not open it."""

    label: str
    url: str


def acts(rows: Sequence[Mapping[str, Any]], by: Actor) -> dict[int, Act]:
    """Return the act by the alert's id; none where the thing that it is about has gone.

    ``rows`` hold an alert and its authorization, or none.
    """
    found = [one["alert"] for one in rows]
    about = {
        "authorization": {one["alert"].pk: one["authorization"]["pk"] for one in rows if one["authorization"]},
        "claim": _claims(found),
        "close_day": {one.pk: one.location_id for one in found if one.subject_kind == "openday" and one.location_id},
        **_clinicians(found, by),
    }
    urls = {alert.pk: _url(alert, about) for alert in found}
    return {alert.pk: _act(alert, urls[alert.pk], by) for alert in found if urls[alert.pk]}


def _act(alert: Alert, url: str, by: Actor) -> Act:
    return Act(vocabulary.alert_kind(alert.kind).act, url if _opens(url, by) else "")


def _opens(url: str, by: Actor) -> bool:
    return by.may(getattr(resolve(urlsplit(url).path).func, "permission", ""))


def _url(alert: Alert, about: Mapping[str, Mapping[int, int]]) -> str:
    """Return the address of the act, empty when what it is about is not there."""
    page = vocabulary.alert_kind(alert.kind).page
    if page not in about:
        return reverse(page)
    if alert.pk in about[page]:
        return reverse(page, args=[about[page][alert.pk]]) + _where(alert)
    return f"{reverse('claims')}?visit={alert.subject_id}#visit-{alert.subject_id}" if page == "claim" else ""


def _where(alert: Alert) -> str:
    """Return what in that page the alert is about: a line of an authorization, a day of a place."""
    where = {"authorizedservice": f"#line-{alert.subject_id}", "openday": f"?on={alert.basis}"}
    return where.get(alert.subject_kind, "")


def _claims(found: Iterable[Alert]) -> dict[int, int]:
    """Return the claim on which the visit stands, by the alert's id; a visit to bill stands on none."""
    visits = {alert.pk: alert.subject_id for alert in found if alert.subject_kind == "visit"}
    claims = billing.claims_on(list(visits.values())) if visits else {}
    return {pk: claims[visit_id][0] for pk, visit_id in visits.items() if visit_id in claims}


def _clinicians(found: Iterable[Alert], by: Actor) -> dict[str, dict[int, int]]:
    """Return by page the clinician whose license or registration it is, by the alert's id."""
    pages: dict[str, dict[int, int]] = {"new_license": {}, "new_dea": {}}
    for kind, model in CLINICIAN_OF.items():
        mine = [alert for alert in found if alert.subject_kind == kind]
        rows = access.scope(model._default_manager.filter(pk__in=[alert.subject_id for alert in mine]), by)
        holder = dict(rows.values_list("pk", "clinician_id"))
        for alert in mine:
            if alert.subject_id in holder:
                pages[vocabulary.alert_kind(alert.kind).page][alert.pk] = holder[alert.subject_id]
    return pages
