"""Who may reach the page. On loopback: only under this machine's own names, so that a foreign name that resolves here (DNS rebinding) is
refused. Beyond: a token at every request and websocket, shown once in the address and then kept in a cookie that no script reads. Everywhere:
own pages only, small and not too many requests, and a Content Security Policy that loads nothing from anywhere else."""

import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caravela.cockpit.clients.limits import Limits
from caravela.studio.live.asks import MESSAGE_LIMIT

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "caravela_token"
QUERY = "token"
PLAIN_HOST = re.compile(r"[\w.:%\[\]-]{1,255}", re.ASCII)  # a name or an address, and a port
FOREIGN = 1008  # websocket close code: policy violation (RFC 6455 §7.4.1)
BURST, PER_S = 240, 40.0  # requests of one address at once, and a second for long: a page has about thirty files
WRONG_BURST, WRONG_PER_S = 10, 0.1  # the same for those with a wrong token


@dataclass(frozen=True)
class Door:
    """Where the page listens. `token` is None on loopback."""

    host: str = LOOPBACK[0]
    token: str | None = None

    @staticmethod
    def at(host: str) -> "Door":
        """The door at an address; beyond loopback it gets a new token."""
        return Door(host, None if is_loopback(host) else secrets.token_urlsafe(24))

    def knows(self, name: str) -> bool:
        """Whether a Host header names this machine. An address cannot be rebound, a foreign name can."""
        if not PLAIN_HOST.fullmatch(name):
            return False
        hostname = urlsplit(f"//{name}").hostname or ""
        if self.token is None:
            return hostname in LOOPBACK
        own = {*LOOPBACK, self.host.lower(), socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
        return hostname in own or _is_address(hostname)

    def opens_for(self, token: str) -> bool:
        """Whether a token is the right one; it takes as long for every wrong one."""
        return self.token is None or hmac.compare_digest(token.encode(errors="replace"), self.token.encode())


def is_loopback(host: str) -> bool:
    """Is `host` this machine alone?"""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host.split("%")[0]).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


def same_origin(headers: Headers) -> bool:
    """Whether a request comes from our own page, or from no page at all (a program)."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class Guard:
    """Middleware in front of every request and websocket. `clock` counts seconds."""

    def __init__(self, app: ASGIApp, *, door: Door, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._door, self._clock = app, door, clock
        self._limits = Limits(burst=BURST, per_s=PER_S)
        self._wrong = Limits(burst=WRONG_BURST, per_s=WRONG_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        if (address := self._cleaned(scope)) is not None:
            response = RedirectResponse(address, 303)
            response.set_cookie(
                COOKIE, self._door.token or "", httponly=True, samesite="strict", secure=scope["scheme"] == "https", path="/"
            )
            await response(scope, receive, self._guarded(send, headers))
            return
        await self._app(scope, receive, self._guarded(send, headers))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """(status, sentence) where a request is not let in."""
        client = (scope.get("client") or ("",))[0]
        now_s = self._clock()
        if wait := self._limits.take(client, now_s):
            return 429, f"too many requests; try again in {wait:.1f} s."
        host = headers.get("host", "")
        if not self._door.knows(host):
            return 421, f"this page answers to this machine's own names only, not to '{host[:80]}'."
        if not same_origin(headers):
            return 403, "this page answers to its own pages only."
        length = headers.get("content-length", "0")
        body = int(length) if length.isdigit() and "transfer-encoding" not in headers else MESSAGE_LIMIT + 1
        head = len(scope["path"]) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in headers.raw)
        if body > MESSAGE_LIMIT or head > MESSAGE_LIMIT:
            return 413, f"this request is longer than {MESSAGE_LIMIT:,} bytes: say it shorter."
        if not self._door.opens_for(self._shown(scope, headers)):
            if self._wrong.take(client, now_s):
                return 429, "too many wrong tokens; wait a minute."
            return 401, "this page needs its token: open the address that `caravela drive` printed."
        return None

    def _shown(self, scope: Scope, headers: Headers) -> str:
        """The token that a request shows: in the address, in the cookie, or as a bearer."""
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return bearer
        in_address = parse_qs(scope["query_string"].decode("latin-1")).get(QUERY, [""])[0]
        return in_address or cookie_parser(headers.get("cookie", "")).get(COOKIE, "")

    def _cleaned(self, scope: Scope) -> str | None:
        """The page's address without its token, where a page was opened with it: no history and no Referer keeps it then."""
        if scope["type"] != "http" or self._door.token is None or scope["method"] != "GET":
            return None
        return "/" if QUERY in parse_qs(scope["query_string"].decode("latin-1")) else None

    def _guarded(self, send: Send, headers: Headers) -> Send:
        """`send`, with the security headers."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard(MutableHeaders(scope=message), host=headers.get("host", ""))
            await send(message)

        return send_guarded


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": FOREIGN})
    else:
        await JSONResponse({"error": sentence}, status_code=status)(scope, receive, send)


def guard(headers: MutableHeaders, *, host: str) -> None:
    """Security headers of a response."""
    headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws://{host} wss://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cache-Control"] = "no-cache"
