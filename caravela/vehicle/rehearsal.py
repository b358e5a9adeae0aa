"""Everything that can go wrong, done on purpose: each fault is put into the real loop, in every mode, on an empty plain with
pictures of noise, and what came of it is written down. The model is a stand-in that cruises (in a process of its own, really
killed, where that is the fault): this rehearses the runtime, not the driving."""

import itertools
import math
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from caravela.core.kinematics import integrate
from caravela.core.modes import Alert, Author, Fault, Mode
from caravela.core.responsibility import Entity, Person
from caravela.core.types import KNOTS, PROPOSALS, ROUTE_POINTS, Observation, Plan, Rig, policy_rig
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.actuation import Commands, Watchdog
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.conduct import STANDSTILL, Assisted, Automated, Conduct, Manual, Rules, TakeOver, parked
from caravela.vehicle.health import RIDE_OUT
from caravela.vehicle.loop import NO_CONTROL, Loop
from caravela.vehicle.planner import Answer, InlinePlanner, ModelProcess, Planner
from caravela.vehicle.profiles import assisted_profile, r157

CRUISE = 15.0  # m/s
ONSET = 20  # tick at which things go wrong
LAST = 320  # tick at which a case ends: 32 s
REACTION_TICKS = 20  # from a direct control alert until an attentive driver takes over
GRIP = (-1.0, 0.005)  # m/s^2 and 1/m that such a driver then asks for
DEADLINE_S = 1.0  # s that the model has: time is the case's own, and a busy machine must not add a fault
DRIVER, ENTITY = Person("Ana Sousa"), Entity("Caravela Motors Ltd")


class CruisePolicy:
    """Keeps its speed, straight on; may hang from a look on."""

    name = "cruise"

    def __init__(self, *, hangs_after: int | None = None) -> None:
        self._looks, self._hangs_after = 0, hangs_after

    def reset(self, batch: int) -> None:
        """There is no past."""

    def plan(self, observation: Observation) -> Plan:
        """The same plan, always."""
        self._looks += 1
        if self._hangs_after is not None and self._looks > self._hangs_after:
            time.sleep(3600.0)
        knots = np.zeros((observation.batch, PROPOSALS, KNOTS, 2), np.float32)
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        values, batch = np.zeros((observation.batch, PROPOSALS), np.float32), observation.batch
        return Plan(trajectories, speeds, knots, values, np.zeros(batch, np.int64), np.full(batch, 0.1, np.float32))


def small_rig() -> Rig:
    """The policy's cameras with few pixels: what is rehearsed does not look at the scene."""
    return Rig(tuple(replace(camera, width=32, height=24) for camera in policy_rig().cameras))


class Plain:
    """A car on an empty plain: point kinematics, noise for pictures."""

    def __init__(self, rig: Rig, *, speed: float = CRUISE, seed: int = 0) -> None:
        self.speed = speed
        self._random, self._rig = np.random.default_rng(seed), rig

    def look(self, t_us: int) -> Observation:
        """What is seen now."""
        shape = (1, 3, len(self._rig.cameras), self._rig.height, self._rig.width, 3)
        return Observation(
            t_us=np.array([t_us], np.int64),
            images=self._random.integers(0, 256, shape, dtype=np.uint8),
            speed=np.array([self.speed], np.float32),
            yaw_rate=np.zeros(1, np.float32),
            route=np.zeros((1, ROUTE_POINTS, 2), np.float32),
            has_route=np.zeros(1, np.bool_),
            words=("",),
        )

    def move(self, acceleration: float) -> None:
        """A tick passes."""
        self.speed = max(self.speed + acceleration * STEP_S, 0.0)


Spoil = Callable[[Observation], Observation | None]


@dataclass(frozen=True)
class Injection:
    """A fault that is put in."""

    name: str
    fault: Fault  # by which it should be named
    ticks: int | None = None  # how long it lasts; None: for good
    spoil: Spoil = lambda observation: observation
    spoil_plan: Callable[[Plan], Plan] = lambda plan: plan
    clock_jump_us: int = 0  # at every tick of it
    process: str = ""  # "kill" or "hang": the model runs in a process of its own and meets this
    freezes: bool = False  # the loop itself stops, and the watchdog acts

    @property
    def hiccup(self) -> bool:
        """Whether it is over before it is severe."""
        return self.ticks is not None and self.ticks <= RIDE_OUT[self.fault]


def _late(observation: Observation) -> Observation:
    return replace(observation, t_us=observation.t_us - 600_000)


def _stuck(kept: list[np.ndarray], observation: Observation) -> Observation:
    """The left camera repeats the first picture that it took."""
    kept.append(observation.images[0, 0, 2].copy())
    images = observation.images.copy()
    images[0, 0, 2] = kept[0]
    return replace(observation, images=images)


def _blind(observation: Observation) -> Observation:
    images = observation.images.copy()
    images[0, :, 0] = 0
    return replace(observation, images=images)


def _by_turns(looks: Iterator[int], spoils: tuple[Spoil, ...], observation: Observation) -> Observation | None:
    """Another fault at every tick: none of them lasts, and no picture is good."""
    return spoils[next(looks) % len(spoils)](observation)


def _nan_speed(observation: Observation) -> Observation:
    return replace(observation, speed=np.full(1, np.nan, np.float32))


def _other_rig(observation: Observation) -> Observation:
    return replace(observation, images=observation.images[:, :, :3])


def _nan_plan(plan: Plan) -> Plan:
    return replace(plan, knots=np.full_like(plan.knots, np.nan))


def _wild_plan(plan: Plan) -> Plan:
    return replace(plan, knots=np.full_like(plan.knots, 50.0))


def injections() -> Iterator[Injection]:
    """All that is rehearsed."""
    yield Injection("one frame missing", Fault.FRAME_MISSING, ticks=1, spoil=lambda _: None)
    yield Injection("no frames any more", Fault.FRAME_MISSING, spoil=lambda _: None)
    yield Injection("one frame late", Fault.FRAME_LATE, ticks=1, spoil=_late)
    yield Injection("frames late by 0.6 s", Fault.FRAME_LATE, spoil=_late)
    mixed: tuple[Spoil, ...] = (_late, lambda _: None)
    yield Injection("frames late and missing by turns", Fault.PLAN_TOO_OLD, spoil=partial(_by_turns, itertools.count(), mixed))
    mixed = (_nan_speed, _nan_speed, lambda _: None, lambda _: None, lambda _: None)
    yield Injection("speed NaN and frames missing by turns", Fault.PLAN_TOO_OLD, spoil=partial(_by_turns, itertools.count(), mixed))
    yield Injection("a camera stuck", Fault.CAMERA_STUCK, spoil=partial(_stuck, []))
    yield Injection("a camera black", Fault.CAMERA_BLIND, spoil=_blind)
    yield Injection("speed is NaN", Fault.INPUT_INVALID, spoil=_nan_speed)
    yield Injection("pictures of another rig", Fault.INPUT_INVALID, spoil=_other_rig)
    yield Injection("one plan of NaN", Fault.PLAN_NOT_FINITE, ticks=1, spoil_plan=_nan_plan)
    yield Injection("plans of NaN", Fault.PLAN_NOT_FINITE, spoil_plan=_nan_plan)
    yield Injection("plans of 50 m/s²", Fault.PLAN_OUT_OF_RANGE, spoil_plan=_wild_plan)
    yield Injection("the model hangs", Fault.PLAN_LATE, process="hang")
    yield Injection("the model is killed", Fault.MODEL_DEAD, process="kill")
    yield Injection("the clock jumps 1 h ahead", Fault.CLOCK_JUMPED, ticks=1, clock_jump_us=3_600_000_000)
    yield Injection("the clock jumps 1 h back", Fault.CLOCK_JUMPED, ticks=1, clock_jump_us=-3_600_000_000)
    yield Injection("the clock will not settle", Fault.CLOCK_JUMPED, clock_jump_us=700_000)
    yield Injection("the loop freezes", Fault.HEARTBEAT_LOST, freezes=True)
    yield Injection("the loop freezes for 3 s", Fault.HEARTBEAT_LOST, ticks=30, freezes=True)


@dataclass(frozen=True)
class Outcome:
    """What came of a fault in a mode."""

    injection: str
    mode: Mode
    driver: str
    named: tuple[Fault, ...]  # first to last
    ticks_to_name: int | None
    alerts: tuple[Alert, ...]
    end_mode: Mode
    end_author: Author
    hazards: bool
    stopped_after: float | None  # s from the onset to standstill; None where it drove on
    deceleration: float  # m/s^2, most that was asked for
    responsible: str  # at the end
    right: bool  # named, and the end is the one that the mode wants


class _Spoiled:
    """A planner whose plans are spoilt on the way."""

    def __init__(self, planner: Planner) -> None:
        self.spoil: Callable[[Plan], Plan] | None = None
        self.inner = planner
        self.restart, self.close = planner.restart, planner.close

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        answer = self.inner.ask(observation, deadline_s=deadline_s)
        return answer if self.spoil is None or answer.plan is None else replace(answer, plan=self.spoil(answer.plan))


class Case:
    """One injection in one mode, tick by tick, in a time of its own."""

    def __init__(self, injection: Injection, mode: Mode, *, attentive: bool, profile: str) -> None:
        self.injection, self.mode, self.attentive = injection, mode, attentive
        rules = Rules(assisted_profile(profile), r157(), ENTITY)
        starts: dict[Mode, Conduct] = {Mode.MANUAL: Manual(DRIVER), Mode.L2: Assisted(DRIVER), Mode.L4: Automated(ENTITY)}
        away = () if attentive else ((ONSET * STEP_S, math.inf),)
        self._seat = SimulatedDriver(hands_off=away, eyes_away=away)
        self._planner, rig = _Spoiled(self._model()), small_rig()
        self._loop = Loop(parked(starts[mode]), rules=rules, planner=self._planner, monitor=self._seat, rig=rig, deadline_s=DEADLINE_S)
        self._watchdog = Watchdog(deceleration=rules.automated.manoeuvre_deceleration)
        self._plain = Plain(rig)
        self._jumped_us = 0
        self._told: int | None = None  # tick of the first direct control alert
        self.named: dict[Fault, int] = {}  # faults, with the tick at which they were first named
        self.alerts: list[Alert] = []
        self.commands: list[Commands] = []
        self.stopped: int | None = None  # tick

    def run(self) -> Outcome:
        """All of it."""
        try:
            for number in range(LAST):
                self._tick(number, present=number >= ONSET and number < ONSET + (self.injection.ticks or LAST))
            return self._outcome()
        finally:
            self._planner.close()

    def _model(self) -> Planner:
        if not self.injection.process:
            return InlinePlanner(CruisePolicy())
        return ModelProcess(partial(CruisePolicy, hangs_after=ONSET if self.injection.process == "hang" else None))

    def _tick(self, number: int, *, present: bool) -> None:
        steady_us, frozen = number * STEP_US, present and self.injection.freezes
        if not frozen:
            tick = self._loop.tick(
                self._observation(number, steady_us, present=present),
                now_us=steady_us + self._jumped_us,
                steady_us=steady_us,
                happenings=self._driver_acts(number, steady_us),
                reported=() if self._watchdog.fault is None else (self._watchdog.fault,),
            )
            self._watchdog.beat(tick.commands, self._loop.path, steady_us=steady_us)
            self._name(tick.faults, number)
        controls = GRIP if self.mode is Mode.L2 and self._answers(number) else NO_CONTROL
        seat = self._seat.look(steady_us)
        commands = self._watchdog.commands(steady_us=steady_us, speed=self._plain.speed, driver=controls, seat=seat)
        assert commands is not None
        if self._watchdog.fault is not None:
            self._name((self._watchdog.fault,), number)
        if commands.alert is not Alert.NONE and commands.alert not in self.alerts:
            self.alerts.append(commands.alert)
        if commands.alert is Alert.DIRECT_CONTROL and self._told is None:
            self._told = number
        self.commands.append(commands)
        if commands.author is not Author.DRIVER:
            self._plain.move(commands.acceleration)
        if self._plain.speed < STANDSTILL and self.stopped is None:
            self.stopped = number

    def _observation(self, number: int, steady_us: int, *, present: bool) -> Observation | None:
        """What comes in, spoilt while the fault is present."""
        if present and number == ONSET and isinstance(self._planner.inner, ModelProcess) and self.injection.process == "kill":
            os.kill(self._planner.inner.pid, signal.SIGKILL)
        self._jumped_us += self.injection.clock_jump_us if present else 0
        self._planner.spoil = self.injection.spoil_plan if present else None
        observation = self._plain.look(steady_us + self._jumped_us)
        return self.injection.spoil(observation) if present else observation

    def _driver_acts(self, number: int, steady_us: int) -> tuple[TakeOver, ...]:
        acts = self._answers(number) or self._watchdog.taken_by is not None
        return (TakeOver(steady_us, DRIVER),) if acts and self._loop.car.mode is Mode.L2 else ()

    def _answers(self, number: int) -> bool:
        """Whether a driver who attends has heard the alert."""
        return self.attentive and self._told is not None and number - self._told >= REACTION_TICKS

    def _name(self, faults: Iterable[Fault], number: int) -> None:
        for fault in sorted(faults):
            self.named.setdefault(fault, number)

    def _outcome(self) -> Outcome:
        last = self.commands[-1]
        named = self.named.get(self.injection.fault)
        return Outcome(
            injection=self.injection.name,
            mode=self.mode,
            driver="" if self.mode is not Mode.L2 else "answers" if self.attentive else "does not answer",
            named=tuple(self.named),
            ticks_to_name=None if named is None else named - ONSET,
            alerts=tuple(self.alerts),
            end_mode=last.mode,
            end_author=last.author,
            hazards=last.hazards,
            stopped_after=None if self.stopped is None else round((self.stopped - ONSET) * STEP_S, 1),
            deceleration=round(self._braked(), 2),
            responsible=f"{last.responsible.name}, {last.responsible.role}",
            right=named is not None and self._ended_right(last),
        )

    def _braked(self) -> float:
        """The most that was asked for before standstill, m/s^2."""
        return max(0.0, *(-commands.acceleration for commands in self.commands[: self.stopped]))

    def _ended_right(self, last: Commands) -> bool:
        """Whether it ended as the mode wants it."""
        if self._braked() > r157().deceleration_limit:
            return False
        if self.mode is Mode.MANUAL:
            return last.mode is Mode.MANUAL and last.author is Author.DRIVER
        if self.injection.hiccup:  # it is ridden out
            return last.mode is self.mode and last.author is Author.NETWORK and self.stopped is None
        if self.mode is Mode.L2 and self.attentive:
            return last.mode is Mode.MANUAL and last.author is Author.DRIVER and Alert.DIRECT_CONTROL in self.alerts
        stands = self.stopped is not None and last.hazards and last.author in (Author.HOLD, Author.STOP_PATH)
        return stands and isinstance(last.responsible, Person) == (self.mode is Mode.L2)


def rehearse(injection: Injection, mode: Mode, *, attentive: bool = False, profile: str = "unece-r171") -> Outcome:
    """Put a fault into the loop in `mode`. An `attentive` driver takes over 2 s after a direct control alert; another one has hands
    and eyes elsewhere from the onset on."""
    return Case(injection, mode, attentive=attentive, profile=profile).run()


def rehearse_all(profile: str = "unece-r171") -> Iterator[Outcome]:
    """Every injection in every mode; at L2 with a driver who answers and, where the fault lasts, with one who does not."""
    for injection in injections():
        for mode in Mode:
            yield rehearse(injection, mode, attentive=True, profile=profile)
            if mode is Mode.L2 and not injection.hiccup:
                yield rehearse(injection, mode, attentive=False, profile=profile)
