"""Latent look-ahead: from what is seen now, the vision tokens of some time later. Knowing how a scene goes on asks for what a single picture's
labels never name: who moves, and where to. It serves pretraining alone and is thrown away with it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from caravela.model.batch import Batch
from caravela.model.config import VLAConfig
from caravela.model.heads import masked_mean
from caravela.model.trunk import MLP
from caravela.model.vla import VLA

WEIGHT = 1.0  # of the foresight, beside the eyes' losses


class Foresight(nn.Module):
    """Predicts a slow teacher's tokens, as it would see them later, from the context (Grill et al. 2020, Assran et al. 2023)."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.cells = config.vision_tokens
        self.mlp = MLP(config.embedding, ratio=2)

    def forward(self, context: Tensor) -> Tensor:
        """Context (B, S, E) to the later tokens (B, cells, E), each of mean 0 and variance 1."""
        now = context[:, : self.cells]
        return F.layer_norm(now + self.mlp(now), now.shape[-1:])


@torch.no_grad()
def tokens_of(model: VLA, images: Tensor) -> Tensor:
    """(B, cells, E) what a model's eyes make of images, without where it is, each token of mean 0 and variance 1."""
    seen = model.vision(images) - model.vision.position
    return F.layer_norm(seen.float(), seen.shape[-1:])


def losses(
    model: VLA, foresight: nn.Module, slow: VLA, batch: Batch, *, generator: torch.Generator, seen: Tensor | None = None
) -> dict[str, Tensor]:
    """What `batch`, which needs no plans, costs the eyes and the foresight of `model`, whose slow follower says what will be seen: the keys
    of `Eyes.losses`, foresight (squared error of a token's element) and total. With `seen`, the images in their own light, also `still`: what
    it would cost to foresee no change."""
    assert batch.later is not None
    hidden = torch.rand(len(batch), generator=generator).to(batch.ego.device) < model.config.ego_dropout
    context, thought = model.embed_context(
        batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words, ego_known=~hidden
    )
    found = model.eyes.losses(context, thought, batch)
    target = tokens_of(slow, batch.later)
    error = (foresight(context).float() - target).square().mean((1, 2))
    told = found | {"foresight": masked_mean(error, batch.later_valid)}
    told["total"] = model.weighted(found) + WEIGHT * told["foresight"]
    if seen is not None:
        unchanged = (tokens_of(slow, seen) - target).square().mean((1, 2))
        told["still"] = masked_mean(unchanged, batch.later_valid)
    return told
