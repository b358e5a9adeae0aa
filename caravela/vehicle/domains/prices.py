"""What a plan costs the other three domains, in metres of progress: so that comfort, energy and time can be weighed on one scale. A price
is a weight and no rule: it never says what to do at a light or behind a van, only how much a metre is worth beside a watt-second or a
metre per second squared. Manners that passengers ask for scale the prices, as styles scale the reward's weights in training."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from caravela.core.request import Manner
from caravela.core.types import PLAN_STEP_S
from caravela.core.units import GRAVITY
from caravela.vehicle.domains.reports import ChassisReport, CockpitReport, PowertrainReport

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tariff:
    """Prices of one car, m per unit. Chosen on validation towns (`caravela vehicle domains --maps .cache/maps/validation`)."""

    longitudinal: float = 0.8  # m per (m/s^2)^2 s
    lateral: float = 1.4  # m per (m/s^2)^2 s
    jerk: float = 0.05  # m per (m/s^3)^2 s, along and across
    friction: float = 0.03  # m per kW^2 s that the discs turn into heat
    energy: float = 0.1  # m per kJ out of the battery, what is still in the car's motion credited
    slip: float = 20.0  # m per (m/s^2)^2 s beyond the share of grip that may be planned with
    progress: float = 1.0  # m a metre is worth where nothing seems to stop the car
    speed: float = 1.0  # s: what a m/s at the plan's end is worth, in metres of progress


DRIVETRAIN = 0.90  # efficiency between battery and wheels, either way; the planner's estimate
MOTION = 0.85  # share of kinetic energy that counts as still there
MASS_FACTOR = 1.04  # what turns
DRAG_AREA, AIR, ROLLING = 0.62, 1.2, 0.011  # m^2, kg/m^3, rolling resistance coefficient: the car's own calibration
GRIP_SHARE = 0.6  # of the friction circle that may be planned with
LOW_CHARGE, DEAR = 20.0, 3.0  # percent below which energy costs so many times as much

# what a manner multiplies: comfort (accelerations and jerk), energy, progress
MANNERS: dict[Manner, tuple[float, float, float]] = {
    Manner.PLAIN: (1.0, 1.0, 1.0),
    Manner.GENTLE: (4.0, 1.0, 1.0),
    Manner.BRISK: (0.3, 0.3, 1.0),
    Manner.FRUGAL: (1.5, 4.0, 1.0),
    Manner.CAREFUL: (2.0, 1.0, 0.8),
}
SICK = 3.0  # how many times more comfort is worth where somebody surely feels sick
STOPPING = -1.0  # progress where a stop is asked for: every metre costs what it else earns


@dataclass(frozen=True)
class Shared:
    """What the other domains said, of a batch of cars; all (B,)."""

    known: NDArray[np.bool_]  # all three have spoken lately
    mass: Array  # kg
    grip: Array  # m/s^2
    brake: Array  # m/s^2
    drive_force: Array  # N
    drive_power: Array  # W
    regeneration_force: Array  # N
    regeneration_power: Array  # W
    comfort: Array  # factors on the tariff
    thrift: Array
    progress: Array

    @staticmethod
    def of(reports: list[tuple[CockpitReport | None, PowertrainReport | None, ChassisReport | None]]) -> "Shared":
        """Of the newest reports of each car; where one is missing the car is not known, and its plan stays as it was."""
        rows = []
        for cockpit, powertrain, chassis in reports:
            known = cockpit is not None and powertrain is not None and chassis is not None
            people, power, tyres = cockpit or CockpitReport(), powertrain or PowertrainReport(), chassis or ChassisReport()
            comfort, thrift, progress = MANNERS[Manner(people.manner)]
            comfort *= 1.0 + (SICK - 1.0) * max(people.motion_sick, people.asleep)
            thrift *= DEAR if power.charge < LOW_CHARGE else 1.0
            rows.append(
                (
                    *(known, tyres.weight, tyres.grip, tyres.brake, power.drive_force, power.drive_power),
                    *(power.regeneration_force, power.regeneration_power, comfort, thrift, STOPPING if people.stop else progress),
                )
            )
        table = np.array(rows, np.float64).T
        return Shared(table[0] > 0.5, *table[1:])

    def repeated(self, times: int) -> "Shared":
        """The same batch several times over."""
        return Shared(*(np.tile(getattr(self, each.name), times) for each in fields(self)))

    def each(self, times: int) -> "Shared":
        """Every car of the batch several times in a row."""
        return Shared(*(np.repeat(getattr(self, each.name), times) for each in fields(self)))


@dataclass(frozen=True)
class Course:
    """Plans step by step, (B, ..., N): what each step ends with."""

    speed: Array  # m/s
    acceleration: Array  # m/s^2, held during the step
    curvature: Array  # 1/m at the place that it ends at
    start: Array  # (B,) m/s now


def wheel_power(course: Course, shared: Shared) -> Array:
    """(B, ..., N) W that the wheels need; negative while they give back."""
    extra = (1,) * (course.speed.ndim - 1)
    mass = shared.mass.reshape(-1, *extra)
    before = np.concatenate([np.broadcast_to(course.start.reshape(-1, *extra), (*course.speed.shape[:-1], 1)), course.speed[..., :-1]], -1)
    mean = 0.5 * (before + course.speed)
    inertia = MASS_FACTOR * mass * (np.square(course.speed) - np.square(before)) / (2.0 * PLAN_STEP_S)
    return inertia + (0.5 * AIR * DRAG_AREA * np.square(mean) + ROLLING * mass * GRAVITY * (mean > 0.1)) * mean


def discs(power: Array, speed: Array, shared: Shared) -> Array:
    """(B, ..., N) W that regeneration cannot take and the brakes turn into heat."""
    extra = (1,) * (power.ndim - 1)
    takes = np.minimum(
        shared.regeneration_power.reshape(-1, *extra), shared.regeneration_force.reshape(-1, *extra) * np.maximum(speed, 0.5)
    )
    return np.maximum(-power - takes, 0.0)


def price(course: Course, shared: Shared, tariff: Tariff) -> Array:
    """(B, ...) m: what plans cost, their own progress taken off."""
    extra = (1,) * (course.speed.ndim - 2)
    comfort, thrift, progress, grip, mass, start = (
        value.reshape(-1, *extra) for value in (shared.comfort, shared.thrift, shared.progress, shared.grip, shared.mass, course.start)
    )
    lateral = np.square(course.speed) * course.curvature
    jerk = np.square(np.diff(course.acceleration, axis=-1)) + np.square(np.diff(lateral, axis=-1))
    power = wheel_power(course, shared)
    heat = discs(power, course.speed, shared)
    drawn = np.where(power > 0.0, power / DRIVETRAIN, (power + heat) * DRIVETRAIN)
    kept = MOTION * 0.5 * MASS_FACTOR * mass * (np.square(course.speed[..., -1]) - np.square(start))
    slip = np.maximum(np.hypot(course.acceleration, lateral) - GRIP_SHARE * grip[..., None], 0.0)
    ride = tariff.longitudinal * np.square(course.acceleration) + tariff.lateral * np.square(lateral)
    costs = comfort * (ride.sum(-1) + tariff.jerk * jerk.sum(-1) / PLAN_STEP_S**2) + tariff.slip * np.square(slip).sum(-1)
    costs += thrift * tariff.friction * np.square(heat * 1e-3).sum(-1)
    energy = thrift * tariff.energy * (drawn.sum(-1) * PLAN_STEP_S - kept) * 1e-3
    return costs * PLAN_STEP_S + energy - progress * (course.speed.sum(-1) * PLAN_STEP_S + tariff.speed * course.speed[..., -1])
