"""Messages of the contract as our types, and back. Every number is checked here: what comes out is finite, and what does not fit is
refused with a sentence. The messages themselves are those of the package `carla-driver-interface`."""

import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caravela.vehicle.serve.motion import Known
from caravela.vehicle.serve.optics import WIDEST, Fisheye, FTheta, Optic, Pinhole, Projection
from caravela.vehicle.serve.pose import Pose
from caravela.vehicle.serve.refusal import Refusal, Unusable

if TYPE_CHECKING:
    from carla_driver_interface import protocol

SIZE = (16, 8192)  # pixels, along either side of a picture
PIXELS_MAX = 16_000_000
SPAN = 1e7  # m, further from the origin nothing is
CLOCK_MAX = 2**62  # µs
SPEED_MAX, YAW_RATE_MAX = 150.0, 20.0  # m/s, rad/s
# columns: optical x right, y down, z ahead, in the axes of a camera's body (x ahead, y left, z up)
OPTICAL_IN_BODY = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def numbers(values: Iterable[float], *, what: str, at_most: float = SPAN) -> NDArray[np.float64]:
    """As an array. Raises Refusal where one is not finite or too large."""
    array = np.array(list(values), np.float64)
    if not np.isfinite(array).all() or (np.abs(array) > at_most).any():
        raise Refusal(
            f"{what} holds {_listed(array)}; expected finite numbers up to {at_most:g} in size: send what is known, or leave it out."
        )
    return array


def moment(t_us: int, *, what: str) -> int:
    """A time. Raises Refusal for one that no clock shows."""
    if not 0 <= t_us <= CLOCK_MAX:
        raise Refusal(f"{what} is {t_us} us; expected microseconds from 0 to {CLOCK_MAX}.")
    return int(t_us)


def vector(message: "protocol.Vec3", *, what: str, at_most: float = SPAN) -> NDArray[np.float64]:
    """(3,) of a Vec3."""
    return numbers((message.x, message.y, message.z), what=what, at_most=at_most)


def pose(message: "protocol.Pose", *, what: str) -> Pose:
    """Raises Refusal for numbers that are not finite and a quaternion that is no rotation."""
    quaternion = numbers((message.quat.w, message.quat.x, message.quat.y, message.quat.z), what=f"the quaternion of {what}")
    norm = float(np.linalg.norm(quaternion))
    if not 0.9 < norm < 1.1:
        raise Refusal(f"the quaternion of {what} has the norm {norm:.3g}; expected 1: send (w, x, y, z) of a rotation.")
    return Pose(vector(message.vec, what=f"the position of {what}"), quaternion / norm)


def optic(camera: "protocol.AvailableCamera", *, body_frame: bool) -> Optic:
    """A declared camera. `body_frame`: its pose is of the camera's body (contract revision 1), not of the optical frame. Raises Refusal where
    the camera makes no sense, and Unusable where it is of a kind that cannot be warped."""
    name, spec = camera.logical_id[:80], camera.intrinsics
    what = f"camera '{name}'"
    width, height = int(spec.resolution_w), int(spec.resolution_h)
    check_size(width, height, what=what)
    where = pose(camera.rig_to_camera, what=f"{what} in the rig")
    columns = where.rotation if not body_frame else where.rotation @ OPTICAL_IN_BODY
    projection = _projection(spec, what=what, size=(width, height))
    focal = tuple(numbers(projection.focal, what=f"the focal length of {what}"))
    if not min(focal) > 1.0:
        raise Refusal(f"{what} has a focal length of {min(focal):.3g} pixels; expected more than 1: check its calibration.")
    x, y, z = (float(value) for value in where.position)
    return Optic(
        width=width,
        height=height,
        focal=(float(focal[0]), float(focal[1])),
        centre=(0.5 * width, 0.5 * height),
        position=(x, y, z),
        projection=projection,
        turned=np.stack([columns[:, 2], columns[:, 0], -columns[:, 1]]),
    )


def check_size(width: int, height: int, *, what: str) -> None:
    """Raises Refusal for pictures that are too small or too large."""
    low, high = SIZE
    if not (low <= width <= high and low <= height <= high and width * height <= PIXELS_MAX):
        raise Refusal(
            f"{what} has {width}x{height} pixels; expected {low} to {high} a side and at most {PIXELS_MAX / 1e6:.0f} million in all."
        )


def picture(data: bytes, *, what: str) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a JPEG or PNG file. Raises Refusal for what is none; its size is read before it is decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            check_size(*image.size, what=f"the picture of {what}")
            return np.asarray(image.convert("RGB"), np.uint8)
    except Refusal:
        raise
    except Image.DecompressionBombError as error:
        raise Refusal(f"the picture of {what} is far too large; expected at most {PIXELS_MAX / 1e6:.0f} million pixels.") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, struct.error, zlib.error … for broken files
        raise Refusal(f"the picture of {what} ({len(data)} bytes) cannot be read; expected a whole JPEG or PNG file.") from error


def known(stamped: "protocol.PoseAtTime", state: "protocol.DynamicState | None") -> Known:
    """A report of the car's motion; a velocity that is not in the message is not known."""
    t_us = moment(stamped.timestamp_us, what="the time of an ego pose")
    speed = yaw_rate = None
    if state is not None and state.HasField("linear_velocity"):
        speed = float(vector(state.linear_velocity, what="the ego velocity", at_most=SPEED_MAX)[0])
    if state is not None and state.HasField("angular_velocity"):
        yaw_rate = float(vector(state.angular_velocity, what="the ego's angular velocity", at_most=YAW_RATE_MAX)[2])
    return Known(t_us, pose(stamped.pose, what="the ego pose"), speed, yaw_rate)


def waypoints(messages: Sequence["protocol.Vec3"]) -> NDArray[np.float64]:
    """(M, 3) m."""
    flat = numbers((value for message in messages for value in (message.x, message.y, message.z)), what="the route")
    return flat.reshape(-1, 3)


def trajectory(times_us: Sequence[int], positions: NDArray, quaternions: NDArray) -> "protocol.Trajectory":
    """Positions (N, 3) and quaternions (N, 4) w, x, y, z at those times, as the contract's `local -> rig`."""
    from carla_driver_interface.protocol import Pose as PoseMessage
    from carla_driver_interface.protocol import PoseAtTime, Quat, Trajectory, Vec3

    return Trajectory(
        poses=[
            PoseAtTime(timestamp_us=t_us, pose=PoseMessage(vec=Vec3(x=x, y=y, z=z), quat=Quat(w=a, x=b, y=c, z=d)))
            for t_us, (x, y, z), (a, b, c, d) in zip(times_us, positions.tolist(), quaternions.tolist())
        ]
    )


def _projection(spec: "protocol.CameraSpec", *, what: str, size: tuple[int, int]) -> Projection:
    kind = spec.WhichOneof("camera_param")
    if kind is None:
        raise Unusable(f"{what} has no calibration; expected ftheta_param, opencv_pinhole_param or opencv_fisheye_param.")
    if _bends(spec):
        raise Unusable(f"{what} looks through a windshield model, which cannot be warped; expected a camera without one.")
    param = getattr(spec, kind)
    centre = _pair(param.principal_point_x, param.principal_point_y, what=f"the principal point of {what}")
    if kind == "ftheta_param":
        return _ftheta(param, centre=centre, what=what, size=size)
    focal = _pair(param.focal_length_x, param.focal_length_y, what=f"the focal length of {what}")
    radial = _coefficients(param.radial_coeffs, what=f"the radial distortion of {what}")
    if kind == "opencv_fisheye_param":
        return Fisheye(focal, centre, radial, widest=_widest(param.max_angle, what=what))
    tangential = _coefficients(param.tangential_coeffs, what=f"the tangential distortion of {what}")
    prism = _coefficients(param.thin_prism_coeffs, what=f"the prism distortion of {what}")
    return Pinhole(focal, centre, radial, tangential, prism)


def _ftheta(param: Any, *, centre: tuple[float, float], what: str, size: tuple[int, int]) -> FTheta:
    forward = _coefficients(param.angle_to_pixeldist_poly, what=f"the f-theta polynomial of {what}")
    backward = _coefficients(param.pixeldist_to_angle_poly, what=f"the f-theta polynomial of {what}")
    if len(forward) < 2 and len(backward) < 2:
        raise Refusal(f"{what} has no f-theta polynomial; expected angle_to_pixeldist_poly or pixeldist_to_angle_poly.")
    linear = (1.0, 0.0, 0.0)
    if param.HasField("linear_cde"):
        mixed = param.linear_cde
        c, d, e = numbers((mixed.linear_c, mixed.linear_d, mixed.linear_e), what=f"linear_cde of {what}", at_most=10.0).tolist()
        if abs(c - d * e) < 0.1:
            raise Refusal(f"linear_cde of {what} is ({c:g}, {d:g}, {e:g}); expected c near 1, d and e near 0.")
        linear = (c, d, e)
    reach = 2.0 * math.hypot(*size)
    forward = forward if len(forward) >= 2 else ()
    return FTheta(centre, forward, backward, linear, widest=_widest(param.max_angle, what=what), reach=reach)


def _widest(max_angle: float, *, what: str) -> float:
    (angle,) = numbers((max_angle,), what=f"max_angle of {what}").tolist()
    return angle if angle > 0.0 else WIDEST


def _bends(spec: "protocol.CameraSpec") -> bool:
    if spec.WhichOneof("external_distortion") is None:
        return False
    shield = spec.bivariate_windshield_model_param
    return bool(len(shield.horizontal_poly) or len(shield.vertical_poly))


def _pair(x: float, y: float, *, what: str) -> tuple[float, float]:
    first, second = numbers((x, y), what=what, at_most=1e6).tolist()
    return first, second


def _coefficients(values: Iterable[float], *, what: str) -> tuple[float, ...]:
    return tuple(numbers(values, what=what).tolist())


def _listed(array: NDArray[np.float64]) -> str:
    return f"({', '.join(f'{value:g}' for value in array[:6])}{', …' if len(array) > 6 else ''})"
