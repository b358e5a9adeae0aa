"""The same routes driven twice: isolated, where the driver's plan meets powertrain, chassis and people only as they limit what it asked
for, and integrated, where they are part of the plan. Car, streets, traffic, requests and driver are the same; only who plans differs. A
pair is compared up to the last place that both reached, so that neither looks thrifty for having come less far. It leaves out who is
right: the table does that (`evaluate.domain_table`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.protocols import Policy
from caravela.core.types import Score
from caravela.core.units import STEP_S
from caravela.evaluate.cars import Asked, Cars
from caravela.evaluate.driving import tick_of
from caravela.evaluate.episodes import Episode, begin
from caravela.evaluate.referee import Referee
from caravela.vehicle.domains.reports import CockpitReport
from caravela.world.junctions import junctions_ahead
from caravela.world.simulator import Simulator
from caravela.world.whole_car import Condition

Array = NDArray[np.float64]
COLUMNS = ("speed", "acceleration", "lateral", "place", "energy", "friction")  # of a ride: m/s, m/s^2, m/s^2, m along the route, Wh, Wh


@dataclass(frozen=True)
class WholeDrive:
    """What became of one drive with a whole car."""

    score: Score
    ride: Array  # (T, len(COLUMNS)) after each tick
    mass: float  # kg
    dose: float  # m/s^1.5, as the car's own filter has it
    charge: float  # 0..1 at the end
    clipped: float  # share of ticks in which the car could not do what it was asked for


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
    cars[:] = [Cars(simulator.state, conditions)]
    whole = cars[0]
    policy.reset(simulator.batch)
    observation, referee = simulator.observe(), Referee(episodes)
    cockpit = CockpitReport()
    rides, clipped, tick = [], np.zeros(simulator.batch), 0
    while referee.driving.any() and (seconds is None or tick < round(seconds / STEP_S)):
        whole.tell(simulator.state, [cockpit] * simulator.batch)
        ahead = junctions_ahead(simulator.atlas, simulator.state)
        wanted = policy.plan(observation).control()
        state = simulator.state
        before = state.speed[:, 0].astype(np.float64)
        control = whole.clip(wanted, state)
        clipped += referee.driving & (np.abs(control.acceleration - wanted.acceleration) > 1e-3)
        tick += 1
        if asked is not None and tick == round(asked.at_s / STEP_S):
            simulator.words, cockpit = [asked.words] * simulator.batch, asked.report()
        simulator.advance(control)
        observation = simulator.observe()
        happened = tick_of(simulator, simulator.flags[:, 0], ahead)
        going = referee.driving.copy()
        referee.watch(happened)
        after, pushed, felt = whole.move(state, before=before, going=going)
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
