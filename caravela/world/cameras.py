"""Cameras: renders what a rig sees in every world of a state. Object-order ray casting with a depth buffer on the CPU, one view a
thread at a time; on a GPU, one thread a pixel calls the same scalar functions (`kernels.cuda_render`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.types import Rig
from caravela.world import sky
from caravela.world.kernels.bundles import SEMANTICS
from caravela.world.kernels.render import draw_views
from caravela.world.scene import Scene
from caravela.world.state import WorldState

if TYPE_CHECKING:
    from caravela.world.kernels.cuda_render import CudaRenderer
    from caravela.world.on_device import DeviceWorlds

SEMANTIC_NAMES = SEMANTICS
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Truth:
    """What a training label may know of the same frames."""

    images: NDArray[np.uint8]  # (B, C, H, W, 3)
    depth: NDArray[np.float32]  # (B, C, H, W) m along the optical axis; 1500: sky
    semantics: NDArray[np.uint8]  # (B, C, H, W) index into SEMANTIC_NAMES
    visible_pixels: NDArray[np.int32]  # (B, A) pixels of each agent, all cameras together
    lamp_pixels: NDArray[np.float32]  # (B, K) pixels that shining lamps of each signal link cover, all cameras together


class Cameras:
    """A rig in a scene."""

    def __init__(self, scene: Scene, rig: Rig, *, supersample: int = 1, device: str = "cpu") -> None:
        """`supersample` renders that many times finer in both axes and averages: smooth edges for pictures that people look at.
        `device` is "cpu" or "cuda". Raises CaravelaError for another, and for "cuda" without the extra or without a GPU."""
        if device not in DEVICES:
            raise unknown_name("device", device, DEVICES)
        self.scene = scene
        self.rig = rig
        self.supersample = supersample
        self._gpu = _on_gpu(scene) if device == "cuda" else None
        self._cameras = np.array([(*c.position, c.yaw, c.pitch, c.focal * supersample) for c in rig.cameras], np.float32)

    def render(
        self, state: WorldState, *, worlds: NDArray[np.int32] | None = None, agent: int = 0, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Images (B, C, H, W, 3) seen from `agent` in each of `worlds` (all by default). The agent's own body is not drawn."""
        if self.supersample == 1:
            return self._draw(state, worlds, agent, want=False, out=out).images
        images = _average(self._draw(state, worlds, agent, want=False).images, self.supersample)
        if out is None:
            return images
        out[...] = images
        return out

    def render_truth(self, state: WorldState, *, worlds: NDArray[np.int32] | None = None, agent: int = 0) -> Truth:
        """Images with depth, semantics, visibility of every agent and area of every signal link's lamps."""
        truth = self._draw(state, worlds, agent, want=True)
        k = self.supersample
        if k == 1:
            return truth
        return Truth(
            _average(truth.images, k),
            truth.depth[:, :, ::k, ::k],
            truth.semantics[:, :, ::k, ::k],
            truth.visible_pixels // (k * k),
            (truth.lamp_pixels / (k * k)).astype(np.float32),
        )

    def draw_on_device(self, worlds: "DeviceWorlds", *, agent: int = 0) -> Iterator[tuple[slice, Any]]:
        """Pictures of worlds that live on the GPU, which stay there: some worlds after the others, which ones, and their images (V, H, W, 3), all
        cameras of the first world first, until the next are drawn. Raises CaravelaError for cameras of the CPU, or finer ones than the rig's."""
        if self._gpu is None or self.supersample != 1:
            raise CaravelaError("worlds on a GPU are drawn by cameras with device='cuda' and supersample=1; these have others.")
        from caravela.world.kernels.grid import Moving

        gpu, state = worlds.gpu, worlds.state
        records = gpu.fetch(state.worlds)
        environment = gpu.send(sky.environments(records["weather"], time=records["time"]))
        size = (self.rig.height, self.rig.width, worlds.agents, state.lamp.shape[1])
        every, moving = np.arange(worlds.worlds, dtype=np.int32), Moving(state.agents, state.worlds, state.lamp)
        for part, canvas in self._gpu.parts(moving, environment, gpu.send(self._cameras), every, agent, size):
            yield part, canvas.image

    def _draw(
        self, state: WorldState, worlds: NDArray[np.int32] | None, agent: int, *, want: bool, out: NDArray[np.uint8] | None = None
    ) -> Truth:
        chosen = np.arange(len(state.worlds), dtype=np.int32) if worlds is None else np.ascontiguousarray(worlds, dtype=np.int32)
        shape = (len(chosen), len(self.rig.cameras), self.rig.height * self.supersample, self.rig.width * self.supersample)
        images = np.empty((*shape, 3), np.uint8) if out is None else out
        detail = shape if want else (1, 1, 1, 1)
        depth, what = np.empty(detail, np.float32), np.empty(detail, np.uint8)
        visible = np.zeros((*shape[:2], state.agents.shape[1]), np.float32)
        lamp_area = np.zeros((*shape[:2], state.lamp.shape[1]), np.float32)
        environment = sky.environments(state.weather, time=state.time)
        arguments = (state.arrays(), environment, self._cameras, chosen, agent, images, depth, what, visible, lamp_area, want)
        if self._gpu:
            self._gpu.draw(*arguments)
        else:
            draw_views(self.scene.arrays, *arguments)
        return Truth(images, depth, what, np.round(visible.sum(axis=1)).astype(np.int32), lamp_area.sum(axis=1))


def _on_gpu(scene: Scene) -> "CudaRenderer":
    """The scene on the current GPU."""
    try:
        from caravela.world.kernels.cuda_render import CudaRenderer
    except ImportError as error:
        raise CaravelaError(
            f"cameras were asked to draw on a GPU, but Numba's CUDA target cannot be imported ({error}); "
            "use device='cpu', or install the extra `cuda`."
        ) from error
    return CudaRenderer(scene.arrays)


def _average(images: NDArray[np.uint8], k: int) -> NDArray[np.uint8]:
    """Mean of k x k blocks of pixels of (B, C, H, W, 3)."""
    b, c, h, w, _ = images.shape
    return images.reshape(b, c, h // k, k, w // k, k, 3).mean(axis=(3, 5)).round().astype(np.uint8)
