"""What the teacher collects before it learns: some steps of all learners, where the network is, and how much better than expected each turned out."""

import torch
from torch import Tensor

from caravela.train.self_play import Look, Outcome
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW


class Rollout:
    """`horizon` steps of N learners."""

    def __init__(self, horizon: int, count: int, *, device: torch.device | None = None) -> None:
        def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        self.rows = zeros(horizon, count, ROW)
        self.objects = zeros(horizon, count, OBJECTS, OBJECT)
        self.mask = zeros(horizon, count, OBJECTS, dtype=torch.bool)
        self.present = zeros(horizon, count, dtype=torch.bool)
        self.choice = zeros(horizon, count, 2, dtype=torch.int64)
        self.log_probability = zeros(horizon, count)
        self.value = zeros(horizon + 1, count)
        self.reward = zeros(horizon, count)
        self.failed = zeros(horizon, count, dtype=torch.bool)
        self.cut = zeros(horizon, count, dtype=torch.bool)

    def keep_look(self, step: int, look: Look, *, choice: Tensor, log_probability: Tensor, value: Tensor) -> None:
        """What was seen, chosen and expected."""
        self.rows[step], self.objects[step], self.mask[step], self.present[step] = look.rows, look.objects, look.mask, look.present
        self.choice[step], self.log_probability[step], self.value[step] = choice, log_probability, value

    def keep_outcome(self, step: int, outcome: Outcome) -> None:
        """What came of it."""
        self.reward[step], self.failed[step], self.cut[step] = outcome.reward, outcome.failed, outcome.cut

    def advantages(self, *, discount: float, trace: float) -> Tensor:
        """Generalised advantage estimates (horizon, N)."""
        result = torch.zeros_like(self.reward)
        running = torch.zeros_like(self.reward[0])
        for t in range(len(self.reward) - 1, -1, -1):
            # a failure ends the return; being cut short continues it with the last value known
            following = torch.where(self.failed[t], 0.0, torch.where(self.cut[t], self.value[t], self.value[t + 1]))
            delta = self.reward[t] + discount * following - self.value[t]
            running = delta + discount * trace * torch.where(self.failed[t] | self.cut[t], 0.0, running)
            result[t] = running
        return result
