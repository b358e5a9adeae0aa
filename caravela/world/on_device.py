"""Worlds that live on an NVIDIA GPU: their state lies there between ticks, and ticks, vectors and respawning are launched where it lies
(`kernels/cuda_world.py`). Nothing large comes back unless it is fetched. Directors, cameras and the sat-nav stay with `Simulator`, on the CPU.
Importing this file needs no GPU."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import cuda
from numba.core.errors import NumbaPerformanceWarning
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError, install_hint
from caravela.world.atlas import Atlas, Roads
from caravela.world.kernels import cuda_world
from caravela.world.kernels.learned import OBJECT_WIDTH, WIDTH
from caravela.world.kernels.narrowed import narrowed
from caravela.world.state import StateArrays, WorldState

BLOCK = 128  # threads of a pass with a thread an agent
WORLD_BLOCK = 32  # of a pass with a thread a world: few and long, so they are spread over as many multiprocessors as there are


class Gpu:
    """The current GPU: its memory, and passes launched on it in order."""

    def __init__(self) -> None:
        """Raises CaravelaError where there is none that Numba can use."""
        if not cuda.is_available():
            raise CaravelaError(
                "the world was asked to run on a GPU, but Numba finds no NVIDIA GPU with a driver here; use the CPU, or a machine with one and the "
                f"extra `cuda`: {install_hint('cuda')}."
            )
        self._kernels: dict[Callable[..., None], Any] = {}
        self._launches: dict[tuple[Callable[..., None], int, int], Any] = {}

    def send(self, array: NDArray) -> Any:
        """A copy on the GPU."""
        return cuda.to_device(np.ascontiguousarray(array))

    def fetch(self, array: Any) -> NDArray:
        """A copy of an array on the GPU."""
        return array.copy_to_host()

    def write(self, array: Any, values: NDArray) -> None:
        """Overwrite an array on the GPU by one of its shape and type."""
        cuda.to_device(np.ascontiguousarray(values), to=array)

    def field(self, records: Any, name: str) -> Any:
        """A field of records on the GPU, for whoever reads the CUDA array interface; not a copy."""
        return _Field(records, name)

    def compiled(self, kernel: Callable[..., None]) -> Any:
        """A pass for this GPU, with 32-bit floats."""
        return cuda.jit(narrowed(kernel))

    def launch(self, kernel: Callable[..., None], threads: int, *arguments: Any, block: int = BLOCK) -> None:
        """Run a pass of `kernels.cuda_world`, `threads` threads of it; it is compiled the first time, for the types that it then gets."""
        key = (kernel, threads, block)
        if key not in self._launches:
            if kernel not in self._kernels:
                # for these types once and for all: asking for those of forty arrays at each launch would take longer than the pass
                self._kernels[kernel] = self.compiled(kernel).specialize(*arguments)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NumbaPerformanceWarning)  # a few worlds leave a GPU idle, and may
                self._launches[key] = self._kernels[kernel][max(-(-threads // block), 1), block]
        self._launches[key](*arguments)


class _Field:
    """One field of an array of records, described by the CUDA array interface (version 3)."""

    def __init__(self, records: Any, name: str) -> None:
        self._records = records  # kept alive
        kind, offset = records.dtype.fields[name][:2]
        interface = records.__cuda_array_interface__
        self.__cuda_array_interface__ = {
            "shape": (*records.shape, *kind.shape),
            "strides": (*_strides(records.shape, records.dtype.itemsize), *_strides(kind.shape, kind.base.itemsize)),
            "typestr": kind.base.str,
            "data": (interface["data"][0] + offset, False),
            "version": 3,
        }


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Bytes from one to the next along each axis of an array without gaps."""
    return tuple(int(stride) for stride in np.cumprod([itemsize, *shape[:0:-1]])[::-1]) if shape else ()


class DeviceWorlds:
    """A state, its maps and what is handed in and out on the GPU. `buffers` says what is read and written; whoever calls writes there."""

    def __init__(self, atlas: Atlas, state: WorldState, *, watched: int = 1, gpu: Gpu | None = None) -> None:
        """`watched`: the first agents of each world, that see and are replaced. Raises CaravelaError where there is no GPU, and for more agents or a
        wider network of learned traffic than a thread has room for."""
        self.gpu = gpu or Gpu()
        self.worlds, self.agents = state.agents.shape
        self.watched = watched
        if self.agents > cuda_world.MOST_AGENTS:
            raise CaravelaError(f"got {self.agents} agents a world; on a GPU there is room for {cuda_world.MOST_AGENTS}: ask for fewer.")
        self._learned = bool(state.learned.any())
        if self._learned and atlas.roads.learned[WIDTH] + atlas.roads.learned[OBJECT_WIDTH] > cuda_world.WIDEST:
            raise CaravelaError(f"the network that drives learned traffic is wider than {cuda_world.WIDEST}; use one that is narrower.")
        self.roads = Roads(*(self.gpu.send(array) for array in atlas.roads))
        self.state = StateArrays(*(self.gpu.send(array) for array in state.arrays()))
        shapes = cuda_world.Buffers.shapes(self.worlds, self.agents, watched)
        empty = {name: np.zeros(*form) for name, form in shapes.items()}
        empty["respawn"][:] = True
        self.buffers = cuda_world.Buffers(**{name: self.gpu.send(array) for name, array in empty.items()})

    def step(self) -> None:
        """`kernels.step.step`: reads `action` and `respawn`, writes `flags` and `parts`. EXTERNAL agent i reads action[b, i]."""
        each = self.worlds * self.agents
        self._by_world(cuda_world.set_lights)
        self._launch(cuda_world.look_ahead, each)
        self._launch(cuda_world.choose, each)
        if self._learned:
            self._launch(cuda_world.choose_learned, each)
        self._launch(cuda_world.advance, each)
        self._by_world(cuda_world.go_on)
        self._launch(cuda_world.judge, each)
        self._by_world(cuda_world.come_back)

    def observe(self) -> None:
        """`kernels.vectors.observe` for the agents that are watched, into `rows`, `objects` and `mask`; zeros where one is not EXTERNAL."""
        self._launch(cuda_world.look_ahead, self.worlds * self.agents)
        self._launch(cuda_world.observe, self.worlds * self.watched)

    def measure_closing(self) -> None:
        """Write `closing` for what `flags` says of the last step."""
        self._launch(cuda_world.closing_speed, self.worlds * self.watched)

    def replace(self) -> None:
        """`kernels.step.replace` for those who are watched, by `done`."""
        self._by_world(cuda_world.replace)

    def populate(
        self, worlds: NDArray[np.int32], *, maps: NDArray[np.int32], weathers: NDArray[np.float32], counts: Sequence[NDArray[np.int32]]
    ) -> None:
        """`kernels.step.populate` in some worlds (N,), on maps (N,) in weathers (N, W); counts: cars, parked and walkers, (N,) each. Who is watched
        learns."""
        fillings = cuda_world.Fillings(*(self.gpu.send(array) for array in (worlds, maps, weathers, *counts)))
        threads = len(worlds) * cuda_world.LANES
        self.gpu.launch(cuda_world.populate, threads, self.roads, self.state, self.buffers, fillings, block=WORLD_BLOCK)

    def fetch(self) -> WorldState:
        """A copy of the state on the CPU."""
        return WorldState(*(self.gpu.fetch(array) for array in self.state))

    def _by_world(self, kernel: Callable[..., None]) -> None:
        self._launch(kernel, self.worlds * cuda_world.LANES, block=WORLD_BLOCK)

    def _launch(self, kernel: Callable[..., None], threads: int, *, block: int = BLOCK) -> None:
        self.gpu.launch(kernel, threads, self.roads, self.state, self.buffers, block=block)
