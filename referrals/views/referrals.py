"""Referral pages: the queue, a new referral, its details, terms and lines, and its moves."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from referrals import queries
from referrals.domain.states import ReferralState
from referrals.forms.lines import LineForm, OpeningBalanceForm
from referrals.forms.referrals import DetailsForm, ReasonForm, ReferralForm, TermsForm
from referrals.forms.veterans import VeteranChoice, VeteranForm
from referrals.intake.json_reader import Received
from referrals.models import (
    Authorization,
    AuthorizedService,
    FactSource,
    Notice,
    Referral,
    ThroughSource,
    Veteran,
)
from referrals.services import amendments, authorizations, referrals, veterans
from referrals.services.authorizations import Terms
from vca.core import access
from vca.core.access import PageRequest, View
from vca.core.pages import keyset
from vca.domain.wording import say_day

MOST_FOUND = 20


@require_safe
@access.page("see_referrals")
def referrals_page(request: PageRequest) -> HttpResponse:
    """The queue of referrals that wait for a person, above all referrals by state."""
    state = request.GET.get("state", "")
    rows = queries.referrals(request.actor)
    if state in set(ReferralState):
        rows = rows.filter(state=state)
    counts = queries.counts_by_state(request.actor)
    context = {
        "waiting": [(one, queries.obstacles(one)) for one in queries.waiting(request.actor)[:100]],
        "page": keyset(rows, after=request.GET.get("after", "")),
        "states": [(one.value, counts.get(one, 0)) for one in ReferralState],
        "total": sum(counts.values()),
        "state": state,
    }
    return render(request, "referrals/referrals.html", context)


@access.page("enter_referrals")
def new_referral(request: PageRequest) -> HttpResponse:
    """Enter a referral by hand; a number that is known already is compared, never overwritten."""
    form = ReferralForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        received = Received(form.notice(), {}, derived_expiration=False)
        outcome = referrals.receive(received, source=FactSource.REFERRAL, by=request.actor, at=timezone.now())
        say = messages.success if outcome.result == referrals.Result.CREATED else messages.warning
        say(request, outcome.line + ".")
        return redirect("authorization", outcome.referral.authorization.pk)
    return _form_page(request, form, "New referral", "Save referral", template="referrals/new_referral.html")


def _form_page(
    request: PageRequest, form: Any, heading: str, act: str, *, template: str = "referrals/form.html", **context: Any
) -> HttpResponse:
    context |= {"form": form, "heading": heading, "act": act}
    return render(request, template, context, status=422 if form.errors else 200)


def _referral(request: PageRequest, referral_id: int) -> Referral:
    return get_object_or_404(queries.referrals(request.actor), pk=referral_id)


def _line(request: PageRequest, service_id: int) -> AuthorizedService:
    rows = access.scope(AuthorizedService.objects.select_related("authorization__referral"), request.actor)
    return get_object_or_404(rows, pk=service_id)


@access.page("enter_referrals")
def referral_details(request: PageRequest, referral_id: int) -> HttpResponse:
    """Affiliation, diagnosis, referring provider, VA's status, home location."""
    referral = _referral(request, referral_id)
    form = DetailsForm(request.POST or None, instance=referral)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        home = facts.pop("home_location")
        referrals.change_details(referral=referral, facts=facts, home=home, by=request.actor)
        messages.success(request, "The details are saved.")
        return redirect("authorization", referral.authorization.pk)
    return _form_page(request, form, "Referral details", "Save details", referral=referral)


@access.page("change_limits")
def referral_terms(request: PageRequest, referral_id: int) -> HttpResponse:
    """First and last day; a new version each time."""
    referral = _referral(request, referral_id)
    current = authorizations.terms_of(referral.authorization)
    initial = {"valid_from": current.valid_from, "valid_through": current.valid_through}
    form = TermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        first, last, reason = (form.cleaned_data[name] for name in ("valid_from", "valid_through", "reason"))
        terms = Terms(first, last, ThroughSource.ENTERED, current.seoc, current.seoc_days)
        by, now = request.actor, timezone.now()
        amendments.amend(authorization=referral.authorization, terms=terms, reason=reason, by=by, at=now)
        messages.success(request, "The dates are saved as a new version.")
        _tell_of_bookings_outside(request, referral.authorization)
        return redirect("authorization", referral.authorization.pk)
    return _form_page(request, form, "Authorized days", "Save days", referral=referral)


def _tell_of_bookings_outside(request: PageRequest, authorization: Authorization) -> None:
    outside = [say_day(visit.on) for visit in queries.booked_outside(authorization)]
    if outside:
        which = "A booked visit lies" if len(outside) == 1 else f"{len(outside)} booked visits lie"
        messages.warning(request, f"{which} outside these days: {', '.join(outside)}. Cancel and book anew, or ask VA.")


@access.page("change_limits")
def new_line(request: PageRequest, referral_id: int) -> HttpResponse:
    """Add a service line."""
    referral = _referral(request, referral_id)
    form = LineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        authorization, by, now = referral.authorization, request.actor, timezone.now()
        reason = form.cleaned_data["reason"]
        amendments.add_line(authorization=authorization, limit=form.limit(), reason=reason, by=by, at=now)
        messages.success(request, "The service line is added.")
        return redirect("authorization", authorization.pk)
    return _form_page(request, form, "Add a service line", "Add line", referral=referral)


@access.page("change_limits")
def edit_line(request: PageRequest, service_id: int) -> HttpResponse:
    """Set the limit of a service line."""
    line = _line(request, service_id)
    kept = {"description": line.description, "limit_kind": line.limit_kind, "visits": line.visits_authorized}
    caps = {f"most_per_{span}": most for span, most in asdict(line.caps).items()}
    form = LineForm(request.POST or None, initial={**kept, **caps, "codes": ", ".join(line.codes)})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"] or "limit entered"
        by, now = request.actor, timezone.now()
        amendments.set_limit(service=line, limit=form.limit(), reason=reason, by=by, at=now)
        messages.success(request, "The limit is saved.")
        return redirect("authorization", line.authorization_id)
    return _form_page(request, form, "Service line", "Save line", referral=line.authorization.referral, line=line)


@access.page("change_limits")
def opening_balance(request: PageRequest, service_id: int) -> HttpResponse:
    """Visits given before this product counted."""
    line = _line(request, service_id)
    initial = {"visits": line.visits_before_us, "source": line.before_us_source}
    form = OpeningBalanceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        by, now = request.actor, timezone.now()
        amendments.set_opening_balance(service=line, by=by, at=now, **form.cleaned_data)
        messages.success(request, "The visits given before are saved.")
        return redirect("authorization", line.authorization_id)
    return _form_page(request, form, "Visits given before", "Save", referral=line.authorization.referral, line=line)


@require_POST
@access.page("confirm_referrals")
def confirm_referral(request: PageRequest, referral_id: int) -> HttpResponse:
    """Make the referral active."""
    referral = _referral(request, referral_id)
    referrals.confirm(referral=referral, by=request.actor, at=timezone.now())
    messages.success(request, f"{referral.number} is active. Visits can be booked.")
    return redirect("authorization", referral.authorization.pk)


def _mover(move: Callable[..., None], said: str, *, ends_by: str = "") -> View:
    """Return the view of a move; one that ends the referral (``ends_by`` says the act) asks first when visits wait."""

    @require_POST
    @access.page("confirm_referrals")
    def view(request: PageRequest, referral_id: int) -> HttpResponse:
        referral = _referral(request, referral_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Say why; the reason is kept.")
            return redirect("authorization", referral.authorization.pk)
        booked = queries.booked(referral.authorization)
        if ends_by and "all_the_same" not in request.POST and booked.exists():
            context = {"referral": referral, "visits": booked, "act": ends_by, "form": form}
            return render(request, "referrals/end_referral.html", context, status=409)
        reason = form.cleaned_data["reason"]
        move(referral=referral, reason=reason, by=request.actor, at=timezone.now())
        messages.success(request, f"{referral.number}: {said}.")
        return redirect("authorization", referral.authorization.pk)

    return view


reject = _mover(referrals.reject, "rejected", ends_by="Reject")
reopen = _mover(referrals.reopen, "opened again")
suspend = _mover(referrals.suspend, "suspended")
resume = _mover(referrals.resume, "active again")
cancel = _mover(referrals.cancel, "cancelled", ends_by="Cancel referral")
complete = _mover(referrals.complete, "completed", ends_by="Complete")


@access.page("confirm_referrals")
def move_referral(request: PageRequest, referral_id: int) -> HttpResponse:
    """Find the Veteran whose referral it is, and move it there. The search is posted: no name stands in an address."""
    referral = _referral(request, referral_id)
    words = request.POST.get("q", "").strip()[:60]
    found = (
        queries.veterans_named(request.actor, words).exclude(pk=referral.veteran_id)
        if words
        else Veteran.objects.none()
    )
    form = VeteranChoice(request.POST if "veteran" in request.POST else None)
    if form.is_bound and form.is_valid():
        rows = access.scope(Veteran.objects.all(), request.actor)
        veteran = get_object_or_404(rows, pk=form.cleaned_data["veteran"])
        referrals.move_to_veteran(referral=referral, veteran=veteran, by=request.actor)
        messages.success(request, f"{referral.number} and its visits are moved.")
        return redirect("authorization", referral.authorization.pk)
    context = {"referral": referral, "veterans": list(found[:MOST_FOUND]), "q": words}
    return render(request, "referrals/move_referral.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("confirm_referrals")
def settle_notice(request: PageRequest, notice_id: int) -> HttpResponse:
    """The differing notice has been compared and taken over."""
    rows = access.scope(Notice.objects.select_related("referral__authorization"), request.actor)
    notice = get_object_or_404(rows, pk=notice_id)
    referrals.settle_notice(notice=notice, by=request.actor, at=timezone.now())
    return redirect("authorization", notice.referral.authorization.pk)


@access.page("change_veterans")
def edit_veteran(request: PageRequest, veteran_id: int) -> HttpResponse:
    """Change what is known of a Veteran: a new version of the facts."""
    veteran = get_object_or_404(access.scope(Veteran.objects.select_related("current"), request.actor), pk=veteran_id)
    form = VeteranForm(request.POST or None, known=veteran.facts)
    if request.method == "POST" and form.is_valid():
        by, now = request.actor, timezone.now()
        veterans.change(veteran=veteran, facts=form.facts(), source=FactSource.VETERAN, by=by, at=now)
        messages.success(request, "The facts are saved.")
        return redirect("veteran", veteran.pk)
    return _form_page(request, form, "Veteran", "Save", veteran=veteran)
