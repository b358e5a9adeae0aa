"""What is drawn more often, what a mirror shows, and who shows where."""

import numpy as np
import pytest

pytest.importorskip("torch")

from caravela.core.types import KNOTS, policy_rig
from caravela.model.batch import BEV_COLUMNS, BEV_ROWS, BODIES, DEPTH_COLUMNS, DEPTH_ROWS
from caravela.model.sides import MIRRORED_CAMERAS
from caravela.train.labelling import coarse_bodies
from caravela.train.lessons import LEAST, MOST, weights
from caravela.train.mirror import mirror, on_the_right
from caravela.world.cameras import SEMANTIC_NAMES


def test_looks_count_more_where_the_student_would_not_have_braked():
    knots = np.zeros((3, KNOTS, 2), dtype=np.float32)
    knots[1:, :, 0] = -3.0
    mine = np.full((3, 2, KNOTS, 2), 1e-6, dtype=np.float32)
    arrays = {"ego": np.full((3, 2), 10.0, np.float32), "knots": knots, "proposals": mine, "knots_valid": np.array([True, True, False])}
    assert weights(arrays) == pytest.approx([LEAST, MOST, LEAST], abs=0.01)
    assert weights({"ego": arrays["ego"]}) == pytest.approx([LEAST] * 3)


def test_the_left_camera_shows_in_the_mirror_what_the_right_one_sees():
    cameras = policy_rig().cameras
    for camera, other in zip(cameras, MIRRORED_CAMERAS, strict=True):
        assert camera.yaw == pytest.approx(-cameras[other].yaw) and camera.position[1] == pytest.approx(-cameras[other].position[1])


def test_mirrored_twice_is_as_before_and_left_becomes_right():
    random = np.random.default_rng(0)
    before = {
        "images": random.integers(0, 256, (2, 4, 5, 6, 8), dtype=np.uint8),
        "bev": random.integers(0, 5, (2, BEV_ROWS, BEV_COLUMNS)),
        "ego": np.array([[8.0, 0.1, 1.0], [9.0, 0.2, -1.0]], np.float32),
        "route": random.normal(size=(2, 8, 2)).astype(np.float32),
        "knots": random.normal(size=(2, KNOTS, 2)).astype(np.float32),
    }
    turned = on_the_right(before)
    assert turned["ego"][:, 2].tolist() == [-1.0, -1.0], "all traffic keeps to the right now"
    assert np.array_equal(turned["images"][0, 2, :, :, ::-1], before["images"][0, 3])
    assert np.array_equal(turned["knots"][0], before["knots"][0] * (1, -1))
    assert all(np.array_equal(turned[name][1], before[name][1]) for name in before)
    again = mirror(turned, np.array([True, False]))
    assert all(np.array_equal(again[name], before[name]) for name in before)


def test_a_person_before_a_car_is_what_shows():
    semantics = np.zeros((1, 1, 8 * DEPTH_ROWS, 8 * DEPTH_COLUMNS), dtype=np.uint8)
    semantics[0, 0, :8, :16] = SEMANTIC_NAMES.index("vehicle")
    semantics[0, 0, 2:4, 3] = SEMANTIC_NAMES.index("person")
    shown = coarse_bodies(semantics)[0, 0]
    assert [BODIES[k] for k in shown[0, :3]] == ["person", "vehicle", "none"] and not shown[1:].any()
