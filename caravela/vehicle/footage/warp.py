"""Pictures of one camera as another rig would have taken them. Below the horizon every ray is followed to a flat road and looked
up where the first camera sees that spot; above it the scene is taken to be infinitely far. So the road, and what stands on it at
its foot, lies where it should; what rises from it near by is sheared a little. What the first camera cannot see stays black."""

import math

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Camera, Rig
from caravela.vehicle.footage.lens import Lens

TAPS = 2  # rays per pixel of the target, along each axis
NEAR = 0.1  # m of depth; what is nearer is not looked up


class Warp:
    """From pictures of one lens to the views of a rig. The geometry is worked out once."""

    def __init__(self, source: Lens, rig: Rig) -> None:
        self._source = source
        self._views = [_View(source, camera) for camera in rig.cameras]
        self._rig = rig

    @property
    def seen(self) -> dict[str, float]:
        """By camera of the rig, the share of its picture that the source can fill, 0 to 1."""
        return {camera.name: view.seen for camera, view in zip(self._rig.cameras, self._views)}

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(C, H, W, 3) views of the rig of a picture (height, width, 3) of the source."""
        assert picture.shape == (self._source.height, self._source.width, 3), picture.shape
        smaller: dict[int, NDArray[np.float32]] = {}
        for shrink in {view.shrink for view in self._views}:
            smaller[shrink] = _average(picture, shrink)
        return np.stack([view.look(smaller[view.shrink]) for view in self._views])


class _View:
    """One camera of the rig: for each of its rays the pixel of the source, shrunk so that the two have about the same focal length."""

    def __init__(self, source: Lens, camera: Camera) -> None:
        target = Lens.of(camera)
        self.shape = (camera.height, camera.width)
        self.shrink = max(1, min(math.floor(min(source.focal) / camera.focal), source.width, source.height))
        at = (np.arange(TAPS) + 0.5) / TAPS
        columns = (np.arange(camera.width)[:, None] + at).reshape(-1)
        rows = (np.arange(camera.height)[:, None] + at).reshape(-1)
        pixels, depth = source.project(_offsets(target.rays(*np.meshgrid(columns, rows)), source=source, target=target))
        pixels = pixels / self.shrink
        width, height = source.width // self.shrink, source.height // self.shrink
        inside = (depth > NEAR) & (pixels >= 0.0).all(-1) & (pixels[..., 0] < width) & (pixels[..., 1] < height)
        self.seen = float(inside.mean())
        x = np.clip(np.where(inside, pixels[..., 0], 0.5) - 0.5, 0.0, width - 1.0)
        y = np.clip(np.where(inside, pixels[..., 1], 0.5) - 0.5, 0.0, height - 1.0)
        left, top = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
        right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        self._places = np.stack([top * width + left, top * width + right, below * width + left, below * width + right])
        share_x, share_y = x - left, y - top
        shares = [(1 - share_x) * (1 - share_y), share_x * (1 - share_y), (1 - share_x) * share_y, share_x * share_y]
        self._shares = (np.stack(shares) * inside).astype(np.float32)  # (4, H * TAPS, W * TAPS); 0 where nothing is seen

    def look(self, smaller: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(H, W, 3) of the shrunk source."""
        flat = smaller.reshape(-1, 3)
        rays = sum(share[..., None] * flat[place] for place, share in zip(self._places, self._shares))
        height, width = self.shape
        return np.asarray(rays).reshape(height, TAPS, width, TAPS, 3).mean(axis=(1, 3)).round().astype(np.uint8)


def _offsets(rays: NDArray[np.float64], *, source: Lens, target: Lens) -> NDArray[np.float64]:
    """Offsets (..., 3) from the source of what the target's rays (..., 3) meet: the road, or what is infinitely far."""
    down = np.minimum(rays[..., 2:], -1e-9)
    on_road = np.array(target.position) + rays * (target.position[2] / -down) - np.array(source.position)
    return np.where(rays[..., 2:] < -1e-6, on_road, rays)


def _average(picture: NDArray[np.uint8], k: int) -> NDArray[np.float32]:
    """Mean of k x k blocks; rows and columns that fill no block are cut off."""
    if k == 1:
        return picture.astype(np.float32)
    height, width = picture.shape[0] // k, picture.shape[1] // k
    blocks = picture[: height * k, : width * k].reshape(height, k, width, k, 3)
    return (blocks.sum(axis=(1, 3), dtype=np.uint32) / np.float32(k * k)).astype(np.float32)
