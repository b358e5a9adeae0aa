"""The whole cars of a batch of drives with their buses: what each domain publishes before a plan, what becomes of a control, and the account
of a tick. Whoever drives a world with whole cars, here or live, does it through these."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.request import Request, Wish
from caravela.core.types import Control
from caravela.core.units import STEP_S, to_kph
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.domains.reports import ChassisReport, CockpitReport, Domain, DrivingReport, PowertrainReport
from caravela.vehicle.domains.wishes import Wishes
from caravela.world import weather
from caravela.world.state import WorldState
from caravela.world.whole_car import Condition, WholeCar

Array = NDArray[np.float64]
ASKED_AT_S = 8.0  # s into a drive at which something is asked


@dataclass(frozen=True)
class Asked:
    """What passengers ask of driving in a drive, and when."""

    wish: Wish
    at_s: float = ASKED_AT_S

    @property
    def words(self) -> str:
        return Request(self.wish).words

    def report(self) -> CockpitReport:
        """What the cockpit says on the bus from then on."""
        wishes = Wishes()
        wishes.hear(self.wish)
        return wishes.report


class Cars:
    """The whole cars of a batch and their buses."""

    def __init__(self, state: WorldState, conditions: Sequence[Condition]) -> None:
        self.car = WholeCar(conditions, friction=state.weather[:, weather.FRICTION].astype(np.float64))
        self.buses = [Bus() for _ in conditions]

    def tell(self, state: WorldState, cockpit: Sequence[CockpitReport]) -> None:
        """Every domain but driving's plan publishes what it knows now."""
        car = self.car
        speed, bent, ahead = (column[:, 0].astype(np.float64) for column in (state.speed, state.curvature, state.acceleration))
        limits = car.limits(speed=speed, curvature=bent)
        dose, flow = car.dose, car.flow
        for world, bus in enumerate(self.buses):
            t_us = round(float(state.time[world]) / STEP_S) * round(STEP_S * 1e6)
            powertrain = PowertrainReport(
                charge=100.0 * float(car.state.charge[world]),
                battery=float(car.state.battery[world]),
                motor=float(car.state.motor[world]),
                voltage=360.0 if flow is None else float(flow.voltage[world]),
                current=0.0 if flow is None else -float(flow.current[world]),
                power=0.0 if flow is None else -float(flow.terminal[world]),
                torque=0.0 if flow is None else float(flow.torque[world]),
                drive_power=float(limits.able.drive_power[world]),
                drive_force=float(limits.able.drive[world]),
                regeneration_power=float(limits.able.regenerate_power[world]),
                regeneration_force=float(limits.able.regenerate_full[world]),
            )
            chassis = ChassisReport(
                weight=float(car.mass[world]),
                friction=100.0 * float(car.friction[world]),
                grip=float(limits.grip[world]),
                brake=float(limits.brake[world]),
                dose=float(dose[world]),
            )
            driving = DrivingReport(
                speed_kph=to_kph(float(speed[world])),
                acceleration=float(ahead[world]),
                lateral=float(speed[world] ** 2 * bent[world]),
                yaw_rate_degrees=float(np.degrees(speed[world] * bent[world])),
            )
            bus.publish(Domain.POWERTRAIN, powertrain, t_us=t_us, now_us=t_us)
            bus.publish(Domain.CHASSIS, chassis, t_us=t_us, now_us=t_us)
            bus.publish(Domain.COCKPIT, cockpit[world], t_us=t_us, now_us=t_us)
            bus.publish(Domain.DRIVING, driving, t_us=t_us, now_us=t_us)

    def clip(self, control: Control, state: WorldState) -> Control:
        """What actuators, tyres, motor and battery make of a control."""
        return self.car.clip(control, speed=state.speed[:, 0].astype(np.float64), acceleration=state.acceleration[:, 0])

    def move(self, state: WorldState, *, before: Array, going: NDArray[np.bool_] | None = None) -> tuple[Array, Array, Array]:
        """Account for a tick that is over and began at (B,) m/s. Returns (B,) m/s after it and m/s^2 that people felt, along and across."""
        after = state.speed[:, 0].astype(np.float64)
        pushed = (after - before) / STEP_S  # what people felt: a stop within the tick leaves no acceleration in the state
        felt = (state.speed[:, 0] ** 2 * state.curvature[:, 0]).astype(np.float64)
        self.car.move(before=before, after=after, acceleration=pushed, lateral=felt, going=going)
        return after, pushed, felt
