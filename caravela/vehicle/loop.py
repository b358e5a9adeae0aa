"""The car's loop, one tick at 10 Hz: check what came in, ask the model behind its deadline, let the mode machine judge, and give
the actuators their command. What it may see of the world is an `Observation`; so the simulator, a world model, a log and real
cameras all drive it alike. It has no clock of its own: both clocks are arguments."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from caravela.core.modes import Author, Fault, Mode
from caravela.core.responsibility import Ledger
from caravela.core.types import ACTUATION_LEAD_S, KNOTS, PLAN_STEP_S, PLAN_STEPS, Control, Observation, Plan, Rig
from caravela.core.units import STEP_S
from caravela.vehicle.actuation import HOLD_BRAKE, Commands, LateralLimit
from caravela.vehicle.attention import DriverMonitor
from caravela.vehicle.conduct import (
    STANDSTILL,
    Automated,
    Car,
    Demands,
    Domain,
    DomainSeen,
    FaultCleared,
    FaultFound,
    Happening,
    Note,
    NoteKind,
    Rules,
    Sample,
)
from caravela.vehicle.domain import DomainMonitor
from caravela.vehicle.health import PLAN_AGE_TICKS, FaultCounter, InputCheck, plan_faults
from caravela.vehicle.modes import demands_of, step
from caravela.vehicle.planner import Answer, Planner
from caravela.vehicle.stop_path import StopPath, reckoned

DEADLINE_S = 0.08  # s that the model has of a tick
NO_CONTROL = (0.0, 0.0)
CAMERA_FAULTS = frozenset((Fault.CAMERA_STUCK, Fault.CAMERA_BLIND))
HUNG_TICKS = 50  # late answers in a row after which the model counts as hung, and is started anew
RESTART_TICKS = 100  # ticks that a new model process is given before the next attempt


@dataclass(frozen=True)
class Tick:
    """All that a tick brought."""

    number: int
    steady_us: int
    now_us: int
    car: Car
    commands: Commands
    faults: frozenset[Fault]  # of this tick, ridden out or not
    details: dict[Fault, str]
    notes: tuple[Note, ...]
    observation: Observation | None
    answer: Answer
    speed: float  # m/s, newest that is known

    @property
    def plan(self) -> Plan | None:
        return self.answer.plan


class Loop:
    """Runs a car. `on_tick` gets every tick, after its command is given."""

    def __init__(
        self,
        car: Car,
        *,
        rules: Rules,
        planner: Planner,
        monitor: DriverMonitor,
        rig: Rig,
        deadline_s: float = DEADLINE_S,
        on_tick: Callable[[Tick], None] = lambda tick: None,
    ) -> None:
        self.car, self.rules = car if isinstance(car.conduct, Automated) else replace(car, domain=Domain.UNKNOWN), rules
        self.ledger = Ledger(car.responsible, mode=car.mode, t_us=car.t_us)
        self.path = StopPath()
        self._planner, self._monitor, self._deadline_s, self._on_tick = planner, monitor, deadline_s, on_tick
        self._inputs, self._counter = InputCheck(rig), FaultCounter()
        self._domain = DomainMonitor(rules.automated, domain=self.car.domain)
        self._lateral = LateralLimit(rules.assisted)
        self._plan: Plan | None = None  # newest good one
        self._age = 0  # ticks since it was made
        self._speed, self._acceleration = 0.0, 0.0  # m/s, m/s^2 asked for last
        self._number, self._restarted = 0, -RESTART_TICKS
        self._late = 0  # answers in a row that did not come in time

    def tick(
        self,
        observation: Observation | None,
        *,
        now_us: int,
        steady_us: int,
        happenings: Sequence[Happening] = (),
        driver: tuple[float, float] = NO_CONTROL,
        reported: Iterable[Fault] = (),
    ) -> Tick:
        """One tick.

        Args:
            observation: batch 1; None where none came.
            now_us: the clock that stamps pictures, µs.
            steady_us: a clock that nobody sets, µs; the mode machine runs on it.
            happenings: what people did since the last tick.
            driver: acceleration m/s^2 and curvature 1/m that the driver's own controls ask for.
            reported: faults that others found: the watchdog's.
        """
        faults = {*reported, *self._inputs(observation, now_us=now_us, steady_us=steady_us)}
        if observation is not None and Fault.INPUT_INVALID not in faults:
            self._speed = max(float(observation.speed[0]), 0.0)
        else:
            self._speed = reckoned(self._speed, asked=self._acceleration)
        self.path.move(self._speed)
        answer = self._ask(None if faults & {Fault.INPUT_INVALID, Fault.FRAME_LATE} else observation, faults)
        if self._age > PLAN_AGE_TICKS:
            faults.add(Fault.PLAN_TOO_OLD)
        notes = list(self._judge(faults, answer, steady_us, happenings))
        demands = demands_of(self.car, self.rules)
        commands = self._commands(demands, driver)
        self._acceleration = commands.acceleration
        self.ledger.note(self.car.responsible, mode=self.car.mode, t_us=steady_us)
        tick = Tick(
            self._number,
            steady_us,
            now_us,
            self.car,
            commands,
            frozenset(faults),
            dict(self._inputs.detail),
            tuple(notes),
            observation,
            answer,
            self._speed,
        )
        self._number += 1
        self._on_tick(tick)
        return tick

    def _ask(self, observation: Observation | None, faults: set[Fault]) -> Answer:
        """A plan, checked; adds what is wrong to `faults`. A good plan becomes the one that is ridden out on."""
        self._age += 1
        if observation is None:
            return Answer(None)
        answer = self._planner.ask(observation, deadline_s=self._deadline_s)
        self._late = 0 if answer.plan is not None else self._late + 1
        if answer.plan is None:
            faults.add(Fault.PLAN_LATE if answer.alive else Fault.MODEL_DEAD)
            hopeless = not answer.alive or self._late >= HUNG_TICKS
            if hopeless and self._number - self._restarted >= RESTART_TICKS:
                self._restarted = self._number
                self._planner.restart()
            return answer
        if wrong := plan_faults(answer.plan):
            faults |= wrong
            return answer
        self._plan, self._age = answer.plan, 0
        self.path.keep(answer.plan)
        return answer

    def _judge(self, faults: set[Fault], answer: Answer, t_us: int, happenings: Iterable[Happening]) -> Iterable[Note]:
        """Let the mode machine take in all that happened; yields its notes."""
        severe, over = self._counter(faults)
        for fault in sorted(faults - severe - self.car.faults):
            yield Note(NoteKind.FAULT, f"{fault}, ridden out{_said(self._inputs.detail.get(fault, ''))}")
        told = float(answer.plan.risk[0]) if answer.plan is not None and self._age == 0 else math.nan
        lasting = severe | (self.car.faults - over)  # a fault of a tick or two is ridden out, here too
        domain, why = self._domain.see(told if math.isfinite(told) else None, blind=bool(lasting & CAMERA_FAULTS))
        events: list[Happening] = [Sample(t_us, self._speed, self._monitor.look(t_us))]
        events += [FaultFound(t_us, fault) for fault in sorted(severe)] + [FaultCleared(t_us, fault) for fault in sorted(over)]
        if domain is not self.car.domain:
            events.append(DomainSeen(t_us, domain, why))
        for event in (*events, *happenings):
            self.car, demands = step(self.car, event, rules=self.rules)
            yield from demands.notes

    def _commands(self, demands: Demands, driver: tuple[float, float]) -> Commands:
        match demands.author:
            case Author.DRIVER:
                acceleration, curvature = driver
            case Author.HOLD:
                acceleration, curvature = HOLD_BRAKE, 0.0
            case Author.STOP_PATH:
                acceleration, curvature = self.path.control(speed=self._speed, deceleration=demands.deceleration)
                if self._speed < STANDSTILL:
                    acceleration = HOLD_BRAKE
            case Author.NETWORK:
                acceleration, curvature = self._network()
                if self.car.mode is Mode.L2:
                    curvature = self._lateral(curvature, speed=self._speed)
        if demands.author is not Author.STOP_PATH:
            self.path.rest(acceleration)
        if not (demands.author is Author.NETWORK and self.car.mode is Mode.L2):
            self._lateral.follow(curvature, speed=self._speed)
        return Commands(acceleration, curvature, demands.author, self.car.mode, self.car.responsible, demands.alert, demands.hazards)

    def _network(self) -> tuple[float, float]:
        """What the newest good plan asks for now; gentle braking along the stop path where there was none yet."""
        if self._plan is None:
            return self.path.control(speed=self._speed, deceleration=self.rules.assisted.failure_deceleration)
        control = control_of(self._plan, age_s=self._age * STEP_S)
        return float(control.acceleration[0]), float(control.curvature[0])


def control_of(plan: Plan, *, age_s: float = 0.0) -> Control:
    """What a plan that was made `age_s` ago asks of the actuators now; at age 0 it is `plan.control()`."""
    if age_s == 0.0:
        return plan.control()
    knots = plan.knots[np.arange(len(plan.chosen)), plan.chosen]  # (B, KNOTS, 2)
    position = min((age_s + ACTUATION_LEAD_S) / (PLAN_STEPS * PLAN_STEP_S / KNOTS), KNOTS - 1.0)
    low = min(int(position), KNOTS - 2)
    share = position - low
    ahead = (1.0 - share) * knots[:, low] + share * knots[:, low + 1]
    return Control(acceleration=ahead[:, 0], curvature=ahead[:, 1])


def _said(detail: str) -> str:
    return f" ({detail})" if detail else ""


def as_control(commands: Commands) -> Control:
    """Commands as a world takes them, batch 1."""
    return Control(np.array([commands.acceleration], np.float32), np.array([commands.curvature], np.float32))


def with_words(observation: Observation, words: str) -> Observation:
    """The same observation, with what was said to the car."""
    return replace(observation, words=(words,) * observation.batch)
