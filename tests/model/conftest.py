"""A synthetic batch with every label, and a model small enough for a test."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.model import batch as labels
from caravela.model.batch import Batch
from caravela.model.config import VLAConfig
from caravela.model.presets import from_dial
from caravela.model.vla import VLA


def synthetic_batch(size: int, *, seed: int = 0, proposals: int = 4) -> Batch:
    """Noise in, labels out, all known, all within the ranges of real ones."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    effort = torch.tensor([1.5, 0.01])
    return Batch(
        images=torch.randint(0, 256, (size, 4, 5, 96, 128), generator=generator).to(torch.uint8),
        ego=torch.stack([uniform(size, high=15.0), uniform(size, low=-0.2, high=0.2), uniform(size, low=-1.0).sign()], -1),
        route=uniform(size, ROUTE_POINTS, 2, high=40.0),
        has_route=uniform(size) < 0.8,
        words=torch.nn.functional.normalize(torch.randn(size, 384, generator=generator), dim=-1),
        knots=uniform(size, KNOTS, 2, low=-1.0) * effort,
        proposals=uniform(size, proposals, KNOTS, 2, low=-1.0) * effort,
        returns=uniform(size, proposals),
        failed=(uniform(size, proposals) < 0.2).float(),
        bev=torch.randint(0, len(labels.BEV_CLASSES), (size, labels.BEV_ROWS, labels.BEV_COLUMNS), generator=generator),
        bodies=torch.randint(0, len(labels.BODIES), (size, 4, labels.DEPTH_ROWS, labels.DEPTH_COLUMNS), generator=generator).to(
            torch.uint8
        ),
        lamps=torch.randint(0, len(labels.LIGHTS), (size, 4, 3, 4), generator=generator).to(torch.uint8),
        depth=uniform(size, 4, labels.DEPTH_ROWS, labels.DEPTH_COLUMNS, low=2.0, high=60.0),
        light=torch.randint(0, len(labels.LIGHTS), (size,), generator=generator),
        stop_distance=uniform(size, high=labels.FAR),
        lead=uniform(size, 2, high=15.0),
        lane=uniform(size, 2, low=-0.5, high=0.5),
    )


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    return synthetic_batch


@pytest.fixture
def batch() -> Batch:
    return synthetic_batch(4)


@pytest.fixture
def tiny() -> VLAConfig:
    """A real model of every part, a tenth of nano."""
    return from_dial("tiny", depth=1)


@pytest.fixture
def model(tiny: VLAConfig) -> VLA:
    """A tiny model none of whose weights is zero, so that every path shows."""
    torch.manual_seed(0)
    made = VLA(tiny)
    for parameter in made.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    return made.eval()
