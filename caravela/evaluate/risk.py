"""What a driver says of its own risk, kept small: whenever the risk rises above all that it was before in the drive, the moment,
the metres and the risk. The first record above a threshold is where a car that abstains at that threshold would have handed over,
so a frontier can be drawn for every threshold without driving again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import STEP_S

STANDING_BRAKE = 3.0  # m/s^2, what the stationary baseline asks for
STANDING_LAG_S = 0.2  # s until the brake answers, generously
Record = list[float]  # [s, m, risk] since the start of the drive, along the route, and 0..1


class RiskLog:
    """The records of the risk of `batch` drives that go on side by side."""

    def __init__(self, batch: int) -> None:
        self._highest = np.full(batch, -1.0)
        self._records: list[list[Record]] = [[] for _ in range(batch)]
        self._decisions = 0
        self._told = False

    def watch(self, risk: NDArray[np.float32] | None, metres: NDArray[Any], driving: NDArray[np.bool_]) -> None:
        """Note one decision: `risk` (B,) as it was seen then (none, or NaN, where a driver knows none), `metres` (B,) along the route so far."""
        seconds = self._decisions * STEP_S
        self._decisions += 1
        if risk is None:
            return
        self._told = self._told or bool(np.isfinite(risk).any())
        rounded = np.round(risk.astype(np.float64), 4)
        for world in np.flatnonzero(driving & (rounded > self._highest)):
            self._highest[world] = rounded[world]
            self._records[world].append([round(seconds, 1), round(float(metres[world]), 1), float(rounded[world])])

    def of(self, world: int) -> list[Record] | None:
        """The records of one drive, risk rising; none where its driver told no risk."""
        return self._records[world] if self._told else None


def rolls_out(speed: NDArray[np.float32]) -> NDArray[np.float64]:
    """m that a car rolls which does nothing but brake from `speed` m/s: what standing still is given for nothing."""
    v = speed.astype(np.float64)
    return v * STANDING_LAG_S + v**2 / (2.0 * STANDING_BRAKE)
