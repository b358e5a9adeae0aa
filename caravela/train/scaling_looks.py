"""The looks of a scaling study, which stay the same for all its points: the newest shards are asked about, those just before them are
left out, because they may be of the same drives, and the others are learned from. Whoever collects meanwhile adds none and takes none away."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.model.batch import Batch
from caravela.train.mirror import on_the_right
from caravela.train.samples import IMAGES, Shard, open_shard, to_batch

NEEDED = {IMAGES, "ego", "knots", "knots_valid"}


@dataclass(frozen=True)
class Known:
    """One shard, by what is in it."""

    name: str
    digest: str  # of speeds and plans
    looks: int


@dataclass(frozen=True)
class Split:
    """Which shards are learned from, oldest first, which are asked about, and how many looks lie between and serve neither."""

    learn: tuple[Known, ...]
    held: tuple[Known, ...]
    between: int

    @property
    def learned(self) -> int:
        return sum(shard.looks for shard in self.learn)

    @property
    def asked(self) -> int:
        return sum(shard.looks for shard in self.held)


def split(folder: Path, *, held_out: int, apart: int, newest: int | None = None) -> Split:
    """Part the shards that are in `folder` now: the newest ones with at least `held_out` looks are asked about, and those with at least
    `apart` looks before them serve neither. Raises CaravelaError where nothing is left to learn from."""
    if not any(folder.glob("shard-*")):
        raise CaravelaError(f"'{folder}' holds no looks; expected the shards that `caravela train vla` writes: give --shards.")
    names = sorted(path.name for path in folder.glob("shard-*"))[-(newest or 10**6) :]
    rest = [_known(shard) for name in names if (shard := _open(folder / name)) is not None]
    looks, shards = sum(shard.looks for shard in rest), len(rest)
    held, between = _take(rest, held_out), _take(rest, apart)
    if not rest:
        raise CaravelaError(
            f"'{folder}' holds {looks:,} looks in {shards} shards; expected whole shards to learn from beyond the newest {held_out:,} looks and the "
            f"{apart:,} before them: collect more, or give a smaller --held-out or --apart."
        )
    return Split(tuple(rest), tuple(held), sum(shard.looks for shard in between))


def _take(shards: list[Known], least: int) -> list[Known]:
    """Take the newest shards off the end, until they have at least so many looks."""
    taken: list[Known] = []
    while shards and sum(shard.looks for shard in taken) < least:
        taken.insert(0, shards.pop())
    return taken


def _open(path: Path) -> Shard | None:
    """The shard; none where the writer beside us has just taken it away."""
    try:
        shard = open_shard(path)
    except FileNotFoundError:
        return None
    return shard if shard.arrays.keys() >= NEEDED else None


def _known(shard: Shard) -> Known:
    content = b"".join(np.ascontiguousarray(shard.arrays[name]).tobytes() for name in ("ego", "knots"))
    return Known(shard.path.name, hashlib.sha256(content).hexdigest()[:16], len(shard))


def open_known(folder: Path, known: Sequence[Known], *, study: Path) -> list[Shard]:
    """The shards of a study. Raises CaravelaError where one is gone, or another lies in its place."""
    shards = []
    for each in known:
        shard = _open(folder / each.name)
        if shard is None or _known(shard) != each:
            raise CaravelaError(
                f"'{folder / each.name}' is gone, or is not the shard that the study in '{study}' began with; give another --folder for a new "
                "study, or --shards where its shards are kept."
            )
        shards.append(shard)
    return shards


class Looks:
    """The first `count` looks of some shards in a random order, the same for every count: fewer are part of more, and few come of few
    drives, as if no more had been collected."""

    def __init__(self, shards: Sequence[Shard], count: int, *, seed: int) -> None:
        self.shards, self.seed = shards, seed
        order = np.random.default_rng(seed).permutation(len(shards))
        every = [np.stack([np.full(len(shards[k]), k), np.arange(len(shards[k]))], -1) for k in order]
        self.where = np.concatenate(every)[:count]  # (n, 2) shard and row
        self.names = set.intersection(*(set(shard.arrays) for shard in shards))

    def __len__(self) -> int:
        return len(self.where)

    def draw(self, size: int, *, step: int) -> Batch:
        """The batch of a step: every look comes once before any comes again."""
        place = np.arange(step * size, (step + 1) * size)
        rounds, index = place // len(self), place % len(self)
        chosen = np.concatenate([self._order(int(number))[index[rounds == number]] for number in np.unique(rounds)])
        return to_batch(on_the_right(self._gather(self.where[chosen])))

    def _order(self, number: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, 0, number)).permutation(len(self))

    def in_turn(self, size: int) -> Iterator[Batch]:
        """All looks, `size` at a time."""
        for first in range(0, len(self), size):
            yield to_batch(on_the_right(self._gather(self.where[first : first + size])))

    def _gather(self, where: NDArray[np.int64]) -> dict[str, NDArray]:
        return {name: np.stack([self.shards[shard].arrays[name][row] for shard, row in where]) for name in self.names}
