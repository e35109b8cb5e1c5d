"""The door: password, second factor or passkey; and proving again who one is before what matters most."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import login
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from vca.core import access, forms, sessions
from vca.core.models import User
from vca.core.pages import address_of, in_words
from vca.core.services import factors, passkeys, sign_ins, tries
from vca.core.services.passkeys import PasskeyRefused, Site
from vca.domain.errors import RuleError

HALF_WAY = "half_way"  # who gave the right password and still owes the second factor
HALF_WAY_SECONDS = 600
ASKED = "passkey_asked"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@access.takes_forms
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by password; the answer to a wrong one does not tell whether the address is known."""
    form = forms.SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address, now = address_of(request), timezone.now()
        try:
            user = sign_ins.by_password(**form.cleaned_data, address=address, at=now)
        except RuleError as refusal:
            forms.say_refusal(form, refusal)
        else:
            return _half_way(request, user) if factors.has_any(user) else _enter(request, user, how="password")
    return _door(request, form)


def _door(request: HttpRequest, form: forms.SignInForm) -> HttpResponse:
    over = hasattr(request, "time_is_over_for")
    context = {"form": form, "next": next_page(request), "was_signed_in": over}
    return render(request, "core/sign_in.html", context, status=422 if form.errors else 200)


def next_page(request: HttpRequest) -> str:
    """Return the page of ours that was wanted, else the first one."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else reverse("today")


def _enter(request: HttpRequest, user: User, *, how: str) -> HttpResponse:
    """Begin a session; ``how`` names every factor that was shown."""
    sign_ins.done(user, how=how, address=address_of(request), at=timezone.now())
    to = next_page(request)
    request.session.pop(HALF_WAY, None)
    login(request, user, backend=BACKEND)
    if how != "password":
        sessions.note_second(request.session)
    return redirect(to)


def _half_way(request: HttpRequest, user: User) -> HttpResponse:
    request.session.cycle_key()
    said = {"user": user.pk, "hash": user.get_session_auth_hash(), "at": int(timezone.now().timestamp())}
    request.session[HALF_WAY] = said
    return redirect(f"{reverse('second_factor')}?{urlencode({'next': next_page(request)})}")


def _who_is_half_way(request: HttpRequest) -> User | None:
    """Return who gave the password a few minutes ago, if it is still theirs."""
    said: dict[str, Any] = request.session.get(HALF_WAY) or {}
    if timezone.now().timestamp() - said.get("at", 0) > HALF_WAY_SECONDS:
        return None
    user = User.objects.filter(pk=said["user"]).first()
    return user if user and sign_ins.may_enter(user) and user.get_session_auth_hash() == said["hash"] else None


@access.takes_forms
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the second factor after the password: a code; a passkey goes through ``passkey_sign_in``."""
    user = _who_is_half_way(request)
    if user is None:
        return redirect("sign_in")
    form = forms.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, address = form.cleaned_data["code"], address_of(request)
        try:
            how = factors.use_code(user=user, code=code, address=address, at=timezone.now())
        except RuleError as refusal:
            forms.say_refusal(form, refusal)
        else:
            return _enter(request, user, how=f"password and {how}")
    context = {"form": form, "next": next_page(request), "has_passkey": user.passkeys.exists()}
    return render(request, "core/second_factor.html", context, status=422 if form.errors else 200)


def site_of(request: HttpRequest) -> Site:
    """Return where this request's passkeys belong; Django has held the host against ALLOWED_HOSTS."""
    origin = f"{request.scheme}://{request.get_host()}"
    return Site(urlsplit(origin).hostname or "", origin)


@require_POST
def passkey_challenge(request: HttpRequest) -> JsonResponse:
    """Ask the browser for a passkey of this site, whoever it is of."""
    asked, request.session[ASKED] = passkeys.begin_asking(site=site_of(request))
    return JsonResponse(asked)


def use_passkey(request: HttpRequest) -> User:
    """Return whose passkey answered; a challenge is answered once. Raises PasskeyRefused, TooManyTries."""
    state = request.session.pop(ASKED, None)
    answer, address, now = request.POST.get("passkey", ""), address_of(request), timezone.now()
    account = f"passkeys from {address}"
    tries.begin(account=account, address=address, at=now)
    try:
        if state is None:
            raise PasskeyRefused("this page was open for too long")
        user = passkeys.use(answer=answer, state=state, site=site_of(request), at=now)
        if not sign_ins.may_enter(user):
            raise PasskeyRefused("this passkey was not accepted")
    except PasskeyRefused:
        sign_ins.failed(None, how="passkey", address=address)
        raise
    tries.succeeded(account=account, address=address, at=now)
    return user


@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by passkey alone, or after the password."""
    try:
        return _enter(request, use_passkey(request), how="passkey")
    except RuleError as refusal:
        messages.error(request, in_words(refusal))
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': next_page(request)})}")


@access.signed_in(before_second=True)
def prove(request: HttpRequest) -> HttpResponse:
    """Prove again who one is: by passkey or code, by password for who has neither."""
    user: User = request.user  # type: ignore[assignment]  # the guard has looked
    form = (forms.CodeForm if factors.has_any(user) else forms.ProofForm)(request.POST or None)
    if request.method == "POST" and (request.POST.get("passkey") or form.is_valid()):
        try:
            how = _proof(request, user, form)
        except RuleError as refusal:
            forms.say_refusal(form, refusal)
        else:
            sign_ins.proved(user, how=how)
            sessions.prove(request.session, at=timezone.now())
            messages.info(request, "It is you. Nothing was done yet: do it now.")
            return redirect(next_page(request))
    context = {"form": form, "next": next_page(request), "has_passkey": user.passkeys.exists()}
    return render(request, "core/prove.html", context, status=422 if form.errors else 200)


def _proof(request: HttpRequest, user: User, form: Form) -> str:
    """Return by what the person has proved it.

    Raises PasskeyRefused, NotTheCode, NotThePresentPassword, TooManyTries.
    """
    address, now = address_of(request), timezone.now()
    if request.POST.get("passkey"):
        if use_passkey(request) != user:
            raise PasskeyRefused("this passkey is somebody else's")
        return "passkey"
    if isinstance(form, forms.CodeForm):
        return factors.use_code(user=user, code=form.cleaned_data["code"], address=address, at=now)
    sign_ins.prove_password(user=user, password=form.cleaned_data["password"], address=address, at=now)
    return "password"
