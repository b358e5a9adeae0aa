"""The same routes driven twice: isolated, where the driver's plan meets powertrain, chassis and people only as they limit what it asked
for, and integrated, where they are part of the plan. Car, streets, traffic, requests and driver are the same; only who plans differs. A
pair is compared up to the last place that both reached, so that neither looks thrifty for having come less far. It leaves out who is
right: the table does that (`evaluate.domain_table`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.protocols import Policy
from caravela.core.request import Drive, Manner, PullOver, Request, Wish
from caravela.core.types import Score
from caravela.core.units import STEP_S, to_kph
from caravela.evaluate.driving import tick_of
from caravela.evaluate.episodes import Episode, begin
from caravela.evaluate.referee import Referee
from caravela.evaluate.route_follow import junctions_ahead
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.domains.reports import ChassisReport, CockpitReport, Domain, DrivingReport, PowertrainReport
from caravela.world import weather
from caravela.world.simulator import Simulator
from caravela.world.whole_car import Condition, WholeCar

Array = NDArray[np.float64]
COLUMNS = ("speed", "acceleration", "lateral", "place", "energy", "friction")  # of a ride: m/s, m/s^2, m/s^2, m along the route, Wh, Wh
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
        if isinstance(self.wish, Drive):
            return CockpitReport(manner=self.wish.manner.value)
        return CockpitReport(manner=Manner.PLAIN.value, stop=isinstance(self.wish, PullOver))


@dataclass(frozen=True)
class WholeDrive:
    """What became of one drive with a whole car."""

    score: Score
    ride: Array  # (T, len(COLUMNS)) after each tick
    mass: float  # kg
    dose: float  # m/s^1.5, as the car's own filter has it
    charge: float  # 0..1 at the end
    clipped: float  # share of ticks in which the car could not do what it was asked for


class Cars:
    """The whole cars of a batch and their buses."""

    def __init__(self, simulator: Simulator, conditions: Sequence[Condition]) -> None:
        self.car = WholeCar(conditions, friction=simulator.state.weather[:, weather.FRICTION].astype(np.float64))
        self.buses = [Bus() for _ in conditions]

    def tell(self, simulator: Simulator, cockpit: Sequence[CockpitReport]) -> None:
        """Every domain but driving's plan publishes what it knows now."""
        state, car = simulator.state, self.car
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
            bus.publish(Domain.POWERTRAIN, powertrain, t_us=t_us)
            bus.publish(Domain.CHASSIS, chassis, t_us=t_us)
            bus.publish(Domain.COCKPIT, cockpit[world], t_us=t_us)
            bus.publish(Domain.DRIVING, driving, t_us=t_us)


def drive_whole(
    simulator: Simulator,
    policy: Policy,
    cars: list[Cars],
    episodes: Sequence[Episode],
    conditions: Sequence[Condition],
    *,
    asked: Asked | None = None,
    seconds: float | None = None,
) -> list[WholeDrive]:
    """One drive per world until all have ended.

    Args:
        cars: emptied and filled with the cars that are driven, so that an integrated policy finds their buses.
        asked: what every car is asked for; driver and bus hear of it in the same tick.
        seconds: after which all drives end, whatever they still had to do.
    """
    begin(simulator, [episode.seed for episode in episodes])
    simulator.words = [""] * simulator.batch
    cars[:] = [Cars(simulator, conditions)]
    whole = cars[0]
    policy.reset(simulator.batch)
    observation, referee = simulator.observe(), Referee(episodes)
    cockpit = CockpitReport()
    rides, clipped, tick = [], np.zeros(simulator.batch), 0
    while referee.driving.any() and (seconds is None or tick < round(seconds / STEP_S)):
        whole.tell(simulator, [cockpit] * simulator.batch)
        ahead = junctions_ahead(simulator.atlas, simulator.state)
        wanted = policy.plan(observation).control()
        state = simulator.state
        before = state.speed[:, 0].astype(np.float64)
        control = whole.car.clip(wanted, speed=before, acceleration=state.acceleration[:, 0])
        clipped += referee.driving & (np.abs(control.acceleration - wanted.acceleration) > 1e-3)
        tick += 1
        if asked is not None and tick == round(asked.at_s / STEP_S):
            simulator.words, cockpit = [asked.words] * simulator.batch, asked.report()
        simulator.advance(control)
        observation = simulator.observe()
        happened = tick_of(simulator, simulator.flags[:, 0], ahead)
        going = referee.driving.copy()
        referee.watch(happened)
        after, felt = state.speed[:, 0].astype(np.float64), happened.lateral.astype(np.float64)
        pushed = (after - before) / STEP_S  # what people felt: a stop within the tick leaves no acceleration in the state
        whole.car.move(before=before, after=after, acceleration=pushed, lateral=felt, going=going)
        rides.append(np.stack([after, pushed, felt, happened.odometer, whole.car.energy, whole.car.friction_heat], -1))
    table, scores = np.stack(rides, 1).astype(np.float64), referee.scores()  # (B, T, columns)
    dose = whole.car.dose
    return [
        WholeDrive(
            score,
            table[world, : round(score.seconds / STEP_S)],
            float(whole.car.mass[world]),
            float(dose[world]),
            float(whole.car.state.charge[world]),
            float(clipped[world] / max(round(score.seconds / STEP_S), 1)),
        )
        for world, score in enumerate(scores)
    ]
