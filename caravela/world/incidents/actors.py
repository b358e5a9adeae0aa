"""Actors and their cues. An actor keeps to a way and does as its cues say, each when its moment has come; nothing of it reacts to
the ego car but the moments. A cue once given stays given: what an actor does is the same whatever the driver does about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from caravela.world.incidents.ways import Way
from caravela.world.kernels.spawning import embody, settle
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_GREEN_YIELD, LAMP_RED, LAMP_RED_YELLOW
from caravela.world.state import ABSENT, ANIMAL, PEDESTRIAN, SCRIPTED, THING, WorldState

STILL = 0.3  # m/s below which a body keeps its heading


@dataclass(frozen=True)
class Cue:
    """What to do, and when: as soon as every condition that is given holds."""

    eta: float | None = None  # s that the ego car needs at its speed to the actor's mark, at most
    within: float | None = None  # m from the ego car's rear axle to the mark, at most
    ahead: float | None = None  # m that the actor is ahead of the ego car, at least
    after: float = 0.0  # s since the cue before
    green: int = -1  # signal link of the map that must show green, -1: none
    red: int = -1  # one that must show red
    speed: float | None = None  # m/s along the way to take up, None: as before
    relative: bool = False  # `speed` is over the ego car's of that moment
    acceleration: float = 3.0  # m/s^2 at most, either way
    side: float | None = None  # m to the left of the way to go to
    drift: float = 1.0  # m/s at most across
    indicator: int | None = None
    appear: bool = False  # it was not there before
    leave: bool = False  # it is no longer there


@dataclass
class Actor:
    """One body on a way."""

    kind: int
    way: Way
    s: float  # m
    d: float  # m left
    mark: float  # m along the EGO car's way that its cues go by
    cues: Sequence[Cue]
    speed: float = 0.0  # m/s along the way, forward positive
    backward: bool = False  # it moves against the way's direction
    turned: float = 0.0  # rad from the way's heading while it stands
    size: tuple[float, float, float] | None = None  # m, length, width, height; None: as its kind is
    paint: int | None = None
    indicator: int = 0
    hidden: bool = False  # not there until a cue lets it appear
    on_lane: bool = False  # it follows the way's lanes as traffic does, and others can tell where it goes
    slot: int = -1  # agent in the state
    _wanted: float = 0.0
    _rate: float = 3.0
    _side: float = 0.0
    _drift: float = 0.0
    _next: int = 0
    _since: float = 0.0
    _heading: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._wanted, self._side = self.speed, self.d

    def move_aside(self, by: float) -> None:
        """Play `by` m further to the left, before it enters."""
        self.d += by
        self._side += by
        self.cues = tuple(cue if cue.side is None else replace(cue, side=cue.side + by) for cue in self.cues)

    def enter(self, state: WorldState, world: int, slot: int) -> None:
        """Take a place in the state."""
        self.slot = slot
        arrays = state.arrays()
        embody(arrays, world, slot, self.kind)
        settle(arrays, world, slot)
        agents = state.agents[world]
        agents["route"][slot] = -1
        agents["lane"][slot] = -1
        if self.on_lane:
            lanes = self.way.chain[0][: agents["route"].shape[1]]
            agents["route"][slot, : len(lanes)] = lanes
        if self.size is not None:
            agents["length"][slot], agents["width"][slot], agents["height"][slot] = self.size
            agents["centre_offset"][slot] = 0.0 if self.kind in (THING, ANIMAL) else agents["centre_offset"][slot]
        if self.paint is not None:
            agents["paint"][slot] = self.paint
        agents["controller"][slot] = ABSENT if self.hidden else SCRIPTED
        self._show(state, world, across=0.0)

    def play(self, state: WorldState, world: int, *, ego_s: float, step_s: float) -> None:
        """One tick: take the next cue if its moment has come, move on, show the body."""
        ego_speed = float(state.agents["speed"][world, 0])
        self._since += step_s
        if self._next < len(self.cues) and self._due(self.cues[self._next], state.lamp[world], ego_s=ego_s, ego_speed=ego_speed):
            self._take(self.cues[self._next], state, world, ego_speed=ego_speed)
        if self.hidden:
            return
        self.speed += min(max(self._wanted - self.speed, -self._rate * step_s), self._rate * step_s)
        self.s += self.speed * step_s * (-1.0 if self.backward else 1.0)
        across = min(max(self._side - self.d, -self._drift * step_s), self._drift * step_s)
        self.d += across
        self._show(state, world, across=across / step_s)

    def _due(self, cue: Cue, lamp: NDArray[np.uint8], *, ego_s: float, ego_speed: float) -> bool:
        room = self.mark - ego_s
        return (
            self._since >= cue.after
            and (cue.eta is None or room <= cue.eta * max(ego_speed, 0.5))
            and (cue.within is None or room <= cue.within)
            and (cue.ahead is None or self.s - ego_s >= cue.ahead)
            and (cue.green < 0 or lamp[cue.green] in (LAMP_GREEN, LAMP_GREEN_YIELD))
            and (cue.red < 0 or lamp[cue.red] in (LAMP_RED, LAMP_RED_YELLOW))
        )

    def _take(self, cue: Cue, state: WorldState, world: int, *, ego_speed: float) -> None:
        self._next, self._since = self._next + 1, 0.0
        if cue.speed is not None:
            self._wanted = max(cue.speed + (ego_speed if cue.relative else 0.0), 0.0)
        self._rate = cue.acceleration
        if cue.side is not None:
            self._side, self._drift = cue.side, cue.drift
        if cue.indicator is not None:
            self.indicator = cue.indicator
        if cue.appear:
            self.hidden = False
            self.speed = self._wanted
            state.agents["controller"][world, self.slot] = SCRIPTED
        if cue.leave:
            self.hidden = True
            state.agents["controller"][world, self.slot] = ABSENT
            state.agents["length"][world, self.slot] = 0.0  # or traffic would take the place

    def _show(self, state: WorldState, world: int, *, across: float) -> None:
        agents, slot = state.agents[world], self.slot
        x, y, heading = self.way.pose(self.s, self.d)
        forward = self.speed * (-1.0 if self.backward else 1.0)
        if np.hypot(forward, across) > STILL:
            pointing = heading + np.arctan2(across, forward)
        elif self._heading is not None:
            pointing = self._heading
        else:
            pointing = heading + self.turned + (np.pi if self.backward else 0.0)
        self._heading = float(pointing)
        agents["x"][slot], agents["y"][slot], agents["heading"][slot] = x, y, pointing
        agents["speed"][slot] = np.hypot(forward, across)
        agents["curvature"][slot], agents["acceleration"][slot] = 0.0, 0.0
        agents["indicator"][slot] = self.indicator
        agents["brake_lights"][slot] = self.kind not in (PEDESTRIAN, THING, ANIMAL) and (
            self._wanted < self.speed - 0.3 or self.speed < 0.2
        )
        if self.on_lane:
            lanes, starts = self.way.chain
            at = int(np.searchsorted(starts, self.s, side="right")) - 1
            agents["route_at"][slot], agents["lane_s"][slot], agents["lane"][slot] = (
                max(at, 0),
                self.s - starts[max(at, 0)],
                lanes[max(at, 0)],
            )
        if self.kind in (PEDESTRIAN, ANIMAL):
            agents["odometer"][slot] += agents["speed"][slot] * 0.1
