"""From cells to things: one thing for one group of cells, where it stands on the ground, once although two cameras show it."""

import math

import numpy as np
import pytest

from caravela.core.bundle import BODIES
from caravela.core.types import policy_rig
from caravela.vehicle.sight import FARTHEST, SURE, Thing, side_of, things

RIG = policy_rig()
CAMERAS, ROWS, COLUMNS = len(RIG.cameras), 12, 16


def empty():
    bodies = np.zeros((CAMERAS, len(BODIES), ROWS, COLUMNS), dtype=np.float32)
    bodies[:, 0] = 1.0
    return bodies, np.full((CAMERAS, ROWS, COLUMNS), 60.0, dtype=np.float32)


def show(bodies, depth, kind, camera, rows, columns, metres):
    bodies[camera, BODIES.index(kind), rows, columns] = 0.99
    depth[camera, rows, columns] = metres


def seen_at(x, y, *, camera):
    """Row and column of the cell that shows a point of the ground."""
    it = RIG.cameras[camera]
    dx, dy = x - it.position[0], y - it.position[1]
    forward, left = dx * math.cos(it.yaw) + dy * math.sin(it.yaw), dy * math.cos(it.yaw) - dx * math.sin(it.yaw)
    down = forward * math.tan(math.atan2(it.position[2], forward) + it.pitch)
    row, column = (0.5 + it.focal * down / forward / it.height) * ROWS, (0.5 - it.focal * left / forward / it.width) * COLUMNS
    return int(row), int(column), forward


def test_nobody_is_nobody():
    assert things(*empty(), RIG) == []


@pytest.mark.parametrize(
    ("x", "y", "camera", "side"), [(12.0, 0.5, 0, "ahead"), (20.0, -1.0, 1, "ahead"), (4.0, 7.0, 2, "left"), (3.0, -6.0, 3, "right")]
)
@pytest.mark.parametrize("kind", BODIES[1:])
def test_a_thing_is_where_it_stands(kind, x, y, camera, side):
    bodies, depth = empty()
    row, column, metres = seen_at(x, y, camera=camera)
    show(bodies, depth, kind, camera, slice(row - 1, row + 1), slice(column, column + 1), metres)
    (thing,) = things(bodies, depth, RIG)
    assert thing.kind == kind and thing.side == side and thing.chance == pytest.approx(0.99)
    assert math.hypot(thing.x - x, thing.y - y) < 0.35 * math.hypot(x, y)


def test_two_cameras_show_one_thing_and_two_groups_are_two():
    bodies, depth = empty()
    for camera in (0, 1):
        row, column, metres = seen_at(15.0, 0.0, camera=camera)
        show(bodies, depth, "vehicle", camera, slice(row, row + 1), slice(column, column + 2), metres)
    assert len(things(bodies, depth, RIG)) == 1
    row, column, metres = seen_at(12.0, -8.0, camera=0)
    show(bodies, depth, "vehicle", 0, slice(row, row + 1), slice(column, column + 1), metres)
    assert sorted(thing.side for thing in things(bodies, depth, RIG)) == ["ahead", "right"]


def test_what_is_unsure_or_far_is_not_told():
    bodies, depth = empty()
    bodies[0, 3, 7, 8] = SURE["person"] - 0.01
    assert things(bodies, depth, RIG) == []
    bodies[1, 3, 5, 8] = 0.99  # above the horizon of the narrow camera: nobody is that near
    depth[1, 5, 8] = 75.0
    assert all(thing.distance <= FARTHEST["person"] for thing in things(bodies, depth, RIG))


def test_sides_are_those_that_people_name():
    assert side_of(10.0, 0.0) == "ahead" and side_of(10.0, 6.0) == "left" and side_of(0.0, -3.0) == "right"
    assert side_of(40.0, 8.0) == "ahead"  # far down the road one says ahead
    told = Thing("person", 8.6, 0.0, 0.875).told()
    assert told == {"kind": "person", "side": "ahead", "distance": 5.0, "x": 8.6, "y": 0.0, "chance": 0.88}
