"""The way to a stop without the network: the last good plan's path is kept as curvature over distance, and followed while the car
slows at a stated deceleration, or as hard as that plan was braking for something, as long as it lasts. It needs no picture and no model,
only speed; it is an abstention, not driving."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import KNOT_S
from caravela.core.types import ACTUATION_LEAD_S, KNOTS, Plan
from caravela.core.units import STEP_S

JERK = 5.0  # m/s^3, how fast the brakes are taken up
LATERAL_MAX = 3.0  # m/s^2
BEYOND = 5.0  # m over which the path straightens where the plan ends
RECKONED = 0.8  # share of the braking asked for that counts where no speed is measured: rather stop too long than think that we stand
HARDEST = 4.0  # m/s^2 of a plan's own braking that is kept up: R157 5.5.2, a manoeuvre's most
STRAIGHT_ON = (np.array([0.0, BEYOND]), np.zeros(2))


class StopPath:
    """Keeps the last good plan and leads along it."""

    def __init__(self) -> None:
        self._way: tuple[NDArray[np.float64], NDArray[np.float64]] = STRAIGHT_ON  # m along the path, and 1/m there
        self._braking: NDArray[np.float64] = np.zeros(KNOTS)  # m/s^2 at the plan's knots
        self._travelled, self._age_s = 0.0, 0.0  # m and s since the plan was made
        self._acceleration = 0.0  # m/s^2 asked for last
        self._speed = 0.0  # m/s, newest that was a number

    def keep(self, plan: Plan) -> None:
        """A good plan was made here (world 0 of its batch)."""
        chosen = plan.trajectories[0, int(plan.chosen[0])].astype(np.float64)  # (N, 3)
        path = np.concatenate([np.zeros((1, 3)), chosen])
        lengths = np.hypot(*np.diff(path[:, :2], axis=0).T)
        turns = np.diff(path[:, 2])
        moving = lengths > 1e-3
        ends = np.cumsum(lengths)[moving]
        way = STRAIGHT_ON
        if len(ends):
            way = (
                np.concatenate([ends - 0.5 * lengths[moving], [ends[-1] + BEYOND]]),
                np.concatenate([turns[moving] / lengths[moving], [0.0]]),
            )
        self._way = way  # both at once: a watchdog may ask at any time
        self._braking = np.maximum(-plan.knots[0, int(plan.chosen[0]), :, 0].astype(np.float64), 0.0)
        self._travelled, self._age_s = 0.0, 0.0

    def move(self, speed: float) -> None:
        """A tick passes at `speed`, m/s."""
        self._travelled += self._known(speed) * STEP_S
        self._age_s += STEP_S

    def rest(self, acceleration: float) -> None:
        """Somebody else drives; `acceleration` is what they ask for, from where the brakes will be taken up."""
        self._acceleration = acceleration

    def control(self, *, speed: float, deceleration: float) -> tuple[float, float]:
        """Acceleration m/s^2 and curvature 1/m for the next tick, towards standstill at `deceleration`, or the plan's own up to HARDEST."""
        speed = self._known(speed)
        planned = float(np.interp(self._age_s + ACTUATION_LEAD_S, KNOT_S * np.arange(KNOTS), self._braking, right=0.0))
        wanted = -min(max(deceleration, min(planned, HARDEST)), speed / STEP_S)
        self._acceleration = max(wanted, min(self._acceleration, 0.0) - JERK * STEP_S)
        curvature = float(np.interp(self._travelled, *self._way))
        bound = LATERAL_MAX / max(speed, 1.0) ** 2
        return self._acceleration, float(np.clip(curvature, -bound, bound))

    def _known(self, speed: float) -> float:
        """`speed`, or the one before where it is no number: one such must not spoil the way that was gone."""
        self._speed = speed if np.isfinite(speed) else self._speed
        return self._speed


def reckoned(before: float, *, asked: float) -> float:
    """The speed, m/s, a tick after it was `before`, where none is measured and `asked` m/s^2 was asked of the brakes."""
    return max(before + RECKONED * min(asked, 0.0) * STEP_S, 0.0)
