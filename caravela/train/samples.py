"""Samples on disk: shards of a few hundred labelled looks, each array a plain .npy file that is read by memory map. A writer
makes a shard under another name and renames it, so a reader never sees half of one; the oldest go when room is short."""

import contextlib
import errno
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.model.batch import Batch
from caravela.train.mirror import on_the_right
from caravela.train.run_files import refusals

IMAGES = "images"
EGO_VALUES = 3  # speed, yaw rate, side
FIELDS = (
    IMAGES, "ego", "route", "has_route", "words", "knots", "knots_valid", "bev", "light", "light_valid", "stop_distance", "stop_valid",
    "lead", "lead_valid", "lane", "lane_valid",
)  # fmt: skip
OPTIONAL = ("depth", "lamps", "bodies", "proposals", "returns", "failed", "outcomes_valid", "later", "later_valid")
Weigh = Callable[[dict[str, NDArray]], NDArray[np.float64]]  # how often each look of a shard is drawn, by its arrays; (B,), 0 for never
STALE_S = 600.0  # since the last file was made in it, after which a part's writer is taken for dead


class ShardWriter:
    """Gathers samples and writes them `size` at a time. Several, in any processes, may fill one folder: a number is taken by the rename
    that makes the shard, which fails where another writer was first."""

    def __init__(self, folder: Path, *, size: int = 512, keep: int = 120) -> None:
        self.folder, self.size, self.keep = folder, size, keep
        folder.mkdir(parents=True, exist_ok=True)
        self._parts: dict[str, list[NDArray]] = {}
        self._count = 0
        self.written = self._next()
        self._sweep()

    def add(self, arrays: dict[str, NDArray]) -> None:
        """Add rows: every array has one row a sample. Raises CaravelaError where the disk refuses; finished shards stay."""
        for name, value in arrays.items():
            self._parts.setdefault(name, []).append(value)
        self._count += len(arrays[IMAGES])
        if self._count >= self.size:
            self.flush()

    def flush(self) -> None:
        if not self._count:
            return
        order = np.random.default_rng(self.written).permutation(self._count)
        part = self.folder / f"part-{socket.gethostname()}-{os.getpid()}-{self.written:06d}"
        try:
            with refusals(self.folder):
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir()
                for name, values in self._parts.items():
                    np.save(part / f"{name}.npy", np.concatenate(values)[order])
                (part / "count.json").write_text(json.dumps({"samples": self._count}))
                self.written = self._claim(part)
        finally:
            shutil.rmtree(part, ignore_errors=True)  # what did not become a shard
        self._parts, self._count = {}, 0
        for old in sorted(self.folder.glob("shard-*"))[: -self.keep]:
            gone = old.with_name(old.name.replace("shard", "gone"))  # whole or not at all, for whoever reads beside
            with contextlib.suppress(FileNotFoundError):  # another writer was first
                old.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _next(self) -> int:
        return 1 + max([int(p.name.split("-")[1]) for p in self.folder.glob("shard-*")], default=-1)

    def _claim(self, part: Path) -> int:
        """Make a written part the newest shard; returns the number after its own."""
        while True:
            number = self._next()
            try:
                part.rename(self.folder / f"shard-{number:06d}")
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            else:
                return number + 1

    def _sweep(self) -> None:
        """Take away what writers left behind that were killed."""
        for left in (*self.folder.glob("part-*"), *self.folder.glob("gone-*")):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > STALE_S:
                    shutil.rmtree(left, ignore_errors=True)


@dataclass
class Shard:
    """One shard, mapped."""

    path: Path
    arrays: dict[str, NDArray]
    weight: NDArray[np.float64]  # how often each sample is drawn, to the others of all shards

    def __len__(self) -> int:
        return len(self.arrays["ego"])

    def choose(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """At most `count` different rows, in order."""
        most = min(count, int(np.count_nonzero(self.weight)))
        return np.sort(random.choice(len(self), size=most, replace=False, p=self.weight / self.weight.sum()))


def open_shard(path: Path, *, weigh: Weigh | None = None) -> Shard:
    """Raises CaravelaError for a shard of before, whose looks do not say the side of the road."""
    arrays = {p.stem: np.load(p, mmap_mode="r") for p in path.glob("*.npy")}
    if "ego" in arrays and arrays["ego"].shape[-1] != EGO_VALUES:
        raise CaravelaError(
            f"the looks in '{path.parent}' are of an older version, without the side of the road; collect anew in another folder."
        )
    count = len(arrays["ego"]) if "ego" in arrays else 1
    wanted = weigh(arrays) if weigh is not None and "ego" in arrays else np.ones(count)
    return Shard(path=path, arrays=arrays, weight=wanted)


def _whole(path: Path, *, weigh: Weigh | None) -> Shard | None:
    """The shard, or none where the writer beside us has just taken it away or no look of it is ever drawn."""
    try:
        shard = open_shard(path, weigh=weigh)
    except FileNotFoundError:
        return None
    return shard if {IMAGES, "ego"} <= shard.arrays.keys() and shard.weight.any() else None


class ShardReader:
    """Random batches over all shards there are, as often as `weigh` says, with
    `mirrors_left` all on the right side of the road; new shards join, vanished ones leave, at `refresh`."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int | tuple[int, ...] = 0,
        newest: int | None = None,
        weigh: Weigh | None = None,
        mirrors_left: bool = True,
    ) -> None:
        self.folder, self.newest, self.mirrors_left = folder, newest, mirrors_left
        self.weigh = weigh
        self.random = np.random.default_rng(seed)
        self.shards: dict[str, Shard] = {}
        self.refresh()

    def refresh(self) -> int:
        """Look for shards; returns the number of samples."""
        names = sorted(p.name for p in self.folder.glob("shard-*"))[-(self.newest or 10**6) :]
        self.shards = {
            name: shard for name in names if (shard := self.shards.get(name) or _whole(self.folder / name, weigh=self.weigh)) is not None
        }
        return sum(len(s) for s in self.shards.values())

    def batches(self, size: int, *, spread: int = 4) -> Iterator[Batch]:
        """Endless batches of `size` drawn from `spread` shards each."""
        while True:
            yield self.draw(size, spread=spread)

    def draw(self, size: int, *, spread: int = 4) -> Batch:
        rows = self._choose(size, spread)
        present = set.intersection(*(set(s.arrays) for s, _ in rows))
        arrays = {name: np.concatenate([s.arrays[name][index] for s, index in rows]) for name in present}
        return to_batch(on_the_right(arrays) if self.mirrors_left else arrays)

    def _choose(self, size: int, spread: int) -> list[tuple[Shard, NDArray]]:
        """Which rows of which shards make a batch: shards by what their samples weigh together, and more of them where they are poor."""
        shards, per = list(self.shards.values()), max(1, size // spread)
        weights = np.array([shard.weight.sum() for shard in shards])
        rows: list[tuple[Shard, NDArray]] = []
        while (missing := size - sum(len(index) for _, index in rows)) > 0:
            shard = shards[self.random.choice(len(shards), p=weights / weights.sum())]
            rows.append((shard, shard.choose(min(per, missing), self.random)))
        return rows


class ResidentReader(ShardReader):
    """Keeps all shards there are in a GPU's memory, from which it draws as fast as the model learns: 130 MB a shard."""

    def __init__(self, folder: Path, *, device: torch.device, **how: Any) -> None:
        self.device = device
        self._there: dict[str, Batch] = {}
        super().__init__(folder, **how)

    def refresh(self) -> int:
        count = super().refresh()
        self._there = {name: self._there.get(name) or self._bring(shard) for name, shard in self.shards.items()}
        return count

    def _bring(self, shard: Shard) -> Batch:
        arrays = {name: np.asarray(shard.arrays[name]) for name in (*FIELDS, *OPTIONAL) if name in shard.arrays}
        return to_batch(on_the_right(arrays) if self.mirrors_left else arrays).to(self.device)

    def draw(self, size: int, *, spread: int = 16) -> Batch:
        rows = self._choose(size, spread)
        parts = [(self._there[shard.path.name], torch.from_numpy(index).to(self.device)) for shard, index in rows]
        joined = {}
        for field in fields(Batch):
            values = [getattr(batch, field.name) for batch, _ in parts]
            if all(value is not None for value in values):
                joined[field.name] = torch.cat([value[index] for value, (_, index) in zip(values, parts, strict=True)])
        return Batch(**joined)


def to_batch(arrays: dict[str, NDArray]) -> Batch:
    """Arrays of a shard as the model's batch."""
    known = {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in (*FIELDS, *OPTIONAL) if name in arrays}
    for name, tensor in known.items():
        if tensor.dtype == torch.float16:
            known[name] = tensor.float()
    return Batch(**known)
