"""What becomes of plans: each is driven in a fork of the world whose others have another future, its beginning as planned, the rest
by the teacher, since the driver plans anew all the time. The critic learns from these, and so does the estimate of risk."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import interpolation_matrix
from caravela.core.types import ACTUATION_LEAD_S, PLAN_STEP_S
from caravela.train.harm import Harm
from caravela.train.teacher_driver import TeacherDriver
from caravela.world.arena import weights_of
from caravela.world.atlas import Atlas
from caravela.world.junctions import junctions_ahead
from caravela.world.kernels import events
from caravela.world.kernels.step import step
from caravela.world.kernels.tick import OFF_WAY, RED_LIGHT, REWARD_PARTS
from caravela.world.roaming import Roaming
from caravela.world.state import WorldState

STEERED = 20  # steps of 0.1 s steered as planned: after more, plans that the driver would have corrected leave the road
PACED = 32  # steps accelerated and braked as planned: after fewer, the teacher brakes for whom the driver would hit
AFTERWARDS = 13  # steps driven by the teacher: what the plan has led into shows
WORST, BEST = -6.0, 8.0  # sums of rewards that count as 0 and 1; a brisk drive at 15 m/s without a fault earns 8
_WEIGHTS = interpolation_matrix()


def outcomes(
    atlas: Atlas,
    state: WorldState,
    knots: NDArray[np.float32],
    *,
    driver: TeacherDriver,
    style: NDArray[np.float32],
    seed: int,
    roaming: Roaming | None = None,
    roams: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Drive M plans in each of B states.

    Args:
        knots: (B, M, KNOTS, 2) m/s^2 and 1/m. style: (B, STYLE) that rewards are weighed by.
        roams: (B,) whose car is shown no route, and may go any way: `roaming` lays one where the plan leads. By default none.

    Returns:
        returns (B, M) in 0..1, higher is better, and failed (B, M), 1 where a failure came within the horizon.
    """
    batch, plans = knots.shape[:2]
    fork = state.select(np.repeat(np.arange(batch), plans))
    fork.reseed(seed)
    fork.worlds["random"] = np.repeat(fork.worlds["random"][::plans], plans)  # all plans of a state meet the same future
    manner = np.repeat(style, plans, axis=0)
    weights = weights_of(manner)
    lead = round(ACTUATION_LEAD_S / PLAN_STEP_S)
    planned = np.einsum("nk,bmkc->bmnc", _WEIGHTS[lead : lead + PACED], knots).reshape(batch * plans, PACED, 2)
    agents = fork.agents.shape[1]
    flags = np.zeros((batch * plans, agents), dtype=np.int32)
    parts = np.zeros((batch * plans, agents, REWARD_PARTS), dtype=np.float32)
    action = np.zeros((batch * plans, agents, 2), dtype=np.float32)
    respawn = np.zeros(batch * plans, dtype=np.bool_)
    total = np.zeros(batch * plans, dtype=np.float32)
    harm = Harm(batch * plans)
    free = np.zeros(batch * plans, dtype=np.bool_) if roams is None else np.repeat(roams, plans)
    for n in range(PACED + AFTERWARDS):
        if n < PACED:
            action[:, 0] = planned[:, n]
        if n >= STEERED:
            control = driver.control(atlas, fork, style=manner)
            action[:, 0, 1] = control.curvature
            if n >= PACED:
                action[:, 0, 0] = control.acceleration
        ahead = junctions_ahead(atlas, fork) if free.any() else None
        step(atlas.roads, fork.arrays(), action, flags, parts, respawn)
        if roaming is not None and ahead is not None:
            excuse(roaming, fork, ahead, roams=free, flags=flags[:, 0], parts=parts[:, 0])
        total += np.where(harm.failed | harm.arrived, 0.0, (parts[:, 0] * weights).sum(-1))
        harm.watch(flags[:, 0])
    returns = np.clip((total - WORST) / (BEST - WORST), 0.0, 1.0)
    return returns.reshape(batch, plans).astype(np.float32), harm.failed.reshape(batch, plans).astype(np.float32)


def excuse(
    roaming: Roaming,
    state: WorldState,
    ahead: NDArray[np.int32],
    *,
    roams: NDArray[np.bool_],
    flags: NDArray[np.int32],
    parts: NDArray[np.float32] | None = None,
) -> None:
    """Take back from `flags` (B,) and `parts` (B, REWARD_PARTS) of a tick what is no fault of cars without a route (B,): that they missed the
    hidden one, and its red light where another way from their lane had none. The hidden route follows them. `ahead` (B,) is the junction lane
    that each came to when the tick began."""
    judged = np.where(roams, roaming.judged(flags, ahead, state), flags)
    if parts is not None:
        parts[(flags & ~judged & events.RED_LIGHT) > 0, RED_LIGHT] = 0.0
        parts[((flags & ~judged & events.ROUTE_MISSED) > 0) & (judged & events.OFF == 0), OFF_WAY] = 0.0
    flags[:] = judged
    random = state.worlds["random"].copy()
    roaming.follow(state, roams=roams)
    state.worlds["random"] = random  # a new route must not change what others do
