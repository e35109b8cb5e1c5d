"""Who calls the API, and whether they may."""

from typing import cast

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from vca.core import access
from vca.core.access import Actor
from vca.core.isolation import switch
from vca.core.models import ApiToken, User
from vca.core.services import people

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer vca_...``; a token comes from a page or a command, never for a password."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return person and token, or ``None`` without the header. Raises AuthenticationFailed.

        From here to the end of the request the database shows the token's practice alone.
        """
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():  # RFC 9110, 11.1: in any case
            return None
        token = people.holder(text.strip(), at=timezone.now())
        if token is None:
            raise exceptions.AuthenticationFailed("This token is not known, has ended, or was revoked.")
        switch(token.practice_id)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make a missing token a 401."""
        return SCHEME


class NeedsPermission(BasePermission):
    """Each API view names its permission by method: ``permissions = {"GET": "see_referrals"}``."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Refuse an unnamed method too. Raises NotAuthenticated, MethodNotAllowed."""
        if not request.auth:
            raise exceptions.NotAuthenticated("Send a token: Authorization: Bearer ...")
        method = request.method or ""
        needed = getattr(view, "permissions", {}).get("GET" if method == "HEAD" else method)
        if needed is None:
            raise exceptions.MethodNotAllowed(method)
        return actor_of(request).may(needed)


def actor_of(request: Request) -> Actor:
    """Return who acts through the API."""
    return access.token(cast(ApiToken, request.auth))
