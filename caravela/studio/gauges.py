"""What the gauges of the four domains show: the car's signals by their COVESA VSS names, as far as there is something that says them. A domain
that has more to say adds to the dictionary; the page draws whatever gauge it finds the signal for, and none for what is not there."""

import math

import numpy as np

from caravela.core.units import to_kph
from caravela.studio.drive import Tick
from caravela.world.whole_car import CONDITIONS, WholeCar

SPEED = "Vehicle.Speed"  # km/h
ACCELERATION = "Vehicle.Acceleration.Longitudinal"  # m/s^2
LATERAL = "Vehicle.Acceleration.Lateral"  # m/s^2, left positive
STEERING = "Vehicle.Chassis.Axle.Row1.SteeringAngle"  # degrees, left positive
FRICTION = "Vehicle.ADAS.ESC.RoadFriction.MostProbable"  # percent
# not in VSS
LIMIT = "Vehicle.ADAS.SpeedLimit"  # km/h, of the lane that the car is on
RISK = "Vehicle.ADAS.Plan.Risk"  # 0..1, of a failure in the next seconds, by the critic
ENERGY = "Vehicle.Powertrain.EnergySinceStart"  # Wh
CONSUMPTION = 150.0  # Wh/km by which the range is told
CONDITION = "mild"  # how the simulated powertrain and chassis set out

CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"  # percent
RANGE = "Vehicle.Powertrain.TractionBattery.Range"  # m

Signals = dict[str, float | str | bool | None]


def signals_of(tick: Tick) -> Signals:
    """The signals of a tick. Finite numbers only: JSON has no others."""
    street = tick.street
    signals: Signals = {
        SPEED: round(to_kph(street.speed), 1),
        ACCELERATION: round(street.acceleration, 2),
        LATERAL: round(street.speed**2 * street.curvature, 2),
        STEERING: round(math.degrees(math.atan(street.curvature * street.wheelbase)), 1),
        ENERGY: round(street.energy, 1),
        FRICTION: round(100.0 * street.friction),
    }
    if street.limit is not None:
        signals[LIMIT] = round(to_kph(street.limit), 1)
    if tick.judged and math.isfinite(risk := float(tick.plan.risk[0])):
        signals[RISK] = round(risk, 3)
    return signals


class Body:
    """Powertrain and chassis of the car that drives, kept in account beside it: they say what a drive costs battery, motor and people, and
    hold nothing back. One drive; begin another for the next."""

    def __init__(self) -> None:
        self._car: WholeCar | None = None
        self._speed = 0.0

    def begin(self) -> None:
        """Another drive, with a fresh car."""
        self._car = None

    def signals(self, tick: Tick) -> Signals:
        """What they say after a tick."""
        street = tick.street
        if self._car is None:
            self._car, self._speed = WholeCar([CONDITIONS[CONDITION]], friction=np.array([street.friction])), street.speed
        car = self._car
        lateral = street.speed**2 * street.curvature
        car.move(
            before=np.array([self._speed]),
            after=np.array([street.speed]),
            acceleration=np.array([street.acceleration]),
            lateral=np.array([lateral]),
        )
        self._speed = street.speed
        limits = car.limits(speed=np.array([street.speed]), curvature=np.array([street.curvature]))
        assert car.flow is not None
        signals: Signals = {
            CHARGE: 100.0 * _number(car.state.charge),
            RANGE: _number(car.state.charge) * car.powertrain.capacity / 3600.0 / CONSUMPTION * 1000.0,
            "Vehicle.Powertrain.TractionBattery.CurrentPower": -_number(car.flow.battery),
            "Vehicle.Powertrain.TractionBattery.Temperature.Average": _number(car.state.battery),
            "Vehicle.Powertrain.ElectricMotor.Temperature": _number(car.state.motor),
            "Vehicle.Chassis.Brake.DecelerationLimit": _number(limits.brake),
            "Vehicle.Chassis.MotionSicknessDose": _number(car.dose),
            "Vehicle.Exterior.AirTemperature": _number(car.outside),
        }
        return {path: round(value, 3) for path, value in signals.items() if isinstance(value, float) and math.isfinite(value)}


def _number(column: "np.ndarray") -> float:
    return float(column[0])
