"""The state of many worlds: records with axes B worlds, A agents, copied whole to snapshot or fork. Float32, SI, map
frame. What never changes in a drive (maps) lives in `Atlas`, what is only drawn lives in `Scene`.

Records rather than an array a quantity, because a kernel then takes five arguments instead of forty: Numba passes
arrays by value, and that, not the arithmetic, was most of the time of a tick and nearly all of its compilation."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from caravela.world import weather as weather_module

ROUTE_LANES = 64  # lanes of a route kept per agent

# kind
CAR, VAN, LORRY, BUS, MOTORCYCLE, BICYCLE, PEDESTRIAN, THING, ANIMAL = range(9)
KIND_NAMES = ("car", "van", "lorry", "bus", "motorcycle", "bicycle", "pedestrian", "thing", "animal")
# controller: who moves the agent
ABSENT, EXTERNAL, IDM, PARKED, WALKER, LEARNED, REPLAY, SCRIPTED = range(8)
# indicator
RIGHT, OFF, LEFT, HAZARD, BLUE_LIGHTS = -1, 0, 1, 2, 3
# paint of a THING: what it is; above, the paint of a vehicle whose part it is
BARRIER, CONE, DEBRIS = 0, 1, 2

# Positions are those of the middle of the rear axle on the ground (of the body's centre for pedestrians and animals); the body's
# centre lies `centre_offset` ahead of it.
AGENT = np.dtype(
    [
        ("x", "f4"),  # m
        ("y", "f4"),
        ("heading", "f4"),  # rad
        ("speed", "f4"),  # m/s, never negative
        ("acceleration", "f4"),  # m/s^2, what the actuators reached
        ("curvature", "f4"),  # 1/m, likewise, left positive
        ("length", "f4"),  # m
        ("width", "f4"),
        ("height", "f4"),
        ("centre_offset", "f4"),  # m from the rear axle forward to the body's centre
        ("wheelbase", "f4"),
        ("lane_s", "f4"),  # m along the lane it is on
        ("lane_offset", "f4"),  # m left of its path
        ("odometer", "f4"),  # m driven along the route
        ("energy", "f4"),  # Wh used
        ("timer", "f4"),  # s standing still (walkers: s until they set off)
        ("style", "f4"),  # share of the limit a driver likes to drive, about 1 (walkers: direction)
        ("lane", "i4"),  # atlas numbering, -1 none (walkers: their crossing)
        ("route_at", "i4"),  # which lane of the route it is on
        ("route", "i4", (ROUTE_LANES,)),  # lanes to follow, atlas numbering, -1 beyond the end
        ("kind", "u1"),
        ("controller", "u1"),
        ("paint", "u1"),  # body colour, a seed
        ("indicator", "i1"),  # RIGHT, OFF, LEFT, HAZARD or BLUE_LIGHTS
        ("brake_lights", "?"),
    ],
    align=True,
)
WORLD = np.dtype(
    [
        ("random", "u8"),  # counter of the world's random stream
        ("time", "f4"),  # s since the drive began
        ("map", "i4"),  # which map of the atlas
        ("look", "i4"),  # region whose markings, lamps and palette are drawn
        ("weather", "f4", (len(weather_module.COLUMNS),)),
        ("frozen", "?"),  # signal clocks stand still (labels must not foresee a change)
        ("learned", "?"),  # cars of the traffic are LEARNED rather than IDM; where it is False, nobody is
    ],
    align=True,
)


class StateArrays(NamedTuple):
    """The state as kernels take it."""

    worlds: NDArray  # (B,) WORLD
    agents: NDArray  # (B, A) AGENT
    lamp: NDArray[np.uint8]  # (B, K) lamp of each signal link of the world's map, lane_graph.LAMP_*
    clock: NDArray[np.float32]  # (B, S) s into each signal program
    seen: NDArray[np.float32]  # (B, A, A) time at which agent i last saw agent j, s; -1e9 never


@dataclass
class WorldState:
    """Agent 0 of every world is the ego car. Every field of AGENT and WORLD is an attribute too: a view of shape (B, A) or (B,)."""

    worlds: NDArray
    agents: NDArray
    lamp: NDArray[np.uint8]
    signal_clock: NDArray[np.float32]
    seen: NDArray[np.float32]

    def __getattr__(self, name: str) -> NDArray:
        if name in (AGENT.names or ()):
            return self.agents[name]
        if name in (WORLD.names or ()):
            return self.worlds[name]
        raise AttributeError(name)

    def arrays(self) -> StateArrays:
        return StateArrays(self.worlds, self.agents, self.lamp, self.signal_clock, self.seen)

    def _parts(self) -> Iterable[NDArray]:
        return (self.worlds, self.agents, self.lamp, self.signal_clock, self.seen)

    def copy(self) -> "WorldState":
        """A snapshot that shares nothing."""
        return WorldState(*(part.copy() for part in self._parts()))

    def select(self, worlds: NDArray[np.int64]) -> "WorldState":
        """Copies of some worlds (any number of times each): a fork."""
        return WorldState(*(part[worlds] for part in self._parts()))

    def put(self, worlds: NDArray[np.int64], other: "WorldState") -> None:
        """Overwrite some worlds by those of another state, in order."""
        for mine, new in zip(self._parts(), other._parts(), strict=True):
            mine[worlds] = new

    def reseed(self, seed: int) -> None:
        """New random streams: what comes next is another future."""
        self.worlds["random"] = np.random.SeedSequence(seed).generate_state(len(self.worlds), np.uint64)


def empty(batch: int, *, agents: int, links: int, signals: int, seed: int = 0) -> WorldState:
    """A state with nobody in it; worlds of one seed have unrelated random streams."""
    state = WorldState(
        worlds=np.zeros(batch, dtype=WORLD),
        agents=np.zeros((batch, agents), dtype=AGENT),
        lamp=np.zeros((batch, links), dtype=np.uint8),
        signal_clock=np.zeros((batch, signals), dtype=np.float32),
        seen=np.full((batch, agents, agents), -1e9, dtype=np.float32),
    )
    state.weather[:] = weather_module.preset("day")
    state.route[:] = -1
    state.reseed(seed)
    return state
