"""What other languages come to: what was said in English, its steps, and the language to reply in."""

from dataclasses import dataclass
from typing import Protocol

from caravela.cockpit.acting.memory import Asked
from caravela.cockpit.reading.intents import Step
from caravela.cockpit.replies import Speech
from caravela.cockpit.tool import Place


@dataclass(frozen=True)
class Heard:
    """A request in another language: what it is in English, its steps, and how to reply. `instead` is a reply where it cannot be understood;
    `correction` is what it says of the last deed, in English, if it is about that."""

    english: str
    steps: tuple[Step, ...]
    speech: Speech
    instead: str = ""
    correction: str = ""


class Languages(Protocol):
    """Understands other languages than English."""

    def hear(self, text: str, asked: Asked | None, *, seat: Place, lefthand: bool) -> Heard | None:
        """What was said, where it is not English; `asked` is the question that it may answer."""
        ...
