"""Control cycles that take longer than a tick are counted; one without a plan waits for the rest of its tick."""

import time
from dataclasses import dataclass

import numpy as np

from caravela.core.types import Observation
from caravela.vehicle.bench import cycles


@dataclass(frozen=True)
class Seen:
    plan: object


class Loop:
    """Takes `seconds[k]` for its k-th tick; has a plan unless the tick is in `late`."""

    def __init__(self, seconds: dict[int, float], *, late: tuple[int, ...] = ()) -> None:
        self.clock, self._seconds, self._late = [], seconds, late

    def tick(self, observation, *, now_us, steady_us):
        number = len(self.clock) - cycles.WARM
        self.clock.append(int(observation.t_us[0]))
        assert observation.t_us[0] == now_us == steady_us
        time.sleep(self._seconds.get(number, 0.0))
        return Seen(None if number in self._late else object())


def look() -> Observation:
    one = np.zeros(1, np.float32)
    return Observation(
        np.zeros(1, np.int64), np.zeros((1, 3, 4, 8, 8, 3), np.uint8), one, one, np.zeros((1, 8, 2), np.float32), one > 0, ("",)
    )


def test_long_cycles_are_counted_and_the_longest_is_told():
    told = cycles.run(Loop({3: 0.12, 7: 0.15}), [look()], cycles=10).told()
    assert told["cycles"] == 10 and told["over_100_ms"] == 2 and 150.0 <= told["max_ms"] < 400.0 and told["without_plan_in_time"] == 0
    assert told["p50_ms"] < 50.0


def test_warm_cycles_do_not_count_and_the_clock_goes_on():
    loop = Loop({-1: 0.2})
    assert cycles.run(loop, [look(), look()], cycles=5).told()["over_100_ms"] == 0
    assert loop.clock == [k * 100_000 for k in range(cycles.WARM + 5)]


def test_a_cycle_without_a_plan_waits_for_its_tick():
    began = time.perf_counter()
    done = cycles.run(Loop({}, late=(1, 2)), [look()], cycles=4)
    assert time.perf_counter() - began >= 0.19 and done.planned == 2 and done.ms.max() < 90.0
