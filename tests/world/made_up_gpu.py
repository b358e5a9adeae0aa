"""A GPU that is made up: its memory is the CPU's, and the threads of a pass run one after the other in an order of their own. The functions that they
call are those that the CPU compiles."""

from types import SimpleNamespace

import numpy as np

from caravela.world.kernels import cuda_world
from caravela.world.on_device import BLOCK, Gpu


class HostMemory(Gpu):
    """A GPU, as Numba's simulator needs it: arrays are NumPy's, so that compiled functions take them."""

    def send(self, array):
        return np.array(array)

    def fetch(self, array):
        return array.copy()

    def write(self, array, values):
        array[:] = values

    def field(self, records, name):
        return records[name]


class MadeUpGpu(HostMemory):
    """Threads in disorder, and no GPU or simulator of one. `launched` is how many passes there were."""

    def __init__(self, seed=0):
        self._random = np.random.default_rng(seed)
        self.launched = 0

    def launch(self, kernel, threads, *arguments, block=BLOCK):
        self.launched += 1
        whole = -(-threads // block) * block  # the last block's spare threads run too
        scope = kernel.__globals__
        before = scope["cuda"]
        thread = SimpleNamespace(at=0)
        scope["cuda"] = SimpleNamespace(grid=lambda _: thread.at, local=SimpleNamespace(array=np.empty))
        try:
            for thread.at in self._random.permutation(whole).tolist():
                kernel(*arguments)
        finally:
            scope["cuda"] = before
        assert scope is vars(cuda_world)
