"""From what the head makes of a clause to a call of one tool: its operation, its places and its value, or what is missing."""

import re

from caravela.cockpit.reading.amounts import amount_in, in_units
from caravela.cockpit.reading.head import Reading
from caravela.cockpit.reading.intents import CabinCall, Intent, Missing, Slot, Unclear
from caravela.cockpit.reading.meanings import best
from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.reading.places import PLURAL, left_out, places_of, zone_named
from caravela.cockpit.reading.words_for import choice_in, operation_in, way_of
from caravela.cockpit.sayings.phrasing import NONE
from caravela.cockpit.tool import TAKES, Call, Form, Operation, Place, Tool

SIDED = ("left", "right", "rear_left", "rear_right")  # zones that say more than a word such as "rear"
_MUTES = re.compile(
    r"(?:(?:please|can you|could you|now)[ ,]+)*(?:(?:put|set) (?:the|this|my) (?:call|phone|microphone|mic) on mute|"
    r"mute (?:the|this|my) (?:call|microphone|mic))(?: please| now)?",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"\bfrom\b.*\bto\b", re.IGNORECASE)


def mutes_the_call(clause: str) -> bool:
    """Is the microphone to be silent? "On mute" is to the head what one does to a caller."""
    return _MUTES.fullmatch(clause.strip(" .!?")) is not None


def call_of(tool: Tool, reading: Reading, clause: str, *, name: str, places: tuple[Place, ...]) -> Intent:
    """What a clause asks of `tool`. `name` is the free text in it, "" for none; `places` are those that it names."""
    operation = operation_of(tool, reading, clause)
    places = tuple(place for place in places if place in tool.places)
    call = Call(tool.name, operation, places)
    numbers, share = numbers_in(clause), share_in(clause)
    if tool.form is Form.LEVEL and operation is not Operation.ASK and (amount := amount_in(tool, clause)) is not None:
        if not amount.times and amount.value > tool.high - tool.low:
            return Missing(tool.name, Slot.NUMBER, Call(tool.name, Operation.SET, places))  # "warmer by 100"
        return CabinCall(Call(tool.name, amount.operation, places, amount.value, amount.times))
    match tool.form:
        case Form.TEXT:
            return CabinCall(Call(tool.name, operation, places, name)) if name else Missing(tool.name, Slot.TEXT, call)
        case Form.CHOICE if operation is Operation.SET:
            choice = choice_in(tool.name, clause)
            return CabinCall(Call(tool.name, operation, places, choice)) if choice else Missing(tool.name, Slot.CHOICE, call)
        case Form.LEVEL if operation is Operation.SET and len(set(numbers)) > 1 and not _FROM_TO.search(clause):
            return Unclear()  # "mine to 22 and hers to 24": half of it is not what was asked for
        case Form.LEVEL if operation is Operation.SET:
            value = numbers[-1] * in_units(tool, clause) if numbers else share if tool.unit == "percent" else None
            return CabinCall(Call(tool.name, operation, places, value)) if value is not None else Missing(tool.name, Slot.NUMBER, call)
        case _:
            return CabinCall(call)


def operation_of(tool: Tool, reading: Reading, clause: str) -> Operation:
    """What is to be done with a tool. A choice or a number that is named settles it."""
    if tool.form is Form.CHOICE and choice_in(tool.name, clause) is not None:
        return Operation.SET
    chances = {
        operation: reading.operation[operation] * reading.deed.get(f"{tool.name} {operation}", 1e-4) for operation in TAKES[tool.form]
    }
    ranked = sorted(chances, key=lambda operation: -chances[operation])
    likeliest = operation_in(tool.name, clause) or way_of(tool, ranked[0], clause)
    if tool.form is Form.CHOICE and likeliest is Operation.SET and chances[ranked[1]] > 0.01:
        likeliest = ranked[1]  # no choice is named
    if tool.form is not Form.LEVEL or likeliest in (Operation.ASK, Operation.OFF):
        return likeliest
    numbers, share = numbers_in(clause), share_in(clause)
    if likeliest in (Operation.UP, Operation.DOWN) and (not numbers or re.search(r"\bby\b", clause)):
        return likeliest
    return Operation.SET if numbers or (share is not None and share < 100.0) else likeliest


def places_named(tool: Tool, reading: Reading, clause: str, seat: Place, *, lefthand: bool) -> tuple[Place, ...]:
    """The places that a clause names; "the windows" are all of them."""
    if out := left_out(clause):
        return tuple(place for place in tool.places if place not in places_of(out, seat, lefthand))
    zone, sure = best(reading.zone), zone_named(clause)
    named = places_of(
        sure if sure and not (zone in SIDED or (sure == "rear" and zone.startswith(sure))) else zone if zone != NONE else "", seat, lefthand
    )
    return tool.places if not named and PLURAL.search(clause) else named
