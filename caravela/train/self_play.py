"""Where the teacher plays: an arena as tensors, of the CPU's (`world.arena`) or of a GPU's (`device_arena`), and the choice between them."""

import sys
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from caravela.core.errors import CaravelaError, install_hint, unknown_name
from caravela.world.arena import Arena
from caravela.world.kernels.dynamics import FULL_LOCK

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Look:
    """What N learners see now, and what they need to steer. A GPU's lie where the next look will."""

    rows: Tensor  # (N, ROW)
    objects: Tensor  # (N, OBJECTS, OBJECT)
    mask: Tensor  # (N, OBJECTS) bool
    present: Tensor  # (N,) bool
    curvature: Tensor  # (N,) 1/m, now
    lock: Tensor  # (N,) 1/m, the most that each can steer


@dataclass(frozen=True)
class Outcome:
    """What a step of 0.1 s brought N learners."""

    reward: Tensor  # (N,)
    failed: Tensor  # (N,) bool
    cut: Tensor  # (N,) bool, cut short
    bits: Tensor  # (N,) int32, events


class SelfPlay(Protocol):
    """Worlds full of learners, who begin anew elsewhere where they failed or were cut short."""

    severity: float  # of punishment, at most 1

    def look(self) -> Look:
        """What every learner sees now."""

    def step(self, action: Tensor) -> Outcome:
        """Advance by 0.1 s; action (N, 2) m/s^2 and 1/m."""

    def scatter_some(self, count: int) -> None:
        """Move `count` worlds, chosen at random, to other maps and weathers and fill them anew."""


class HostPlay:
    """The CPU's arena, as tensors."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena

    @property
    def severity(self) -> float:
        return self.arena.severity

    @severity.setter
    def severity(self, value: float) -> None:
        self.arena.severity = value

    def look(self) -> Look:
        seen, mine = self.arena.look(), slice(0, self.arena.learners)
        lock = FULL_LOCK[self.arena.state.kind[:, mine].ravel()]
        arrays = (seen.rows, seen.objects, seen.mask, seen.present, self.arena.state.curvature[:, mine].ravel(), lock)
        return Look(*(torch.from_numpy(array) for array in arrays))

    def step(self, action: Tensor) -> Outcome:
        return Outcome(*(torch.from_numpy(array) for array in self.arena.step(action.numpy())))

    def scatter_some(self, count: int) -> None:
        self.arena.scatter(self.arena.random.permutation(self.arena.batch)[:count])


def device_named(name: str) -> torch.device:
    """What self-play runs on: cpu, cuda, or auto, which is a GPU where torch and Numba both find one. Raises CaravelaError where cuda is asked for and
    one of them does not."""
    if name not in DEVICES:
        raise unknown_name("device", name, DEVICES)
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    finds = {"torch": torch.cuda.is_available(), "Numba": _numba_finds_one()}
    blind = [who for who, sees in finds.items() if not sees]
    if not blind:
        return torch.device("cuda")
    if name == "auto":
        print(f"caravela: torch finds a GPU here and Numba none ({install_hint('cuda')}); self-play runs on the CPU.", file=sys.stderr)
        return torch.device("cpu")
    raise CaravelaError(
        f"--device cuda: {' and '.join(blind)} {'find' if len(blind) > 1 else 'finds'} no NVIDIA GPU here; give --device cpu, or take a machine with a GPU, "
        f"torch for CUDA and the extra `cuda` ({install_hint('cuda')})."
    )


def _numba_finds_one() -> bool:
    """Whether Numba's CUDA target is there and finds a GPU."""
    try:
        from numba import cuda
    except ImportError:
        return False
    return bool(cuda.is_available())


def controls(choice: Tensor, look: Look, *, accelerations: Tensor, changes: Tensor) -> Tensor:
    """Physical controls (N, 2) m/s^2 and 1/m of chosen bins (N, 2)."""
    curvature = look.curvature + changes[choice[:, 1]]
    return torch.stack([accelerations[choice[:, 0]], torch.clamp(curvature, -look.lock, look.lock)], dim=-1)
