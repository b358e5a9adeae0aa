"""Corrections: "no, the other window", "sorry, I meant right", "actually, to the station". What was asked last is asked again with the one
thing that was put right. What is more than that is a request of its own, which the head reads."""

import re
from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit.reading.intents import CabinCall, DrivingWish, Follow, FollowUp, Intent
from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.reading.places import others
from caravela.cockpit.reading.words_for import choice_in
from caravela.cockpit.sayings.phrasing import noun_phrases, noun_words
from caravela.cockpit.tool import TAKES, Form, Operation, Place, Tool
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import CaravelaError
from caravela.core.request import CapSpeed, ChangeLane, GoTo, Side, TakeTurn
from caravela.core.units import from_kph

MOST_WORDS_OF_A_NAME = 6
_REPAIRS = r"no wait|no|nope|not that(?: one)?|sorry|oops|correction|I (?:mean|meant)|wait"
_OPENS = re.compile(
    rf"^\W*(?:(?:oh|um|uh|well)\b[\s,.]*)*(?:(?:{_REPAIRS}|actually|rather|make (?:that|it))\b(?!['’])[\s,.!…]*)+", re.IGNORECASE
)
_BOUNDS = re.compile(r"\W*no (?:\w+er|more|less) than\b", re.IGNORECASE)
# inside a sentence "no" alone may belong to what follows ("no music"), so it needs a pause or another such word after it
_NUMERAL = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a hundred|half|"
    r"a (?:half|third|quarter)|fully|completely)\b"
)
_NO = rf"(?:no|nope)(?=[,.…]|\s+(?:wait|sorry|I mean|left|right|the other|mine|{_NUMERAL}))"
_WITHIN = re.compile(
    rf"(?:\s*(?:\.{{2,}}|…|[,;–]|\s-)\s*|\s+(?=no wait|I mean|I meant|no {_NUMERAL}(?: \w+)?\W*$|no (?:left|right)\W*$))"
    rf"(?:(?:{_NO}|{_REPAIRS.replace('no|nope|', '')}|actually|make that)\b(?!['’])[\s,.…]*)+",
    re.IGNORECASE,
)
REPLACES = re.compile(r"\b(?:no|nope|sorry|oops|I mean|I meant|correction)\b", re.IGNORECASE)  # what is said before it is not meant
_DRIVES = re.compile(  # how a whole request to driving opens, as against a side or a pace alone
    r"(?:(?:please|just|then|instead|better|rather|let['’]?s|let us|can|could|would|should|will|you|we|i want(?: you)? to|i['’]d like(?: you)? to)\s+)*"
    r"(?:turn|take|go|drive|carry on|continue|keep|change|switch|move|merge|overtake|pass|park|follow|head|bring|cancel|slow down|speed up|cruise)\b",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\b(?:it|them)\b(?= *(?:again|please|now|off|on|up|down|in|out|back|a (?:bit|little)\b.*|all|brighter|darker|\w+er)?(?: +(?:again|please|now))*[ .!]*$)",
    re.IGNORECASE,
)
_BY_WAY_OF = re.compile(r"(?:on|over|through|against|across|along|into|off|via)\b", re.IGNORECASE)  # a way is no place
_FILLERS = set(
    "the one ones side sides on in at for of a an to please instead then too also as well and this that seat turn lane it i want".split()
)
_ZONES = {  # the words that are left, and the place that they name
    "passenger": "passenger", "driver": "driver", "mine": "speaker", "my": "speaker", "me": "speaker", "left": "left", "right": "right",
    "rear": "rear", "back": "rear", "behind": "rear", "front": "front", "all": "all", "every": "all", "everywhere": "all", "everyone": "all",
    "everybody": "all", "both": "all", "them": "all", "other": "other",
}  # fmt: skip
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "next": 1}
_PARTS = set("half halfway a an one two three third thirds quarter quarters fully completely please open of the way".split())
_UNITS = set("degrees degree percent celsius km h kmh kph mph kilometres hour per and half".split())


def opened(text: str) -> str:
    """What follows on the "no" or "sorry" that a correction opens with; "" where it opens with none: "no faster than 40" is a bound."""
    if _BOUNDS.match(text):
        return ""
    found = _OPENS.match(text)
    return text[found.end() :].strip(" ,.!?") if found is not None else ""


def is_pause(text: str) -> bool:
    """Is there a pause after the "no", or another word that takes something back? "No way" has none."""
    found = _OPENS.match(text)
    return found is not None and re.search(r"[,.…]|actually|sorry|mean|wait", found[0], re.IGNORECASE) is not None


def parted(text: str) -> tuple[str, str, str]:
    """(what was said first, the words that take it back, what was said instead) of a sentence that corrects itself; else three empty texts."""
    found = list(_WITHIN.finditer(text))
    if not found or not text[: found[-1].start()].strip() or not text[found[-1].end() :].strip(" .!?"):
        return "", "", ""
    return text[: found[-1].start()].strip(" ,"), found[-1][0], text[found[-1].end() :].strip(" ,.!?")


def names_a_verb(clause: str) -> bool:
    """Is this a whole request to driving, such as "turn left", and not a side, a place or a pace alone?"""
    return _DRIVES.match(clause) is not None


def put_right(
    said: str, last: Intent, before: tuple[Place, ...], places: Callable[[str], tuple[Place, ...]], *, names: bool = True
) -> Intent | None:
    """`last` with what `said` puts right in it; None where `said` is no such thing. `before` are the places of `last`, `places` gives
    those of a zone; with `names` a few words may be another title, person or destination."""
    words = [word.removesuffix("'s") for word in re.findall(r"[\w']+", said.lower().replace("’", "'"))]
    match last:
        case CabinCall():
            return _call_put_right(words, said, last, before, places, names=names)
        case DrivingWish(wish):
            return _wish_put_right(words, said, wish, at_most=last.at_most, names=names)
        case FollowUp(Follow.VALUE) if _is_number(words, said):
            return replace(last, value=numbers_in(said)[0])
    return None


def _call_put_right(
    words: list[str], said: str, last: CabinCall, before: tuple[Place, ...], places: Callable[[str], tuple[Place, ...]], *, names: bool
) -> Intent | None:
    call, tool = last.call, TOOLS[last.call.tool]
    if _is_number(words, said) and tool.form is Form.LEVEL:
        return CabinCall(replace(call, operation=Operation.SET, value=numbers_in(said)[0], times=False))
    if tool.unit == "percent" and tool.form is Form.LEVEL and set(words) <= _PARTS and (share := share_in(said)) is not None:
        return CabinCall(replace(call, operation=Operation.SET, value=share, times=False))
    left = [word for word in words if word not in _FILLERS and (word not in noun_words(tool.name) or word in _ZONES)]
    if tool.places and left and set(left) <= set(_ZONES) and (where := _where(left, before, places)):
        return CabinCall(replace(call, places=tuple(place for place in where if place in tool.places) or call.places))
    if (other := _other_tool(words, tool)) is not None and call.operation in TAKES[other.form]:
        return CabinCall(replace(call, tool=other.name, places=tuple(place for place in call.places if place in other.places)))
    if tool.form is Form.CHOICE and call.operation is Operation.SET and len(words) <= 4 and (choice := choice_in(tool.name, said)):
        return CabinCall(replace(call, value=choice))
    if tool.form is Form.TEXT and names and 0 < len(words) <= MOST_WORDS_OF_A_NAME:
        return CabinCall(replace(call, value=re.sub(r"^(?:call|play)\s+", "", said, flags=re.IGNORECASE)))
    return None


def _wish_put_right(words: list[str], said: str, wish: object, *, at_most: bool, names: bool) -> Intent | None:
    sides = {word for word in words if word in ("left", "right")}
    turns = [_ORDINALS[word] for word in words if word in _ORDINALS]
    bare = all(word in _FILLERS or word in _ORDINALS or word in sides for word in words)
    side = Side(sides.pop()) if len(sides) == 1 else None
    match wish:
        case TakeTurn() if bare and (side or turns):
            return DrivingWish(TakeTurn(side or wish.side, turns[0] if turns else wish.nth))
        case ChangeLane() if bare and side is not None:
            return DrivingWish(ChangeLane(side))
        case CapSpeed() if _is_number(words, said):
            try:
                return DrivingWish(CapSpeed(from_kph(numbers_in(said)[0])), at_most=at_most)
            except CaravelaError:
                return None
        case GoTo() if names and not _BY_WAY_OF.match(said) and 0 < len(words) <= MOST_WORDS_OF_A_NAME:
            return DrivingWish(GoTo(re.sub(r"^(?:(?:go|drive|take (?:me|us)) )?to\s+", "", said, flags=re.IGNORECASE)))
    return None


def _is_number(words: list[str], said: str) -> bool:
    """Is one number all that was said?"""
    return len(numbers_in(said)) == 1 and not [word for word in words if word not in _FILLERS | _UNITS and not numbers_in(word)]


def _where(left: list[str], before: tuple[Place, ...], places: Callable[[str], tuple[Place, ...]]) -> tuple[Place, ...]:
    """The places that a few words name, seen from those that were meant before."""
    zones = {_ZONES[word] for word in left} - ({"speaker"} if "behind" in left else set())
    if zones == {"other"}:
        return others(before)
    for row in ("rear", "front"):
        if row in zones and len(zones) == 2 and zones & {"left", "right"}:
            (side,) = zones - {row}
            return places(f"rear_{side}" if row == "rear" else side)
    return places(zones.pop()) if len(zones) == 1 else ()


def _other_tool(words: list[str], tool: Tool) -> Tool | None:
    """The tool that nothing but its noun is said of; the one that is moved like `tool` before others."""
    said = [word for word in words if word not in ("the", "my", "our", "please")]
    known = [other for other in TOOLS.values() if other.path != tool.path and said and tuple(said) in noun_phrases(other.name)]
    return next((other for other in known if other.form is tool.form), known[0] if known else None)
