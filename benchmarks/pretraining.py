"""Does it pay to pretrain the eyes? Two drivers learn from the same labelled looks for the same processor time of one core: one from nothing,
one that spends the first part of it on driving video without actions, filming included. `python benchmarks/pretraining.py --shards
runs/vla/nano/shards` writes results/pretraining.json; an arm that is done is kept."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._map_sides import training_maps, validation_towns
from caravela.commands._progress import Bar
from caravela.commands._teacher import teacher_at
from caravela.evaluate.places import read_folder
from caravela.model.batch import Batch
from caravela.model.checkpoint import git_revision
from caravela.train.pretrain import Pretrainer
from caravela.train.scaling import PLACES, held_out_losses, short_drives
from caravela.train.scaling_looks import Looks, open_known, split
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.train.threads import half_pays, use_threads
from caravela.train.vla import ENDLESS, VLATrainConfig, VLATrainer

ARMS = ("pretrained", "plain")


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
    seed: int = 0
    """Of both arms."""
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


@contextmanager
def timed(row: dict[str, Any], name: str) -> Iterator[None]:
    """Note the processor seconds of what is done inside."""
    began = time.process_time()
    yield
    row[name] = round(time.process_time() - began, 1)


def learn(arm: str, folder: Path, looks: Looks, options: Options, *, half: bool) -> dict[str, Any]:
    """One arm, from its beginning."""
    shutil.rmtree(folder, ignore_errors=True)
    config = VLATrainConfig(seed=options.seed, half=half)
    row: dict[str, Any] = {}
    left = 60.0 * options.minutes
    if arm == "pretrained":
        with timed(row, "eyes_s"):
            driver = TeacherDriver(load_teacher(teacher_at(None)))
            eyes = Pretrainer(training_maps(options.maps, towns=340), folder, config, driver=driver)
            eyes.train(seconds=options.share * left, until=ENDLESS, anneal=True, clock=time.process_time)
        row["eyes_steps"] = eyes.step
        left -= row["eyes_s"]
    with timed(row, "driving_s"):
        trainer = VLATrainer(folder, config)
        trainer.reader = Fixed(looks)
        trainer.train(seconds=left, until=ENDLESS, anneal=True, clock=time.process_time)
    return row | {"driving_steps": trainer.step}


def compare(options: Options) -> dict[str, Any]:
    """Both arms, with what each costs and does."""
    use_threads(1)
    parts, half = split(options.shards, held_out=options.held_out, apart=options.apart), half_pays()
    shards, held = (open_known(options.shards, part, study=options.folder) for part in (parts.learn, parts.held))
    looks, asked = Looks(shards, parts.learned, seed=options.seed), Looks(held, parts.asked, seed=0)
    validation_towns(options.maps)
    places = read_folder(options.maps / "validation")
    arms: dict[str, Any] = {}
    for arm in ARMS:
        kept = options.folder / f"{arm}.json"
        if not kept.exists():
            row = learn(arm, options.folder / arm, looks, options, half=half)
            kept.write_text(json.dumps(row) + "\n")
        arms[arm] = json.loads(kept.read_text())
    for arm, row in arms.items():
        path = options.folder / arm / "average.safetensors"
        trainer = VLATrainer(options.folder / arm, VLATrainConfig(half=half))
        row |= held_out_losses(trainer.average, asked, batch=64)
        with Bar() as bar:
            spread = places[:: max(1, len(places) // PLACES)][:PLACES]
            row["drives"] = short_drives(path, spread, bar, episodes=options.episodes, seed=options.seed, half=half)
    return {
        "pretraining": arms,
        "minutes": options.minutes,
        "share": options.share,
        "looks": parts.learned,
        "held_out": parts.asked,
        "seed": options.seed,
        "git_revision": git_revision(),
    }


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    options.folder.mkdir(parents=True, exist_ok=True)
    result = compare(options)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for arm, row in result["pretraining"].items():
        print(f"{arm}: loss {row['loss']:.3f}, {row['drives']['successes']} of {row['drives']['episodes']} short drives", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
