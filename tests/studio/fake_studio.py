"""A page's server on the ring world, in this process; for tests to start and to wait on."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from fake_world import FakePolicy, fake_stage

from caravela.core.types import policy_rig
from caravela.studio import serve
from caravela.studio.drive import DriveSettings
from caravela.studio.drive_loop import DriveLoop
from caravela.studio.server import Choices, Hub, make_app


@dataclass(frozen=True)
class Studio:
    """A served drive."""

    loop: DriveLoop
    server: uvicorn.Server
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def start_studio(**options: object) -> tuple[Studio, threading.Thread]:
    """Serve a drive on the ring on a free port."""
    hub = Hub()
    loop = DriveLoop(
        options.pop("make_stage", fake_stage),
        make_policy=options.pop("make_policy", FakePolicy),
        rig=policy_rig(),
        settings=DriveSettings(town="ring"),
        broadcast=hub.broadcast(),
        **options,
    )
    choices = Choices(("ring", "bend"), ("day", "night"), ("none", "light"))
    app = make_app(hub, ask=loop.ask, choices=choices, latencies=loop.latencies, begin=loop.start)
    listener = serve.bind(0)
    server = serve.make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    return Studio(loop, server, listener.getsockname()[1]), thread


def wait_for(done: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until `done`, or fail."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
