"""One part of a trained driver learnt anew while all the rest holds still. What does not read the part plans as it did, to the last bit: the
tokens of no route are read only without a route, what reads the sentence adds nothing to silence, and no plan reads the heads that tell who shows
where. So a skill is mended in minutes, and only what reads it has to be driven again. Eyes for abroad are read by every plan; they are exported
beside those for home (`export_onnx`). It runs on the CPU."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from caravela.core.errors import CaravelaError, unknown_name
from caravela.model.batch import Batch
from caravela.model.shift import RANK
from caravela.model.vla import VLA
from caravela.train.relight import relight
from caravela.train.rephrase import Rephrasing
from caravela.train.run_files import read_tensors, replace_together, write_tensors
from caravela.train.samples import IMAGES, ShardReader, Weigh
from caravela.train.threads import half_pays

SILENT_SHARE = 0.15  # how often a silent look is drawn for words, of how often a spoken one is: talk is put over it, which asks for nothing
FINAL_SHARE = 0.02  # of the learning rate, at the end
TOLD_EVERY = 20  # steps
SAVE_EVERY_S = 120.0


@dataclass(frozen=True)
class Part:
    """What may be learnt alone."""

    name: str
    learned: tuple[str, ...]  # what the names of its parameters begin with
    losses: dict[str, float]  # weights
    needs: tuple[str, ...]  # arrays that every shard has to hold
    learning_rate: float
    minutes: float  # of one core, by default
    weigh: Weigh | None = None  # how often each look is drawn; None: all alike


def _without_route(arrays: dict[str, NDArray]) -> NDArray[np.float64]:
    if "has_route" not in arrays:
        return np.ones(len(arrays["ego"]))  # refused for what it lacks, and not as one without such looks
    return (~np.asarray(arrays["has_route"]).astype(bool)).astype(np.float64)


def _spoken(arrays: dict[str, NDArray]) -> NDArray[np.float64]:
    return np.where(np.asarray(arrays["words"]).any(1), 1.0, SILENT_SHARE) if "words" in arrays else np.ones(len(arrays["ego"]))


# The value's error is a tenth of the others, being of returns within 0..1: eight of it weigh about as much as one of theirs.
_DRIVING = {"flow": 1.0, "regression": 1.0, "path": 0.2, "value": 8.0, "risk": 0.3}
_SEEING = {"bev": 0.5, "depth": 0.3, "lamps": 0.5, "bodies": 0.5, "light": 0.3, "stop": 0.2, "lead": 0.2, "lane": 0.2}
_SEEN = ("bev", "depth", "lamps", "bodies", "light", "stop_distance", "lead", "lane")
_DRIVEN = ("has_route", "words", "knots", "knots_valid", "proposals", "returns", "failed", "outcomes_valid")
PARTS = {
    part.name: part
    for part in (
        Part("no-route", ("route_none", "shift.no_route"), _DRIVING, _DRIVEN, learning_rate=2e-2, minutes=6.0, weigh=_without_route),
        Part("words", ("words.0.weight", "shift.down.", "shift.up."), _DRIVING, _DRIVEN, learning_rate=2e-3, minutes=60.0, weigh=_spoken),
        Part(
            "abroad",
            ("vision.", "eyes.birds_eye.", "eyes.lamps."),
            _DRIVING | _SEEING,
            (*_DRIVEN, *_SEEN),
            learning_rate=5e-4,
            minutes=90.0,
        ),
        Part("sight", ("eyes.bodies.", "eyes.depth."), {"bodies": 1.0, "depth": 1.0}, ("bodies", "depth"), learning_rate=4e-3, minutes=8.0),
    )
}


def part_named(name: str) -> Part:
    """Raises CaravelaError for one that there is not."""
    if name not in PARTS:
        raise unknown_name("part", name, PARTS)
    return PARTS[name]


def with_shift(model: VLA, *, seed: int = 0) -> VLA:
    """A model of before, given a shift that adds nothing yet."""
    torch.manual_seed(seed)
    larger = VLA(replace(model.config, shift_rank=RANK))
    larger.load_state_dict(larger.state_dict() | model.state_dict())
    return larger.eval()


class Tuner:
    """Learns one part of a model (`model`: the given one, or a larger one made of it), in evaluation mode throughout: its norms hold still, too."""

    def __init__(
        self, model: VLA, part: Part, reader: ShardReader, *, batch: int = 60, learning_rate: float | None = None, seed: int = 0
    ) -> None:
        """Raises CaravelaError where there are no looks that teach the part, or some lack what it needs."""
        _check(reader, part)
        self.model = with_shift(model, seed=seed) if _grows(model, part) else model.eval()
        self.part, self.reader, self.batch = part, reader, batch
        self.learned = [value for name, value in self.model.named_parameters() if name.startswith(part.learned)]
        for value in self.model.parameters():
            value.requires_grad_(False)
        for value in self.learned:
            value.requires_grad_(True)
        self.learning_rate, self.half = learning_rate or part.learning_rate, half_pays()
        self.optimiser = torch.optim.Adam(self.learned, lr=self.learning_rate)
        self.step = 0
        self._of = hashlib.sha256(b"".join(value.detach().numpy().tobytes() for value in self.model.state_dict().values())).hexdigest()
        self._chance = torch.Generator().manual_seed(seed)
        self._rephrasing = Rephrasing(talked=1.0) if part.name == "words" else None

    def train(
        self, *, seconds: float, told: Callable[[str], None], clock: Callable[[], float] = time.monotonic, kept: Path | None = None
    ) -> dict[str, float]:
        """Learn for `seconds` in all, one step at least; says now and then how far it is. Returns the means of the losses since it last did so,
        of TOLD_EVERY steps at most. `kept`: where it is saved every SAVE_EVERY_S, so that a run that was stopped goes on from there.
        Raises CaravelaError as `learn` does, and where that file is another run's."""
        spent = self._take_up(kept) if kept is not None and kept.exists() else 0.0
        began, saved, recent = clock() - spent, clock(), list[dict[str, float]]()
        while not self.step or clock() - began < seconds:
            if len(recent) == TOLD_EVERY:
                recent = []
            recent.append(self.learn(share=min((clock() - began) / seconds, 1.0)))
            if len(recent) == TOLD_EVERY:
                told(f"{self.part.name} step {self.step:5d}  " + "  ".join(f"{name} {value:.3f}" for name, value in _means(recent).items()))
            if kept is not None and clock() - saved >= SAVE_EVERY_S:
                self._keep(kept, spent=clock() - began)
                saved = clock()
        return _means(recent)

    def _keep(self, path: Path, *, spent: float) -> None:
        """Write what it takes to go on."""
        learned = {name: value.detach() for name, value in self.model.named_parameters() if value.requires_grad}
        state = {"part": self.part.name, "of": self._of, "step": self.step, "spent": spent}
        content = state | {"learned": learned, "optimiser": self.optimiser.state_dict()}
        replace_together({path: lambda part: write_tensors(part, content)})

    def _take_up(self, path: Path) -> float:
        """Go on from a file of `_keep`; returns the seconds spent before it was written."""
        saved = read_tensors(path, mend="take it away, and the part is learnt from its beginning")
        if (saved.get("part"), saved.get("of")) != (self.part.name, self._of):
            raise CaravelaError(f"'{path}' was left by another tuning, which was stopped; go on with that one, or take the file away.")
        named = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, value in saved["learned"].items():
                named[name].copy_(value)
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step = int(saved["step"])
        return float(saved["spent"])

    def learn(self, *, share: float) -> dict[str, float]:
        """One step, `share` of the way through; returns its losses. Raises CaravelaError on a loss or gradient that is no number, before it
        reaches the weights."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * (FINAL_SHARE + (1.0 - FINAL_SHARE) * 0.5 * (1.0 + float(np.cos(np.pi * share))))
        batch = self._draw()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            losses = self._losses(batch)
        total = torch.stack([self.part.losses[name] * value.float() for name, value in losses.items()]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.stack([value.grad.norm() for value in self.learned if value.grad is not None]).norm()
        if not (torch.isfinite(total) and torch.isfinite(norm)):
            raise CaravelaError(
                f"the loss or its gradient became infinite or no number at step {self.step}, and nothing was written; give a smaller "
                f"--learning-rate than {self.learning_rate:g}, or other --shards."
            )
        self.optimiser.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def _draw(self) -> Batch:
        """Looks that teach the part, in other light, and what was said in other words."""
        batch = self.reader.draw(self.batch)
        batch = replace(batch, images=relight(batch.images, generator=self._chance))
        return batch if self._rephrasing is None else replace(batch, words=self._rephrasing(batch.words, generator=self._chance))

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        """Those of the part. Where it drives, the critic's reach it, too, as they do not in the driver's own training."""
        model = self.model
        context, thought = model.embed_context(batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words)
        losses = {} if self.part.losses.keys().isdisjoint(_SEEING) else model.eyes.losses(context, thought, batch)
        if "flow" in self.part.losses:
            losses |= model.plan_losses(context, thought, batch, self._chance)
            losses |= model.outcome_losses(context, batch, teaches_context=True)
        return {name: value for name, value in losses.items() if name in self.part.losses}


def _grows(model: VLA, part: Part) -> bool:
    """Whether a part is learnt in what a model of before lacks."""
    return not model.config.shift_rank and any(name.startswith("shift.") for name in part.learned)


def _check(reader: ShardReader, part: Part) -> None:
    """Raises CaravelaError where a reader's shards do not teach a part."""
    if not reader.folder.is_dir():
        raise CaravelaError(f"there is no folder '{reader.folder}'; expected shards of `caravela train vla --only collect`: give --shards.")
    if not reader.shards:
        raise CaravelaError(f"no look in '{reader.folder}' teaches '{part.name}'; expected shards of `caravela train vla --only collect`.")
    for name, shard in reader.shards.items():
        if lacks := [need for need in (IMAGES, *part.needs) if need not in shard.arrays]:
            raise CaravelaError(
                f"'{reader.folder / name}' holds no {' and no '.join(lacks)}, which '{part.name}' is learnt from; collect anew, or give --newest as "
                "many shards as hold it."
            )


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
