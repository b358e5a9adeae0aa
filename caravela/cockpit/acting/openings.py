"""Doors, boot and bonnet: what opens a way out of the car, and what stands open. Nobody is let out where the car may drive on by itself, and it
does not drive on while anything is open."""

from caravela.cockpit.tool import Call, Operation
from caravela.cockpit.tools import TOOLS
from caravela.core.signals import Signals

# calls that let somebody out, or in
_FREES = {
    "door.lock": Operation.OFF,
    "door.child_lock": Operation.OFF,
    "door.open": Operation.ON,
    "boot.open": Operation.ON,
    "frunk.open": Operation.ON,
    "hood.open": Operation.ON,
}
_OPENS = tuple(name for name, operation in _FREES.items() if operation is Operation.ON)
CLOSED_FIRST = "close it first, then say “drive on”"
NOT_HERE = "people get out where we are parked or after a stop that was asked for; where we only wait, the car drives on by itself"


def frees(call: Call) -> bool:
    """Does a call let somebody out?"""
    wanted = _FREES.get(call.tool)
    if wanted is Operation.ON:
        return call.operation not in (Operation.OFF, Operation.MIN, Operation.DOWN, Operation.ASK)
    return wanted is call.operation


def standing_open(signals: Signals) -> str:
    """What stands open, as a sentence without its full stop; "" where all is closed."""
    for name in _OPENS:
        tool = TOOLS[name]
        if any(signals[path] is True for path in tool.paths()):
            return f"{'a door' if tool.places else tool.noun} {tool.verb} open"
    return ""
