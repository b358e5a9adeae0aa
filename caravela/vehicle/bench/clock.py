"""How long a call takes, by the clock on the wall and by the processor's. On an idle machine both are the same for one thread; on a busy one
the processor's hardly changes, so rates go by it, and latencies, which a passenger feels, by the wall."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WARM = 5  # calls before any is timed
BUSY = 1.15  # wall over processor time, medians, above which the machine counts as busy


@dataclass(frozen=True)
class Times:
    """Of every call, s."""

    wall: NDArray[np.float64]
    processor: NDArray[np.float64]  # all threads together

    def percentile_ms(self, share: float) -> float:
        """Of the wall's clock, ms, to the nearest call above."""
        return 1e3 * float(np.percentile(self.wall, share, method="higher"))

    def work_s(self, threads: int) -> float:
        """Median time that a call occupies its threads, s: the processor's for one thread, the wall's for more."""
        return float(np.median(self.processor if threads == 1 else self.wall))

    @property
    def stretch(self) -> float:
        """Wall over processor time, medians: 1 where nobody else was running, for one thread."""
        return float(np.median(self.wall) / max(np.median(self.processor), 1e-9))


def timed(call: Callable[[int], None], *, calls: int, warm: int = WARM) -> Times:
    """Times of `call(k)`, k from 0 on, after warming up."""
    wall, processor = np.empty(calls), np.empty(calls)
    for k in range(-warm, calls):
        spent, began = time.process_time(), time.perf_counter()
        call(k % calls)
        took, used = time.perf_counter() - began, time.process_time() - spent
        if k >= 0:
            wall[k], processor[k] = took, used
    return Times(wall, processor)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
