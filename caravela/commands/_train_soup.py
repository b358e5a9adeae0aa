"""`caravela train soup`: a checkpoint mixed with the driver that its run began with, or with an earlier checkpoint."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._numbers import at_least
from caravela.commands._writing import folder_for
from caravela.core.errors import BundleError, CaravelaError

BATCH, BATCHES = 64, 12  # looks that a mixture is measured with


@dataclass(frozen=True)
class SoupOptions:
    """Mix a checkpoint with the driver that its run began with, or with one that it goes on from: the mixture may drive better than either,
    as it forgot less and learnt by heart less."""

    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint that `caravela train vla` wrote."""
    driver: Path | None = None
    """The exported driver to mix it with; by default the one that ships."""
    older: Path | None = None
    """A checkpoint to mix it with instead, one that its run goes on from."""
    share: float = 0.5
    """Of the checkpoint, 0 to 1; the rest is the other's. Choose by drives on the validation side."""
    shards: Path | None = None
    """Looks to measure the mixture's norms with; by default those beside the checkpoint."""
    out: Path = Path("runs/vla/nano/soup.safetensors")
    """The mixture, a checkpoint to export or to probe."""
    seed: int = 0
    """Of the choice of looks."""


def run_soup(options: SoupOptions) -> dict[str, Any]:
    """Mix, and write the mixture. Raises BundleError for a driver that the checkpoint's run did not begin with."""
    from caravela.model.checkpoint import BEGUN_WITH, load_checkpoint, save_checkpoint
    from caravela.model.reopen import reopen
    from caravela.model.soup import mix
    from caravela.train.samples import ShardReader
    from caravela.train.threads import use_threads
    from caravela.vehicle.bundle import shipped

    at_least(0, seed=options.seed)
    use_threads(1)
    if not 0.0 <= options.share <= 1.0:
        raise CaravelaError(f"--share is {options.share:g}; expected 0 to 1.")
    checkpoint = load_checkpoint(options.checkpoint)
    if options.older is None:
        driver = options.driver or shipped("nano")
        _check_kin(options.checkpoint, checkpoint.progress, driver)
        older = reopen(driver)
    elif options.driver is not None:
        raise CaravelaError("--driver and --older both say what to mix with; give one of them.")
    else:
        before = load_checkpoint(options.older)
        _check_same_run(options.checkpoint, checkpoint.progress, options.older, before.progress)
        older = before.model
    shards = options.shards or options.checkpoint.parent / "shards"
    reader = ShardReader(shards, seed=options.seed, mirrors_left=checkpoint.model.config.mirrors_left)
    if not reader.shards:
        raise CaravelaError(f"there are no looks in '{shards}'; expected shards of a run: give --shards, or collect some.")
    images = [reader.draw(BATCH).images for _ in range(BATCHES)]
    mixed = mix(checkpoint.model, older, share=options.share, images=images)
    folder_for(options.out.parent, option="out")
    progress = {"step": checkpoint.progress.get("step"), "share": options.share}
    kept = {name: checkpoint.progress[name] for name in (BEGUN_WITH, "config") if name in checkpoint.progress}
    save_checkpoint(options.out, mixed, data_version=checkpoint.data_version, progress=progress | kept)
    return {"out": str(options.out), **progress}


def _check_same_run(path: Path, progress: dict[str, Any], older: Path, before: dict[str, Any]) -> None:
    """Two checkpoints mix where one goes on from the other. Raises BundleError where they say that they began with different drivers."""
    from caravela.model.checkpoint import BEGUN_WITH

    if BEGUN_WITH not in progress or BEGUN_WITH not in before:
        print(
            f"'{path}' and '{older}' do not both say which driver their run began with; they are mixed, and drive badly if their runs are strangers.",
            file=sys.stderr,
            flush=True,
        )
    one, other = progress.get(BEGUN_WITH), before.get(BEGUN_WITH)
    if BEGUN_WITH in progress and BEGUN_WITH in before and one != other:
        raise BundleError(
            f"the run of '{path}' began with {str(one)[:12]}, that of '{older}' with {str(other)[:12]}; expected two checkpoints of one run, or of "
            "one that goes on from the other."
        )


def _check_kin(path: Path, progress: dict[str, Any], driver: Path) -> None:
    """Two drivers mix where one began with the other. Raises BundleError where this checkpoint began otherwise; one of before, which does not
    say, is only warned of."""
    from caravela.model.checkpoint import BEGUN_WITH
    from caravela.model.reopen import weights_digest

    if BEGUN_WITH not in progress:
        print(
            f"'{path}' does not say which driver its run began with; it is mixed with '{driver}', which drives badly if that is another.",
            file=sys.stderr,
            flush=True,
        )
        return
    begun, got = progress[BEGUN_WITH], weights_digest(driver)
    if begun is None:
        raise BundleError(
            f"the run of '{path}' began from nothing; expected one that began with '{driver}': train it with --begin-with {driver}."
        )
    if begun != got:
        raise BundleError(
            f"'{driver}' has the weights {got[:12]}, and the run of '{path}' began with {begun[:12]}; give --driver the one that it began with."
        )
