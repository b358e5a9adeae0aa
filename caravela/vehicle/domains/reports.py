"""What the four domains tell each other: one frozen report a domain, every field a vehicle signal with its COVESA VSS 6 path, unit and
range. What VSS lacks (what a powertrain could still regenerate, what passengers ask of driving) is marked as an overlay."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any

from caravela.core.request import Manner
from caravela.core.signals import Signal, Value


class Domain(StrEnum):
    DRIVING = "driving"
    COCKPIT = "cockpit"
    POWERTRAIN = "powertrain"
    CHASSIS = "chassis"


def vss(
    path: str, start: Value, unit: str = "", low: float = -1e6, high: float = 1e6, *, allowed: tuple[str, ...] = (), overlay: bool = False
) -> Any:
    """A field of a report: a leaf of the tree, with what it holds before anybody has spoken."""
    return field(default=start, metadata={"signal": Signal(path, start, unit, low, high, allowed, overlay)})


@dataclass(frozen=True)
class DrivingReport:
    """What the driver does and means to do."""

    speed_kph: float = vss("Vehicle.Speed", 0.0, "km/h", 0.0, 400.0)
    acceleration: float = vss("Vehicle.Acceleration.Longitudinal", 0.0, "m/s^2", -20.0, 20.0)
    lateral: float = vss("Vehicle.Acceleration.Lateral", 0.0, "m/s^2", -20.0, 20.0)
    yaw_rate_degrees: float = vss("Vehicle.AngularVelocity.Yaw", 0.0, "degrees/s", -720.0, 720.0)
    planned_end_kph: float = vss("Vehicle.ADAS.Plan.EndSpeed", 0.0, "km/h", 0.0, 400.0, overlay=True)  # of the plan, 4 s ahead
    planned_risk: float = vss("Vehicle.ADAS.Plan.Risk", 0.0, "", 0.0, 1.0, overlay=True)


@dataclass(frozen=True)
class CockpitReport:
    """Who is in the car, how they are, and what they ask of driving."""

    manner: str = vss("Vehicle.Cabin.Request.Manner", Manner.PLAIN.value, allowed=tuple(m.value for m in Manner), overlay=True)
    stop: bool = vss("Vehicle.Cabin.Request.Stop", False, overlay=True)
    passenger: str = vss("Vehicle.Cabin.Seat.Row1.PassengerSide.OccupancyStatus", "EMPTY", allowed=("UNKNOWN", "OCCUPIED", "EMPTY"))
    motion_sick: float = vss("Vehicle.Cabin.MotionSickness.Probability", 0.0, "", 0.0, 1.0, overlay=True)  # that somebody feels sick
    asleep: float = vss("Vehicle.Cabin.Sleep.Probability", 0.0, "", 0.0, 1.0, overlay=True)


@dataclass(frozen=True)
class PowertrainReport:
    """How battery and motor are, and what they can do at the present speed."""

    charge: float = vss("Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", 80.0, "percent", 0.0, 100.0)
    battery: float = vss("Vehicle.Powertrain.TractionBattery.Temperature.Average", 20.0, "celsius", -60.0, 120.0)
    voltage: float = vss("Vehicle.Powertrain.TractionBattery.CurrentVoltage", 360.0, "V", 0.0, 1500.0)
    current: float = vss("Vehicle.Powertrain.TractionBattery.CurrentCurrent", 0.0, "A", -2000.0, 2000.0)  # positive into the battery
    power: float = vss("Vehicle.Powertrain.TractionBattery.CurrentPower", 0.0, "W", -1e6, 1e6)  # likewise
    motor: float = vss("Vehicle.Powertrain.ElectricMotor.Temperature", 40.0, "celsius", -60.0, 300.0)
    torque: float = vss("Vehicle.Powertrain.ElectricMotor.Torque", 0.0, "Nm", -2000.0, 2000.0)
    drive_power: float = vss("Vehicle.Powertrain.ElectricMotor.DrivePowerLimit", 150e3, "W", 0.0, 1e6, overlay=True)  # at the wheels
    drive_force: float = vss("Vehicle.Powertrain.ElectricMotor.DriveForceLimit", 8e3, "N", 0.0, 1e5, overlay=True)
    regeneration_power: float = vss("Vehicle.Powertrain.ElectricMotor.RegenerationPowerLimit", 70e3, "W", 0.0, 1e6, overlay=True)
    regeneration_force: float = vss("Vehicle.Powertrain.ElectricMotor.RegenerationForceLimit", 4.7e3, "N", 0.0, 1e5, overlay=True)


@dataclass(frozen=True)
class ChassisReport:
    """What the tyres hold, and what they carry."""

    weight: float = vss("Vehicle.CurrentOverallWeight", 1750.0, "kg", 300.0, 60_000.0)
    friction: float = vss("Vehicle.ADAS.ESC.RoadFriction.MostProbable", 90.0, "percent", 0.0, 100.0)
    grip: float = vss("Vehicle.Chassis.Grip", 8.8, "m/s^2", 0.0, 20.0, overlay=True)
    brake: float = vss("Vehicle.Chassis.Brake.DecelerationLimit", 8.8, "m/s^2", 0.0, 20.0, overlay=True)
    dose: float = vss(
        "Vehicle.Chassis.MotionSicknessDose", 0.0, "m/s^1.5", 0.0, 1e4, overlay=True
    )  # of this drive, by the car's own sensors


Report = DrivingReport | CockpitReport | PowertrainReport | ChassisReport
DOMAINS: dict[type, Domain] = {
    DrivingReport: Domain.DRIVING,
    CockpitReport: Domain.COCKPIT,
    PowertrainReport: Domain.POWERTRAIN,
    ChassisReport: Domain.CHASSIS,
}


@cache
def signals_of(report: type) -> dict[str, Signal]:
    """A report's signals by the name of their field."""
    return {each.name: each.metadata["signal"] for each in fields(report)}
