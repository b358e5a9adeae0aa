"""What traffic of itself hardly ever brings: somebody standing in the way, a car or a bicycle that has come to rest on the lane. Put
before cars in training now and then, far enough ahead to stop, and gone some seconds later, so that stopping and going on are learnt."""

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Atlas
from caravela.world.kernels.routes import path_point, walk
from caravela.world.kernels.spawning import embody
from caravela.world.state import ABSENT, BICYCLE, CAR, PARKED, PEDESTRIAN, WorldState

KINDS, KIND_SHARES = (PEDESTRIAN, CAR, BICYCLE), (0.6, 0.25, 0.15)
LEAST_SPEED = 3.0  # m/s of a car before which something is put
NEAREST_M = 8.0  # m from the rear axle, and
AHEAD_S = (1.8, 4.5)  # s of its way more: from hard braking to hardly any
ASIDE_M = 1.2  # m from the middle of the path, at most
STAYS_S = (4.0, 9.0)
ROOM_M = 5.0  # m to everybody else
FAR_M = 70.0  # m from which a parked car is borrowed where no place in the state is free


class Obstacles:
    """At most one at a time in each of B worlds."""

    def __init__(self, atlas: Atlas, *, worlds: int, random: np.random.Generator, reserved: int = 0) -> None:
        """The last `reserved` agents of the state are somebody else's."""
        self.atlas, self.random, self.reserved = atlas, random, reserved
        self.slot = np.full(worlds, -1, dtype=np.int64)  # agent that is one, -1 none
        self.until = np.zeros(worlds)  # s, when it goes
        self.before: list[np.void | None] = [None] * worlds  # whoever had the place in the state

    def forget(self, worlds: NDArray[np.int64]) -> None:
        """New drives began in some worlds."""
        self.slot[worlds] = -1

    def change(self, state: WorldState, *, chance: float) -> int:
        """Take away what stood long enough, and with probability `chance` put something before each moving car. Returns how many."""
        for world in np.flatnonzero((self.slot >= 0) & (state.time >= self.until)):
            self._take_away(state, int(world))
        due = (self.slot < 0) & (state.speed[:, 0] > LEAST_SPEED) & (self.random.random(len(self.slot)) < chance)
        return sum(self._put(state, int(world)) for world in np.flatnonzero(due))

    def _put(self, state: WorldState, world: int) -> bool:
        agents, ego = state.agents[world], state.agents[world, 0].copy()
        ahead = NEAREST_M + float(ego["speed"]) * self.random.uniform(*AHEAD_S)
        lanes, points = self.atlas.roads.lanes, self.atlas.roads.points
        at, s = walk(lanes, ego["route"], int(ego["route_at"]), float(ego["lane_s"]) + ahead)
        x, y, heading = path_point(lanes, points, ego["route"], at, s)
        aside = self.random.uniform(-ASIDE_M, ASIDE_M)
        x, y = x - np.sin(heading) * aside, y + np.cos(heading) * aside
        slot, present = self._free(state, world), agents["controller"] != ABSENT
        others = np.hypot(agents["x"] - x, agents["y"] - y)[present]
        if slot < 0 or others.min() < ROOM_M or np.hypot(x - ego["x"], y - ego["y"]) < 0.6 * ahead:  # crowded, or the path's end
            return False
        kind = int(self.random.choice(KINDS, p=KIND_SHARES))
        self.before[world] = agents[slot].copy()
        embody(state.arrays(), world, slot, kind)
        turned = self.random.uniform(-np.pi, np.pi) if kind == PEDESTRIAN else self.random.normal(0.0, 0.2)
        for name, value in (("x", x), ("y", y), ("heading", heading + turned), ("speed", 0.0), ("controller", PARKED)):
            agents[name][slot] = value
        self.slot[world], self.until[world] = slot, state.time[world] + self.random.uniform(*STAYS_S)
        return True

    def _take_away(self, state: WorldState, world: int) -> None:
        """Whoever had the place has it again, or nobody where the car is near by now."""
        slot, before, ego = self.slot[world], self.before[world], state.agents[world, 0]
        assert before is not None
        state.agents[world, slot] = before
        if before["controller"] == PARKED and np.hypot(before["x"] - ego["x"], before["y"] - ego["y"]) < FAR_M:
            state.agents["controller"][world, slot] = ABSENT
            state.agents["length"][world, slot] = 0.0  # or traffic would take the place
        self.slot[world] = -1

    def _free(self, state: WorldState, world: int) -> int:
        """An agent's place that nobody has, or that of a parked car far away; -1 where there is none."""
        agents, ego = state.agents[world], state.agents[world, 0]
        away = np.hypot(agents["x"] - ego["x"], agents["y"] - ego["y"])
        usable = (agents["controller"] == ABSENT) | ((agents["controller"] == PARKED) & (away > FAR_M))
        usable[0] = False
        usable[len(usable) - self.reserved :] = False
        return int(np.flatnonzero(usable)[-1]) if usable.any() else -1
