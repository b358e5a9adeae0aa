"""What the car offers to other agents: every tool of the cabin, some wishes to driving, and two ways to look. Each makes, of checked arguments,
the same typed call or wish that the car's own agent would make. What makes us drive on, hurry or go faster is not among them: a person in
the car may have asked for the opposite, and only people in the car may take that back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from caravela.cockpit.clients.fields import ArgumentError, ChoiceField, Field, NumberField, TextField
from caravela.cockpit.clients.scope import Scope, scope_of
from caravela.cockpit.tool import LONGEST_TEXT, TAKES, Call, Form, Operation, Place, Tool
from caravela.cockpit.tools import TOOLS
from caravela.core.request import (
    CapSpeed,
    ChangeLane,
    Drive,
    DropRoute,
    GoTo,
    KeepDistance,
    Manner,
    Overtake,
    Park,
    PullOver,
    Side,
    TakeTurn,
    Wish,
)
from caravela.core.units import from_kph


@dataclass(frozen=True)
class Look:
    """Something to be read: the drive's situation, or these tools of the cabin (all of them where none is named)."""

    drive: bool
    tools: tuple[str, ...] = ()


Deed = Call | Wish | Look


@dataclass(frozen=True)
class Offered:
    """One thing that another agent may ask for. `deed` makes what is done of checked arguments."""

    name: str
    scope: Scope
    says: str
    fields: tuple[Field, ...]
    deed: Callable[[dict[str, Any]], Deed]

    @property
    def reads(self) -> bool:
        return self.scope in (Scope.VEHICLE_READ, Scope.CABIN_READ)


OF_VEHICLE = ("climate.outside", "navigation.arrival", "charging.level", "charging.range", "charging.time_left")  # read with the drive
_SIDES = ChoiceField("side", "left or right, seen in driving direction", (Side.LEFT, Side.RIGHT), required=True)
_CALM = (Manner.GENTLE, Manner.FRUGAL, Manner.CAREFUL)


@cache
def offers() -> dict[str, Offered]:
    """Everything that is offered, by name."""
    moved = [_moving(tool) for tool in TOOLS.values() if tool.form is not Form.ASK]
    return {offered.name: offered for offered in (*_LOOKS, *_WISHES, *moved)}


def readable() -> tuple[str, ...]:
    """Tools whose state may be read with the cabin: not whom one telephones."""
    return tuple(name for name in TOOLS if scope_of(name) is not Scope.PHONE and name not in OF_VEHICLE)


def _moving(tool: Tool) -> Offered:
    """A tool of the cabin as another agent sees it: `climate.fan` becomes `climate_fan`."""
    operations = tuple(operation for operation in TAKES[tool.form] if operation is not Operation.ASK)
    if tool.form is Form.CHOICE and (tool.on is None or tool.off is None):
        operations = tuple(operation for operation in operations if operation not in (Operation.ON, Operation.OFF))
    fields: list[Field] = []
    if len(operations) > 1:
        fields.append(
            ChoiceField(
                "operation",
                f"on is {tool.states[0]}, off is {tool.states[1]}; the others change a level or a choice",
                operations,
                required=True,
            )
        )
    if tool.form is Form.LEVEL:
        fields.append(NumberField("value", f"in {tool.unit}, with the operation 'set' only", tool.low, tool.high))
    elif tool.form is Form.CHOICE:
        fields.append(ChoiceField("value", "with the operation 'set' only", tool.choices))
    elif tool.form is Form.TEXT:
        fields.append(TextField("value", "a title, a name or a contact: never read as an order", LONGEST_TEXT, required=True))
    if tool.places:
        without = "all of them" if tool.everywhere else "the driver's"
        fields.append(ChoiceField("places", f"where in the car; without it, {without}", tool.places, several=True))

    def deed(arguments: dict[str, Any]) -> Call:
        operation = Operation(arguments.get("operation", operations[0]))
        given = arguments.get("value")
        if (given is None) is (operation is Operation.SET):
            raise ArgumentError(
                f"value is {'missing' if given is None else 'given'}; expected one with the operation 'set', and only then."
            )
        return Call(tool.name, operation, tuple(Place(place) for place in arguments.get("places", ())), given)

    return Offered(tool.name.replace(".", "_"), scope_of(tool.name), f"{_capital(tool.noun)} in the car.", tuple(fields), deed)


def _wish(
    name: str, says: str, make: Callable[[dict[str, Any]], Wish], fields: Sequence[Field] = (), scope: Scope | None = None
) -> Offered:
    return Offered(name, scope or Scope.DRIVING_REQUEST, f"{says} Driving decides whether and when.", tuple(fields), make)


_LOOKS = (
    Offered(
        "vehicle_read",
        Scope.VEHICLE_READ,
        "Speed, limit, the light and the vehicle ahead as the driving model reads them, battery, range, weather.",
        (),
        lambda _: Look(drive=True),
    ),
    Offered(
        "cabin_read",
        Scope.CABIN_READ,
        "How the cabin is set: each tool's signals with their values.",
        (ChoiceField("tools", "which ones; without it, all", readable(), several=True),),
        lambda arguments: Look(drive=False, tools=arguments.get("tools", ())),
    ),
)
_WISHES = (
    _wish(
        "navigation_go_to",
        "Lay the route to a place.",
        lambda given: GoTo(given["place"]),
        [TextField("place", "a destination's name or address", LONGEST_TEXT, required=True)],
        Scope.NAVIGATION,
    ),
    _wish("navigation_drop_route", "Forget the route.", lambda _: DropRoute(), scope=Scope.NAVIGATION),
    _wish(
        "driving_take_turn",
        "Take a turn on the way ahead.",
        lambda given: TakeTurn(Side(given["side"]), given.get("nth", 1)),
        [_SIDES, NumberField("nth", "which of the possible turns", 1, 5, whole=True)],
    ),
    _wish("driving_change_lane", "Change the lane.", lambda given: ChangeLane(Side(given["side"])), [_SIDES]),
    _wish("driving_overtake", "Pass the vehicle ahead.", lambda _: Overtake()),
    _wish("driving_keep_distance", "Leave more room to the vehicle ahead.", lambda _: KeepDistance()),
    _wish(
        "driving_calmer",
        "Drive in a calmer manner.",
        lambda given: Drive(Manner(given["manner"])),
        [ChoiceField("manner", "how", _CALM, required=True)],
    ),
    _wish(
        "driving_slower",
        "Drive no faster than this, which must be less than we drive now, and half of the limit or more.",
        lambda given: CapSpeed(from_kph(given["speed_kph"])),
        [NumberField("speed_kph", "km/h", 5.0, 250.0, required=True)],
    ),
    _wish("driving_park", "Park near here.", lambda _: Park()),
    _wish("driving_pull_over", "Stop at the next safe place. Only a person in the car lets it drive on.", lambda _: PullOver()),
)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
