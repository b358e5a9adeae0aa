"""Poses, speeds and routes between their frames and ours."""

import math

import numpy as np
import pytest

from caravela.core.types import ROUTE_POINTS
from caravela.vehicle.serve.motion import Known, Motion, sat_nav
from caravela.vehicle.serve.pose import Pose, between


def yawed(x: float, y: float, heading: float, z: float = 0.0) -> Pose:
    return Pose(np.array([x, y, z]), np.array([math.cos(heading / 2), 0.0, 0.0, math.sin(heading / 2)]))


def tilted() -> Pose:
    """On a slope and turned: any rotation will do."""
    quaternion = np.array([0.8, 0.1, -0.2, 0.5])
    return Pose(np.array([100.0, -40.0, 7.0]), quaternion / np.linalg.norm(quaternion))


def test_there_and_back_is_where_one_was() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(tilted().to_own(tilted().to_other(points)), points, atol=1e-12)


def test_a_lifted_path_lies_in_the_plane_of_the_car_and_turns_with_it() -> None:
    pose, path = tilted(), np.array([[3.0, 1.0, 0.4]])
    (position,), (quaternion,) = pose.lifted(path)
    np.testing.assert_allclose(position, pose.to_other(np.array([3.0, 1.0, 0.0])))
    ahead = Pose(position, quaternion).rotation[:, 0]
    np.testing.assert_allclose(ahead, pose.rotation @ (math.cos(0.4), math.sin(0.4), 0.0), atol=1e-12)


def test_halfway_between_two_poses_whatever_the_sign_of_the_quaternion() -> None:
    first, second = yawed(0.0, 0.0, 0.2), yawed(2.0, 0.0, 0.4)
    for other in (second, Pose(second.position, -second.quaternion)):
        middle = between(first, other, 0.5)
        assert middle.heading == pytest.approx(0.3) and middle.position[0] == 1.0


def test_what_dynamic_states_leave_out_comes_from_the_poses() -> None:
    motion = Motion()
    motion.add(Known(0, yawed(0.0, 0.0, 3.1), None, None))
    assert motion.speed_and_yaw_rate(0) is None
    motion.add(Known(100_000, yawed(-1.0, 0.0, -3.1), None, None))
    speed, yaw_rate = motion.speed_and_yaw_rate(100_000) or (0.0, 0.0)
    assert speed == pytest.approx(10.0, rel=0.01)
    assert yaw_rate == pytest.approx((2 * math.pi - 6.2) / 0.1)  # the short way round
    motion.add(Known(200_000, yawed(-2.0, 0.0, -3.1), 4.0, 0.5))
    assert motion.speed_and_yaw_rate(200_000) == (4.0, 0.5)


def test_a_car_that_rolls_back_is_told_as_standing() -> None:
    motion = Motion()
    motion.add(Known(0, yawed(0.0, 0.0, 0.0), -2.0, 0.0))
    assert motion.speed_and_yaw_rate(0) == (0.0, 0.0)


def test_poses_are_interpolated_and_carried_on() -> None:
    motion = Motion()
    motion.add(Known(0, yawed(0.0, 0.0, math.pi / 2), 10.0, 0.0))
    motion.add(Known(0, yawed(9.0, 9.0, 0.0), 10.0, 0.0))  # sent twice: the first counts
    motion.add(Known(100_000, yawed(0.0, 1.0, math.pi / 2), 10.0, 0.0))
    np.testing.assert_allclose(motion.pose(50_000).position, (0.0, 0.5, 0.0))
    np.testing.assert_allclose(motion.pose(200_000).position, (0.0, 2.0, 0.0), atol=1e-9)


def test_the_sat_nav_shows_points_every_ten_metres_from_where_the_car_is() -> None:
    bend = np.array([[-30.0, 3.0], [40.0, 3.0], [40.0, 200.0]])
    points = sat_nav(bend)
    assert points is not None and points.shape == (ROUTE_POINTS, 2)
    np.testing.assert_allclose(points[:4], [[10.0, 3.0], [20.0, 3.0], [30.0, 3.0], [40.0, 3.0]], atol=1e-5)
    np.testing.assert_allclose(points[4:6], [[40.0, 13.0], [40.0, 23.0]], atol=1e-5)


def test_the_end_of_a_route_is_repeated_and_a_route_elsewhere_is_none() -> None:
    points = sat_nav(np.array([[0.0, 0.0], [25.0, 0.0]]))
    assert points is not None
    np.testing.assert_allclose(points[2:], np.tile([25.0, 0.0], (ROUTE_POINTS - 2, 1)))
    assert sat_nav(np.array([[500.0, 0.0], [600.0, 0.0]])) is None
    assert sat_nav(np.array([[5.0, 0.0]])) is None
