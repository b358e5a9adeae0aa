"""A model behind a deadline may be slow, stuck or dead; asking it never blocks, and it can be brought back."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest

from caravela.core.errors import BundleError
from caravela.core.types import Plan, policy_rig
from caravela.vehicle.planner import InlinePlanner, ModelProcess
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
