"""How long compiling took, for whoever waited for it. That it begins is said by `kernels.compiling`; a warm start says nothing at all."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

WORTH_TELLING_S = 1.0  # s of compiling, below which nothing is said


class _Stopwatch(event.Listener):
    """Takes the time of our kernels. They compile those that they call meanwhile, so only the outermost counts; Numba's lock lets one thread
    compile at a time."""

    def __init__(self, begun: Callable[[], None]) -> None:
        self.seconds = 0.0
        self._begun = begun
        self._starts: list[float] = []  # of those under way, the outermost first

    def on_start(self, event: Any) -> None:
        if _is_ours(event):
            if not self._starts and not self.seconds:
                self._begun()
            self._starts.append(time.perf_counter())

    def on_end(self, event: Any) -> None:
        if _is_ours(event) and self._starts:
            began = self._starts.pop()
            self.seconds += 0.0 if self._starts else time.perf_counter() - began


def _is_ours(event: Any) -> bool:
    return bool(event.data["dispatcher"].py_func.__module__.startswith("caravela."))


@contextmanager
def compiling_told(begun: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Within, `begun` is called at the first kernel that has to be compiled; at the end stderr is told how long they all took."""
    watch = _Stopwatch(begun)
    with event.install_listener("numba:compile", watch):
        yield
    if watch.seconds >= WORTH_TELLING_S:
        print(f"caravela: compiled in {watch.seconds:.0f} s; they are kept for the next time.", file=sys.stderr, flush=True)
