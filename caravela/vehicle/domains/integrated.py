"""A policy whose plan takes powertrain, chassis and people into account. The model proposes; among proposals that its critic holds for as
good as the chosen one, the cheapest for all four domains is taken; and that one is driven at the cheapest pace within its own bounds.
Where a domain is silent, the plan is the model's own. Torch-free; no driving rule: bounds and prices only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import integrate
from caravela.core.protocols import Policy
from caravela.core.types import Observation, Plan
from caravela.core.units import to_kph
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.domains.prices import Shared, Tariff
from caravela.vehicle.domains.reports import ChassisReport, CockpitReport, Domain, DrivingReport, PowertrainReport
from caravela.vehicle.domains.retime import retimed

Array = NDArray[np.float64]
SLOW = 3.0  # m/s, below which nobody has speed to lose
LEAST_WORTH = 0.1  # of a metre


@dataclass(frozen=True)
class Choice:
    """How the plan is chosen."""

    margin: float = 0.02  # of the critic's value, that a cheaper proposal may be worth less
    stay: float = 0.5  # m that another proposal must be cheaper than that of the tick before
    tariff: Tariff = field(default_factory=Tariff)
    foresight: float = 3.0  # how much a metre loses in worth where the proposals end slower than the car is now; 0 for not at all
    choose: bool = True  # among the proposals
    retime: bool = True


class IntegratedPolicy:
    """Any policy, with the three other domains of each car of its batch on a bus."""

    def __init__(self, policy: Policy, buses: Callable[[], Sequence[Bus]], *, choice: Choice | None = None) -> None:
        """`buses`: of the cars that are planned for, asked for at every plan."""
        self.policy, self._buses, self.choice = policy, buses, choice or Choice()
        self.name = f"{policy.name}, four domains"
        self.reset(0)

    def reset(self, batch: int) -> None:
        """New drives begin."""
        self.policy.reset(batch)
        self._kept = np.full(batch, -1)

    def plan(self, observation: Observation) -> Plan:
        """The model's plan, chosen and paced anew; says on the bus what it means to do."""
        plan = self.policy.plan(observation)
        buses, times = self._buses(), observation.t_us
        assert len(buses) == observation.batch
        reports = [
            (bus.read(CockpitReport, t_us=int(t)), bus.read(PowertrainReport, t_us=int(t)), bus.read(ChassisReport, t_us=int(t)))
            for bus, t in zip(buses, times, strict=True)
        ]
        shared = Shared.of(reports)
        driving = [bus.read(DrivingReport, t_us=int(t)) for bus, t in zip(buses, times, strict=True)]
        now = np.array([(0.0, 0.0) if report is None else (report.acceleration, report.lateral) for report in driving])
        plan = self._integrated(plan, observation.speed.astype(np.float64), shared, now)
        for world, (bus, t) in enumerate(zip(buses, times, strict=True)):
            self._tell(bus, plan, world, observation, driving[world], int(t))
        return plan

    def _integrated(self, plan: Plan, start: Array, shared: Shared, now: Array) -> Plan:
        """Every proposal at its cheapest pace, and the cheapest of those that are worth as much as the chosen one."""
        batch, proposals = plan.values.shape
        rows = np.arange(batch)
        worth = self.choice.tariff.progress * outlook(plan, start, self.choice.foresight)
        shared = replace(shared, progress=np.where(shared.progress > 0.0, worth * shared.progress, shared.progress))
        many = shared.each(proposals)
        paced, costs = retimed(
            plan.knots.reshape(batch * proposals, *plan.knots.shape[2:]).astype(np.float64),
            plan.speeds.reshape(batch * proposals, -1).astype(np.float64),
            np.repeat(start, proposals),
            many,
            self.choice.tariff,
            now=np.repeat(now, proposals, axis=0),
            pace=self.choice.retime,
        )
        costs = costs.reshape(batch, proposals)
        good = plan.values >= plan.values[rows, plan.chosen][:, None] - self.choice.margin
        good[:, plan.samples.stop :] = False  # the same way at another pace: pacing is done here
        good[rows, plan.chosen] = True
        costs = np.where(good, costs, np.inf)
        before = np.where(self._kept < 0, plan.chosen, self._kept) if len(self._kept) == batch else plan.chosen
        costs[rows, before] -= self.choice.stay
        chosen = costs.argmin(axis=1) if self.choice.choose else plan.chosen
        self._kept = chosen = np.where(shared.known, chosen, plan.chosen)
        own = plan.knots[rows, chosen]
        knots = np.where(shared.known[:, None, None], paced.reshape(plan.knots.shape)[rows, chosen], own).astype(np.float32)
        trajectories, speeds = integrate(knots, speed=start.astype(np.float32))
        changed = replace(plan, chosen=chosen, knots=plan.knots.copy(), trajectories=plan.trajectories.copy(), speeds=plan.speeds.copy())
        changed.knots[rows, chosen], changed.trajectories[rows, chosen], changed.speeds[rows, chosen] = knots, trajectories, speeds
        return changed

    def _tell(self, bus: Bus, plan: Plan, world: int, observation: Observation, before: DrivingReport | None, t_us: int) -> None:
        report = replace(
            before or DrivingReport(),
            speed_kph=min(to_kph(float(observation.speed[world])), 400.0),
            planned_end_kph=min(to_kph(float(plan.speeds[world, plan.chosen[world], -1])), 400.0),
            planned_risk=float(np.clip(np.nan_to_num(plan.risk[world], nan=1.0), 0.0, 1.0)),
        )
        bus.publish(Domain.DRIVING, report, t_us=t_us, now_us=t_us)


def outlook(plan: Plan, start: Array, foresight: float) -> Array:
    """(B,) what a metre is worth: 1 where the model's proposals go on as fast as the car, less the slower they end. All of them are
    asked, as samples of what may come: who is likely to have to stop gains nothing by being fast until then."""
    end = plan.speeds[:, plan.samples, -1].astype(np.float64).mean(axis=-1)
    return np.clip(end / np.maximum(start, SLOW), LEAST_WORTH, 1.0) ** foresight
