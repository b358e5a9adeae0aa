"""What the cockpit may ask of driving: a closed set of wishes. Whatever is said to the car, this is all that can come out: a
wish names a road, a manner or a limit, never a pedal, a wheel or a rule to be broken. Driving decides."""

from dataclasses import dataclass
from enum import StrEnum

from caravela.core.errors import CaravelaError
from caravela.core.units import to_kph

LOWEST_CAP = 5.0 / 3.6  # m/s; below it one asks for a stop instead
START = "the start"  # the place where a drive began
HIGHEST_CAP = 250.0 / 3.6  # m/s, a number that can be meant as a speed; whether it is allowed is the gate's question


class RequestError(CaravelaError):
    """A wish that cannot be one."""


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    STRAIGHT = "straight"


class Manner(StrEnum):
    """How to drive; a point in the reward's weights."""

    PLAIN = "plain"
    GENTLE = "gentle"
    BRISK = "brisk"
    FRUGAL = "frugal"
    CAREFUL = "careful"


@dataclass(frozen=True)
class TakeTurn:
    """Take the `nth` possible turn to `side` on the way ahead."""

    side: Side
    nth: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.nth <= 5:
            raise RequestError(f"got the {self.nth}th turn; expected the first to the fifth: name a nearer one.")

    @property
    def words(self) -> str:
        where = "go straight on" if self.side is Side.STRAIGHT else f"turn {self.side}"
        return where if self.nth == 1 else f"take the {ORDINALS[self.nth]} {self.side}"


@dataclass(frozen=True)
class GoTo:
    """Lay the route to a known place."""

    place: str

    @property
    def words(self) -> str:
        return "take me back" if self.place == START else ""


@dataclass(frozen=True)
class DropRoute:
    """Forget the route and follow the road."""

    words = ""


@dataclass(frozen=True)
class KeepOffMotorways:
    """Lay the route past motorways where there is another way, from now on; with `over`, no longer."""

    over: bool = False

    @property
    def words(self) -> str:
        return "motorways are fine again" if self.over else "avoid the motorway"


@dataclass(frozen=True)
class Drive:
    """Drive in a manner from now on."""

    manner: Manner

    @property
    def words(self) -> str:
        return {Manner.PLAIN: "drive normally", Manner.BRISK: "hurry up", Manner.FRUGAL: "save energy"}.get(
            self.manner, "drive gently" if self.manner is Manner.GENTLE else "drive carefully"
        )


@dataclass(frozen=True)
class CapSpeed:
    """Drive no faster than `speed`, m/s, until a `DropCap`. Never a reason to drive faster than the limit or the road allow."""

    speed: float

    def __post_init__(self) -> None:
        if not LOWEST_CAP <= self.speed <= HIGHEST_CAP:
            raise RequestError(
                f"got a speed of {to_kph(self.speed):.0f} km/h; expected {to_kph(LOWEST_CAP):.0f} to {to_kph(HIGHEST_CAP):.0f}."
            )

    @property
    def words(self) -> str:
        return "drive slower"


@dataclass(frozen=True)
class DropCap:
    """No speed is set any more."""

    words = ""


@dataclass(frozen=True)
class PullOver:
    """Stop at the next safe place, clear of junctions and crossings; or, `at_once`, wherever the car is: somebody sees what it has to stop for."""

    at_once: bool = False

    words = "stop here, please"


@dataclass(frozen=True)
class Park:
    """Park near here."""

    words = "park here, please"


@dataclass(frozen=True)
class GoOn:
    """Drive on after a stop that was asked for."""

    words = "carry on"


@dataclass(frozen=True)
class Overtake:
    """Pass the vehicle ahead when that is safe and allowed."""

    words = "overtake when it is safe"


@dataclass(frozen=True)
class ChangeLane:
    """Move to the next lane when that is safe and allowed."""

    side: Side

    @property
    def words(self) -> str:
        return f"change to the {self.side} lane"


@dataclass(frozen=True)
class KeepDistance:
    """Leave more room to the vehicle ahead."""

    words = "keep more distance"


Wish = (
    TakeTurn
    | GoTo
    | DropRoute
    | KeepOffMotorways
    | Drive
    | CapSpeed
    | DropCap
    | PullOver
    | Park
    | GoOn
    | Overtake
    | ChangeLane
    | KeepDistance
)

ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


@dataclass(frozen=True)
class Request:
    """A wish on its way to driving. `words` is what the driving model hears: the wish's own sentence, never what was said, so
    that nothing said, sung or written on a sign reaches the driver unread."""

    wish: Wish
    asked_by: str = "driver"  # seat, client or service that it comes from
    t_us: int = 0

    @property
    def words(self) -> str:
        return self.wish.words
