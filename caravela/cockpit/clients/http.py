"""The MCP server over HTTP: on the loopback interface by default; a token at every request where it listens beyond; only pages of this machine,
small bodies, few sessions. It encrypts nothing: beyond the car's own network a proxy with TLS belongs in front."""

import ipaddress

from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from caravela.cockpit.clients.consent import Consents
from caravela.cockpit.clients.door import Door
from caravela.cockpit.clients.server import PROVED
from caravela.core.errors import CaravelaError

PATH = "/mcp"
LARGEST_BODY = 65_536  # bytes
MOST_SESSIONS = 32
LONGEST_TOKEN = 200  # characters
_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Is `host` this machine alone?"""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_app(server: Server, door: Door, consents: Consents, *, host: str) -> ASGIApp:
    """The application that listens at `host`. Raises CaravelaError where it listens beyond loopback and no client has a token."""
    loopback = is_loopback(host)
    if not loopback and not any(known.token for known in consents.known.values()):
        raise CaravelaError(
            f"--host {host} is open to others and no client has a token; give one with `caravela cockpit clients --introduce NAME`."
        )
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=loopback,  # beyond, the token is what counts
        allowed_hosts=[f"{name}:*" for name in _HOSTS],
        allowed_origins=[f"http://{name}:*" for name in _HOSTS],
    )
    app = server.streamable_http_app(
        streamable_http_path=PATH, max_request_body_size=LARGEST_BODY, max_sessions=MOST_SESSIONS, transport_security=security, host=host
    )
    return Tokens(app, door, consents, required=not loopback)


class Tokens:
    """Who shows a token is the client that it was made for; a token that is none of ours opens nothing."""

    def __init__(self, app: ASGIApp, door: Door, consents: Consents, *, required: bool) -> None:
        self._app, self._door, self._consents, self._required = app, door, consents, required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            shown = kind.lower() == "bearer" and 0 < len(token) <= LONGEST_TOKEN
            try:
                name = self._consents.whose(token) if shown else None
            except CaravelaError:
                name = None
            if name is None and (self._required or kind):
                self._door.turn_away("a token that is none of ours" if shown else "no token")
                refusal = JSONResponse({"error": "a token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
                await refusal(scope, receive, send)
                return
            scope[PROVED] = name
        await self._app(scope, receive, send)
