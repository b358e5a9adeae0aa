"""Lenses of other people's cameras: a point of the world lands on the pixel that their formula says, and in our view where it belongs."""

import math

import numpy as np
import pytest

from caravela.core.types import Rig, policy_rig
from caravela.vehicle.footage.lens import Lens
from caravela.vehicle.footage.warp import Warp
from caravela.vehicle.serve.optics import Fisheye, FTheta, Optic, Pinhole, Projection

AHEAD = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])  # along the axis, right and up of a camera that looks ahead


def optic(projection: Projection, *, roll: float = 0.0, size: tuple[int, int] = (800, 500)) -> Optic:
    cos, sin = math.cos(roll), math.sin(roll)
    turned = np.stack([AHEAD[0], cos * AHEAD[1] - sin * AHEAD[2], sin * AHEAD[1] + cos * AHEAD[2]])
    return Optic(*size, projection.focal, (400.0, 250.0), (1.6, 0.1, 1.4), projection=projection, turned=turned)


def test_without_distortion_an_optic_is_the_lens_of_the_footage() -> None:
    own = Lens(800, 500, (420.0, 430.0), (390.0, 255.0), (1.6, 0.1, 1.4))
    other = optic(Pinhole((420.0, 430.0), (390.0, 255.0)))
    offsets = np.random.default_rng(0).uniform((2.0, -5.0, -2.0), (40.0, 5.0, 3.0), (50, 3))
    np.testing.assert_allclose(other.project(offsets)[0], own.project(offsets)[0])
    np.testing.assert_allclose(other.project(offsets)[1], own.project(offsets)[1])


def test_distortion_moves_a_pixel_as_the_formula_says() -> None:
    lens = Pinhole((400.0, 400.0), (400.0, 250.0), radial=(-0.2, 0.05), tangential=(0.01, -0.02), prism=(0.001, 0.0, 0.002, 0.0))
    (pixel,), (seen,) = lens.pixels(np.array([0.5]), np.array([0.25]), np.array([1.0]))
    r2, stretch = 0.3125, 1.0 - 0.2 * 0.3125 + 0.05 * 0.3125**2
    x = 0.5 * stretch + 2 * 0.01 * 0.125 - 0.02 * (r2 + 0.5) + 0.001 * r2
    y = 0.25 * stretch + 0.01 * (r2 + 0.125) - 2 * 0.02 * 0.125 + 0.002 * r2
    np.testing.assert_allclose(pixel, (400.0 + 400.0 * x, 250.0 + 400.0 * y))
    assert seen


def test_where_a_distortion_folds_back_nothing_is_seen() -> None:
    lens = Pinhole((400.0, 400.0), (400.0, 250.0), radial=(-0.4,))  # r (1 - 0.4 r^2) turns at r = 0.91
    _, seen = lens.pixels(np.array([0.8, 1.1, 3.0]), np.zeros(3), np.ones(3))
    assert seen.tolist() == [True, False, False]


def test_both_polynomials_of_an_f_theta_lens_say_the_same() -> None:
    forward = FTheta((400.0, 250.0), (0.0, 300.0, 0.0, 0.0), widest=1.2)
    backward = FTheta((400.0, 250.0), (), (0.0, 1.0 / 300.0), widest=1.2)
    x, y, z = np.random.default_rng(1).uniform((-1.0, -1.0, 0.8), (1.0, 1.0, 2.0), (40, 3)).T
    np.testing.assert_allclose(forward.pixels(x, y, z)[0], backward.pixels(x, y, z)[0], atol=1e-2)
    (pixel,), _ = forward.pixels(np.array([1.0]), np.array([0.0]), np.array([1.0]))
    np.testing.assert_allclose(pixel, (400.0 + 300.0 * math.pi / 4, 250.0))
    assert not forward.pixels(np.array([3.0]), np.array([0.0]), np.array([1.0]))[1].any()  # 72 degrees: past the widest


def test_f_theta_mixes_columns_and_rows() -> None:
    mixed = FTheta((400.0, 250.0), (0.0, 300.0), linear=(0.9, 0.02, 0.01))
    (pixel,), _ = mixed.pixels(np.array([0.0]), np.array([1.0]), np.array([1.0]))
    np.testing.assert_allclose(pixel, (400.0 + 0.02 * 300.0 * math.pi / 4, 250.0 + 300.0 * math.pi / 4))


@pytest.mark.parametrize("point", [(9.0, 0.0), (14.0, 2.5), (25.0, 4.0), (30.0, -6.0)])
@pytest.mark.parametrize(
    "lens",
    [
        Pinhole((420.0, 420.0), (400.0, 250.0), radial=(-0.1, 0.02)),
        Fisheye((330.0, 330.0), (400.0, 250.0), radial=(-0.02,)),
        FTheta((395.0, 260.0), (0.0, 340.0, 0.0, -12.0), linear=(1.01, 0.0, 0.0)),
    ],
    ids=["pinhole", "fisheye", "f-theta"],
)
def test_a_point_of_the_road_lands_on_its_pixel_of_our_view(lens: Projection, point: tuple[float, float]) -> None:
    source = optic(lens, roll=0.1)
    camera = policy_rig().cameras[0]
    there = np.array([*point, 0.0])
    pixel, depth = source.project(there - np.array(source.position))
    assert depth > 0.0
    rows, columns = np.mgrid[: source.height, : source.width] + 0.5
    spot = np.exp(-((columns - pixel[0]) ** 2 + (rows - pixel[1]) ** 2) / 72.0)
    view = Warp(source, Rig((camera,)))(np.repeat((250.0 * spot)[..., None], 3, -1).astype(np.uint8))[0, ..., 0].astype(float)
    light = np.clip(view - 20.0, 0.0, None)
    rows, columns = np.mgrid[: camera.height, : camera.width] + 0.5
    found = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
    target = Lens.of(camera)
    expected, _ = target.project(there - np.array(target.position))
    assert np.abs(found - expected).max() < 0.7


def test_a_resized_optic_sees_the_same_elsewhere() -> None:
    whole = optic(FTheta((395.0, 260.0), (0.0, 340.0)))
    half = whole.resized(400, 250)
    offsets = np.array([[10.0, 1.0, -1.0]])
    np.testing.assert_allclose(half.project(offsets)[0], 0.5 * whole.project(offsets)[0])
    np.testing.assert_allclose(half.resized(800, 500).project(offsets)[0], whole.project(offsets)[0])
