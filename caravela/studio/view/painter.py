"""Draws the large view beside the drive, in a thread of its own: always of the newest tick, from a copy of the world's state,
so that a picture never holds up a tick and always lies under the plan that was made at its moment."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Camera
from caravela.studio.driving.drive import Tick
from caravela.studio.driving.latency import Latencies
from caravela.studio.view import packet
from caravela.studio.view.viewfinder import Viewfinder
from caravela.world.state import WorldState


@dataclass(frozen=True)
class Motif:
    """What to paint: a tick, the state it was in, and how to look at it."""

    tick: Tick
    state: WorldState
    look: Callable[[Camera, WorldState], NDArray[np.uint8]]
    drive: int  # number of the drive


class Painter(threading.Thread):
    """Paints the newest motif, hands the packet to `publish` and the picture to `on_view`, until stopped."""

    def __init__(self, *, publish: Callable[[bytes], None], on_view: Callable[[Tick, bytes, Camera], None], latencies: Latencies) -> None:
        super().__init__(name="painter", daemon=True)
        self._publish, self._on_view, self._latencies = publish, on_view, latencies
        self._news = threading.Condition()
        self._motif: Motif | None = None
        self._stopped = False
        self.viewfinder = Viewfinder()
        self.failure: Exception | None = None

    def paint(self, motif: Motif) -> None:
        """Paint this next; a motif that has been waiting is forgotten."""
        with self._news:
            self._motif = motif
            self._news.notify()

    def stop(self) -> None:
        with self._news:
            self._stopped = True
            self._news.notify()

    def run(self) -> None:
        """The thread. What it dies of is kept in `failure`, for the drive to end with."""
        try:
            while (motif := self._next()) is not None:
                self._paint(motif)
                time.sleep(self.viewfinder.rest_s())
        except Exception as error:
            self.failure = error

    def _next(self) -> Motif | None:
        with self._news:
            self._news.wait_for(lambda: self._stopped or self._motif is not None)
            motif, self._motif = self._motif, None
            return None if self._stopped else motif

    def _paint(self, motif: Motif) -> None:
        camera = self.viewfinder.camera()
        began = time.perf_counter()
        with self._latencies.measure("view"):
            image = motif.look(camera, motif.state)
        with self._latencies.measure("encode view"):
            view = packet.jpeg(image, quality=packet.VIEW_QUALITY)
        self._publish(
            packet.pack(packet.view_header(motif.tick, camera) | {"drive": motif.drive}, {"lines": packet.lines(motif.tick), "view": view})
        )
        self.viewfinder.learn_picture(1000.0 * (time.perf_counter() - began), camera)
        self._on_view(motif.tick, view, camera)
