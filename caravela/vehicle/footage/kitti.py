"""A drive of KITTI raw (Geiger et al., "Vision meets robotics: the KITTI dataset", IJRR 2013) as a folder with `ego.csv` (the
GPS/IMU's readings, one row a picture) and `image_02/0000.png` … (left colour camera, rectified, of any scale). Everything is moved
to the rig frame: on the ground under the middle of the rear axle. Heights, slope and roll are left out: the ground is flat."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import RecordingError
from caravela.core.frames import to_rig
from caravela.vehicle.footage.lens import Lens

LOG, PICTURES = "ego.csv", "image_02"
# The converter's name for the yaw rate, in deg/s, is wheel_angle_stream: it is the rate of yaw_rad to 1 part in 100.
COLUMNS = ("timestamp_s", "lon_deg", "lat_deg", "yaw_rad", "velocity_mps", "acceleration_mps2", "wheel_angle_stream")

# Calibration of 2011-09-26, rectified left colour camera: P_rect_02 and S_rect_02 of calib_cam_to_cam.txt
FOCAL, CENTRE, SIZE = 721.5377, (609.5593, 172.854), (1242, 375)  # pixels
# The chain calib_imu_to_velo, calib_velo_to_cam, R_rect_00, P_rect_02 puts the camera 1.08 m ahead of the GPS/IMU, 0.26 m to its right.
# The paper's drawing of the car: the GPS/IMU is 0.05 m behind the rear axle and 0.32 m left of the middle, the cameras 1.65 m above the
# road and level with it.
IMU = (-0.05, 0.32)  # m, rig frame
CAMERA = (1.03, 0.06, 1.65)  # m, rig frame

_EQUATOR, _FLATTENING = 6_378_137.0, 1.0 / 298.257223563  # m; WGS 84


@dataclass(frozen=True)
class Log:
    """How the car really moved, n instants. Map frame: metres east and north of the first position."""

    t: NDArray[np.float64]  # (n,) s from the first row
    pose: NDArray[np.float64]  # (n, 3) x m, y m, heading rad (not wrapped) of the rig frame
    speed: NDArray[np.float64]  # (n,) m/s
    yaw_rate: NDArray[np.float64]  # (n,) rad/s, left positive
    acceleration: NDArray[np.float64]  # (n,) m/s^2, forward

    def motion(self, t: float) -> tuple[float, float, float]:
        """Speed m/s, yaw rate rad/s and acceleration m/s^2 at time t."""
        speed, yaw_rate, acceleration = (float(np.interp(t, self.t, of)) for of in (self.speed, self.yaw_rate, self.acceleration))
        return speed, yaw_rate, acceleration

    def path(self, t: float, ahead: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the car was `ahead` (n,) seconds after t, (n, 2) m in the rig frame of time t; nan beyond the log's end."""
        here = np.array([np.interp(t, self.t, column) for column in self.pose.T])
        there = np.stack([np.interp(t + ahead, self.t, column, right=np.nan) for column in self.pose.T[:2]], -1)
        return to_rig(there, x=here[0], y=here[1], heading=here[2])

    def course_offset(self) -> float:
        """Mean angle, rad, from the heading to the direction in which the positions move; left positive. Were both measured
        without error, it would be 0: the rear axle does not slip at these speeds."""
        step = np.diff(self.pose[:, :2], axis=0)
        heading = 0.5 * (self.pose[1:, 2] + self.pose[:-1, 2])
        moved = np.hypot(*step.T) > 0.2
        away = np.arctan2(step[:, 1], step[:, 0]) - heading
        return float(np.mean(np.angle(np.exp(1j * away[moved])))) if moved.any() else 0.0


def is_drive(folder: Path) -> bool:
    """Whether a folder is laid out as such a drive."""
    return (folder / LOG).is_file() and (folder / PICTURES).is_dir()


def lens_of(width: int, height: int) -> Lens:
    """The camera, its pictures scaled to that size."""
    x, y = width / SIZE[0], height / SIZE[1]
    return Lens(width, height, (FOCAL * x, FOCAL * y), (CENTRE[0] * x, CENTRE[1] * y), CAMERA)


def read_log(folder: Path) -> Log:
    """The GPS/IMU's readings. Raises RecordingError where the file lacks a column, holds what is no number, or goes back in time."""
    path = folder / LOG
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        table = np.array([[float(row[name]) for name in COLUMNS] for row in rows]).reshape(-1, len(COLUMNS))
    except KeyError as error:
        raise RecordingError(f"'{path}' has no column {error}; expected {', '.join(COLUMNS)}: convert the drive again.") from error
    except (TypeError, ValueError) as error:
        raise RecordingError(
            f"'{path}' holds what is no number ({error}); expected a table of numbers: convert the drive again."
        ) from error
    except OSError as error:
        raise RecordingError(f"cannot read '{path}' ({error.strerror}); expected the drive's ego motion.") from error
    if len(table) < 2 or not np.isfinite(table).all() or (np.diff(table[:, 0]) <= 0.0).any():
        raise RecordingError(f"'{path}' holds {len(table)} rows; expected at least 2 of finite numbers in order of time: convert it again.")
    t, longitude, latitude, yaw, speed, acceleration, yaw_rate = table.T
    heading = np.unwrap(yaw)
    x, y = _metres(np.radians(longitude), np.radians(latitude))
    cos, sin = np.cos(heading), np.sin(heading)
    pose = np.stack([x - cos * IMU[0] + sin * IMU[1], y - sin * IMU[0] - cos * IMU[1], heading], -1)
    return Log(t=t - t[0], pose=pose, speed=speed, yaw_rate=np.radians(yaw_rate), acceleration=acceleration)


def read_pictures(folder: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    """The drive's `count` pictures (H, W, 3) in order. Raises RecordingError for one that is missing, no picture, or of another size."""
    from PIL import Image

    size = None
    for number in range(count):
        path = folder / PICTURES / f"{number:04d}.png"
        try:
            picture = np.asarray(Image.open(path).convert("RGB"))
        except OSError as error:  # also what Pillow raises for a file that is no picture
            raise RecordingError(f"cannot read '{path}' ({error}); expected a picture for each of the {count} rows of {LOG}.") from error
        size = size or picture.shape
        if picture.shape != size:
            raise RecordingError(f"'{path}' has {picture.shape[1]}x{picture.shape[0]} pixels; expected {size[1]}x{size[0]} as the first.")
        yield picture


def _metres(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """East and north of the first position, m, on the plane that touches the ellipsoid there. Radians in. Over a kilometre the
    plane is off by millimetres."""
    squared = _FLATTENING * (2.0 - _FLATTENING)  # of the eccentricity
    bend = 1.0 - squared * math.sin(latitude[0]) ** 2
    across, along = _EQUATOR / math.sqrt(bend), _EQUATOR * (1.0 - squared) / bend**1.5  # m, radii of curvature
    return (longitude - longitude[0]) * across * math.cos(latitude[0]), (latitude - latitude[0]) * along
