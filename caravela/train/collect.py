"""Rollouts for the driver: worlds driven by teacher or student, looked at through the rig, every few ticks labelled with what
the teacher would do from there (dataset aggregation, Ross et al. 2011). Perturbations and recoveries are part of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.protocols import Policy
from caravela.core.types import KNOTS, Control, Plan, policy_rig
from caravela.core.units import STEP_S
from caravela.train import phrases
from caravela.train.labelling import LEAST_VISIBLE, LIGHT_OF_LAMP, coarse_bodies, coarse_depth, facts_of, look, truths, unseen_is_unknown
from caravela.train.lamps import LampLabels
from caravela.train.obstacles import Obstacles
from caravela.train.outcomes import excuse, outcomes
from caravela.train.teacher_driver import TeacherDriver
from caravela.train.teacher_net import TeacherNet
from caravela.words import SentenceEncoder
from caravela.world import atlas as atlas_module
from caravela.world import lane_choice, regions
from caravela.world.arena import FAILURES
from caravela.world.incidents.director import SPARE, draw_kinds
from caravela.world.junctions import junctions_ahead
from caravela.world.kernels import events, labels
from caravela.world.kernels.routes import path_point, walk
from caravela.world.kernels.vectors import STYLE
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.roaming import Roaming
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator
from caravela.world.state import WorldState

WEATHERS = ("day", "overcast", "dusk", "night", "rain", "fog", "low_sun", "unlit_night", "dense_fog")
WEATHER_SHARES = (0.48, 0.17, 0.06, 0.09, 0.07, 0.03, 0.05, 0.03, 0.02)
AT_THE_LINE = 6.0  # m to a red light's line within which a car waits for nothing else
OVERRUN = (1.5, 9.0)  # m beyond it that such a car is put
DRIVES_OFF = 0.4  # m/s2 that the teacher wishes at standstill
ASIDE = (-0.8, 0.8)  # m between which what has to be passed leaves more room than in a suite; below 0 is none
LONGEST_STANDING = 45.0  # s after which a drive is given up: no red light lasts longer
REMEMBERED_S = 1.0  # s for which somebody whom no camera shows any more still counts in what the driver is taught to do
FAULTS, FAULT_SHARES = ("one_out", "front_only", "cropped", "dirty"), (0.35, 0.15, 0.25, 0.25)


@dataclass(frozen=True)
class CollectConfig:
    """One round: `worlds` drives over `maps` maps for `looks` looks."""

    worlds: int = 40
    maps: int = 12
    looks: int = 300
    ticks_per_look: int = 2  # the student looks and plans at 5 Hz here; half the frames, hardly another road
    label_every: int = 2  # looks between labelled looks of one world
    route_noise: float = 3.0  # m
    route_dropped: float = 0.15  # share of drives without a route
    incident_every: float = 16.0  # s of a drive without an incident until the next is set
    passed_share: float = 0.3  # of incidents that have to be passed, as far as they find a place
    crossed_share: float = 0.3  # of incidents that come from the side, as far as a junction is on the way
    fault_share: float = 0.05  # of drives with something wrong with the cameras
    obstacle_every: float = 16.0  # s of a drive between things put in its way
    nudge_every: float = 9.0  # s between perturbations of a teacher-driven car
    overrun_every: float = 40.0  # s of standing at a red light until a car is put beyond the line
    standstill_share: float = 0.2  # of labelled looks at standstill that are kept, where the teacher stays; where it drives off, all are
    recovery_s: float = 3.0  # s a drive goes on after a failure
    longest_s: float = 60.0
    nowhere_share: float = 0.35  # of maps that are drawn in a look of nowhere, see `world.regions`
    real_share: float = 0.5  # of maps that are real places, where there are any
    traffic: tuple[str, ...] = ("light", "crowded", "crowded")  # one of these a round: in light traffic hardly anybody crosses before one
    large_share: float = 0.12  # of the traffic
    bicycle_share: float = 0.2  # more than there are: they are small, and what is hit most
    weathers: tuple[str, ...] = WEATHERS
    weather_shares: tuple[float, ...] = WEATHER_SHARES
    spoken_share: float = 0.5  # of drives that are told how to drive
    guided_share: float = 0.7  # of drives that hear of every lane change on their route
    lane_every: float = 8.0  # s of such a drive between requests for another lane, as far as there is one
    stops_short: float = 2.7  # m by which the line of a red light is put nearer to the teacher, see `TeacherDriver`
    stop_every: float = 60.0  # s of a drive between requests to stop
    stop_s: tuple[float, float] = (6.0, 10.0)  # s until it may go on
    judged_share: float = 0.2  # of labelled looks at which the student's plans are tried out
    proposals: int = 6  # of the student, the regression's and those at other paces among them: fewer than in the car, for speed


class Writer(Protocol):
    """Whoever keeps the looks."""

    def add(self, arrays: dict[str, NDArray]) -> None:
        """Take rows: every array has one row a look."""


class Collector:
    """Drives one set of maps."""

    def __init__(self, graphs: Sequence[LaneGraph], teacher: TeacherNet, writer: Writer, *, config: CollectConfig, seed: int) -> None:
        self.config, self.writer = config, writer
        self.driver = TeacherDriver(teacher, stops_short=config.stops_short)
        self.random = np.random.default_rng(seed)
        weathers = self.random.choice(config.weathers, size=config.worlds, p=config.weather_shares)
        traffic = str(self.random.choice(config.traffic))
        scene = training_scene(graphs, random=self.random, nowhere=config.nowhere_share)
        self.simulator = Simulator(
            atlas_module.build(graphs),
            scene=scene,
            batch=config.worlds,
            rig=policy_rig(),
            traffic=traffic,
            large_share=config.large_share,
            bicycle_share=config.bicycle_share,
            weathers=tuple(str(w) for w in weathers),
            route_noise=config.route_noise,
            ticks_per_look=config.ticks_per_look,
            truth=True,
            incidents=True,
        )
        self.lamps = LampLabels(scene, policy_rig())
        self.roaming = Roaming(self.simulator.atlas)
        self.encoder = SentenceEncoder()
        self.obstacles = Obstacles(self.simulator.atlas, worlds=config.worlds, random=self.random, reserved=SPARE)
        self.failed_since = np.full(config.worlds, np.inf)
        self.wish = np.zeros(config.worlds, dtype=np.float32)  # m/s2, the teacher's, a tick ago
        self.next_nudge = self.random.uniform(1.0, config.nudge_every, size=config.worlds)
        self.style = np.zeros((config.worlds, STYLE), dtype=np.float32)
        agents = self.simulator.state.agents.shape[1]
        self.last_seen = np.zeros((config.worlds, agents))  # s of the drive, when a camera last showed somebody
        self.stopping = np.zeros(config.worlds)  # s, until when a drive is asked to stand
        self.before: list[tuple[str, NDArray[np.float32], bool]] = [
            ("", self.style[0], False)
        ] * config.worlds  # words, style, guided until then
        self.is_student, self.student_share = np.zeros(config.worlds, dtype=np.bool_), 0.0
        self.simulator.reset(int(self.random.integers(1 << 31)))
        self._new_drives(np.arange(config.worlds))
        self._observe()

    def run(self, student: Policy | None, *, student_share: float, progress: Callable[[int], None] | None = None) -> dict[str, float]:
        """Drive `looks` looks; a world is driven by the student for a whole drive with probability student_share. Returns counts."""
        config, counts = (
            self.config,
            dict.fromkeys(
                ("samples", "failures", "km", "student_km", "student_failures", "student_wrong_way_s", "obstacles", "incidents"), 0.0
            ),
        )
        self.student_share = student_share if student is not None else 0.0
        self.is_student = self.random.random(config.worlds) < self.student_share  # of the drives that are under way already, too
        if student is not None:
            student.reset(config.worlds)
        for number in range(config.looks):
            by_student = self.is_student & (student is not None)
            plan = student.plan(self.observation) if student is not None else None
            wish = plan.control() if plan is not None else None
            due = (np.arange(config.worlds) + number) % config.label_every == 0
            counts["samples"] += self._label(due, plan)
            self._nudge(~by_student)  # before a tick: it says where on the lane the car is now
            self._overrun()
            seen = np.zeros(config.worlds, dtype=np.int32)
            for _ in range(config.ticks_per_look):
                control = self.driver.control(self.simulator.atlas, self.simulator.state, style=self.style)
                self.wish = control.acceleration
                ahead = junctions_ahead(self.simulator.atlas, self.simulator.state)
                self.simulator.advance(control if wish is None else _mixed(control, wish, by_student))
                flags = self.simulator.flags[:, 0]
                excuse(self.roaming, self.simulator.state, ahead, roams=~self.simulator.has_route, flags=flags)
                seen |= flags
                broke = ((flags & FAILURES) > 0) & np.isinf(self.failed_since)
                self.failed_since[broke] = self.simulator.state.time[broke]
                counts["failures"] += float(broke.sum())
                counts["student_failures"] += float((broke & by_student).sum())
                counts["student_wrong_way_s"] += STEP_S * float((((flags & events.WRONG_WAY) > 0) & by_student).sum())
                counts["km"] += float(self.simulator.state.speed[:, 0].sum()) * 1e-4
                counts["student_km"] += float(self.simulator.state.speed[by_student, 0].sum()) * 1e-4
            counts["obstacles"] += self.obstacles.change(
                self.simulator.state, chance=config.ticks_per_look * STEP_S / config.obstacle_every
            )
            counts["incidents"] += self._set_incidents()
            self._tell_to_stop()
            self._ask_for_lanes()
            self._end_drives(seen)
            self._observe()
            if progress is not None:
                progress(number + 1)
        return counts

    def _observe(self) -> None:
        """Look, and remember whom the cameras show."""
        self.observation = self.simulator.observe()
        assert self.simulator.truth is not None
        shown = self.simulator.truth.visible_pixels >= LEAST_VISIBLE
        self.last_seen = np.where(shown, self.simulator.state.time[:, None], self.last_seen)

    def _hidden(self, worlds: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(B, A) whom no camera has shown of late in some worlds: the teacher, who sees through other cars, would brake for somebody whom
        the driver cannot know of."""
        hidden = self.simulator.state.time[worlds, None] - self.last_seen[worlds] > REMEMBERED_S
        hidden[:, 0] = False
        return hidden

    def _label(self, due: NDArray[np.bool_], plan: Plan | None) -> int:
        """Label and store the looks that are due; `plan` is what the student would do there."""
        state = self.simulator.state
        still = (state.speed[:, 0] < 0.2) & (state.timer[:, 0] > 1.0) & (self.wish < DRIVES_OFF)
        due = due & ~(still & (self.random.random(len(due)) > self.config.standstill_share))
        worlds = np.flatnonzero(due)
        if not len(worlds):
            return 0
        fork = state.select(worlds)
        made = self.driver.label(self.simulator.atlas, fork, style=self.style[worlds], hidden=self._hidden(worlds))
        plans: dict[str, NDArray] = {"knots": made.knots, "knots_valid": made.valid}
        plans |= self._judge(fork, self.style[worlds], None if plan is None else plan.knots[worlds], ~self.simulator.has_route[worlds])
        self.writer.add(self._shown(fork, worlds) | plans)
        return len(worlds)

    def _shown(self, fork: WorldState, worlds: NDArray[np.int64]) -> dict[str, NDArray]:
        """What some worlds look like now and what is there, as shard arrays."""
        assert self.simulator.truth is not None
        depth = self.simulator.truth.depth[worlds]
        seen: dict[str, NDArray] = {"depth": coarse_depth(depth), "lamps": self.lamps.cells(fork, depth)}
        seen["bodies"] = coarse_bodies(self.simulator.truth.semantics[worlds])
        assert self.simulator.lens is not None
        unseen_is_unknown(seen, self.simulator.lens, worlds)
        return look(self.observation, worlds, self.encoder) | truths(self.simulator, fork, worlds) | seen

    def _judge(
        self, fork: WorldState, style: NDArray[np.float32], knots: NDArray[np.float32] | None, roams: NDArray[np.bool_]
    ) -> dict[str, NDArray]:
        """Outcomes of the student's plans (B, M, KNOTS, 2), at some of the looks; `roams` (B,) are those without a route."""
        batch, plans = len(fork.worlds), self.config.proposals
        if knots is None:
            knots = np.zeros((batch, plans, KNOTS, 2), dtype=np.float32)
            tried = np.zeros(batch, dtype=np.bool_)
        else:
            tried = self.random.random(batch) < self.config.judged_share
        returns, failed = np.zeros((batch, plans), dtype=np.float32), np.zeros((batch, plans), dtype=np.float32)
        if tried.any():
            seed = int(self.random.integers(1 << 31))
            states = fork.select(np.flatnonzero(tried))
            returns[tried], failed[tried] = outcomes(
                self.simulator.atlas,
                states,
                knots[tried],
                driver=self.driver,
                style=style[tried],
                seed=seed,
                roaming=self.roaming,
                roams=roams[tried],
            )
        return {"proposals": knots, "returns": returns, "failed": failed, "outcomes_valid": np.repeat(tried[:, None], plans, axis=1)}

    def _set_incidents(self) -> int:
        """Set rare trouble on the way of some of the drives that have none before them. Returns how many."""
        director, state = self.simulator.director, self.simulator.state
        assert director is not None
        over = director.passed(by=25.0) | np.array([kind is None for kind in director.kind])
        due = over & (state.speed[:, 0] > 2.0)
        due &= self.random.random(len(due)) < self.config.ticks_per_look * STEP_S / self.config.incident_every
        count = 0
        for world in np.flatnonzero(due):
            kinds = draw_kinds(self.random, passed=self.config.passed_share, crossed=self.config.crossed_share)
            aside = max(self.random.uniform(*ASIDE), 0.0)
            count += director.stage(state, int(world), kinds, random=self.random, earliest=35.0, latest=120.0, aside=aside) is not None
        return count

    def _tell_to_stop(self) -> None:
        """Ask a drive to stop now and then, and some seconds later to go on as before."""
        now, speed = self.simulator.state.time, self.simulator.state.speed[:, 0]
        for world in np.flatnonzero((self.stopping > 0.0) & (now >= self.stopping)):
            self.simulator.words[world], self.style[world], self.simulator.guided[world] = self.before[world]
            self.stopping[world] = 0.0
        step_s = self.config.ticks_per_look * STEP_S
        asked = (self.stopping == 0.0) & (speed > 2.0) & (self.random.random(len(now)) < step_s / self.config.stop_every)
        for world in np.flatnonzero(asked):
            self.before[world] = (self.simulator.words[world], self.style[world].copy(), bool(self.simulator.guided[world]))
            self.simulator.words[world] = str(self.random.choice(phrases.STOP.phrases))
            self.style[world] = phrases.STOP.style
            self.stopping[world] = now[world] + self.random.uniform(*self.config.stop_s)
            self.simulator.guided[world] = False  # who is asked to stop hears of nothing else
            self.simulator.stay_in_lane(world=int(world))

    def _ask_for_lanes(self) -> None:
        """Ask a drive that hears of its lane changes for another lane now and then: on their own, routes change lanes too rarely to learn from."""
        asked = self.simulator.guided & (
            self.random.random(self.config.worlds) < self.config.ticks_per_look * STEP_S / self.config.lane_every
        )
        for world in np.flatnonzero(asked & (self.stopping == 0.0)):
            self.simulator.request(lane_choice.prompt(str(self.random.choice((lane_choice.LEFT, lane_choice.RIGHT)))), world=int(world))

    def _nudge(self, allowed: NDArray[np.bool_]) -> None:
        """Shift and turn a car now and then, so that the way back is in the data."""
        state = self.simulator.state
        due = allowed & (state.time >= self.next_nudge) & (state.speed[:, 0] > 1.0)
        count = int(due.sum())
        if not count:
            return
        side = self.random.uniform(-1.0, 1.0, count)
        heading = state.heading[due, 0]
        agents = state.agents
        agents["x"][due, 0] += -np.sin(heading) * side
        agents["y"][due, 0] += np.cos(heading) * side
        agents["heading"][due, 0] += np.radians(self.random.uniform(-12.0, 12.0, count))
        agents["speed"][due, 0] *= self.random.uniform(0.6, 1.15, count)
        self.next_nudge[due] = state.time[due] + self.random.exponential(self.config.nudge_every, count) + 1.0
        self.simulator.cut(np.flatnonzero(due))

    def _overrun(self) -> None:
        """Put a car that stands at a red light a few metres beyond its line now and then, as if it had stopped too late: red is still in
        sight across the junction, but it is not meant any more, and who waits for it waits in the way."""
        state = self.simulator.state
        standing = (state.speed[:, 0] < 0.2) & (state.timer[:, 0] > 0.5)
        step_s = self.config.ticks_per_look * STEP_S
        worlds = np.flatnonzero(standing & (self.random.random(len(standing)) < step_s / self.config.overrun_every))
        if not len(worlds):
            return
        facts, _ = facts_of(self.simulator, state.select(worlds))
        red = (facts[:, labels.LINK] >= 0) & (LIGHT_OF_LAMP[facts[:, labels.LAMP].astype(np.int64)] == 1)
        beyond = np.maximum(facts[:, labels.STOP], 0.0) + self.random.uniform(*OVERRUN, len(worlds))
        free = red & (facts[:, labels.STOP] < AT_THE_LINE) & (facts[:, labels.LEAD] > beyond + 3.0)
        worlds, beyond = worlds[free], beyond[free].astype(np.float32)
        lanes, points = self.simulator.atlas.roads.lanes, self.simulator.atlas.roads.points
        agents = state.agents
        for world, ahead in zip(worlds, beyond, strict=True):
            ego = agents[world, 0]
            at, s = walk(lanes, ego["route"], int(ego["route_at"]), float(ego["lane_s"] + ahead))
            x, y, heading = path_point(lanes, points, ego["route"], at, s)  # where the way turns, so does the car
            agents["x"][world, 0], agents["y"][world, 0], agents["heading"][world, 0] = x, y, heading
            agents["lane_s"][world, 0] += ahead  # else the next tick would find that it has just run the light
        self.simulator.cut(worlds)

    def _end_drives(self, flags: NDArray[np.int32]) -> None:
        state, config = self.simulator.state, self.config
        over = (
            (state.time - self.failed_since > config.recovery_s) | (state.time > config.longest_s) | (state.timer[:, 0] > LONGEST_STANDING)
        )
        over |= ((flags & events.ARRIVED) > 0) | (np.abs(state.lane_offset[:, 0]) > 10.0)
        worlds = np.flatnonzero(over)
        if len(worlds):
            self.simulator.restart(worlds, int(self.random.integers(1 << 31)))
            self._new_drives(worlds)

    def _new_drives(self, worlds: NDArray[np.int64]) -> None:
        self.failed_since[worlds] = np.inf
        self.last_seen[worlds] = -np.inf
        self.obstacles.forget(worlds)
        self.stopping[worlds] = 0.0
        self.next_nudge[worlds] = self.random.exponential(self.config.nudge_every, len(worlds)) + 1.0
        self.simulator.has_route[worlds] = self.random.random(len(worlds)) >= self.config.route_dropped
        self.simulator.guided[worlds] = self.random.random(len(worlds)) < self.config.guided_share
        words, self.style[worlds] = phrases.draw(self.random, len(worlds), spoken_share=self.config.spoken_share)
        for world, said in zip(worlds, words, strict=True):
            self.simulator.words[world] = said
        self.is_student[worlds] = self.random.random(len(worlds)) < self.student_share
        assert self.simulator.lens is not None
        for world in worlds:
            broken = self.random.random() < self.config.fault_share
            fault = str(self.random.choice(FAULTS, p=FAULT_SHARES)) if broken else "none"
            self.simulator.lens.set(int(world), fault, random=self.random)


def choose_maps(graphs: Sequence[LaneGraph], *, count: int, real_share: float, random: np.random.Generator) -> list[LaneGraph]:
    """`count` different maps (all, where there are fewer), about `real_share` of them real places: those are few, and harder."""
    real = np.array([graph.origin != (0.0, 0.0) for graph in graphs])
    likely = np.where(real, real_share / max(real.sum(), 1), (1.0 - real_share) / max((~real).sum(), 1))
    chosen = random.choice(len(graphs), size=min(count, len(graphs)), replace=False, p=likely / likely.sum())
    return [graphs[i] for i in chosen]


def training_scene(graphs: Sequence[LaneGraph], *, random: np.random.Generator | None = None, nowhere: float = 0.0) -> Scene:
    """The scene of these maps in looks of the training side, wherever they lie: what is learned from shows no other. A share of the maps
    is drawn in looks of nowhere."""
    scene = Scene.build(graphs).at_home()
    if random is not None:
        looks = [regions.invented(random) if random.random() < nowhere else int(look) for look in scene.looks]
        scene = replace(scene, looks=np.array(looks, np.int32))
    if held_back := set(map(int, scene.looks)) - (set(regions.TRAINING) - set(regions.TO_CHOOSE_BY)):
        names = ", ".join(regions.NAMES[look] for look in sorted(held_back))
        raise CaravelaError(f"looks that nothing may be learned from would be drawn: {names}.")
    return scene


def _mixed(teacher: Control, student: Control, by_student: NDArray[np.bool_]) -> Control:
    return Control(
        acceleration=np.where(by_student, student.acceleration, teacher.acceleration).astype(np.float32),
        curvature=np.where(by_student, student.curvature, teacher.curvature).astype(np.float32),
    )
