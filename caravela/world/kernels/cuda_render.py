"""Views on an NVIDIA GPU: the passes of `grid`, one launch each. The scene stays on the device; of a state, what is drawn goes there, and
frames come back. Importing this file needs no GPU, drawing does."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.world.kernels.bundles import SceneArrays
from caravela.world.kernels.grid import Canvas, Lists, Moving, column_task, gather_task, lamp_task, pixel_task

BLOCK = (32, 4)  # threads across and down
VIEWS_AT_ONCE = 1024  # their display lists take about 0.6 GB


def gather_views(scene, state, environment, cameras, worlds, own, lists, canvas):
    task = cuda.grid(1)
    if task < worlds.shape[0] * cameras.shape[0]:
        gather_task(task, scene, state, environment, cameras, worlds, own, lists, canvas)


def draw_pixels(scene, state, environment, cameras, worlds, own, lists, canvas):
    i, at = cuda.grid(2)
    height = canvas.colour.shape[1]
    task = at // height
    if i < canvas.colour.shape[2] and task < worlds.shape[0] * cameras.shape[0]:
        pixel_task(task, at - task * height, i, scene, state, environment, cameras.shape[0], worlds, lists, canvas)


def draw_lamps(scene, state, environment, cameras, worlds, own, lists, canvas):
    i, at = cuda.grid(2)
    height = canvas.colour.shape[1]
    task = at // height
    if i < canvas.colour.shape[2] and task < worlds.shape[0] * cameras.shape[0]:
        lamp_task(task, at - task * height, i, environment, cameras.shape[0], worlds, lists, canvas)


def finish_columns(scene, state, environment, cameras, worlds, own, lists, canvas):
    i, task = cuda.grid(2)
    if i < canvas.colour.shape[2] and task < worlds.shape[0] * cameras.shape[0]:
        column_task(task, i, environment, cameras.shape[0], worlds, lists, canvas)


PASSES = (gather_views, draw_pixels, draw_lamps, finish_columns)


class CudaRenderer:
    """Draws views of one scene on the current GPU."""

    def __init__(self, scene: SceneArrays) -> None:
        """Raises CaravelaError where there is no GPU that Numba can use."""
        if not cuda.is_available():
            raise CaravelaError(
                "cameras were asked to draw on a GPU, but Numba finds no NVIDIA GPU with a driver here; "
                "use device='cpu', or a machine with one and the extra `cuda`."
            )
        self._scene = SceneArrays(*(cuda.to_device(array) for array in scene))
        self._passes = [cuda.jit(fastmath=True)(kernel) for kernel in PASSES]
        self._lists: Lists | None = None
        self._kept: Canvas | None = None

    def draw(
        self,
        state: Any,
        environment: NDArray[np.float32],
        cameras: NDArray[np.float32],
        worlds: NDArray[np.int32],
        own: int,
        images: NDArray[np.uint8],
        depths: NDArray[np.float32],
        whats: NDArray[np.uint8],
        visible: NDArray[np.float32],
        area: NDArray[np.float32],
        want: bool,
    ) -> None:
        """As `render.draw_views`, for the scene that lies on the device."""
        on_device = [cuda.to_device(array) for array in (state.agents, state.worlds, state.lamp, environment, cameras)]
        size = (*images.shape[2:4], visible.shape[2], area.shape[2])
        for part, canvas in self.parts(Moving(*on_device[:3]), *on_device[3:], worlds, own, size):
            filled = {"image": images, "depth": depths, "what": whats, "visible": visible, "area": area} if want else {"image": images}
            for name, array in filled.items():
                array[part] = getattr(canvas, name).copy_to_host().reshape(array[part].shape)

    def parts(
        self, state: Moving, environment: Any, cameras: Any, worlds: NDArray[np.int32], own: int, size: tuple[int, int, int, int]
    ) -> Iterator[tuple[slice, Canvas]]:
        """Draw what lies on the device, some of `worlds` (N,) after the others: which ones, and the canvas there, until the next part is drawn. size:
        rows and columns of a picture, agents of a world, lamps of a world."""
        most = max(VIEWS_AT_ONCE // len(cameras), 1)
        for k in range(0, len(worlds), most):
            part = slice(k, min(k + most, len(worlds)))
            canvas = self._canvas((part.stop - k) * len(cameras), *size)
            self._launch(state, environment, cameras, cuda.to_device(worlds[part]), own, canvas)
            yield part, canvas

    def _canvas(self, views: int, *size: int) -> Canvas:
        """A canvas on the device, the last one again where it fits."""
        shapes = Canvas.shapes(views, *size)
        if self._kept is None or any(getattr(self._kept, name).shape != form[0] for name, form in shapes.items()):
            self._kept = Canvas(**{name: cuda.device_array(*form) for name, form in shapes.items()})
        for name in ("visible", "area"):  # these are added to, the others written
            cuda.to_device(np.zeros(*shapes[name]), to=getattr(self._kept, name))
        return self._kept

    def _launch(self, state: Moving, environment: Any, cameras: Any, worlds: Any, own: int, canvas: Canvas) -> None:
        views, height, width = canvas.depth.shape
        if self._lists is None or len(self._lists.views) < views:
            self._lists = Lists(**{name: cuda.device_array(*form) for name, form in Lists.shapes(views).items()})
        across, down = BLOCK
        columns = -(-width // across)
        pixels = (columns, -(-views * height // down))
        grids = ((-(-views // 32), 32), (pixels, BLOCK), (pixels, BLOCK), ((columns, -(-views // down)), BLOCK))
        for kernel, (grid, block) in zip(self._passes, grids):
            kernel[grid, block](self._scene, state, environment, cameras, worlds, own, self._lists, canvas)
