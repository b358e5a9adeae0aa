"""What may truly be answered to a question about a labelled look: facts with their distances, from the labels that taught the eyes. What
no camera could have seen is not asked for, and where no reason is in the labels the truth is that it is not known."""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import policy_rig
from caravela.core.units import to_kph
from caravela.model.batch import BEV_CLASSES, BEV_COLUMNS, BEV_ROWS, BEV_X, BEV_Y, DEPTH_COLUMNS, DEPTH_ROWS
from caravela.train import phrases
from caravela.words import SentenceEncoder
from caravela.words.grammar import ROUGHLY, UNKNOWN, Fact

FRONT = 3.6  # m from the rear axle to the front of the ego car
STANDING = 0.5  # m/s
BRAKING, DRIVING_OFF = -0.8, 0.3  # m/s^2 of the teacher's first half second: it slows; it goes
COMFORT = 1.5  # m/s^2, of the braking within which something can be the reason for it
NEAR = 8.0  # m, what is nearer can be the reason for standing
BLOCKS, LIGHT_BLOCKS = 20.0, 25.0  # m up to which something makes the road not clear
LEAD_SEEN = 45.0  # m
HEIGHT = 0.8  # m above the ground at which a thing is looked for in the depth image
SLACK = 3.0  # m that a thing may lie behind what was measured
TOLERANCE, FACTOR = 5.0, 1.6  # m, and the ratio, by which a rough distance may be off
KPH_OFF = 7.5  # km/h by which a rough speed may be off
LIGHTS = ("none", "red", "yellow", "green")
Truth = tuple[tuple[str, float], ...]  # (what, m or km/h) that may be said, the best first; nan where there is no number
NONE = math.nan


def right(fact: Fact | None, kind: str, truth: Truth) -> bool:
    """Does what was said agree with one of the truths?"""
    return fact is not None and fact.kind == kind and any(fact.what == what and _close(fact, number) for what, number in truth)


def _close(fact: Fact, number: float) -> bool:
    if fact.number is None or math.isnan(number):
        return True
    if fact.kind == "speed":
        return abs(fact.number - number) <= KPH_OFF
    return abs(fact.number - number) <= TOLERANCE or max(fact.number, number) <= FACTOR * min(fact.number, number)


def best(kind: str, truth: Truth) -> Fact:
    """The fact that a head is taught to state."""
    what, number = truth[0]
    if math.isnan(number):
        return Fact(kind, what)
    if kind == "speed":
        return Fact(kind, what, 10 * min(max(round(number / 10.0), 1), 9))
    return Fact(kind, what, min(ROUGHLY, key=lambda rough: abs(math.log(rough) - math.log(max(number, 1.0)))))


def truths_of(arrays: dict[str, NDArray]) -> list[dict[str, Truth]]:
    """What is true at each look of a shard, by kind of question; a kind that cannot be answered for sure is left out."""
    near = _nearest(arrays["bev"], _visible(arrays.get("depth"), len(arrays["bev"])))
    asked = asked_to_stop(arrays["words"])
    speed = arrays["ego"][:, 0]
    wish = np.asarray(arrays["knots"])[:, :2, 0].mean(1)
    found = []
    for row in range(len(speed)):
        light = LIGHTS[int(arrays["light"][row])] if arrays["light_valid"][row] else None
        line = float(arrays["stop_distance"][row]) if arrays["stop_valid"][row] else NONE
        gap, lead_speed = (float(value) for value in arrays["lead"][row])
        sights = {name: float(value[row]) for name, value in near.items()}
        truths: dict[str, Truth] = {
            side: _sight(sights[f"{side} vehicle"], sights[f"{side} person"]) for side in ("ahead", "left", "right")
        }
        truths["speed"] = (("standing", NONE),) if speed[row] < STANDING else (("driving", to_kph(float(speed[row]))),)
        if light is not None:
            truths["light"] = ((light, NONE),)
        if arrays["lead_valid"][row]:
            truths["lead"] = (("vehicle", gap),) if gap < LEAD_SEEN else (("nothing", NONE),)
        if light is not None:
            truths["clear"] = _clear(light, line, gap, sights)
        moving = {"speed": float(speed[row]), "wish": float(wish[row])} if arrays["knots_valid"][row] else None
        if moving is not None and (light is not None or asked[row]):
            reasons = _why(light or "none", line, (gap, lead_speed), sights, asked=bool(asked[row]), **moving)
            if reasons:
                truths["going" if reasons[0][0] == "going" else "why"] = reasons
        found.append(truths)
    return found


def kind_of(name: str) -> str:
    """The kind of answer to a row of `truths_of`: why it stops is asked of a car that goes as well."""
    return "why" if name == "going" else name


def _sight(vehicle: float, person: float) -> Truth:
    seen = sorted((metres, what) for what, metres in (("vehicle", vehicle), ("person", person)) if math.isfinite(metres))
    return tuple((what, metres) for metres, what in seen) or (("nothing", NONE),)


def _clear(light: str, line: float, gap: float, sights: dict[str, float]) -> Truth:
    blocks = []
    if light in ("red", "yellow") and line < LIGHT_BLOCKS:
        blocks.append((line, "red"))
    for what, metres in (("vehicle", min(gap, sights["path vehicle"])), ("person", sights["path person"])):
        if metres < BLOCKS:
            blocks.append((metres, what))
    return tuple((what, NONE) for _, what in sorted(blocks)) or (("clear", NONE),)


def _why(
    light: str, line: float, lead: tuple[float, float], sights: dict[str, float], *, asked: bool, speed: float, wish: float
) -> Truth | None:
    """The reasons for standing or slowing, nearest first; ("going",) for a car that does neither; None where it is about to go."""
    if speed < STANDING and wish > DRIVING_OFF:
        return None
    if speed >= STANDING and wish > BRAKING:
        return (("going", NONE),) if wish > 0.25 * BRAKING else None  # between the two one may call it either
    reach = NEAR + speed**2 / (2.0 * COMFORT)
    reasons = []
    if light in ("red", "yellow") and line < reach:
        reasons.append((line, light, NONE))
    if light == "none" and line < reach:
        reasons.append((line, "line", NONE))
    gap, lead_speed = lead
    if gap < reach and lead_speed < speed + 1.0:
        reasons.append((gap, "vehicle", gap))
    reasons += [(m, what, m) for what in ("vehicle", "person") if (m := sights[f"path {what}"]) < min(reach, BLOCKS)]
    told = [(what, number) for _, what, number in sorted(reasons)]
    return ((("asked", NONE),) if asked else ()) + tuple(told) or ((UNKNOWN, NONE),)


def asked_to_stop(words: NDArray) -> NDArray[np.bool_]:
    """At which looks (N,) the words (N, 384) ask to stop."""
    return (np.asarray(words, dtype=np.float32) @ _stop_phrases().T).max(1) > 0.995


@functools.cache
def _stop_phrases() -> NDArray[np.float32]:
    return SentenceEncoder().encode(phrases.STOP.phrases)


def _cells() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and y (BEV_ROWS, BEV_COLUMNS) of the cells' middles, m in the rig frame."""
    x = BEV_X[0] + (np.arange(BEV_ROWS) + 0.5) * (BEV_X[1] - BEV_X[0]) / BEV_ROWS
    y = BEV_Y[0] + (np.arange(BEV_COLUMNS) + 0.5) * (BEV_Y[1] - BEV_Y[0]) / BEV_COLUMNS
    xs, ys = np.meshgrid(x, y, indexing="ij")
    return xs, ys


def _nearest(bev: NDArray, visible: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """m (N,) to the nearest visible vehicle and person of each sector; inf where there is none."""
    x, y = _cells()
    beyond = np.maximum(np.maximum(x - FRONT, -1.0 - x), 0.0)  # along the car, 0 beside it
    sectors = {
        "path": ((np.abs(y) < 1.8) & (x > FRONT), x - FRONT),
        "ahead": ((np.abs(y) < 5.0) & (x > FRONT), np.hypot(x - FRONT, np.maximum(np.abs(y) - 1.0, 0.0))),
        "left": ((y > 1.8) & (y < 14.0) & (x > -4.0) & (x < 14.0), np.hypot(beyond, np.abs(y) - 1.0)),
        "right": ((y < -1.8) & (y > -14.0) & (x > -4.0) & (x < 14.0), np.hypot(beyond, np.abs(y) - 1.0)),
    }
    found = {}
    for name, (mask, metres) in sectors.items():
        for what in ("vehicle", "person"):
            there = (np.asarray(bev) == BEV_CLASSES.index(what)) & visible & mask
            found[f"{name} {what}"] = np.where(there, np.maximum(metres, 0.5), np.inf).min((1, 2))
    return found


def _visible(depth: NDArray | None, count: int) -> NDArray[np.bool_]:
    """Which cells (N, BEV_ROWS, BEV_COLUMNS) some camera could see into: nothing nearer stands before them."""
    if depth is None:
        return np.ones((count, BEV_ROWS, BEV_COLUMNS), dtype=np.bool_)
    seen = np.zeros((count, BEV_ROWS, BEV_COLUMNS), dtype=np.bool_)
    for camera, (inside, row, column, metres) in enumerate(_sightlines()):
        measured = np.asarray(depth[:, camera], dtype=np.float32)[:, row, column]  # (N, rows, columns)
        seen |= inside & ((measured == 0.0) | (measured > metres - SLACK))
    return seen


@functools.cache
def _sightlines() -> list[tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """For each camera and cell: is it in the picture, in which cell of the depth image, how many m away."""
    x, y = _cells()
    lines = []
    for camera in policy_rig().cameras:
        dx, dy, dz = x - camera.position[0], y - camera.position[1], HEIGHT - camera.position[2]
        ahead, left = dx * math.cos(camera.yaw) + dy * math.sin(camera.yaw), dy * math.cos(camera.yaw) - dx * math.sin(camera.yaw)
        fore, up = (
            ahead * math.cos(camera.pitch) + dz * math.sin(camera.pitch),
            dz * math.cos(camera.pitch) - ahead * math.sin(camera.pitch),
        )
        safe = np.maximum(fore, 0.1)
        column = np.floor((0.5 * camera.width - camera.focal * left / safe) / camera.width * DEPTH_COLUMNS).astype(np.int64)
        row = np.floor((0.5 * camera.height - camera.focal * up / safe) / camera.height * DEPTH_ROWS).astype(np.int64)
        inside = (fore > 0.3) & (column >= 0) & (column < DEPTH_COLUMNS) & (row >= 0) & (row < DEPTH_ROWS)
        metres = np.sqrt(dx**2 + dy**2 + dz**2)
        lines.append((inside, row.clip(0, DEPTH_ROWS - 1), column.clip(0, DEPTH_COLUMNS - 1), metres))
    return lines
