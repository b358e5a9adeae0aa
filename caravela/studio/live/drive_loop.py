"""The drive in real time: a thread that ticks at 10 Hz, takes what people ask between two ticks, and hands every tick to
the page as bytes; the large view is painted beside it. What it cannot make up shows as a real-time factor below one.
Making a world (maps, kernels) also happens here, so that the page is up meanwhile."""

import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.core.modes import Mode
from caravela.core.protocols import Policy
from caravela.core.request import PullOver, Request
from caravela.core.responsibility import Tenure
from caravela.core.types import Camera, Rig
from caravela.core.units import STEP_S
from caravela.studio.driving.body import Cost, Outfit
from caravela.studio.driving.car import Aboard, Controls, Seat
from caravela.studio.driving.drive import Drive, Tick
from caravela.studio.driving.gauges import Signals
from caravela.studio.driving.hearing import Lessons
from caravela.studio.driving.latency import Latencies
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.studio.live.asks import (
    DriveAsk,
    DriverSeen,
    EngageMode,
    LetGo,
    Pause,
    PressStop,
    Restart,
    Steer,
    Step,
    Stop,
    TakeControl,
    Wished,
)
from caravela.studio.view import packet
from caravela.studio.view.map_geometry import map_geometry
from caravela.studio.view.painter import Motif, Painter
from caravela.vehicle.conduct import AskToStop, Engage, Release, TakeOver
from caravela.world.state import WorldState

FORGIVE_S = 0.5  # s behind the clock before the loop stops trying to catch up
FACTOR_WINDOW = 100  # ticks over which the real-time factor is taken
EVENTS_KEPT = 60  # newest events that travel with every tick, so that a page that joins late or drops a tick has them
PERCENTILES_EVERY = 5  # ticks


@dataclass(frozen=True)
class Broadcast:
    """Where the loop's output goes; each is called from a thread of the drive."""

    tick: Callable[[bytes], None]  # a packet; only the newest matters
    view: Callable[[bytes], None]  # likewise, from the painter's thread
    status: Callable[[dict[str, Any]], None]  # phase, sentence, settings, drive number
    geometry: Callable[[dict[str, Any]], None]  # the map of the drive that begins


class DriveLoop(threading.Thread):
    """Drives until told to stop. `make_stage` builds a world from settings and says what it is doing meanwhile."""

    def __init__(
        self,
        make_stage: Callable[[DriveSettings, Callable[[str], None]], Stage],
        *,
        make_policy: Callable[[], Policy],
        rig: Rig,
        settings: DriveSettings,
        broadcast: Broadcast,
        words: str = "",
        paused: bool = False,
        aboard: Aboard = Aboard(),
        outfit: Outfit = Outfit(),
        on_begin: Callable[[Stage], None] = lambda stage: None,
        on_tick: Callable[[Tick], None] = lambda tick: None,
        on_view: Callable[[Tick, bytes, Camera], None] = lambda tick, view, camera: None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="drive", daemon=True)
        self._make_stage, self._make_policy = make_stage, make_policy
        self._cameras = tuple(camera.name for camera in rig.cameras)
        self._broadcast, self._on_begin, self._on_tick, self._on_end = broadcast, on_begin, on_tick, on_end
        self._asks: queue.SimpleQueue[DriveAsk] = queue.SimpleQueue()
        self._policy: Policy | None = None
        self._lessons = Lessons()
        self._drive: Drive | None = None
        self._settings, self._words, self._aboard, self._outfit = settings, words, aboard, outfit
        self._seat, self._controls, self._spent = Seat(), Controls(), Cost()
        self.signals: Signals = {}  # of the newest tick
        self._drives = 0
        self._paused, self._said = paused, ("loading", "", settings)  # phase, sentence and settings; the drive's thread alone writes them
        self._events: deque[dict[str, Any]] = deque(maxlen=EVENTS_KEPT)
        self._told = 0  # events, in all drives
        self._ends: deque[float] = deque(maxlen=FACTOR_WINDOW + 1)  # when the latest ticks ended, s
        self._percentiles: dict[str, dict[str, float]] = {}
        self.latencies = Latencies()
        self._painter = Painter(publish=broadcast.view, on_view=on_view, latencies=self.latencies)
        self.all_events: list[dict[str, Any]] = []  # of the world, and of what people said
        self.all_notes: list[dict[str, Any]] = []  # of the mode machine
        self.driven_s = 0.0  # in all drives
        self.awake_s = 0.0  # wall time of those ticks, pauses left out
        self.distance = 0.0  # m, in all drives
        self.failure: BaseException | None = None

    def ask(self, ask: DriveAsk) -> None:
        """Hand something to the loop, from any thread."""
        if isinstance(ask, Wished) and self._said[0] == "loading":
            self.tell("the drive has not begun: the car hears this when it does.")
        self._asks.put(ask)

    def tell(self, sentence: str) -> None:
        """Say something to every page, from any thread."""
        self._publish_status(*self._said, refused=sentence)

    def run(self) -> None:
        """The thread. What it dies of is kept in `failure`."""
        try:
            self._policy = self._make_policy()
            self._lessons.load()  # before the clock runs
            self._painter.start()
            self._begin(self._settings)
            self._run()
        except CaravelaError as error:
            self.failure = error
            self._say_status("failed", str(error))
        except BaseException as error:
            self.failure = error
            traceback.print_exc()
            self._say_status("failed", f"the drive ended by a fault of ours: {type(error).__name__}: {error}")
        finally:
            self._painter.stop()
            self._on_end()

    def _run(self) -> None:
        due = time.perf_counter()
        while True:
            step = False
            for ask in self._asked(wait=self._paused):
                if isinstance(ask, Stop):
                    return
                step |= isinstance(ask, Step)
                if self._answer(ask):
                    due = time.perf_counter()
            if self._paused and not step:
                continue
            began = time.perf_counter()
            if self._paused or began - due > FORGIVE_S:
                due = began
            self._tick()
            due += STEP_S
            time.sleep(max(due - time.perf_counter(), 0.0) if not self._paused else 0.0)
            ended = time.perf_counter()
            self.awake_s += ended - began
            if self._paused:
                self._ends.clear()
            else:
                self._ends.append(ended)

    def _asked(self, *, wait: bool) -> list[DriveAsk]:
        """What was asked since; where `wait`, at least one thing."""
        asked: list[DriveAsk] = [self._asks.get()] if wait else []
        while not self._asks.empty():
            asked.append(self._asks.get())
        return asked

    def _answer(self, ask: DriveAsk) -> bool:
        """Do what was asked. Returns whether the clock starts anew. What cannot be done is said, and the drive goes on."""
        assert self._drive is not None
        try:
            match ask:
                case Wished(request):
                    self._drive.wish(request)
                    self._paused_still()
                case Steer(acceleration, curvature):
                    self._controls.hold(acceleration, curvature, now_s=time.monotonic())
                case DriverSeen(state):
                    self._seat.state = state
                case EngageMode() | TakeControl() | LetGo() | PressStop():
                    self._press(ask, self._drive)
                    self._paused_still()
                case Pause(paused):
                    self._paused = paused
                    self._ends.clear()
                    self._say_status("paused" if paused else "driving", "")
                    return True
                case Restart(settings):
                    self._begin(settings)
                    return True
                case _:
                    pass
        except CaravelaError as error:
            if isinstance(ask, Restart):
                self._say_status("paused" if self._paused else "driving", "")
            self.tell(str(error))
        return False

    def _paused_still(self) -> None:
        if self._paused:
            self.tell("the drive is paused: the car hears this when it goes on.")

    def _press(self, ask: EngageMode | TakeControl | LetGo | PressStop, drive: Drive) -> None:
        """Something for the mode machine, which decides whether it counts."""
        person = self._aboard.person()
        match ask:
            case EngageMode(mode):
                drive.happen(Engage(drive.t_us, mode, person))
            case TakeControl():
                drive.happen(TakeOver(drive.t_us, person))
            case LetGo():
                drive.happen(Release(drive.t_us, person))
            case PressStop() if drive.car.mode is Mode.L4:
                drive.happen(AskToStop(drive.t_us, "somebody in the car pressed stop"))
            case PressStop():
                drive.wish(Request(PullOver(at_once=True)))

    @property
    def begun(self) -> tuple[int, DriveSettings]:
        """How many drives people have begun here, and the settings of the newest."""
        return self._drives, self._settings

    @property
    def ledger(self) -> tuple[Tenure, ...]:
        """Who answered from when to when in the drive under way."""
        return () if self._drive is None else self._drive.ledger

    @property
    def cost(self) -> Cost:
        """What all drives have cost the whole car and its people."""
        return self._spent if self._drive is None else self._spent + self._drive.cost

    def _begin(self, settings: DriveSettings) -> None:
        """Make the world of `settings` and drive there; the drive before goes on where that fails."""
        assert self._policy is not None
        where = settings.map or settings.town
        self._say_status("loading", f"opening {where} …", settings=settings)
        stage = self._make_stage(settings, lambda sentence: self._say_status("loading", sentence, settings=settings))
        drive = Drive(stage, self._policy, settings, self.latencies, self._words, self._lessons, self._aboard, self._seat, self._outfit)
        if self._drive is not None:
            drive.keep(self._drive)
        drive.rehearse()
        stage.look(self._painter.viewfinder.camera(), stage.world.state)  # what is compiled at the first look should not cost ticks
        self._words = ""
        self.latencies.clear()
        self._spent = self.cost
        self._drive, self._settings = drive, settings
        self._drives += 1
        self._events.clear()
        self._ends.clear()
        self._percentiles = {}
        self._on_begin(stage)
        self._broadcast.geometry(map_geometry(stage.graph) | {"drive": self._drives})
        self._say_status("paused" if self._paused else "driving", "")
        if self._paused:
            self._tick()  # so that there is something to see

    def _tick(self) -> None:
        """One tick of the drive, handed on."""
        assert self._drive is not None
        if self._painter.failure is not None:
            raise self._painter.failure
        began = time.perf_counter()
        tick = self._drive.tick(before_step=self._show, driver=self._controls.now(time.monotonic()))
        with self.latencies.measure("encode"):
            message = self._message(tick)
        self._broadcast.tick(message)
        self._on_tick(tick)
        if self._drive.seed != self._said[2].seed:  # the next drive has begun by itself
            self._say_status(*self._said[:2])
        tick_ms = 1000.0 * (time.perf_counter() - began)
        self.latencies.add("tick", tick_ms)
        self._painter.viewfinder.learn_tick(tick_ms)
        self.driven_s += STEP_S
        self.distance += tick.street.speed * STEP_S

    def _show(self, tick: Tick, state: WorldState) -> None:
        assert self._drive is not None
        self._painter.paint(Motif(tick, state.copy(), self._drive.stage.look, self._drives))

    def _message(self, tick: Tick) -> bytes:
        assert self._drive is not None
        self._tell_events(tick)
        if tick.number % PERCENTILES_EVERY == 0:
            self._percentiles = self.latencies.percentiles()
        head = packet.header(tick, cameras=self._cameras)
        self.signals = head["signals"]
        head |= {
            "drive": self._drives,
            "plan": self._outfit.plan,
            "condition": self._outfit.sets_out,
            "distance_m": round(self._drive.distance, 1),
            "energy_wh": round(self._drive.cost.energy, 2),
            "events": list(self._events),
            "latency_ms": self._percentiles,
            "realtime_factor": self.realtime_factor(),
        }
        blobs = {
            "lines": packet.lines(tick),
            "policy": packet.jpeg(packet.policy_strip(tick.observation.images), quality=packet.POLICY_QUALITY),
        }
        return packet.pack(head, blobs)

    def _tell_events(self, tick: Tick) -> None:
        """Add what happened at a tick to what travels with it, and to what is kept."""
        notes = [(tick.t_s, str(note.kind), note.detail, tick.responsible) for note in tick.notes]
        events = [(event.t_us * 1e-6, event.kind, event.detail, event.responsible) for event in tick.events]
        for kept, found in ((self.all_notes, notes), (self.all_events, events)):
            for t_s, kind, detail, responsible in found:
                told = {"t_s": round(t_s, 2), "kind": kind, "responsible": responsible}
                kept.append(told | ({"detail": detail} if kept is self.all_notes else {}))
                if kind == "collision" and any(event.kind == "at_fault_collision" for event in tick.events):
                    continue  # said by that
                self._told += 1
                self._events.append(told | {"detail": detail, "number": self._told})

    def realtime_factor(self) -> float | None:
        """Seconds driven per second that passed, over the latest ticks; None before there are two."""
        if len(self._ends) < 2:
            return None
        return round((len(self._ends) - 1) * STEP_S / max(self._ends[-1] - self._ends[0], 1e-6), 3)

    def _say_status(self, phase: str, sentence: str, *, settings: DriveSettings | None = None) -> None:
        """Where the drive is, to every page; `settings` are those of one that is being made."""
        if settings is None:
            settings = self._settings if self._drive is None else replace(self._settings, seed=self._drive.seed)
        self._said = (phase, sentence, settings)
        self._publish_status(*self._said)

    def _publish_status(self, phase: str, sentence: str, settings: DriveSettings, *, refused: str = "") -> None:
        chosen = {
            "town": settings.town,
            "map": None if settings.map is None else settings.map.name,
            "weather": settings.weather,
            "traffic": settings.traffic,
            "seed": settings.seed,
        }
        aboard = {"driver": self._aboard.driver, "entity": self._aboard.entity, "driverless": self._aboard.driverless}
        status = {"type": "status", "phase": phase, "sentence": sentence, "refused": refused, "settings": chosen, "drive": self._drives}
        self._broadcast.status(status | {"aboard": aboard})
