"""People, roles, invitations and API tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from vca.core import access, forms
from vca.core.access import Nowhere, PageRequest
from vca.core.models import Invitation, Membership, User
from vca.core.pages import address_of
from vca.core.services import chores, departures, digests, passwords, people, sign_ins, tries
from vca.core.vocabulary import Role

JOINED = "Welcome. Sign in to begin."


@access.page("manage_people", step_up=True)
def people_page(request: PageRequest) -> HttpResponse:
    """People, roles, invitations."""
    form = forms.InvitationForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _people(request, form)
    role = Role(form.cleaned_data["role"])
    _, token = people.invite(email=form.cleaned_data["email"], role=role, by=request.actor, at=timezone.now())
    return _people(request, forms.InvitationForm(), token)


def _people(request: PageRequest, form: forms.InvitationForm, token: str = "") -> HttpResponse:
    """The page; the link of a token that was made now is shown this once."""
    context = {
        "form": form,
        "members": people.members(request.actor),
        "invitations": people.invitations(request.actor),
        "now": timezone.now(),
        "link": request.build_absolute_uri(reverse("accept_invitation", args=[token])) if token else "",
    }
    return render(request, "core/people.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("manage_people", step_up=True)
def invite_again(request: PageRequest, invitation_id: int) -> HttpResponse:
    """Make a new link in the place of one that was lost or is too old."""
    invitation = get_object_or_404(access.scope(Invitation.objects.all(), request.actor), pk=invitation_id)
    token = people.invite_again(invitation=invitation, by=request.actor, at=timezone.now())
    return _people(request, forms.InvitationForm(), token)


@require_POST
@access.page("manage_people")
def withdraw_invitation(request: PageRequest, invitation_id: int) -> HttpResponse:
    """Let a link open nothing any more."""
    invitation = get_object_or_404(access.scope(Invitation.objects.all(), request.actor), pk=invitation_id)
    if people.withdraw_invitation(invitation=invitation, by=request.actor, at=timezone.now()):
        messages.success(request, "The link is withdrawn.")
    return redirect("people")


@require_POST
@access.page("manage_people", step_up=True)
def offer_reset(request: PageRequest, membership_id: int) -> HttpResponse:
    """Make a link by which a member sets a new password."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    _, token = people.offer_reset(user=membership.user, by=request.actor, at=timezone.now())
    return _people(request, forms.InvitationForm(), token)


@require_POST
@access.page("manage_people", step_up=True)
def offer_new_factors(request: PageRequest, membership_id: int) -> HttpResponse:
    """Make a link by which a member is rid of lost second factors."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    _, token = people.offer_new_factors(user=membership.user, by=request.actor, at=timezone.now())
    return _people(request, forms.InvitationForm(), token)


@require_POST
@access.page("manage_people", step_up=True)
def end_role(request: PageRequest, membership_id: int) -> HttpResponse:
    """End one role of one person."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    if people.end_role(membership=membership, by=request.actor):
        messages.success(request, "The role has ended.")
    return redirect("people")


@access.page("manage_people", step_up=True)
def disable_person(request: PageRequest, membership_id: int) -> HttpResponse:
    """End everything of a person in the practice at once, and hand their work over."""
    active = access.scope(Membership.objects.filter(is_active=True), request.actor)
    person = get_object_or_404(active.select_related("user"), pk=membership_id).user
    colleagues = departures.colleagues(person, by=request.actor)
    form = forms.DisableForm(request.POST or None, colleagues=colleagues)
    if request.method == "POST" and form.is_valid():
        departures.disable(user=person, by=request.actor, at=timezone.now(), **form.cleaned_data)
        messages.success(request, f"{person.name} can do nothing here any more; the work is handed over.")
        return redirect("people")
    context = {"form": form, "person": person, "tasks": chores.open_tasks(request.actor).filter(owner=person).count()}
    return render(request, "core/disable_person.html", context, status=422 if form.errors else 200)


@access.takes_forms
@cache_control(no_store=True)
def accept_invitation(request: PageRequest, token: str) -> HttpResponse:
    """Join a practice, or set a new password, by a one-time link."""
    now = timezone.now()
    invitation = people.usable_invitation(token, at=now)
    known = people.proved_by(invitation)
    form = _acceptance(invitation, known)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if known:  # at the pace of the door: whoever may invite could else guess without end
                said, address = form.cleaned_data["password"], address_of(request)
                sign_ins.prove_password(user=known, password=said, address=address, at=now)
            people.accept(token=token, at=now, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error("password", fault)
        except (passwords.NotThePresentPassword, tries.TooManyTries) as refusal:
            forms.say_refusal(form, refusal)
        else:
            messages.success(request, _what_was_done(invitation))
            return redirect("sign_in")
    context = {"form": form, "invitation": invitation}
    return render(request, "core/accept_invitation.html", context, status=422 if form.errors else 200)


def _what_was_done(invitation: Invitation) -> str:
    if invitation.drops_factors:
        return "Your second factors are gone, and your API tokens have ended. Sign in, then add a new one."
    return "Your new password is set, and your API tokens have ended. Sign in." if invitation.resets_id else JOINED


def _acceptance(invitation: Invitation, known: User | None) -> type[Form]:
    if known:
        return forms.ProofForm
    return forms.ResetForm if invitation.resets_id else forms.AcceptanceForm


@access.signed_in()
def change_password(request: PageRequest) -> HttpResponse:
    """Change my own password; this session goes on, every other one ends."""
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, present = request.actor or Nowhere(request.user.pk), form.cleaned_data["present"]
        address, now = address_of(request), timezone.now()
        try:
            sign_ins.prove_password(user=request.user, password=present, address=address, at=now, field="present")
            passwords.change(user=request.user, by=by, at=now, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error("new", fault)
        except (passwords.NotThePresentPassword, tries.TooManyTries) as refusal:
            forms.say_refusal(form, refusal)
        else:
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)
            messages.success(
                request, "Your password is changed. Other devices must sign in again, and your API tokens have ended."
            )
            return redirect("today")
    return render(request, "core/change_password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@access.signed_in()
def choose_digest(request: PageRequest) -> HttpResponse:
    """Have e-mail about new alerts, or have none."""
    wanted = request.POST.get("wanted") == "yes"
    digests.choose(user=request.user, wanted=wanted, by=request.actor or Nowhere(request.user.pk))
    messages.success(request, "You get e-mail about new alerts." if wanted else "You get no e-mail about alerts.")
    return redirect("change_password")


@access.page("issue_tokens", step_up=True)
def tokens_page(request: PageRequest) -> HttpResponse:
    """My API tokens, for an administrator those of everybody; the text of a new one is shown this once."""
    form = forms.TokenForm(request.POST or None)
    token = ""
    if request.method == "POST" and form.is_valid():
        name, now = form.cleaned_data["name"], timezone.now()
        try:
            _, token = people.issue_token(user=request.user, name=name, by=request.actor, at=now)
        except people.NameNotOneLine as refusal:
            forms.say_refusal(form, refusal)
        else:
            form = forms.TokenForm()
    context = {"form": form, "tokens": people.tokens_of_practice(request.actor), "token": token}
    return render(request, "core/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("issue_tokens", step_up=True)
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    """End a token of mine, or as an administrator anybody's."""
    token = get_object_or_404(people.tokens_of_practice(request.actor), pk=token_id)
    if people.revoke_token(token=token, by=request.actor, at=timezone.now()):
        messages.success(request, f"The token {token.name} of {token.user.name} has ended.")
    return redirect("tokens")
