"""`caravela train tune`: one part of a driver learnt anew while all the rest holds still."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._numbers import at_least, within
from caravela.commands._writing import writable
from caravela.core.errors import CaravelaError, unknown_name

PART_NAMES = ("no-route", "words", "abroad", "sight")  # told before torch is asked for


@dataclass(frozen=True)
class TuneOptions:
    """Learn one part of a driver anew and leave the rest as it is: no-route (how it drives without a route), words (how it takes what it is
    told), abroad (other eyes, for streets like none it was taught; `train export --abroad` puts them beside those for home) or sight (whom it
    tells of). What does not read the part stays the same to the last bit. The same command goes on where one was stopped."""

    part: tyro.conf.Positional[str]
    """no-route, words, abroad or sight."""
    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint that `caravela train vla`, `train soup` or `train tune` wrote."""
    shards: Path | None = None
    """Looks to learn from; by default those beside the checkpoint."""
    newest: int | None = None
    """Only so many of the newest shards; by default all."""
    minutes: float | None = None
    """How long to learn; by default the part's own, minutes for no-route and sight, an hour for words, an hour and a half for abroad."""
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
    if options.part not in PART_NAMES:
        raise unknown_name("part", options.part, PART_NAMES)
    from caravela.model.checkpoint import load_checkpoint, save_checkpoint
    from caravela.train.samples import ShardReader
    from caravela.train.threads import use_threads
    from caravela.train.tune import Tuner, part_named

    part = part_named(options.part)
    at_least(0, seed=options.seed)
    at_least(1, batch=options.batch, newest=options.newest)
    within(0.001, 10_000, minutes=options.minutes)
    within(1e-7, 1.0, learning_rate=options.learning_rate)
    if options.out.resolve() == options.checkpoint.resolve():
        raise CaravelaError(
            f"--out is the checkpoint '{options.checkpoint}' itself; give another file, so that the driver of before stays."
        )
    use_threads(1)
    checkpoint = load_checkpoint(options.checkpoint)
    writable(options.out)
    reader = ShardReader(
        options.shards or options.checkpoint.parent / "shards",
        seed=options.seed,
        newest=options.newest,
        weigh=part.weigh,
        mirrors_left=checkpoint.model.config.mirrors_left,
    )
    tuner = Tuner(checkpoint.model, part, reader, batch=options.batch, learning_rate=options.learning_rate, seed=options.seed)
    minutes = options.minutes or part.minutes
    kept = options.out.with_suffix(".unfinished.pt")
    losses = tuner.train(seconds=60.0 * minutes, told=lambda what: print(what, file=sys.stderr, flush=True), kept=kept)
    done = {"part": part.name, "steps": tuner.step, "batch": options.batch, "learning_rate": tuner.learning_rate, "half": tuner.half}
    done |= {"minutes": minutes, "seed": options.seed, "shards": len(reader.shards)}
    progress = checkpoint.progress | {"tuned": [*checkpoint.progress.get("tuned", []), done]}
    save_checkpoint(options.out, tuner.model, data_version=checkpoint.data_version, progress=progress)
    kept.unlink(missing_ok=True)
    return {"out": str(options.out), "part": part.name, "steps": tuner.step, "parameters": sum(v.numel() for v in tuner.learned), **losses}
