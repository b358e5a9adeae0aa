"""The action expert: flow matching over a plan's knots. Training draws noise and a time t, goes the straight path
x_t = (1 - t) noise + t knots and learns its velocity, knots - noise (rectified flow, Liu et al. 2022; as in pi-0). Sampling
takes a few Euler steps from noise to knots. The context's keys and values are computed once and serve every draw and step."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from caravela.core.types import KNOTS
from caravela.model.config import KNOT_VALUES, VLAConfig
from caravela.model.trunk import MLP, CrossAttention, attend, merge_heads, split_heads

Cache = list[tuple[Tensor, Tensor]]


def time_embedding(time: Tensor, *, size: int) -> Tensor:
    """Sines and cosines of flow time (...) in 0..1, of shape (..., size)."""
    octaves = np.linspace(0.0, math.log(64.0), size // 2)
    frequencies = torch.from_numpy((math.pi * np.exp(octaves)).astype(np.float32)).to(time.device)
    angles = time[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


def modulate(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * (1.0 + scale) + shift


class ActionBlock(nn.Module):
    """Self-attention among one proposal's knots, a look at the context, an MLP; time scales and shifts each (adaLN)."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        size, self.heads = config.action_embedding, config.action_heads
        self.norms = nn.ModuleList(nn.LayerNorm(size, elementwise_affine=False) for _ in range(3))
        self.modulation = nn.Linear(size, 6 * size)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.cross = CrossAttention(size, context=config.embedding, heads=config.action_heads)
        self.mlp = MLP(size, ratio=2)

    def cache(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a context (B, S, E')."""
        return self.cross.cache(context)

    def forward(self, x: Tensor, time: Tensor, cached: tuple[Tensor, Tensor]) -> Tensor:
        """x (B, P, KNOTS, E), time (B or 1, P or 1, 1, E) embedded, cached keys and values of B contexts."""
        change = self.modulation(time).chunk(6, -1)
        mix = modulate(self.norms[0](x), change[0], change[1])
        q, k, v = (split_heads(part, heads=self.heads) for part in self.qkv(mix).chunk(3, -1))  # (B, P, heads, KNOTS, e)
        x = x + self.out(merge_heads(attend(q, k, v)))
        look = modulate(self.norms[1](x), change[2], change[3])
        x = x + self.cross(look.flatten(1, 2), cached).unflatten(1, x.shape[1:3])
        return x + self.mlp(modulate(self.norms[2](x), change[4], change[5]))


class ActionExpert(nn.Module):
    """The velocity field over normalised knots, and a plain regression from the thought tokens (proposal 0)."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        size = config.action_embedding
        self.embed = nn.Linear(2, size)
        self.position = nn.Parameter(0.02 * torch.randn(KNOTS, size))
        self.time = nn.Sequential(nn.Linear(size, size), nn.SiLU(), nn.Linear(size, size), nn.SiLU())
        self.blocks = nn.ModuleList(ActionBlock(config) for _ in range(config.action_depth))
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.regression = nn.Sequential(
            nn.Linear(config.thoughts * config.embedding, config.embedding), nn.GELU(), nn.Linear(config.embedding, KNOT_VALUES)
        )

    def cache(self, context: Tensor) -> Cache:
        """Keys and values of a context (B, S, E) for every block."""
        return [block.cache(context) for block in self._each()]

    def _each(self) -> Iterator[ActionBlock]:
        for block in self.blocks:
            assert isinstance(block, ActionBlock)
            yield block

    def velocity(self, x: Tensor, time: Tensor, cache: Cache) -> Tensor:
        """Velocity (B, P, KNOTS, 2) at noisy knots x of that shape and times (B or 1, P or 1)."""
        embedded = self.time(time_embedding(time, size=self.position.shape[-1]))[..., None, :]
        hidden = self.embed(x) + self.position
        for block, cached in zip(self._each(), cache, strict=True):
            hidden = block(hidden, embedded, cached)
        return self.head(self.norm(hidden))

    def regress(self, thought: Tensor) -> Tensor:
        """The mean plan (B, KNOTS, 2), normalised, of thoughts (B, thoughts, E)."""
        return self.regression(thought.flatten(1)).unflatten(-1, (KNOTS, 2))

    def flow_loss(self, knots: Tensor, cache: Cache, *, draws: int, generator: torch.Generator | None) -> Tensor:
        """Mean squared error (B,) of the velocity over `draws` noises and times per context; knots (B, KNOTS, 2) normalised."""
        shape = (knots.shape[0], draws)
        noise = torch.randn(*shape, KNOTS, 2, generator=generator, device=knots.device)
        time = torch.rand(shape, generator=generator, device=knots.device)
        at = time[..., None, None]
        noisy = (1.0 - at) * noise + at * knots[:, None]
        error = self.velocity(noisy, time, cache).float() - (knots[:, None] - noise)
        return error.square().mean((1, 2, 3))

    def sample(self, noise: Tensor, cache: Cache, *, steps: int) -> Tensor:
        """Follow the velocity from noise (B, P, KNOTS, 2) at t = 0 to knots at t = 1 in `steps` Euler steps."""
        x = noise
        for step in range(steps):
            time = torch.tensor([[step / steps]], dtype=torch.float32, device=noise.device)
            x = x + self.velocity(x, time, cache).float() / steps
        return x
