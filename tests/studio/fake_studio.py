"""A page's server on the ring world, in this process; for tests to start and to wait on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fake_hearing import no_hearing, no_voice
from fake_world import FakePolicy, fake_stage

from caravela.core.types import Control, Event, policy_rig
from caravela.core.units import STEP_US
from caravela.studio.cabin.asked import CabinAsk
from caravela.studio.cabin.cabin import Cabin
from caravela.studio.cabin.glance import Lookout
from caravela.studio.cabin.mouth import Mouth
from caravela.studio.driving.body import Outfit
from caravela.studio.driving.car import Aboard
from caravela.studio.driving.drive import Drive, Tick
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.studio.live.asks import Ask, Choices, DriveAsk, Stop, Wished
from caravela.studio.live.drive_loop import DriveLoop
from caravela.studio.live.hub import Hub
from caravela.studio.record.timeline import Timeline
from caravela.studio.web import serve
from caravela.studio.web.documents import Documents
from caravela.studio.web.guard import Door
from caravela.studio.web.server import Behind, make_app

CHOICES = Choices(("ring", "bend"), ("day", "night"), ("none", "light"))


@dataclass(frozen=True)
class Studio:
    """A served drive. `asked` is all that pages asked of the drive."""

    loop: DriveLoop
    server: uvicorn.Server
    port: int
    cabin: Cabin
    door: Door
    asked: list[DriveAsk]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def start_studio(*, host: str = "127.0.0.1", documents: Documents | None = None, **options: Any) -> tuple[Studio, threading.Thread]:
    """Serve a drive on the ring on a free port."""
    hub, lookout, asked = Hub(), Lookout(), []
    stages: list[Stage] = []
    cabin = Cabin(
        request=lambda request: loop.ask(Wished(request)),
        publish=hub.publish,
        make_languages=options.pop("make_languages", lambda understanding: None),
        make_hearing=options.pop("make_hearing", no_hearing),
        mouth=options.pop("mouth", None) or Mouth(no_voice, able=lambda: False),
    )
    timeline = Timeline(hub.publish)
    on_view = options.pop("on_view", lambda tick, view, camera: None)

    def begin(stage: Stage) -> None:
        stages.append(stage)
        timeline.begin()

    def tick(tick: Tick) -> None:
        cabin.see(lookout(tick, stages[-1].graph, loop.signals))
        timeline.tick(tick, loop.ledger)

    def view(tick: Tick, view: bytes, camera: Any) -> None:
        timeline.view(tick, view, camera)
        on_view(tick, view, camera)

    def ask(one: Ask) -> None:
        if isinstance(one, CabinAsk):
            cabin.ask(one)
        else:
            asked.append(one)
            loop.ask(one)

    def start() -> None:
        cabin.start()
        loop.start()

    loop = DriveLoop(
        options.pop("make_stage", fake_stage),
        make_policy=options.pop("make_policy", FakePolicy),
        rig=policy_rig(),
        settings=DriveSettings(town="ring"),
        broadcast=hub.broadcast(),
        on_begin=begin,
        on_tick=tick,
        on_view=view,
        **options,
    )
    door = Door.at(host)
    behind = Behind(ask, CHOICES, loop.latencies, start, timeline.clip, documents or Documents(Path("no-results")), cabin.speech)
    app = make_app(hub, behind, door=door)
    listener = serve.bind(0, host=host)
    server = serve.make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    return Studio(loop, server, listener.getsockname()[1], cabin, door, asked), thread


def wait_for(done: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until `done`, or fail."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def ring_drive(*events: tuple[int, str], seed: int = 0, mode: str = "l4", outfit: Outfit = Outfit()) -> Drive:
    """A drive on the ring where these events happen at these ticks."""
    settings = DriveSettings(town="ring", seed=seed)
    stage = fake_stage(settings)
    plain_step = stage.world.step

    def step(control: Control) -> tuple:
        observation, _ = plain_step(control)
        t_us = int(observation.t_us[0])
        return observation, [[Event(t_us=t_us, kind=kind, responsible="system") for at, kind in events if at * STEP_US == t_us]]

    stage.world.step = step
    return Drive(stage, FakePolicy(), settings, aboard=Aboard(mode), outfit=outfit)


@contextmanager
def serving(**options: Any) -> Iterator[Studio]:
    """A page that is served for as long as it is needed."""
    running, thread = start_studio(**options)
    wait_for(lambda: running.server.started)
    yield running
    running.loop.ask(Stop())
    running.cabin.stop()
    running.server.should_exit = True
    thread.join(timeout=10.0)
