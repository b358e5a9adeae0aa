"""What the car sees around it at one moment, as far as whoever drives reads it: of each thing its kind, its side, how far it is and how fast. The
shipped driver reads one vehicle ahead, with its distance and speed, and no more; what reads more adds to `Situation.seen` and `looks`."""

from collections.abc import Sequence
from dataclasses import dataclass

from caravela.core.units import to_kph

AHEAD, LEFT, RIGHT, BEHIND = "ahead", "left", "right", "behind"
VEHICLE, PERSON, TWO_WHEELER = "vehicle", "person", "two-wheeler"  # kinds of which no more is known
VEHICLES = (VEHICLE, "car", "van", "lorry", "bus", "taxi", "motorbike", "tram", "tractor", "ambulance")
PEOPLE = (PERSON, "child", "cyclist")
STANDS = 0.5  # m/s, below it a thing stands: what a driver reads of a speed is no finer
_PLACES = {AHEAD: "ahead", LEFT: "on the left", RIGHT: "on the right", BEHIND: "behind us"}


@dataclass(frozen=True)
class Seen:
    """One thing. What is not read of it is None."""

    kind: str
    side: str = AHEAD
    distance: float | None = None  # m
    speed: float | None = None  # m/s

    @property
    def moves(self) -> bool | None:
        return None if self.speed is None else self.speed >= STANDS

    @property
    def where(self) -> str:
        """ "22 metres ahead"."""
        return place(self.side) if self.distance is None else f"{self.distance:.0f} metres {place(self.side)}"

    @property
    def pace(self) -> str:
        """What it does, after its name: "stands", "drives at 12 km/h"; "" where that is not read."""
        if self.moves is None:
            return ""
        how = "moves" if self.kind in PEOPLE else "drives"
        return f"{how} at {to_kph(self.speed or 0.0):.0f} km/h" if self.moves else "stands"


def place(side: str) -> str:
    """A side after a noun."""
    return _PLACES[side]


def listed(things: Sequence[Seen], article: str = "a") -> str:
    """ "a van 12 metres ahead and a van on the left"."""
    named = [f"{article}{'n' if article == 'a' and thing.kind[0] in 'aeiou' else ''} {thing.kind} {thing.where}" for thing in things]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
