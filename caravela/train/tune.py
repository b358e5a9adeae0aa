"""One part of a trained driver learnt anew while all the rest holds still. What does not read the part drives as it did, to the last bit: the
tokens of no route are read only without a route, what reads the sentence adds nothing to silence, and nothing that drives reads the heads that tell
who shows where. So a skill can be mended in minutes, and nothing else has to be measured again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from caravela.core.errors import CaravelaError
from caravela.model.batch import Batch
from caravela.model.prompts import SIZE
from caravela.model.vla import VLA
from caravela.train.relight import relight
from caravela.train.rephrase import Rephrasing
from caravela.train.run_files import not_finite
from caravela.train.samples import ShardReader, Weigh

SILENT_SHARE = 0.15  # how often a silent look is drawn for words, of how often a spoken one is: talk is put over it, which asks for nothing
FINAL_SHARE = 0.02  # of the learning rate, at the end
TOLD_EVERY = 20  # steps


@dataclass(frozen=True)
class Part:
    """What may be learnt alone."""

    name: str
    learned: tuple[str, ...]  # what the names of its parameters begin with
    losses: dict[str, float]  # weights
    learning_rate: float
    minutes: float  # of one core, after which more gained little
    weigh: Weigh | None = None  # how often each look is drawn; None: all alike


def _without_route(arrays: dict[str, NDArray]) -> NDArray[np.float64]:
    return (~np.asarray(arrays["has_route"]).astype(bool)).astype(np.float64)


def _spoken(arrays: dict[str, NDArray]) -> NDArray[np.float64]:
    return np.where(np.asarray(arrays["words"]).any(1), 1.0, SILENT_SHARE)


_DRIVING = {
    "flow": 1.0,
    "regression": 1.0,
    "path": 0.2,
    "value": 8.0,
    "risk": 0.3,
}  # the critic's count for more: they reach few parameters
PARTS = {
    part.name: part
    for part in (
        Part("no-route", ("route_none",), _DRIVING, learning_rate=2e-2, minutes=6.0, weigh=_without_route),
        Part("words", ("words.0.weight", "prompts."), _DRIVING, learning_rate=2e-3, minutes=20.0, weigh=_spoken),
        Part("sight", ("eyes.bodies.", "eyes.depth."), {"bodies": 1.0, "depth": 1.0}, learning_rate=4e-3, minutes=10.0),
    )
}


def part_named(name: str) -> Part:
    """Raises CaravelaError for one that there is not."""
    if name not in PARTS:
        raise CaravelaError(f"there is no part '{name}'; expected {', '.join(PARTS)}.")
    return PARTS[name]


def with_prompts(model: VLA) -> VLA:
    """A model of before, given deep prompts that add nothing yet."""
    larger = VLA(replace(model.config, prompts=SIZE))
    larger.load_state_dict(larger.state_dict() | model.state_dict())
    return larger.eval()


class Tuner:
    """Learns one part of a model (`model`: the given one, or a larger one made of it), in evaluation mode throughout: its norms hold still, too."""

    def __init__(
        self, model: VLA, part: Part, reader: ShardReader, *, batch: int = 60, learning_rate: float | None = None, seed: int = 0
    ) -> None:
        """Raises CaravelaError where there are no looks that teach the part."""
        self.model = with_prompts(model) if part.name == "words" and not model.config.prompts else model.eval()
        self.part, self.reader, self.batch = part, reader, batch
        if not reader.shards:
            raise CaravelaError(
                f"no look in '{reader.folder}' teaches '{part.name}'; expected shards of `caravela train vla --only collect`."
            )
        self.learned = [value for name, value in self.model.named_parameters() if name.startswith(part.learned)]
        for value in self.model.parameters():
            value.requires_grad_(False)
        for value in self.learned:
            value.requires_grad_(True)
        self.learning_rate = learning_rate or part.learning_rate
        self.optimiser = torch.optim.Adam(self.learned, lr=self.learning_rate)
        self.step = 0
        self._chance = torch.Generator().manual_seed(seed)
        self._rephrasing = Rephrasing(talked=1.0) if part.name == "words" else None

    def learn(self, *, share: float) -> dict[str, float]:
        """One step, `share` of the way through; returns its losses. Raises CaravelaError on a loss that is no number."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * (FINAL_SHARE + (1.0 - FINAL_SHARE) * 0.5 * (1.0 + float(np.cos(np.pi * share))))
        batch = self._draw()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = self._losses(batch)
        total = torch.stack([self.part.losses[name] * value.float() for name, value in losses.items()]).sum()
        if not torch.isfinite(total):
            raise not_finite("loss", at=f"step {self.step}", kept=self.reader.folder)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        self.optimiser.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def train(self, *, seconds: float, told: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> dict[str, float]:
        """Learn for `seconds`; says now and then how far it is. Returns the losses of the last steps, as means."""
        began = clock()
        recent: list[dict[str, float]] = []
        means: dict[str, float] = {}
        while not self.step or clock() - began < seconds:
            recent.append(self.learn(share=min((clock() - began) / seconds, 1.0)))
            if self.step % TOLD_EVERY == 0 or not means:
                means = {name: round(float(np.mean([row[name] for row in recent])), 4) for name in recent[0]}
                told(f"{self.part.name} step {self.step:5d}  " + "  ".join(f"{name} {value:.3f}" for name, value in means.items()))
                recent = []
        return means

    def _draw(self) -> Batch:
        """Looks that teach the part, in other light, and what was said in other words."""
        batch = self.reader.draw(self.batch)
        batch = replace(batch, images=relight(batch.images, generator=self._chance))
        return batch if self._rephrasing is None else replace(batch, words=self._rephrasing(batch.words, generator=self._chance))

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        """Those of the part. Where it drives, the critic's reach it, too, as they do not in the driver's own training."""
        model = self.model
        context, thought = model.embed_context(batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words)
        losses: dict[str, Tensor] = {}
        if "flow" in self.part.losses:
            losses |= model.plan_losses(context, thought, batch)
            losses |= model.outcome_losses(context, batch)
        else:
            losses |= model.eyes.losses(context, thought, batch)
        return {name: value for name, value in losses.items() if name in self.part.losses}
