"""A car with a powertrain, a chassis and people in it, for a batch of drives: what it can do of what it is asked for, and what each tick
costs it and them. It stands between a driver and the world: the control is clipped here, the world moves the car, and the tick is accounted
for here. So drives differ only by who planned them. Every figure is that of the simulated car, never an estimate of the planner's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import unknown_name
from caravela.core.types import Control
from caravela.core.units import STEP_S
from caravela.world import chassis, powertrain
from caravela.world.ride_quality import SicknessFilter

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """How a car sets out."""

    name: str
    about: str
    charge: float  # 0..1
    battery: float  # C
    motor: float  # C
    outside: float  # C
    load: float  # kg of people and luggage
    weather: str


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("mild", "a spring day, one person", 0.6, 25.0, 60.0, 18.0, 75.0, "day"),
        Condition("cold", "a cold battery, wet roads, three people", 0.7, 4.0, 15.0, 4.0, 225.0, "rain"),
        Condition("full", "just charged, two people with luggage", 0.96, 25.0, 40.0, 20.0, 190.0, "overcast"),
        Condition("hot", "after a motorway in a heatwave, five people with luggage", 0.5, 51.0, 142.0, 36.0, 450.0, "day"),
    )
}


def condition_named(name: str) -> Condition:
    """A condition by name; CaravelaError with a suggestion for an unknown one."""
    if name not in CONDITIONS:
        raise unknown_name("condition", name, CONDITIONS)
    return CONDITIONS[name]


@dataclass(frozen=True)
class Limits:
    """What the whole car can do now; all (B,)."""

    drive: Array  # m/s^2
    brake: Array  # m/s^2, positive
    curvature: Array  # 1/m
    grip: Array  # m/s^2
    able: powertrain.Able


class WholeCar:
    """One per drive of a batch."""

    def __init__(
        self,
        conditions: Sequence[Condition],
        *,
        friction: Array,
        powertrain_spec: powertrain.PowertrainSpec | None = None,
        chassis_spec: chassis.ChassisSpec | None = None,
    ) -> None:
        """`friction`: (B,) of the road, `weather.FRICTION`."""
        assert len(conditions) == len(friction)
        self.powertrain = powertrain_spec or powertrain.PowertrainSpec()
        self.chassis = chassis_spec or chassis.ChassisSpec()
        self.friction = np.asarray(friction, np.float64)
        self.mass = self.chassis.curb_mass + _column([c.load for c in conditions])
        self.outside = _column([c.outside for c in conditions])
        self.cabin = powertrain.cabin_power(self.outside, self.powertrain)
        self.state = powertrain.PowertrainState(
            *(_column([getattr(c, name) for c in conditions]) for name in ("charge", "battery", "motor"))
        )
        self.energy = np.zeros(len(conditions))  # Wh out of the cells since the start
        self.friction_heat = np.zeros(len(conditions))  # Wh that the discs took
        self.flow: powertrain.Flow | None = None  # of the newest tick
        self._sickness = SicknessFilter((2, len(conditions)))

    @property
    def dose(self) -> Array:
        """(B,) motion-sickness dose so far, m/s^1.5, as the car itself can know it."""
        return np.sqrt(self._sickness.integral.sum(axis=0))

    def limits(self, *, speed: Array, curvature: Array) -> Limits:
        """What can be asked for at (B,) m/s on a bend of (B,) 1/m."""
        speed = np.asarray(speed, np.float64)
        tyres = chassis.reach(self.friction, self.mass, speed=speed, curvature=curvature, spec=self.chassis)
        can = powertrain.able(self.state, speed, self.powertrain, cabin=self.cabin)
        against = powertrain.resistance_force(speed, self.mass, self.powertrain)
        drive = np.minimum((can.drive - against) / (self.powertrain.inertia * self.mass), tyres.traction)
        return Limits(drive, tyres.braking, tyres.curvature, tyres.grip, can)

    def clip(self, control: Control, *, speed: Array, acceleration: Array) -> Control:
        """What actuators, tyres, motor and battery make of a control at (B,) m/s, when (B,) m/s^2 was reached before."""
        bent = control.curvature.astype(np.float64)
        limits = self.limits(speed=speed, curvature=bent)
        wanted = np.clip(control.acceleration.astype(np.float64), -limits.brake, limits.drive)
        reached = chassis.braked(wanted, np.asarray(acceleration, np.float64), self.chassis)
        curvature = np.clip(bent, -limits.curvature, limits.curvature)
        return Control(acceleration=reached.astype(np.float32), curvature=curvature.astype(np.float32))

    def move(self, *, before: Array, after: Array, acceleration: Array, lateral: Array, going: NDArray[np.bool_] | None = None) -> None:
        """Account for a tick that is over.

        Args:
            before, after: (B,) m/s.
            acceleration, lateral: (B,) m/s^2 that people felt.
            going: (B,) whose energy counts; all by default.
        """
        now, then = np.asarray(after, np.float64), np.asarray(before, np.float64)
        self.flow = powertrain.drive(self.state, before=then, after=now, mass=self.mass, outside=self.outside, spec=self.powertrain)
        counted = np.ones(len(now)) if going is None else going.astype(np.float64)
        self.energy += counted * self.flow.battery * STEP_S / 3600.0
        self.friction_heat += counted * self.flow.friction * STEP_S / 3600.0
        self._sickness(np.stack([acceleration, lateral]))


def _column(values: Sequence[float]) -> Array:
    return np.array(values, np.float64)
