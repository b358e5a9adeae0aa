"""Control cycles, one after the other: what the loop makes of a look until its command is out and recorded, with the model in a process of its
own and the car driving itself. Counts those that take longer than a tick."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.modes import Mode
from caravela.core.responsibility import Person
from caravela.core.types import Observation
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.conduct import Engage
from caravela.vehicle.loop import Loop, Tick

LIMIT_MS = 1e3 * STEP_S  # a tick
WARM = 20  # cycles before any counts
ENGAGED = 10  # cycles before L4 is asked for


@dataclass(frozen=True)
class Cycles:
    """Of every cycle, from the look to the command."""

    ms: NDArray[np.float64]
    planned: int  # that had a plan of their own in time
    modes: Counter[str]  # cycles in each
    authors: Counter[str]  # who made their commands

    def told(self) -> dict[str, Any]:
        """For JSON."""
        shares = {"p50_ms": 50.0, "p99_ms": 99.0, "p99_9_ms": 99.9}
        return {
            "cycles": len(self.ms),
            "over_100_ms": int((self.ms > LIMIT_MS).sum()),
            "max_ms": round(float(self.ms.max()), 3),
            **{name: round(float(np.percentile(self.ms, share, method="higher")), 3) for name, share in shares.items()},
            "without_plan_in_time": len(self.ms) - self.planned,
            "modes": dict(self.modes),
            "authors": dict(self.authors),
        }


def run(
    loop: Loop,
    looks: Sequence[Observation],
    *,
    cycles: int,
    record: Callable[[Tick], None] = lambda tick: None,
    between: Callable[[int], None] = lambda done: None,
) -> Cycles:
    """Ask for L4 until it is on, and drive `loop` through `looks`, over and over; its clocks say that a tick has passed each time. The next cycle begins as soon as a
    plan came; where none did, it waits for the rest of its tick, as in a car, so that the model can catch up. `record` is part of a cycle;
    `between` is called after each, with how many are done, and is not."""
    took, planned, modes, authors = np.empty(cycles), 0, Counter[str](), Counter[str]()
    for number in range(-WARM, cycles):
        t_us = (number + WARM) * STEP_US
        look = replace(looks[number % len(looks)], t_us=np.array([t_us], np.int64))
        driver = loop.car.responsible
        engage = [Engage(t_us, Mode.L4, driver)] if number >= ENGAGED - WARM and isinstance(driver, Person) else []
        began = time.perf_counter()
        tick = loop.tick(look, now_us=t_us, steady_us=t_us, happenings=engage)
        record(tick)
        seconds = time.perf_counter() - began
        if number >= 0:
            took[number] = 1e3 * seconds
            planned += tick.plan is not None
            modes[tick.commands.mode] += 1
            authors[tick.commands.author] += 1
            between(number + 1)
        if tick.plan is None:
            time.sleep(max(STEP_S - seconds, 0.0))
    return Cycles(took, planned, modes, authors)
