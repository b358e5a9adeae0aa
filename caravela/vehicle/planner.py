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
from caravela.core.types import HISTORY_S, KNOTS, Observation, Plan, Rig

START_S = 60.0  # s that a model may take to load
GREETING = "loaded"
PICTURE_BYTES = 8 << 20  # four cameras of 640x360 with their history
PATIENCE_S = 3600.0  # longest that an answer is waited for: what the system can wait is limited too
NO_PICTURES = np.zeros((1, 0, 0, 0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Answer:
    """What came of one look: a plan, or none in time; `alive` says whether the model still runs."""

    plan: Plan | None
    alive: bool = True
    latency_s: float = 0.0
    why: str = ""  # there is no plan, where something else is wrong than that it was late


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
        try:
            plan = self._policy.plan(observation)
        except Exception as error:  # whatever a model raises, the car has to be stopped
            return Answer(None, alive=False, latency_s=time.perf_counter() - began, why=f"it raised {type(error).__name__}: {error}"[:200])
        passed = time.perf_counter() - began
        if why := misshapen(plan, observation.batch):
            return Answer(None, latency_s=passed, why=why)
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
            if observation.images.size > len(self._pictures):
                return Answer(
                    None, why=f"its pictures take {observation.images.size:,} bytes, and there is room for {len(self._pictures):,}"
                )
            self._pictures[: observation.images.size] = observation.images.reshape(-1)
            self._pipe.send((observation.images.shape, replace(observation, images=NO_PICTURES)))
            self._busy = True
            received = self._received(max(deadline_s - (time.perf_counter() - began), 0.0))
        except (EOFError, OSError):
            return Answer(None, alive=False)
        passed = time.perf_counter() - began
        if received is None:
            return Answer(None, alive=self._process.is_alive(), latency_s=passed)
        why = misshapen(received, observation.batch)
        return Answer(None, latency_s=passed, why=why) if why else Answer(received, latency_s=passed)

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

    def _received(self, timeout_s: float) -> Any:
        """What came within `timeout_s`: a plan, or the greeting; None for nothing. Raises EOFError where the process has ended."""
        if not self._pipe.poll(min(timeout_s, PATIENCE_S) if timeout_s > 0.0 else 0.0):
            return None
        self._busy = False
        return self._pipe.recv()


def picture_bytes(rig: Rig) -> int:
    """What an observation's pictures of that rig take, with their history."""
    return len(HISTORY_S) * len(rig.cameras) * rig.height * rig.width * 3


def misshapen(plan: Any, batch: int) -> str:
    """What a model has given in place of a plan for `batch` cars; empty for such a plan. What its numbers say is judged elsewhere."""
    if not isinstance(plan, Plan):
        return f"it gave a {type(plan).__name__} for a plan"
    expected = {"chosen": 1, "risk": 1, "values": 2, "speeds": 3, "trajectories": 4, "knots": 4}  # axes
    for name, axes in expected.items():
        array, kinds = getattr(plan, name), "iu" if name == "chosen" else "f"
        if not isinstance(array, np.ndarray) or array.ndim != axes or array.dtype.kind not in kinds:
            return f"the {name} of its plan are no array of {axes} axes and that kind"
    if any(len(getattr(plan, name)) != batch for name in expected):
        return f"it gave plans for {len(plan.chosen)} cars; asked for {batch}"
    k, steps = plan.values.shape[1], plan.speeds.shape[2]
    shapes = plan.speeds.shape[1:], plan.trajectories.shape[1:], plan.knots.shape[1:]
    if k == 0 or shapes != ((k, steps), (k, steps, 3), (k, KNOTS, 2)) or steps == 0:
        return f"its plan's arrays have the shapes {', '.join(map(str, shapes))}, which do not belong together"
    return ""


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
