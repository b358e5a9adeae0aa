"""How long each stage of a tick takes: a window of durations per stage and their percentiles. Written by the drive's
thread and the server's, read by both."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

WINDOW = 600  # durations kept per stage: one minute at 10 Hz


class Latencies:
    """Durations in milliseconds by stage name; the newest `window` of each are kept, all of them if `window` is None."""

    def __init__(self, *, window: int | None = WINDOW) -> None:
        self._window = window
        self._durations: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, stage: str, milliseconds: float) -> None:
        """Note one duration."""
        with self._lock:
            self._durations.setdefault(stage, deque(maxlen=self._window)).append(milliseconds)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time the body of a `with`; a body that raises is not counted."""
        began = time.perf_counter()
        yield
        self.add(stage, 1000.0 * (time.perf_counter() - began))

    def percentiles(self) -> dict[str, dict[str, float]]:
        """`{stage: {"p50": ms, "p99": ms}}`, stages in the order in which they first came."""
        with self._lock:
            copies = {stage: np.array(durations) for stage, durations in self._durations.items() if durations}
        return {
            stage: {"p50": round(float(np.percentile(values, 50)), 2), "p99": round(float(np.percentile(values, 99)), 2)}
            for stage, values in copies.items()
        }

    def clear(self) -> None:
        """Forget everything, as when another drive begins."""
        with self._lock:
            self._durations.clear()
