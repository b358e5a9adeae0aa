"""The model behind a deadline: in a process of its own, so that it may hang, die or be killed without taking the loop along. The
same protocol in the loop's own process is for worlds that don't run in real time."""

import math
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np

from caravela.core.errors import BundleError
from caravela.core.protocols import Policy
from caravela.core.types import Observation, Plan

START_S = 60.0  # s that a model may take to load
GREETING = "loaded"
PICTURE_BYTES = 8 << 20  # four cameras of 640x360 with their history
NO_PICTURES = np.zeros((1, 0, 0, 0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Answer:
    """What came of one look: a plan, or none in time; `alive` says whether the model still runs."""

    plan: Plan | None
    alive: bool = True
    latency_s: float = 0.0


class Planner(Protocol):
    """Asks a model for a plan."""

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        """A plan of `observation`, or none after `deadline_s`."""

    def restart(self) -> None:
        """Bring a dead model back; returns at once."""

    def close(self) -> None:
        """End it."""


class InlinePlanner:
    """The model in this process. It cannot be interrupted: an answer after the deadline is late, not cut short."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        policy.reset(1)

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        began = time.perf_counter()
        plan = self._policy.plan(observation)
        passed = time.perf_counter() - began
        return Answer(plan if passed <= deadline_s else None, latency_s=passed)

    def restart(self) -> None:
        """There is nothing to bring back."""

    def close(self) -> None:
        """There is nothing to end."""


class ModelProcess:
    """The model in a process of its own, one question at a time. Pictures go through shared memory and the rest through a pipe, in
    messages that its buffer holds: so that asking never blocks, even when nobody reads any more."""

    def __init__(self, make_policy: Callable[[], Policy], *, picture_bytes: int = PICTURE_BYTES) -> None:
        """`make_policy` must be picklable: a class, or a partial of one. An observation's pictures may take `picture_bytes`. Waits
        until the model is loaded. Raises BundleError where it does not load."""
        self._make_policy = make_policy
        self._memory = multiprocessing.get_context("spawn").RawArray("B", picture_bytes)
        self._pictures = np.frombuffer(self._memory, np.uint8)
        self._busy = False
        self._start()
        try:
            greeted = self._received(START_S) == GREETING
        except EOFError:
            greeted = False
        if not greeted:
            self.close()
            raise BundleError(f"the model did not load within {START_S:.0f} s; expected one that `caravela drive` can run: try it there.")

    @property
    def pid(self) -> int:
        """Of the model's process."""
        assert self._process.pid is not None
        return self._process.pid

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        """See Planner. An answer that comes after its deadline is thrown away when the next one is asked for."""
        began = time.perf_counter()
        try:
            if self._busy and self._received(0.0) is None:
                return Answer(None, alive=self._process.is_alive())
            self._pictures[: observation.images.size] = observation.images.reshape(-1)
            self._pipe.send((observation.images.shape, replace(observation, images=NO_PICTURES)))
            self._busy = True
            received = self._received(max(deadline_s - (time.perf_counter() - began), 0.0))
        except (EOFError, OSError):
            return Answer(None, alive=False)
        plan = received if isinstance(received, Plan) else None
        return Answer(plan, alive=plan is not None or self._process.is_alive(), latency_s=time.perf_counter() - began)

    def restart(self) -> None:
        """A new process; until it has loaded, its answers are late."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5.0)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._memory, self._make_policy), name="model", daemon=True)
        self._process.start()
        theirs.close()
        self._busy = True  # until it greets

    def _received(self, timeout_s: float) -> Plan | str | None:
        """What came within `timeout_s`: a plan, or the greeting; None for nothing. Raises EOFError where the process has ended."""
        if not self._pipe.poll(timeout_s):
            return None
        self._busy = False
        return self._pipe.recv()


def _serve(pipe: Connection, memory: Any, make_policy: Callable[[], Policy]) -> None:
    """The model's process."""
    policy, pictures = make_policy(), np.frombuffer(memory, np.uint8)
    policy.reset(1)
    pipe.send(GREETING)
    while True:
        try:
            shape, observation = pipe.recv()
        except EOFError:
            return
        images = pictures[: math.prod(shape)].reshape(shape).copy()
        pipe.send(policy.plan(replace(observation, images=images)))
