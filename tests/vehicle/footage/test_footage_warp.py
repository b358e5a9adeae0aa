"""A point of the road, and one far away, lands in the warped view where the driver's own camera would have seen it."""

import math

import numpy as np
import pytest

from caravela.core.types import Camera, Rig, policy_rig
from caravela.vehicle.footage.lens import Assumption, Lens
from caravela.vehicle.footage.warp import Warp

# 81 degrees wide, off-centre, pixels not square, higher and further back than the driver's own front camera, turned a little
SOURCE = Lens(640, 300, (372.0, 380.0), (310.0, 140.0), (1.0, 0.1, 1.7), yaw=0.03, pitch=0.02)
WIDE = [(9.0, 0.0), (14.0, 2.5), (14.0, -3.0), (25.0, 4.0), (40.0, -6.0)]  # m, rig frame, on the road
NARROW = [(18.0, 2.0), (18.0, -2.5), (25.0, 4.0), (40.0, -6.0)]


def mark(pixel: np.ndarray, *, sigma: float) -> np.ndarray:
    """A grey picture of SOURCE with a bright spot of `sigma` pixels there."""
    rows, columns = np.mgrid[: SOURCE.height, : SOURCE.width] + 0.5
    spot = np.exp(-((columns - pixel[0]) ** 2 + (rows - pixel[1]) ** 2) / (2.0 * sigma * sigma))
    return np.repeat((20.0 + 230.0 * spot)[..., None], 3, -1).astype(np.uint8)


def spot_in(view: np.ndarray) -> np.ndarray:
    """Column and row of the bright spot's centre."""
    light = np.clip(view[..., 0].astype(float) - 40.0, 0.0, None)
    assert light.max() > 40.0, "the spot is not in the view"
    rows, columns = np.mgrid[: view.shape[0], : view.shape[1]] + 0.5
    return np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()


@pytest.mark.parametrize(("number", "point"), [(0, point) for point in WIDE] + [(1, point) for point in NARROW])
def test_a_point_of_the_road_lands_on_its_pixel(number: int, point: tuple[float, float]) -> None:
    camera = policy_rig().cameras[number]
    target = Lens.of(camera)
    there = np.array([*point, 0.0])
    source, depth = SOURCE.project(there - np.array(SOURCE.position))
    expected, _ = target.project(there - np.array(target.position))
    assert depth > 0.0
    view = Warp(SOURCE, Rig((camera,)))(mark(source, sigma=5.0 if number == 0 else 2.0))[0]
    assert np.abs(spot_in(view) - expected).max() < 0.6


@pytest.mark.parametrize("yaw", [0.0, 0.2, -0.15])
def test_what_is_far_and_high_lands_on_its_pixel(yaw: float) -> None:
    camera = policy_rig().cameras[0]
    away = 1e5 * np.array([math.cos(yaw), math.sin(yaw), 0.12])
    source, _ = SOURCE.project(away)
    expected, _ = Lens.of(camera).project(away)
    view = Warp(SOURCE, Rig((camera,)))(mark(source, sigma=6.0))[0]
    assert np.abs(spot_in(view) - expected).max() < 0.5


def test_the_lens_projects_as_the_renderer_does() -> None:
    from caravela.world.kernels import geometry
    from caravela.world.kernels.bundles import CENTRE_X, CENTRE_Y, FOCAL

    camera = Camera("odd", width=200, height=90, fov=1.2, position=(1.1, -0.4, 1.6), yaw=0.3, pitch=-0.1)
    view = np.zeros(32, np.float32)
    geometry.aim(view, *(np.float32(v) for v in (*camera.position, camera.yaw, camera.pitch, camera.focal)), 200, 90)
    for point in [(12.0, 3.0, 0.0), (30.0, 14.0, 2.0), (8.0, -1.0, 4.0)]:
        depth, right, up = geometry.to_camera(view, *(np.float32(v) for v in point))
        pixel, along = Lens.of(camera).project(np.array(point) - np.array(camera.position))
        assert along == pytest.approx(depth, abs=1e-4)
        drawn = [view[CENTRE_X] + view[FOCAL] * right / depth, view[CENTRE_Y] - view[FOCAL] * up / depth]
        assert pixel == pytest.approx(drawn, abs=1e-3)


def test_rays_and_pixels_are_inverse() -> None:
    columns, rows = np.meshgrid(np.arange(0.5, 640.0, 90.0), np.arange(0.5, 300.0, 60.0))
    pixels, depth = SOURCE.project(SOURCE.rays(columns, rows))
    assert np.abs(pixels - np.stack([columns, rows], -1)).max() < 1e-9 and np.abs(depth - 1.0).max() < 1e-12


def test_what_the_source_cannot_see_is_black_and_said() -> None:
    warp = Warp(SOURCE, policy_rig())
    front, narrow, left, right = warp(np.full((300, 640, 3), 200, np.uint8))
    assert warp.seen["front_narrow"] > 0.95 and 0.1 < warp.seen["front"] < 0.5 and warp.seen["left"] < 0.15 and warp.seen["right"] < 0.15
    assert (front[0] == 0).all() and (front[48, 64] == 200).all(), "no picture above, picture in the middle"
    assert (narrow[48, 64] == 200).all()
    assert (left[:, :60] == 0).all() and (right[:, -60:] == 0).all(), "a camera ahead sees nothing abeam or behind"


def test_a_camera_like_the_drivers_own_changes_nothing() -> None:
    camera = policy_rig().cameras[0]
    picture = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    warp = Warp(Lens.of(camera), Rig((camera,)))
    assert warp.seen["front"] == 1.0
    assert np.abs(warp(picture)[0].astype(int) - picture)[2:-2, 2:-2].mean() < 8.0, "blurred by its rays, not moved"
    assert np.corrcoef(warp(picture)[0].ravel(), picture.ravel())[0, 1] > 0.97


def test_an_assumed_camera_has_its_horizon_where_it_was_said() -> None:
    lens = Assumption(fov=math.radians(60.0), height=1.3, horizon=0.6).lens(960, 540)
    pixel, _ = lens.project(np.array([1.0, 0.0, 0.0]))
    assert pixel == pytest.approx([480.0, 324.0], abs=1e-6) and lens.pitch > 0.0 and math.degrees(lens.fov) == pytest.approx(60.0)
