"""The server behind the page: its files, one websocket, and what is read once (clips, frontier, model card). What a page asks is read by
`asks` and handed to the drive or to the cabin; what it is told comes through the hub; who gets this far is `guard`'s affair."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from caravela.cockpit.clients.limits import Limits
from caravela.core.errors import CaravelaError
from caravela.studio.cabin.asked import Recorded, Said
from caravela.studio.driving.latency import Latencies
from caravela.studio.live.asks import Ask, BadRecording, Choices, parse_ask, parse_recorded
from caravela.studio.live.hub import Hub, Page
from caravela.studio.web.documents import Documents
from caravela.studio.web.guard import FOREIGN, Door, Guard

STATIC = Path(__file__).parents[1] / "page"
MOST_PAGES = 16
FULL = 1013  # websocket close code: try again later
ASKS = (40, 15.0)  # of one page at once, and a second for long: a person who drives on the page sends ten
SAYINGS = (6, 1.0)  # likewise
PATIENCE = 200  # asks beyond that after which a page is shut out


@dataclass(frozen=True)
class Behind:
    """What the page's server hands on to and reads from."""

    ask: Callable[[Ask], None]  # raises CaravelaError with a sentence for the page
    choices: Choices
    latencies: Latencies
    begin: Callable[[], None]  # called once, when the server is up
    clip: Callable[[int], bytes | None] = lambda number: None
    documents: Documents = field(default_factory=Documents)
    speech: Callable[[int], bytes] | None = None  # a line of the conversation as a .wav; raises CaravelaError with a sentence for the page
    greet: Callable[[], None] = lambda: None  # a page has come


def make_app(hub: Hub, behind: Behind, *, door: Door | None = None) -> FastAPI:
    """The application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hub.attach(asyncio.get_running_loop())
        behind.begin()
        yield

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, door=door or Door())

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        if hub.pages >= MOST_PAGES:
            await socket.close(FULL)
            return
        await socket.accept()
        await socket.send_json(hello(behind.choices))
        page = hub.open()
        sender = asyncio.create_task(send_news(socket, page, latencies=behind.latencies))
        try:
            await answer_page(socket, ask=behind.ask, choices=behind.choices)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            hub.close(page)
            sender.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await sender

    @app.get("/clips/{number}")
    async def clip(number: int) -> Response:
        packed = behind.clip(number)
        if packed is None:
            return JSONResponse({"error": f"there is no clip {number} any more; the newest are kept."}, 404)
        return Response(packed, media_type="application/octet-stream")

    @app.get("/spoken/{number}")
    async def spoken(number: int) -> Response:
        if behind.speech is None:
            return JSONResponse({"error": "this car has no voice."}, 404)
        try:
            return Response(await asyncio.to_thread(behind.speech, number), media_type="audio/wav")
        except CaravelaError as error:
            return JSONResponse({"error": str(error)}, 404)

    @app.get("/frontier.json")
    async def frontier() -> Response:
        return JSONResponse(await asyncio.to_thread(behind.documents.frontier))

    @app.get("/card.json")
    async def card() -> Response:
        return JSONResponse(behind.documents.card())

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def hello(choices: Choices) -> dict[str, Any]:
    """The first message to a page."""
    return {
        "type": "hello",
        "places": list(choices.places),
        "weathers": list(choices.weathers),
        "traffics": list(choices.traffics),
    }


async def send_news(socket: WebSocket, page: Page, *, latencies: Latencies) -> None:
    """Send a page what there is for it, whenever there is something, until it goes."""
    while True:
        await page.news.wait()
        page.news.clear()
        while page.statuses:
            await socket.send_json(page.statuses.popleft())
        for kind in ("map", "cabin", "timeline"):
            if (text := page.newest.pop(kind, None)) is not None:
                await socket.send_text(text.decode())
        for kind in ("tick", "view"):
            if (message := page.newest.pop(kind, None)) is not None:
                began = time.perf_counter()
                await socket.send_bytes(message)
                latencies.add("send", 1000.0 * (time.perf_counter() - began))


async def answer_page(socket: WebSocket, *, ask: Callable[[Ask], None], choices: Choices) -> None:
    """Read what a page asks until it goes; what cannot be understood, or comes too often, is refused in one sentence."""
    asks, sayings, beyond = Limits(burst=ASKS[0], per_s=ASKS[1]), Limits(burst=SAYINGS[0], per_s=SAYINGS[1]), 0
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        now_s = time.monotonic()
        if asks.take("", now_s):
            beyond += 1
            if beyond > PATIENCE:
                await socket.close(FOREIGN)
                return
            await socket.send_json(refused("too many requests; wait a moment."))
            continue
        mark = ""
        try:
            for one in parsed(message, choices=choices):
                mark = one.mark if isinstance(one, Said | Recorded) else ""
                if isinstance(one, Said | Recorded) and (wait := sayings.take("", now_s)):
                    await socket.send_json(refused(f"too much was said at once; say it again in {wait:.0f} s.", mark=mark))
                else:
                    ask(one)
        except CaravelaError as error:
            await socket.send_json(refused(str(error), mark=error.mark if isinstance(error, BadRecording) else mark))


def parsed(message: Mapping[str, Any], *, choices: Choices) -> tuple[Ask, ...]:
    """What a message of a websocket asks for: text is JSON, bytes are a recording. Raises CaravelaError with a sentence for the page."""
    if (recorded := message.get("bytes")) is not None:
        return (parse_recorded(recorded),)
    return parse_ask(message.get("text") or "", choices=choices)


def refused(sentence: str, *, mark: str = "") -> dict[str, Any]:
    """What a page is told of an ask that came to nothing; `mark` is that of the saying, if it was one."""
    return {"type": "refused", "sentence": sentence} | ({"mark": mark} if mark else {})
