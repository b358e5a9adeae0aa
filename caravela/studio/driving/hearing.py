"""What became of words that the car was told, as it can be measured: which saying of its lessons they come nearest to, and
what they change in its plan, on one and the same observation. The driver turns words into a plan without saying anything
about them, so nothing here is its own account."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Plan
from caravela.train.phrases import MANNERS, STOP
from caravela.vehicle.domains.reports import CockpitReport
from caravela.words import SentenceEncoder

LIKE = 0.45  # cosine; requests for a manner lie above it, idle talk and nonsense below: tests/studio/driving/test_hearing.py
EACH = 30  # sayings of a manner that are compared with: all of them would take seconds to encode
NOTABLE_SPEED, NOTABLE_OFFSET = 0.3, 0.3  # m/s, m; smaller changes of a plan are called none
UNCHANGED = "as without them"


@dataclass(frozen=True)
class Heard:
    """What is known of the words that hold now; empty where nothing is."""

    route: str = ""  # the sat-nav's answer
    manner: str = ""  # the nearest lesson
    plan: str = ""  # what they changed when they came


class Lessons:
    """The sayings by which the driver is taught manners, as sentence vectors."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()
        self._taught = [(manner.name, phrase) for manner in (*MANNERS, STOP) for phrase in manner.phrases[:EACH]]
        self._vectors: NDArray[np.float32] | None = None  # (lessons, EMBEDDING)

    def load(self) -> None:
        """Encode the lessons (half a second), unless that has been done."""
        if self._vectors is None:
            self._vectors = self._encoder.encode([phrase for _, phrase in self._taught])

    def nearest(self, words: str) -> tuple[str, str] | None:
        """The lesson that `words` are most like, its manner and its phrase; None where they are like none."""
        self.load()
        assert self._vectors is not None
        likeness = self._vectors @ self._encoder.encode([words])[0]  # (lessons,)
        best = int(likeness.argmax())
        return self._taught[best] if likeness[best] >= LIKE else None


def told_of(lesson: tuple[str, str] | None) -> str:
    """A lesson as people are told of it."""
    return "not understood: like none of its lessons" if lesson is None else f"like “{lesson[1]}” ({lesson[0]})"


def report_of(lesson: tuple[str, str] | None) -> CockpitReport:
    """A lesson as the bus has it: words are said to all domains, not only to the driver."""
    if lesson is None:
        return CockpitReport()
    return CockpitReport(stop=True) if lesson[0] == STOP.name else CockpitReport(manner=lesson[0])


def change(told: Plan, untold: Plan) -> str:
    """What words change in the chosen plan of world 0, at its end 4 s ahead: its speed, or else its place to the side (at another
    speed that would be the road's bend)."""
    (speed, side), (speed_untold, side_untold) = _end(told), _end(untold)
    if abs(speed - speed_untold) >= NOTABLE_SPEED:
        return f"{_kph(speed)} km/h in 4 s instead of {_kph(speed_untold)}"
    if abs(side - side_untold) >= NOTABLE_OFFSET:
        return f"{abs(side - side_untold):.1f} m further {'left' if side > side_untold else 'right'}"
    return UNCHANGED


def _end(plan: Plan) -> tuple[float, float]:
    """Speed, m/s, and y, m, of the chosen trajectory's last step."""
    chosen = int(plan.chosen[0])
    return float(plan.speeds[0, chosen, -1]), float(plan.trajectories[0, chosen, -1, 1])


def _kph(speed: float) -> str:
    return f"{max(3.6 * speed, 0.0):.0f}"
