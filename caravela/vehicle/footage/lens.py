"""A pinhole camera somewhere on a car, as footage needs it: pixels that need not be square and an optical axis that need not
meet the middle of the picture. Its conventions are those of `core.types.Camera`; lens distortion and roll are left out."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Camera


@dataclass(frozen=True)
class Lens:
    """Where a camera sits in the rig frame and how it projects. Pixel (column, row) has its middle at + 0.5."""

    width: int
    height: int
    focal: tuple[float, float]  # pixels, along columns and rows
    centre: tuple[float, float]  # pixels, where the optical axis meets the picture
    position: tuple[float, float, float]  # m, rig frame
    yaw: float = 0.0  # rad, left positive
    pitch: float = 0.0  # rad, up positive

    @staticmethod
    def of(camera: Camera) -> "Lens":
        """The same camera, with its axis through the middle of the picture."""
        middle = (0.5 * camera.width, 0.5 * camera.height)
        focal = (camera.focal, camera.focal)
        return Lens(camera.width, camera.height, focal, middle, camera.position, camera.yaw, camera.pitch)

    @property
    def fov(self) -> float:
        """Horizontal field of view, rad."""
        left, right = self.centre[0], self.width - self.centre[0]
        return math.atan2(left, self.focal[0]) + math.atan2(right, self.focal[0])

    def axes(self) -> NDArray[np.float64]:
        """(3, 3) unit vectors of the rig frame: along the optical axis, right in the picture, up in the picture."""
        cy, sy, cp, sp = math.cos(self.yaw), math.sin(self.yaw), math.cos(self.pitch), math.sin(self.pitch)
        return np.array([[cy * cp, sy * cp, sp], [sy, -cy, 0.0], [-cy * sp, -sy * sp, cp]])

    def rays(self, columns: NDArray, rows: NDArray) -> NDArray[np.float64]:
        """Directions (..., 3) in the rig frame of the rays through pixels; one unit is one metre of depth."""
        right = (columns - self.centre[0]) / self.focal[0]
        up = (self.centre[1] - rows) / self.focal[1]
        return np.stack([np.ones_like(right), right, up], -1) @ self.axes()

    def project(self, offsets: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (..., 2) column and row, and depth (...) in m, of offsets (..., 3) from the camera in axes of the rig frame.
        Pixels mean nothing where the depth is not above 0."""
        depth, right, up = np.moveaxis(offsets @ self.axes().T, -1, 0)
        ahead = np.where(depth > 0.0, depth, 1.0)
        pixels = np.stack([self.centre[0] + self.focal[0] * right / ahead, self.centre[1] - self.focal[1] * up / ahead], -1)
        return pixels, depth


@dataclass(frozen=True)
class Assumption:
    """What is taken for true of a camera that has no calibration: that it looks straight ahead, without roll or distortion, from
    where the driver's own front camera sits (2.0 m ahead of the rear axle, in the middle), and this."""

    fov: float  # rad, horizontal
    height: float  # m above the road
    horizon: float  # of the picture's height, from the top: the row of the horizon

    def lens(self, width: int, height: int) -> Lens:
        """The lens of pictures of that size."""
        focal = 0.5 * width / math.tan(0.5 * self.fov)
        pitch = math.atan((self.horizon - 0.5) * height / focal)  # a horizon below the middle: the camera looks up
        return Lens(width, height, (focal, focal), (0.5 * width, 0.5 * height), (2.0, 0.0, self.height), pitch=pitch)
