"""What the car says: short sentences, from what was done and from what it sees. Those with nothing to fill in are in sentences.py."""

import re
from typing import Protocol

from caravela.cockpit.acting.gate import Verdict
from caravela.cockpit.outside import sight
from caravela.cockpit.outside.sight import listed
from caravela.cockpit.reading.intents import CabinCall, Condition, DrivingWish, FindCharger, Missing, Slot
from caravela.cockpit.reading.words_for import spoken
from caravela.cockpit.sentences import NOT_UNDERSTOOD
from caravela.cockpit.situation import Situation, is_dark, is_raining
from caravela.cockpit.tool import SPOKEN, Call, Form, Operation, Place, Tool
from caravela.cockpit.tools import TOOLS
from caravela.core.request import (
    ORDINALS,
    START,
    CapSpeed,
    ChangeLane,
    Drive,
    DropCap,
    DropRoute,
    GoOn,
    GoTo,
    KeepDistance,
    KeepOffMotorways,
    Manner,
    Overtake,
    Park,
    PullOver,
    Side,
    TakeTurn,
    Wish,
)
from caravela.core.signals import Signals, Value
from caravela.core.units import to_kph


class Speech(Protocol):
    """The car's replies in one language. This file is the English ones; others are in languages/."""

    @property
    def LANGUAGE(self) -> str: ...
    def fixed(self, sentence: str) -> str: ...
    def done(self, tool: Tool, call: Call, verdict: Verdict, places: tuple[Place, ...]) -> str: ...
    def told(self, tool: Tool, value: Value) -> str: ...
    def asking(self, missing: Missing) -> str: ...
    def reaches(self, tool: Tool, nearest: float) -> str: ...
    def either(self, first: str, second: str) -> str: ...
    def wished(self, wish: Wish, situation: Situation) -> str: ...
    def why(self, situation: Situation) -> str: ...
    def what(self, situation: Situation, words: str = "") -> str: ...
    def speed(self, situation: Situation) -> str: ...
    def limit(self, situation: Situation) -> str: ...
    def later(self, condition: Condition) -> str: ...
    def refused(self, reason: str) -> str: ...


LANGUAGE = "english"
UNITS = {"percent": " percent", "Celsius": " degrees", "degrees": " degrees", "mm": " millimetres", "min": " minutes"}
WHEN = {
    "leave_motorway": "when we leave the motorway",
    "join_motorway": "when we are on the motorway",
    "arrive": "when we arrive",
    "arrived": "when we arrive",
    "stopped": "when we stop",
    "parked": "once we have parked or arrived, and not at a red light",
    "moving": "when we drive off",
    "rain": "when it rains",
    "dry": "when the rain stops",
    "dark": "when it gets dark",
    "battery_low": "when the battery is low",
    "charged": "when the battery is charged",
    "limit_above": "where more is allowed",
}
_SIDE = re.compile(r"\b(left|(?<=the )right|right(?! (?:now|away|then)))\b", re.IGNORECASE)
_LIGHT = re.compile(r"\blights?\b", re.IGNORECASE)
_UNREAD = re.compile(
    r"\b(?:who(?:['’]s| is| are) (?:that|this|there|it)|colou?r|person|people|somebody|anybody|someone|anyone|pedestrian|child|children|"
    r"kids?|cyclist|bicycle|bike|dog|cat|animal|sign|(?:what|which) (?:kind|sort|make|type|car|vehicle))\b",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"\baround(?: (?:us|me|the car|here))?\W*$|\b(?:everybody|everyone|everything|all) (?:that )?you (?:can )?see\b|\bsurroundings\b",
    re.IGNORECASE,
)
_WHO_DRIVES = re.compile(r"\bwho(?:['’]s| is) driving\b", re.IGNORECASE)


def fixed(sentence: str) -> str:
    """One of the sentences that have nothing to fill in."""
    return sentence


def done(tool: Tool, call: Call, verdict: Verdict, places: tuple[Place, ...]) -> str:
    """After a call that was carried out."""
    if tool.form is Form.ACT:
        return "Done."
    value = verdict.changes[0].after
    if tool.form is Form.TEXT:
        return f"I {'call' if tool.name == 'phone.call' else 'play'} '{value}'."
    return f"{_capital(tool.noun)}{_where(tool, places)} {tool.verb} {state(tool, value)}."


def state(tool: Tool, value: Value) -> str:
    """A tool's state in words."""
    if isinstance(value, bool):
        return tool.states[0] if value else tool.states[1]
    if isinstance(value, str):
        if tool.form is Form.SWITCH:
            return tool.states[0] if value == tool.on else tool.states[1]
        return f"'{value}'" if tool.form is Form.TEXT else spoken(value) or "nothing"
    if tool.name == "charging.range":
        return f"{value / 1000.0:.0f} kilometres"
    if tool.name == "charging.time_left":
        return f"{value / 60.0:.0f} minutes"
    number = value * tool.sign
    if tool.states == ("open", "closed"):
        share = 100.0 - number if tool.on == 0.0 else number
        return "closed" if share == 0.0 else "open" if share == 100.0 else "tilted" if share < 0.0 else f"{share:.0f} percent open"
    return f"at {number:g}{UNITS.get(tool.unit, ' ' + tool.unit)}" if number or tool.low else "off"


def told(tool: Tool, value: Value) -> str:
    """After a question."""
    if tool.name == "media.now_playing":
        return f"This is '{value}'." if value else "Nothing is playing."
    if tool.name == "navigation.arrival" and not value:
        return "I don't know when we arrive."
    return f"{_capital(tool.noun)} {tool.verb} {state(tool, value).removeprefix('at ')}."


def proposed(intent: CabinCall | DrivingWish | FindCharger) -> str:
    """Something that could be done, before it is: what a person is asked to agree to."""
    match intent:
        case FindCharger():
            return "go by a charging station"
        case DrivingWish(GoTo(place)):
            return f"go to “{place}”"
        case DrivingWish(CapSpeed(speed)):
            return f"drive no faster than {to_kph(speed):.0f} km/h"
        case DrivingWish(DropRoute()):
            return "cancel the route"
        case DrivingWish(DropCap()):
            return "drop the set speed"
        case DrivingWish(wish):
            return wish.words.removesuffix(", please")
    call, tool = intent.call, TOOLS[intent.call.tool]
    where = _where(tool, call.places) if call.places else ""
    if tool.form in (Form.ACT, Form.TEXT):
        return f"{tool.noun}{'' if call.value is None else f' “{call.value}”'}"
    if call.times:
        return f"{tool.noun}{where} at {call.value:g} times what it is"
    how = {
        Operation.ON: tool.states[0],
        Operation.OFF: tool.states[1],
        Operation.UP: "up",
        Operation.DOWN: "down",
        Operation.MAX: "at its highest",
        Operation.MIN: "at its lowest",
        Operation.ASK: "told",
    }.get(call.operation) or (
        f"times {call.value:g}"
        if call.times
        else f"at {call.value:g}{UNITS.get(tool.unit, '')}"
        if isinstance(call.value, float)
        else f"“{call.value}”"
    )
    return f"{tool.noun}{where} {how}"


def asking(missing: Missing) -> str:
    """What is asked where something is missing."""
    if missing.call is not None:
        tool = TOOLS[missing.call.tool]
        if missing.slot is Slot.NUMBER:
            return f"To what shall I set {tool.noun}, from {tool.low:g} to {tool.high:g}{UNITS.get(tool.unit, '')}?"
        if missing.slot is Slot.CHOICE:
            return f"Which one for {tool.noun}: {', '.join(spoken(choice) for choice in tool.choices[:-1])} or {spoken(tool.choices[-1])}?"
        return "Whom shall I call?" if tool.name == "phone.call" else "What shall I play?"
    return {Slot.NUMBER: "How fast at most?", Slot.SIDE: "Left or right?", Slot.TEXT: "Where to?"}.get(missing.slot, NOT_UNDERSTOOD)


def reaches(tool: Tool, nearest: float) -> str:
    """What is said of a level out of reach: the range, and the nearest level as a question."""
    unit, many = UNITS.get(tool.unit, ""), tool.verb == "are"
    it = "them" if many else "it"
    return (
        f"{_capital(tool.noun)} {'go' if many else 'goes'} from {tool.low:g} to {tool.high:g}{unit}. Shall I set {it} to {nearest:g}{unit}?"
    )


def either(first: str, second: str) -> str:
    """What is asked where two tools may be meant."""
    return f"Do you mean {TOOLS[first].noun} or {TOOLS[second].noun}?"


def wished(wish: Wish, situation: Situation) -> str:
    """After a request that driving was handed."""
    match wish:
        case TakeTurn(Side.STRAIGHT):
            return "I go straight on."
        case TakeTurn(side, nth):
            return f"I turn {side} when the road allows." if nth == 1 else f"I take the {ORDINALS[nth]} {side}."
        case GoTo(place):
            where = {"home": "home", START: "back to where we started, if a way leads there"}.get(place, f"to {place}")
            return f"I take us {where}."
        case DropRoute():
            return "The route is cancelled."
        case KeepOffMotorways(over):
            return "I take motorways again." if over else "I ask for a way without motorways, where there is one."
        case Drive(Manner.BRISK):
            return "I drive more briskly, within the limit."
        case Drive(manner):
            return "I drive normally." if manner is Manner.PLAIN else f"I drive in a {manner} manner."
        case CapSpeed(speed):
            return f"I ask driving for at most {to_kph(speed):.0f} km/h."
        case DropCap():
            return "No speed is set any more."
        case PullOver(at_once=True):
            return "I stop."
        case PullOver():
            return "I stop at the next safe place."
        case Park():
            return "I look for a place to park."
        case GoOn():
            return "I drive on as soon as the light is green." if situation.light == "red" else "I drive on."
        case Overtake():
            return "I overtake when it is safe and allowed."
        case ChangeLane(side):
            return f"I change to the {side} lane when it is safe."
        case KeepDistance():
            return "I keep more distance."


def why(situation: Situation) -> str:
    """What the car waits or slows for, from what the driving model reads of the scene."""
    if situation.asked_to_stop:
        return "Because you asked me to stop."
    if situation.light == "red":
        return "Because the light is red."
    if situation.light == "yellow":
        return "Because the light turns red."
    if situation.lead is not None and situation.lead < 30.0:
        return f"Because of a {situation.lead_kind} {situation.lead:.0f} metres ahead."
    if situation.standing:
        return "I am waiting until the way is clear."
    return "I drive as the road and the limit allow."


def because_of_cap(speed: float) -> str:
    """Why the car drives no faster than somebody asked for, m/s."""
    return f"Because you asked for at most {to_kph(speed):.0f} km/h; say “drive normally” to drop that."


def side_asked(words: str) -> str | None:
    """left or right, where the English words ask about that side."""
    found = _SIDE.search(words)
    return None if found is None else found[1].lower()


def asks_around(words: str) -> bool:
    """Do the English words ask what is on all sides?"""
    return _AROUND.search(words) is not None


def around(situation: Situation) -> str:
    """What is seen on all sides, and where nobody looks."""
    sides = (sight.AHEAD, sight.LEFT, sight.RIGHT, sight.BEHIND)
    seen = sorted(situation.sights, key=lambda thing: (sides.index(thing.side), thing.distance or 0.0))
    blind = [sight.place(side) for side in sides if side not in situation.looks and not situation.on(side)]
    looked = [sight.place(side) for side in sides if side in situation.looks]
    told = [f"I see {listed(seen)}." if seen else f"I see no vehicle {_or(looked)}." if looked else ""]
    told += [f"I can't tell what is {_or(blind)}."] if blind else []
    told += [] if sight.PERSON in situation.reads else ["I may miss people."]
    return " ".join(filter(None, told))


def _or(parts: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def weather(signals: Signals) -> str:
    """What the car's own sensors know of it."""
    sky = ("It rains" if is_raining(signals) else "It is dry") + (", and it is dark" if is_dark(signals) else "")
    return f"{sky}; {signals.number(TOOLS['climate.outside'].path):.0f} degrees outside. More of the weather I don't know."


def what(situation: Situation, words: str = "") -> str:
    """What is ahead: the vehicle and the light that the driver reads. Of what it does not read (a side, a person, a colour) it says so."""
    if _WHO_DRIVES.search(words):
        return "You drive." if situation.human_drives else "I drive."
    if (side := side_asked(words)) is not None:
        there = situation.on(side)
        empty = f"I see nothing on the {side}." if side in situation.looks else f"I can't tell what is on the {side}."
        return f"I see {listed(there)}." if there else empty
    light = "" if situation.light == "none" else f"a {situation.light} light"
    if not (light or situation.on() or situation.looks_ahead):
        return "I can't tell what is ahead."
    if _LIGHT.search(words):
        return f"I see {light}." if light else "I see no light ahead."
    lead = listed(situation.on()) if situation.on() else ""
    seen = " and ".join(part for part in (lead, light) if part)
    if _UNREAD.search(words):
        return f"That I can't tell; I see {seen}." if seen else "That I can't tell; I read the vehicle ahead and the lights, and see none."
    return f"I see {seen}." if seen else "I see nothing in our way."


def opposite(wish: Wish) -> Wish | None:
    """The wish that takes another back; None where there is none. A stop is ended by those who say so, never by a "cancel"."""
    match wish:
        case TakeTurn(Side.LEFT | Side.RIGHT):
            return TakeTurn(Side.STRAIGHT)
        case GoTo():
            return DropRoute()
        case KeepOffMotorways(over):
            return KeepOffMotorways(over=not over)
        case CapSpeed():
            return DropCap()
        case Drive() | KeepDistance():
            return None if wish == Drive(Manner.PLAIN) else Drive(Manner.PLAIN)
    return None


def speed(situation: Situation) -> str:
    return f"We drive {to_kph(situation.speed):.0f} km/h."


def limit(situation: Situation) -> str:
    return "I don't know the limit here." if situation.limit is None else f"The limit is {to_kph(situation.limit):.0f} km/h."


def later(condition: Condition) -> str:
    """After something was put off."""
    if condition.kind == "minutes":
        return f"I will do that in {spoken_time(condition.number or 1.0)}."
    if condition.kind == "limit_above":
        return f"I keep to that; where more than {condition.number:.0f} km/h is allowed I ask driving to go slower."
    return f"I will do that {WHEN[condition.kind]}."


def spoken_time(minutes: float) -> str:
    """Some minutes, or the seconds of less than two that are no whole ones."""
    seconds = round(60.0 * minutes)
    if seconds % 60 and seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{minutes:.4g} minute{'' if minutes == 1.0 else 's'}"


def taken_for(text: str) -> str:
    """What words that were mistyped are taken for."""
    return f"I take it you mean “{text.strip(' .!?')}”."


def deferred(later: str, call: Call) -> str:
    """`later` with what will be done; of what is only safe at times, that this is looked at then."""
    tool = TOOLS[call.tool]
    safe = ", if it is safe then" if tool.standstill or tool.name == "door.lock" else ""
    return f"{later.removesuffix('.')}{safe}: {proposed(CabinCall(call))}."


def refused(reason: str) -> str:
    """After the gate said no."""
    return f"I can't do that: {reason}."


def reading(tool: Tool, operation: Operation) -> bool:
    """Does this only ask?"""
    return tool.form is Form.ASK or operation is Operation.ASK


def _where(tool: Tool, places: tuple[Place, ...]) -> str:
    if not tool.places or len(places) == len(tool.places):
        return ""
    return f" for {' and '.join(SPOKEN[place] for place in places)}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
