"""What the gauges of the four domains show: the car's signals by their COVESA VSS names, as far as there is something that says them. A domain
that has more to say adds to the dictionary; the page draws whatever gauge it finds the signal for, and none for what is not there."""

import math

from caravela.core.units import to_kph
from caravela.studio.driving.drive import Tick

SPEED = "Vehicle.Speed"  # km/h
ACCELERATION = "Vehicle.Acceleration.Longitudinal"  # m/s^2
LATERAL = "Vehicle.Acceleration.Lateral"  # m/s^2, left positive
STEERING = "Vehicle.Chassis.Axle.Row1.SteeringAngle"  # degrees, left positive
FRICTION = "Vehicle.ADAS.ESC.RoadFriction.MostProbable"  # percent
# not in VSS
LIMIT = "Vehicle.ADAS.SpeedLimit"  # km/h, of the lane that the car is on
RISK = "Vehicle.ADAS.Plan.Risk"  # 0..1, of a failure in the next seconds, by the critic

Signals = dict[str, float | str | bool | None]


def signals_of(tick: Tick) -> Signals:
    """The signals of a tick. Finite numbers only: JSON has no others."""
    street = tick.street
    signals: Signals = {
        SPEED: round(to_kph(street.speed), 1),
        ACCELERATION: round(street.acceleration, 2),
        LATERAL: round(street.speed**2 * street.curvature, 2),
        STEERING: round(math.degrees(math.atan(street.curvature * street.wheelbase)), 1),
        FRICTION: round(100.0 * street.friction),
        **tick.body,
    }
    if street.limit is not None:
        signals[LIMIT] = round(to_kph(street.limit), 1)
    if tick.judged and math.isfinite(risk := float(tick.plan.risk[0])):
        signals[RISK] = round(risk, 3)
    return signals
