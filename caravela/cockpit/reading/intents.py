"""What was meant, typed: the only thing that understanding hands on. Free text survives in it only as a title, a contact or a
destination, and is never read again."""

from dataclasses import dataclass, field
from enum import StrEnum

from caravela.cockpit.outside.requests import Regard
from caravela.cockpit.tool import Call, Place
from caravela.core.request import GoOn, PullOver, Wish


class Slot(StrEnum):
    """What a request may lack."""

    NUMBER = "number"
    SIDE = "side"
    TEXT = "text"
    CHOICE = "choice"


class Follow(StrEnum):
    MORE = "more"
    LESS = "less"
    VALUE = "value"
    UNDO = "undo"
    SAME = "same"  # the same somewhere else


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    CANCEL = "cancel"


class Hazard(StrEnum):
    """Why a request is refused whatever else is said."""

    RED_LIGHT = "red_light"
    SPEEDING = "speeding"
    SAFETY_OFF = "safety_off"
    WRONG_WAY = "wrong_way"
    HARM = "harm"
    UNATTENDED = "unattended"
    OVERRIDE = "override"
    REPORT = "report"  # an order that somebody else wrote or sang


@dataclass(frozen=True)
class CabinCall:
    call: Call


@dataclass(frozen=True)
class DrivingWish:
    """`at_most`: a speed that is not to be exceeded, rather than one to drive at. Who names one above the limit asks for nothing unsafe."""

    wish: Wish
    at_most: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Question:
    """About driving: why, what, limit or speed; or whether what a condition waits for is so, by the condition's kind."""

    about: str


@dataclass(frozen=True)
class Unsafe:
    hazard: Hazard


@dataclass(frozen=True)
class FollowUp:
    """More or less of what was done last, another value for it, or back."""

    kind: Follow
    value: float | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Reply:
    answer: Answer


@dataclass(frozen=True)
class OfferSwitch:
    on: bool


@dataclass(frozen=True)
class FindCharger:
    """Somewhere to charge, on the way."""


@dataclass(frozen=True)
class Missing:
    """A request that lacks something: `meaning` and `call` are what is known of it."""

    meaning: str
    slot: Slot
    call: Call | None = None


@dataclass(frozen=True)
class Negated:
    """Something that is not to be done."""


@dataclass(frozen=True)
class SmallTalk:
    """Nothing that a car can do."""


@dataclass(frozen=True)
class Unclear:
    """Not understood; `alternatives` are meanings that it may have had."""

    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beyond:
    """Understood, and nothing that this car can do; `what` is a key of `sentences.BEYOND`, which says so and what can be done instead."""

    what: str


@dataclass(frozen=True)
class Garbled:
    """Noise, or a language that we don't know."""


@dataclass(frozen=True)
class Contradiction:
    """Two orders that undo each other."""


Intent = (
    CabinCall
    | DrivingWish
    | Question
    | Unsafe
    | FollowUp
    | Reply
    | OfferSwitch
    | FindCharger
    | Missing
    | Negated
    | SmallTalk
    | Unclear
    | Beyond
    | Regard
    | Garbled
    | Contradiction
)


def stops(intent: Intent) -> bool:
    """Is this the wish to stop, which is never refused?"""
    return isinstance(intent, DrivingWish) and isinstance(intent.wish, PullOver)


def goes_on(intent: Intent) -> bool:
    """Is this the wish to drive on after a stop?"""
    return isinstance(intent, DrivingWish) and isinstance(intent.wish, GoOn)


def means_nothing(intent: Intent) -> bool:
    """Is this nothing that we could do or ask about?"""
    return isinstance(intent, Unclear | SmallTalk | Garbled)


@dataclass(frozen=True)
class Condition:
    """When something is to be done. `number` is minutes, percent or km/h, for those that have one."""

    kind: str  # leave_motorway, join_motorway, arrive, arrived, stopped, parked, moving, rain, dry, dark, battery_low, charged, minutes, limit_above
    number: float | None = None


@dataclass(frozen=True)
class Step:
    """One thing that was asked for. A condition that is not one we can watch for is `Unclear`."""

    intent: Intent
    words: str
    condition: Condition | Unclear | None = None
