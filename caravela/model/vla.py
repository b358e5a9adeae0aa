"""The vision-language-action model, read top-down: `embed_context` turns what the car sees, how it moves, where it should go
and what it was told into a context; `compute_loss` learns from a batch; `sample_actions` proposes K plans and chooses.
No driving rule anywhere: what a good plan is comes from labels and the critic."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from caravela.core.types import ROUTE_SPACING
from caravela.model import sides
from caravela.model.action import ActionExpert
from caravela.model.action_space import denormalise, integrate, normalise, paced
from caravela.model.batch import Batch
from caravela.model.config import ROUTE_VALUES, VLAConfig
from caravela.model.critic import Critic, choose
from caravela.model.heads import Eyes, masked_mean, unscale_distance
from caravela.model.shift import Shift
from caravela.model.trunk import Trunk
from caravela.model.vision import Vision

_KNOT_WEIGHTS = (2.0, 2.0, 1.4, 0.8, 0.6, 0.5, 0.4, 0.3)  # of the regression's error: what is driven before the next plan counts most


@dataclass(frozen=True)
class Actions:
    """What the model makes of B observations."""

    knots: Tensor  # (B, K, KNOTS, 2) m/s^2 and 1/m; proposal 0 is the regression's
    values: Tensor  # (B, K) by which one is chosen, higher is better: near 0..1, less what a failure costs
    chosen: Tensor  # (B,) index into K
    risk: Tensor  # (B,) probability of a failure when following the chosen one
    light: Tensor  # (B, 4) probabilities of batch.LIGHTS
    lead: Tensor  # (B, 2) distance m and speed m/s of the vehicle ahead
    stop_distance: Tensor  # (B,) m to the next stop line
    thought: Tensor  # (B, thoughts, E) the latent tokens
    bodies: Tensor  # (B, C, BODIES, DEPTH_ROWS, DEPTH_COLUMNS) probabilities of who shows in a cell of a picture
    depth: Tensor  # (B, C, DEPTH_ROWS, DEPTH_COLUMNS) m along the camera's axis


class VLA(nn.Module):
    begun_anew: frozenset[str] = frozenset()  # weights for training only, which the exported file that this was reopened from did not hold

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.config = config
        size = config.embedding
        self.vision = Vision(config)
        self.ego = nn.Sequential(nn.Linear(2, size), nn.GELU(), nn.Linear(size, size))
        self.ego_unknown = nn.Parameter(0.02 * torch.randn(size))
        self.route = nn.Sequential(nn.Linear(ROUTE_VALUES, size), nn.GELU(), nn.Linear(size, config.route_tokens * size))
        self.route_none = nn.Parameter(0.02 * torch.randn(config.route_tokens, size))
        self.words = nn.Sequential(nn.Linear(config.words_size, size), nn.GELU(), nn.Linear(size, size))
        self.shift = Shift(config) if config.shift_rank else None
        self.thoughts = nn.Parameter(0.02 * torch.randn(config.thoughts, size))
        self.trunk = Trunk(size, depth=config.depth, heads=config.heads, ratio=config.mlp_ratio)
        self.action = ActionExpert(config)
        self.critic = Critic(config)
        self.eyes = Eyes(config)
        self.vision.to_channels_last()

    def embed_context(
        self, images: Tensor, *, ego: Tensor, route: Tensor, has_route: Tensor, words: Tensor, ego_known: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Look once; everything else reads the result.

        Args:
            images: (B, C, 5, H, W) uint8; ego: (B, 2), a side behind it is not read; route: (B, ROUTE_POINTS, 2); has_route: (B,);
                words: (B, 384).
            ego_known: (B,) bool, False where speed and yaw rate are hidden; None: all known.

        Returns:
            context (B, S, E) and thought (B, thoughts, E), its last tokens.
        """
        batch = images.shape[0]
        yaw_rate = ego[:, 1] * 2.0 if self.config.yaw_rate_known else torch.zeros_like(ego[:, 1])
        motion = self.ego(torch.stack([ego[:, 0] / 10.0, yaw_rate], -1))
        if ego_known is not None:
            motion = torch.where(ego_known[:, None], motion, self.ego_unknown.to(motion.dtype))
        way = self.route(route.flatten(1) / (2.0 * ROUTE_SPACING)).unflatten(-1, self.route_none.shape)
        way = torch.where(has_route.bool()[:, None, None], way, self.route_none.to(way.dtype))
        thoughts = self.thoughts.expand(batch, -1, -1)
        said = self.words(words * self.config.words_size**0.5)  # a unit vector's elements to unit size
        tokens = torch.cat([self.vision(images), motion[:, None], way, said[:, None], thoughts], 1)  # (B, S, E)
        context = self.trunk(tokens, shift=None if self.shift is None else self.shift(words, has_route=has_route))
        return context, context[:, -self.config.thoughts :]

    def compute_loss(self, batch: Batch, *, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """One scalar per label that the batch carries, and their weighted sum as `total`. Call it inside autocast at will.

        Keys: flow, regression, path (knots); value, risk (outcomes); bev, lamps, bodies, depth, light, stop, lead, lane (eyes); total.
        """
        hidden = torch.rand(len(batch), generator=generator, device=batch.ego.device) < self.config.ego_dropout
        context, thought = self.embed_context(
            batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words, ego_known=~hidden
        )
        losses = self.eyes.losses(context, thought, batch)
        if batch.knots is not None:
            losses |= self.plan_losses(context, thought, batch, generator)
        if batch.proposals is not None:
            losses |= self.outcome_losses(context, batch)
        return losses | {"total": self.weighted(losses)}

    def weighted(self, losses: dict[str, Tensor]) -> Tensor:
        """The sum of losses, each by its weight in the config."""
        return torch.stack([getattr(self.config.losses, name) * loss.float() for name, loss in losses.items()]).sum()

    def plan_losses(self, context: Tensor, thought: Tensor, batch: Batch, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """flow, regression and path of a batch with knots."""
        assert batch.knots is not None
        speed = batch.ego[:, 0]
        target = normalise(batch.knots, speed=speed)
        flow = self.action.flow_loss(target, self.action.cache(context), draws=self.config.draws, generator=generator)
        mean = self.action.regress(thought).float()
        soon = torch.tensor(_KNOT_WEIGHTS, device=mean.device)
        path = integrate(denormalise(mean, speed=speed), speed=speed) - integrate(batch.knots, speed=speed)
        return {
            "flow": masked_mean(flow, batch.knots_valid),
            "regression": masked_mean(((mean - target).abs().mean(2) * soon).mean(1), batch.knots_valid),
            "path": masked_mean(path[..., :2].abs().mean((1, 2)), batch.knots_valid),
        }

    def outcome_losses(self, context: Tensor, batch: Batch, *, teaches_context: bool = False) -> dict[str, Tensor]:
        """value and risk of a batch with proposals, as far as it says what became of them. They leave the context as it is unless it is theirs
        to teach."""
        assert batch.proposals is not None
        returns, failure = self.critic(context if teaches_context else context.detach(), batch.proposals, speed=batch.ego[:, 0])
        losses = {}
        if batch.returns is not None:
            losses["value"] = masked_mean((returns - batch.returns[..., None]).square().mean(-1), batch.outcomes_valid)
        if batch.failed is not None:
            loss = nn.functional.binary_cross_entropy_with_logits(failure, batch.failed.float(), reduction="none")
            losses["risk"] = masked_mean(loss, batch.outcomes_valid)
        return losses

    def sample_actions(
        self, images: Tensor, *, ego: Tensor, route: Tensor, has_route: Tensor, words: Tensor, noise: Tensor, steps: int = 5
    ) -> Actions:
        """Propose K plans from noise (K, KNOTS, 2), the same from tick to tick so that choices don't dither. The first
        proposal is the regression's mean plan and takes no noise; the last are that plan at other paces, see `config.paces`. Where the
        ego (B, 3) says that traffic keeps to the left, all this happens in a mirror."""
        sign = sides.sign(ego) if self.config.mirrors_left else None
        if sign is not None:
            images, ego, route = sides.turn(images, sign), sides.turn_vector(ego, sign), sides.turn_vector(route, sign)
        context, thought = self.embed_context(images, ego=ego, route=route, has_route=has_route, words=words)
        speed = ego[:, 0]
        mean = self.action.regress(thought).float()[:, None]
        paces = self.config.paces
        start = noise[1 : len(noise) - len(paces)].expand(images.shape[0], -1, -1, -1)
        drawn = self.action.sample(start, self.action.cache(context), steps=steps)
        knots = denormalise(torch.cat([mean, drawn], 1), speed=speed[:, None])
        if paces:
            knots = torch.cat([knots, *(paced(knots[:, :1], pace, speed=speed[:, None]) for pace in paces)], 1)
        returns, failure = self.critic(context, knots, speed=speed)
        values, chosen = choose(returns, failure, self.config)
        facts = self.eyes.facts(thought)
        bodies, depth = self.eyes.body_logits(context).softmax(1).transpose(1, 2), self.eyes.log_depth(context).exp()
        return Actions(
            knots=knots if sign is None else sides.turn_vector(knots, sign),
            values=values,
            chosen=chosen,
            risk=failure.gather(1, chosen[:, None])[:, 0].sigmoid(),
            light=facts["light"].softmax(-1),
            lead=torch.stack([unscale_distance(facts["lead"][:, 0]), facts["lead"][:, 1].clip(0.0) * 10.0], -1),
            stop_distance=unscale_distance(facts["stop"]),
            thought=thought.float(),
            bodies=bodies if sign is None else sides.turn(bodies, sign),
            depth=depth if sign is None else sides.turn(depth, sign),
        )
