"""Trials of the mode machine that yield one number each: how long until a request, how hard a stop, how long a lock-out. A trial runs
the machine at 10 Hz with a driver who looks away between two ticks, at several instants, and keeps the worst. What can only hold or
not is 1 or 0."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from caravela.core.kinematics import integrate
from caravela.core.modes import Alert, Author, Fault, Mode, Phase
from caravela.core.responsibility import Entity, Person
from caravela.core.types import KNOTS, Plan
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.actuation import LateralLimit
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import (
    Automated,
    Car,
    Demands,
    Domain,
    DomainSeen,
    Engage,
    FaultFound,
    Happening,
    Manual,
    Release,
    Rules,
    Sample,
    TakeOver,
    parked,
)
from caravela.vehicle.modes import demands_of, step
from caravela.vehicle.profiles import AssistedProfile, assisted_profile, r157
from caravela.vehicle.stop_path import StopPath

DRIVER, ENTITY = Person("Ana Sousa"), Entity("Caravela Motors Ltd")
AWAY = DriverState(hands_on=False, eyes_on=False)
SPEED = 15.0  # m/s
OFFSETS_US = (1, 25_000, 50_000, 75_000, 99_999)  # after a tick, when the driver looks away
PLANNED = (2.0, 3.5, 5.0, 6.0, 8.0)  # m/s^2 that plans brake at which the stop path is tried with
PATIENCE_S = 90.0  # s after which a measurement gives up


class Road:
    """The mode machine on a straight road, tick by tick."""

    def __init__(self, rules: Rules, conduct: Manual | Automated = Manual(DRIVER)) -> None:
        self.rules, self.car = rules, parked(conduct)
        self.demands: Demands = demands_of(self.car, rules)
        self.tick(DriverState())

    def does(self, *happenings: Happening) -> "Road":
        """Something happens now."""
        for happening in happenings:
            self.car, self.demands = step(self.car, happening, rules=self.rules)
        return self

    def tick(self, driver: DriverState, *, speed: float = SPEED) -> "Road":
        """A tick passes."""
        return self.does(Sample(self.car.t_us + STEP_US, speed, driver))

    def engage(self, mode: Mode) -> "Road":
        """The driver presses the button, and a second passes."""
        self.does(Engage(self.car.t_us, mode, DRIVER))
        for _ in range(10):
            self.tick(DriverState())
        assert self.car.mode is mode, self.demands.notes
        return self

    def until(self, reached: Callable[[Car, Demands], bool], driver: Callable[[int], DriverState], *, speed: float = SPEED) -> int:
        """Tick until `reached`; the time then, µs. `driver` gives the driver's state at a time."""
        for _ in range(round(PATIENCE_S / STEP_S)):
            self.tick(driver(self.car.t_us + STEP_US), speed=speed)
            if reached(self.car, self.demands):
                return self.car.t_us
        return self.car.t_us + round(1e6 * PATIENCE_S)


def rules_of(profile: str) -> Rules:
    return Rules(assisted_profile(profile), r157(), ENTITY)


def alert_delay(profile: str, to: Alert, *, since: Alert | None = None, hands: bool = False, glances: bool = False) -> float:
    """Longest time, s, until the alert `to`: since the driver looked away (or took the hands off), or since the alert `since`.
    With `glances` the driver looks back for one tick each second."""
    worst = 0.0
    for offset in OFFSETS_US:
        road = Road(rules_of(profile)).engage(Mode.L2)
        away_us = road.car.t_us + offset

        def driver(t_us: int, away_us: int = away_us) -> DriverState:
            on = t_us < away_us or (glances and (t_us // STEP_US) % 10 == 0)
            return DriverState(hands_on=on or not hands, eyes_on=on or hands)

        from_us = away_us if since is None else road.until(lambda car, demands: demands.alert is since, driver)
        to_us = road.until(lambda car, demands: demands.alert is to, driver)
        worst = max(worst, (to_us - from_us) * 1e-6)
    return worst


def response_delay(profile: str, *, first: Alert, hands: bool = False) -> float:
    """Longest time, s, from the first escalated request `first` to the unavailability response."""
    return alert_delay(profile, Alert.UNAVAILABLE, since=first, hands=hands)


def re_engagement(profile: str) -> float:
    """Shortest look back, s, that ends a lapse: tried tick by tick."""
    for ticks in range(1, 20):
        road = Road(rules_of(profile)).engage(Mode.L2)
        road.until(lambda car, demands: demands.alert is Alert.EYES_ON, lambda t_us: DriverState(eyes_on=False))
        for _ in range(ticks):
            road.tick(DriverState())
        if road.tick(DriverState(eyes_on=False)).demands.alert is Alert.NONE:
            return (ticks - 1) * STEP_S  # the time between the first and the last sample that saw it
    return 0.0


def lock_out(profile: str, *, responses: int) -> float:
    """How long, s, L2 stays locked after so many unavailability responses; a day where it did not open within one."""
    road = Road(rules_of(profile))
    for _ in range(responses):
        road.engage(Mode.L2)
        road.until(lambda car, demands: demands.author is Author.STOP_PATH, lambda t_us: AWAY)
        road.tick(AWAY, speed=0.0).tick(DriverState(), speed=0.0).does(TakeOver(road.car.t_us, DRIVER))
    begun_us = road.car.t_us
    for minute in range(24 * 60):
        tried = Road(road.rules)
        tried.car = road.car
        tried.does(Engage(begun_us + minute * 60_000_000, Mode.L2, DRIVER))
        if tried.car.mode is Mode.L2:
            return minute * 60.0
    return 24 * 3600.0


def escalation_lock_out(profile: str, *, times: int) -> float:
    """1 where L2 is locked after so many escalated requests within half an hour, and not before."""
    road = Road(rules_of(profile)).engage(Mode.L2)
    for _ in range(times):
        if _locked(road.car):
            return 0.0
        road.until(lambda car, demands: demands.alert is Alert.EYES_ON_ESCALATED, lambda t_us: DriverState(eyes_on=False))
        for _ in range(100):
            road.tick(DriverState())
    return float(_locked(road.car))


def _locked(car: Car) -> bool:
    return car.locked or (car.locked_until_us is not None and car.t_us < car.locked_until_us)


def lateral(profile: AssistedProfile, *, jerk: bool) -> float:
    """Largest lateral acceleration m/s^2, or its change a second, that passes the limiter while the plan swings from lock to lock."""
    limit, before, worst = LateralLimit(profile), 0.0, 0.0
    for tick in range(200):
        now = limit(0.2 if (tick // 25) % 2 else -0.2, speed=SPEED) * SPEED**2
        worst = max(worst, abs(now - before) / STEP_S if jerk else abs(now))
        before = now
    return worst


def help_stays_until_a_hand_is_there(profile: str) -> float:
    """1 where steering help goes on when the driver switches off with no hand on the wheel, and ends when one is there."""
    road = Road(rules_of(profile)).engage(Mode.L2).tick(DriverState(hands_on=False))
    road.does(TakeOver(road.car.t_us, DRIVER)).tick(DriverState(hands_on=False))
    held = road.car.mode is Mode.L2 and road.demands.alert is Alert.DIRECT_CONTROL
    return float(held and road.tick(DriverState()).car.mode is Mode.MANUAL)


def engaging_is_refused(profile: str) -> float:
    """1 where L2 is refused with an empty seat, hands or eyes away, or a fault."""
    prepared: tuple[Happening, ...] = (
        Sample(0, SPEED, DriverState(seated=False)),
        Sample(0, SPEED, DriverState(hands_on=False)),
        Sample(0, SPEED, DriverState(eyes_on=False)),
        FaultFound(0, Fault.CAMERA_BLIND),
    )
    cars = [Road(rules_of(profile)).does(event, Engage(0, Mode.L2, DRIVER)).car for event in prepared]
    return float(all(car.mode is Mode.MANUAL for car in cars))


def offer_escalation() -> float:
    """Time, s, from an offer to take over at L4, to which nobody answers, until it is escalated."""
    return _offer_delay(lambda car, demands: demands.alert is Alert.TAKE_OVER_OFFER_ESCALATED)


def offer_patience() -> float:
    """Time, s, from an offer to take over at L4, to which nobody answers, until the manoeuvre."""
    return _offer_delay(lambda car, demands: demands.author is Author.STOP_PATH)


def _offer_delay(to: Callable[[Car, Demands], bool]) -> float:
    road = Road(rules_of("unece-r171")).engage(Mode.L4)
    begun_us = road.does(DomainSeen(road.car.t_us, Domain.ENDING)).car.t_us
    return (road.until(to, lambda t_us: DriverState()) - begun_us) * 1e-6


def _failed_at_l4() -> Road:
    road = Road(rules_of("unece-r171")).engage(Mode.L4)
    return road.does(FaultFound(road.car.t_us, Fault.MODEL_DEAD))


def manoeuvre_delay() -> float:
    """Time, s, from a severe failure at L4 to the manoeuvre."""
    road = _failed_at_l4()
    return 0.0 if road.demands.author is Author.STOP_PATH else PATIENCE_S


def hazards_delay() -> float:
    """Time, s, from the start of the manoeuvre to the hazard lights."""
    return 0.0 if _failed_at_l4().demands.hazards else PATIENCE_S


def hardest_stop() -> float:
    """Largest deceleration, m/s^2, that the stop path asks for from 1 to 40 m/s, whatever the last good plan was braking for."""
    hardest = 0.0
    for start in range(1, 41):
        for planned in (0.0, *PLANNED):
            path, speed, deceleration = StopPath(), float(start), r157().manoeuvre_deceleration
            path.keep(braking_plan(planned, speed=speed))
            path.rest(-planned)
            while speed > 0.01:
                acceleration, _ = path.control(speed=speed, deceleration=deceleration)
                path.move(speed)
                hardest, speed = max(hardest, -acceleration), max(speed + acceleration * STEP_S, 0.0)
    return hardest


def braking_plan(deceleration: float, *, speed: float) -> Plan:
    """A plan that brakes straight on at `deceleration`, m/s^2, from `speed`, m/s."""
    knots = np.zeros((1, 1, KNOTS, 2), np.float32)
    knots[..., 0] = -deceleration
    trajectories, speeds = integrate(knots, speed=np.full((1, 1), speed, np.float32))
    return Plan(trajectories, speeds, knots, np.zeros((1, 1), np.float32), np.zeros(1, np.int64), np.zeros(1, np.float32))


def standstill() -> float:
    """1 where the manoeuvre goes on to standstill and into the minimal-risk condition."""
    road = _failed_at_l4()
    for speed in (12.0, 6.0, 1.0):
        if road.tick(DriverState(), speed=speed).demands.author is not Author.STOP_PATH:
            return 0.0
    conduct = road.tick(DriverState(), speed=0.0).car.conduct
    return float(isinstance(conduct, Automated) and conduct.phase is Phase.STOPPED)


def stays() -> float:
    """1 where a car in minimal-risk condition stays for an hour, hazard lights on, though all faults are gone."""
    road = _failed_at_l4().tick(DriverState(), speed=0.0)
    road.car = replace(road.car, faults=frozenset())
    for _ in range(36_000):
        road.tick(DriverState(), speed=0.0)
        if road.demands.author is not Author.HOLD or not road.demands.hazards:
            return 0.0
    return 1.0


def new_cycle() -> float:
    """1 where L4 cannot be engaged or released after a manoeuvre with a person in the driving seat, until the next run cycle."""
    road = _failed_at_l4().tick(DriverState(), speed=0.0)
    road.car = replace(road.car, faults=frozenset())
    released = road.does(Release(road.car.t_us, DRIVER)).demands.author is Author.NETWORK
    road.does(TakeOver(road.car.t_us, DRIVER), Engage(road.car.t_us, Mode.L4, DRIVER))
    return float(not released and road.car.mode is Mode.MANUAL and Road(road.rules).engage(Mode.L4).car.mode is Mode.L4)
