"""Where one frame lies in another, in three dimensions. The contract's `local` frame has its z axis up; its `rig` frame is ours (on the
ground under the middle of the rear axle, x forward, y left, z up), so rig poses need no conversion, only composition."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pose:
    """A frame in another: a point p of it is `rotation @ p + position` there."""

    position: NDArray[np.float64]  # (3,) m
    quaternion: NDArray[np.float64]  # (4,) w, x, y, z, of norm 1

    @property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) matrix."""
        w, x, y, z = self.quaternion
        return np.array(
            [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
                [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
                [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
            ]
        )

    @property
    def heading(self) -> float:
        """Of its x axis in the other frame's plane, rad, counter-clockwise from +x."""
        w, x, y, z = self.quaternion
        return math.atan2(2.0 * (x * y + w * z), 1.0 - 2.0 * (y * y + z * z))

    def lifted(self, path: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Planar poses (..., 3) of x m, y m, heading rad in this frame as positions (..., 3) and quaternions (..., 4) in the other."""
        flat = np.stack([path[..., 0], path[..., 1], np.zeros_like(path[..., 0])], -1).astype(np.float64)
        half = 0.5 * path[..., 2].astype(np.float64)
        cos, sin = np.cos(half), np.sin(half)
        w, x, y, z = self.quaternion
        turned = np.stack([w * cos - z * sin, x * cos + y * sin, y * cos - x * sin, z * cos + w * sin], -1)
        return flat @ self.rotation.T + self.position, turned

    def to_other(self, points: NDArray) -> NDArray[np.float64]:
        """Points (..., 3) of this frame in the other."""
        return points @ self.rotation.T + self.position

    def to_own(self, points: NDArray) -> NDArray[np.float64]:
        """Points (..., 3) of the other frame in this one."""
        return (points - self.position) @ self.rotation

    def ahead(self, path: NDArray) -> "Pose":
        """The pose at x m, y m, heading rad (3,) of this frame."""
        position, quaternion = self.lifted(path)
        return Pose(position, quaternion)


def between(first: Pose, second: Pose, share: float) -> Pose:
    """The pose `share` (0 to 1) of the way; rotations are blended linearly, which a few tenths of a second allow."""
    sign = -1.0 if float(first.quaternion @ second.quaternion) < 0.0 else 1.0
    quaternion = (1.0 - share) * first.quaternion + share * sign * second.quaternion
    position = (1.0 - share) * first.position + share * second.position
    return Pose(position, quaternion / np.linalg.norm(quaternion))
