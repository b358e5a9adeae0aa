"""Watches drives tick by tick and says what became of them. A drive ends early where nothing that follows would mean
anything: after a collision at fault, off the road, or away from its route. What ends it is listed; a drive that was cut short is
not blamed for too little progress as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Score
from caravela.core.units import STEP_S
from caravela.world.kernels import events

OFF_ROAD_S = 0.3  # s that any wheel may be off the road
WRONG_WAY_S = 2.0  # s that the car may be on the wrong side
LEAST_PROGRESS = 0.8  # of what is expected
COMFORT_ACCELERATION = 3.0  # m/s^2
COMFORT_JERK = 5.0  # m/s^3
JERK_TICKS = 3  # over which the jerk is smoothed: 0.3 s
LEAST_KM = 0.05  # driven per drive, below which a figure per km means nothing
AT_FAULT, OFF_ROAD, WRONG_WAY, RED_LIGHT, ROUTE_MISSED, UNDER_PROGRESS = FAILURES = (
    "at_fault_collision",
    "off_road",
    "wrong_way",
    "red_light",
    "route_missed",
    "under_progress",
)
NAMES = {  # for people, here and on every page; beside the failures, what is counted and is none
    AT_FAULT: "at-fault collision",
    "collision": "any collision",
    OFF_ROAD: "off-road",
    WRONG_WAY: "wrong side",
    RED_LIGHT: "red light",
    ROUTE_MISSED: "route missed",
    UNDER_PROGRESS: "too slow",
}


def faults(failures: Iterable[str]) -> int:
    """How many of a drive's kinds of failure could hurt or mislead somebody: all but being too slow."""
    return sum(kind != UNDER_PROGRESS for kind in failures)


def at_fault(failures: Iterable[str]) -> bool:
    """Did a drive with these failures do more harm than being too slow?"""
    return faults(failures) > 0


class Asked(Protocol):
    """What a referee must know of an episode."""

    @property
    def ticks(self) -> int: ...
    @property
    def expected(self) -> float: ...


@dataclass(frozen=True)
class Tick:
    """What the ego cars did in one tick; every array is (B,)."""

    flags: NDArray[np.int32]  # kernels.events bits
    ahead: NDArray[np.int32]  # junction lane each was on or came to when the tick began, -1 none
    acceleration: NDArray[np.float32]  # m/s^2 along
    lateral: NDArray[np.float32]  # m/s^2 to the left
    odometer: NDArray[np.float32]  # m along the route since the start
    energy: NDArray[np.float32]  # Wh since the start
    x: NDArray[np.float32]  # m, where it is
    y: NDArray[np.float32]


class Approaches:
    """Counts red lights met, once per approach to a junction."""

    def __init__(self, batch: int) -> None:
        self.reds = np.zeros(batch, dtype=np.int64)
        self._lane = np.full(batch, -1, dtype=np.int64)
        self._counted = np.zeros(batch, dtype=np.bool_)

    def watch(self, ahead: NDArray[np.int32], flags: NDArray[np.int32], driving: NDArray[np.bool_]) -> None:
        self._counted &= ahead == self._lane
        self._lane = ahead.astype(np.int64)
        new = driving & ((flags & events.RED_MET) > 0) & ~self._counted
        self.reds += new
        self._counted |= new


class Referee:
    """Judges `episodes`, one per world. `excuse_arrival`: whose road ended is not called slow, however short it was."""

    def __init__(self, episodes: Sequence[Asked], *, excuse_arrival: bool = False) -> None:
        batch = len(episodes)
        self._limit = np.array([e.ticks for e in episodes])
        self._expected = np.array([e.expected for e in episodes])
        self.driving = np.ones(batch, dtype=np.bool_)
        self._ticks = np.zeros(batch, dtype=np.int64)
        self._off = np.zeros(batch, dtype=np.int64)  # ticks off the road in a row
        self._wrong = np.zeros(batch, dtype=np.int64)
        self._touching = np.zeros(batch, dtype=np.bool_)
        self._reds_run = np.zeros(batch, dtype=np.int64)
        self._collisions = np.zeros(batch, dtype=np.int64)
        self._wrong_ticks = np.zeros(batch, dtype=np.int64)
        self._off_ticks = np.zeros(batch, dtype=np.int64)
        self._failed: list[dict[str, float]] = [{} for _ in range(batch)]  # s at which each failure first happened
        self._arrived = np.zeros(batch, dtype=np.bool_)
        self._excuse_arrival = excuse_arrival
        self._approaches = Approaches(batch)
        self._rides: list[NDArray[np.float64]] = []  # per tick (B, 2) acceleration along and to the left
        self._last = np.zeros((batch, 4))  # odometer, energy, x, y when it ended

    def watch(self, tick: Tick) -> None:
        """Judge one tick of the drives that still go on."""
        driving, flags = self.driving.copy(), tick.flags
        self._ticks += driving
        self._approaches.watch(tick.ahead, flags, driving)
        self._rides.append(np.stack([tick.acceleration, tick.lateral], -1).astype(np.float64))
        state = np.stack([tick.odometer, tick.energy, tick.x, tick.y], -1)
        self._last[driving] = state[driving]
        self._off = np.where(flags & events.OFF, self._off + 1, 0)
        self._wrong = np.where(flags & events.WRONG_WAY, self._wrong + 1, 0)
        self._off_ticks += driving & ((flags & events.OFF) > 0)
        self._wrong_ticks += driving & ((flags & events.WRONG_WAY) > 0)
        touching = (flags & events.COLLISION) > 0
        struck = touching & ~self._touching  # fault is found when they touch, not while they stay in touch
        self._touching = touching
        self._collisions += struck & driving
        at_fault = struck & ((flags & events.AT_FAULT) > 0)
        off = self._off * STEP_S > OFF_ROAD_S + 1e-6
        missed = (flags & events.ROUTE_MISSED) > 0
        self._note(AT_FAULT, at_fault)
        self._note(OFF_ROAD, off)
        self._note(ROUTE_MISSED, missed)
        self._note(WRONG_WAY, self._wrong * STEP_S > WRONG_WAY_S + 1e-6)
        ran = (flags & events.RED_LIGHT) > 0  # of one tick, that in which the front crosses the line
        self._reds_run += ran & driving
        self._note(RED_LIGHT, ran)
        arrived = (flags & events.ARRIVED) > 0
        self._arrived |= driving & arrived
        self.driving = driving & ~(at_fault | off | missed | arrived) & (self._ticks < self._limit)

    def _note(self, kind: str, happened: NDArray[np.bool_]) -> None:
        for world in np.flatnonzero(happened & self.driving):
            self._failed[world].setdefault(kind, float(self._ticks[world]) * STEP_S)

    def scores(self) -> list[Score]:
        """What became of every drive so far."""
        rides = np.stack(self._rides) if self._rides else np.zeros((0, len(self.driving), 2))
        return [self._score(world, rides[: self._ticks[world], world]) for world in range(len(self.driving))]

    def _score(self, world: int, ride: NDArray[np.float64]) -> Score:
        distance, energy, x, y = (float(value) for value in self._last[world])
        progress = min(max(distance, 0.0) / max(float(self._expected[world]), 1e-3), 1.0)
        failed = dict(self._failed[world])
        seconds = float(self._ticks[world]) * STEP_S
        cut_short = any(kind in failed for kind in (AT_FAULT, OFF_ROAD, ROUTE_MISSED))
        excused = self._excuse_arrival and bool(self._arrived[world])
        if progress < LEAST_PROGRESS and not cut_short and not excused:
            failed[UNDER_PROGRESS] = seconds
        km = distance / 1000.0
        return Score(
            success=not failed,
            progress=progress,
            distance=distance,
            seconds=seconds,
            failures=tuple(kind for kind in FAILURES if kind in failed),
            red_lights_met=int(self._approaches.reds[world]),
            red_lights_run=int(self._reds_run[world]),
            comfort=comfort(ride),
            energy_wh_per_km=energy / km if km >= LEAST_KM else float("nan"),
            extra={
                "expected": float(self._expected[world]),
                "collisions": float(self._collisions[world]),
                "energy_wh": energy,
                "wrong_way_s": float(self._wrong_ticks[world]) * STEP_S,
                "off_road_s": float(self._off_ticks[world]) * STEP_S,
                "arrived": float(self._arrived[world]),
                "first_failure_s": min(failed.values(), default=float("nan")),
                "x": x,
                "y": y,
            },
        )


def comfort(ride: NDArray[np.float64]) -> float:
    """Share of ticks (T, 2: m/s^2 along, to the left) within COMFORT_ACCELERATION and, over JERK_TICKS, COMFORT_JERK."""
    if not len(ride):
        return 1.0
    gentle = np.hypot(ride[:, 0], ride[:, 1]) <= COMFORT_ACCELERATION
    if len(ride) > JERK_TICKS:
        jerk = (ride[JERK_TICKS:] - ride[:-JERK_TICKS]) / (JERK_TICKS * STEP_S)
        gentle[JERK_TICKS:] &= np.hypot(jerk[:, 0], jerk[:, 1]) <= COMFORT_JERK
    return float(gentle.mean())
