"""Does the driver see what it reacts to? Moments are taken from drives of the baseline and shown to a policy twice, everything the
same but one thing: the light ahead is red or green, the vehicle ahead is there or not, a person stands in the way or does not. The
planned speed has to be lower with the cause than without it. Two controls change what should change nothing: lights that are not
for this car, and a road user in sight that is in nobody's way. Only moments count in which the rig can see the change, and
in which the baseline, which knows everything, wants to go slower by LEAST_DEMAND. It leaves out closed loop: nothing here is driven."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import HISTORY_S, PLAN_STEP_S, Observation, Plan, Rig
from caravela.core.units import STEP_S, STEP_US
from caravela.evaluate.episodes import begin
from caravela.evaluate.places import Place
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.statistics import rate_interval, rounded
from caravela.world import atlas as atlas_module
from caravela.world.cameras import Cameras
from caravela.world.junctions import junctions_ahead
from caravela.world.kernels.routes import path_point, walk
from caravela.world.kernels.spawning import embody
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_RED
from caravela.world.regions import is_abroad
from caravela.world.roaming import Roaming
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, PARKED, PEDESTRIAN, WALKER, WorldState

LIGHT, LEAD, PERSON = CAUSES = ("light", "lead", "person")
OTHER_LIGHTS, BYSTANDER = CONTROLS = ("other_lights", "bystander")
KINDS = (*CAUSES, *CONTROLS)
AHEAD_S = 3.0  # s into the plan at which speeds are compared
LEAST_CHANGE = 0.5  # m/s of planned speed that count as a reaction
LEAST_DEMAND = 1.0  # m/s^2 by which the baseline wants to go slower with the cause, and
NO_DEMAND = 0.05  # m/s^2 at most with a control
LEAST_SPEED = 3.0  # m/s of the car
LEAST_PIXELS, LEAST_LAMP = 12, 0.3  # pixels of a road user and of lamps that a change must have, all cameras together
APART = 30  # ticks between two moments of one kind in one drive
LOOK_EVERY = 10  # ticks
WORLDS, TICKS = 8, 450  # drives of a map side by side, and how long they go on
PERSON_S = (1.6, 2.4, 3.2)  # s of the car's way at which a person is put, between
PERSON_M = (9.0, 32.0)  # m
LEAD_M = 45.0  # m up to which a vehicle is tried as the lead
HISTORY = tuple(round(-age / STEP_S) for age in HISTORY_S)  # ticks

Edit = Callable[[WorldState], None]  # changes the one world of a state


@dataclass(frozen=True)
class Moment:
    """One look, twice: row 0 with the cause, row 1 without it."""

    kind: str
    map: str
    seen: Observation  # B = 2
    demand: float  # m/s^2 by which the baseline wants to go slower in row 0


class Scout:
    """Drives the baseline on one map and finds moments."""

    def __init__(self, place: Place, rig: Rig, *, seed: int, traffic: str = "dense", weather: str = "day") -> None:
        self.place, self._random = place, np.random.default_rng([seed, len(place.name)])
        self.atlas = atlas_module.build([place.graph])
        scene = Scene.build([place.graph])
        self._cameras = Cameras(scene, rig)
        self.simulator = Simulator(self.atlas, batch=WORLDS, traffic=traffic, weathers=(weather,), scene=scene)
        begin(self.simulator, [seed * WORLDS + world for world in range(WORLDS)])
        self._past: deque[WorldState] = deque([self.simulator.state.copy()], maxlen=max(HISTORY) + 1)  # newest first
        self._ways = Roaming(self.atlas).ways
        self._last = {(kind, world): -APART for kind in KINDS for world in range(WORLDS)}

    def moments(self, wanted: dict[str, int]) -> Iterator[Moment]:
        """Up to `wanted` moments of each kind, as far as the drives offer them."""
        left = dict(wanted)
        for tick in range(TICKS):
            if not any(left.values()):
                return
            self.simulator.advance(baseline_control(self.atlas, self.simulator.state))
            self._past.appendleft(self.simulator.state.copy())
            if tick % LOOK_EVERY or len(self._past) <= max(HISTORY):
                continue
            ahead = junctions_ahead(self.atlas, self.simulator.state)
            for world in np.flatnonzero(self.simulator.state.speed[:, 0] >= LEAST_SPEED):
                for kind in KINDS:
                    if left[kind] and tick - self._last[kind, int(world)] >= APART:
                        moment = self._moment(kind, int(world), int(ahead[world]))
                        if moment is not None:
                            self._last[kind, int(world)] = tick
                            left[kind] -= 1
                            yield moment

    def _moment(self, kind: str, world: int, ahead: int) -> Moment | None:
        for with_it, without in self._edits(kind, world, ahead):
            pairs = [_pair(self._past[age], world, with_it, without) for age in HISTORY]
            wish = baseline_control(self.atlas, pairs[0]).acceleration
            demand = float(wish[1] - wish[0])
            if demand < LEAST_DEMAND if kind in CAUSES else abs(demand) > NO_DEMAND:
                continue
            newest = self._cameras.render_truth(pairs[0])
            if kind in (LIGHT, OTHER_LIGHTS):
                lit = np.where(pairs[0].lamp[0] != pairs[0].lamp[1], newest.lamp_pixels.min(0), 0.0)
                visible = float(lit.sum()) >= LEAST_LAMP
            else:
                gone = pairs[0].controller[0] != pairs[0].controller[1]
                visible = int(newest.visible_pixels[0][gone].sum()) >= LEAST_PIXELS
            if visible:
                images = np.stack([newest.images, *(self._cameras.render(pair) for pair in pairs[1:])], axis=1)
                return Moment(kind, self.place.name, self._seen(pairs[0], images, world), demand)
        return None

    def _edits(self, kind: str, world: int, ahead: int) -> Iterator[tuple[Edit, Edit]]:
        """Pairs of changes to try: with the cause, without it."""
        state, ego = self._past[0], self._past[0].agents[world, 0]
        if kind in (LIGHT, OTHER_LIGHTS):
            mine = self._links(ahead)
            if len(mine):
                others = np.setdiff1d(np.arange(state.lamp.shape[1]), mine)
                links = mine if kind == LIGHT else others
                yield _lamps(links, LAMP_RED), _lamps(links, LAMP_GREEN)
            return
        cos, sin = np.cos(ego["heading"]), np.sin(ego["heading"])
        agents = state.agents[world]
        dx, dy = agents["x"] - ego["x"], agents["y"] - ego["y"]
        along = np.where(agents["controller"] == ABSENT, np.inf, dx * cos + dy * sin)
        along[0] = np.inf
        if kind == PERSON:
            slots = np.flatnonzero(agents["controller"] == WALKER)
            if len(slots):
                metres = float(np.clip(self._random.choice(PERSON_S) * ego["speed"], *PERSON_M))
                yield _person(self.atlas, int(slots[0]), metres), _nobody(int(slots[0]))
            return
        moving = (agents["controller"] != PARKED) & (agents["controller"] != WALKER)
        near = np.flatnonzero((along > 0.0) & (along < LEAD_M) & (moving if kind == LEAD else True))
        for agent in near[np.argsort(along[near])][:4]:
            yield _as_it_is, _nobody(int(agent))

    def _links(self, ahead: int) -> NDArray[np.int64]:
        """Signal links of every way out of the road that leads to junction lane `ahead`, neighbouring lanes included."""
        lanes = self.atlas.roads.lanes
        if ahead < 0 or lanes["link"][ahead] < 0:
            return np.zeros(0, dtype=np.int64)
        ways = self._ways.get(ahead, [])
        approach = {int(lanes["edge"][k]) for k in self._before(ahead)}
        beside = [k for k in np.flatnonzero(lanes["link"] >= 0) if approach & {int(lanes["edge"][p]) for p in self._before(int(k))}]
        links = lanes["link"][np.unique([ahead, *ways, *beside])]
        return np.unique(links[links >= 0]).astype(np.int64)

    def _before(self, lane: int) -> list[int]:
        lanes, successors = self.atlas.roads.lanes, self.atlas.roads.successors
        at = np.flatnonzero(successors == lane)
        return [int(np.flatnonzero((lanes["successor_start"] <= k) & (lanes["successor_end"] > k))[0]) for k in at]

    def _seen(self, pair: WorldState, images: NDArray[np.uint8], world: int) -> Observation:
        route = self.simulator.sat_nav()[world]
        return Observation(
            t_us=(np.round(pair.time / STEP_S).astype(np.int64)) * STEP_US,
            images=images,
            speed=pair.speed[:, 0].copy(),
            yaw_rate=pair.speed[:, 0] * pair.curvature[:, 0],
            route=np.stack([route, route]),
            has_route=np.ones(2, dtype=np.bool_),
            words=("", ""),
            side=np.repeat(self.simulator.side()[world], 2),
            abroad=is_abroad(pair.look),
        )


def _pair(state: WorldState, world: int, with_it: Edit, without: Edit) -> WorldState:
    """Two copies of one world, the first with the cause, the second without."""
    both = []
    for edit in (with_it, without):
        one = state.select(np.array([world]))
        edit(one)
        both.append(one)
    pair = state.select(np.array([world, world]))
    for row, one in enumerate(both):
        pair.put(np.array([row]), one)
    return pair


def _lamps(links: NDArray[np.int64], lamp: int) -> Edit:
    def edit(state: WorldState) -> None:
        state.lamp[0, links] = lamp

    return edit


def _nobody(agent: int) -> Edit:
    def edit(state: WorldState) -> None:
        state.agents["controller"][0, agent] = ABSENT

    return edit


def _as_it_is(state: WorldState) -> None:
    """No change."""


def _person(atlas: atlas_module.Atlas, agent: int, metres: float) -> Edit:
    """Somebody stands in the middle of the car's path, `metres` before its rear axle in the newest frame."""
    place: list[tuple[float, float, float]] = []  # where, found in the newest state and kept for the older ones

    def edit(state: WorldState) -> None:
        ego = state.agents[0, 0]
        if not place:
            at, s = walk(atlas.roads.lanes, ego["route"], int(ego["route_at"]), float(ego["lane_s"]) + metres)
            place.append(path_point(atlas.roads.lanes, atlas.roads.points, ego["route"], at, s))
        embody(state.arrays(), 0, agent, PEDESTRIAN)
        x, y, heading = place[0]
        person = state.agents[0]
        for name, value in (("x", x), ("y", y), ("heading", heading + np.pi / 2.0), ("speed", 0.0), ("controller", WALKER)):
            person[name][agent] = value

    return edit


def look(
    places: Sequence[Place],
    plan: Callable[[Observation], Plan],
    rig: Rig,
    *,
    looks: int,
    seed: int,
    told: Callable[[str, int], None] = lambda place, done: None,
) -> list[dict[str, Any]]:
    """Show `looks` moments of each kind, spread over the maps, to a policy. One row per moment."""
    rows: list[dict[str, Any]] = []
    left = dict.fromkeys(KINDS, looks)
    for number, place in enumerate(places):
        wanted = {kind: -(-left[kind] // (len(places) - number)) for kind in KINDS}
        for moment in Scout(place, rig, seed=seed).moments(wanted):
            left[moment.kind] -= 1
            rows.append(_row(moment, plan(moment.seen)))
        told(place.name, len(rows))
    return rows


def _row(moment: Moment, plan: Plan) -> dict[str, Any]:
    step = round(AHEAD_S / PLAN_STEP_S) - 1
    speeds = plan.speeds[np.arange(2), plan.chosen, step]
    return {
        "kind": moment.kind,
        "map": moment.map,
        "speed": round(float(moment.seen.speed[0]), 2),
        "demand": round(moment.demand, 2),
        "slower_by": round(float(speeds[1] - speeds[0]), 3),
    }


def shares(rows: Sequence[dict[str, Any]], *, seed: int = 0) -> dict[str, Any]:
    """Per kind: `right` is the share of moments in which the plan is slower with the cause by LEAST_CHANGE; of a control, in which it
    is the same to within that. With its interval over maps, n, and the median change in m/s."""
    table: dict[str, Any] = {}
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        if not mine:
            table[kind] = {"right": None, "right_ci": [None, None], "n": 0, "maps": 0, "median_slower_by": None}
            continue
        right = [row["slower_by"] >= LEAST_CHANGE if kind in CAUSES else abs(row["slower_by"]) < LEAST_CHANGE for row in mine]
        maps = [row["map"] for row in mine]
        table[kind] = {
            "right": round(sum(right) / len(right), 4),
            "right_ci": rounded(rate_interval(right, maps, seed=seed)),
            "n": len(mine),
            "maps": len(set(maps)),
            "median_slower_by": round(float(np.median([row["slower_by"] for row in mine])), 3),
        }
    return table
