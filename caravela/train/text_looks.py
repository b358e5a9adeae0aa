"""What a driver makes of labelled looks, of a run's shards and of drives in towns that were never trained on: its thoughts, kept, so that each
look is looked at once."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from caravela.core.bundle import LIGHTS
from caravela.core.errors import CaravelaError
from caravela.model.heads import unscale_distance
from caravela.model.policy import TorchPolicy
from caravela.model.vla import VLA
from caravela.train.collect import CollectConfig, Collector
from caravela.train.mirror import on_the_right
from caravela.train.samples import ShardWriter, open_shard, to_batch
from caravela.train.teacher_net import TeacherNet
from caravela.train.truths import Truth, asked_to_stop, truths_of
from caravela.world.maps.lane_graph import LaneGraph

CHUNK = 64
Tell = Callable[[str], None]


@dataclass(frozen=True)
class TextTrainConfig:
    """One run."""

    looks: int = 14_000  # at most, to learn from; the newest
    rounds: int = 2  # of drives in other towns: by the first, trust and the best step are chosen; about the others it is asked
    looks_per_round: int = 150  # in each of 16 worlds
    steps: int = 2000
    batch: int = 128
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: int = 150
    check_every: int = 500  # steps
    checked: int = 300  # looks of development that a check asks about
    least_shards: int = 4
    seed: int = 0


@dataclass(frozen=True)
class Facts:
    """What today's templates know of a look: the driver's small heads, the gauge, and whether somebody asked to stop."""

    light: str
    lead: float  # m
    speed: float  # m/s
    asked: bool


@dataclass
class Seen:
    """Looks that a driver has looked at."""

    thought: NDArray[np.float16]  # (N, thoughts, E)
    truths: list[dict[str, Truth]]
    facts: list[Facts]
    context: NDArray[np.float16] | None = None  # (N, S, E), where it is asked for

    def __len__(self) -> int:
        return len(self.thought)

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {"thought": self.thought, "truths": json.dumps(self.truths)}
        arrays["facts"] = json.dumps([[f.light, f.lead, f.speed, f.asked] for f in self.facts])
        partial = path.with_name(f".{path.name}")
        if self.context is not None:
            arrays["context"] = self.context
        np.savez(partial, **arrays)
        partial.rename(path)

    @staticmethod
    def load(path: Path, *, context: bool) -> "Seen | None":
        """None where there is no file, or none with the context that is asked for."""
        if not path.is_file():
            return None
        with np.load(path) as file:
            if context and "context" not in file.files:
                return None
            truths = [
                {kind: tuple((what, n) for what, n in truth) for kind, truth in row.items()} for row in json.loads(str(file["truths"]))
            ]
            facts = [Facts(*row) for row in json.loads(str(file["facts"]))]
            return Seen(file["thought"], truths, facts, file["context"] if context else None)


def joined(parts: Sequence[Seen]) -> Seen:
    """All of them."""
    contexts = [part.context for part in parts if part.context is not None]
    return Seen(
        np.concatenate([part.thought for part in parts]),
        [truths for part in parts for truths in part.truths],
        [facts for part in parts for facts in part.facts],
        np.concatenate(contexts) if contexts else None,
    )


def first_of(seen: Seen, count: int) -> Seen:
    """Some looks, spread over all."""
    rows = np.unique(np.linspace(0, len(seen) - 1, min(count, len(seen))).astype(np.int64))
    context = None if seen.context is None else seen.context[rows]
    return Seen(seen.thought[rows], [seen.truths[row] for row in rows], [seen.facts[row] for row in rows], context)


@torch.no_grad()
def look_at(model: VLA, arrays: dict[str, NDArray], *, context: bool) -> Seen:
    """What the driver makes of the looks of a shard."""
    arrays = on_the_right(arrays) if model.config.mirrors_left else arrays
    thoughts, contexts, facts = [], [], []
    asked = asked_to_stop(arrays["words"])
    for first in range(0, len(arrays["ego"]), CHUNK):
        batch = to_batch({name: np.array(array[first : first + CHUNK]) for name, array in arrays.items()})
        whole, thought = model.embed_context(
            batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words.float()
        )
        read = model.eyes.facts(thought)
        thoughts.append(thought.half().numpy())
        if context:
            contexts.append(whole.half().numpy())
        for row in range(len(batch)):
            light = LIGHTS[int(read["light"][row].argmax())]
            lead = float(unscale_distance(read["lead"][row, 0]))
            facts.append(Facts(light, lead, float(batch.ego[row, 0]), bool(asked[first + row])))
    return Seen(np.concatenate(thoughts), truths_of(arrays), facts, np.concatenate(contexts) if context else None)


def look_at_shards(model: VLA, shards: Path, kept: Path, *, config: TextTrainConfig, context: bool, tell: Tell) -> list[Seen]:
    """The newest shards of a run, oldest first, each looked at once for all runs of this driver. Raises CaravelaError where there are too few."""
    found: list[Seen] = []
    count = 0
    for path in sorted(shards.glob("shard-*"), reverse=True):
        if count >= config.looks:
            break
        try:
            mark = hashlib.sha256((path / "ego.npy").read_bytes()).hexdigest()[:12]
            file = kept / f"{path.name}-{mark}.npz"
            seen = Seen.load(file, context=context)
            if seen is None:
                seen = look_at(model, open_shard(path).arrays, context=context)
                seen.save(file)
        except OSError:  # the run that writes them has taken it away
            continue
        found.insert(0, seen)
        count += len(seen)
        tell(f"looked at {count:,} looks")
    if len(found) < config.least_shards:
        raise CaravelaError(
            f"'{shards}' holds {len(found)} shards of looks; expected at least {config.least_shards}: `caravela train vla` writes them; give "
            "--shards the folder of a run."
        )
    return found


def look_elsewhere(
    model: VLA, graphs: Sequence[LaneGraph], teacher: TeacherNet, kept: Path, *, config: TextTrainConfig, context: bool, tell: Tell
) -> list[Seen]:
    """Looks of drives on other maps, half of them driven by the driver itself, by round; no map is driven on in two rounds."""
    student, random = TorchPolicy(model), np.random.default_rng(config.seed)
    order, share = random.permutation(len(graphs)), len(graphs) // config.rounds
    if share < 1:
        raise CaravelaError(f"--rounds is {config.rounds}; expected at most {len(graphs)}, one for each of the maps.")
    parts = []
    for number in range(config.rounds):
        chosen = [graphs[i] for i in order[number * share : (number + 1) * share][: CollectConfig.maps]]
        seed = int(random.integers(1 << 31))
        file = kept / f"elsewhere-{number}-{config.rounds}-{config.looks_per_round}-{seed}.npz"
        seen = Seen.load(file, context=context)
        if seen is None:
            tell(f"driving elsewhere, round {number + 1} of {config.rounds}")
            collect = CollectConfig(looks=config.looks_per_round, judged_share=0.0, standstill_share=0.5, traffic=("light",))
            with tempfile.TemporaryDirectory() as folder:
                writer = ShardWriter(Path(folder), size=512, keep=10_000)
                Collector(chosen, teacher, writer, config=collect, seed=seed).run(student, student_share=0.5)
                writer.flush()
                seen = joined([look_at(model, open_shard(path).arrays, context=context) for path in sorted(Path(folder).glob("shard-*"))])
            seen.save(file)
        parts.append(seen)
    return parts
