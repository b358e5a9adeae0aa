"""What a drive is given: what people chose of it, and a world to drive in with what the page and the sat-nav need beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Camera, Control, Event, Observation
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.state import WorldState


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
class Stage:
    """A world to drive in, made for one drive, and what the page needs beside it."""

    world: LiveWorld
    graph: LaneGraph
    look: Callable[[Camera, WorldState], NDArray[np.uint8]]  # a state as a camera on the ego car sees it: (H, W, 3)
    ask: Callable[[str], str | None] = lambda words: None  # tells the navigator, which may say what it made of it
    came_back: Callable[[], bool] = lambda: False  # whether the car has just come to where the drive began, as it was asked to
    prompt: Callable[[], str] = lambda: ""  # what the navigator tells the driver just now, over what people asked for; "" mostly
    stay_in_lane: Callable[[], None] = lambda: None  # has the navigator forget a lane change that was asked for
    clear_to_stop: Callable[[], bool] = lambda: True  # whether the car, braking now, would stand clear of junctions and crossings
