"""From a clause to a wish of driving that has something to fill in: a side, a place, a speed, or a bound on it."""

import re

from caravela.cockpit.reading.bounds import FASTEST_ROAD, KM_PER_MILE, MILES, bound_in, is_above
from caravela.cockpit.reading.head import Reading
from caravela.cockpit.reading.intents import DrivingWish, Hazard, Intent, Missing, Slot, Unclear, Unsafe
from caravela.cockpit.reading.meanings import SIMPLE, best, refusals
from caravela.cockpit.reading.numbers import numbers_in
from caravela.cockpit.reading.questions import asks
from caravela.core.errors import CaravelaError
from caravela.core.request import LOWEST_CAP, CapSpeed, ChangeLane, GoTo, Side, TakeTurn
from caravela.core.units import from_kph

DOUBTFUL = 0.2  # probability of all refusals together from which only what is put plainly is a bound
FAINT = 0.08  # probability of a hazard from which more than any road allows is no wish
EXIT = re.compile(r"\b(?:exit|slip road|off-?ramp)\b", re.IGNORECASE)
AROUND = re.compile(r"\b(?:around|u-?turn)\b", re.IGNORECASE)  # there is no wish for that
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?<!\w)-\s?\d|\bminus\b", re.IGNORECASE)
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "next": 1}


def wish_of(label: str, clause: str, *, place: str, lefthand: bool) -> Intent:
    """A driving wish with something to fill in. `place` is the destination that the clause names, "" for none."""
    sides = {found.lower() for found in _SIDE.findall(clause)}
    side = Side(sides.pop()) if len(sides) == 1 else None
    if label == "drive.go_to":
        return DrivingWish(GoTo(place)) if place else Missing(label, Slot.TEXT)
    if label == "drive.speed":
        numbers = numbers_in(clause)
        if not numbers or _NEGATIVE.search(clause):
            return Missing(label, Slot.NUMBER)
        return _capped(numbers[0] * (KM_PER_MILE if MILES.search(clause) else 1.0), at_most=False)
    if side is None and label == "drive.turn" and EXIT.search(clause):
        side = Side.LEFT if lefthand else Side.RIGHT  # exits lie on the side that traffic keeps to
    if side is None:
        return Unclear() if asks(clause) or AROUND.search(clause) else Missing(label, Slot.SIDE)
    if label == "drive.lane":
        return DrivingWish(ChangeLane(side))
    words = clause.lower().split()
    return DrivingWish(TakeTurn(side, next((_ORDINAL[word] for word in words if word in _ORDINAL), 1)))


def bound_of(clause: str, reading: Reading) -> Intent | None:
    """A bound on the speed that is all that a clause names: one from above is a wish, one from below is refused. Where the head
    hears a hazard in what may be either, it is no bound but a speed, which the gate compares with the limit."""
    about_speed = best(reading.label) in ("drive.speed", "refuse.speeding", "drive.careful")
    bound = bound_in(clause, about_speed=about_speed)
    hazards = refusals(reading.label)
    doubtful = sum(hazards.values()) > DOUBTFUL
    if bound is None:
        if is_above(clause) and max(numbers_in(clause), default=0.0) > FASTEST_ROAD and (about_speed or hazards[best(hazards)] > FAINT):
            return Unsafe(Hazard.SPEEDING)
        return SIMPLE[best(hazards)] if doubtful and is_above(clause) else None
    if not bound.at_most:
        return Unsafe(Hazard.SPEEDING)
    either = doubtful and not bound.plain
    if either and bound.kph > FASTEST_ROAD:
        return None
    return _capped(bound.kph, at_most=not either)


def _capped(kph: float, *, at_most: bool) -> Intent:
    """A speed as a wish; what is slower than any that can be set is asked about, and nobody is told that it is too fast."""
    if from_kph(kph) < LOWEST_CAP:
        return Missing("drive.speed", Slot.NUMBER)
    try:
        return DrivingWish(CapSpeed(from_kph(kph)), at_most=at_most)
    except CaravelaError:
        return Unsafe(Hazard.SPEEDING)
