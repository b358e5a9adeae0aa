"""The space the action expert works in. Knots are scaled so that a unit means the same effort at every speed:

    acceleration / 3 m/s^2                      and        curvature / s(v),  s(v) = 2.5 / (25 + v^2)  1/m

where v is the speed that the knots' own accelerations lead to at that knot. One unit of the second number is 0.1 1/m at
rest and tends to 2.5 m/s^2 of lateral acceleration at speed, so a slow turn after braking weighs like a fast bend.
The map is one-to-one. `normalise` and `denormalise` take torch tensors or numpy arrays alike; `integrate` is
`core.kinematics.integrate` without a loop, differentiable."""

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX, KNOT_S, LATERAL_MAX, interpolation_matrix
from caravela.core.types import KNOTS, PLAN_STEP_S, PLAN_STEPS

ACCELERATION_SCALE = 3.0  # m/s^2
LATERAL_SCALE = 2.5  # m/s^2, what one unit of curvature tends to at speed
SPEED_SOFTENING = 25.0  # (m/s)^2, below 5 m/s curvature itself is scaled
CLAMP = 4.0  # normalised knots beyond this are not learnt: no controller asks for 12 m/s^2

Array = TypeVar("Array", np.ndarray, Tensor)


def _speed_matrix() -> np.ndarray:
    """(KNOTS, KNOTS) so that `accelerations @ matrix` is the change of speed from now to each knot (trapezoids)."""
    matrix = np.zeros((KNOTS, KNOTS), dtype=np.float32)
    for knot in range(1, KNOTS):
        matrix[:, knot] = matrix[:, knot - 1]
        matrix[knot - 1, knot] += 0.5 * KNOT_S
        matrix[knot, knot] += 0.5 * KNOT_S
    return matrix


_SPEED = _speed_matrix()
_STEPS = interpolation_matrix()  # (PLAN_STEPS, KNOTS)
_SUM = np.tril(np.ones((PLAN_STEPS, PLAN_STEPS), dtype=np.float32))  # row n sums steps 0..n


def _times(array: Array, constant: np.ndarray) -> Array:
    """array (..., n) times a constant (n, m), in single precision also inside autocast."""
    if not isinstance(array, Tensor):
        return array @ constant
    with torch.autocast(array.device.type, enabled=False):
        return array.float() @ torch.from_numpy(constant).to(array.device)


def curvature_scale(acceleration: Array, *, speed: Array) -> Array:
    """Scale of curvature at each knot, 1/m, of shape (..., KNOTS), from accelerations (..., KNOTS) and present speed (...)."""
    at_knots = (speed[..., None] + _times(acceleration, _SPEED)).clip(0.0)
    return LATERAL_SCALE / (SPEED_SOFTENING + at_knots * at_knots)


def normalise(knots: Array, *, speed: Array) -> Array:
    """Knots (..., KNOTS, 2) in m/s^2 and 1/m to the expert's units; `speed` (...) in m/s. Both float32."""
    acceleration = knots[..., 0]
    scaled = [acceleration / ACCELERATION_SCALE, knots[..., 1] / curvature_scale(acceleration, speed=speed)]
    return (torch.stack(scaled, -1) if isinstance(knots, Tensor) else np.stack(scaled, -1)).clip(-CLAMP, CLAMP)


def denormalise(scaled: Array, *, speed: Array) -> Array:
    """Inverse of `normalise` (within its clamp), and bounded to what `core.kinematics` allows."""
    low, high = ACCELERATION_RANGE
    acceleration = (scaled[..., 0] * ACCELERATION_SCALE).clip(low, high)
    curvature = (scaled[..., 1] * curvature_scale(acceleration, speed=speed)).clip(-CURVATURE_MAX, CURVATURE_MAX)
    return torch.stack([acceleration, curvature], -1) if isinstance(scaled, Tensor) else np.stack([acceleration, curvature], -1)


def paced(knots: Tensor, change: float, *, speed: Tensor) -> Tensor:
    """The way of knots (..., KNOTS, 2) at another pace: accelerations changed by `change` m/s^2, curvature as it is at the same distance."""
    acceleration = (knots[..., 0] + change).clip(*ACCELERATION_RANGE)
    there, mine = _distance(knots[..., 0], speed), _distance(acceleration, speed)
    before = (mine[..., :, None] >= there[..., None, :]).sum(-1).clip(1, KNOTS - 1)  # index of the knot after each distance
    low, high = there.gather(-1, before - 1), there.gather(-1, before)
    share = ((mine - low) / (high - low).clip(1e-3)).clip(0.0, 1.0)
    curvature = knots[..., 1]
    curvature = curvature.gather(-1, before - 1) * (1.0 - share) + curvature.gather(-1, before) * share
    return torch.stack([acceleration, curvature], -1)


def _distance(acceleration: Tensor, speed: Tensor) -> Tensor:
    """Metres (..., KNOTS) that are driven until each knot."""
    at_knots = (speed[..., None] + _times(acceleration, _SPEED)).clip(0.0)
    return _times(at_knots, _SPEED)


def integrate(knots: Tensor, *, speed: Tensor) -> Tensor:
    """Trajectories of knots, as `core.kinematics.integrate`.

    Args:
        knots: (..., KNOTS, 2) acceleration m/s^2 and curvature 1/m.
        speed: (...) present speed, m/s.

    Returns:
        (..., PLAN_STEPS, 4) x m, y m, heading rad, speed m/s after each step.
    """
    acceleration, curvature = _times(knots.transpose(-1, -2), _STEPS.T).unbind(-2)  # (..., N) each
    free = speed[..., None] + _times(acceleration.clip(*ACCELERATION_RANGE) * PLAN_STEP_S, _SUM.T)  # speed if it could go below 0
    # A speed held at 0 is its free value reflected at its running minimum (Skorokhod), which needs no loop.
    past = torch.from_numpy(_SUM).bool().to(knots.device)
    masked = torch.where(past, free[..., None, :], torch.inf)
    after = free - masked.amin(-1).clip(max=0.0)
    before = torch.cat([speed[..., None], after[..., :-1]], -1)
    mean = 0.5 * (before + after)
    bound = LATERAL_MAX / mean.clip(1.0) ** 2
    bent = torch.minimum(torch.maximum(curvature.clip(-CURVATURE_MAX, CURVATURE_MAX), -bound), bound)
    turn = bent * mean * PLAN_STEP_S
    heading = _times(turn, _SUM.T)
    middle = heading - 0.5 * turn
    x = _times(mean * PLAN_STEP_S * torch.cos(middle), _SUM.T)
    y = _times(mean * PLAN_STEP_S * torch.sin(middle), _SUM.T)
    return torch.stack([x, y, heading, after], -1)
