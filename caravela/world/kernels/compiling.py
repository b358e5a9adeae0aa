"""Kernels compile when they are first called and are then kept on disk. The first time takes long enough to wonder, so whoever calls
the large ones says so: `announce_compiling` has one line printed, and only where something really is compiled."""

import sys
from functools import cache
from typing import Any

from numba.core import event

NOTICE = "caravela: compiling kernels, once; this takes about a minute …"


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
