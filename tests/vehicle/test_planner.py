"""A model behind a deadline may be slow, stuck or dead; asking it never blocks, and it can be brought back."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from caravela.core.errors import BundleError
from caravela.core.modes import Author, Fault
from caravela.core.responsibility import Entity
from caravela.core.types import Plan, Rig, policy_rig
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.conduct import Automated, Rules, parked
from caravela.vehicle.loop import Loop
from caravela.vehicle.planner import InlinePlanner, ModelProcess, picture_bytes
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import CruisePolicy, Plain

LONG = 5.0  # s, a deadline that a busy machine keeps too


def seen(t_us: int = 0):
    """An observation with the policy's own four cameras: too large for a pipe's buffer."""
    return Plain(policy_rig()).look(t_us)


@pytest.fixture
def process() -> Iterator[ModelProcess]:
    planner = ModelProcess(CruisePolicy)
    yield planner
    planner.close()


def answered(process: ModelProcess) -> Plan | None:
    """The first plan within half a minute: what came too late before is thrown away meanwhile."""
    deadline = time.perf_counter() + 30.0
    while (plan := process.ask(seen(), deadline_s=0.2).plan) is None and time.perf_counter() < deadline:
        time.sleep(0.05)
    return plan


def test_a_process_plans_as_the_policy_does(process: ModelProcess) -> None:
    observation = seen()
    ours, theirs = process.ask(observation, deadline_s=LONG), InlinePlanner(CruisePolicy()).ask(observation, deadline_s=LONG)
    assert ours.plan is not None and theirs.plan is not None
    assert (ours.plan.trajectories == theirs.plan.trajectories).all() and ours.alive and ours.latency_s > 0


def test_asking_a_stopped_process_does_not_block(process: ModelProcess) -> None:
    assert process.ask(seen(), deadline_s=LONG).plan is not None
    os.kill(process.pid, signal.SIGSTOP)
    began = time.perf_counter()
    answers = [process.ask(seen(), deadline_s=0.05) for _ in range(5)]
    assert all(answer.plan is None and answer.alive for answer in answers)
    assert time.perf_counter() - began < 2.0
    os.kill(process.pid, signal.SIGCONT)
    assert answered(process) is not None, "it is asked again once it has answered"


def test_a_killed_process_is_told_and_comes_back(process: ModelProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    answer = process.ask(seen(), deadline_s=LONG)
    answer = process.ask(seen(), deadline_s=LONG) if answer.alive else answer  # the system may take a moment to notice
    assert answer.plan is None and not answer.alive
    process.restart()
    assert answered(process) is not None


def test_an_answer_after_the_deadline_is_none() -> None:
    planner = InlinePlanner(CruisePolicy())
    assert planner.ask(seen(), deadline_s=0.0).plan is None
    assert planner.ask(seen(), deadline_s=LONG).plan is not None


def test_a_model_that_does_not_load_is_told() -> None:
    with pytest.raises(BundleError, match="did not load"):
        ModelProcess(partial(CruisePolicy, wrong="option"))


class Wrong(CruisePolicy):
    """Gives something else for a plan."""

    def __init__(self, spoil: Callable[[Plan], object]) -> None:
        super().__init__()
        self._spoil = spoil

    def plan(self, observation):
        return self._spoil(super().plan(observation))


def _empty(plan: Plan) -> Plan:
    return Plan(*(getattr(plan, name)[:0] for name in ("trajectories", "speeds", "knots", "values", "chosen", "risk")))


def _raise(plan: Plan) -> Plan:
    raise RuntimeError("out of memory")


WRONG = {
    "nothing": (lambda plan: None, "it gave a NoneType"),
    "no car": (_empty, "it gave plans for 0 cars; asked for 1"),
    "no proposal": (lambda plan: replace(plan, values=plan.values[:, :0]), "do not belong together"),
    "other knots": (lambda plan: replace(plan, knots=plan.knots[:, :, :3]), "do not belong together"),
    "an axis less": (lambda plan: replace(plan, knots=plan.knots[0]), "the knots of its plan are no array"),
    "a choice of NaN": (lambda plan: replace(plan, chosen=np.full(1, np.nan)), "the chosen of its plan are no array"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_plan_is_a_fault_of_the_model_and_says_what(kind: str) -> None:
    spoil, told = WRONG[kind]
    answer = InlinePlanner(Wrong(spoil)).ask(seen(), deadline_s=LONG)
    assert answer.plan is None and answer.alive and told in answer.why


def test_a_policy_that_raises_counts_as_dead() -> None:
    answer = InlinePlanner(Wrong(_raise)).ask(seen(), deadline_s=LONG)
    assert answer.plan is None and not answer.alive and answer.why == "it raised RuntimeError: out of memory"


def test_no_plan_in_the_other_process_and_pictures_without_room_are_told() -> None:
    planner = ModelProcess(partial(Wrong, _empty), picture_bytes=picture_bytes(policy_rig()))
    try:
        answer = planner.ask(seen(), deadline_s=LONG)
        assert answer.plan is None and answer.alive and "plans for 0 cars" in answer.why
        large = Rig(tuple(replace(camera, width=256) for camera in policy_rig().cameras))
        answer = planner.ask(Plain(large).look(0), deadline_s=LONG)
        assert answer.plan is None and answer.alive and "there is room for 442,368" in answer.why
        for deadline_s in (float("nan"), -1.0, 1e12):
            planner.ask(seen(), deadline_s=deadline_s)
    finally:
        planner.close()


def test_a_model_that_raises_stops_a_car_that_drives_itself_and_is_named() -> None:
    rules = Rules(assisted_profile("unece-r171"), r157(), Entity("Caravela Motors Ltd"))
    car = parked(Automated(rules.entity))
    loop = Loop(car, rules=rules, planner=InlinePlanner(Wrong(_raise)), monitor=SimulatedDriver(), rig=policy_rig(), deadline_s=LONG)
    plain = Plain(policy_rig(), speed=5.0)
    ticks = [loop.tick(plain.look(k * 100_000), now_us=k * 100_000, steady_us=k * 100_000) for k in range(3)]
    assert all(Fault.MODEL_DEAD in tick.faults for tick in ticks) and ticks[-1].commands.author is Author.STOP_PATH
