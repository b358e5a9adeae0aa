"""What is wrong with the cameras of a world: one is out, all but the front one are, the picture is cropped as a narrower camera's
would be, or there is dirt on the glass. A fault lasts until it is changed."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import unknown_name
from caravela.core.types import Rig

FAULTS = ("none", "one_out", "front_only", "cropped", "dirty")
SPOTS = (3, 10)  # of dirt on a camera
DIRT = (52, 44, 34)  # sRGB
FRONT = 0  # camera of the rig that stays where all others are out


class Lens:
    """Faults of `worlds` rigs."""

    def __init__(self, worlds: int, rig: Rig) -> None:
        self._cameras = len(rig.cameras)
        self._size = (rig.cameras[0].height, rig.cameras[0].width)
        self.fault = ["none"] * worlds
        self._clear: NDArray[np.float32] | None = None  # (B, C, H, W, 1) share of light that comes through, None: all
        self._stray: NDArray[np.float32] | None = None  # (B, C, H, W, 3) what is added

    def set(self, world: int, fault: str, *, random: np.random.Generator) -> None:
        """Give a world's rig a fault, drawn anew. Raises CaravelaError for an unknown one."""
        if fault not in FAULTS:
            raise unknown_name("fault", fault, FAULTS)
        self.fault[world] = fault
        if fault == "none" and self._clear is None:
            return
        if self._clear is None or self._stray is None:
            self._clear = np.ones((len(self.fault), self._cameras, *self._size, 1), dtype=np.float32)
            self._stray = np.zeros((len(self.fault), self._cameras, *self._size, 3), dtype=np.float32)
        self._clear[world], self._stray[world] = 1.0, 0.0
        if fault == "one_out":
            self._clear[world, random.integers(self._cameras)] = 0.0
        elif fault == "front_only":
            self._clear[world, np.arange(self._cameras) != FRONT] = 0.0
        elif fault == "cropped":
            self._crop(world, random)
        elif fault == "dirty":
            for camera in range(self._cameras):
                self._spatter(world, camera, random)

    def soil(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(B, C, H, W, 3) as they come through the glass."""
        if self._clear is None or self._stray is None or all(fault == "none" for fault in self.fault):
            return images
        soiled = images.copy()
        for world, fault in enumerate(self.fault):
            if fault != "none":
                soiled[world] = (images[world] * self._clear[world] + self._stray[world]).astype(np.uint8)
        return soiled

    def through(self, worlds: NDArray[np.int64], *, rows: int, columns: int) -> NDArray[np.float32] | None:
        """(B, C, rows, columns) share of light that comes through in each cell of the pictures of some worlds; None where all does."""
        if self._clear is None:
            return None
        height, width = self._size
        cells = self._clear[worlds, ..., 0].reshape(len(worlds), self._cameras, rows, height // rows, columns, width // columns)
        return cells.mean((3, 5), dtype=np.float32)

    def _crop(self, world: int, random: np.random.Generator) -> None:
        """Only the middle of the front cameras shows anything."""
        assert self._clear is not None
        height, width = self._size
        rows, columns = random.uniform(0.25, 0.7), random.uniform(0.55, 0.95)
        middle = random.uniform(0.42, 0.6)  # of the height
        top, bottom = int(max(0.0, middle - rows / 2.0) * height), int(min(1.0, middle + rows / 2.0) * height)
        left, right = int((1.0 - columns) / 2.0 * width), int((1.0 + columns) / 2.0 * width)
        self._clear[world] = 0.0
        self._clear[world, FRONT, top:bottom, left:right] = 1.0
        if random.random() < 0.5:  # what of it the narrow front camera would show as well
            self._clear[world, 1] = 1.0

    def _spatter(self, world: int, camera: int, random: np.random.Generator) -> None:
        """Spots of dirt, dense in the middle and thin at the rim."""
        assert self._clear is not None and self._stray is not None
        height, width = self._size
        y, x = np.mgrid[0:height, 0:width]
        through = np.ones((height, width), dtype=np.float32)
        for _ in range(random.integers(*SPOTS)):
            size = random.uniform(0.02, 0.12) * width
            away = np.hypot(x - random.uniform(0, width), y - random.uniform(0, height)) / size
            through *= 1.0 - random.uniform(0.4, 1.0) * np.clip(1.6 - away, 0.0, 1.0)
        self._clear[world, camera] = through[..., None]
        self._stray[world, camera] = (1.0 - through[..., None]) * np.array(DIRT, dtype=np.float32)
