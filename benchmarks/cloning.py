"""What does it gain to learn where the student drives? Two drivers learn from nothing, for the same processor time of one core and from as many
labelled looks: one by plain behaviour cloning, of looks at which the teacher drove undisturbed, one of looks that a distillation run collected
with its student at the wheel. `python benchmarks/cloning.py --shards runs/vla/nano/shards` writes results/cloning.json; whatever is done is kept."""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from pretraining import Fixed

from caravela.commands._map_sides import training_maps, validation_towns
from caravela.commands._progress import Bar
from caravela.commands._teacher import teacher_at
from caravela.core.errors import CaravelaError
from caravela.evaluate.places import Place, read_folder
from caravela.model.checkpoint import git_revision, load_checkpoint
from caravela.train.collect import CollectConfig
from caravela.train.recipe import VLATrainConfig
from caravela.train.rounds import VLACollector
from caravela.train.samples import Shard
from caravela.train.scaling import PLACES, held_out_losses, short_drives
from caravela.train.scaling_looks import Looks, Split, open_known, split
from caravela.train.threads import half_pays, use_threads
from caravela.train.vla import ENDLESS, VLATrainer

ARMS = ("cloned", "distilled")
NEVER = 1e9  # s, or rounds
UNDISTURBED = CollectConfig(nudge_every=NEVER, overrun_every=NEVER)  # nobody pushes the teacher off its way


@dataclass(frozen=True)
class Options:
    shards: Path = Path("runs/vla/nano/shards")
    """Labelled looks that a distillation run collected."""
    looks: int = 20_000
    """To learn from, in each arm."""
    minutes: float = 20.0
    """Processor time of each arm, collecting left out."""
    held_out: int = 3000
    """Newest looks of the run, which both are asked about and neither learns from."""
    apart: int = 4000
    """Looks before them that serve neither."""
    episodes: int = 80
    """Short drives of each driver, on the validation side."""
    folder: Path = Path("runs/cloning")
    """Where the teacher's looks and the arms are kept."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps."""
    towns: int = 120
    """Generated towns beside the real places, for the teacher's looks."""
    seed: int = 0
    """Of both arms."""
    out: Path = Path("results/cloning.json")
    """The figures."""


def collect(options: Options) -> Path:
    """The teacher's looks, collected as far as they are not there yet; returns their shards."""
    folder = options.folder / "teacher"
    shards = folder / "shards"
    config = VLATrainConfig(seed=options.seed, teacher_rounds=int(NEVER), keep=10_000)
    collector: VLACollector | None = None
    while (there := _looks_in(shards)) < options.looks:
        print(f"cloning: {there:,} of {options.looks:,} looks with the teacher at the wheel", file=sys.stderr, flush=True)
        if collector is None:
            graphs = training_maps(options.maps, towns=options.towns)
            collector = VLACollector(graphs, folder, teacher=teacher_at(None), config=config, collect=UNDISTURBED)
        collector.run_round()
    return shards


def _looks_in(shards: Path) -> int:
    return sum(json.loads(path.read_text())["samples"] for path in shards.glob("shard-*/count.json"))


def learn(arm: str, looks: Looks, options: Options, *, half: bool) -> None:
    """Learn an arm from its beginning, unless it is done. Raises CaravelaError for one that was learnt otherwise."""
    folder, kept = options.folder / arm, options.folder / f"{arm}.json"
    asked = {"minutes": options.minutes, "looks": len(looks), "seed": options.seed, "of": looks_digest(looks)}
    if kept.exists():
        if (done := {name: json.loads(kept.read_text()).get(name) for name in asked}) != asked:
            raise CaravelaError(f"'{kept}' was learnt with {done}; expected {asked}: give another --folder.")
        return
    shutil.rmtree(folder, ignore_errors=True)
    began = time.process_time()
    trainer = VLATrainer(folder, VLATrainConfig(seed=options.seed, half=half))
    trainer.reader = Fixed(looks)
    trainer.train(seconds=60.0 * options.minutes, until=ENDLESS, anneal=True, clock=time.process_time)
    took = {"driving_s": round(time.process_time() - began, 1), "driving_steps": trainer.step}
    kept.write_text(json.dumps(took | asked) + "\n")


def looks_digest(looks: Looks) -> str:
    """Which looks these are, by their shards."""
    return hashlib.sha256(" ".join(shard.path.name + str(len(shard)) for shard in looks.shards).encode()).hexdigest()[:16]


def judge(arm: str, asked: Looks, places: Sequence[Place], options: Options, *, half: bool) -> dict[str, Any]:
    """What an arm took, how it answers at looks that it never saw, of the distillation run, where a student drives, and how it drives."""
    path, row = options.folder / arm / "average.safetensors", json.loads((options.folder / f"{arm}.json").read_text())
    row |= held_out_losses(load_checkpoint(path).model, asked, batch=64)
    with Bar() as bar:
        row["drives"] = short_drives(path, places, bar, episodes=options.episodes, seed=options.seed, half=half)
    return row


def compare(options: Options) -> dict[str, Any]:
    """Both arms. Raises CaravelaError for impossible options or too few looks."""
    if options.minutes <= 0.0 or options.looks < 1_000:
        raise CaravelaError(f"--minutes {options.minutes:g} and --looks {options.looks}; expected more than 0, and at least 1,000.")
    use_threads(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    half = half_pays()
    run = split(options.shards, held_out=options.held_out, apart=options.apart)
    if run.learned < options.looks:
        raise CaravelaError(
            f"'{options.shards}' holds {run.learned:,} looks to learn from; expected {options.looks:,}: give fewer --looks."
        )
    cloned = collect(options)
    every = split(cloned, held_out=0, apart=0)
    arms = {"cloned": _open(cloned, every, options), "distilled": _open(options.shards, run, options)}
    for arm in ARMS:
        learn(arm, Looks(arms[arm], options.looks, seed=options.seed), options, half=half)
    validation_towns(options.maps)
    places = read_folder(options.maps / "validation")
    spread = places[:: max(1, len(places) // PLACES)][:PLACES]
    asked = Looks(open_known(options.shards, run.held, study=options.folder), run.asked, seed=0)
    return {
        "cloning": {arm: judge(arm, asked, spread, options, half=half) for arm in ARMS},
        "minutes": options.minutes,
        "looks": options.looks,
        "held_out": run.asked,
        "seed": options.seed,
        "git_revision": git_revision(),
    }


def _open(shards: Path, known: Split, options: Options) -> list[Shard]:
    return open_known(shards, known.learn, study=options.folder)


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    try:
        result = compare(options)
    except CaravelaError as error:
        print(f"cloning: {error}", file=sys.stderr)
        sys.exit(2)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for arm, row in result["cloning"].items():
        print(f"{arm}: loss {row['loss']:.3f}, {row['drives']['successes']} of {row['drives']['episodes']} short drives", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
