"""Who may use the service: a check before every route. And the headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import Forbidden, ForbiddenHost, ServiceError, Unauthorized
from service.http.problems import problem_response
from service.keys import ApiKey, find_key
from service.settings import Settings

OPEN_PATHS = frozenset({"/livez"})
STRICT_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rf"(?P<name>{_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]{{2,45}}\])(:(?P<port>[0-9]{{1,5}}))?"
)


class AuthMiddleware:
    """ASGI middleware: refuses a wrong host and a missing key.

    Leaves the key's name in `scope["state"]["key"]`, and whether it is an admin's in `"admin"`.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._check(scope)
            except ServiceError as error:
                request_id = scope["state"].get("request_id")
                await problem_response(error, request_id)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_host(headers.getlist("host"), self._settings.hosts)
        if scope["path"] in OPEN_PATHS:
            return
        key = self._key(headers)
        scope["state"]["key"] = key.name if key else None
        scope["state"]["admin"] = key in self._settings.admin_keys

    def _key(self, headers: Headers) -> ApiKey | None:
        secret = presented_secret(headers)
        found = find_key(self._settings.keys, secret)
        if found is None and self._settings.keys:
            raise Unauthorized("Send a valid API key as `Authorization: Bearer KEY` or X-API-Key.")
        return found


def check_host(hosts: Sequence[str], allowed: Sequence[str]) -> None:
    """Raises ForbiddenHost unless there is one well-formed Host, among those allowed (if any)."""
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None or int(match["port"] or 0) > 65535:
        raise ForbiddenHost("Send one Host header, a name or an address, as HTTP/1.1 asks.")
    name = match["name"].lower().rstrip(".")
    if allowed and name not in allowed:
        raise ForbiddenHost("This service answers to other host names; see NUTGRAF_ALLOWED_HOSTS.")


def presented_secret(headers: Headers) -> str:
    """The API key of a request, or the empty string."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def check_admin(scope: Scope) -> None:
    """Raises Forbidden unless the request came with an admin key."""
    if not scope["state"].get("admin"):
        raise Forbidden("This needs a key of NUTGRAF_ADMIN_KEYS; or send SIGHUP to the service.")
