"""Planar frames. *Map* frame: metres east (x) and north (y) of the map's origin. *Rig* frame: origin on the ground
under the middle of the rear axle, x forward, y left, z up. Headings are radians, counter-clockwise from +x."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_rig(points_in_map: NDArray, *, x: ArrayLike, y: ArrayLike, heading: ArrayLike) -> NDArray:
    """Map-frame points (..., N, 2) into the rig frame of poses x, y, heading, each of shape (...)."""
    cos, sin = np.cos(heading)[..., None], np.sin(heading)[..., None]
    dx = points_in_map[..., 0] - np.asarray(x)[..., None]
    dy = points_in_map[..., 1] - np.asarray(y)[..., None]
    return np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=-1)


def to_map(points_in_rig: NDArray, *, x: ArrayLike, y: ArrayLike, heading: ArrayLike) -> NDArray:
    """Rig-frame points (..., N, 2) into the map frame of poses x, y, heading, each of shape (...)."""
    cos, sin = np.cos(heading)[..., None], np.sin(heading)[..., None]
    px, py = points_in_rig[..., 0], points_in_rig[..., 1]
    return np.stack([cos * px - sin * py + np.asarray(x)[..., None], sin * px + cos * py + np.asarray(y)[..., None]], axis=-1)
