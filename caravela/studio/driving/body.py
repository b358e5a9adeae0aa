"""The whole car of a drive: powertrain, chassis and the people's bodies, in one account that bus, plan, actuators and gauges all read. What it
costs to drive is always counted and published; whether it limits what is driven, and whether the plan listens, is the drive's choice."""

import math
from dataclasses import dataclass

import numpy as np

from caravela.core.errors import unknown_name
from caravela.core.types import Control
from caravela.evaluate.cars import Cars
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.domains.reports import CockpitReport
from caravela.world.state import WorldState
from caravela.world.whole_car import condition_named

ISOLATED, INTEGRATED = "isolated", "integrated"
PLANS = (ISOLATED, INTEGRATED)
USUAL = "mild"  # how a car sets out where nobody says
NOTABLE = 1e-3  # m/s^2 less than was asked for

CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"  # percent
RANGE = "Vehicle.Powertrain.TractionBattery.Range"  # m
OUTSIDE = "Vehicle.Exterior.AirTemperature"  # C
ENERGY = "Vehicle.Powertrain.EnergySinceStart"  # Wh, not in VSS
CONSUMPTION = 150.0  # Wh/km by which the range is told
ON_THE_BUS = (  # what the gauges show of it
    CHARGE,
    "Vehicle.Powertrain.TractionBattery.CurrentPower",
    "Vehicle.Powertrain.TractionBattery.Temperature.Average",
    "Vehicle.Powertrain.ElectricMotor.Temperature",
    "Vehicle.Powertrain.ElectricMotor.Torque",
    "Vehicle.Chassis.Brake.DecelerationLimit",
    "Vehicle.Chassis.MotionSicknessDose",
)


@dataclass(frozen=True)
class Outfit:
    """By which plan a car is driven and how it sets out. Raises CaravelaError for a plan or condition that there is none of."""

    plan: str = ISOLATED
    condition: str | None = None

    def __post_init__(self) -> None:
        if self.plan not in PLANS:
            raise unknown_name("plan", self.plan, PLANS)
        condition_named(self.sets_out)

    @property
    def integrated(self) -> bool:
        return self.plan == INTEGRATED

    @property
    def sets_out(self) -> str:
        """Name of the condition."""
        return USUAL if self.condition is None else self.condition

    @property
    def limited(self) -> bool:
        """Whether the car does no more than battery, motor and tyres allow. An isolated drive without a condition is the driver's own,
        as the world alone would have it."""
        return self.integrated or self.condition is not None


@dataclass(frozen=True)
class Cost:
    """What driving has cost car and people; adds up over drives."""

    energy: float = 0.0  # Wh out of the cells
    dose: float = 0.0  # m/s^1.5, motion sickness
    clipped: int = 0  # ticks in which the car could not do what it was asked for

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.energy + other.energy, math.hypot(self.dose, other.dose), self.clipped + other.clipped)


class Body:
    """One car, world 0 of a batch of one, for one drive."""

    def __init__(self, outfit: Outfit, state: WorldState) -> None:
        """`state`: of the world at the start; its weather makes the road."""
        self._outfit, self._cars = outfit, Cars(state, [condition_named(outfit.sets_out)])
        self._clipped = 0

    @property
    def bus(self) -> Bus:
        return self._cars.buses[0]

    @property
    def cost(self) -> Cost:
        car = self._cars.car
        return Cost(float(car.energy[0]), float(car.dose[0]), self._clipped)

    def tell(self, state: WorldState, cockpit: CockpitReport) -> None:
        """All four domains publish how they are now; before every plan."""
        self._cars.tell(state, [cockpit])

    def clip(self, control: Control, state: WorldState) -> Control:
        """What becomes of a control, whoever asks for it."""
        if not self._outfit.limited:
            return control
        done = self._cars.clip(control, state)
        self._clipped += bool(abs(done.acceleration[0] - control.acceleration[0]) > NOTABLE)
        return done

    def move(self, state: WorldState, *, before: float) -> None:
        """Account for a tick that is over and began at `before` m/s."""
        self._cars.move(state, before=np.array([before]))

    def signals(self) -> dict[str, float]:
        """What gauges show, by VSS path: what was published last."""
        car = self._cars.car
        charge, published = float(car.state.charge[0]), self.bus.signals
        signals = {path: published.number(path) for path in ON_THE_BUS}
        signals |= {
            RANGE: charge * car.powertrain.capacity / 3600.0 / CONSUMPTION * 1000.0,
            ENERGY: float(car.energy[0]),
            OUTSIDE: float(car.outside[0]),
        }
        return {path: round(value, 3) for path, value in signals.items()}
