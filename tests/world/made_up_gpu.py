"""A GPU that is made up: its memory is the CPU's, and the threads of a pass run one after the other in an order of their own. The functions that they
call are those that the CPU compiles."""

from types import SimpleNamespace

import numpy as np
from numba import cuda

from caravela.world.kernels.narrowed import narrowed
from caravela.world.on_device import BLOCK, Gpu


class HostMemory(Gpu):
    """A GPU, as Numba's simulator needs it: arrays are NumPy's, so that compiled functions take them, and those are the CPU's own."""

    def send(self, array):
        return np.array(array)

    def fetch(self, array):
        return array.copy()

    def write(self, array, values):
        array[:] = values

    def field(self, records, name):
        return records[name]

    def compiled(self, kernel):
        return cuda.jit(kernel)


class MadeUpGpu(HostMemory):
    """Threads in disorder, and no GPU or simulator of one. `narrow`: with the 32-bit floats of a GPU, rather than with the CPU's."""

    def __init__(self, *, narrow=False, seed=0):
        self._random = np.random.default_rng(seed)
        self._narrow, self._made = narrow, {}

    def compiled(self, kernel):
        if kernel not in self._made:
            self._made[kernel] = narrowed(kernel) if self._narrow else kernel
        return self._made[kernel]

    def launch(self, kernel, threads, *arguments, block=BLOCK):
        whole = -(-threads // block) * block  # the last block's spare threads run too
        made = self.compiled(kernel)
        scope, thread = made.__globals__, SimpleNamespace(at=0)
        before = scope["cuda"]
        scope["cuda"] = SimpleNamespace(grid=lambda _: thread.at, local=SimpleNamespace(array=np.empty))
        try:
            for thread.at in self._random.permutation(whole).tolist():
                made(*arguments)
        finally:
            scope["cuda"] = before
