"""Carries what the car's threads say to every open page, inside the server's event loop. A page gets the newest tick, picture, map,
conversation and timeline (a slow one misses some) and every status."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from caravela.studio.live.drive_loop import Broadcast

STATUSES_KEPT = 50  # per page, should it be slow
BINARY = ("tick", "view")  # of the drive that is under way
TEXTS = ("map", "cabin", "timeline")


class Page:
    """One open page: what it has yet to be sent, the newest of each kind."""

    def __init__(self) -> None:
        self.statuses: deque[dict[str, Any]] = deque(maxlen=STATUSES_KEPT)
        self.news = asyncio.Event()
        self.newest: dict[str, bytes] = {}


class Hub:
    """All open pages, and the newest of everything for one that comes late."""

    def __init__(self) -> None:
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[Page] = set()
        self._status: dict[str, Any] | None = None
        self._newest: dict[str, bytes] = {}

    def attach(self, event_loop: asyncio.AbstractEventLoop) -> None:
        """Deliver into `event_loop` from now on."""
        self._event_loop = event_loop

    @property
    def pages(self) -> int:
        """How many are open."""
        return len(self._pages)

    def broadcast(self) -> Broadcast:
        """The loop's way in, callable from its threads."""
        return Broadcast(
            tick=lambda message: self._later(self._put, "tick", message),
            view=lambda message: self._later(self._put, "view", message),
            status=lambda status: self._later(self._put_status, status),
            geometry=lambda geometry: self._later(self._put_geometry, encoded(geometry | {"type": "map"})),
        )

    def publish(self, message: dict[str, Any]) -> None:
        """The way in for what has a "type" among TEXTS, from any thread; only the newest of each matters."""
        assert message["type"] in TEXTS
        self._later(self._put, message["type"], encoded(message))

    def open(self) -> Page:
        """A page that has just come: it gets what there is."""
        page = Page()
        page.newest = dict(self._newest)
        if self._status is not None:
            page.statuses.append(self._status)
        page.news.set()
        self._pages.add(page)
        return page

    def close(self, page: Page) -> None:
        self._pages.discard(page)

    def _later(self, put: Callable[..., None], *what: Any) -> None:
        if self._event_loop is not None:
            with suppress(RuntimeError):  # the server has gone
                self._event_loop.call_soon_threadsafe(put, *what)

    def _put(self, kind: str, message: bytes) -> None:
        self._newest[kind] = message
        for page in self._pages:
            page.newest[kind] = message
            page.news.set()

    def _put_status(self, status: dict[str, Any]) -> None:
        self._status = status | {"refused": ""}
        for page in self._pages:
            page.statuses.append(status)
            page.news.set()

    def _put_geometry(self, geometry: bytes) -> None:
        for newest in (self._newest, *(page.newest for page in self._pages)):
            for kind in BINARY:  # of the drive before
                newest.pop(kind, None)
        self._put("map", geometry)


def encoded(message: dict[str, Any]) -> bytes:
    """A message as JSON."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
