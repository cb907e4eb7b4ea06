"""Authentication: a program with a Bearer key, or a person's browser with its session."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from events import api_keys
from events.accounts import User
from events.models import ApiKey


class BearerKey(BaseAuthentication):
    """`Authorization: Bearer crl_...`. Stands first, so that anonymous requests are answered 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = api_keys.resolve(text.strip())
        if key is None:
            raise AuthenticationFailed("The key is unknown, revoked, or its user is inactive.", code="invalid_key")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="carillon"'


class SignedIn(SessionAuthentication):
    """The site's own session; whatever changes something needs the CSRF token too."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(f"{error.detail}", code="csrf_failed") from error


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerKey
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key made with `manage.py token USER`."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SignedIn
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The browser's session; POST, PUT and DELETE need the `X-CSRFToken` header too.",
        }
