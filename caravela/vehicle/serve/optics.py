"""Other people's lenses: a pinhole with OpenCV's distortion, OpenCV's fisheye, and f-theta, each turned any way in the rig, roll and all.
Through `Optic` the warp of real footage looks through them as it does through its own. Rolling shutters are taken for global ones."""

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

from caravela.vehicle.footage.lens import Lens

WIDEST = math.radians(89.0)  # from the optical axis; what is beside or behind a camera is not looked up
SAMPLES = 2000  # of a curve, to find how far it rises


class Projection(Protocol):
    """From directions to pixels."""

    @property
    def focal(self) -> tuple[float, float]:
        """Pixels, at the middle."""

    def pixels(self, x: NDArray, y: NDArray, z: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Pixels (..., 2) column and row of directions in the optical frame (x right, y down, z along the axis), and which of them (...)
        the lens can see; z is above 0."""


@dataclass(frozen=True)
class Pinhole:
    """OpenCV's camera model (calib3d): radial k1..k6, tangential p1 p2, thin prism s1..s4; zeros for what is not there."""

    focal: tuple[float, float]
    centre: tuple[float, float]
    radial: tuple[float, ...] = ()
    tangential: tuple[float, ...] = ()
    prism: tuple[float, ...] = ()

    def pixels(self, x: NDArray, y: NDArray, z: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        x, y = x / z, y / z
        r2 = x * x + y * y
        p1, p2 = _filled(self.tangential, 2)
        s1, s2, s3, s4 = _filled(self.prism, 4)
        stretch = self._stretch(r2)
        bent_x = x * stretch + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x) + s1 * r2 + s2 * r2 * r2
        bent_y = y * stretch + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y + s3 * r2 + s4 * r2 * r2
        radii = np.linspace(0.0, math.tan(math.radians(80.0)), SAMPLES)
        limit = _rises_to(radii, radii * self._stretch(radii * radii))
        return _placed(bent_x, bent_y, self.focal, self.centre), r2 <= limit * limit

    def _stretch(self, r2: NDArray) -> NDArray:
        k1, k2, k3, k4, k5, k6 = _filled(self.radial, 6)
        return (1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1.0 + r2 * (k4 + r2 * (k5 + r2 * k6)))


@dataclass(frozen=True)
class Fisheye:
    """OpenCV's fisheye model: the angle from the axis, bent by k1..k4."""

    focal: tuple[float, float]
    centre: tuple[float, float]
    radial: tuple[float, ...] = ()
    widest: float = WIDEST  # rad

    def pixels(self, x: NDArray, y: NDArray, z: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        across = np.hypot(x, y)
        angle = np.arctan2(across, z)
        angles = np.linspace(0.0, min(self.widest, WIDEST), SAMPLES)
        scale = self._bent(angle) / np.maximum(across, 1e-12)
        return _placed(x * scale, y * scale, self.focal, self.centre), angle <= _rises_to(angles, self._bent(angles))

    def _bent(self, angle: NDArray) -> NDArray:
        k1, k2, k3, k4 = _filled(self.radial, 4)
        t2 = angle * angle
        return angle * (1.0 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))


@dataclass(frozen=True)
class FTheta:
    """NVIDIA's f-theta: the distance from the middle, in pixels, is a polynomial of the angle from the axis; then columns and rows are
    mixed by [[c, d], [e, 1]]."""

    centre: tuple[float, float]
    angle_to_distance: tuple[float, ...]  # coefficients, lowest power first; empty: invert the other one
    distance_to_angle: tuple[float, ...] = ()
    linear: tuple[float, float, float] = (1.0, 0.0, 0.0)  # c, d, e
    widest: float = WIDEST  # rad
    reach: float = 1e4  # pixels that the middle is from the furthest corner at most

    @property
    def focal(self) -> tuple[float, float]:
        near = np.array([0.0, 0.01])
        slope = float(np.diff(self._distance(near))[0]) / 0.01
        return slope * abs(self.linear[0]), slope

    def pixels(self, x: NDArray, y: NDArray, z: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        across = np.hypot(x, y)
        angle = np.arctan2(across, z)
        angles = np.linspace(0.0, min(self.widest, WIDEST), SAMPLES)
        scale = self._distance(angle) / np.maximum(across, 1e-12)
        c, d, e = self.linear
        mixed = np.stack([c * x * scale + d * y * scale, e * x * scale + y * scale], -1) + np.array(self.centre)
        return mixed, angle <= _rises_to(angles, self._distance(angles))

    def _distance(self, angle: NDArray) -> NDArray[np.float64]:
        if self.angle_to_distance:
            return polyval(angle, self.angle_to_distance)
        distances = np.linspace(0.0, self.reach, 4 * SAMPLES)
        angles = polyval(distances, self.distance_to_angle)
        rising = distances <= _rises_to(distances, angles)
        return np.interp(angle, angles[rising], distances[rising])


@dataclass(frozen=True, kw_only=True, eq=False)
class Optic(Lens):
    """A lens of any projection, turned any way. `focal` and `centre` are of the pictures that come, as `width` and `height`; the projection
    is of the size that was declared, and `scale` lies between."""

    projection: Projection
    turned: NDArray[np.float64]  # (3, 3) unit vectors of the rig frame: along the optical axis, right and up in the picture
    scale: tuple[float, float] = (1.0, 1.0)  # along columns and rows

    def axes(self) -> NDArray[np.float64]:
        """As `turned`."""
        return self.turned

    def project(self, offsets: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """As Lens.project; the depth is -1 where the lens sees nothing."""
        depth, right, up = np.moveaxis(offsets @ self.axes().T, -1, 0)
        ahead = depth > 1e-6
        pixels, seen = self.projection.pixels(right, -up, np.where(ahead, depth, 1.0))
        return pixels * np.array(self.scale), np.where(ahead & seen, depth, -1.0)

    def resized(self, width: int, height: int) -> "Optic":
        """The same lens of pictures scaled to another size."""
        return self._scaled(width, height, width / self.width, height / self.height)

    def reduced(self, k: int) -> "Optic":
        """The same lens of pictures whose blocks of k x k pixels became one; rows and columns that fill no block are cut off."""
        return self._scaled(self.width // k, self.height // k, 1.0 / k, 1.0 / k)

    def _scaled(self, width: int, height: int, x: float, y: float) -> "Optic":
        return replace(
            self,
            width=width,
            height=height,
            focal=(self.focal[0] * x, self.focal[1] * y),
            centre=(self.centre[0] * x, self.centre[1] * y),
            scale=(self.scale[0] * x, self.scale[1] * y),
        )


def _filled(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    return (*values, *(0.0,) * count)[:count]


def _placed(x: NDArray, y: NDArray, focal: tuple[float, float], centre: tuple[float, float]) -> NDArray[np.float64]:
    return np.stack([centre[0] + focal[0] * x, centre[1] + focal[1] * y], -1)


def _rises_to(at: NDArray, values: NDArray) -> float:
    """How far a curve rises from its start: past that, a distortion fitted to a picture folds back and means nothing."""
    falls = np.flatnonzero(~(np.diff(values) > 0.0))
    return float(at[falls[0]] if len(falls) else at[-1])
