"""The self-test of a bundle, in a process of its own: a model that crashes, hangs or eats the memory takes only that along. Looked at, a
bundle says which tier it is for; driven, it must plan for fixed pictures: finite, within what a car can follow, the same twice, and
not hopelessly slow. It says nothing about how well the model drives: that was settled before it was signed."""

import itertools
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.core.types import HISTORY_S, ROUTE_POINTS, ROUTE_SPACING, Observation, Rig
from caravela.vehicle.health import plan_faults

TIME_S = 60.0  # for all of it
PICTURES = 2  # each looked at twice
SLOWEST_S = 0.5  # of the fastest look: far over the loop's deadline, for a busy computer isn't the bundle's fault


@dataclass(frozen=True)
class Verdict:
    """What came of it."""

    tier: str = ""  # that the bundle says it is for
    fault: str = ""  # a sentence; "" where it passed


Examine = Callable[..., Verdict]  # (path, *, drive: bool)


def examine(path: Path, *, drive: bool, time_s: float = TIME_S) -> Verdict:
    """Look at the bundle at `path`; with `drive`, let it plan. Never raises for what is wrong with the bundle."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_examine, args=(theirs, path, drive), name="self-test", daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(time_s):
            return Verdict(fault=f"it did not answer within {time_s:.0f} s")
        return ours.recv()
    except (EOFError, OSError):
        process.join(5.0)
        return Verdict(fault=f"it ended the process that tried it (exit code {process.exitcode})")
    finally:
        process.kill()
        process.join(5.0)
        ours.close()


def _examine(pipe: Connection, path: Path, drive: bool) -> None:
    """In the process of its own."""
    from caravela.vehicle.bundle import open_bundle

    try:
        pipe.send(Verdict(open_bundle(path).card.name, _fault(path) if drive else ""))
    except CaravelaError as error:
        pipe.send(Verdict(fault=str(error)))
    except Exception as error:  # whatever onnxruntime raises for a graph that loads and does not run
        pipe.send(Verdict(fault=f"it does not run ({type(error).__name__}: {str(error)[:160]})"))


def _fault(path: Path) -> str:
    """Let the bundle plan; what is wrong with that, or ""."""
    from caravela.vehicle.policy import OnnxPolicy

    policy = OnnxPolicy(path)
    policy.reset(1)
    seconds = []
    for seed, abroad in itertools.product(range(PICTURES), (False, True) if policy.bundle.other_eyes is not None else (False,)):
        plans = []
        for _ in range(2):
            observation, began = _observation(policy.rig, seed=seed, abroad=abroad), time.perf_counter()
            plans.append(policy.plan(observation))
            seconds.append(time.perf_counter() - began)
        if faults := plan_faults(plans[0]):
            return f"on test picture {seed}: {', '.join(sorted(faults))}"
        if not np.array_equal(plans[0].knots, plans[1].knots):
            return f"it plans differently for test picture {seed} when asked again"
    return "" if min(seconds) <= SLOWEST_S else f"its fastest plan took {min(seconds):.2f} s; expected at most {SLOWEST_S} s"


def _observation(rig: Rig, *, seed: int, abroad: bool) -> Observation:
    """A made-up view, the same for the same seed: grey noise, a straight route, 10 m/s."""
    random = np.random.default_rng(seed)
    route = np.stack([ROUTE_SPACING * np.arange(1.0, ROUTE_POINTS + 1.0), np.zeros(ROUTE_POINTS)], axis=-1)
    return Observation(
        t_us=np.zeros(1, np.int64),
        images=random.integers(0, 256, (1, len(HISTORY_S), len(rig.cameras), rig.height, rig.width, 3), dtype=np.uint8),
        speed=np.full(1, 10.0, np.float32),
        yaw_rate=np.zeros(1, np.float32),
        route=route[None].astype(np.float32),
        has_route=np.ones(1, np.bool_),
        words=("",),
        abroad=np.full(1, abroad),
    )
