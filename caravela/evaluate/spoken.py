"""The suite `words`: the same starts, the same traffic, only the words differ. Does the drive change as it was asked to? The words here
are not those that a driver is trained on (a test holds them apart). Two things stand beside every share of right changes: a
driver that ignores words drives the same again, which is never right; and idle talk, which asks for nothing, says how
often a drive would pass for changed by chance."""

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from caravela.core.units import STEP_S
from caravela.evaluate.driving import Told
from caravela.evaluate.episodes import Episode
from caravela.evaluate.referee import FAILURES, UNDER_PROGRESS
from caravela.evaluate.statistics import rate_interval, rounded

SILENCE, TALK, GENTLE, BRISK, STOP = MANNERS = ("silence", "talk", "gentle", "brisk", "stop")
ASKED = (GENTLE, BRISK, STOP)  # what something is asked in; the others are what it is measured against
MEASURED = {GENTLE: "median_acceleration_ratio", BRISK: "median_distance_ratio", STOP: "median_seconds_to_stand"}
PHRASES: dict[str, tuple[str, ...]] = {
    SILENCE: ("",),
    TALK: (
        "what a lovely day it is",
        "I watched a good film yesterday",
        "my sister used to live around here",
        "that song is stuck in my head",
        "dinner was excellent",
        "look at that old church",
    ),
    GENTLE: (
        "go easy in the corners",
        "no sudden movements, thank you",
        "my coffee will spill otherwise, keep it soft",
        "grandmother gets carsick",
        "could you make the ride a little softer",
        "I would like a calm and comfortable trip",
    ),
    BRISK: (
        "we are running behind schedule",
        "the meeting begins in five minutes, let's go",
        "put your foot down",
        "can you speed things up",
        "don't dawdle",
        "quick, there is a plane to catch",
    ),
    STOP: (
        "I want to get out at once",
        "bring the vehicle to a standstill",
        "could you pull in and stand still",
        "that's far enough, end the ride here",
        "drop me off at this very spot",
        "park for a moment",
    ),
}
STOP_AT_S = 8.0  # s into the drive at which it is asked to stop
STANDS_WITHIN_S = 10.0  # s in which it must then stand
STANDS_FOR_S = 1.0  # s in a row
STANDS = 0.3  # m/s, below which a car stands
UNDER_WAY = 2.0  # m/s that the untold car must do when the other is asked to stop
LEAST_S = 10.0  # s that both drives must last to be compared
GENTLER = 0.95  # of the untold drive's mean acceleration, at most
STILL_DRIVES = 0.5  # of the untold drive's distance, at least: standing is not gentle driving
FURTHER = 1.02  # of the untold drive's distance, at least
_STOPPING = (round(STOP_AT_S / STEP_S), round((STOP_AT_S + STANDS_WITHIN_S) / STEP_S))  # ticks
HARMS = tuple(kind for kind in FAILURES if kind != UNDER_PROGRESS)


def told_of(manner: str, episode: Episode) -> Told:
    """What is said in a drive: one of the manner's phrases, always the same for a start."""
    several = PHRASES[manner]
    phrase = several[zlib.crc32(f"{episode.map} {episode.seed}".encode()) % len(several)]
    return Told(phrase, STOP_AT_S if manner == STOP else 0.0)


class Ride:
    """One drive as the comparison sees it."""

    def __init__(self, ride: Sequence[Sequence[float]], failures: Sequence[str], first_failure_s: float) -> None:
        table = np.asarray(ride, dtype=np.float64).reshape(-1, 3)
        self.speed, self.acceleration, self.metres = table.T  # (T,) each
        harmed = any(kind in HARMS for kind in failures)
        self.harmed_s = first_failure_s if harmed else float("inf")  # too little progress is found last, so the first is a harm

    @property
    def ticks(self) -> int:
        return len(self.speed)


def changed(asked: str, plain: Ride, told: Ride) -> bool | None:
    """Did the told drive change as it was `asked` to, and words did not make it fail? None where the two cannot be compared: the untold
    one ended too soon, or stood by itself when the other was to stop."""
    within = min(plain.ticks, told.ticks)
    if asked == STOP:
        within = stands(told, *_STOPPING) or told.ticks
    spoilt = told.harmed_s < plain.harmed_s and told.harmed_s <= within * STEP_S + 1e-6
    if spoilt and asked != STOP:
        return False  # however soon
    heard = heeded(asked, plain, told)
    return None if heard is None else heard and not spoilt


def heeded(asked: str, plain: Ride, told: Ride) -> bool | None:
    """The same whether or not the told drive failed."""
    if asked == STOP:
        first, last = _STOPPING
        if plain.ticks < last or plain.speed[first - 1] < UNDER_WAY or stands(plain, first, last) is not None:
            return None
        return stands(told, first, last) is not None
    ticks = min(plain.ticks, told.ticks)
    if ticks < round(LEAST_S / STEP_S):
        return None
    metres = (plain.metres[ticks - 1], told.metres[ticks - 1])
    if asked == BRISK:
        return bool(metres[1] >= FURTHER * metres[0] + 1e-9)
    softer = told.acceleration[:ticks].mean() <= GENTLER * plain.acceleration[:ticks].mean()
    return bool(softer and metres[1] >= STILL_DRIVES * metres[0])


def stands(ride: Ride, first: int, last: int) -> int | None:
    """The tick between `first` and `last` from which the car stands for STANDS_FOR_S, or None."""
    row = 0
    for tick in range(first, min(last + round(STANDS_FOR_S / STEP_S), ride.ticks)):
        row = row + 1 if ride.speed[tick] < STANDS else 0
        if row >= round(STANDS_FOR_S / STEP_S):
            return tick - row + 1
    return None


def effect(asked: str, plain: Ride, told: Ride) -> float:
    """How large the change is: told over untold mean acceleration (gentle) or distance (brisk); s until it stands (stop)."""
    if asked == STOP:
        moment = stands(told, round(STOP_AT_S / STEP_S), told.ticks)
        return float("nan") if moment is None else moment * STEP_S - STOP_AT_S
    ticks = min(plain.ticks, told.ticks)
    a, b = (r.metres[:ticks][-1:] if asked == BRISK else r.acceleration[:ticks] for r in (plain, told))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(b.mean(), a.mean())) if ticks else float("nan")


def verdicts(rides: dict[str, list[Ride]], starts: Sequence[Episode]) -> list[dict[str, dict[str, Any]]]:
    """Per start and manner that something is asked in: what was said, whether the drive changed as asked (None: not to be told) and
    whether it did so if failing is let pass, how large the change is, and whether idle talk passed for it. `rides` holds every
    manner's drives in the order of `starts`."""
    rows = []
    for k, start in enumerate(starts):
        plain, talk = rides[SILENCE][k], rides[TALK][k]
        rows.append(
            {
                asked: {
                    "said": told_of(asked, start).words,
                    "right": changed(asked, plain, rides[asked][k]),
                    "heeded": heeded(asked, plain, rides[asked][k]),
                    "effect": _finite(effect(asked, plain, rides[asked][k])),
                    "talk": changed(asked, plain, talk),
                }
                for asked in ASKED
            }
        )
    return rows


def table(rows: Sequence[dict[str, dict[str, Any]]], starts: Sequence[Episode], *, seed: int = 0) -> dict[str, Any]:
    """Of `verdicts`, per manner: the share of right changes with its interval over maps, what idle talk gives, and how large the
    changes are."""
    maps = [start.map for start in starts]
    return {asked: _figures(asked, [row[asked] for row in rows], maps, seed=seed) for asked in ASKED}


def _figures(asked: str, rows: Sequence[dict[str, Any]], maps: Sequence[str], *, seed: int) -> dict[str, Any]:
    judged = [row for row in rows if row["right"] is not None]
    sizes = [row["effect"] for row in judged if row["effect"] is not None]
    by_phrase = {phrase: [row["right"] for row in judged if row["said"] == phrase] for phrase in PHRASES[asked]}
    return {
        **_share("right", [row["right"] for row in rows], maps, seed=seed),
        "judged": len(judged),
        "drives": len(rows),
        **_share("heeded", [row["heeded"] for row in rows], maps, seed=seed),
        **_share("by_chance", [row["talk"] for row in rows], maps, seed=seed),
        MEASURED[asked]: round(float(np.median(sizes)), 3) if sizes else None,
        "by_phrase": {phrase: {"right": sum(each), "judged": len(each)} for phrase, each in by_phrase.items() if each},
    }


def _share(name: str, values: Sequence[bool | None], maps: Sequence[str], *, seed: int) -> dict[str, Any]:
    """{name, name_ci} of those that are known."""
    known = [(value, place) for value, place in zip(values, maps, strict=True) if value is not None]
    if not known:
        return {name: None, f"{name}_ci": [None, None]}
    happened, where = [value for value, _ in known], [place for _, place in known]
    return {name: round(sum(happened) / len(happened), 4), f"{name}_ci": rounded(rate_interval(happened, where, seed=seed))}


def _finite(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
