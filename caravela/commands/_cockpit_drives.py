"""The driving half of `caravela cockpit bench`: the cockpit's agent and a driver in one closed-loop drive. The driver is the driving model, told as
`caravela drive` tells it; or the baseline (the route, the Intelligent Driver Model), made to obey typed wishes by plain rules, which shows what the
agent alone is worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.grading.grader import Agent
from caravela.cockpit.grading.judging import IN_JUNCTION, Drive, DriveTask
from caravela.cockpit.situation import Situation
from caravela.cockpit.tools import catalogue
from caravela.core.errors import CaravelaError
from caravela.core.request import (
    START,
    CapSpeed,
    ChangeLane,
    DropCap,
    DropRoute,
    GoOn,
    GoTo,
    KeepDistance,
    KeepOffMotorways,
    Manner,
    Overtake,
    Park,
    PullOver,
    Request,
    TakeTurn,
)
from caravela.core.request import Drive as DriveIn
from caravela.core.signals import Signals
from caravela.core.types import Control
from caravela.core.units import STEP_S, to_kph
from caravela.evaluate.episodes import begin
from caravela.evaluate.route_follow import baseline_control
from caravela.vehicle.domains.set_speed import SetSpeedPolicy
from caravela.vehicle.domains.wishes import Wishes
from caravela.vehicle.policy import OnnxPolicy
from caravela.world import atlas as atlas_module
from caravela.world import lane_choice, navigator
from caravela.world.atlas import Atlas, Roads
from caravela.world.kernels import events
from caravela.world.kernels.routes import JUNCTION
from caravela.world.kernels.traffic import GREEN, GREEN_YIELD, RED, RED_YELLOW, YELLOW
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.maps.lane_graph import LEFT, RIGHT, STRAIGHT
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator

STARTS = 64  # starts looked at on a town
LONGEST_S = 26.0  # of a task's drive
TURN_M = (40.0, 90.0)  # between which a turn must lie that can be taken calmly and in time
IN_LANE = 1.0  # m from its middle, within which a car is in a lane
CHANGE_M = 80.0  # that a lane change takes, and some to spare
LANE_SIDES = {"left_lane": "left", "right_lane": "right"}
SIDES = {LEFT: "left", RIGHT: "right", STRAIGHT: "straight"}
PACE = {Manner.GENTLE: 0.85, Manner.CAREFUL: 0.75, Manner.FRUGAL: 0.85}  # share of the limit
SOFTNESS = {Manner.GENTLE: 0.55, Manner.CAREFUL: 0.8, Manner.FRUGAL: 0.7}  # share of the acceleration
JUNCTION_M = 12.0  # what odometer and route may differ by up to a junction
LIGHTS = {RED: "red", RED_YELLOW: "red", YELLOW: "yellow", GREEN: "green", GREEN_YIELD: "green"}
BRAKING = 2.0  # m/s^2, to a stop that was asked for

MakeAgent = Callable[[Gate, Callable[[], Situation]], Agent]


class Chauffeur(Protocol):
    """Whoever drives, and hears wishes."""

    @property
    def stopping(self) -> bool:
        """Has it heard of a stop that nobody has ended?"""

    def hear(self, request: Request) -> None:
        """Take a wish into account."""

    def control(self) -> Control:
        """What to do in the next tick."""


class ToldModel:
    """The driving model: turns, lanes and roads go to the sat-nav, a speed bounds the plan, the rest goes to the model as the wish's own words."""

    def __init__(self, simulator: Simulator, policy: OnnxPolicy) -> None:
        self.simulator, self.wishes = simulator, Wishes()
        self.policy = SetSpeedPolicy(policy, lambda: [self.wishes.set_speed] * simulator.batch)
        self.policy.reset(simulator.batch)

    def hear(self, request: Request) -> None:
        """Take a wish into account."""
        self.wishes.hear(request.wish)
        match request.wish:
            case GoTo(place) if place != START:
                pass  # the sat-nav knows turns and roads here, and of places the start alone
            case ChangeLane() | Overtake() if self.halted:
                pass  # not while we are to stand
            case TakeTurn() | ChangeLane() | Overtake() | KeepOffMotorways() | GoTo() | DropRoute():
                said = self.simulator.words[0]
                self.simulator.request(request.words)
                self.simulator.words[0] = said
            case _:
                if self.halted:
                    self.simulator.stay_in_lane()
                self._tell()

    @property
    def halted(self) -> bool:
        """Was it asked to stand?"""
        return self.wishes.stop is not None

    @property
    def stopping(self) -> bool:
        """Has the model heard of it?"""
        return self.wishes.stopping

    def control(self) -> Control:
        """What to do in the next tick."""
        if self.halted:
            self._tell()
        return self.policy.plan(self.simulator.observe()).control()

    def _tell(self) -> None:
        """Say what the driver is to hear now."""
        clear = self.simulator.clear_to_stop()
        self.simulator.words[0] = self.wishes.told(now_s=float(self.simulator.state.time[0]), clear=clear)


@dataclass
class ObedientBaseline:
    """The baseline, and what was asked of it."""

    simulator: Simulator
    manner: Manner = Manner.PLAIN
    cap: float | None = None  # m/s
    halted: bool = False

    @property
    def stopping(self) -> bool:
        """Does it brake for a stop that was asked for?"""
        return self.halted

    def hear(self, request: Request) -> None:
        """Take a wish into account."""
        match request.wish:
            case TakeTurn() | ChangeLane() | Overtake() | KeepOffMotorways():
                self.simulator.request(request.words)
            case DriveIn(manner):
                self.manner = manner
            case DropCap():
                self.cap = None
            case CapSpeed(speed):
                self.cap = speed
            case PullOver() | Park():
                self.halted = True
            case GoOn():
                self.halted = False
            case KeepDistance() | DropRoute():
                self.manner = Manner.CAREFUL
            case _:
                pass  # places: the baseline has no way to

    def control(self) -> Control:
        state = self.simulator.state
        state.agents["style"][:, 0] = PACE.get(self.manner, 1.0)
        wanted = baseline_control(self.simulator.atlas, state)
        acceleration = wanted.acceleration.copy()
        acceleration = np.where(acceleration > 0.0, SOFTNESS.get(self.manner, 1.0) * acceleration, acceleration)
        if self.cap is not None:
            acceleration = np.minimum(acceleration, 0.8 * (self.cap - state.speed[:, 0]))
        if self.halted:
            acceleration = np.minimum(acceleration, -BRAKING)
        return Control(acceleration=acceleration.astype(np.float32), curvature=wanted.curvature)


class Drives:
    """Drives of one town, from starts that offer what a task needs."""

    def __init__(self, town: str | None = None, *, traffic: str = "light", policy: OnnxPolicy | None = None) -> None:
        """`policy` drives; without one the baseline does."""
        self.town, self._traffic, self._policy = town or towns()[0], traffic, policy
        self._kept: dict[tuple[int, float], Drive] = {}
        self._scene: Scene | None = None

    def start_of(self, task: DriveTask) -> int:
        """The seed of the start that a task is driven from. Raises CaravelaError where the town has too few."""
        found = [seed for seed, silent in enumerate(self._silent) if self._offers(task, seed, silent)]
        if len(found) <= task.skip:
            raise CaravelaError(
                f"town '{self.town}' has {len(found)} starts for '{task.find}'; expected {task.skip + 1}: name another town."
            )
        return found[task.skip]

    def drive(self, task: DriveTask, make_agent: MakeAgent) -> tuple[Drive, Drive]:
        """(the drive with an agent, the same without a word)."""
        seed = self.start_of(task)
        key = (seed, task.seconds)
        if key not in self._kept:
            self._kept[key] = self._run(seed, task.seconds, {}, None)
        return self._run(seed, task.seconds, task.say, make_agent), self._kept[key]

    @cached_property
    def _atlas(self) -> Atlas:
        return atlas_module.build([load_town(self.town)])

    @cached_property
    def _silent(self) -> list[Drive]:
        """The first STARTS starts, driven side by side without a word."""
        simulator = Simulator(self._atlas, batch=STARTS, traffic=self._traffic)
        begin(simulator, range(STARTS))
        driver = ObedientBaseline(simulator)
        drives = [Drive() for _ in range(STARTS)]
        lanes = np.full(STARTS, -1)
        for _ in range(round(LONGEST_S / STEP_S)):
            simulator.advance(driver.control())
            lanes = _note(drives, simulator, lanes)
        return drives

    def _offers(self, task: DriveTask, seed: int, silent: Drive) -> bool:
        """Does a start suit a task?"""
        ticks = round(task.seconds / STEP_S)
        if silent.events & {"collision", "off_road", "route_missed", "arrived"}:
            return False
        if task.find == "moving":
            return min(silent.speed[15:ticks]) > 5.0
        if task.find in LANE_SIDES:
            there = STEP_S * sum(silent.speed[:ticks]) - CHANGE_M  # m as far as which a change can begin, to be over in time
            return not silent.lane_changes and self._lane_ahead(seed, LANE_SIDES[task.find]) < there
        if task.find == "red":
            return min(silent.speed[20:ticks]) < 0.3 and "red_met" in silent.events and silent.speed[10] > 3.0
        ahead = self._turn_ahead(seed, task.find)
        turned = STEP_S * sum(
            silent.speed[: round(min(silent.first_turn_s, LONGEST_S) / STEP_S)]
        )  # m to the first turn of the silent drive
        if not TURN_M[0] < ahead < min(TURN_M[1], turned + JUNCTION_M):
            return False
        if task.find == "straight":
            return turned - ahead < JUNCTION_M and silent.first_turn_s < 0.7 * task.seconds
        return task.find not in silent.turns and min(silent.speed[15:100]) > 3.0

    def _turn_ahead(self, seed: int, side: str) -> float:
        """m to the next junction where one can go to a side; infinite where there is none."""
        simulator = Simulator(self._atlas, batch=1, traffic="none")
        begin(simulator, [seed])
        turn = next(number for number, name in SIDES.items() if name == side)
        ahead = navigator.reroute(self._atlas.roads, simulator.state, 0, turn=turn)
        return np.inf if ahead is None else ahead

    def _lane_ahead(self, seed: int, side: str) -> float:
        """m to where one can change to the next lane on a side; infinite where one cannot."""
        simulator = Simulator(self._atlas, batch=1, traffic="none")
        begin(simulator, [seed])
        found = lane_choice.lay_change(self._atlas.roads, simulator.state, 0, side)
        return np.inf if found is None else found[0]

    def _run(self, seed: int, seconds: float, say: dict[str, str], make_agent: MakeAgent | None) -> Drive:
        """One drive; the agent hears what is said at its time, and looks at the street at every tick."""
        policy = self._policy
        simulator = Simulator(self._atlas, batch=1, traffic=self._traffic, rig=None if policy is None else policy.rig, scene=self._scene)
        self._scene = simulator.scene
        begin(simulator, [seed])
        driver: Chauffeur = ObedientBaseline(simulator) if policy is None else ToldModel(simulator, policy)
        drive, signals = Drive(), Signals(catalogue())

        def publish(request: Request) -> None:
            drive.requests.append(request)
            driver.hear(request)

        def look() -> Situation:
            return _situation(simulator, halted=driver.stopping)

        agent = make_agent(Gate(signals, publish), look) if make_agent is not None else None
        lanes = np.array([-1])
        for tick in range(round(seconds / STEP_S)):
            signals.write("Vehicle.Speed", min(to_kph(float(simulator.state.speed[0, 0])), 300.0))
            if agent is not None:
                drive.responses += [agent.hear(words) for time, words in say.items() if is_time(time, tick, drive)]
                drive.responses += agent.tick()
            simulator.advance(driver.control())
            lanes = _note([drive], simulator, lanes)
            if "arrived" in drive.events:  # the route ends here, and with it the drive
                break
        return drive


def is_time(time: str, tick: int, drive: Drive) -> bool:
    """Is this the tick at which something is to be said: so many s into the drive, or the first in a junction?"""
    if time != IN_JUNCTION:
        return round(float(time) / STEP_S) == tick
    return drive.in_junction[-1:] == [True] and sum(drive.in_junction) == 1


def _note(drives: Sequence[Drive], simulator: Simulator, before: NDArray) -> NDArray:
    """Write a tick down, world by world. Returns the lanes that the ego cars are on, a lane change counted when it is made."""
    state, roads = simulator.state, simulator.atlas.roads
    lanes = state.lane[:, 0].copy()
    for world, drive in enumerate(drives):
        lane = int(lanes[world])
        drive.speed.append(float(state.speed[world, 0]))
        drive.acceleration.append(float(state.acceleration[world, 0]))
        drive.in_junction.append(lane >= 0 and roads.lanes[lane]["kind"] == JUNCTION)
        drive.limit.append(float(roads.lanes[lane]["speed"]) if lane >= 0 else drive.limit[-1] if drive.limit else 14.0)
        bits = int(simulator.flags[world, 0])
        drive.events |= {name for place, name in enumerate(events.NAMES) if bits >> place & 1}
        if lane < 0 or lane == before[world]:
            continue
        if before[world] >= 0 and (side := _beside(roads, int(before[world]), lane)):
            if abs(float(state.lane_offset[world, 0])) < IN_LANE:
                drive.lane_changes.append(side)
            else:  # the route is over there, the car not yet
                lanes[world] = before[world]
        elif roads.lanes[lane]["kind"] == JUNCTION:
            drive.turns.append(SIDES.get(int(roads.lanes[lane]["turn"]), "straight"))
            if drive.turns[-1] != "straight":
                drive.first_turn_s = min(drive.first_turn_s, len(drive.speed) * STEP_S)
    return lanes


def _beside(roads: Roads, lane: int, other: int) -> str:
    """The side of a lane on which another lies; "" for one that does not lie beside it."""
    return next((side for side in LANE_SIDES.values() if int(roads.lanes[lane][side]) == other), "")


def _situation(simulator: Simulator, *, halted: bool) -> Situation:
    """What the cockpit knows of the street. The driving model's reading of it takes this place once it drives."""
    from caravela.world.junctions import junctions_ahead

    state, roads = simulator.state, simulator.atlas.roads
    lane = int(state.lane[0, 0])
    ahead = int(junctions_ahead(simulator.atlas, state)[0])
    link = int(roads.lanes[ahead]["link"]) if ahead >= 0 else -1
    light = LIGHTS.get(int(state.lamp[0, link]), "none") if link >= 0 else "none"
    limit = float(roads.lanes[lane]["speed"]) if lane >= 0 else None
    return Situation(t_s=float(state.time[0]), speed=float(state.speed[0, 0]), limit=limit, light=light, asked_to_stop=halted)
