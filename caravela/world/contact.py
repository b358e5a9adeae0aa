"""Whom a car touches, in words: who they are and on which side of it. For events that people read; nothing is decided by it."""

import math

import numpy as np

from caravela.world.kernels import events
from caravela.world.state import ABSENT, BARRIER, CONE, DEBRIS, KIND_NAMES, PARKED, PEDESTRIAN, THING, WorldState

THINGS = {BARRIER: "a barrier", CONE: "a cone", DEBRIS: "something that lies there"}
_overlap = events.overlap.py_func  # as it is: compiled for these types, it would take its time in the middle of a drive
PART = "a part of a vehicle"  # its door
BESIDE = 0.8  # share of half a length within which the other's middle is beside the car


def touched(state: WorldState, world: int, *, agent: int = 0) -> str:
    """ "a parked car on the left", "a lorry ahead and a person on the right"; "" where the agent touches nobody."""
    me = state.agents[world, agent]
    found = []
    for k, other in enumerate(state.agents[world]):
        if k == agent or other["controller"] == ABSENT:
            continue
        if _overlap(*_box(me), *_box(other)):
            found.append(f"{_name(other)} {_side(me, other)}")
    return " and ".join(found)


def _box(agent: np.void) -> tuple[float, float, float, float, float]:
    """Centre, heading, length, width of one row."""
    x, y, heading, offset = (float(agent[name]) for name in ("x", "y", "heading", "centre_offset"))
    return (
        x + math.cos(heading) * offset,
        y + math.sin(heading) * offset,
        heading,
        float(agent["length"]),
        float(agent["width"]),
    )


def _name(other: np.void) -> str:
    kind = int(other["kind"])
    if kind == THING:
        return THINGS.get(int(other["paint"]), PART)
    if kind == PEDESTRIAN:
        return "a person"
    name = KIND_NAMES[kind]
    parked = "parked " if other["controller"] == PARKED else ""
    return f"{'an' if not parked and name[0] in 'aeiou' else 'a'} {parked}{name}"


def _side(me: np.void, other: np.void) -> str:
    """Where the other's middle is, from the car's."""
    (x, y, heading, length, _), (ox, oy, *_) = _box(me), _box(other)
    along = math.cos(heading) * (ox - x) + math.sin(heading) * (oy - y)
    across = math.cos(heading) * (oy - y) - math.sin(heading) * (ox - x)
    if abs(along) > 0.5 * length * BESIDE:
        return "ahead" if along > 0.0 else "behind"
    return "on the left" if across > 0.0 else "on the right"
