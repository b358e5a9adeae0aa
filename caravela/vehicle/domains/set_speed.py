"""A policy that keeps below a speed that somebody in the car has set. Numbers are not what the model was taught, and need not be: every proposal
stays on its own path, and is slowed down on it, gently, until it is no faster than was asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import integrate
from caravela.core.protocols import Policy
from caravela.core.types import PLAN_STEP_S, PLAN_STEPS, Observation, Plan
from caravela.vehicle.domains.retime import WEIGHTS, Path, knots_along

Array = NDArray[np.float64]
SLOWING = 1.2  # m/s^2 at which a car that is too fast gets slower: nobody asked for more than to be slower
CLOSING = 0.8  # 1/s: the nearer the set speed, the softer a car approaches it


class SetSpeedPolicy:
    """Any policy, kept below the set speed of each car of its batch."""

    def __init__(self, policy: Policy, speeds: Callable[[], Sequence[float]]) -> None:
        """`speeds`: m/s that each car is to keep below, NO_SPEED where none is set; asked for at every plan."""
        self.policy, self._speeds, self.name = policy, speeds, policy.name

    def reset(self, batch: int) -> None:
        """New drives begin."""
        self.policy.reset(batch)

    def plan(self, observation: Observation) -> Plan:
        """The policy's plan, slower where it would be too fast."""
        plan, most = self.policy.plan(observation), np.asarray(self._speeds(), np.float64)
        if not np.isfinite(most).any():
            return plan
        start = observation.speed.astype(np.float64)
        rows = np.flatnonzero(np.isfinite(most) & ((plan.speeds.max((1, 2)) > most) | (start > most)))
        if not len(rows):
            return plan
        count = plan.knots.shape[1]
        knots = slowed(
            plan.knots[rows].reshape(-1, *plan.knots.shape[2:]).astype(np.float64),
            plan.speeds[rows].reshape(-1, PLAN_STEPS).astype(np.float64),
            np.repeat(start[rows], count),
            np.repeat(most[rows], count),
        ).reshape(len(rows), *plan.knots.shape[1:])
        trajectories, speeds = integrate(knots.astype(np.float32), speed=np.repeat(observation.speed[rows, None], count, axis=1))
        changed = replace(plan, knots=plan.knots.copy(), trajectories=plan.trajectories.copy(), speeds=plan.speeds.copy())
        changed.knots[rows], changed.trajectories[rows], changed.speeds[rows] = knots, trajectories, speeds
        return changed


def slowed(knots: Array, speeds: Array, start: Array, most: Array) -> Array:
    """Plans on the same path that keep below a speed.

    Args:
        knots: (B, KNOTS, 2) m/s^2 and 1/m.
        speeds: (B, N) m/s that they lead to from (B,) `start`.
        most: (B,) m/s.

    Returns:
        (B, KNOTS, 2). Nowhere is a plan faster than it was.
    """
    path = Path.of(knots, speeds, start)
    wanted = knots[..., 0] @ WEIGHTS.T  # (B, N)
    speed, place = start.copy(), np.zeros(len(start))
    held, places, reached = np.empty_like(wanted), np.empty_like(wanted), np.empty_like(wanted)
    for n in range(PLAN_STEPS):
        bound = np.maximum(CLOSING * (most - speed), -SLOWING)
        after = np.maximum(speed + np.minimum(wanted[:, n], bound) * PLAN_STEP_S, 0.0)
        allowed = path.at(np.minimum(place + 0.5 * (speed + after) * PLAN_STEP_S, path.place[:, n + 1])[:, None], path.speed)[:, 0]
        after = np.minimum(after, allowed)
        held[:, n] = (after - speed) / PLAN_STEP_S
        place = np.minimum(place + 0.5 * (speed + after) * PLAN_STEP_S, path.place[:, n + 1])
        speed, places[:, n], reached[:, n] = after, place, after
    standing = np.where(reached <= 0.0, np.minimum(held, wanted), held)  # who has stopped goes on braking as the plan does
    return knots_along(path, knots, standing, places)
