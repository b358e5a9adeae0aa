"""What a proposal is worth: one token per proposal, made of its knots and of the path they lead along, looks at the context.
Three heads predict the return and the least of them counts, so that no one head's optimism chooses; a fourth tells the
probability of a failure. It learns from outcomes and leaves the trunk as it is; where one part of a
driver is tuned, outcomes teach that part instead."""

import torch
from torch import Tensor, nn

from caravela.core.types import KNOTS, PLAN_STEPS
from caravela.model.action_space import integrate, normalise
from caravela.model.config import VLAConfig
from caravela.model.trunk import MLP, CrossAttention

HEADS = 3
_PATH_SCALE = (20.0, 5.0, 0.5, 10.0)  # m, m, rad, m/s


class Critic(nn.Module):
    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        size = config.action_embedding
        self.embed = nn.Sequential(nn.Linear(KNOTS * 6, size), nn.GELU(), nn.Linear(size, size))
        self.norm_cross = nn.LayerNorm(size)
        self.cross = CrossAttention(size, context=config.embedding, heads=config.action_heads)
        self.norm_mlp = nn.LayerNorm(size)
        self.mlp = MLP(size, ratio=2)
        self.norm = nn.LayerNorm(size)
        self.heads = nn.ModuleList(nn.Sequential(nn.Linear(size, 64), nn.GELU(), nn.Linear(64, 1)) for _ in range(HEADS + 1))

    def forward(self, context: Tensor, knots: Tensor, *, speed: Tensor) -> tuple[Tensor, Tensor]:
        """Judge knots (B, P, KNOTS, 2) in m/s^2 and 1/m at speeds (B,) m/s.

        Returns:
            returns (B, P, HEADS) as each head predicts them, and logits (B, P) of a failure.
        """
        speed = speed[:, None].expand(knots.shape[:2])
        every = PLAN_STEPS // KNOTS
        path = integrate(knots, speed=speed)[..., every - 1 :: every, :] / torch.tensor(_PATH_SCALE, device=knots.device)
        features = torch.cat([normalise(knots, speed=speed), path], -1).flatten(-2)  # (B, P, KNOTS * 6)
        x = self.embed(features)
        x = x + self.cross(self.norm_cross(x), self.cross.cache(context))
        x = self.norm(x + self.mlp(self.norm_mlp(x)))
        heads = torch.cat([head(x) for head in self.heads], -1).float()
        return heads[..., :HEADS], heads[..., HEADS]


def value(returns: Tensor) -> Tensor:
    """The value (B, P) of each proposal: the least of the heads' returns (B, P, HEADS)."""
    return returns.amin(-1)


def choose(returns: Tensor, failure: Tensor, config: VLAConfig) -> tuple[Tensor, Tensor]:
    """By what the critic says of proposals, of which the first is the mean plan, the values (B, P) that choose, less what a failure costs,
    and which proposal is driven (B,): another than the mean plan only where it is worth the margin more."""
    values = value(returns) - config.critic_caution * failure.sigmoid()
    if not config.critic_trained:
        return values, torch.zeros_like(values[:, 0], dtype=torch.long)
    return values, torch.cat([values[:, :1] + config.critic_margin, values[:, 1:]], 1).argmax(-1)
