"""What the agent remembers of a conversation: the question that it asked, what was done last, what waits for a condition, and the language
spoken last."""

from dataclasses import dataclass, field

from caravela.cockpit import replies
from caravela.cockpit.acting.gate import Change
from caravela.cockpit.outside.requests import Regard
from caravela.cockpit.reading.intents import CabinCall, Condition, DrivingWish, Intent, Missing, Step
from caravela.cockpit.situation import Trigger
from caravela.cockpit.tool import Call, Place
from caravela.core.request import DropRoute, GoTo

ANSWER_WITHIN_S = 30.0  # s after which a question of ours counts as unanswered
CORRECTED_WITHIN_S = 60.0  # s after a deed in which "no, the other one" is one about it
MOST_DEEDS = 20
MOST_WAITING = 12  # things put off at a time


@dataclass(frozen=True)
class Asked:
    """A question that is open: what lacks something, two tools one of which was meant, which thing outside, or whether to do what we propose."""

    at_s: float
    missing: Missing | None = None
    either: tuple[str, ...] = ()
    which: Regard | None = None  # of several things outside, or of none that we see
    proposed: tuple[Step, ...] = ()  # what a yes does; it goes through the gate like anything else
    words: str = ""  # what was said when two were possible
    until: Condition | None = None  # what the request waits for, once it is answered


@dataclass(frozen=True)
class Deed:
    """What was done, for "a bit more", "put it back" and "no, the other one"."""

    intent: CabinCall | DrivingWish
    changes: tuple[Change, ...] = ()
    places: tuple[Place, ...] = ()  # of a call
    at_s: float = 0.0
    before: float | None = None  # m/s that was set before, of a wish

    @property
    def call(self) -> Call | None:
        return self.intent.call if isinstance(self.intent, CabinCall) else None


@dataclass(frozen=True)
class Waiting:
    """Something that is done when its condition comes true."""

    intent: Intent
    trigger: Trigger
    seat: Place


@dataclass
class Memory:
    asked: Asked | None = None
    deeds: list[Deed] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    speech: replies.Speech = replies

    def open_question(self, t_s: float) -> Asked | None:
        """The question that a next sentence may answer."""
        if self.asked is not None and t_s - self.asked.at_s > ANSWER_WITHIN_S:
            self.asked = None
        return self.asked

    def last_deed(self, t_s: float, *, within_s: float = CORRECTED_WITHIN_S) -> Deed | None:
        """What was done last, if that was just now."""
        return self.deeds[-1] if self.deeds and t_s - self.deeds[-1].at_s <= within_s else None

    def did(self, deed: Deed) -> None:
        """Remember a deed."""
        self.deeds.append(deed)
        del self.deeds[:-MOST_DEEDS]

    def destination(self) -> str:
        """Where driving was asked to go last, and has not been told to forget; "" for nowhere."""
        wishes = [deed.intent.wish for deed in self.deeds if isinstance(deed.intent, DrivingWish)]
        last = next((wish for wish in reversed(wishes) if isinstance(wish, GoTo | DropRoute)), None)
        return last.place if isinstance(last, GoTo) else ""

    def last_call(self) -> Call | None:
        return self.deeds[-1].call if self.deeds else None
