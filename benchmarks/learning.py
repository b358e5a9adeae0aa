"""How many samples a second one core learns from, in single and in half precision, side by side: `python benchmarks/learning.py`. The
samples are noise of the right shapes; what a step costs does not depend on what it shows. Writes results/learning.json."""

import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import tyro

from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.model import batch as labels
from caravela.model.batch import Batch
from caravela.model.presets import preset
from caravela.model.vla import VLA
from caravela.train.threads import half_pays, use_threads


@dataclass(frozen=True)
class Options:
    preset: str = "nano"
    """Size of the model."""
    batch: int = 64
    """Samples a step."""
    rounds: int = 6
    """Steps of each precision; they take turns, and the median counts."""
    out: Path = Path("results/learning.json")
    """The figures."""


def noise(size: int, model: VLA) -> Batch:
    """`size` samples with every label that training has."""
    config, draw = model.config, torch.Generator().manual_seed(0)
    rows, columns = config.cells
    known = torch.ones(size, dtype=torch.bool)

    def whole(below: int, *shape: int) -> torch.Tensor:
        return torch.randint(0, below, (size, *shape), generator=draw)

    return Batch(
        images=whole(256, config.cameras, config.channels, config.height, config.width).to(torch.uint8),
        ego=torch.rand(size, 2, generator=draw),
        route=10.0 * torch.randn(size, ROUTE_POINTS, 2, generator=draw),
        has_route=known,
        words=torch.randn(size, config.words_size, generator=draw) / config.words_size**0.5,
        knots=0.1 * torch.randn(size, KNOTS, 2, generator=draw),
        knots_valid=known,
        bev=whole(len(labels.BEV_CLASSES), labels.BEV_ROWS, labels.BEV_COLUMNS),
        depth=1.0 + 50.0 * torch.rand(size, config.cameras, labels.DEPTH_ROWS, labels.DEPTH_COLUMNS, generator=draw),
        lamps=whole(len(labels.LIGHTS), config.cameras, rows, columns),
        light=whole(len(labels.LIGHTS)),
        stop_distance=50.0 * torch.rand(size, generator=draw),
        lead=10.0 * torch.rand(size, 2, generator=draw),
        lane=torch.rand(size, 2, generator=draw),
        proposals=0.1 * torch.randn(size, 6, KNOTS, 2, generator=draw),
        returns=torch.rand(size, 6, generator=draw),
        failed=torch.zeros(size, 6),
    )


def measure(options: Options) -> dict[str, Any]:
    """Samples a second by precision, and how many times half is as fast."""
    use_threads(1)
    model = VLA(preset(options.preset)).train()
    batch, optimiser = noise(options.batch, model), torch.optim.AdamW(model.parameters(), lr=1e-5)
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(options.rounds + 1):
        for half in took:
            began = time.perf_counter()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                loss = model.compute_loss(batch)["total"]
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            if number:  # the first step of each sets up
                took[half].append(time.perf_counter() - began)
    single, half = (round(options.batch / statistics.median(took[kind]), 1) for kind in (False, True))
    return {
        "preset": options.preset,
        "batch": options.batch,
        "threads": 1,
        "samples_per_s": {"float32": single, "bfloat16": half},
        "ratio": round(half / single, 2),
        "training_uses_bfloat16_here": half_pays(),
    }


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    result = measure(options)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{options.preset}: {result['samples_per_s']} samples/s of one core, {result['ratio']} times", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
