"""Several cameras become the views of our rig, at the ages that the driver wants."""

import math

import numpy as np
import pytest

from caravela.core.types import HISTORY_S, policy_rig
from caravela.vehicle.footage.lens import Lens
from caravela.vehicle.serve.mosaic import Mosaic
from caravela.vehicle.serve.optics import Optic, Pinhole
from caravela.vehicle.serve.refusal import Refusal

RIG = policy_rig()


def camera(fov: float, *, yaw: float = 0.0, pitch: float = 4.0, size: tuple[int, int] = (320, 240), x: float = 2.0) -> Optic:
    """Degrees."""
    width, height = size
    focal = 0.5 * width / math.tan(0.5 * math.radians(fov))
    axes = Lens(width, height, (focal, focal), (0.0, 0.0), (0.0, 0.0, 0.0), yaw=math.radians(yaw), pitch=math.radians(pitch)).axes()
    middle = (0.5 * width, 0.5 * height)
    return Optic(width, height, (focal, focal), middle, (x, 0.0, 1.5), projection=Pinhole((focal, focal), middle), turned=axes)


def grey(level: int, size: tuple[int, int] = (320, 240)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


@pytest.mark.parametrize("times", [1, 2, 10])
def test_our_own_camera_is_seen_as_it_is(times: int) -> None:
    """Also where it has more pixels than we need."""
    mosaic = Mosaic({"a": camera(100.0, size=(128 * times, 96 * times))}, RIG)
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    mosaic.add("a", 0, picture.repeat(times, 0).repeat(times, 1))
    assert np.abs(mosaic.look(0)[0, 0].astype(int) - picture).mean() < 3.0


def test_views_are_filled_by_what_sees_them_and_the_rest_is_black() -> None:
    mosaic = Mosaic({"front": camera(110.0), "left": camera(100.0, yaw=80.0)}, RIG)
    mosaic.add("front", 0, grey(100))
    mosaic.add("left", 0, grey(200))
    front, narrow, left, right = mosaic.look(0)[0].astype(float)
    assert np.allclose(front, 100.0, atol=1.0) and np.allclose(narrow, 100.0, atol=1.0)
    assert left.max() == 200.0 and right[:, 64:].max() == 0.0
    assert mosaic.filled["front"] == pytest.approx(1.0) and mosaic.filled["right"] < 0.4


def test_the_sharper_camera_shows_the_narrow_view_and_seams_are_not_brighter() -> None:
    mosaic = Mosaic({"wide": camera(110.0), "tele": camera(25.0, size=(640, 480))}, RIG)
    mosaic.add("wide", 0, grey(100))
    mosaic.add("tele", 0, grey(180))
    narrow = mosaic.look(0)[0, 1].astype(float)
    assert narrow[48, 64].tolist() == [180.0] * 3 and narrow[0, 0].tolist() == [100.0] * 3
    assert narrow.min() >= 99.0 and narrow.max() <= 181.0


def test_a_camera_that_adds_nothing_is_not_looked_at() -> None:
    assert Mosaic({"wide": camera(110.0), "dull": camera(90.0, size=(160, 120)), "behind": camera(60.0, yaw=180.0)}, RIG).cameras == (
        "wide",
    )


def test_history_takes_the_pictures_nearest_to_the_ages() -> None:
    mosaic = Mosaic({"a": camera(110.0)}, RIG)
    for tick in range(12):  # 15 pictures a second
        mosaic.add("a", round(tick * 1e6 / 15), grey(10 * (tick + 1)))
    now = round(11e6 / 15)
    shown = [int(view[0, 48, 64, 0]) // 10 - 1 for view in mosaic.look(now)]
    assert shown == [round(11 + 15 * age) for age in HISTORY_S]
    assert [int(view[0, 48, 64, 0]) for view in mosaic.look(round(3e6 / 15))] == [40, 10, 10]  # asked about then: no later picture


def test_pictures_may_be_scaled_but_not_cut() -> None:
    mosaic = Mosaic({"a": camera(110.0)}, RIG)
    with pytest.raises(Refusal, match="320x200; expected 320x240"):
        mosaic.add("a", 0, grey(100, (320, 200)))
    mosaic.add("a", 0, grey(100, (640, 480)))
    assert np.allclose(mosaic.look(0)[0, 0], 100, atol=1)
    with pytest.raises(Refusal, match="320x240; expected 640x480, as before"):
        mosaic.add("a", 100_000, grey(100))


def test_a_picture_out_of_order_is_refused_and_the_next_is_not() -> None:
    mosaic = Mosaic({"a": camera(110.0)}, RIG)
    mosaic.add("a", 100_000, grey(100))
    for t_us in (100_000, 50_000):
        with pytest.raises(Refusal, match="in order"):
            mosaic.add("a", t_us, grey(100))
    mosaic.add("a", 200_000, grey(100))


def test_without_the_road_ahead_there_is_no_driving() -> None:
    for optics in ({}, {"left": camera(90.0, yaw=90.0)}, {"up": camera(90.0, pitch=80.0)}):
        with pytest.raises(Refusal, match="road 20 m ahead"):
            Mosaic(optics, RIG)
