"""Information density: how many bits of what a model is shown it uses for each operation. A source, one camera's frame of one age, is shown more
and more coarsely until the plan changes; the bits that are left, packed without loss, are those that it uses. What a source costs is counted
from the graph. So one sees what another camera or more history buys at equal compute."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import integrate
from caravela.core.types import HISTORY_S, PLAN_STEP_S, Rig
from caravela.vehicle.bench.graph import Array

FULL = 8  # bits of a pixel's value
TOLERANCE_M = 0.1  # that the chosen plan may move,
HOLDS = 90.0  # in so many looks of a hundred
AT_S = 2.0  # s ahead
Outputs = Mapping[str, Array]
Look = Mapping[str, Array]


@dataclass(frozen=True)
class Source:
    """Part of what is shown."""

    camera: int
    name: str
    age_s: float
    channels: tuple[int, ...]  # of the fused picture


@dataclass(frozen=True)
class Use:
    """How much of a source is used, means over looks."""

    source: Source
    depth: int  # bits of each value that the plan needs
    shown_bits: float  # as raw values
    packed_bits: float  # the same, packed without loss
    used_bits: float  # packed, at the depth that the plan needs
    moved_m: float  # that the plan moves where the source is not shown at all, HOLDS percentile
    operations: float  # that the model spends on it alone


def sources(rig: Rig) -> list[Source]:
    """Every camera's frames, newest first: colour now, brightness before."""
    newest = (0, 1, 2)
    return [
        Source(k, camera.name, age, newest if place == 0 else (2 + place,))
        for k, camera in enumerate(rig.cameras)
        for place, age in enumerate(HISTORY_S)
    ]


def coarse(images: NDArray[np.uint8], *, depth: int) -> NDArray[np.uint8]:
    """Values with their `depth` highest bits, each at the middle of its step; all the same at 0."""
    step = 1 << (FULL - depth)
    return (images.astype(np.int64) // step * step + step // 2).clip(0, 255).astype(np.uint8) if depth < FULL else images


def measure(looks: Sequence[Look], *, rig: Rig, decide: Callable[[Look], Outputs], costs: Mapping[str, float]) -> list[Use]:
    """How much of every source the model uses.

    Args:
        looks: inputs of batch 1. decide: runs the model.
        costs: operations of "camera", all that one more camera costs, and "channel", what one more channel of one camera costs.
    """
    plans = [chosen(decide(look), look) for look in looks]
    found = []
    for source in sources(rig):
        moves = partial(_moves, looks, plans, source, decide=decide)
        without = moves(depth=0)
        depth = 0 if without <= TOLERANCE_M else _needed(moves)
        pictures = [np.asarray(look["images"], np.uint8)[0, source.camera, list(source.channels)] for look in looks]
        own = costs["camera"] - costs["channel"] * (len(HISTORY_S) - 1) if source.age_s == 0.0 else costs["channel"]
        found.append(
            Use(
                source=source,
                depth=depth,
                shown_bits=8.0 * pictures[0].size,
                packed_bits=float(np.mean([packed_bits(each, depth=FULL) for each in pictures])),
                used_bits=float(np.mean([packed_bits(each, depth=depth) for each in pictures])),
                moved_m=without,
                operations=own,
            )
        )
    return found


def _needed(moves: Callable[..., float]) -> int:
    """The fewest bits, 1 to FULL, with which the plan moves little enough; found by halving, as if more bits never made it worse."""
    low, high = 1, FULL
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if moves(depth=middle) <= TOLERANCE_M else (middle + 1, high)
    return high


def _moves(
    looks: Sequence[Look], plans: Sequence[NDArray[np.float64]], source: Source, *, depth: int, decide: Callable[[Look], Outputs]
) -> float:
    """How far the chosen plan moves where a source is shown at a depth, m, HOLDS percentile."""
    shown = [_shown(look, source, depth=depth) for look in looks]
    distances = [float(np.hypot(*(chosen(decide(each), each) - plan))) for each, plan in zip(shown, plans, strict=True)]
    return float(np.percentile(distances, HOLDS))


def packed_bits(pixels: NDArray[np.uint8], *, depth: int) -> float:
    """Bits of a picture (channels, H, W) at a depth, packed without loss: differences along the rows, then Deflate. An upper bound of what it
    tells."""
    if depth == 0:
        return 0.0
    values = coarse(pixels, depth=depth)
    return 8.0 * len(zlib.compress(np.diff(values, axis=-1, prepend=np.uint8(0)).tobytes(), 6))


def chosen(outputs: Outputs, look: Look) -> NDArray[np.float64]:
    """(x, y) m of the chosen plan AT_S ahead."""
    knots, place = np.asarray(outputs["knots"], np.float32), int(np.asarray(outputs["chosen"])[0])
    path, _ = integrate(knots[:1], speed=np.asarray(look["ego"], np.float32)[:1, :1])
    return np.asarray(path[0, place, round(AT_S / PLAN_STEP_S) - 1, :2], np.float64)


def told(uses: Sequence[Use], *, operations: float, inputs: Mapping[str, int]) -> dict[str, Any]:
    """For JSON: each source, and the whole. Cameras and history at equal compute are compared by used bits for a million operations."""
    shown = 8.0 * sum(inputs[name] for name in inputs if name != "noise")
    used = sum(use.used_bits for use in uses)
    groups = {
        "cameras, newest frame": [use for use in uses if use.source.age_s == 0.0],
        "history": [use for use in uses if use.source.age_s],
    }
    return {
        "tolerance_m": TOLERANCE_M,
        "holds_in_percent_of_looks": HOLDS,
        "at_s": AT_S,
        "shown_bits": shown,
        "used_bits": round(used),
        "operations": operations,
        "shown_bits_per_operation": round(shown / operations, 6),
        "used_bits_per_operation": round(used / operations, 6),
        "used_bits_per_million_operations_of_its_own": {name: _dense(group) for name, group in groups.items()},
        "sources": [
            {
                "camera": use.source.name,
                "age_s": use.source.age_s,
                "depth_bits": use.depth,
                "shown_bits": use.shown_bits,
                "packed_bits": round(use.packed_bits),
                "used_bits": round(use.used_bits),
                "plan_moves_m_without": round(use.moved_m, 3),
                "million_operations": round(use.operations / 1e6, 3),
                "used_bits_per_million_operations": _dense([use]),
            }
            for use in uses
        ],
    }


def costs(layers: Mapping[str, float], *, cameras: int, channels: int, tokens: float, trunk: float) -> dict[str, float]:
    """Operations that one camera costs, and one channel of one camera.

    Args:
        layers: operations in products of the vision's layers, all cameras; "stem" among them.
        tokens: share of the trunk's tokens that are vision's. trunk: operations of the trunk; what attention grows by beyond is left out.
    """
    vision = sum(layers.values())
    return {"camera": (vision + trunk * tokens) / cameras, "channel": layers["stem"] / cameras / channels}


def _dense(uses: Sequence[Use]) -> float | None:
    operations = sum(use.operations for use in uses)
    return round(sum(use.used_bits for use in uses) / operations * 1e6) if operations > 0.0 else None


def _shown(look: Look, source: Source, *, depth: int) -> dict[str, Array]:
    images = np.array(look["images"], np.uint8)
    part = images[:, source.camera, list(source.channels)]
    images[:, source.camera, list(source.channels)] = coarse(part, depth=depth)
    return {**look, "images": images}
