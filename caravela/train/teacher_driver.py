"""The trained teacher at work: it drives ego cars from vectors and labels states with what it would do next. A label is
the teacher's own drive in a fork whose lights stand still, so that it cannot show what no camera could foresee."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray

from caravela.core.errors import BundleError
from caravela.core.kinematics import interpolation_matrix
from caravela.core.types import PLAN_STEPS, Control
from caravela.train.harm import Harm
from caravela.train.teacher_net import TeacherNet
from caravela.world.atlas import Atlas
from caravela.world.kernels.dynamics import FULL_LOCK
from caravela.world.kernels.step import step
from caravela.world.kernels.tick import REWARD_PARTS
from caravela.world.kernels.vectors import (
    AHEAD,
    BRAKING,
    IS_RED,
    IS_YELLOW,
    LINE,
    LINE_SCALE,
    NEAR_SCALE,
    NEARNESS,
    OBJECT,
    OBJECTS,
    RED_NEARNESS,
    RED_SCALE,
    ROW,
    RULES,
    STYLE,
    observe,
)
from caravela.world.state import ABSENT, WorldState

_FIT = np.linalg.pinv(interpolation_matrix()).astype(np.float32)  # (KNOTS, PLAN_STEPS): controls to knots, least squares
RIGHT_AHEAD = 0.15  # m, nearest that a line is shown
GENTLE = 2.5  # m/s2 of braking up to which one stops at yellow


@dataclass(frozen=True)
class Labels:
    """What the teacher would do in B states."""

    knots: NDArray[np.float32]  # (B, KNOTS, 2) m/s^2, 1/m
    valid: NDArray[np.bool_]  # (B,) False where the teacher itself came to harm
    reward: NDArray[np.float32]  # (B, REWARD_PARTS) summed over the fork


def load_teacher(path: Path) -> TeacherNet:
    """The network of a teacher's checkpoint. Raises BundleError for anything else."""
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
        net = TeacherNet(width=saved["config"]["width"])
        net.load_state_dict(saved["net"])
    except (OSError, LookupError, RuntimeError, EOFError, ValueError, TypeError, UnpicklingError) as error:
        raise BundleError(
            f"'{path}' is not a teacher's checkpoint ({type(error).__name__}); make one with `caravela train teacher nano`."
        ) from error
    return net.eval()


class TeacherDriver:
    """Mean actions of the teacher for agent 0 of every world."""

    def __init__(self, net: TeacherNet, *, stops_short: float = 0.0) -> None:
        """`stops_short`: m by which the line of a red light is put nearer. The teacher, who knows where it lies to the centimetre, stands a
        metre or two before it; who learns that from pictures brakes a little later, and a little later is across."""
        self.net, self.stops_short = net, stops_short

    @torch.no_grad()
    def control(
        self, atlas: Atlas, state: WorldState, *, style: NDArray[np.float32] | None = None, hidden: NDArray[np.bool_] | None = None
    ) -> Control:
        """What the teacher does now, per world, in a style (B, STYLE), neutral by default, and as if it saw nothing of those hidden (B, A)."""
        batch, agents = state.agents.shape
        rows = np.zeros((batch, agents, ROW), dtype=np.float32)
        objects = np.zeros((batch, agents, OBJECTS, OBJECT), dtype=np.float32)
        mask = np.zeros((batch, agents, OBJECTS), dtype=np.bool_)
        with _without(state, hidden):
            observe(atlas.roads, state.arrays(), rows, objects, mask, True)
        if style is not None:
            rows[:, 0, -STYLE:] = style
        if self.stops_short:
            _stop_short(rows[:, 0, -STYLE - RULES : -STYLE], state.speed[:, 0], by=self.stops_short)
        acceleration, change = self.net.mean_action(
            torch.from_numpy(rows[:, 0]), torch.from_numpy(objects[:, 0]), torch.from_numpy(mask[:, 0])
        )
        lock = FULL_LOCK[state.kind[:, 0]]
        curvature = np.clip(state.curvature[:, 0] + change.numpy(), -lock, lock)
        return Control(acceleration=acceleration.numpy(), curvature=curvature.astype(np.float32))

    def label(
        self, atlas: Atlas, state: WorldState, *, style: NDArray[np.float32] | None = None, hidden: NDArray[np.bool_] | None = None
    ) -> Labels:
        """Fork every world, drive PLAN_STEPS with lights standing still, and fit knots to what the actuators did. Those `hidden` (B, A) from
        the teacher are in the fork all the same: others drive by them, and whoever hits them has come to harm."""
        fork = state.copy()
        fork.worlds["frozen"] = True
        batch, agents = fork.agents.shape
        flags = np.zeros((batch, agents), dtype=np.int32)
        parts = np.zeros((batch, agents, REWARD_PARTS), dtype=np.float32)
        action = np.zeros((batch, agents, 2), dtype=np.float32)
        respawn = np.zeros(batch, dtype=np.bool_)
        done = np.zeros((batch, PLAN_STEPS, 2), dtype=np.float32)
        harm = Harm(batch)
        reward = np.zeros((batch, REWARD_PARTS), dtype=np.float32)
        for n in range(PLAN_STEPS):
            control = self.control(atlas, fork, style=style, hidden=hidden)
            action[:, 0, 0], action[:, 0, 1] = control.acceleration, control.curvature
            step(atlas.roads, fork.arrays(), action, flags, parts, respawn)
            # what is imitated is what the car did; at standstill the wish to stay is a gentle brake
            still = fork.speed[:, 0] < 0.05
            done[:, n, 0] = np.where(still, np.minimum(control.acceleration, 0.0), fork.acceleration[:, 0])
            done[:, n, 1] = fork.curvature[:, 0]
            harm.watch(flags[:, 0])
            reward += parts[:, 0]
        knots = np.einsum("kn,bnc->bkc", _FIT, done)
        return Labels(knots=knots.astype(np.float32), valid=~harm.failed, reward=reward)


@contextmanager
def _without(state: WorldState, hidden: NDArray[np.bool_] | None) -> Iterator[None]:
    """A state without some of its agents (B, A), for as long as it lasts."""
    if hidden is None:
        yield
        return
    controllers = state.agents["controller"]
    before = controllers[hidden]
    controllers[hidden] = ABSENT
    try:
        yield
    finally:
        controllers[hidden] = before


def _stop_short(rules: NDArray[np.float32], speed: NDArray[np.float32], *, by: float) -> None:
    """Put the line of a light that is to be stopped at `by` m nearer, in rows (B, RULES) of `kernels.vectors` and speeds (B,) m/s. A line
    that is nearer than that already comes to lie right ahead: not behind, where the teacher would take it as crossed."""
    front = rules[:, LINE] * LINE_SCALE
    nearer = np.maximum(front - by, np.minimum(front, RIGHT_AHEAD))
    braking = speed**2 / (2.0 * np.maximum(nearer, 0.3))
    stops = (rules[:, AHEAD] > 0.0) & ((rules[:, IS_RED] > 0.0) | ((rules[:, IS_YELLOW] > 0.0) & (braking < GENTLE)))
    rules[:, LINE] = np.where(stops, nearer / LINE_SCALE, rules[:, LINE])
    rules[:, NEARNESS] = np.where(stops, np.exp(-nearer / NEAR_SCALE), rules[:, NEARNESS])
    rules[:, BRAKING] = np.where(stops, np.minimum(braking, 8.0) / 4.0, rules[:, BRAKING])
    rules[:, RED_NEARNESS] = np.where(stops & (rules[:, IS_RED] > 0.0), np.exp(-nearer / RED_SCALE), rules[:, RED_NEARNESS])
