"""The conversation as every page shows it: one list for all of them, kept by the car, so that a page that comes late or comes back has
missed nothing. Each saying has a mark of its page's own, by which one that is sent twice is heard once."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from caravela.cockpit.response import Response

KEPT = 80  # newest lines
MARKS_KEPT = 512  # sayings that are known again
LONGEST_SHOWN = 300  # characters of what somebody said


class Who(StrEnum):
    PERSON = "person"
    CAR = "car"
    OFFER = "offer"  # the car, unasked
    DRIVE = "drive"  # what became of a wish on the way to the driver
    CLIENT = "client"  # another agent


class Tone(StrEnum):
    PLAIN = "plain"
    DONE = "done"
    ASKED = "asked"
    REFUSED = "refused"
    LOST = "not understood"


def tone_of(response: Response) -> Tone:
    """How the agent's answer sounds: the gravest that holds of it."""
    if response.refused:
        return Tone.REFUSED
    if response.asked:
        return Tone.ASKED
    if not response.understood:
        return Tone.LOST
    return Tone.DONE if response.changes or response.requests else Tone.PLAIN


@dataclass(frozen=True)
class Line:
    """One line. `deeds` are signals that were written, `wishes` the words that were handed to driving; `spoken` ones were recognised."""

    number: int
    t_s: float
    who: Who
    text: str
    tone: Tone = Tone.PLAIN
    seat: str = ""
    mark: str = ""
    language: str = ""  # code of the text's, "" where nobody knows
    spoken: bool = False
    deeds: tuple[tuple[str, Any], ...] = ()
    wishes: tuple[str, ...] = ()


@dataclass
class Conversation:
    """The newest lines, and the marks of what has been heard."""

    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT))
    _marks: deque[str] = field(default_factory=lambda: deque(maxlen=MARKS_KEPT))
    _number: int = 0

    def add(self, who: Who, text: str, *, t_s: float, **more: Any) -> Line:
        """A line more; long sayings are shown shortened, with their length."""
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text):,} characters)"
        self._number += 1
        line = Line(self._number, round(t_s, 2), who, shown, **more)
        self.lines.append(line)
        return line

    def heard_before(self, mark: str) -> bool:
        """Whether a saying has come already; from now on it has."""
        if not mark:
            return False
        if mark in self._marks:
            return True
        self._marks.append(mark)
        return False

    def fields(self) -> Sequence[dict[str, Any]]:
        """For JSON."""
        return [asdict(line) for line in self.lines]
