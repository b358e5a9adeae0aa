"""Every size of the model in one frozen dataclass. A checkpoint and an exported bundle carry it as JSON. `presets.py`
derives it from one dial."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.core.vision_input import VISION_CHANNELS

STRIDE = 32  # pixels a vision token spans, each way


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts in the total."""

    flow: float = 1.0
    regression: float = 1.0
    path: float = 0.2
    value: float = 1.0
    risk: float = 0.2
    bev: float = 0.5
    depth: float = 0.3
    lamps: float = 0.5
    bodies: float = 0.5
    light: float = 0.3
    stop: float = 0.2
    lead: float = 0.2
    lane: float = 0.2


@dataclass(frozen=True)
class VLAConfig:
    """Sizes of vision, trunk, action expert and critic."""

    name: str = "nano"
    # vision
    cameras: int = 4
    height: int = 96  # pixels
    width: int = 128  # pixels
    channels: int = VISION_CHANNELS
    stages: tuple[int, int, int, int] = (48, 48, 96, 192)  # channels at strides 4, 8, 16, 32
    blocks: tuple[int, int, int] = (1, 1, 1)  # residual blocks at strides 8, 16, 32
    # trunk
    embedding: int = 256
    depth: int = 4
    heads: int = 4
    mlp_ratio: int = 2
    thoughts: int = 4  # latent tokens that carry the model's thought
    route_tokens: int = 2
    words_size: int = 384  # of a sentence embedding
    shift_rank: int = 0  # numbers through which a sentence shifts the trunk's last tokens, see `shift`; 0: it is a token and no more
    # action expert
    action_embedding: int = 128
    action_depth: int = 2
    action_heads: int = 4
    # behaviour
    yaw_rate_known: bool = False  # a driver that knows how it turns copies that instead of looking: it cut its corners
    mirrors_left: bool = False  # left-hand traffic is seen in a mirror, see `sides`; a driver of before has to see which side it is on
    ego_dropout: float = 0.3  # share of training samples whose speed and yaw rate are hidden
    draws: int = 8  # (noise, time) pairs per cached context in training
    critic_trained: bool = False  # whether values choose the proposal; otherwise proposal 0 is taken
    critic_margin: float = 0.0  # of value that another proposal must have over the mean plan to be chosen
    critic_caution: float = 0.0  # of value that a certain failure costs a proposal, beside what the returns say of it
    paces: tuple[float, ...] = ()  # m/s^2, of as many proposals that go the mean plan's way at another pace instead of being drawn
    losses: LossWeights = field(default_factory=LossWeights)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of vision tokens per camera."""
        return self.height // STRIDE, self.width // STRIDE

    @property
    def vision_tokens(self) -> int:
        rows, columns = self.cells
        return self.cameras * rows * columns

    @property
    def tokens(self) -> int:
        """Length of the trunk's sequence: vision, ego, route, words, thoughts."""
        return self.vision_tokens + 1 + self.route_tokens + 1 + self.thoughts

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))  # lists, as a file holds them

    @staticmethod
    def from_json(values: dict[str, Any]) -> "VLAConfig":
        """Inverse of `to_json`. Raises TypeError where a field is unknown and ValueError where a size is wrong."""
        known = dict(values)
        known["losses"] = LossWeights(**known.get("losses", {}))
        for name in ("stages", "blocks", *(("paces",) if "paces" in known else ())):
            known[name] = tuple(known[name])
        return VLAConfig(**known)

    def __post_init__(self) -> None:
        if self.height % STRIDE or self.width % STRIDE:
            raise ValueError(f"images are {self.width}x{self.height}; both must be multiples of {STRIDE}")
        if self.embedding % self.heads or self.action_embedding % self.action_heads:
            raise ValueError("embedding sizes must be multiples of their number of heads")


KNOT_VALUES = KNOTS * 2  # numbers of one proposal
ROUTE_VALUES = ROUTE_POINTS * 2
