"""Does it pay to pretrain the eyes? Two drivers learn from the same labelled looks for the same processor time of one core: one from nothing,
one that spends the first part of it on driving video without actions, filming included; both once per seed. `python benchmarks/pretraining.py
--shards runs/vla/nano/shards` writes results/pretraining.json; an arm that is done is kept."""

import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._map_sides import training_maps, validation_towns
from caravela.commands._progress import Bar
from caravela.commands._teacher import teacher_at
from caravela.core.errors import CaravelaError
from caravela.evaluate.places import Place, read_folder
from caravela.model.batch import Batch
from caravela.model.checkpoint import git_revision, load_checkpoint
from caravela.train.pretrain import Pretrainer
from caravela.train.recipe import VLATrainConfig
from caravela.train.samples import Shard
from caravela.train.scaling import PLACES, held_out_losses, short_drives
from caravela.train.scaling_looks import Known, Looks, Split, open_known, split
from caravela.train.teacher_driver import load_teacher
from caravela.train.threads import half_pays, use_threads
from caravela.train.vla import ENDLESS, VLATrainer

ARMS = ("pretrained", "plain")
DRIVES_SEED = 0  # of the starts that every arm drives from


@dataclass(frozen=True)
class Options:
    shards: Path = Path("runs/vla/nano/shards")
    """Labelled looks that a run collected."""
    minutes: float = 40.0
    """Processor time of each arm."""
    share: float = 0.35
    """Of it that goes to the eyes, in the arm that pretrains them."""
    held_out: int = 3000
    """Newest looks, which are asked about and never learned from."""
    apart: int = 4000
    """Looks before them that serve neither."""
    episodes: int = 48
    """Short drives of each driver, on the validation side."""
    folder: Path = Path("runs/pretraining")
    """Where the arms are kept."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps."""
    towns: int = 340
    """Generated towns to film, made in `--maps` where they are not there."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Of the arms' weights and batches: both arms learn once with each."""
    out: Path = Path("results/pretraining.json")
    """The figures."""


class Fixed:
    """Looks that stay the same, as a trainer's reader."""

    def __init__(self, looks: Looks) -> None:
        self.looks, self.step = looks, 0

    @property
    def shards(self) -> dict[str, Looks]:
        return {"all": self.looks}

    def refresh(self) -> int:
        return len(self.looks)

    def draw(self, size: int) -> Batch:
        self.step += 1
        return self.looks.draw(size, step=self.step - 1)


class Study:
    """All arms in a folder, and what they are about: one that is there goes on as it was begun."""

    def __init__(self, options: Options) -> None:
        """Raises CaravelaError for impossible options, too few looks, or a study that was begun otherwise."""
        if not options.seeds or min(options.seeds) < 0:
            raise CaravelaError(f"--seeds is {options.seeds}; expected one or more, none below 0.")
        if options.minutes <= 0.0 or not 0.0 < options.share < 1.0:
            raise CaravelaError(f"--minutes {options.minutes:g} and --share {options.share:g}; expected more than 0, and between 0 and 1.")
        self.options, path = options, options.folder / "study.json"
        asked = {name: str(getattr(options, name)) for name in ("shards", "minutes", "share", "held_out", "apart", "towns")}
        if path.exists():
            begun = json.loads(path.read_text())
            if begun["asked"] != asked:
                raise CaravelaError(f"'{options.folder}' was begun with {begun['asked']}; give the same options, or another --folder.")
            learn, held = ([Known(**each) for each in begun["split"][name]] for name in ("learn", "held"))
            self.split, self.half = Split(tuple(learn), tuple(held), begun["split"]["between"]), begun["half"]
        else:
            self.split, self.half = split(options.shards, held_out=options.held_out, apart=options.apart), half_pays()
            options.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"asked": asked, "split": asdict(self.split), "half": self.half}, indent=1) + "\n")

    def learn(self, arm: str, *, seed: int) -> None:
        """Learn an arm from its beginning, unless it is done."""
        folder = self._folder(arm, seed=seed)
        kept = folder.with_suffix(".json")
        if kept.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        config, left = VLATrainConfig(seed=seed, half=self.half), 60.0 * self.options.minutes
        row = self._eyes(folder, config, seconds=self.options.share * left) if arm == "pretrained" else {}
        began, left = time.process_time(), left - row.get("eyes_s", 0.0)
        trainer = VLATrainer(folder, config)
        trainer.reader = Fixed(Looks(self._open(self.split.learn), self.split.learned, seed=seed))
        trainer.train(seconds=left, until=ENDLESS, anneal=True, clock=time.process_time)
        row |= {"driving_s": round(time.process_time() - began, 1), "driving_steps": trainer.step}
        kept.write_text(json.dumps(row) + "\n")

    def _eyes(self, folder: Path, config: VLATrainConfig, *, seconds: float) -> dict[str, float]:
        """Pretrain them in the arm's folder; all that it takes counts, making ready included, but not maps that were never made before."""
        maps = training_maps(self.options.maps, towns=self.options.towns)
        began = time.process_time()
        teacher = load_teacher(teacher_at(None))
        eyes = Pretrainer(maps, folder, config, teacher=teacher)
        eyes.train(seconds=seconds - (time.process_time() - began), until=ENDLESS, anneal=True, clock=time.process_time)
        return {"eyes_s": round(time.process_time() - began, 1), "eyes_steps": eyes.step}

    def judge(self, arm: str, places: Sequence[Place], *, seed: int) -> dict[str, Any]:
        """What an arm took, how it answers about looks that it never saw, and how it drives: all arms on the same drives."""
        folder = self._folder(arm, seed=seed)
        path, row = folder / "average.safetensors", {"seed": seed} | json.loads(folder.with_suffix(".json").read_text())
        asked = Looks(self._open(self.split.held), self.split.asked, seed=0)
        row |= held_out_losses(load_checkpoint(path).model, asked, batch=64)
        with Bar() as bar:
            row["drives"] = short_drives(path, places, bar, episodes=self.options.episodes, seed=DRIVES_SEED, half=self.half)
        return row

    def _folder(self, arm: str, *, seed: int) -> Path:
        return self.options.folder / f"{arm}-{seed}"

    def _open(self, known: Sequence[Known]) -> list[Shard]:
        return open_known(self.options.shards, known, study=self.options.folder)


def compare(options: Options) -> dict[str, Any]:
    """Both arms with every seed, what each costs and does."""
    use_threads(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    study = Study(options)
    for seed in options.seeds:
        for arm in ARMS:
            study.learn(arm, seed=seed)
    validation_towns(options.maps)
    places = read_folder(options.maps / "validation")
    spread = places[:: max(1, len(places) // PLACES)][:PLACES]
    return {
        "pretraining": {arm: [study.judge(arm, spread, seed=seed) for seed in options.seeds] for arm in ARMS},
        "minutes": options.minutes,
        "share": options.share,
        "looks": study.split.learned,
        "held_out": study.split.asked,
        "git_revision": git_revision(),
    }


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    try:
        result = compare(options)
    except CaravelaError as error:
        print(f"pretraining: {error}", file=sys.stderr)
        sys.exit(2)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for arm, rows in result["pretraining"].items():
        for row in rows:
            print(
                f"{arm}, seed {row['seed']}: loss {row['loss']:.3f}, {row['drives']['successes']} of {row['drives']['episodes']} short drives",
                file=sys.stderr,
            )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
