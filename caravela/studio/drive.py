"""One drive, tick by tick: the policy looks and plans, the world follows, people's words go in, and everything is timed.
It has no thread and no clock of its own; `drive_loop` gives it both, the headless command calls it as fast as it can."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.protocols import Policy
from caravela.core.types import Camera, Control, Event, Observation, Plan
from caravela.core.units import STEP_S
from caravela.studio.latency import Latencies
from caravela.studio.street import Street, street_of
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.state import WorldState

RESPONSIBLE = "system"  # who drives, and answers for it, while the policy does
WORDS_LIMIT = 400  # characters told to the car at once


@dataclass(frozen=True)
class DriveSettings:
    """What can be chosen about a drive."""

    town: str
    map: Path | None = None  # a map file instead of a town
    weather: str = "day"
    traffic: str = "light"
    seed: int = 0


class LiveWorld(Protocol):
    """A `core.World` whose state can be looked at."""

    batch: int
    state: WorldState

    def reset(self, seed: int) -> Observation: ...

    def step(self, control: Control) -> tuple[Observation, list[list[Event]]]: ...


@dataclass(frozen=True)
class Scene:
    """A world to drive in, made for one drive, and what the page needs beside it."""

    world: LiveWorld
    graph: LaneGraph
    look: Callable[[Camera], NDArray[np.uint8]]  # the world as a camera on the ego car sees it now: (H, W, 3)
    ask: Callable[[str], None] = lambda words: None  # tells the navigator; a world without one lets words be


@dataclass(frozen=True)
class Tick:
    """All that happened in one tick. The view, the plan and the street are of the same moment; events follow from it."""

    number: int
    t_s: float
    observation: Observation
    plan: Plan
    control: Control
    street: Street
    insight: dict[str, Any]  # what the model made of it, arrays with a leading batch axis
    events: tuple[Event, ...]
    view: NDArray[np.uint8] | None  # (H, W, 3), None where this tick has none
    camera: Camera | None  # that took the view
    view_ms: float  # what the view cost to render


@dataclass
class Drive:
    """A drive in progress, world 0 of a batch of one. Raises CaravelaError for a world of another batch."""

    scene: Scene
    policy: Policy
    settings: DriveSettings
    latencies: Latencies = field(default_factory=Latencies)
    words: str = ""

    def __post_init__(self) -> None:
        if self.scene.world.batch != 1:
            raise CaravelaError(f"a drive needs a world of batch 1; got {self.scene.world.batch}.")
        self.number = 0
        self.distance = 0.0  # m
        self.policy.reset(1)
        self._observation = self.scene.world.reset(self.settings.seed)
        self._spoken: list[Event] = []
        if self.words:
            self.say(self.words)

    @property
    def t_s(self) -> float:
        """Seconds driven."""
        return self.number * STEP_S

    def say(self, words: str) -> None:
        """Tell the car something, from now on; an empty text takes it back. Raises CaravelaError if it is too long."""
        words = checked_words(words)
        self.words = words
        self.scene.ask(words)
        told = f"told: “{words}”" if words else "words taken back"
        self._spoken.append(Event(t_us=int(self._observation.t_us[0]), kind="words", responsible=RESPONSIBLE, detail=told))

    def tick(self, camera: Camera | None) -> Tick:
        """Plan, look through `camera` if there is one, and let the world go on by one step."""
        observation = dataclasses.replace(self._observation, words=(self.words,))
        with self.latencies.measure("plan"):
            plan = self.policy.plan(observation)
        for stage, milliseconds in getattr(self.policy, "timings", {}).items():
            self.latencies.add(f"plan: {stage}", milliseconds)
        view, view_ms = None, 0.0
        if camera is not None:
            began = time.perf_counter()
            view = self.scene.look(camera)
            view_ms = 1000.0 * (time.perf_counter() - began)
            self.latencies.add("render view", view_ms)
        street = street_of(self.scene.world.state, self.scene.graph)
        control = plan.control()
        with self.latencies.measure("world"):
            self._observation, events = self.scene.world.step(control)
        spoken, self._spoken = self._spoken, []
        t_s = self.t_s
        self.number += 1
        self.distance += 0.5 * (street.speed + float(self._observation.speed[0])) * STEP_S
        insight = dict(getattr(self.policy, "insight", None) or {})
        return Tick(self.number - 1, t_s, observation, plan, control, street, insight, (*spoken, *events[0]), view, camera, view_ms)


def checked_words(words: str) -> str:
    """`words` on one line. Raises CaravelaError where there are too many to mean anything to the model."""
    if len(words) > WORDS_LIMIT:
        raise CaravelaError(
            f"these words are {len(words):,} characters long; at most {WORDS_LIMIT} can be told to the car at once: say it shorter."
        )
    return " ".join(words.split())
