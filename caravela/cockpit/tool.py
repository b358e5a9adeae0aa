"""A tool: one thing that the cabin can do, with the signal that it sets and the range it keeps to. A call names a tool, an
operation, places and a value; checking it says what it would write, and nothing more: whether it may be is the gate's question."""

from dataclasses import dataclass, replace
from enum import StrEnum

from caravela.core.errors import CaravelaError
from caravela.core.signals import Value


class ToolError(CaravelaError):
    """A call that a tool does not take."""


class RangeError(ToolError):
    """A level beyond what a tool reaches; `nearest` is the level within reach that is nearest to it."""

    def __init__(self, message: str, nearest: float) -> None:
        super().__init__(message)
        self.nearest = nearest


class Form(StrEnum):
    """What kind of thing a tool moves."""

    LEVEL = "level"  # a number in a range
    SWITCH = "switch"  # one of two states
    CHOICE = "choice"  # one of a few names
    TEXT = "text"  # free words: a title, a contact
    ACT = "act"  # something done once
    ASK = "ask"  # something read, nothing changed


class Operation(StrEnum):
    """What is to be done with a tool."""

    ON = "on"  # or open, lock, start, fold, play
    OFF = "off"
    UP = "up"
    DOWN = "down"
    SET = "set"
    MAX = "max"
    MIN = "min"
    ASK = "ask"


class Place(StrEnum):
    """Where in the car, seen from the driver."""

    DRIVER = "driver"
    PASSENGER = "passenger"
    REAR_DRIVER = "rear_driver"  # behind the driver
    REAR_PASSENGER = "rear_passenger"


FRONT = (Place.DRIVER, Place.PASSENGER)
REAR = (Place.REAR_DRIVER, Place.REAR_PASSENGER)
SEATS = FRONT + REAR
ROWS = {Place.DRIVER: "Row1", Place.PASSENGER: "Row1", Place.REAR_DRIVER: "Row2", Place.REAR_PASSENGER: "Row2"}
SPOKEN = {
    Place.DRIVER: "the driver",
    Place.PASSENGER: "the front passenger",
    Place.REAR_DRIVER: "the seat behind the driver",
    Place.REAR_PASSENGER: "the seat behind the passenger",
}
TAKES = {
    Form.LEVEL: (Operation.ON, Operation.OFF, Operation.UP, Operation.DOWN, Operation.SET, Operation.MAX, Operation.MIN, Operation.ASK),
    Form.SWITCH: (Operation.ON, Operation.OFF, Operation.ASK),
    Form.CHOICE: (Operation.ON, Operation.OFF, Operation.UP, Operation.DOWN, Operation.SET, Operation.ASK),
    Form.TEXT: (Operation.SET,),
    Form.ACT: (Operation.ON,),
    Form.ASK: (Operation.ASK,),
}
LONGEST_TEXT = 120  # characters of a title or a name


@dataclass(frozen=True)
class Tool:
    """One tool. `path` is a VSS path; {side}, {station} and {row} stand for the place."""

    name: str
    noun: str  # in replies
    path: str
    form: Form
    places: tuple[Place, ...] = ()  # where there is one of it; empty: one in the car
    everywhere: bool = False  # without a place named, all of them rather than the speaker's
    low: float = 0.0
    high: float = 100.0
    step: float = 10.0  # of "more" and "less"
    unit: str = "percent"
    start: Value | None = None
    on: Value | None = None  # what ON and OFF write, where it is not plain
    off: Value | None = None
    choices: tuple[str, ...] = ()
    sign: float = 1.0  # -1 where the signal counts the other way (seat cooling is negative heating)
    states: tuple[str, str] = ("on", "off")  # in replies
    standstill: bool = False  # only while the car stands
    overlay: bool = False  # its signal is not in VSS

    def path_at(self, place: Place | None) -> str:
        """The signal for a place."""
        if place is None:
            return self.path
        driver_side = place in (Place.DRIVER, Place.REAR_DRIVER)
        return self.path.format(
            row=ROWS[place], side="DriverSide" if driver_side else "PassengerSide", station="Driver" if driver_side else "Passenger"
        )

    def paths(self) -> tuple[str, ...]:
        return tuple(self.path_at(place) for place in self.places) if self.places else (self.path,)

    @property
    def verb(self) -> str:
        """is or are, after the noun."""
        plural = self.noun.endswith(("s", "bolsters")) and not self.noun.endswith(("ss", "is"))
        return "are" if plural and self.name != "climate.airflow" else "is"

    @property
    def resting(self) -> Value:
        """What the signal holds when a drive begins."""
        if self.start is not None:
            return self.start
        return {Form.LEVEL: self.low, Form.SWITCH: False}.get(self.form, "") if self.off is None else self.off


@dataclass(frozen=True)
class Call:
    """A call of a tool, as far as it is known. An empty `places` leaves the place to the speaker's seat."""

    tool: str
    operation: Operation
    places: tuple[Place, ...] = ()
    value: float | str | None = None
    times: bool = False  # the value is a factor of what is so now


def written(tool: Tool, call: Call, now: Value) -> Value:
    """What `call` makes of a signal that holds `now`. Raises ToolError for what the tool does not take or is out of its range."""
    if call.operation not in TAKES[tool.form]:
        raise ToolError(f"{tool.noun} got '{call.operation}'; expected {' or '.join(TAKES[tool.form])}.")
    if call.operation is Operation.ASK:
        return now
    match tool.form:
        case Form.LEVEL:
            return _level(tool, call, now)
        case Form.CHOICE:
            return _choice(tool, call, now)
        case Form.TEXT:
            if not isinstance(call.value, str) or not 0 < len(call.value) <= LONGEST_TEXT:
                raise ToolError(f"{tool.noun} got no name; expected 1 to {LONGEST_TEXT} characters.")
            return call.value
        case _:
            wanted = tool.off if call.operation is Operation.OFF else tool.on
            return (call.operation is not Operation.OFF) if wanted is None else wanted


def _level(tool: Tool, call: Call, now: Value) -> Value:
    assert not isinstance(now, str | bool)
    level = now * tool.sign
    by = float(call.value) if isinstance(call.value, float | int) else tool.step
    if call.times and level > 0.0:
        return min(max(level * by, tool.low), tool.high) * tool.sign
    if call.operation is Operation.SET and call.value is None:
        raise ToolError(f"{tool.noun} got no number; expected {tool.low:g} to {tool.high:g} {tool.unit}.")
    # seats and fans share a signal with their opposite: what is below zero is off for this tool
    level = max(level, tool.low) if tool.sign < 0 or tool.low == 0 else level
    full, shut = (tool.high if tool.on is None else tool.on), (tool.low if tool.off is None else tool.off)
    assert not isinstance(full, str) and not isinstance(shut, str)
    if call.times:  # of nothing: "double the massage" still asks for more
        call, by = replace(call, operation=Operation.UP if by > 1.0 else Operation.SET), tool.step if by > 1.0 else level
    wanted = {
        Operation.ON: full,
        Operation.OFF: shut,
        Operation.MAX: tool.high,
        Operation.MIN: tool.low,
        Operation.UP: min(level + by, tool.high),
        Operation.DOWN: max(level - by, tool.low),
    }.get(call.operation, by)
    if call.operation is Operation.SET and not tool.low <= wanted <= tool.high:
        nearest = min(max(float(wanted), tool.low), tool.high)
        raise RangeError(f"{tool.noun} got {wanted:g}; expected {tool.low:g} to {tool.high:g} {tool.unit}.", nearest)
    return float(wanted) * tool.sign


def _choice(tool: Tool, call: Call, now: Value) -> Value:
    if call.operation is Operation.SET:
        if call.value not in tool.choices:
            raise ToolError(f"{tool.noun} got '{call.value}'; expected {' or '.join(tool.choices)}.")
        return str(call.value)
    if call.operation in (Operation.UP, Operation.DOWN):
        at = tool.choices.index(str(now)) + (1 if call.operation is Operation.UP else -1)
        return tool.choices[min(max(at, 0), len(tool.choices) - 1)]
    wanted = tool.on if call.operation is Operation.ON else tool.off
    if wanted is None:
        raise ToolError(f"{tool.noun} is neither on nor off; expected {' or '.join(tool.choices)}.")
    return wanted
