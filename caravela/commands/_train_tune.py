"""`caravela train tune`: one part of a driver learnt anew while all the rest holds still."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._numbers import at_least
from caravela.commands._writing import folder_for
from caravela.core.errors import CaravelaError


@dataclass(frozen=True)
class TuneOptions:
    """Learn one part of a driver anew and leave the rest as it is: no-route (how it drives without a route), words (how it takes what it is
    told) or sight (whom it tells of). What does not need the part stays the same to the last bit."""

    part: tyro.conf.Positional[str]
    """no-route, words or sight."""
    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint that `caravela train vla`, `train soup` or `train tune` wrote."""
    shards: Path | None = None
    """Looks to learn from; by default those beside the checkpoint."""
    newest: int | None = None
    """Only so many of the newest shards; by default all."""
    minutes: float | None = None
    """How long to learn; by default the part's own: 6 (no-route), 20 (words) or 10 (sight)."""
    learning_rate: float | None = None
    """The highest; by default the part's own."""
    batch: int = 60
    """Samples of a step."""
    out: Path = Path("runs/vla/nano/tuned.safetensors")
    """The driver with that part learnt, a checkpoint to export or to tune on."""
    seed: int = 0
    """Of the choice of looks."""


def run_tune(options: TuneOptions) -> dict[str, Any]:
    """Learn the part, and write the whole."""
    from caravela.model.checkpoint import load_checkpoint, save_checkpoint
    from caravela.train.samples import ShardReader
    from caravela.train.threads import use_threads
    from caravela.train.tune import Tuner, part_named

    part = part_named(options.part)
    at_least(0, seed=options.seed)
    at_least(1, batch=options.batch, newest=options.newest)
    at_least(0.01, minutes=options.minutes)
    if options.learning_rate is not None and not 0.0 < options.learning_rate <= 1.0:
        raise CaravelaError(f"--learning-rate is {options.learning_rate:g}; expected more than 0 and at most 1.")
    use_threads(1)
    checkpoint = load_checkpoint(options.checkpoint)
    folder_for(options.out.parent, option="out")
    reader = ShardReader(
        options.shards or options.checkpoint.parent / "shards",
        seed=options.seed,
        newest=options.newest,
        weigh=part.weigh,
        mirrors_left=checkpoint.model.config.mirrors_left,
    )
    tuner = Tuner(checkpoint.model, part, reader, batch=options.batch, learning_rate=options.learning_rate, seed=options.seed)
    minutes = options.minutes or part.minutes
    losses = tuner.train(seconds=60.0 * minutes, told=lambda what: print(what, file=sys.stderr, flush=True))
    progress = checkpoint.progress | {"tuned": [*checkpoint.progress.get("tuned", []), {"part": part.name, "steps": tuner.step}]}
    save_checkpoint(options.out, tuner.model, data_version=checkpoint.data_version, progress=progress)
    return {"out": str(options.out), "part": part.name, "steps": tuner.step, "parameters": sum(v.numel() for v in tuner.learned), **losses}
