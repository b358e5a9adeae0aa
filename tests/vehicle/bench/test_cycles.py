"""Control cycles, at L4 and recorded, that take longer than a tick are counted; one without a plan waits for the rest of its tick."""

import time
from dataclasses import replace

from caravela.core.modes import Author, Mode
from caravela.core.responsibility import Entity, Person
from caravela.core.types import Observation
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.bench import cycles
from caravela.vehicle.conduct import Manual, Rules, parked
from caravela.vehicle.loop import Loop, Tick
from caravela.vehicle.planner import Answer, InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import CruisePolicy, Plain, small_rig


class Slow(InlinePlanner):
    """Takes `seconds[k]` for its k-th plan that counts; has none if that is in `late`."""

    def __init__(self, seconds: dict[int, float], *, late: tuple[int, ...] = ()) -> None:
        super().__init__(CruisePolicy())
        self.clock, self._seconds, self._late = [], seconds, late

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        number = len(self.clock) - cycles.WARM
        self.clock.append(int(observation.t_us[0]))
        time.sleep(self._seconds.get(number, 0.0))
        answer = super().ask(observation, deadline_s=9.0)
        return replace(answer, plan=None) if number in self._late else answer


def loop_of(planner: Slow) -> Loop:
    """Of a parked car with a driver in it."""
    rules = Rules(assisted_profile("unece-r171"), r157(), Entity("Caravela Motors Ltd"))
    return Loop(parked(Manual(Person("Ana Sousa"))), rules=rules, planner=planner, monitor=SimulatedDriver(), rig=small_rig())


def looks(count: int = 3) -> list[Observation]:
    plain = Plain(small_rig())
    return [plain.look(0) for _ in range(count)]


def test_long_cycles_are_counted_and_the_longest_is_told():
    told = cycles.run(loop_of(Slow({3: 0.12, 7: 0.15})), looks(), cycles=10).told()
    assert told["cycles"] == 10 and told["over_100_ms"] == 2 and 150.0 <= told["max_ms"] < 400.0 and told["without_plan_in_time"] == 0
    assert told["p50_ms"] < 50.0


def test_warm_cycles_do_not_count_and_the_clock_goes_on():
    planner = Slow({-1: 0.2})
    assert cycles.run(loop_of(planner), looks(2), cycles=5).told()["over_100_ms"] == 0
    assert planner.clock == [k * 100_000 for k in range(cycles.WARM + 5)]


def test_a_cycle_without_a_plan_waits_for_its_tick():
    began = time.perf_counter()
    done = cycles.run(loop_of(Slow({}, late=(1, 2))), looks(), cycles=4)
    assert time.perf_counter() - began >= 0.19 and done.planned == 2 and done.ms.max() < 90.0


def test_every_cycle_that_counts_is_at_l4_and_its_record_is_part_of_it():
    seen, between = [], []

    def record(tick: Tick) -> None:
        seen.append(tick.commands.mode)
        time.sleep(0.11 if len(seen) == cycles.WARM + 2 else 0.0)

    told = cycles.run(loop_of(Slow({})), looks(), cycles=6, record=record, between=between.append).told()
    assert told["modes"] == {Mode.L4: 6} and told["authors"] == {Author.NETWORK: 6} and between == [1, 2, 3, 4, 5, 6]
    assert told["over_100_ms"] == 1, "what recording takes is part of the cycle"
    assert seen == [Mode.MANUAL] * cycles.ENGAGED + [Mode.L4] * (cycles.WARM - cycles.ENGAGED + 6)
