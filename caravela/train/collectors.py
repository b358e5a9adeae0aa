"""Collecting in several processes, on one machine or on a cluster: Ray (Moritz et al. 2018, extra `scale`) keeps them going, each runs
rounds of its own, and one that dies is replaced. They share nothing but the run's folder. Only this file knows Ray."""

import os
import pickle
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numba

from caravela.core.errors import CaravelaError
from caravela.train.threads import use_threads

DriveRound = Callable[[], dict[str, float]]  # one round; returns its counts
Hire = Callable[[int], DriveRound]  # makes the collector of a number that no other had; picklable

DEATHS_EACH = 3  # in a row, without one finished round among them, after which something is wrong with all


@dataclass(frozen=True)
class Round:
    """A round that a collector has finished; it drives the next one already."""

    collector: int
    process: int
    counts: dict[str, float]


class _Collector:
    """What runs in a process of its own."""

    def __init__(self, packed: bytes, number: int, threads: int) -> None:
        self.packed, self.number, self.threads = packed, number, threads
        self.drive: DriveRound | None = None

    def round(self) -> tuple[int, dict[str, float]]:
        """The process, and the counts of one round."""
        if self.drive is None:
            use_threads(self.threads)
            numba.set_num_threads(min(self.threads, numba.get_num_threads()))
            self.drive = pickle.loads(self.packed)(self.number)
        return os.getpid(), self.drive()


def rounds_of(
    hire: Hire, *, collectors: int, address: str | None = None, threads: int = 1, told: Callable[[str], None] = print
) -> Generator[Round, None, None]:
    """Rounds without end, as they are finished; close the generator to end the collectors.

    Args:
        address: of a Ray cluster; "auto" for the one that this machine belongs to. By default RAY_ADDRESS, or else a Ray of our own on
            this machine, with room for all of them.
        threads: of each collector.
        told: takes what the user should know, a sentence at a time.

    Raises CaravelaError where a collector does, where they keep dying, and where there is no cluster at `address`; ModuleNotFoundError
    without Ray.
    """
    ray = load_ray()
    _connect(ray, address or os.environ.get("RAY_ADDRESS") or "local", collectors=collectors)
    try:
        packed = ray.put(pickle.dumps(hire))
        actor = ray.remote(num_cpus=1, max_restarts=0)(_Collector)
        if (room := int(ray.cluster_resources().get("CPU", 0))) < collectors:
            told(f"the cluster has {room} processors for {collectors} collectors: the others begin when it has more")
        running: dict[Any, tuple[Any, int]] = {}
        hired = deaths = 0
        while True:
            while len(running) < collectors:
                worker = actor.remote(packed, hired, threads)
                running[worker.round.remote()] = (worker, hired)
                hired += 1
            finished, _ = ray.wait(list(running), num_returns=1)
            worker, number = running.pop(finished[0])
            try:
                process, counts = ray.get(finished[0])
            except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
                ray.kill(worker)  # it may only be out of reach
                deaths += 1
                if deaths >= DEATHS_EACH * collectors:
                    raise CaravelaError(
                        f"{deaths} collectors died one after another without a finished round, the last of {_why(error)}; "
                        "see Ray's logs, or try with --collectors 1."
                    ) from error
                told(f"collector {number} died ({_why(error)}); collector {hired} takes its place, and finished shards stay")
                continue
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, CaravelaError) else error from None
            deaths = 0
            running[worker.round.remote()] = (worker, number)
            yield Round(number, process, counts)
    finally:
        ray.shutdown()


def load_ray() -> Any:
    """Ray, which is told to report nothing to anybody. Raises ModuleNotFoundError without the extra `scale`."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_worker_niceness", "0")  # collecting is what it is for: no nicer than we are, where Ray would add 15
    import ray

    return ray


def _connect(ray: Any, address: str, *, collectors: int) -> None:
    local = {"num_cpus": collectors, "include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, logging_level="WARNING", log_to_driver=False, **local)
    except (ConnectionError, ValueError, RuntimeError) as error:
        said = str(error).strip().splitlines()[0]
        raise CaravelaError(
            f"no Ray cluster at '{address}' ({said}); start one with `ray start --head`, or leave --address out."
        ) from error


def _why(error: Exception) -> str:
    """The first line of a death's description that says something of its own."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next(
        (line.rstrip(".") for line in lines if line.startswith(("The worker died", "Worker unexpectedly exits", "The node"))), lines[0]
    )
