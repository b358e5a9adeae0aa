"""The suite `words`: the same starts, the same traffic, only the words differ. Does the drive change as it was asked to? The words here
are not those that a driver is trained on, nor near to any (a test holds them apart). Two things stand beside every share of right changes: a
driver that ignores words drives the same again, which is never right; and idle talk, which asks for nothing, says how
often a drive would pass for changed by chance."""

import math
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from caravela.core.units import STEP_S
from caravela.evaluate.driving import Told
from caravela.evaluate.episodes import Episode
from caravela.evaluate.referee import at_fault
from caravela.evaluate.statistics import rate_interval, rounded

SILENCE, TALK, GENTLE, BRISK, STOP = MANNERS = ("silence", "talk", "gentle", "brisk", "stop")
DIAL = (GENTLE, SILENCE, BRISK)  # the style dial: the frontier's other axis
ASKED = (GENTLE, BRISK, STOP)  # what something is asked in; the others are what it is measured against
MEASURED = {GENTLE: "median_acceleration_ratio", BRISK: "median_distance_ratio", STOP: "median_seconds_to_stand"}
PHRASES: dict[str, tuple[str, ...]] = {
    SILENCE: ("",),
    TALK: (
        "My sister runs a fast food place down by the harbor.",
        "Did you know an octopus has three hearts?",
        "Dad says the rain never stops in Bergen.",
        "I finally finished that mystery novel.",
        "Grandma knits the softest mittens in the whole village.",
        "We stayed up late watching the football.",
        "Those cherry trees are gorgeous this year.",
        "Our cat weighs more than the neighbor's poodle.",
        "Kevin couldn't stop laughing at his own joke.",
        "Tuesday's chemistry quiz was harder than expected.",
        "A soft-boiled egg and toast, that's my perfect breakfast.",
        "Ravens can apparently recognise faces for years.",
        "Ever since he retired, Tom has been learning the banjo.",
        "The lighthouse keeper's daughter paints wonderful seascapes.",
        "The new roller coaster at the fair is the quickest in Europe.",
        "Her late uncle left them a piano nobody can play.",
    ),
    GENTLE: (
        "Pretend that my great-aunt is asleep on a stretcher.",
        "Feather the pedal whenever you slow for something.",
        "Drive as though you were carrying a tray of eggs.",
        "Imagine there were a full fishbowl on the back seat.",
        "Please stop jerking us around so much.",
        "Go easy over the speed bumps, would you?",
        "No more sudden swerves, all right?",
        "Let's keep this trip nice and relaxed, nothing abrupt.",
        "My stomach is churning from all this lurching.",
        "Our violin isn't strapped in, so nothing rough.",
        "Mum just had back surgery, and every jolt hurts her.",
        "I spill my coffee each time you accelerate.",
        "The baby has only just dozed off, and I'd hate her shaken awake.",
        "All that bouncing gives me a headache.",
        "Ouch, my neck snapped forward at that last light.",
        "Some of us get carsick, and whipping round bends isn't helping.",
    ),
    BRISK: (
        "Lunch gets cold in six minutes, so don't dawdle.",
        "The school gate shuts when the bell rings, and my boy's still in here.",
        "Get me to the airport as quickly as the law allows.",
        "Hurry up, there isn't a moment to waste!",
        "Every minute that we lose costs me a fortune.",
        "I want to be there ten minutes earlier than you've planned.",
        "Overtake that dawdling truck and get a move on.",
        "Feel free to use the full speed limit along here.",
        "My plane starts boarding in a quarter of an hour.",
        "The interview begins at nine and it's already eight fifty.",
        "Even the cyclists are passing us.",
        "At this rate we'll miss the opening act.",
        "Somebody's having twins across town and I promised to hold her hand.",
        "The bank shuts at five sharp, and I still have to deposit this.",
        "We're crawling like a snail on an empty highway.",
        "Everybody's at the church already except the bride, and that's me.",
    ),
    STOP: (
        "We've overshot the place, halt!",
        "Stop the car now!",
        "Let me out at this curb.",
        "That'll do nicely, set me down by these steps.",
        "Park anywhere you can, I'm hopping out.",
        "End the journey this instant and come to a halt.",
        "Would you mind dropping me by that pharmacy, the one just ahead?",
        "Quick, find a spot on the shoulder and unlock my door.",
        "I'm going to throw up any second and must have fresh air outside.",
        "Hey, that's my house we're driving past!",
        "Flames under the hood, everybody out!",
        "He's having a seizure, and I can't help him while we're moving.",
        "This is far enough, I'll walk the rest.",
        "There's my friend on the pavement, I'll join her on foot from here.",
        "My ferret has jumped out of the window!",
        "I don't feel safe in this vehicle for another second.",
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


def said_of(manner: str, episode: Episode) -> str:
    """What is said in a drive: one of the manner's phrases, always the same for a start."""
    several = PHRASES[manner]
    return several[zlib.crc32(f"{episode.map} {episode.seed}".encode()) % len(several)]


def told_of(manner: str, episode: Episode, heard: Mapping[str, str] = MappingProxyType({})) -> Told:
    """What the driver is told of it, and when: `heard` has, of what is said, what it hears instead."""
    phrase = said_of(manner, episode)
    return Told(heard.get(phrase, phrase), STOP_AT_S if manner == STOP else 0.0)


class Ride:
    """One drive as the comparison sees it."""

    def __init__(self, ride: Sequence[Sequence[float]], failures: Sequence[str], first_failure_s: float) -> None:
        table = np.asarray(ride, dtype=np.float64).reshape(-1, 3)
        self.speed, self.acceleration, self.metres = table.T  # (T,) each
        self.harmed_s = first_failure_s if at_fault(failures) else float("inf")  # too little progress is found last, so the first is a harm

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
                    "said": said_of(asked, start),
                    "right": changed(asked, plain, rides[asked][k]),
                    "heeded": heeded(asked, plain, rides[asked][k]),
                    "effect": _finite(effect(asked, plain, rides[asked][k])),
                    "talk": changed(asked, plain, talk),
                }
                for asked in ASKED
            }
        )
    return rows


def table(rows: Sequence[dict[str, dict[str, Any]]], maps: Sequence[str], *, seed: int = 0) -> dict[str, Any]:
    """Of `verdicts` and the map of each, per manner: the share of right changes with its interval over maps, what idle talk gives, and how
    large the changes are."""
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
