"""The two protocols everything meets at: a `Policy` looks and plans, a `World` takes controls and shows what follows."""

from typing import Protocol, runtime_checkable

from caravela.core.types import Control, Event, Observation, Plan


@runtime_checkable
class Policy(Protocol):
    """Anything that drives."""

    name: str

    def reset(self, batch: int) -> None:
        """Forget the past; `batch` drives begin."""

    def plan(self, observation: Observation) -> Plan:
        """Plan from what is seen now. Called at 10 Hz, once a tick."""


@runtime_checkable
class World(Protocol):
    """Anything that can be driven in: the simulator, the learned world model, a log."""

    batch: int

    def reset(self, seed: int) -> Observation:
        """Begin `batch` drives, the same for the same seed."""

    def step(self, control: Control) -> tuple[Observation, list[list[Event]]]:
        """Advance every drive by STEP_S; the events are per drive."""
