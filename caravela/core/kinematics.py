"""From action knots to a trajectory: acceleration and curvature at KNOTS instants half a second apart, interpolated
linearly (the last one held) and integrated as a kinematic bicycle seen from the rear axle. The model, the runtime and
the labels share it."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import KNOTS, PLAN_STEP_S, PLAN_STEPS

KNOT_S = PLAN_STEPS * PLAN_STEP_S / KNOTS  # 0.5 s between knots
ACCELERATION_RANGE = (-8.0, 4.0)  # m/s^2, dry-road emergency braking to a brisk electric car
LATERAL_MAX = 5.0  # m/s^2, bounds curvature at speed
CURVATURE_MAX = 0.22  # 1/m, full lock of a passenger car (turning radius about 4.5 m at the rear axle)


def interpolation_matrix() -> NDArray[np.float32]:
    """(PLAN_STEPS, KNOTS) weights: row n gives the knots' share in the control held during step n."""
    weights = np.zeros((PLAN_STEPS, KNOTS), dtype=np.float32)
    for step in range(PLAN_STEPS):
        position = step * PLAN_STEP_S / KNOT_S
        low = min(int(position), KNOTS - 1)
        high = min(low + 1, KNOTS - 1)
        share = position - low if high > low else 0.0
        weights[step, low] += 1.0 - share
        weights[step, high] += share
    return weights


_WEIGHTS = interpolation_matrix()


def integrate(knots: NDArray[np.float32], *, speed: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Trajectories of knots.

    Args:
        knots: (..., KNOTS, 2) acceleration m/s^2 and curvature 1/m; clipped to the ranges above.
        speed: (...) present speed, m/s.

    Returns:
        (..., N, 3) x, y, heading in the rig frame after each step, and (..., N) speeds, never below 0.
    """
    control = np.einsum("nk,...kc->...nc", _WEIGHTS, knots)  # (..., N, 2)
    acceleration = np.clip(control[..., 0], *ACCELERATION_RANGE)
    curvature = np.clip(control[..., 1], -CURVATURE_MAX, CURVATURE_MAX)
    trajectory = np.empty((*control.shape[:-1], 3), dtype=np.float32)
    speeds = np.empty(control.shape[:-1], dtype=np.float32)
    v = np.broadcast_to(np.asarray(speed, dtype=np.float32), control.shape[:-2]).copy()
    x, y, heading = np.zeros_like(v), np.zeros_like(v), np.zeros_like(v)
    for step in range(PLAN_STEPS):
        v_next = np.maximum(v + acceleration[..., step] * PLAN_STEP_S, 0.0)
        v_mean = 0.5 * (v + v_next)
        bound = LATERAL_MAX / np.maximum(v_mean, 1.0) ** 2
        turn = np.clip(curvature[..., step], -bound, bound) * v_mean * PLAN_STEP_S
        middle = heading + 0.5 * turn
        x, y, heading, v = x + v_mean * PLAN_STEP_S * np.cos(middle), y + v_mean * PLAN_STEP_S * np.sin(middle), heading + turn, v_next
        trajectory[..., step, 0], trajectory[..., step, 1], trajectory[..., step, 2] = x, y, heading
        speeds[..., step] = v
    return trajectory, speeds
