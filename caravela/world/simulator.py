"""The simulator: `core.World` over maps, traffic, weather and cameras. Agent 0 of every world is the ego car, driven from
outside; the rest is baseline traffic. It renders only if it is given a rig."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import unknown_name
from caravela.core.types import HISTORY_S, ROUTE_POINTS, ROUTE_SPACING, Control, Event, Observation, Rig
from caravela.core.units import STEP_S, STEP_US
from caravela.world import atlas as atlas_module
from caravela.world import lane_choice, learned, navigator, regions, way_back, weather
from caravela.world import state as state_module
from caravela.world.atlas import Atlas
from caravela.world.cameras import Cameras, Truth
from caravela.world.contact import touched
from caravela.world.incidents.director import SPARE, Director
from caravela.world.kernels import events
from caravela.world.kernels.step import begin, step
from caravela.world.kernels.tick import REWARD_PARTS
from caravela.world.kernels.vectors import sat_nav_all
from caravela.world.lens import Lens
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.scene import Scene
from caravela.world.stopping_place import clear_to_stop

HISTORY_TICKS = tuple(round(-age / STEP_S) for age in HISTORY_S)  # (0, 2, 6)
RESPONSIBLE = "system"  # the simulator is driven by a system; the vehicle runtime names the legal entity


@dataclass(frozen=True)
class Traffic:
    """How many others share the streets, per world."""

    cars: int
    parked: int
    walkers: int
    learned: bool = False  # the cars are driven by the teacher, each in a style of its own, rather than by the baseline

    @property
    def agents(self) -> int:
        return 1 + self.cars + self.parked + self.walkers


TRAFFIC = {
    "none": Traffic(0, 0, 0),
    "light": Traffic(8, 8, 4),
    "dense": Traffic(20, 10, 8),
    "crowded": Traffic(12, 8, 24),
    "learned": Traffic(8, 8, 4, learned=True),
    "learned-dense": Traffic(20, 10, 8, learned=True),
}


def traffic_named(name: str) -> Traffic:
    """A traffic density by name; CaravelaError with a suggestion for an unknown one."""
    if name not in TRAFFIC:
        raise unknown_name("traffic", name, TRAFFIC)
    return TRAFFIC[name]


class Simulator:
    """`batch` worlds; world b drives on map `maps[b]` of the atlas (round robin by default)."""

    def __init__(
        self,
        graphs: Sequence[LaneGraph] | Atlas,
        *,
        batch: int = 1,
        rig: Rig | None = None,
        traffic: str = "light",
        maps: Sequence[int] | None = None,
        weathers: Sequence[str] = ("day",),
        scene: Scene | None = None,
        route_noise: float = 0.0,
        large_share: float = 0.1,
        bicycle_share: float = 0.1,
        ticks_per_look: int = 1,
        truth: bool = False,
        incidents: bool = False,
    ) -> None:
        """`truth` keeps depth and visibility of the newest frames in `self.truth`. `incidents` keeps room for a director's actors and lets
        them play; what they play is set by `director.stage`. `ticks_per_look`: how many ticks `advance`
        makes between two `observe`s; it must divide the history's ages."""
        assert all(tick % ticks_per_look == 0 for tick in HISTORY_TICKS)
        self._history = tuple(tick // ticks_per_look for tick in HISTORY_TICKS)
        self.atlas = graphs if isinstance(graphs, Atlas) else atlas_module.build(graphs)
        self.batch = batch
        self.rig = rig
        self.traffic = traffic_named(traffic)
        if self.traffic.learned:
            learned.weights()  # says what is wrong with them
        self._maps = np.resize(np.arange(len(self.atlas.graphs)) if maps is None else np.asarray(maps), batch).astype(np.int32)
        self._weather = np.stack([weather.preset(str(w)) for w in np.resize(np.asarray(weathers), batch)])
        self._route_noise = route_noise
        self._shares = (np.float32(large_share), np.float32(bicycle_share))
        self.cameras: Cameras | None = None
        self._keep_truth = truth
        self.truth: Truth | None = None
        self.scene = scene
        if rig is not None:
            self.scene = scene or Scene.build(self.atlas.graphs)
            self.cameras = Cameras(self.scene, rig)
        self.words: list[str] = [""] * batch
        self.has_route = np.ones(batch, dtype=np.bool_)
        self.off_motorways = np.zeros(batch, dtype=np.bool_)  # the route is laid past them where it can be
        self._began = np.full(batch, -1, dtype=np.int32)  # lane on which the drive began
        self._began_s = np.zeros(batch, dtype=np.float32)  # m along it
        self.guided = np.zeros(batch, dtype=np.bool_)  # the driver hears of every lane change on the route
        self._changes: dict[int, tuple[int, int]] = {}  # world -> the two lanes of the change that was asked for
        self._goes_back = np.zeros(batch, dtype=np.bool_)  # the route leads back to there
        self._came_back = np.zeros(batch, dtype=np.bool_)  # to there, in the latest tick
        self.director = Director(self.atlas, worlds=batch) if incidents else None
        self.lens = Lens(batch, rig) if rig is not None else None
        self.flags = np.zeros((batch, self.agents), dtype=np.int32)
        self.parts = np.zeros((batch, self.agents, REWARD_PARTS), dtype=np.float32)
        self._action = np.zeros((batch, self.agents, 2), dtype=np.float32)
        self._respawn = np.ones(batch, dtype=np.bool_)
        self._route = np.zeros((batch, ROUTE_POINTS, 2), dtype=np.float32)
        self._frames: list[NDArray[np.uint8]] = []
        self.reset(0)

    @property
    def agents(self) -> int:
        """In each world, the ego car and a director's places among them."""
        return self.traffic.agents + (SPARE if self.director is not None else 0)

    def reset(self, seed: int, *, wanted_road: float = 600.0) -> Observation:
        """Begin every drive anew, the same for the same seed; starts have `wanted_road` metres of road ahead where maps allow."""
        self.state = state_module.empty(self.batch, agents=self.agents, links=self.atlas.links, signals=self.atlas.signals, seed=seed)
        self.state.map[:] = self._maps
        self.state.look[:] = self._maps if self.scene is None else self.scene.looks[self._maps]
        self.state.weather[:] = self._weather
        self.state.learned[:] = self.traffic.learned
        counts = [np.full(self.batch, n, dtype=np.int32) for n in (self.traffic.cars, self.traffic.parked, self.traffic.walkers)]
        wanted = np.full(self.batch, wanted_road, dtype=np.float32)
        begin(self.atlas.roads, self.state.arrays(), counts[0], counts[1], counts[2], self._shares[0], self._shares[1], wanted)
        noise = np.random.default_rng(seed)
        self._route_offset = noise.uniform(-self._route_noise, self._route_noise, (self.batch, 1, 2)).astype(np.float32)
        if self.director is not None:
            for world in range(self.batch):
                self.director.dismiss(self.state, world)
        self.flags[:] = 0
        self.off_motorways[:] = False
        self._began, self._began_s = self.state.lane[:, 0].copy(), self.state.agents["lane_s"][:, 0].copy()
        self._goes_back[:], self._came_back[:] = False, False
        self._changes.clear()
        self._laid_on = self.state.lane[:, 0].copy()
        self._frames = []
        self._restarted = np.zeros(self.batch, dtype=np.bool_)
        return self.observe()

    def restart(self, worlds: NDArray[np.int64], seed: int, *, wanted_road: float = 600.0) -> None:
        """Begin some of the drives anew; the next observation shows them at their new start."""
        if self.director is not None:
            for world in worlds:
                self.director.dismiss(self.state, int(world))
        fresh = self.state.select(worlds)
        fresh.reseed(seed)
        fresh.time[:] = 0.0
        fresh.agents["controller"] = state_module.ABSENT
        counts = [np.full(len(worlds), n, dtype=np.int32) for n in (self.traffic.cars, self.traffic.parked, self.traffic.walkers)]
        wanted = np.full(len(worlds), wanted_road, dtype=np.float32)
        begin(self.atlas.roads, fresh.arrays(), counts[0], counts[1], counts[2], self._shares[0], self._shares[1], wanted)
        self.state.put(worlds, fresh)
        noise = np.random.default_rng(seed)
        self._route_offset[worlds] = noise.uniform(-self._route_noise, self._route_noise, (len(worlds), 1, 2))
        self.flags[worlds] = 0
        self.off_motorways[worlds] = False
        self._began[worlds], self._goes_back[worlds] = self.state.lane[worlds, 0], False
        self._changes = {world: lanes for world, lanes in self._changes.items() if world not in worlds}
        self._began_s[worlds] = self.state.agents["lane_s"][worlds, 0]
        self.cut(worlds)

    def cut(self, worlds: NDArray[np.int64]) -> None:
        """Cars of these worlds have been put elsewhere: what their cameras saw before shows no motion of theirs and is forgotten."""
        self._restarted[worlds] = True

    @property
    def cuts(self) -> NDArray[np.bool_]:
        """(B,) whose cars begin or have been put elsewhere since the last look."""
        return self._restarted

    def step(self, control: Control) -> tuple[Observation, list[list[Event]]]:
        """Drive every ego car for STEP_S."""
        self.advance(control)
        return self.observe(), [self._events(b) for b in range(self.batch)]

    def advance(self, control: Control) -> None:
        """`step` without looking: no frames are rendered."""
        self._action[:, 0, 0], self._action[:, 0, 1] = control.acceleration, control.curvature
        step(self.atlas.roads, self.state.arrays(), self._action, self.flags, self.parts, self._respawn)
        for world in np.flatnonzero(self.off_motorways & (self.state.lane[:, 0] != self._laid_on)):  # other roads come into reach
            navigator.keep_off_motorways(self.atlas.roads, self.state, int(world))
        self._lay_ways_back()
        self._changes = {world: lanes for world, lanes in self._changes.items() if lane_choice.is_ahead(self.state, world, lanes)}
        self._laid_on = self.state.lane[:, 0].copy()
        if self.director is not None:
            self.director.play(self.state)

    def _lay_ways_back(self) -> None:
        """End the ways back whose cars are there, and lay those anew that have more lanes than a route, or that the car has left."""
        self._came_back[:] = False
        for each in np.flatnonzero(self._goes_back):
            world, start = int(each), (int(self._began[each]), float(self._began_s[each]))
            left = way_back.metres_to(self.atlas.roads, self.state, world, *start)
            if left is None and self.state.lane[world, 0] != self._laid_on[world]:
                left = way_back.lay_back(self.atlas.roads, self.state, world, *start)
                self._goes_back[world] = left is not None
            if left is not None and left < way_back.THERE:
                self._came_back[world], self._goes_back[world] = True, False

    def observe(self) -> Observation:
        """What the ego cars see now; called once a tick it keeps the frames that HISTORY_S asks for."""
        images = np.zeros((self.batch, len(HISTORY_TICKS), 0, 0, 0, 3), dtype=np.uint8)
        if self.cameras is not None:
            if self._keep_truth:
                self.truth = self.cameras.render_truth(self.state)
                images = self.truth.images
            else:
                images = self.cameras.render(self.state)
            self._frames.insert(0, images if self.lens is None else self.lens.soil(images))
            del self._frames[max(self._history) + 1 :]
            for older in self._frames[1:]:
                older[self._restarted] = self._frames[0][self._restarted]
            self._restarted[:] = False
            images = np.stack([self._frames[min(t, len(self._frames) - 1)] for t in self._history], axis=1)
        state = self.state
        return Observation(
            t_us=(np.round(state.time / STEP_S).astype(np.int64)) * STEP_US,
            images=images,
            speed=state.speed[:, 0].copy(),
            yaw_rate=state.speed[:, 0] * state.curvature[:, 0],
            route=self.sat_nav() * self.has_route[:, None, None],
            has_route=self.has_route.copy(),
            words=tuple(self.prompt(world=world) or words for world, words in enumerate(self.words)),
            side=self.side(),
            abroad=regions.is_abroad(state.look),
        )

    def side(self) -> NDArray[np.float32]:
        """(B,) the side that traffic keeps to: 1 left, -1 right."""
        return np.where(self.atlas.roads.maps["lefthand"][self.state.map] > 0.5, 1.0, -1.0).astype(np.float32)

    def prompt(self, *, world: int = 0) -> str:
        """What the sat-nav tells the driver just now, over whatever else it hears: of a lane change that was asked for, or of any where it is
        `guided`; "" where none is due."""
        if not (self.guided[world] or world in self._changes) or (due := lane_choice.due(self.atlas.roads, self.state, world)) is None:
            return ""
        side, lanes = due
        return lane_choice.prompt(side) if self.guided[world] or self._changes[world] == lanes else ""

    def came_back(self, *, world: int = 0) -> bool:
        """Did the car come to where its drive began in the latest tick, after it was asked to go back there?"""
        return bool(self._came_back[world])

    def request(self, words: str, *, world: int = 0) -> str | None:
        """Words to the car: they reach the driver with the next observation, and the sat-nav where they name a turn, the way back or
        motorways. A lane that they name reaches the sat-nav alone, and the driver when it is due, see `prompt`. Returns the sat-nav's answer,
        None where it heard none of them."""
        roads = self.atlas.roads
        if (side := lane_choice.wanted_lane(words, lefthand=bool(self.side()[world] > 0.0))) is not None:
            return self._change_lanes(side, world=world)
        self.words[world] = words
        self._goes_back[world] &= bool(words)
        if way_back.wants_back(words):
            metres = way_back.lay_back(roads, self.state, world, int(self._began[world]), float(self._began_s[world]))
            self._goes_back[world] = metres is not None
            return way_back.answer(metres)
        if (off := navigator.wants_no_motorway(words)) is not None:
            self.off_motorways[world] = off
            if not off:
                return "motorways as well again"
            before = navigator.motorway_ahead(roads, self.state, world)
            return navigator.motorway_answer(navigator.keep_off_motorways(roads, self.state, world), before=before)
        wanted = navigator.wanted_turn(words)
        if wanted is None:
            return None
        (turn, nth), lit = wanted, navigator.at_lights(words)
        metres = navigator.reroute(roads, self.state, world, turn=turn, nth=nth, lit=lit)
        self._goes_back[world] &= metres is None
        return navigator.answer(turn, metres=metres, lit=lit) + self._forgotten(world)

    def _change_lanes(self, side: str, *, world: int) -> str:
        """Lay the route over to the lane on a side; returns the sat-nav's answer."""
        found = lane_choice.lay_change(self.atlas.roads, self.state, world, side)
        if found is None:
            return lane_choice.answer(side, metres=None)
        metres, self._changes[world] = found
        return lane_choice.answer(side, metres=metres)

    def _forgotten(self, world: int) -> str:
        """What the sat-nav adds to an answer where the route that it has laid leads over no lane change that was asked for."""
        lanes = self._changes.get(world)
        if lanes is None or lane_choice.is_ahead(self.state, world, lanes):
            return ""
        self.stay_in_lane(world=world)
        return ", and no other lane before it"

    def clear_to_stop(self, *, world: int = 0) -> bool:
        """Would the ego car, braking now, stand clear of junctions and crossings?"""
        return clear_to_stop(self.atlas.roads, self.state, world)

    def stay_in_lane(self, *, world: int = 0) -> None:
        """Tell the driver no more of a lane change that was asked for."""
        self._changes.pop(world, None)

    def sat_nav(self) -> NDArray[np.float32]:
        """(B, ROUTE_POINTS, 2) points on the road's axis in the rig frame, m, off by the episode's position error."""
        sat_nav_all(self.atlas.roads, self.state.arrays(), np.float32(ROUTE_SPACING), self._route)
        points = self._route + self._route_offset
        dx, dy = points[..., 0] - self.state.x[:, :1], points[..., 1] - self.state.y[:, :1]
        cos, sin = np.cos(self.state.heading[:, :1]), np.sin(self.state.heading[:, :1])
        return np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=-1).astype(np.float32)

    def _events(self, b: int) -> list[Event]:
        bits, t_us = int(self.flags[b, 0]), round(float(self.state.time[b]) / STEP_S) * STEP_US
        whom = touched(self.state, b) if bits & events.COLLISION else ""  # nobody, where who was struck has come back elsewhere already
        return [
            Event(t_us=t_us, kind=name, responsible=RESPONSIBLE, detail=f"with {whom}" if whom and "collision" in name else "")
            for k, name in enumerate(events.NAMES)
            if bits >> k & 1
        ]
