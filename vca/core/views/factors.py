"""One's own second factors: passkeys, the authenticator app, recovery codes."""

from typing import Any, cast

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vca.core import access, forms, sessions
from vca.core.access import Actor, Nowhere
from vca.core.models import AuthenticatorApp, Passkey, User
from vca.core.services import factors, open_sessions, passkeys
from vca.core.services.factors import NotTheCode
from vca.core.services.passkeys import PasskeyRefused
from vca.core.views.door import site_of
from vca.domain.errors import RuleError
from vca.domain.wording import counted

ADDING = "passkey_adding"


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _by(request: HttpRequest) -> Actor | Nowhere:
    return getattr(request, "actor", None) or Nowhere(_person(request).pk)


@require_safe
@access.signed_in(before_second=True)
def factors_page(request: HttpRequest) -> HttpResponse:
    """What I sign in with beside the password."""
    return _page(request, [])


def _page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The page; recovery codes that were made now are shown this once."""
    user = _person(request)
    context = {
        "passkeys": user.passkeys.order_by("added_at", "pk"),
        "app": AuthenticatorApp.objects.filter(user=user).first(),
        "codes_left": factors.codes_left(user),
        "codes": codes,
        "must": access.lacks_second(request),
        "open_sessions": open_sessions.found(user, this=request.session.session_key, at=timezone.now()),
    }
    return render(request, "core/factors.html", context)


def _changed(request: HttpRequest, said: str) -> None:
    """Let this session go on, alone: a change of factors has ended all."""
    update_session_auth_hash(request, _person(request))
    messages.success(request, f"{said} Other devices must sign in again.")


def _added(request: HttpRequest, said: str, codes: list[str]) -> HttpResponse:
    _changed(request, said)
    sessions.note_second(request.session)
    return _page(request, codes) if codes else redirect("factors")


@access.signed_in(before_second=True, step_up=True)
def add_app(request: HttpRequest) -> HttpResponse:
    """Add an authenticator app: it reads the secret, and shows a first code."""
    user = _person(request)
    offer = factors.offered(user, request.POST.get("sealed", "")) or factors.offer_app(user)
    form = forms.AppForm(request.POST or None, initial={"sealed": offer.sealed})
    if request.method == "POST" and form.is_valid():
        said = {"secret": offer.secret, "code": form.cleaned_data["code"].replace(" ", "")}
        try:
            codes = factors.add_app(user=user, by=_by(request), at=timezone.now(), **said)
        except NotTheCode as refusal:
            forms.say_refusal(form, refusal)
        else:
            return _added(request, "The authenticator app is added.", codes)
    context = {"form": form, "offer": offer, "picture": _picture(offer.address)}
    return render(request, "core/add_app.html", context, status=422 if form.errors else 200)


def _picture(address: str) -> dict[str, Any]:
    """Return a QR code as the path of an SVG, one unit for each module, with its quiet border."""
    drawn = segno.make(address, error="m", micro=False)
    border, rows = drawn.default_border_size, list(drawn.matrix)
    dark = [(x + border, y + border) for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    return {"size": len(rows) + 2 * border, "path": "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)}


@require_POST
@access.signed_in(step_up=True)
def remove_app(request: HttpRequest) -> HttpResponse:
    """Take the authenticator app away."""
    if factors.remove_app(user=_person(request), by=_by(request)):
        _changed(request, "The authenticator app is removed.")
    return redirect("factors")


@require_POST
@access.signed_in(step_up=True)
def new_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes in the place of the old ones."""
    return _page(request, factors.new_codes(user=_person(request), by=_by(request)))


@require_POST
@access.signed_in(before_second=True, step_up=True)
def new_passkey_challenge(request: HttpRequest) -> JsonResponse:
    """Ask the browser to make a passkey."""
    asked, request.session[ADDING] = passkeys.begin_adding(_person(request), site=site_of(request))
    return JsonResponse(asked)


@access.signed_in(before_second=True, step_up=True)
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey that the browser has made."""
    form = forms.PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {"name": form.cleaned_data["name"], "answer": form.cleaned_data["passkey"], "site": site_of(request)}
        try:
            state = _asked(request)
            codes = passkeys.add(user=_person(request), state=state, by=_by(request), at=timezone.now(), **said)
        except RuleError as refusal:
            forms.say_refusal(form, refusal)
        else:
            return _added(request, "The passkey is added.", codes)
    return render(request, "core/add_passkey.html", {"form": form}, status=422 if form.errors else 200)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Return what the answer is held against, once. Raises PasskeyRefused."""
    state: dict[str, Any] | None = request.session.pop(ADDING, None)
    if state is None:
        raise PasskeyRefused("this page was open for too long, or this browser makes no passkeys")
    return state


@require_POST
@access.signed_in()
def rename_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Give a passkey of mine another name."""
    passkey = get_object_or_404(_person(request).passkeys, pk=passkey_id)
    form = forms.PasskeyNameForm(request.POST)
    if form.is_valid():
        passkeys.rename(passkey=passkey, name=form.cleaned_data["name"], by=_by(request))
    else:
        messages.error(request, "Enter a name of at most 60 characters.")
    return redirect("factors")


@require_POST
@access.signed_in(step_up=True)
def remove_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Take a passkey of mine away."""
    passkey: Passkey = get_object_or_404(_person(request).passkeys.select_related("user"), pk=passkey_id)
    passkeys.remove(passkey=passkey, by=_by(request))
    passkey.user.refresh_from_db()
    request.user = passkey.user
    _changed(request, "The passkey is removed.")
    return redirect("factors")


@require_POST
@access.signed_in(step_up=True)
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out on other devices: on those that the form names."""
    marks, this = request.POST.getlist("session"), request.session.session_key
    ended = open_sessions.end(_person(request), marks=marks, this=this, at=timezone.now())
    messages.success(request, f"Signed out on {counted(ended, 'other device')}.")
    return redirect("factors")
