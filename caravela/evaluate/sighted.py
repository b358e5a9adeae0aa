"""Is what a driver says it sees there, and does it say what is there? Its own drives are looked at now and then, and its list of who is around
(`vehicle.sight`) is held against whom its cameras show. Nothing here drives better for it: this is what the cockpit may tell people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S
from caravela.vehicle.policy import OnnxPolicy
from caravela.vehicle.sight import FARTHEST, Thing
from caravela.world.atlas import Atlas
from caravela.world.incidents.kinds import KINDS as INCIDENTS
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, BICYCLE, BUS, CAR, LORRY, MOTORCYCLE, PEDESTRIAN, VAN

KINDS = {
    CAR: "vehicle",
    VAN: "vehicle",
    LORRY: "vehicle",
    BUS: "vehicle",
    MOTORCYCLE: "two_wheeler",
    BICYCLE: "two_wheeler",
    PEDESTRIAN: "person",
}
SIDES = ("ahead", "left", "right")
PLAIN_PIXELS = 20  # of all cameras, from which somebody is plain to see: those should be told of
SHOWN_PIXELS = 3  # from which somebody who is told of is no invention
WELL_WITHIN = 0.7  # of the distance up to which things are told of, within which they should be
BEARING, WIDE = math.radians(12.0), 2.0  # rad, and m across, that a told place may be off
CAMERA_X = 2.0  # m ahead of the rear axle, where bearings are taken
METRES, FACTOR = 4.0, 1.7  # m, or the ratio, that a told distance may be off
EVERY = 8  # ticks between two looks
DRIVE_S = 16.0  # s of a drive
INCIDENT_M = (20.0, 70.0)  # m ahead of a start between which something happens
WEATHERS = ("day", "rain", "night", "fog")  # of the drives of a map, in turn
WORLDS = 8  # drives of a map


@dataclass(frozen=True)
class Look:
    """One moment of one drive."""

    told: Sequence[Thing]
    there: Sequence[tuple[Thing, int]]  # and the pixels that show each


def looks_of(policy: OnnxPolicy, atlas: Atlas, *, seed: int) -> list[Look]:
    """WORLDS drives of DRIVE_S through an atlas, each with trouble on its way where there is a place for it, in dense traffic. The policy has to tell
    who it sees. Raises CaravelaError where it does not."""
    if not policy.tells:
        raise CaravelaError(
            f"the driver '{policy.name}' does not put out who it sees; expected one that this version exported: export it again."
        )
    simulator = Simulator(atlas, batch=WORLDS, rig=policy.rig, traffic="dense", weathers=WEATHERS, truth=True, incidents=True)
    observation, random, found = simulator.reset(seed), np.random.default_rng(seed), []
    assert simulator.director is not None
    kinds = [kind for kind in INCIDENTS.values() if kind.cast is not None]
    for world in range(WORLDS):
        several = [kinds[index] for index in random.permutation(len(kinds))]
        simulator.director.stage(simulator.state, world, several, random=random, earliest=INCIDENT_M[0], latest=INCIDENT_M[1])
    policy.reset(WORLDS)
    for tick in range(round(DRIVE_S / STEP_S)):
        plan = policy.plan(observation)
        if tick % EVERY == EVERY - 1:
            assert policy.insight is not None
            found += [Look(policy.insight.around(policy.rig, world=world) or [], there(simulator, world)) for world in range(WORLDS)]
        observation, _ = simulator.step(plan.control())
    return found


def there(simulator: Simulator, world: int) -> list[tuple[Thing, int]]:
    """Everybody whom the newest frames of a world show, where they are nearest, with the pixels."""
    assert simulator.truth is not None
    agents, pixels = simulator.state.agents[world], simulator.truth.visible_pixels[world]
    found = []
    for each in np.flatnonzero((pixels >= SHOWN_PIXELS) & (agents["controller"] != ABSENT)):
        kind = KINDS.get(int(agents[each]["kind"]))
        if each and kind is not None:
            found.append((_nearest(kind, agents[each], agents[0]), int(pixels[each])))
    return found


def _nearest(kind: str, agent: Any, ego: Any) -> Thing:
    """Somebody as a thing, at the point of the outline that is nearest to the car."""
    along, across = (np.array([-0.5, -0.25, 0.0, 0.25, 0.5]) * size for size in (agent["length"], agent["width"]))
    ahead, beside = np.meshgrid(along + agent["centre_offset"], across)
    cos, sin = math.cos(agent["heading"]), math.sin(agent["heading"])
    dx, dy = agent["x"] + cos * ahead - sin * beside - ego["x"], agent["y"] + sin * ahead + cos * beside - ego["y"]
    cos, sin = math.cos(ego["heading"]), math.sin(ego["heading"])
    points = zip((cos * dx + sin * dy).ravel(), (cos * dy - sin * dx).ravel(), strict=True)
    return min((Thing(kind, float(x), float(y), 1.0) for x, y in points), key=lambda thing: thing.distance)


def agrees(told: Thing, thing: Thing) -> bool:
    """May what is told be this thing, by its place?"""
    off = abs(math.remainder(_bearing(told) - _bearing(thing), math.tau))
    near, far = sorted((told.distance, thing.distance))
    return off < BEARING + WIDE / max(told.distance, 3.0) and (far - near < METRES or far < FACTOR * near)


def _bearing(thing: Thing) -> float:
    return math.atan2(thing.y, thing.x - CAMERA_X)


def table(looks: Sequence[Look]) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """By kind and side: of those plain to see within reach, the share that is told of; of what is told, the share that is there; and by how many
    metres the distance is off, in the median."""
    return {kind: {side: _figures(looks, kind, side) for side in SIDES} for kind in FARTHEST}


def _figures(looks: Sequence[Look], kind: str, side: str) -> dict[str, float | int | None]:
    plain = found = told = right = 0
    off: list[float] = []
    for look in looks:
        said = [thing for thing in look.told if thing.kind == kind]
        true = [(thing, pixels) for thing, pixels in look.there if thing.kind == kind]
        pairs = _pairs(said, [thing for thing, _ in true])
        meant = {there for _, there in pairs}
        for index, (thing, pixels) in enumerate(true):
            if thing.side == side and pixels >= PLAIN_PIXELS and thing.distance <= WELL_WITHIN * FARTHEST[kind]:
                plain += 1
                found += index in meant
        here = {index for index, thing in enumerate(said) if thing.side == side}
        metres = [abs(said[a].distance - true[b][0].distance) for a, b in pairs if a in here]
        told += len(here)
        right += len(metres)
        off += metres
    return {
        "plain": plain,
        "told_of": None if not plain else round(found / plain, 4),
        "told": told,
        "there": None if not told else round(right / told, 4),
        "metres_off": None if not off else round(float(np.median(off)), 2),
    }


def _pairs(told: Sequence[Thing], there: Sequence[Thing]) -> list[tuple[int, int]]:
    """Which of the told are which of those there: the nearest two first, nobody twice."""
    near = [(math.hypot(a.x - b.x, a.y - b.y), i, j) for i, a in enumerate(told) for j, b in enumerate(there) if agrees(a, b)]
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(near):
        if not any(i == a or j == b for a, b in pairs):
            pairs.append((i, j))
    return pairs
