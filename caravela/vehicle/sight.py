"""Who is around the car, as its driving model sees them: from what the model says of every cell of its pictures to a few things with a kind and a
place. For people and the cockpit only; driving reads the same tokens and not this list. It leaves out what is far and what the model is unsure of."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.bundle import BODIES
from caravela.core.types import Camera, Rig

SURE = {
    "vehicle": 0.8,
    "two_wheeler": 0.9,
    "person": 0.95,
}  # of a cell's probability, from which somebody is told of: on ten validation towns seven in ten of those were there, by kind;
# the model learns with rare classes counted for more
FARTHEST = {"vehicle": 30.0, "two_wheeler": 20.0, "person": 20.0}  # m up to which they are
HORIZON = 80.0  # m
APART = 2.5  # m, and
APART_SHARE = 0.3  # of the distance, by which two of a kind must lie apart to be two: cameras overlap
AHEAD_HALF, AHEAD_WIDENS = 1.8, 0.25  # m beside the car that still count as ahead, and m more for each m of distance
FRONT = 3.6  # m from the rear axle to the front of the car


@dataclass(frozen=True)
class Thing:
    """Somebody or something, where it shows nearest."""

    kind: str  # one of core.bundle.BODIES, not "none"
    x: float  # m ahead of the rear axle, in the rig frame
    y: float  # m to the left
    chance: float  # the model's, 0..1, see SURE

    @property
    def distance(self) -> float:
        """m from the car's front or side, at least half a metre."""
        beyond = max(self.x - FRONT, -1.0 - self.x, 0.0)
        return max(math.hypot(beyond, max(abs(self.y) - 1.0, 0.0)), 0.5)

    @property
    def side(self) -> str:
        return side_of(self.x, self.y)

    def told(self) -> dict[str, Any]:
        """As JSON holds it: kind, side, distance, x and y in m, chance."""
        numbers = {"distance": self.distance, "x": self.x, "y": self.y, "chance": self.chance}
        return {"kind": self.kind, "side": self.side, **{name: round(number, 2) for name, number in numbers.items()}}


def side_of(x: float, y: float) -> str:
    """Where people would say that a point of the rig frame is: ahead, left or right."""
    if x > FRONT and abs(y) < AHEAD_HALF + AHEAD_WIDENS * (x - FRONT):
        return "ahead"
    return "left" if y > 0.0 else "right"


def things(bodies: NDArray, depth: NDArray, rig: Rig) -> list[Thing]:
    """Who is there, the nearest first.

    Args:
        bodies: (C, BODIES, rows, columns) probabilities, depth: (C, rows, columns) m along each camera's axis.
        rig: its C cameras.
    """
    found: list[Thing] = []
    for index, kind in enumerate(BODIES[1:], 1):
        several = [
            _placed(kind, cells, shown, metres, camera)
            for camera, shown, metres in zip(rig.cameras, bodies[:, index], depth, strict=True)
            for cells in _together(shown >= SURE[kind])
        ]
        found += _apart(thing for thing in several if thing.distance <= FARTHEST[kind])
    return sorted(found, key=lambda thing: thing.distance)


def _placed(kind: str, cells: NDArray[np.int64], shown: NDArray, metres: NDArray, camera: Camera) -> Thing:
    """A thing from its cells (n, 2) of one camera's picture. A small one's cells measure what is behind it, and where the lowest of them meets the
    ground is too near: the geometric mean of the two is what it is by."""
    rows, columns = cells.T
    forward = math.sqrt(max(float(metres[rows, columns].min()), 0.5) * _to_ground(int(rows.max()) + 1, of=shown.shape[0], camera=camera))
    pixel = (float(np.average(columns, weights=shown[rows, columns])) + 0.5) * camera.width / shown.shape[1]
    leftward = forward * (0.5 * camera.width - pixel) / camera.focal
    cos, sin = math.cos(camera.yaw), math.sin(camera.yaw)
    x = camera.position[0] + cos * forward - sin * leftward
    y = camera.position[1] + sin * forward + cos * leftward
    return Thing(kind, x, y, float(shown[rows, columns].max()))


def _to_ground(row: int, *, of: int, camera: Camera) -> float:
    """m ahead of a camera at which the upper edge of a row of cells meets the ground, at most HORIZON."""
    below = math.atan((row / of - 0.5) * camera.height / camera.focal) - camera.pitch
    return min(camera.position[2] / math.tan(below), HORIZON) if below > 0.0 else HORIZON


def _together(shown: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """The (n, 2) cells of each group of neighbours, diagonal ones too, in a picture (rows, columns)."""
    left, groups = {(int(row), int(column)) for row, column in np.argwhere(shown)}, []
    while left:
        group, border = [], [left.pop()]
        while border:
            row, column = border.pop()
            group.append((row, column))
            beside = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= beside
            border += beside
        groups.append(np.array(group))
    return groups


def _apart(several: Iterable[Thing]) -> Sequence[Thing]:
    """Things of a kind, each once, as the camera has it that is surest."""
    kept: list[Thing] = []
    for thing in sorted(several, key=lambda thing: -thing.chance):
        apart = max(APART, APART_SHARE * thing.distance)
        if all(math.hypot(thing.x - other.x, thing.y - other.y) > apart for other in kept):
            kept.append(thing)
    return kept
