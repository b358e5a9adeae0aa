"""The page of `caravela drive`: the drive in real time, the cabin that people talk to, other agents' door, the timeline and the server, put
together."""

import dataclasses
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._cockpit_serve import folder_of
from caravela.commands._drive_options import Options, aboard_of, outfit_of
from caravela.commands._drive_record import finish, open_recording, summary
from caravela.commands._progress import progress
from caravela.core.units import STEP_S

if TYPE_CHECKING:
    from caravela.studio.cabin.cabin import Cabin
    from caravela.studio.driving.drive import Tick
    from caravela.studio.driving.stage import DriveSettings, Stage
    from caravela.studio.live.asks import Ask
    from caravela.studio.record.recording import Recording
    from caravela.vehicle.answers import Account
    from caravela.vehicle.policy import OnnxPolicy

OFFERS, CLIENTS, AUDIT = "offers.json", "clients.json", "audit.jsonl"


class Live:
    """Everything behind one page."""

    def __init__(
        self, options: Options, *, settings: "DriveSettings", policy: "OnnxPolicy", stages: Any, tell: Callable[[str], None], paused: bool
    ) -> None:
        from caravela.cockpit.clients.consent import Consents
        from caravela.studio.cabin.asked import Said
        from caravela.studio.cabin.cabin import Cabin
        from caravela.studio.cabin.glance import Lookout
        from caravela.studio.live.drive_loop import DriveLoop
        from caravela.studio.live.hub import Hub
        from caravela.studio.record.timeline import Timeline

        self._options, self._tell, self._policy = options, tell, policy
        self._stage: Stage | None = None
        folder = folder_of(options.folder)
        self.hub: Hub = Hub()
        self._account = account_of(policy, tell=tell)
        self.cabin: Cabin = Cabin(
            request=self._wished,
            publish=self.hub.publish,
            kept=folder / OFFERS,
            consents=Consents(folder / CLIENTS),
            explain=(lambda about, words: None) if self._account is None else self._account.answer,
        )
        self.timeline: Timeline = Timeline(self.hub.publish)
        self._lookout = Lookout()
        self.recording: Recording | None = open_recording(options.record, rig=policy.rig, tell=self.say)
        self.seconds: float | None = options.seconds
        self.loop: DriveLoop = DriveLoop(
            stages,
            make_policy=lambda: policy,
            rig=policy.rig,
            settings=settings,
            broadcast=self.hub.broadcast(),
            aboard=aboard_of(options),
            outfit=outfit_of(options),
            paused=paused,
            on_begin=self._begin,
            on_tick=self._tick,
            on_view=self._view,
            on_end=lambda: self.on_end(),
        )
        self.on_end: Callable[[], None] = lambda: None
        if options.say:
            self.cabin.ask(Said(options.say))

    def start(self) -> None:
        """Begin to drive and to listen."""
        self.cabin.start()
        self.loop.start()

    def stop(self) -> None:
        """End the threads."""
        from caravela.studio.live.asks import Stop

        self.loop.ask(Stop())
        self.loop.join(timeout=10.0)
        self.cabin.stop()

    def ask(self, ask: "Ask") -> None:
        """What a page asks, to the cabin or to the drive."""
        from caravela.studio.cabin.asked import CabinAsk
        from caravela.studio.live.asks import Restart

        if isinstance(ask, CabinAsk):
            self.cabin.ask(ask)
        else:
            if isinstance(ask, Restart):
                self.cabin.begin()
            self.loop.ask(ask)

    def say(self, sentence: str) -> None:
        """To the terminal and to every page."""
        self._tell(sentence)
        self.loop.tell(sentence)

    def _wished(self, request: Any) -> None:
        from caravela.studio.live.asks import Wished

        self.loop.ask(Wished(request))

    def _begin(self, stage: "Stage") -> None:
        self._stage = stage
        self.timeline.begin()
        if self.recording is not None:
            self.recording.begin(stage)

    def _tick(self, tick: "Tick") -> None:
        from caravela.studio.live.asks import Stop

        assert self._stage is not None
        if self._account is not None and self._policy.insight is not None:  # a reference is kept, nothing is computed
            if any(event.kind == "new_drive" for event in tick.events):
                self._account.forget()
            insight = self._policy.insight
            self._account.see(insight.thought[0], speed=tick.street.speed, t_s=tick.t_s, mirrored=bool(insight.mirrored[0]))
        self.cabin.see(self._lookout(tick, self._stage.graph, self.loop.signals))
        self.timeline.tick(tick, self.loop.ledger)
        if self.recording is not None:
            self.recording.tick(tick)
        if self.seconds is not None and self.loop.driven_s + STEP_S >= self.seconds - 1e-6:
            self.loop.ask(Stop())

    def _view(self, tick: "Tick", view: bytes, camera: Any) -> None:
        self.timeline.view(tick, view, camera)
        if self.recording is not None:
            self.recording.view(tick, view, camera)


def account_of(policy: "OnnxPolicy", *, tell: Callable[[str], None]) -> "Account | None":
    """What answers questions from the driver's thoughts; None where no head lies beside the driver, or one that is not its own, which is told: a
    drive needs no words."""
    from caravela.core.errors import BundleError
    from caravela.vehicle.answers import Account, AnswerHead

    bundle = getattr(policy, "bundle", None)  # another policy than an exported one has none
    try:
        head = None if bundle is None else AnswerHead.beside(bundle.path)
    except BundleError as error:
        tell(f"questions about driving are answered without its thoughts: {error}")
        return None
    return None if head is None else Account(head)


def drive_live(
    options: Options, *, settings: "DriveSettings", policy: "OnnxPolicy", seconds: float | None, paused: bool = False
) -> dict[str, Any]:
    """Drive in real time with the page, until Ctrl-C or until `seconds` are over; where `paused`, once somebody lets it go."""
    from caravela.studio.driving.simulated import SimulatedStages, town_names, traffics, weathers
    from caravela.studio.live.asks import Choices
    from caravela.studio.web import serve
    from caravela.studio.web.documents import Documents
    from caravela.studio.web.guard import Door
    from caravela.studio.web.server import Behind, make_app

    door = Door.at(options.host)
    listener = serve.bind(options.port, host=options.host)
    stages = SimulatedStages(policy.rig)
    graph = stages.prepare(settings, progress)  # a broken map is told here, before there is a page
    maps: dict[str, Path] = {}
    if options.map is not None:
        settings = dataclasses.replace(settings, town=graph.name)
        maps[graph.name] = options.map
    live = Live(options, settings=settings, policy=policy, stages=stages, tell=progress, paused=paused)
    choices = Choices(tuple(town_names()), tuple(weathers()), tuple(traffics()), maps)
    behind = Behind(
        live.ask,
        choices,
        live.loop.latencies,
        begin=live.start,
        clip=live.timeline.clip,
        speech=live.cabin.speech,
        documents=Documents(bundle=getattr(getattr(policy, "bundle", None), "path", None)),  # another policy than an exported one has none
    )
    server = serve.make_server(make_app(live.hub, behind, door=door))
    live.on_end = lambda: setattr(server, "should_exit", True)
    visitors = None if options.clients is None else open_to_clients(options.clients, live.cabin, tell=progress, options=options)
    url = serve.url_of(listener, door)
    progress(f"the page is at {url} (Ctrl-C ends the drive)")
    if door.token is not None:
        progress("whoever has this address can talk to the car and take over; nothing is encrypted: use it in your own network only.")
    if options.browser and has_display():
        threading.Timer(0.5, open_browser, args=(url,)).start()
    with suppress(KeyboardInterrupt):  # the way a drive is meant to end
        server.run(sockets=[listener])
    if live.loop.is_alive() and not live.loop.driven_s:
        progress("the world is still being made; what is being compiled is given 10 s to finish …")
    live.stop()
    if visitors is not None:
        visitors.should_exit = True
    if live.loop.failure is not None:
        raise live.loop.failure
    finish(live.recording, seconds=live.loop.driven_s, distance=live.loop.distance)
    drives, settings = live.loop.begun
    return summary(
        seconds=live.loop.driven_s,
        distance=live.loop.distance,
        factor=live.loop.driven_s / max(live.loop.awake_s, 1e-6),
        events=live.loop.all_events,
        notes=live.loop.all_notes,
        ledger=live.loop.ledger,
        latencies=live.loop.latencies,
        settings=settings,
        drives=drives,
        policy=policy,
        outfit=outfit_of(options),
        cost=live.loop.cost,
    )


def open_to_clients(port: int, cabin: "Cabin", *, tell: Callable[[str], None], options: Options) -> Any:
    """The car of the page as an MCP server for other agents, on this machine; they are asked about on the page. Returns the server, which
    runs in a thread. Raises CaravelaError where it cannot listen."""
    import uvicorn

    from caravela.cockpit.clients.audit import Audit
    from caravela.cockpit.clients.http import PATH, make_app
    from caravela.cockpit.clients.server import make_server
    from caravela.studio.cabin.visitors import CabinDoor
    from caravela.studio.web import serve

    audit = Audit(folder_of(options.folder) / AUDIT)
    car_door = CabinDoor(cabin, audit=audit)
    app = make_app(make_server(car_door), car_door, cabin.consents, host=serve.HOST)
    listener = serve.bind(port)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="clients", daemon=True).start()
    until = time.monotonic() + 10.0
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    tell(f"other agents reach the car at http://{serve.HOST}:{listener.getsockname()[1]}{PATH}; you are asked on the page")
    return server


def has_display() -> bool:
    """Whether a browser would have somewhere to appear."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        progress("no browser could be opened; open the page yourself.")
