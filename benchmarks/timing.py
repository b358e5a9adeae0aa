"""How often something is done a second: medians of repetitions, by the clock on the wall and by the processor's.

A machine is rarely quiet. Work a second of *processor time* hardly depends on who else is there, and equals work a second on an idle
core, so that is what one-thread rows compare; all-core rows go by the wall. Both are kept, with the load average beside them."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sample:
    """`count` things done in so much time."""

    count: float
    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Rate:
    """Things a second; `cpu` is per second of processor time, summed over threads."""

    wall: float
    cpu: float
    cpu_low: float
    cpu_high: float
    repetitions: int

    def json(self) -> dict[str, Any]:
        return {
            "per_wall_s": _short(self.wall),
            "per_core_s": _short(self.cpu),
            "per_core_s_range": [_short(self.cpu_low), _short(self.cpu_high)],
        }


def _short(value: float) -> float:
    """Four digits."""
    return float(f"{value:.4g}")


def rate_of(samples: Sequence[Sample]) -> Rate:
    """Medians over repetitions."""
    cpu = [s.count / s.cpu_s for s in samples]
    return Rate(statistics.median(s.count / s.wall_s for s in samples), statistics.median(cpu), min(cpu), max(cpu), len(samples))


def sample(work: Callable[[], float], *, seconds: float) -> Sample:
    """Repeat `work`, which says how much it did, for `seconds` of processor time, or three times that by the wall."""
    count, wall, cpu = 0.0, time.perf_counter(), time.process_time()
    while True:
        count += work()
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
        if cpu_s >= seconds or wall_s >= 3.0 * seconds:
            return Sample(count, wall_s, max(cpu_s, 1e-6))


def measured(work: Callable[[], float], *, seconds: float, repetitions: int) -> Rate:
    """Warm up once, then measure."""
    work()
    return rate_of([sample(work, seconds=seconds) for _ in range(repetitions)])


def machine() -> dict[str, Any]:
    """Where a measurement was made."""
    model = (
        next(
            (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
            platform.processor(),
        )
        if Path("/proc/cpuinfo").is_file()
        else platform.processor()
    )
    return {
        "processor": model,
        "cores": cores(),
        "load_average": [round(x, 2) for x in os.getloadavg()],
        "system": platform.system(),
        "python": platform.python_version(),
    }


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
