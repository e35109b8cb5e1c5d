"""People, roles, invitations and API tokens."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from vca.core import access, forms
from vca.core.access import PageRequest
from vca.core.models import ApiToken, Membership
from vca.core.services import people
from vca.core.vocabulary import Role


@access.page("manage_people")
def people_page(request: PageRequest) -> HttpResponse:
    """People, roles, invitations."""
    form = forms.InvitationForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        now = timezone.now()
        _, token = people.invite(email=form.cleaned_data["email"], role=role, by=request.actor, at=now)
        link = request.build_absolute_uri(reverse("accept_invitation", args=[token]))
        form = forms.InvitationForm()
    context = {"form": form, "members": people.members(request.actor), "link": link}
    return render(request, "core/people.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("manage_people")
def end_role(request: PageRequest, membership_id: int) -> HttpResponse:
    """End one role of one person."""
    membership = get_object_or_404(access.scope(Membership.objects.all(), request.actor), pk=membership_id)
    if people.end_role(membership=membership, by=request.actor):
        messages.success(request, "The role has ended.")
    return redirect("people")


def accept_invitation(request: PageRequest, token: str) -> HttpResponse:
    """Join a practice by the link of an invitation."""
    now = timezone.now()
    invitation = people.usable_invitation(token, at=now)
    form = forms.AcceptanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.accept(token=token, at=now, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error("password", fault)
        else:
            messages.success(request, "Welcome. Sign in to begin.")
            return redirect("sign_in")
    context = {"form": form, "invitation": invitation}
    return render(request, "core/accept_invitation.html", context, status=422 if form.errors else 200)


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
