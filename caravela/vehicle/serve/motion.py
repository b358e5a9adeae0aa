"""How the car has moved, as far as it was told: poses in the world's `local` frame, speeds, yaw rates, and the route. Poses say what
dynamic states leave out; past the newest pose the car is taken to go on as it went, for a moment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import ROUTE_POINTS, ROUTE_SPACING
from caravela.vehicle.serve.pose import Pose, between

KEPT = 256  # poses remembered
APART_S = 0.02  # s that two poses must be apart to tell a speed
FURTHEST = 200.0  # m, a route that comes no nearer to the car is none


@dataclass(frozen=True)
class Known:
    """One report of the car's motion; None where it did not say."""

    t_us: int
    pose: Pose  # of the rig in `local`
    speed: float | None  # m/s, forward
    yaw_rate: float | None  # rad/s, left positive


class Motion:
    """The reports of one session, oldest first."""

    def __init__(self) -> None:
        self._known: list[Known] = []

    @property
    def newest_us(self) -> int | None:
        return self._known[-1].t_us if self._known else None

    def add(self, known: Known) -> None:
        """A report not newer than the last is skipped: worlds send the pose at a step's boundary twice."""
        if not self._known or known.t_us > self._known[-1].t_us:
            self._known.append(known)
            del self._known[:-KEPT]

    def speed_and_yaw_rate(self, t_us: int) -> tuple[float, float] | None:
        """(m/s, rad/s) by the newest report up to then; None while one pose is all that is known. The driver knows no reverse: 0 then."""
        if not self._known:
            return None
        at = max(self._index(t_us), 0)
        last = self._known[at]
        earlier = next((known for known in self._known[:at][::-1] if last.t_us - known.t_us >= APART_S * 1e6), None)
        speed, yaw_rate = last.speed, last.yaw_rate
        if earlier is None:
            return None if speed is None else (max(speed, 0.0), yaw_rate or 0.0)
        seconds = (last.t_us - earlier.t_us) * 1e-6
        if speed is None:
            speed = float(last.pose.rotation[:, 0] @ (last.pose.position - earlier.pose.position)) / seconds
        if yaw_rate is None:
            turn = last.pose.heading - earlier.pose.heading
            yaw_rate = float(np.arctan2(np.sin(turn), np.cos(turn))) / seconds
        return max(speed, 0.0), yaw_rate

    def pose(self, t_us: int) -> Pose:
        """Of the rig in `local` at a time: between two reports, or on from the newest. Needs a report."""
        at = self._index(t_us)
        if at < 0:
            return self._known[0].pose
        last = self._known[at]
        seconds = (t_us - last.t_us) * 1e-6
        if at + 1 < len(self._known):
            after = self._known[at + 1]
            return between(last.pose, after.pose, (t_us - last.t_us) / (after.t_us - last.t_us))
        speed, yaw_rate = self.speed_and_yaw_rate(t_us) or (0.0, 0.0)
        turn = yaw_rate * seconds
        return last.pose.ahead(np.array([speed * seconds * np.cos(0.5 * turn), speed * seconds * np.sin(0.5 * turn), turn]))

    def _index(self, t_us: int) -> int:
        """Of the newest report up to then; -1 where all are later."""
        return int(np.searchsorted([known.t_us for known in self._known], t_us, side="right")) - 1


def sat_nav(waypoints: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """What the driver's sat-nav shows of a route.

    Args:
        waypoints: (M, 2) m, rig frame of now, in the order of driving; they may begin behind the car.

    Returns:
        (ROUTE_POINTS, 2) points each ROUTE_SPACING along it from where the car is, its end repeated; None where there is no route.
    """
    if len(waypoints) < 2:
        return None
    steps = np.diff(waypoints, axis=0)
    lengths = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-6)
    share = np.clip(-(waypoints[:-1] * steps).sum(1) / lengths**2, 0.0, 1.0)
    nearest = np.linalg.norm(waypoints[:-1] + share[:, None] * steps, axis=1)
    segment = int(np.argmin(nearest))
    if nearest[segment] > FURTHEST:
        return None
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = along[segment] + share[segment] * lengths[segment] + ROUTE_SPACING * np.arange(1.0, ROUTE_POINTS + 1.0)
    return np.stack([np.interp(at, along, waypoints[:, 0]), np.interp(at, along, waypoints[:, 1])], -1).astype(np.float32)
