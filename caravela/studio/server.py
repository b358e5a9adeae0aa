"""The server behind the page: static files and one websocket, on the loopback interface. Every page gets the newest tick
(a slow one misses some), every status and the map of the drive; what a page asks is checked here and handed to the loop.
Pages of other sites get nothing: Host and Origin must be this machine's."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caravela.core.errors import CaravelaError, unknown_name
from caravela.studio.drive import WORDS_LIMIT, DriveSettings, checked_words
from caravela.studio.drive_loop import Ask, Broadcast, Pause, Restart, Say, Step
from caravela.studio.latency import Latencies

STATIC = Path(__file__).parent / "static"
MESSAGE_LIMIT = 16_384  # bytes of one message or request body of a page
SEED_LIMIT = 2**31 - 1
STATUSES_KEPT = 50  # per page, should it be slow
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FOREIGN = 1008  # websocket close code: policy violation (RFC 6455 §7.4.1)


@dataclass(frozen=True)
class Choices:
    """What the page's selectors offer. A place is a town that ships or a map file that was given."""

    towns: tuple[str, ...]
    weathers: tuple[str, ...]
    traffics: tuple[str, ...]
    maps: Mapping[str, Path] = field(default_factory=dict)  # map files by name

    @property
    def places(self) -> tuple[str, ...]:
        return (*self.maps, *self.towns)


class Page:
    """One open page: what it has yet to be sent."""

    def __init__(self) -> None:
        self.statuses: deque[dict[str, Any]] = deque(maxlen=STATUSES_KEPT)
        self.news = asyncio.Event()
        self.geometry: bytes | None = None
        self.tick: bytes | None = None
        self.view: bytes | None = None


class Hub:
    """Carries what the drive's thread says to every open page, inside the server's event loop."""

    def __init__(self) -> None:
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[Page] = set()
        self._status: dict[str, Any] | None = None
        self._geometry: bytes | None = None
        self._tick: bytes | None = None
        self._view: bytes | None = None

    def attach(self, event_loop: asyncio.AbstractEventLoop) -> None:
        """Deliver into `event_loop` from now on."""
        self._event_loop = event_loop

    def broadcast(self) -> Broadcast:
        """The loop's way in, callable from its thread."""
        return Broadcast(
            tick=lambda message: self._later(self._put_tick, message),
            view=lambda message: self._later(self._put_view, message),
            status=lambda status: self._later(self._put_status, status),
            geometry=lambda geometry: self._later(
                self._put_geometry, json.dumps(geometry | {"type": "map"}, separators=(",", ":")).encode()
            ),
        )

    def open(self) -> Page:
        """A page that has just come: it gets what there is."""
        page = Page()
        page.geometry, page.tick, page.view = self._geometry, self._tick, self._view
        if self._status is not None:
            page.statuses.append(self._status)
        page.news.set()
        self._pages.add(page)
        return page

    def close(self, page: Page) -> None:
        self._pages.discard(page)

    def _later(self, put: Callable[[Any], None], what: Any) -> None:
        if self._event_loop is not None:
            with suppress(RuntimeError):  # the server has gone
                self._event_loop.call_soon_threadsafe(put, what)

    def _put_tick(self, message: bytes) -> None:
        self._tick = message
        for page in self._pages:
            page.tick = message
            page.news.set()

    def _put_view(self, message: bytes) -> None:
        self._view = message
        for page in self._pages:
            page.view = message
            page.news.set()

    def _put_status(self, status: dict[str, Any]) -> None:
        self._status = status | {"refused": ""}
        for page in self._pages:
            page.statuses.append(status)
            page.news.set()

    def _put_geometry(self, geometry: bytes) -> None:
        self._geometry, self._tick, self._view = geometry, None, None
        for page in self._pages:
            page.geometry, page.tick, page.view = geometry, None, None
            page.news.set()


def make_app(hub: Hub, *, ask: Callable[[Ask], None], choices: Choices, latencies: Latencies, begin: Callable[[], None]) -> FastAPI:
    """The application. `ask` hands what a page asks to the drive; `begin` is called once, when the server is up."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hub.attach(asyncio.get_running_loop())
        begin()
        yield

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(LocalOnly)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        if not same_origin(socket.headers):
            await socket.close(FOREIGN)
            return
        await socket.accept()
        await socket.send_json(hello(choices))
        page = hub.open()
        sender = asyncio.create_task(send_news(socket, page, latencies=latencies))
        try:
            await answer_page(socket, ask=ask, choices=choices)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            hub.close(page)
            sender.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await sender

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def hello(choices: Choices) -> dict[str, Any]:
    """The first message to a page."""
    return {
        "type": "hello",
        "places": list(choices.places),
        "weathers": list(choices.weathers),
        "traffics": list(choices.traffics),
        "words_limit": WORDS_LIMIT,
    }


async def send_news(socket: WebSocket, page: Page, *, latencies: Latencies) -> None:
    """Send a page what there is for it, whenever there is something, until it goes."""
    while True:
        await page.news.wait()
        page.news.clear()
        while page.statuses:
            await socket.send_json(page.statuses.popleft())
        if page.geometry is not None:
            geometry, page.geometry = page.geometry, None
            await socket.send_text(geometry.decode())
        tick, page.tick = page.tick, None
        view, page.view = page.view, None
        for message in (tick, view):
            if message is not None:
                began = time.perf_counter()
                await socket.send_bytes(message)
                latencies.add("send", 1000.0 * (time.perf_counter() - began))


async def answer_page(socket: WebSocket, *, ask: Callable[[Ask], None], choices: Choices) -> None:
    """Read what a page asks until it goes; what cannot be understood is refused in one sentence."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text") or (message.get("bytes") or b"").decode(errors="replace")
        try:
            ask(parse_ask(text, choices=choices))
        except CaravelaError as error:
            await socket.send_json({"type": "refused", "sentence": str(error)})


def parse_ask(text: str, *, choices: Choices) -> Ask:
    """What a page's message asks for. Raises CaravelaError with a sentence for the page."""
    if len(text) > MESSAGE_LIMIT:
        raise CaravelaError(f"this request has {len(text):,} bytes; at most {MESSAGE_LIMIT:,} are read: say it shorter.")
    try:
        fields = json.loads(text)
        kind = fields["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CaravelaError("this request is not a JSON object with a 'type'; expected say, pause, step or restart.") from None
    match kind:
        case "say":
            words = fields.get("words")
            if not isinstance(words, str):
                raise CaravelaError("'say' came without 'words'; expected a text.")
            return Say(checked_words(words))
        case "pause":
            return Pause(paused=bool(fields.get("paused", True)))
        case "step":
            return Step()
        case "restart":
            return Restart(parse_settings(fields, choices=choices))
    raise unknown_name("request", str(kind), ("say", "pause", "step", "restart"))


def parse_settings(fields: Mapping[str, Any], *, choices: Choices) -> DriveSettings:
    """The settings of a drive that a page asks for. Raises CaravelaError where one is not on offer."""
    place, weather, traffic = (str(fields.get(name, "")) for name in ("place", "weather", "traffic"))
    for kind, got, known in (
        ("town", place, choices.places),
        ("weather", weather, choices.weathers),
        ("traffic", traffic, choices.traffics),
    ):
        if got not in known:
            raise unknown_name(kind, got, known)
    seed = fields.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= SEED_LIMIT:
        raise CaravelaError(f"seed '{str(seed)[:40]}' is not a whole number from 0 to {SEED_LIMIT}.")
    return DriveSettings(town=place, map=choices.maps.get(place), weather=weather, traffic=traffic, seed=seed)


def same_origin(headers: Headers) -> bool:
    """Whether a request comes from our own page, or from no page at all (a program on this machine)."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class LocalOnly:
    """Middleware: answers only to this machine's names (a foreign name that resolves here is refused), limits request
    bodies, and tells the browser to load nothing from anywhere else (Content Security Policy Level 3)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if urlsplit(f"//{host}").hostname not in LOOPBACK:
            await self._refuse(scope, receive, send, status=421, sentence=f"this page answers to localhost only, not to '{host[:80]}'.")
            return
        length = headers.get("content-length", "0")
        body = int(length) if length.isdigit() and "transfer-encoding" not in headers else MESSAGE_LIMIT + 1
        head = len(scope["path"]) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in headers.raw)
        if body > MESSAGE_LIMIT or head > MESSAGE_LIMIT:
            sentence = f"this request is longer than {MESSAGE_LIMIT:,} bytes: say it shorter."
            await self._refuse(scope, receive, send, status=413, sentence=sentence)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard(MutableHeaders(scope=message), host=host)
            await send(message)

        await self._app(scope, receive, send_guarded)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, *, status: int, sentence: str) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": FOREIGN})
        else:
            await JSONResponse({"error": sentence}, status_code=status)(scope, receive, send)


def guard(headers: MutableHeaders, *, host: str) -> None:
    """Security headers of a response."""
    headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cache-Control"] = "no-cache"
