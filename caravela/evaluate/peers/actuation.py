"""From what a plan asks (m/s^2, 1/m) to MetaDrive's pedal and wheel. Bullet pushes every wheel with engine force times throttle and
brakes it with an impulse a substep, and a car that steers by an angle turns about its rear axle; so both follow from mass, forces and
wheelbase, and `checked` sets that beside what was measured. Nothing here drives: it adds no feedback and no lag."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX, LATERAL_MAX

LEAST_THROTTLE = 0.001  # at 0 MetaDrive brakes a little (0.36 m/s^2): a foot that rests on the pedal rolls freely


@dataclass(frozen=True)
class Car:
    """What makes a motion of a pedal and a wheel."""

    mass: float  # kg
    engine_force: float  # N a wheel at full throttle
    brake_impulse: float  # N s a wheel and substep at full brake
    steering: float  # rad, of the front wheels at full lock
    wheelbase: float  # m
    wheels: int
    substep_s: float

    def pedal(self, acceleration: float) -> float:
        """MetaDrive's throttle (positive) or brake (negative), -1 to 1, for m/s^2."""
        acceleration = float(np.clip(acceleration, *ACCELERATION_RANGE))
        if acceleration >= 0.0:
            return float(np.clip(acceleration * self.mass / (self.wheels * self.engine_force), LEAST_THROTTLE, 1.0))
        return max(-1.0, acceleration * self.mass * self.substep_s / (self.wheels * self.brake_impulse))

    def wheel(self, curvature: float, *, speed: float) -> float:
        """MetaDrive's steering, -1 to 1, left positive, for 1/m, bounded as in a plan: by lock and by lateral acceleration."""
        bound = min(CURVATURE_MAX, LATERAL_MAX / max(speed, 1.0) ** 2)
        angle = math.atan(float(np.clip(curvature, -bound, bound)) * self.wheelbase)
        return float(np.clip(angle / self.steering, -1.0, 1.0))

    def acceleration(self, throttle: float) -> float:
        """m/s^2 that a throttle or brake should give."""
        if throttle >= 0.0:
            return throttle * self.wheels * self.engine_force / self.mass
        return throttle * self.wheels * self.brake_impulse / (self.mass * self.substep_s)

    def curvature(self, steering: float) -> float:
        """1/m that a steering should give, as long as no tyre slips."""
        return math.tan(steering * self.steering) / self.wheelbase


def car_from(said: dict[str, Any]) -> Car:
    """The car that a peer tells of. Raises CaravelaError for one that cannot drive."""
    names = ("mass", "engine_force", "brake_impulse", "steering", "wheelbase", "wheels", "substep_s")
    values = [said.get(name) for name in names]
    if not all(isinstance(value, int | float) and math.isfinite(value) and value > 0 for value in values):
        raise CaravelaError(f"the peer's car is {said}; expected {', '.join(names)}, all above 0.")
    return Car(**{name: said[name] for name in names})


def checked(car: Car, *, pulls: Sequence[Sequence[float]], turns: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What follows from the car beside what was measured: rows [throttle, m/s, m/s^2 expected, measured], [steering, m/s, 1/m expected,
    measured], and of each the largest difference where tyres need not slip (LATERAL_MAX, ACCELERATION_RANGE), as a share of what was
    expected."""
    straight = [[t, v, round(car.acceleration(t), 3), measured] for t, v, measured in pulls]
    bends = [[s, v, round(car.curvature(s), 5), measured] for s, v, measured in turns]
    mild = [row for row in straight if row[0] != 0.0 and ACCELERATION_RANGE[0] <= row[2]]
    gentle = [row for row in bends if abs(row[2]) * row[1] ** 2 <= LATERAL_MAX]
    worst = [max((abs(got - wanted) / max(abs(wanted), 0.05) for _, _, wanted, got in rows), default=None) for rows in (mild, gentle)]
    return {
        "throttle_speed_expected_measured": straight,
        "steering_speed_expected_measured": bends,
        "acceleration_off_by": None if worst[0] is None else round(worst[0], 3),
        "curvature_off_by": None if worst[1] is None else round(worst[1], 3),
    }
