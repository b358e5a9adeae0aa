"""The chosen plan at another pace: the same path, never faster at any place than the plan was there and so never ahead of it at any time,
but smoother, kinder in bends, and braking early enough for the motor to take the energy back. What it may do is bounded by the plan; what
it does within these bounds follows from the prices (`prices`). A few Gauss-Newton steps on the acceleration at the plan's knots, then a
line search that keeps the plan itself wherever nothing is cheaper. It knows nothing of lights, lanes or other cars: the plan did."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX, LATERAL_MAX, interpolation_matrix
from caravela.core.types import KNOTS, PLAN_STEP_S, PLAN_STEPS
from caravela.core.units import GRAVITY
from caravela.vehicle.domains.prices import (
    AIR,
    DRAG_AREA,
    GRIP_SHARE,
    MASS_FACTOR,
    ROLLING,
    Course,
    Shared,
    Tariff,
    discs,
    price,
    wheel_power,
)

Array = NDArray[np.float64]

WEIGHTS = interpolation_matrix().astype(np.float64)  # (N, KNOTS) acceleration of a step
TO_SPEED = np.cumsum(WEIGHTS, axis=0) * PLAN_STEP_S  # (N, KNOTS)
TO_PLACE = np.cumsum(0.5 * (np.vstack([np.zeros(KNOTS), TO_SPEED[:-1]]) + TO_SPEED), axis=0) * PLAN_STEP_S
STEPS = 4  # of Gauss-Newton
LONGEST = 2.0  # m/s^2, of one such step
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the way from the plan to what was found, tried in the line search
AHEAD = 40.0  # m per (m/s)^2 s of being faster than the plan at a place, while searching; forbidden afterwards
NEARNESS = 0.02  # m per (m/s^2)^2 of leaving the plan
STILL = 0.3  # m/s


@dataclass(frozen=True)
class Path:
    """Chosen plans by place: (B, N + 1), starting here and now."""

    place: Array  # m along it
    speed: Array  # m/s
    curvature: Array  # 1/m

    @staticmethod
    def of(knots: Array, speeds: Array, start: Array) -> "Path":
        """Of knots (B, KNOTS, 2) and the speeds (B, N) that follow from (B,) m/s."""
        speed = np.concatenate([start[:, None], speeds], -1)
        place = np.concatenate([np.zeros((len(start), 1)), np.cumsum(0.5 * (speed[:, 1:] + speed[:, :-1]), -1) * PLAN_STEP_S], -1)
        curvature = np.clip(knots[..., 1] @ WEIGHTS.T, -CURVATURE_MAX, CURVATURE_MAX)
        bound = LATERAL_MAX / np.maximum(0.5 * (speed[:, 1:] + speed[:, :-1]), 1.0) ** 2
        curvature = np.clip(curvature, -bound, bound)
        return Path(place, speed, np.concatenate([curvature[:, :1], curvature], -1))

    def repeated(self, times: int) -> "Path":
        return Path(*(np.tile(each, (times, 1)) for each in (self.place, self.speed, self.curvature)))

    def at(self, place: Array, what: Array) -> Array:
        """(B, M) of `what` (B, N + 1) at places (B, M), m, linear between the steps and held beyond them."""
        later = np.clip((self.place[:, None, :] < place[..., None]).sum(-1), 1, self.place.shape[1] - 1)  # (B, M)
        left, right = (np.take_along_axis(self.place, index, 1) for index in (later - 1, later))
        share = np.clip((place - left) / np.maximum(right - left, 1e-9), 0.0, 1.0)
        before, after = (np.take_along_axis(what, index, 1) for index in (later - 1, later))
        return before + share * (after - before)


def course_of(path: Path, acceleration: Array, start: Array, shared: Shared) -> tuple[Course, Array]:
    """What comes of accelerations (B, N) along a path within its bounds and the motor's: the course, and the places (B, N)."""
    batch = len(start)
    speed, place, held = start.astype(np.float64).copy(), np.zeros(batch), np.zeros((batch, PLAN_STEPS))
    speeds, places = np.empty((batch, PLAN_STEPS)), np.empty((batch, PLAN_STEPS))
    for n in range(PLAN_STEPS):
        against = 0.5 * AIR * DRAG_AREA * np.square(speed) + ROLLING * shared.mass * GRAVITY
        force = np.minimum(shared.drive_force, shared.drive_power / np.maximum(speed, 0.5))
        most = np.maximum((force - against) / (MASS_FACTOR * shared.mass), 0.0)
        wanted = np.clip(acceleration[:, n], np.maximum(-shared.brake, ACCELERATION_RANGE[0]), np.minimum(most, ACCELERATION_RANGE[1]))
        after = np.maximum(speed + wanted * PLAN_STEP_S, 0.0)
        there = place + 0.5 * (speed + after) * PLAN_STEP_S
        there = np.minimum(there, path.place[:, n + 1])
        allowed = path.at(there[:, None], path.speed)[:, 0]
        after = np.minimum(after, allowed)
        held[:, n] = (after - speed) / PLAN_STEP_S
        place = np.minimum(place + 0.5 * (speed + after) * PLAN_STEP_S, path.place[:, n + 1])
        speed = after
        speeds[:, n], places[:, n] = speed, place
    return Course(speeds, held, path.at(places, path.curvature), start.astype(np.float64)), places


def retimed(
    knots: Array, speeds: Array, start: Array, shared: Shared, tariff: Tariff, *, now: Array | None = None, pace: bool = True
) -> tuple[Array, Array]:
    """The plans at the cheapest pace: their knots (B, KNOTS, 2), and what they cost then (B,), m.

    Args:
        knots: (B, KNOTS, 2) of the chosen plans.
        speeds: (B, N) m/s that they lead to.
        start: (B,) m/s now.
        now: (B, 2) m/s^2 along and across that the car does now; a plan that begins with another costs jerk.
        pace: whether another pace may be taken; else the plans are only priced.
    """
    path = Path.of(knots.astype(np.float64), speeds.astype(np.float64), start.astype(np.float64))
    first = knots[..., 0].astype(np.float64)
    wanted = first.copy()
    for _ in range(STEPS if pace else 0):
        wanted += np.clip(_newton(path, wanted, first, start, shared, tariff, now), -LONGEST, LONGEST)
        wanted = np.clip(wanted, *ACCELERATION_RANGE)
    tried = np.array([0.0, *SHARES])
    profiles = (first + tried[:, None, None] * (wanted - first)) @ WEIGHTS.T  # (tried, B, N)
    course, places = course_of(
        path.repeated(len(tried)), profiles.reshape(-1, PLAN_STEPS), np.tile(start, len(tried)), shared.repeated(len(tried))
    )
    costs = price(course, shared.repeated(len(tried)), tariff) + _onset(course, shared.repeated(len(tried)), tariff, now, len(tried))
    costs = costs.reshape(len(tried), -1)
    costs[1:] += 1e-9  # the plan itself, where nothing is cheaper
    best = costs.argmin(axis=0) * len(start) + np.arange(len(start))
    held = course.acceleration[best]
    standing = np.where(course.speed[best] <= 0.0, np.minimum(held, profiles[0]), held)  # who has stopped goes on braking as the plan does
    return knots_along(path, knots.astype(np.float64), standing, places[best]), costs.min(axis=0)


def _onset(course: Course, shared: Shared, tariff: Tariff, now: Array | None, times: int) -> Array:
    """(B,) m: what the jump from the present acceleration, along and across, costs."""
    if now is None:
        return np.zeros(len(course.start))
    felt = np.stack([course.acceleration[:, 1], np.square(course.speed[:, 1]) * course.curvature[:, 1]], -1)
    jerk = (felt - np.tile(now, (times, 1))) / (2.0 * PLAN_STEP_S)
    return shared.comfort * tariff.jerk * np.square(jerk).sum(-1) * 2.0 * PLAN_STEP_S


def _newton(path: Path, wanted: Array, first: Array, start: Array, shared: Shared, tariff: Tariff, now: Array | None) -> Array:
    """(B, KNOTS) m/s^2: one Gauss-Newton step on the price, whose parts are squares but for progress, which is linear."""
    a = wanted @ WEIGHTS.T
    v = np.maximum(start[:, None] + wanted @ TO_SPEED.T, 0.0)
    s = np.clip(start[:, None] * PLAN_STEP_S * np.arange(1, PLAN_STEPS + 1) + wanted @ TO_PLACE.T, 0.0, path.place[:, 1:])
    kappa, cap = path.at(s, path.curvature), path.at(s, path.speed)
    moving = (v > STILL)[..., None]
    to_speed = TO_SPEED[None] * moving
    step = PLAN_STEP_S
    comfort = shared.comfort[:, None]
    rows, slopes = [], []

    def add(weight: Array | float, residual: Array, slope: Array) -> None:
        root = np.sqrt(np.broadcast_to(weight, residual.shape))
        rows.append(root * residual)
        slopes.append(root[..., None] * slope)

    lateral = np.square(v) * kappa
    add(comfort * tariff.longitudinal * step, a, np.broadcast_to(WEIGHTS, (len(a), *WEIGHTS.shape)))
    add(comfort * tariff.lateral * step, lateral, (2.0 * v * kappa)[..., None] * to_speed)
    change = np.diff(np.eye(KNOTS), axis=0) / 0.5  # jerk between knots
    add(comfort * tariff.jerk * 0.5, wanted @ change.T, np.broadcast_to(change, (len(a), *change.shape)))
    if now is not None:
        add(comfort * tariff.jerk * 0.2, ((a[:, 1] - now[:, 0]) / 0.2)[:, None], np.broadcast_to(WEIGHTS[1:2] / 0.2, (len(a), 1, KNOTS)))
    mass = MASS_FACTOR * shared.mass[:, None]
    heat = discs(wheel_power(Course(v, a, kappa, start), shared), v, shared) * 1e-3
    add(
        shared.thrift[:, None] * tariff.friction * step,
        heat,
        -1e-3 * ((mass * v)[..., None] * WEIGHTS + (mass * a)[..., None] * to_speed) * (heat > 0.0)[..., None],
    )
    whole = np.hypot(a, lateral)
    slip = np.maximum(whole - GRIP_SHARE * shared.grip[:, None], 0.0)
    turn = (a[..., None] * WEIGHTS + (lateral * 2.0 * v * kappa)[..., None] * to_speed) / np.maximum(whole, 1e-3)[..., None]
    add(tariff.slip * step, slip, turn * (slip > 0.0)[..., None])
    over = np.maximum(v - cap, 0.0)
    add(AHEAD * step, over, to_speed * (over > 0.0)[..., None])
    add(NEARNESS, wanted - first, np.broadcast_to(np.eye(KNOTS), (len(a), KNOTS, KNOTS)))
    residual, slope = np.concatenate(rows, 1), np.concatenate(slopes, 1)
    gradient = 2.0 * np.einsum("bnk,bn->bk", slope, residual) - shared.progress[:, None] * (TO_PLACE[-1] + tariff.speed * TO_SPEED[-1])
    curved = 2.0 * np.einsum("bnk,bnj->bkj", slope, slope) + 1e-3 * np.eye(KNOTS)
    return -np.linalg.solve(curved, gradient[..., None])[..., 0]


def knots_along(path: Path, knots: Array, acceleration: Array, places: Array) -> Array:
    """Knots (B, KNOTS, 2) of accelerations (B, N) held and places (B, N) reached: what is done half a second apart. Where the pace is the
    plan's, so are its knots."""
    at = np.arange(KNOTS) * (PLAN_STEPS // KNOTS)
    later = np.maximum(at - 1, 0)
    shift = path.at(places[:, later], path.curvature) - path.at(path.place[:, at + (at == 0)], path.curvature)
    shift[:, 0] = 0.0
    return np.stack([acceleration[:, at], knots[..., 1] + shift], -1)
