"""The eyes' own tasks: what is where from above, how far away things are, which lamps are lit in which cell of which picture,
what the governing light says, where the stop line, the lead and the lane are. They train vision and trunk before any
driving and alongside it; in the car only the small ones run, for display. Telling each cell its lamps is what makes small
lamps learnable: lamps of two pixels were read after 3,000 samples with it and not after 12,000 from the answer alone."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from caravela.model.batch import BEV_CLASSES, BEV_ROWS, BODIES, DEPTH_COLUMNS, DEPTH_ROWS, FAR, LIGHTS, UNKNOWN, Batch
from caravela.model.config import VLAConfig
from caravela.model.trunk import MLP, CrossAttention

_QUERIES = 8  # bird's-eye queries each way; each decodes a patch of 4x4 cells
_BEV_WEIGHTS = (1.0, 1.0, 1.5, 4.0, 80.0)  # rare classes count for more: with 8 for persons not one was ever seen
_BODY_WEIGHTS = (0.1, 0.5, 4.0, 4.0)
_LAMP_WEIGHTS = (0.1, 1.0, 1.0, 1.0)  # most cells hold no lamp
_LOG_FAR = math.log1p(FAR)


def masked_mean(loss: Tensor, valid: Tensor | None) -> Tensor:
    """Mean of `loss` where `valid` (same shape, bool; None: everywhere); 0 where nothing is valid."""
    if valid is None:
        return loss.mean()
    return torch.where(valid, loss, torch.zeros_like(loss)).sum() / valid.sum().clamp(min=1)


def classify(logits: Tensor, labels: Tensor, *, weights: tuple[float, ...]) -> Tensor:
    """Weighted mean cross-entropy of logits (B, classes, ...) where the label (B, ...) is not UNKNOWN; 0 where none is known."""
    labels, weight = labels.long(), torch.tensor(weights, device=logits.device)
    known = labels != UNKNOWN
    total = F.cross_entropy(logits.float(), labels, weight=weight, ignore_index=UNKNOWN, reduction="sum")
    return total / (weight[torch.where(known, labels, 0)] * known).sum().clamp(min=1e-6)


class BirdsEye(nn.Module):
    """Context (B, S, E) to class logits (B, classes, BEV_ROWS, BEV_COLUMNS)."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        size = config.embedding // 2
        self.patch = BEV_ROWS // _QUERIES
        self.queries = nn.Parameter(0.02 * torch.randn(1, _QUERIES * _QUERIES, size))
        self.cross = CrossAttention(size, context=config.embedding, heads=config.heads)
        self.norm = nn.LayerNorm(size)
        self.mlp = MLP(size, ratio=2)
        self.head = nn.Linear(size, len(BEV_CLASSES) * self.patch**2)

    def forward(self, context: Tensor) -> Tensor:
        x = self.queries + self.cross(self.queries.expand(context.shape[0], -1, -1), self.cross.cache(context))
        x = self.head(x + self.mlp(self.norm(x)))  # (B, queries, classes * patch * patch)
        x = x.transpose(1, 2).unflatten(2, (_QUERIES, _QUERIES))
        return F.pixel_shuffle(x, self.patch)


class Facts(nn.Module):
    """A few numbers that the thought tokens (B, thoughts, E) should know."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.thoughts * config.embedding, config.embedding // 2)
        self.out = nn.Linear(config.embedding // 2, len(LIGHTS) + 1 + 2 + 2)

    def forward(self, thought: Tensor) -> dict[str, Tensor]:
        """Logits `light` (B, 4); `stop` (B,) and `lead` (B, 2) scaled as `scale_distance`, m/s / 10; `lane` (B, 2) m, rad * 4."""
        x = self.out(F.gelu(self.hidden(thought.flatten(1)))).float()
        return {"light": x[:, :4], "stop": x[:, 4], "lead": x[:, 5:7], "lane": x[:, 7:9]}


def scale_distance(metres: Tensor) -> Tensor:
    """0..FAR m to 0..1, near ones finer."""
    return torch.log1p(metres.clip(0.0, FAR)) / _LOG_FAR


def unscale_distance(scaled: Tensor) -> Tensor:
    """Inverse of `scale_distance`, within 0..FAR m."""
    return torch.exp(scaled.clip(0.0, 1.0) * _LOG_FAR) - 1.0


class Eyes(nn.Module):
    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.config = config
        rows, columns = config.cells
        self.subcells = (DEPTH_ROWS // rows, DEPTH_COLUMNS // columns)
        self.birds_eye = BirdsEye(config)
        self.depth = nn.Linear(config.embedding, self.subcells[0] * self.subcells[1])
        self.lamps = nn.Linear(config.embedding, len(LIGHTS))
        self.bodies = nn.Linear(config.embedding, self.subcells[0] * self.subcells[1] * len(BODIES))
        self.facts = Facts(config)

    def log_depth(self, context: Tensor) -> Tensor:
        """log of metres (B, C, DEPTH_ROWS, DEPTH_COLUMNS) from the vision tokens of a context."""
        rows, columns = self.config.cells
        x = self.depth(context[:, : self.config.vision_tokens]).float()
        x = x.reshape(-1, self.config.cameras, rows, columns, *self.subcells).permute(0, 1, 2, 4, 3, 5)
        return 2.0 + x.reshape(-1, self.config.cameras, DEPTH_ROWS, DEPTH_COLUMNS)

    def body_logits(self, context: Tensor) -> Tensor:
        """Logits (B, BODIES, C, DEPTH_ROWS, DEPTH_COLUMNS) of who shows where, from the vision tokens of a context."""
        rows, columns = self.config.cells
        x = self.bodies(context[:, : self.config.vision_tokens]).float()
        x = x.reshape(-1, self.config.cameras, rows, columns, len(BODIES), *self.subcells).permute(0, 4, 1, 2, 5, 3, 6)
        return x.reshape(-1, len(BODIES), self.config.cameras, DEPTH_ROWS, DEPTH_COLUMNS)

    def losses(self, context: Tensor, thought: Tensor, batch: Batch) -> dict[str, Tensor]:
        """One scalar for each label that the batch carries."""
        losses: dict[str, Tensor] = {}
        if batch.bev is not None:
            losses["bev"] = classify(self.birds_eye(context), batch.bev, weights=_BEV_WEIGHTS)
        if batch.depth is not None:
            error = (self.log_depth(context) - batch.depth.float().clamp(min=0.5).log()).abs()
            losses["depth"] = masked_mean(error, batch.depth > 0)
        if batch.lamps is not None:
            logits = self.lamps(context[:, : self.config.vision_tokens]).transpose(1, 2)  # (B, 4, cells)
            losses["lamps"] = classify(logits, batch.lamps.flatten(1), weights=_LAMP_WEIGHTS)
        if batch.bodies is not None:
            losses["bodies"] = classify(self.body_logits(context), batch.bodies, weights=_BODY_WEIGHTS)
        facts = self.facts(thought)
        if batch.light is not None:
            losses["light"] = masked_mean(F.cross_entropy(facts["light"], batch.light.long(), reduction="none"), batch.light_valid)
        if batch.stop_distance is not None:
            error = (facts["stop"] - scale_distance(batch.stop_distance)).abs()
            losses["stop"] = masked_mean(error, batch.stop_valid)
        if batch.lead is not None:
            label = torch.stack([scale_distance(batch.lead[:, 0]), batch.lead[:, 1] / 10.0], -1)
            losses["lead"] = masked_mean((facts["lead"] - label).abs().mean(-1), batch.lead_valid)
        if batch.lane is not None:
            label = torch.stack([batch.lane[:, 0], batch.lane[:, 1] * 4.0], -1)
            losses["lane"] = masked_mean((facts["lane"] - label).abs().mean(-1), batch.lane_valid)
        return losses
