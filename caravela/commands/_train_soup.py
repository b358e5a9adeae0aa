"""`caravela train soup`: a checkpoint mixed with the driver that its run began with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.core.errors import CaravelaError

BATCH, BATCHES = 64, 12  # looks that a mixture is measured with


@dataclass(frozen=True)
class SoupOptions:
    """Mix a checkpoint with the driver that its run began with: it may drive better than either, as it forgot less."""

    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint that `caravela train vla` wrote."""
    driver: Path | None = None
    """The exported driver to mix it with; by default the one that ships."""
    share: float = 0.5
    """Of the checkpoint, 0 to 1; the rest is the driver's. Choose by drives on the validation side."""
    shards: Path | None = None
    """Looks to measure the mixture's norms with; by default those beside the checkpoint."""
    out: Path = Path("runs/vla/nano/soup.safetensors")
    """The mixture, a checkpoint to export or to probe."""
    seed: int = 0
    """Of the choice of looks."""


def run_soup(options: SoupOptions) -> dict[str, Any]:
    """Mix, and write the mixture."""
    from caravela.commands.train import at_least, folder_for
    from caravela.model.checkpoint import load_checkpoint, save_checkpoint
    from caravela.model.reopen import reopen
    from caravela.model.soup import mix
    from caravela.train.samples import ShardReader
    from caravela.train.threads import use_threads
    from caravela.vehicle.bundle import shipped

    at_least(0, seed=options.seed)
    use_threads(1)
    if not 0.0 <= options.share <= 1.0:
        raise CaravelaError(f"--share is {options.share:g}; expected 0 to 1.")
    checkpoint, older = load_checkpoint(options.checkpoint), reopen(options.driver or shipped("nano"))
    shards = options.shards or options.checkpoint.parent / "shards"
    reader = ShardReader(shards, seed=options.seed, mirrors_left=checkpoint.model.config.mirrors_left)
    if not reader.shards:
        raise CaravelaError(f"there are no looks in '{shards}'; expected shards of a run: give --shards, or collect some.")
    images = [reader.draw(BATCH).images for _ in range(BATCHES)]
    mixed = mix(checkpoint.model, older, share=options.share, images=images)
    folder_for(options.out.parent, option="out")
    progress = {"step": checkpoint.progress.get("step"), "share": options.share}
    save_checkpoint(options.out, mixed, data_version=checkpoint.data_version, progress=progress)
    return {"out": str(options.out), **progress}
