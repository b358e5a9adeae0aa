"""Is the simulated car a car? A real log's speed and steering go through the simulator's kinematic bicycle, and the pose that comes
out is compared with the pose that was measured. It reads comma2k19 segments (Schafer et al. 2018, arXiv:1812.05752). It leaves out
actuators and tyres: the log holds what the car did, not what it was asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import RecordingError, unknown_name
from caravela.core.units import STEP_S
from caravela.world.kernels.dynamics import move

EARTH_ECCENTRICITY_SQUARED = 6.69437999014e-3  # WGS 84
LEAST_SPEED = 3.0  # m/s at a window's start, below which the course of travel says little about the heading


@dataclass(frozen=True)
class Car:
    """What turns a steering wheel's angle into a path."""

    name: str
    wheelbase: float  # m
    steering_ratio: float  # steering wheel angle over road wheel angle
    camera_ahead: float  # m from the rear axle to the windscreen camera whose pose was logged


# comma2k19's README names the car of each recorder; wheelbases and steering ratios are those that openpilot's car interfaces (2018 to
# 2022) drive these models with. How far the camera sits ahead of the axle is our estimate, good to some 0.3 m.
CARS = {
    "b0c9d2329ad1606b": Car("Toyota RAV4", wheelbase=2.65, steering_ratio=16.88, camera_ahead=1.7),
    "99c94dc769b5d96e": Car("Honda Civic Touring", wheelbase=2.70, steering_ratio=15.38, camera_ahead=1.7),
}


@dataclass(frozen=True)
class DriveLog:
    """A drive at STEP_S, T ticks. Map frame: east and north of where it began; the pose is the rear axle's."""

    car: Car
    speed: NDArray[np.float64]  # (T,) m/s by the car's own wheels
    steering: NDArray[np.float64]  # (T,) rad of the steering wheel, left positive
    x: NDArray[np.float64]  # (T,) m, measured
    y: NDArray[np.float64]
    heading: NDArray[np.float64]  # (T,) rad, measured, unwrapped
    ground_speed: NDArray[np.float64]  # (T,) m/s, measured


@dataclass(frozen=True)
class Calibration:
    """What a log's sensors are off by."""

    speed_scale: float = 1.0  # true speed over the wheels'
    steering_offset: float = 0.0  # rad of the steering wheel when going straight


@dataclass(frozen=True)
class ReplayError:
    """Where the bicycle ends up after `horizon` s, against where the car did, over W windows."""

    horizon: float  # s
    along: NDArray[np.float64]  # (W,) m too far
    across: NDArray[np.float64]  # (W,) m too far left
    driven: NDArray[np.float64]  # (W,) m that the car drove

    @property
    def distance(self) -> NDArray[np.float64]:
        """(W,) m between the two."""
        return np.hypot(self.along, self.across)


def read_comma2k19(folder: Path, *, car: Car | None = None) -> DriveLog:
    """The first segment in or below a folder. Raises RecordingError where there is none or it cannot be read, and CaravelaError
    for a recorder whose car is not known, unless `car` says it."""
    segment = _segment(folder)
    car = car or _car_of(segment)
    time, position, velocity = (_array(segment, f"global_pose/frame_{name}") for name in ("times", "positions", "velocities"))
    east_north = _to_east_north(position[0])
    position, velocity = (position - position[0]) @ east_north.T, velocity @ east_north.T
    steering_time, steering = (_array(segment, f"processed_log/CAN/steering_angle/{name}").reshape(-1) for name in ("t", "value"))
    speed_time, speed = (_array(segment, f"processed_log/CAN/speed/{name}").reshape(-1) for name in ("t", "value"))
    ticks = np.arange(max(t[0] for t in (time, steering_time, speed_time)), min(t[-1] for t in (time, steering_time, speed_time)), STEP_S)
    ground_speed = np.interp(ticks, time, np.hypot(velocity[:, 0], velocity[:, 1]))
    course = np.interp(ticks, time, np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0])))
    forward = _forward(_array(segment, "global_pose/frame_orientations")) @ east_north.T
    yaw = np.interp(ticks, time, np.unwrap(np.arctan2(forward[:, 1], forward[:, 0])))
    # the camera looks a little aside, and swings with the car: its course leads the heading by atan(yaw rate * lever / speed)
    swing = np.arctan2(np.gradient(yaw, STEP_S) * car.camera_ahead, np.maximum(ground_speed, 1.0))
    heading = yaw + np.median((course - swing - yaw)[ground_speed > LEAST_SPEED])
    return DriveLog(
        car=car,
        speed=np.interp(ticks, speed_time, speed),
        steering=np.interp(ticks, steering_time, np.radians(steering)),
        x=np.interp(ticks, time, position[:, 0]) - car.camera_ahead * np.cos(heading),
        y=np.interp(ticks, time, position[:, 1]) - car.camera_ahead * np.sin(heading),
        heading=heading,
        ground_speed=ground_speed,
    )


def fit_sensors(log: DriveLog, *, seconds: float | None = None) -> Calibration:
    """What the log's first `seconds` say its sensors are off by; all of it by default. With all of it this is hindsight: it tells the
    sensors' share of an error from the bicycle's. A few seconds are too few: on a log of 60 s at highway speed, its first 2 to 10
    put the steering offset anywhere between -0.4 and 0.2 degrees, when all 60 say -0.2."""
    ticks = len(log.speed) - 1 if seconds is None else min(round(seconds / STEP_S), len(log.speed) - 1)
    scale = log.ground_speed[:ticks].sum() / log.speed[:ticks].sum()
    reach = scale * log.speed[:ticks] * STEP_S / (log.car.steering_ratio * log.car.wheelbase)  # rad of heading a rad of steering wheel
    surplus = (reach * log.steering[:ticks]).sum() - (log.heading[ticks] - log.heading[0])
    return Calibration(speed_scale=float(scale), steering_offset=float(surplus / reach.sum()))


def drive(log: DriveLog, *, first: int, ticks: int, calibration: Calibration = Calibration()) -> NDArray[np.float64]:
    """(ticks + 1, 3) x, y, heading of the simulator's bicycle, begun at tick `first` at the measured pose."""
    x, y, heading = np.float32(log.x[first]), np.float32(log.y[first]), np.float32(log.heading[first])
    speed = (log.speed * calibration.speed_scale).astype(np.float32)
    path = np.empty((ticks + 1, 3))
    path[0] = x, y, heading
    for k in range(ticks):
        now, following = speed[first + k], speed[first + k + 1]
        wheel = 0.5 * (log.steering[first + k] + log.steering[first + k + 1]) - calibration.steering_offset
        curvature = np.float32(np.tan(wheel / log.car.steering_ratio) / log.car.wheelbase)
        x, y, heading, _ = (
            np.float32(value) for value in move(x, y, heading, now, np.float32((following - now) / STEP_S), curvature, STEP_S)
        )
        path[k + 1] = x, y, heading
    return path


def replay(log: DriveLog, *, horizon: float = 10.0, every: float = 0.5, calibration: Calibration = Calibration()) -> ReplayError:
    """Errors of windows of `horizon` s that begin every `every` s while the car moves. Raises RecordingError where the log is too
    short for one."""
    ticks = round(horizon / STEP_S)
    starts = [k for k in range(0, len(log.speed) - ticks, round(every / STEP_S)) if log.ground_speed[k] >= LEAST_SPEED]
    if not starts:
        raise RecordingError(
            f"the log lasts {len(log.speed) * STEP_S:.0f} s; expected more than {horizon:.0f} s of driving: give a longer one."
        )
    ends = [drive(log, first=k, ticks=ticks, calibration=calibration)[-1] for k in starts]
    return _errors(log, starts, np.stack(ends), ticks)


def errors_in_brief(error: ReplayError) -> dict[str, Any]:
    """What a table says of them; m."""
    return {
        "windows": len(error.along),
        "driven_m": round(float(error.driven.mean()), 1),
        "position_error_m": {
            "median": round(float(np.median(error.distance)), 3),
            "p90": round(float(np.quantile(error.distance, 0.9)), 3),
        },
        "mean_along_m": round(float(error.along.mean()), 3),
        "mean_across_m": round(float(error.across.mean()), 3),
    }


def _errors(log: DriveLog, starts: Sequence[int], ends: NDArray[np.float64], ticks: int) -> ReplayError:
    last = np.asarray(starts) + ticks
    dx, dy = ends[:, 0] - log.x[last], ends[:, 1] - log.y[last]
    cos, sin = np.cos(log.heading[last]), np.sin(log.heading[last])
    driven = np.array([log.ground_speed[k : k + ticks].sum() * STEP_S for k in starts])
    return ReplayError(horizon=ticks * STEP_S, along=dx * cos + dy * sin, across=dy * cos - dx * sin, driven=driven)


def _segment(folder: Path) -> Path:
    if not folder.is_dir():
        raise RecordingError(f"'{folder}' is no folder; expected a comma2k19 segment, or a folder that holds one.")
    found = sorted(path.parent for path in [folder / "global_pose", *folder.glob("**/global_pose")] if path.is_dir())
    if not found:
        raise RecordingError(f"'{folder}' holds no comma2k19 segment (no folder global_pose in it); give the folder of a comma2k19 drive.")
    return found[0]


def _car_of(segment: Path) -> Car:
    """A segment lies in <recorder>|<start>/<number>, where file systems that mind put _ for |."""
    recorder = segment.resolve().parent.name.replace("|", "_").split("_")[0]
    if recorder not in CARS:
        raise unknown_name("recorder of a comma2k19 drive", recorder, CARS)
    return CARS[recorder]


def _array(segment: Path, name: str) -> NDArray[np.float64]:
    try:
        values = np.load(segment / name, allow_pickle=False).astype(np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise RecordingError(
            f"'{segment / name}' cannot be read ({type(error).__name__}); expected an array as in comma2k19: fetch it again."
        ) from error
    if not len(values) or not np.isfinite(values).all():
        raise RecordingError(f"'{segment / name}' is empty or holds numbers that are not finite; fetch it again.")
    return values


def _forward(orientation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 3) optical axes in earth-centred, earth-fixed axes, of quaternions (T, 4) w, x, y, z."""
    w, x, y, z = orientation.T
    return np.stack([1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)], axis=-1)


def _to_east_north(origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) rotation from earth-centred, earth-fixed axes to east and north at `origin`, m."""
    longitude = np.arctan2(origin[1], origin[0])
    latitude = np.arctan2(origin[2], np.hypot(origin[0], origin[1]) * (1.0 - EARTH_ECCENTRICITY_SQUARED))
    east = (-np.sin(longitude), np.cos(longitude), 0.0)
    north = (-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude), np.cos(latitude))
    return np.array([east, north])
