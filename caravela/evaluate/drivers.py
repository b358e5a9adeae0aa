"""Whatever is scored, behind one door: a policy that looks and plans, or a baseline that reads the simulator's state. Which
of them sees what is said in its `sees`, so that the tables can say it too."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.protocols import Policy
from caravela.core.types import Control, Observation, Rig
from caravela.evaluate.route_follow import baseline_control
from caravela.world.atlas import Atlas
from caravela.world.simulator import Simulator
from caravela.world.state import WorldState


class Driver(Protocol):
    """Drives the ego cars of a simulator."""

    name: str
    sees: str  # pixels, vectors, state or nothing
    rig: Rig | None  # cameras to render, or none
    risk: NDArray[np.float32] | None  # (B,) probability of a failure soon, as the newest decision saw it; none where it tells none

    def reset(self, simulator: Simulator) -> None:
        """New drives begin."""

    def control(self, simulator: Simulator, observation: Observation) -> Control:
        """What to do in the next tick, per world."""


class PolicyDriver:
    """Any `core.Policy`. Blindfolded it is given black pictures and keeps route, speed and words."""

    def __init__(self, policy: Policy, *, rig: Rig, name: str | None = None, blindfold: bool = False) -> None:
        self.policy = policy
        self.name = name or policy.name
        self.sees = "nothing" if blindfold else "pixels"
        self.rig = None if blindfold else rig
        self.risk: NDArray[np.float32] | None = None
        self._shape = (len(rig.cameras), rig.height, rig.width)
        self._black: NDArray[np.uint8] | None = None
        self._blindfold = blindfold

    def reset(self, simulator: Simulator) -> None:
        self.policy.reset(simulator.batch)
        self._black, self.risk = None, None

    def control(self, simulator: Simulator, observation: Observation) -> Control:
        if self._blindfold:
            if self._black is None:
                batch, history = observation.images.shape[:2]
                self._black = np.zeros((batch, history, *self._shape, 3), dtype=np.uint8)
            observation = replace(observation, images=self._black)
        plan = self.policy.plan(observation)
        self.risk = plan.risk
        return plan.control()


class StateDriver:
    """A driver that reads the world's state: a function of the atlas and the state."""

    rig: Rig | None = None
    risk: NDArray[np.float32] | None = None

    def __init__(self, name: str, drive: Callable[[Atlas, WorldState], Control], *, sees: str) -> None:
        self.name, self.sees, self._drive = name, sees, drive

    def reset(self, simulator: Simulator) -> None:
        """Nothing is kept from tick to tick."""

    def control(self, simulator: Simulator, observation: Observation) -> Control:
        return self._drive(simulator.atlas, simulator.state)


class Stationary:
    """Stands still from the first tick."""

    name, sees = "stationary", "nothing"
    rig: Rig | None = None
    risk: NDArray[np.float32] | None = None

    def reset(self, simulator: Simulator) -> None:
        """Nothing to forget."""

    def control(self, simulator: Simulator, observation: Observation) -> Control:
        return Control(acceleration=np.full(simulator.batch, -3.0, np.float32), curvature=np.zeros(simulator.batch, np.float32))


class ConstantVelocity:
    """Keeps the speed it started with, straight on."""

    name, sees = "constant_velocity", "nothing"
    rig: Rig | None = None
    risk: NDArray[np.float32] | None = None

    def reset(self, simulator: Simulator) -> None:
        self._speed = simulator.state.speed[:, 0].copy()

    def control(self, simulator: Simulator, observation: Observation) -> Control:
        return Control(acceleration=(self._speed - observation.speed).astype(np.float32), curvature=np.zeros(simulator.batch, np.float32))


def route_follow_idm() -> StateDriver:
    """The Intelligent Driver Model along the route."""
    return StateDriver("idm", baseline_control, sees="state")
