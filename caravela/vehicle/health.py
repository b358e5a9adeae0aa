"""Names what is wrong with what comes in and with what the model says, and tells a hiccup from a failure: a fault is ridden out
for a few ticks, then it is severe, and it is over once it has been away for a second."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX
from caravela.core.modes import Fault
from caravela.core.types import Observation, Plan, Rig

AGE_MAX_US = 250_000  # µs that the newest picture may be old: two ticks and the exposure
CLOCK_STEP_US = 200_000  # µs by which wall clock and steady clock may part within a tick
HEARTBEAT_S = 0.3  # s without a beat after which the loop counts as dead
PLAN_AGE_TICKS = 3  # that the newest good plan may be old: no fault that it may be driven on through is ridden out for longer
STUCK_TICKS = 3  # identical pictures of a moving car before a camera counts as stuck
MOVING = 1.0  # m/s above which two pictures cannot be identical
FLAT = 2.0  # grey levels of standard deviation below which a picture shows nothing
SPEED_RANGE = (-1.0, 90.0)  # m/s that a wheel sensor can mean
YAW_RATE_MAX = 3.0  # rad/s
RANGE_SLACK = 1.5  # times the action space's range that a knot may reach before integration clips it

# Ticks in a row that a fault is ridden out on the plan before.
RIDE_OUT = {
    Fault.FRAME_MISSING: 3,
    Fault.FRAME_LATE: 3,
    Fault.CAMERA_STUCK: 0,  # it took STUCK_TICKS to see it
    Fault.CAMERA_BLIND: 3,
    Fault.INPUT_INVALID: 2,
    Fault.PLAN_LATE: 3,
    Fault.PLAN_NOT_FINITE: 2,
    Fault.PLAN_OUT_OF_RANGE: 2,
    Fault.PLAN_TOO_OLD: 0,  # it took PLAN_AGE_TICKS to get there
    Fault.MODEL_DEAD: 0,
    Fault.CLOCK_JUMPED: 2,
    Fault.HEARTBEAT_LOST: 0,
}
AWAY_TICKS = 10  # ticks that a fault must be away to be over


class InputCheck:
    """Looks at every observation before the model does."""

    def __init__(self, rig: Rig) -> None:
        self._shape = (len(rig.cameras), rig.height, rig.width, 3)
        self._names = tuple(camera.name for camera in rig.cameras)
        self._before: NDArray[np.uint8] | None = None
        self._same = np.zeros(len(rig.cameras), np.int64)  # ticks in a row with an identical picture
        self._clocks: tuple[int, int] | None = None  # wall and steady, µs
        self.detail: dict[Fault, str] = {}  # what exactly, of the newest check

    def __call__(self, observation: Observation | None, *, now_us: int, steady_us: int) -> frozenset[Fault]:
        """The faults of this tick. `now_us` is the clock that stamps pictures, `steady_us` one that nobody sets."""
        self.detail = {}
        clocks = self._clock_faults(now_us, steady_us)
        if observation is None:
            return clocks | self._named(Fault.FRAME_MISSING, "no observation")
        if not self._fits(observation):
            return clocks | self._named(Fault.INPUT_INVALID, "shape, speed or yaw rate")
        found = set(clocks)
        age_us = now_us - int(observation.t_us[0])
        if Fault.CLOCK_JUMPED not in clocks and not -CLOCK_STEP_US <= age_us <= AGE_MAX_US:
            found |= self._named(Fault.FRAME_LATE, f"{age_us / 1000:.0f} ms old")
        newest = observation.images[0, 0]  # (C, H, W, 3)
        sparse = newest[:, ::4, ::4]
        blind = sparse.reshape(len(newest), -1, 3).std(axis=1).max(axis=1) < FLAT
        if blind.any():
            found |= self._named(Fault.CAMERA_BLIND, self._cameras(blind))
        if self._before is not None and float(observation.speed[0]) > MOVING:
            same = (newest == self._before).all(axis=(1, 2, 3))
            self._same = np.where(same & ~blind, self._same + 1, 0)
        else:
            self._same[:] = 0
        self._before = newest.copy()
        if (stuck := self._same >= STUCK_TICKS).any():
            found |= self._named(Fault.CAMERA_STUCK, self._cameras(stuck))
        return frozenset(found)

    def _clock_faults(self, now_us: int, steady_us: int) -> frozenset[Fault]:
        """Clocks that part, and a tick that comes so late that the loop itself stood still."""
        before, self._clocks = self._clocks, (now_us, steady_us)
        if before is None:
            return frozenset()
        passed_us = steady_us - before[1]
        parted_us = (now_us - before[0]) - passed_us
        found: frozenset[Fault] = frozenset()
        if abs(parted_us) > CLOCK_STEP_US:
            found |= self._named(Fault.CLOCK_JUMPED, f"{parted_us / 1e6:+.1f} s")
        if passed_us > round(HEARTBEAT_S * 1e6):
            found |= self._named(Fault.HEARTBEAT_LOST, f"{passed_us / 1e6:.1f} s without a tick")
        return found

    def _fits(self, observation: Observation) -> bool:
        images = observation.images
        if images.ndim != 6 or not (len(images) and len(observation.speed) and len(observation.yaw_rate) and len(observation.t_us)):
            return False
        if images.dtype != np.uint8 or images.shape[2:] != self._shape:
            return False
        speed, yaw_rate = float(observation.speed[0]), float(observation.yaw_rate[0])
        numbers = np.isfinite(speed) and np.isfinite(yaw_rate) and bool(np.isfinite(observation.route).all())
        return bool(numbers) and SPEED_RANGE[0] <= speed <= SPEED_RANGE[1] and abs(yaw_rate) <= YAW_RATE_MAX

    def _named(self, fault: Fault, detail: str) -> frozenset[Fault]:
        self.detail[fault] = detail
        return frozenset((fault,))

    def _cameras(self, which: NDArray[np.bool_]) -> str:
        return ", ".join(name for name, bad in zip(self._names, which.tolist()) if bad)


def plan_faults(plan: Plan) -> frozenset[Fault]:
    """What is wrong with a plan: a number that is none, or a command that no car can follow (world 0)."""
    chosen = int(plan.chosen[0])
    parts = (plan.knots[0], plan.trajectories[0], plan.speeds[0], plan.values[0])
    risk = float(plan.risk[0])  # NaN: the policy does not know it, which is the operational design domain's concern
    if np.isinf(risk) or not all(np.isfinite(part).all() for part in parts):
        return frozenset((Fault.PLAN_NOT_FINITE,))
    if not 0 <= chosen < plan.knots.shape[1] or risk < -1e-3 or risk > 1.001:
        return frozenset((Fault.PLAN_OUT_OF_RANGE,))
    knots = plan.knots[0, chosen]
    low, high = ACCELERATION_RANGE
    wild = knots[:, 0].min() < RANGE_SLACK * low or knots[:, 0].max() > RANGE_SLACK * high
    wild |= np.abs(knots[:, 1]).max() > RANGE_SLACK * CURVATURE_MAX
    return frozenset((Fault.PLAN_OUT_OF_RANGE,)) if wild else frozenset()


@dataclass
class _Count:
    present: int = 0  # ticks in a row
    away: int = 0
    severe: bool = False


class FaultCounter:
    """Tells which faults have become severe, and which are over."""

    def __init__(self) -> None:
        self._counts: dict[Fault, _Count] = {}

    def __call__(self, faults: Iterable[Fault]) -> tuple[frozenset[Fault], frozenset[Fault]]:
        """(became severe, are over) with the faults of this tick."""
        now, severe, over = set(faults), set(), set()
        for fault in now:
            self._counts.setdefault(fault, _Count())
        for fault, count in list(self._counts.items()):
            if fault in now:
                count.present, count.away = count.present + 1, 0
                if not count.severe and count.present > RIDE_OUT[fault]:
                    count.severe = True
                    severe.add(fault)
            else:
                count.present, count.away = max(count.present - 1, 0), count.away + 1  # on and off adds up too
                if count.away >= AWAY_TICKS:
                    del self._counts[fault]
                    if count.severe:
                        over.add(fault)
        return frozenset(severe), frozenset(over)
