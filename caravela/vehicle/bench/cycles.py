"""Control cycles, one after the other: what the loop makes of a look until its command is out, with the model in a process of its own. Counts
those that take longer than a tick."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Observation
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.loop import Loop

LIMIT_MS = 1e3 * STEP_S  # a tick
WARM = 20  # cycles before any counts


@dataclass(frozen=True)
class Cycles:
    """Of every cycle, from the look to the command."""

    ms: NDArray[np.float64]
    planned: int  # that had a plan of their own in time

    def told(self) -> dict[str, float | int]:
        """For JSON."""
        shares = {"p50_ms": 50.0, "p99_ms": 99.0, "p99_9_ms": 99.9}
        return {
            "cycles": len(self.ms),
            "over_100_ms": int((self.ms > LIMIT_MS).sum()),
            "max_ms": round(float(self.ms.max()), 3),
            **{name: round(float(np.percentile(self.ms, share, method="higher")), 3) for name, share in shares.items()},
            "without_plan_in_time": len(self.ms) - self.planned,
        }


def run(loop: Loop, looks: Sequence[Observation], *, cycles: int, progress: Callable[[int], None] = lambda done: None) -> Cycles:
    """Drive `loop` through `looks`, over and over; its clocks say that a tick has passed each time. The next cycle begins as soon as a plan came;
    where none did, it waits for the rest of its tick, as in a car, so that the model can catch up."""
    took, planned = np.empty(cycles), 0
    for number in range(-WARM, cycles):
        t_us = (number + WARM) * STEP_US
        look = replace(looks[number % len(looks)], t_us=np.array([t_us], np.int64))
        began = time.perf_counter()
        tick = loop.tick(look, now_us=t_us, steady_us=t_us)
        seconds = time.perf_counter() - began
        if number >= 0:
            took[number] = 1e3 * seconds
            planned += tick.plan is not None
            progress(number + 1)
        if tick.plan is None:
            time.sleep(max(STEP_S - seconds, 0.0))
    return Cycles(took, planned)
