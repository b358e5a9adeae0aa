"""What a benchmark and a quantiser show the model: observations from the towns that ship, which lie on the training side, driven by the
baseline in several weathers. Kept in a cache, since rendering takes longer than measuring."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from caravela.core.types import Observation, Rig

if TYPE_CHECKING:
    from collections.abc import Sequence

WEATHERS = ("day", "overcast", "night", "rain", "low_sun", "dusk", "day", "fog")
EVERY = 20  # ticks between looks at one drive
VERSION = 3  # of the cache
FIELDS = ("t_us", "images", "speed", "yaw_rate", "route", "has_route", "side")


def looks(rig: Rig, *, count: int, seed: int, folder: Path) -> list[Observation]:
    """`count` observations of batch 1, spread over towns and weathers; the same for the same seed."""
    key = hashlib.sha256(f"{VERSION} {rig} {count} {seed}".encode()).hexdigest()[:16]
    path = folder / f"looks-{key}.npz"
    if path.is_file():
        with np.load(path) as kept:
            fields = {name: kept[name] for name in FIELDS}
    else:
        fields = _drive(rig, count=count, seed=seed)
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **fields)  # type: ignore[arg-type]
        partial.replace(path)
    return [Observation(**{name: fields[name][k : k + 1] for name in FIELDS}, words=("",)) for k in range(count)]


def model_inputs(observation: Observation, *, noise: np.ndarray, ego_values: int) -> dict[str, np.ndarray]:
    """An observation of batch 1 as the exported graph takes it, nothing said. `ego_values` and the noise's shape are on its card."""
    from caravela.core.vision_input import fuse_frames

    return {
        "images": fuse_frames(observation.images),
        "ego": observation.ego()[:, :ego_values],
        "route": observation.route.astype(np.float32),
        "has_route": observation.has_route.astype(np.float32),
        "words": _silence().repeat(observation.batch, 0),
        "noise": noise,
    }


def _silence() -> np.ndarray:
    from caravela.words import SentenceEncoder

    return SentenceEncoder().encode([""])


def _drive(rig: Rig, *, count: int, seed: int) -> dict[str, np.ndarray]:
    from caravela.core.types import Control
    from caravela.world.maps.catalogue import load_town, towns
    from caravela.world.simulator import Simulator
    from caravela.world.state import IDM

    names: Sequence[str] = towns()
    world = Simulator([load_town(name) for name in names], batch=len(names), rig=rig, traffic="light", weathers=WEATHERS)
    world.reset(seed)
    world.state.controller[:, 0] = IDM
    still = Control(np.zeros(len(names), np.float32), np.zeros(len(names), np.float32))
    found: list[Observation] = []
    while len(found) * len(names) < count:
        for _ in range(EVERY):
            observation, _ = world.step(still)
        found.append(observation)
    return {name: np.concatenate([getattr(each, name) for each in found])[:count].copy() for name in FIELDS}
