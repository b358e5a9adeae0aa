"""A KITTI drive: its positions in metres, in the rig's frame, and what is wrong with a broken one."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caravela.core.errors import CaravelaError, RecordingError
from caravela.vehicle.footage import kitti as drives
from caravela.vehicle.footage.lens import Assumption
from caravela.vehicle.footage.reader import open_footage

ASSUMED = Assumption(fov=1.0, height=1.3, horizon=0.5)


def test_a_drive_north_goes_straight_ahead(drive: Callable[..., Path]) -> None:
    log = drives.read_log(drive(speed=8.0))
    assert log.path(0.2, np.array([0.5])) == pytest.approx(np.array([[4.0, 0.0]]), abs=2e-3)
    assert log.pose[0] == pytest.approx([0.32, 0.05, math.pi / 2], abs=1e-9), "the rear axle's middle: right of the GPS/IMU and before it"
    assert log.motion(0.35) == pytest.approx((8.0, math.radians(-9.0), 0.0))
    assert log.course_offset() == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(log.path(0.2, np.array([3.0]))).all(), "what the log does not hold is not made up"


def test_metres_are_the_ellipsoids() -> None:
    # one degree at 49 N is 111,208 m along the meridian and 73,173 m along the parallel (WGS 84, M and N cos phi)
    east, north = drives._metres(np.radians([8.0, 8.001]), np.radians([49.0, 49.001]))
    assert east[1] == pytest.approx(73.17, abs=0.05) and north[1] == pytest.approx(111.21, abs=0.02)


def test_the_axle_stays_where_the_car_turns_about_it(drive: Callable[..., Path]) -> None:
    yaw = np.linspace(0.0, 1.0, 12)
    east = np.cos(yaw) * drives.IMU[0] - np.sin(yaw) * drives.IMU[1]
    north = np.sin(yaw) * drives.IMU[0] + np.cos(yaw) * drives.IMU[1]
    log = drives.read_log(drive(poses=np.stack([east, north, yaw], -1)))
    assert np.ptp(east) > 0.1 and np.ptp(log.pose[:, :2], axis=0).max() < 1e-3


def test_frames_carry_the_logs_times(drive: Callable[..., Path]) -> None:
    footage = open_footage(drive(rows=12), assumed=ASSUMED)
    frames = list(footage.frames)
    assert footage.kind == "kitti" and footage.log is not None and footage.expected == len(frames) == 12
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == list(range(12))
    assert footage.lens.focal[0] == pytest.approx(721.5377 * 124 / 1242) and footage.lens.position == drives.CAMERA


def broken_column(folder: Path) -> None:
    text = (folder / "ego.csv").read_text()
    (folder / "ego.csv").write_text(text.replace("lat_deg", "latitude"))


def broken_number(folder: Path) -> None:
    text = (folder / "ego.csv").read_text()
    (folder / "ego.csv").write_text(text.replace(",8.400000000000,", ",east,", 1))


def broken_nan(folder: Path) -> None:
    text = (folder / "ego.csv").read_text()
    (folder / "ego.csv").write_text(text.replace(",8.400000000000,", ",nan,", 1))


def only_a_head(folder: Path) -> None:
    text = (folder / "ego.csv").read_text()
    (folder / "ego.csv").write_text(text.splitlines()[0])


def no_picture(folder: Path) -> None:
    (folder / "image_02" / "0005.png").unlink()


def text_for_a_picture(folder: Path) -> None:
    (folder / "image_02" / "0005.png").write_text("no picture")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (broken_column, "has no column 'lat_deg'"),
        (broken_number, "holds what is no number"),
        (broken_nan, "holds 12 rows"),
        (only_a_head, "holds 0 rows"),
        (no_picture, "0005.png"),
        (text_for_a_picture, "0005.png"),
    ],
)
def test_a_broken_drive_is_one_sentence(drive: Callable[..., Path], damage: Callable[[Path], None], says: str) -> None:
    folder = drive()
    damage(folder)
    with pytest.raises(RecordingError) as error:
        list(open_footage(folder, assumed=ASSUMED).frames)
    assert says in str(error.value) and isinstance(error.value, CaravelaError)


def test_the_real_drives_positions_agree_with_its_speed(kitti: Path) -> None:
    log = drives.read_log(kitti)
    assert len(log.t) == 108
    step = np.hypot(*np.diff(log.pose[:, :2], axis=0).T) / np.diff(log.t)
    assert np.abs(step - 0.5 * (log.speed[1:] + log.speed[:-1])).mean() < 0.15
    turned = np.diff(log.pose[:, 2]).sum()
    assert turned == pytest.approx(np.trapezoid(log.yaw_rate, log.t), abs=math.radians(0.5)), "wheel_angle_stream is the yaw rate"
    assert abs(log.course_offset()) < math.radians(1.0)


def test_the_real_drives_way_stays_on_the_road(kitti: Path) -> None:
    """The street bends gently to the right: where the car goes is ahead of the camera and near the middle of the picture."""
    footage = open_footage(kitti, assumed=ASSUMED)
    assert footage.log is not None
    way = footage.log.path(2.0, np.array([1.0, 2.0, 3.0]))
    pixels, depth = footage.lens.project(np.concatenate([way, np.zeros((3, 1))], -1) - np.array(footage.lens.position))
    assert (depth > 5.0).all() and (np.abs(pixels[:, 0] - 0.5 * footage.lens.width) < 30.0).all()
    assert (pixels[:, 1] > footage.lens.centre[1]).all() and (pixels[:, 1] < footage.lens.height).all()
