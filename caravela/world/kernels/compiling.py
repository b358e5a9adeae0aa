"""How the kernels of traffic, lights and routes compile: without fast math and with literals as they are, so that the same seed gives the
same bits; and what is said on stderr while they do. The camera's kernels compile by `kernels.scalar` instead."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit
from numba.core import event

from caravela.world.kernels.scalar import watched

NOTICE = "caravela: compiling kernels that are not kept yet; all of them take about a minute, once …"


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Divisions by zero are not looked for: that would double the code."""
    return watched(njit(cache=True, error_model="numpy", **options)(function))


def kernel(function: Callable[..., Any]) -> Any:
    """A function that makes no arrays. Without reference counts, which cost more than most of the work."""
    return _compiled(function, _nrt=False)


def inlined_kernel(function: Callable[..., Any]) -> Any:
    """Like `kernel`, but copied into its callers: for what is called for every agent, where handing over the arrays costs more than the work."""
    return _compiled(function, _nrt=False, forceinline=True)


def allocating_kernel(function: Callable[..., Any]) -> Any:
    """A function that makes its own scratch arrays."""
    return _compiled(function)


def kernel_loop(function: Callable[..., Any]) -> Any:
    """An outer loop over worlds; `prange` in it runs over threads."""
    return _compiled(function, parallel=True)


class _Announcer(event.Listener):
    """Prints the notice at the first compilation of a kernel of ours."""

    told = False

    def on_start(self, event: Any) -> None:
        if not self.told and event.data["dispatcher"].py_func.__module__.startswith("caravela."):
            self.told = True
            print(NOTICE, file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        """There is nothing to say when it is done."""


@cache
def announce_compiling() -> None:
    """From now on in this process, say on stderr when a kernel has to be compiled. Calling it again does nothing."""
    event.register("numba:compile", _Announcer())
