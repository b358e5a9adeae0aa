"""Answers to what the car asked back: a number, a side, a choice, a name, or which of several things was meant."""

import re
from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit.acting.memory import Asked
from caravela.cockpit.outside.referring import narrowed
from caravela.cockpit.outside.requests import Regard
from caravela.cockpit.reading.corrections import names_a_verb
from caravela.cockpit.reading.intents import CabinCall, Contradiction, DrivingWish, Intent, Negated, Reply, Slot, Step, Unsafe, stops
from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.reading.words_for import choice_in
from caravela.cockpit.sayings.phrasing import noun_words
from caravela.cockpit.tool import Call, Form, Operation
from caravela.cockpit.tools import TOOLS
from caravela.core.request import CapSpeed, ChangeLane, GoTo, Side, TakeTurn
from caravela.core.units import from_kph

MOST_WORDS_OF_A_NAME = 6
_ORDINAL = re.compile(r"(?:the )?(first|former|second|latter|last)(?: one)?(?:,? please)?", re.IGNORECASE)


def filled_in(asked: Asked, text: str, steps: list[Step], as_tool: Callable[[str, str], Intent | None]) -> Intent | None:
    """The answer to our question as a whole intent; None where `text` is something else. `as_tool` says what a text asks of one tool."""
    said = steps[0].intent if len(steps) == 1 else Contradiction()
    if isinstance(said, Unsafe | Reply | Contradiction | Negated) or stops(said):
        return None
    if asked.which is not None:
        short = len(text.split()) <= MOST_WORDS_OF_A_NAME and not (names_a_verb(text) or isinstance(said, Regard))
        again = narrowed(asked.which.reference, text) if short else None
        return None if again is None else replace(asked.which, reference=again)
    if asked.either:
        return _chosen(asked, text, said, as_tool)
    if asked.missing is None:
        return None  # what is proposed waits for a yes or a no
    missing, call = asked.missing, asked.missing.call
    numbers = numbers_in(text) or [share for share in (share_in(text),) if share is not None]
    match missing.slot:
        case Slot.NUMBER if numbers and not _of_another_tool(said, call):
            if call is not None:
                return CabinCall(replace(call, operation=Operation.SET, value=numbers[0]))
            return DrivingWish(CapSpeed(from_kph(numbers[0]))) if 5.0 <= numbers[0] <= 250.0 else None
        case Slot.SIDE:
            sides = [Side(word) for word in text.lower().strip(" .!").split() if word in ("left", "right")]
            if len(sides) == 1:
                return DrivingWish(ChangeLane(sides[0]) if missing.meaning == "drive.lane" else TakeTurn(sides[0]))
        case Slot.CHOICE:
            if call is not None and (choice := choice_in(call.tool, text)) is not None:
                return CabinCall(replace(call, value=choice))
        case Slot.TEXT:
            name = text.strip(" .,!?")
            for start in ("to ", "call ", "play ", "it's ", "please "):
                name = name.removeprefix(start)
            new = isinstance(said, CabinCall | DrivingWish) and not names_something(said)
            if not new and name and len(name.split()) <= MOST_WORDS_OF_A_NAME:
                return CabinCall(replace(call, value=name)) if call is not None else DrivingWish(GoTo(name))
    return None


def _of_another_tool(said: Intent, call: Call | None) -> bool:
    """Is this, number and all, an order of its own?"""
    return isinstance(said, CabinCall) and call is not None and said.call.tool != call.tool and said.call.operation is not Operation.ASK


def _chosen(asked: Asked, text: str, said: Intent, as_tool: Callable[[str, str], Intent | None]) -> Intent | None:
    """Which of two tools was meant: one that is named, or the first or second of them."""
    named = [name for name in asked.either if _own_words(name, asked.either) & set(re.findall(r"[^\W\d_]+", text.lower()))]
    if (ordinal := _ORDINAL.fullmatch(text.strip(" .!"))) is not None:
        named = [asked.either[0 if ordinal[1].lower() in ("first", "former") else -1]]
    if len(named) != 1:
        if isinstance(said, CabinCall) and said.call.tool in asked.either:
            named = [said.call.tool]
        else:
            return None
    again = as_tool(asked.words, named[0])
    return again if again is not None else said


def _own_words(name: str, either: tuple[str, ...]) -> set[str]:
    """The words of a tool's nouns that tell it from the others: "light" is in "headlights", too, and tells nothing."""
    others = {_stem(word) for other in either if other != name for word in noun_words(other)}
    return {word for word in noun_words(name) if _stem(word) not in others}


def _stem(word: str) -> str:
    return word.removesuffix("s")


def names_something(said: Intent) -> bool:
    """Is this a request that only holds a name?"""
    match said:
        case CabinCall(call):
            return TOOLS[call.tool].form is Form.TEXT
        case DrivingWish(wish):
            return isinstance(wish, GoTo)
    return False
