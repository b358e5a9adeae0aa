"""How the driver's loss falls with data, parameters and compute: a study at small scale, whose points are learned one after the other on
the same shards by the recipe of `vla`. Each of the three axes varies one thing from one and the same largest point: all looks, the
preset's size, the most steps. A point is kept as soon as it is done, so a study that was killed goes on, within a point too."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from caravela.core.errors import CaravelaError
from caravela.core.types import policy_rig
from caravela.evaluate.drivers import PolicyDriver
from caravela.evaluate.driving import Watcher
from caravela.evaluate.pages.scaling import AXES, LOSSES
from caravela.evaluate.places import Place
from caravela.evaluate.run import Run, run
from caravela.evaluate.statistics import rounded, wilson
from caravela.evaluate.suites import Suite
from caravela.evaluate.summary import rows_of, summarise
from caravela.model.checkpoint import git_revision, load_checkpoint, save_checkpoint
from caravela.model.config import VLAConfig
from caravela.model.policy import TorchPolicy
from caravela.model.presets import from_dial, preset
from caravela.model.vla import VLA
from caravela.train.power_law import LEAST_POINTS, PowerLaw, fit
from caravela.train.recipe import VLATrainConfig
from caravela.train.run_files import refusals, replace_together
from caravela.train.scaling_looks import Known, Looks, Split, open_known, split
from caravela.train.threads import half_pays
from caravela.train.vla import VLATrainer
from caravela.world.maps.catalogue import cache_folder

Row = dict[str, Any]
SHORT = Suite(
    "short", "20 s by day in light traffic: short, so that what has learned little is told apart", seconds=20.0, least_seconds=10.0
)
PLACES = 8  # maps of the short drives, at most
PROPOSALS = 2  # of the drives: the first one is driven
SAVE_EVERY_S = 120.0


@dataclass(frozen=True)
class ScalingConfig:
    """What is varied, and what is kept alike."""

    preset: str  # of the largest point
    data: tuple[float, ...]  # shares of the looks
    depths: tuple[int, ...] | None  # of the trunk, see `presets.from_dial`; None: four up to the preset's
    steps: tuple[int, ...]
    batch: int  # looks of a step
    held_out: int  # looks to ask about, at least
    apart: int  # looks between those and the others, at least: more than a round of collecting makes
    newest: int | None  # shards to take; None: all
    seed: int


@dataclass(frozen=True)
class Point:
    """One model to learn."""

    looks: int
    depth: int
    steps: int

    @property
    def name(self) -> str:
        return f"looks{self.looks}-depth{self.depth}-steps{self.steps}"


def points_of(config: ScalingConfig, looks: int) -> dict[str, list[Point]]:
    """The points of each axis, smallest first; the last one is the same of all. Raises CaravelaError for fewer than LEAST_POINTS."""
    top = preset(config.preset).depth
    depths = sorted(set(config.depths or (max(1, round(top * k / LEAST_POINTS)) for k in range(1, LEAST_POINTS + 1))))
    steps, counts = sorted(set(config.steps)), sorted({round(share * looks) for share in config.data})
    if not all(0.0 < share <= 1.0 for share in config.data):
        raise CaravelaError(f"--data is {_listed(config.data)}; expected shares of the looks, above 0 and at most 1.")
    if depths[0] < 1 or steps[0] < 1:
        raise CaravelaError(f"--depths is {_listed(depths)} and --steps {_listed(steps)}; expected numbers of 1 or more.")
    for option, given in (("data", counts), ("depths", depths), ("steps", steps)):
        if len(given) < LEAST_POINTS:
            raise CaravelaError(
                f"--{option} gives {len(given)} different points ({_listed(given)}); expected at least {LEAST_POINTS}: fewer have no interval."
            )
    if counts[0] < config.batch:
        raise CaravelaError(
            f"the smallest share of --data is {counts[0]} of {looks:,} looks; expected at least a batch ({config.batch}): give a larger one, or "
            "collect more."
        )
    for depth in depths:
        sized(depth)
    return {
        "data": [Point(count, depths[-1], steps[-1]) for count in counts],
        "parameters": [Point(counts[-1], depth, steps[-1]) for depth in depths],
        "compute": [Point(counts[-1], depths[-1], step) for step in steps],
    }


def sized(depth: int) -> VLAConfig:
    """The model of that depth. Raises CaravelaError where the dial makes none."""
    try:
        return from_dial(f"depth-{depth}", depth=depth)
    except ValueError as error:
        raise CaravelaError(f"--depths has {depth}, of which no model can be made ({error}); give another one.") from error


def _listed(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


class Study:
    """One study in a folder: which shards it is about, and the points that are done."""

    def __init__(self, shards: Path, folder: Path, config: ScalingConfig) -> None:
        """One that is there goes on, with its own shards. Raises CaravelaError for too few looks or points, and where the study that is there
        was begun otherwise."""
        self.shards, self.folder, self.config = shards, folder, config
        path = folder / "study.json"
        begun = _read(path)
        if begun is None:
            self.split = split(shards, held_out=config.held_out, apart=config.apart, newest=config.newest)
            self.axes = points_of(config, self.split.learned)
            self.half = half_pays()
            begun = {"settings": self._settings(), "half": self.half, "split": asdict(self.split)}
            _write(path, json.dumps(begun, indent=1) + "\n")
        else:
            self._check_alike(begun["settings"])
            kept = {name: tuple(Known(**each) for each in begun["split"][name]) for name in ("learn", "held")}
            self.split, self.half = Split(**kept, between=begun["split"]["between"]), begun["half"]
            self.axes = points_of(config, self.split.learned)

    def _settings(self) -> dict[str, Any]:
        config = self.config
        return {name: getattr(config, name) for name in ("held_out", "apart", "newest", "batch", "seed")}

    def _check_alike(self, settings: dict[str, Any]) -> None:
        for name, given in self._settings().items():
            if settings[name] != given:
                raise CaravelaError(
                    f"--{name.replace('_', '-')} is {given}, but the study in '{self.folder}' was begun with {settings[name]}; give the same, or "
                    "another --folder for a new study."
                )

    @property
    def points(self) -> list[Point]:
        """All of them, once each, the cheapest first."""
        every = {point for several in self.axes.values() for point in several}
        return sorted(every, key=lambda point: (point.steps * point.depth, point.looks))

    def driver(self, point: Point) -> Path:
        """Where a point's model lies."""
        return self.folder / "points" / point.name / "average.safetensors"

    def learned(self) -> dict[Point, Row]:
        """The rows of the points that are done."""
        rows = _rows(self.folder / "points.jsonl")
        return {Point(row["looks"], row["depth"], row["steps"]): row for row in rows}

    def learn(self, watcher: Watcher) -> None:
        """Learn what is left. Raises CaravelaError where it has to and its shards are gone, and where a loss is no number."""
        done = self.learned()
        left = [point for point in self.points if point not in done]
        if not left:
            return
        shards, held = (open_known(self.shards, part, study=self.folder) for part in (self.split.learn, self.split.held))
        asked = Looks(held, self.split.asked, seed=0)
        for number, point in enumerate(left, start=len(self.points) - len(left) + 1):
            looks = Looks(shards, point.looks, seed=self.config.seed)
            watcher.stage(f"{number} of {len(self.points)}: {point.name}", total=point.steps)
            row = self._learn_point(point, looks, asked, watcher)
            _keep(self.folder / "points.jsonl", row)
            for name in ("last.safetensors", "optimiser.pt"):
                (self.driver(point).parent / name).unlink(missing_ok=True)

    def _learn_point(self, point: Point, looks: Looks, asked: Looks, watcher: Watcher) -> Row:
        folder, batch = self.driver(point).parent, self.config.batch
        recipe = VLATrainConfig(
            batch=batch, steps=point.steps, warmup=max(1, point.steps // 10), half=self.half, seed=self.config.seed
        )  # else a point of few steps would be all warm-up
        _begin(folder, sized(point.depth), recipe)
        trainer = VLATrainer(folder, recipe)
        watcher.advance(trainer.step)
        began, first, saved = time.monotonic(), trainer.step, time.monotonic()
        while trainer.step < point.steps:
            trainer.learn(looks.draw(batch, step=trainer.step))
            watcher.advance(1)
            if time.monotonic() - saved > SAVE_EVERY_S:
                trainer.save()
                saved = time.monotonic()
        took = (time.monotonic() - began) / max(1, trainer.step - first)
        trainer.save()
        cost = flops_per_look(trainer.model.config, looks)
        return {
            **asdict(point),
            "parameters": sum(weight.numel() for weight in trainer.model.parameters()),
            "flops_per_look": cost,
            "flops": cost * batch * point.steps,
            **held_out_losses(trainer.average, asked, batch=batch),
            "seconds_per_step": round(took, 3),
            "git_revision": git_revision(),
        }

    def driven(self, *, episodes: int) -> dict[Point, Row]:
        """What became of the short drives of the points that have driven so many."""
        rows = _rows(self.folder / "drives.jsonl")
        return {Point(row["looks"], row["depth"], row["steps"]): row["drives"] for row in rows if row["drives"]["asked"] == episodes}

    def drive(self, places: Sequence[Place], watcher: Watcher, *, episodes: int) -> None:
        """Let every point that has not yet drive, all of them from the same starts."""
        done = self.driven(episodes=episodes)
        spread = list(places)[:: max(1, len(places) // PLACES)][:PLACES]
        for point in self.points:
            if point not in done:
                drives = short_drives(self.driver(point), spread, watcher, episodes=episodes, seed=self.config.seed, half=self.half)
                _keep(self.folder / "drives.jsonl", {**asdict(point), "drives": {"asked": episodes, **drives}})

    def report(self, *, episodes: int) -> dict[str, Any]:
        """Every point with its numbers, and what was fitted."""
        rows, drives = self.learned(), self.driven(episodes=episodes) if episodes else {}
        points = []
        for point in self.points:
            axes = [name for name, several in self.axes.items() if point in several]
            points.append({"axes": axes, **rows[point], **({"drives": drives[point]} if point in drives else {})})
        return {
            "preset": self.config.preset,
            "looks": self.split.learned,
            "held_out": self.split.asked,
            "left_out": self.split.between,
            "batch": self.config.batch,
            "half": self.half,
            "seed": self.config.seed,
            "points": points,
            "fits": {
                name: {loss: told(fit([rows[p][axis.number] for p in on], [rows[p][loss] for p in on])) for loss in LOSSES}
                for (name, axis), on in zip(AXES.items(), self.axes.values(), strict=True)
            },
        }


def told(law: PowerLaw) -> dict[str, Any]:
    """A law for JSON."""
    interval = [None, None] if law.interval is None else rounded(law.interval, 5)
    return {
        "scale": round(law.scale, 5),
        "exponent": round(law.exponent, 5),
        "interval": interval,
        "spread": round(law.spread, 5),
        "points": law.points,
    }


def _begin(folder: Path, sizes: VLAConfig, recipe: VLATrainConfig) -> None:
    """A run of a size that has no name, before its first step: `VLATrainer` takes it up."""
    if (folder / "last.safetensors").exists():
        return
    torch.manual_seed(recipe.seed)
    model = VLA(sizes)
    for name in ("average", "last"):
        save_checkpoint(folder / f"{name}.safetensors", model, data_version=recipe.data_version, progress={"step": 0, "half": recipe.half})


@torch.no_grad()
def held_out_losses(model: VLA, looks: Looks, *, batch: int, seed: int = 0) -> dict[str, float]:
    """Means over all looks with a valid plan, nothing hidden from the model, with the same noise for every model: flow, regression, their
    sum `loss`, and path (m)."""
    config, training, device = model.config, model.training, next(model.parameters()).device
    model.config = replace(config, ego_dropout=0.0)
    model.eval()
    generator = torch.Generator(device).manual_seed(seed)
    sums, count = dict.fromkeys(("flow", "regression", "path"), 0.0), 0
    try:
        for part in looks.in_turn(batch):
            valid = len(part) if part.knots_valid is None else int(part.knots_valid.sum())
            losses = model.compute_loss(part.to(device), generator=generator)
            sums = {name: total + valid * losses[name].item() for name, total in sums.items()}
            count += valid
    finally:
        model.config = config
        model.train(training)
    if not count:
        raise CaravelaError("none of the held-out looks has a valid plan; give --shards that `caravela train vla` collected.")
    means = {name: total / count for name, total in sums.items()}
    return {name: round(value, 6) for name, value in {"loss": means["flow"] + means["regression"], **means}.items()}


def flops_per_look(sizes: VLAConfig, looks: Looks, *, batch: int = 4) -> int:
    """What one look costs in learning: floating-point operations of all products and convolutions, forward and backward, as torch counts
    them (a multiplication and an addition are two). What is done element by element is not counted."""
    model = VLA(sizes).train()
    counter = FlopCounterMode(display=False)
    with counter:
        model.compute_loss(looks.draw(batch, step=0))["total"].backward()
    return counter.get_total_flops() // batch


def short_drives(path: Path, places: Sequence[Place], watcher: Watcher, *, episodes: int, seed: int, half: bool) -> Row:
    """Drive a checkpoint in closed loop. The interval of success is Wilson's, of drives taken for independent: most points have few or no
    successes, of which drawing maps again makes nothing."""
    policy = TorchPolicy(load_checkpoint(path).model, proposals=PROPOSALS, half=half)
    driver = PolicyDriver(policy, rig=policy_rig(), name=path.parent.name)
    identity = f"{driver.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    work = Run(places, SHORT, identity=identity, episodes=episodes, seed=seed, cache=cache_folder().parent / "evaluate")
    rows = rows_of(run(work, driver, watcher=watcher), places)
    summary = summarise(rows)
    successes = sum(row["success"] for row in rows)
    names = ("episodes", "maps", "success", "progress", "score", "km")
    return {"successes": successes, "success_ci": rounded(wilson(successes, len(rows))), **{name: summary[name] for name in names}}


def _read(path: Path) -> dict[str, Any] | None:
    """A study's own file; none where there is none. Raises CaravelaError for anything else."""
    if not path.exists():
        return None
    try:
        begun = json.loads(path.read_text())
        if {"settings", "half", "split"} <= begun.keys():
            return begun
    except (OSError, ValueError, AttributeError):
        pass
    raise CaravelaError(f"'{path}' is damaged or not of a study; give another --folder, or take it away.")


def _write(path: Path, text: str) -> None:
    """Whole or not at all. Raises CaravelaError where the disk refuses."""
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_together({path: lambda part: _fill(part, text)})


def _fill(part: Path, text: str) -> None:
    part.write_text(text)


def _keep(path: Path, row: Row) -> None:
    """One JSON line more."""
    _write(path, "".join(json.dumps(each) + "\n" for each in [*_rows(path), row]))


def _rows(path: Path) -> list[Row]:
    """The rows of a file of JSON lines; none where there is none. Raises CaravelaError for one that is damaged."""
    try:
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    except (OSError, ValueError) as error:
        raise CaravelaError(f"'{path}' cannot be read ({error}); mend it, or give another --folder for a new study.") from error
