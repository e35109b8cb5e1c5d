"""People, roles, invitations and API tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from vca.core import access, forms
from vca.core.access import Nowhere, PageRequest
from vca.core.models import ApiToken, Invitation, Membership
from vca.core.services import digests, passwords, people
from vca.core.vocabulary import Role

JOINED = "Welcome. Sign in to begin."


@access.page("manage_people")
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
@access.page("manage_people")
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
@access.page("manage_people")
def offer_reset(request: PageRequest, membership_id: int) -> HttpResponse:
    """Make a link by which a member sets a new password."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    _, token = people.offer_reset(user=membership.user, by=request.actor, at=timezone.now())
    return _people(request, forms.InvitationForm(), token)


@require_POST
@access.page("manage_people")
def end_role(request: PageRequest, membership_id: int) -> HttpResponse:
    """End one role of one person."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    if people.end_role(membership=membership, by=request.actor):
        messages.success(request, "The role has ended.")
    return redirect("people")


def accept_invitation(request: PageRequest, token: str) -> HttpResponse:
    """Join a practice, or set a new password, by a one-time link."""
    now = timezone.now()
    invitation = people.usable_invitation(token, at=now)
    form = _acceptance(invitation)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.accept(token=token, at=now, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error("password", fault)
        except passwords.NotThePresentPassword as refusal:
            forms.say_refusal(form, refusal)
        else:
            messages.success(request, "Your new password is set. Sign in with it." if invitation.resets_id else JOINED)
            return redirect("sign_in")
    context = {"form": form, "invitation": invitation}
    return render(request, "core/accept_invitation.html", context, status=422 if form.errors else 200)


def _acceptance(invitation: Invitation) -> type[Form]:
    if invitation.resets_id:
        return forms.ResetForm
    return forms.ProofForm if people.asks_present_password(invitation) else forms.AcceptanceForm


@login_required
def change_password(request: PageRequest) -> HttpResponse:
    """Change my own password; this session goes on, every other one ends."""
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = request.actor or Nowhere(request.user.pk)
        try:
            passwords.change(user=request.user, by=by, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error("new", fault)
        except passwords.NotThePresentPassword as refusal:
            forms.say_refusal(form, refusal)
        else:
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)
            messages.success(request, "Your password is changed. Other devices must sign in again.")
            return redirect("today")
    return render(request, "core/change_password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
def choose_digest(request: PageRequest) -> HttpResponse:
    """Have e-mail about new alerts, or have none."""
    wanted = request.POST.get("wanted") == "yes"
    digests.choose(user=request.user, wanted=wanted, by=request.actor or Nowhere(request.user.pk))
    messages.success(request, "You get e-mail about new alerts." if wanted else "You get no e-mail about alerts.")
    return redirect("change_password")


@access.page("issue_tokens")
def tokens_page(request: PageRequest) -> HttpResponse:
    """My API tokens; the text of a new one is shown this once."""
    form = forms.TokenForm(request.POST or None)
    token = ""
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        _, token = people.issue_token(user=request.user, name=form.cleaned_data["name"], by=request.actor, at=now)
        form = forms.TokenForm()
    mine = access.scope(ApiToken.objects.filter(user=request.user), request.actor).order_by("-created_at", "-pk")
    context = {"form": form, "tokens": mine, "token": token}
    return render(request, "core/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("issue_tokens")
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    """End a token of mine."""
    mine = access.scope(ApiToken.objects.filter(user=request.user), request.actor)
    people.revoke_token(token=get_object_or_404(mine, pk=token_id), by=request.actor, at=timezone.now())
    return redirect("tokens")
