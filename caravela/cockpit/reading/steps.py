"""How the steps of one request stand to each other: a stop among them is not lost, and two that undo each other are asked about."""

import re

from caravela.cockpit.reading.corrections import names_a_verb
from caravela.cockpit.reading.intents import CabinCall, Condition, DrivingWish, Follow, FollowUp, Intent, Step, Unclear, stops
from caravela.cockpit.reading.stopping import holds_a_stop
from caravela.cockpit.tool import Operation
from caravela.core.request import CapSpeed, ChangeLane, Drive, GoOn, Park, PullOver, TakeTurn

_OPPOSITES = (
    {Operation.ON, Operation.OFF},
    {Operation.UP, Operation.DOWN},
    {Operation.MAX, Operation.MIN},
    {Operation.MAX, Operation.OFF},
)
_UNIT = re.compile(r"degree|°|percent|%", re.IGNORECASE)  # what has one may be about something else


def with_its_stop(steps: list[Step], request: str, when: Condition | Unclear | None) -> list[Step]:
    """The steps of `request` with the stop that is said in it beside other things: none is lost, and a bare side only says where to stop."""
    if holds_a_stop(request) and not any(stops(step.intent) for step in steps):
        steps = [*steps, Step(DrivingWish(PullOver()), request, when)]
    if not any(stops(step.intent) for step in steps):
        return steps
    return [step for step in steps if not (turns(step.intent) and not names_a_verb(step.words))]


def contradict(a: Step, b: Step) -> bool:
    """Do two steps undo each other?"""
    match a.intent, b.intent:
        case CabinCall(x), CabinCall(y) if x.tool == y.tool and x.places == y.places and a.condition == b.condition:
            return {x.operation, y.operation} in _OPPOSITES or (x.operation is y.operation is Operation.SET and x.value != y.value)
        case CabinCall(x), FollowUp(Follow.VALUE, value, places) if x.operation is Operation.SET and a.condition == b.condition:
            return not (places or x.times or _UNIT.search(b.words)) and value != x.value  # "temperature 22 and 24"
        case FollowUp(Follow.VALUE, first, here), FollowUp(Follow.VALUE, second, there):
            return here == there and first != second
        case DrivingWish(TakeTurn() as x), DrivingWish(TakeTurn() as y):
            return x.side is not y.side
        case DrivingWish(x), DrivingWish(y):
            kinds = {type(x), type(y)}
            return kinds in ({PullOver, GoOn}, {Park, GoOn}) or (kinds == {Drive} and x != y) or (kinds == {CapSpeed} and x != y)
    return False


def turns(intent: Intent) -> bool:
    """Is this the wish to turn, or to change lanes?"""
    return isinstance(intent, DrivingWish) and isinstance(intent.wish, TakeTurn | ChangeLane)
