"""By how much, or to what: "to 22", "three degrees warmer", "by a quarter", "half the volume". A number that is named may be where a level is to
end, a difference, or a factor; to whoever listens to music these are not the same."""

import re
from dataclasses import dataclass

from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.tool import Operation, Tool

MOST_STEPS = 2  # of a tool, up to which "up 20" is a difference where the number could be a level, too
BACK_IS_MORE = ("seat.position", "seat.recline")
_WAY = re.compile(r"\bforwards?\b|\bback(?:wards?)?\b", re.IGNORECASE)
_DIGITS = "one|two|three|four|five|six|seven|eight|nine"
_NUMBER = (
    rf"(?:\d[\d.,]*|(?:twenty|thirty|forty|fifty)(?:[ -](?:{_DIGITS}))?|(?:{_DIGITS})(?: and a half)?|ten|fifteen|a couple of|a few|"
    r"half an?|an?(?= (?:degree|percent|centimetre|notch|step|click))|another)"
)
_UNIT = (
    r"(?: ?(?:degrees?|percent|per cent|%|°|points?|notch(?:es)?|steps?|clicks?|levels?|millimetres?|mm|centimetres?|centimeters?|cm))?"
    r"(?: and a half)?"
)
_UPWARD = r"warmer|hotter|higher|more|louder|brighter|faster|stronger|further|farther|harder"
_DOWNWARD = r"cooler|colder|lower|less|quieter|softer|dimmer|darker|slower|weaker|gentler"
_COMPARED = rf"(?:{_UPWARD}|{_DOWNWARD})\b(?! than)"
_DIFFERENCE = re.compile(
    rf"\b(?:by (?:about )?|add |another |take (?:off )?)(?P<by>{_NUMBER}){_UNIT}(?! ?(?:minutes?|o['’]clock))"
    rf"|(?P<before>{_NUMBER}){_UNIT} (?:further )?(?:{_COMPARED}|forwards?\b|back(?:wards?)?\b(?! to))"
    rf"|\b(?:up|down|raise|lower|increase|reduce|drop)(?: (?:it|the \w+(?: \w+)?|my \w+))? (?P<after>{_NUMBER}){_UNIT}(?! ?(?:or|and|km))",
    re.IGNORECASE,
)
_STEPS = re.compile(r"\b(?:notch(?:es)?|steps?|clicks?|levels?)\b", re.IGNORECASE)
_CENTIMETRES = re.compile(r"\b(?:centimet(?:re|er)s?|cm)\b|\dcm\b", re.IGNORECASE)
_UP = re.compile(rf"\b(?:up|raise|increase|add|boost|another|{_UPWARD})\b", re.IGNORECASE)
_DOWN = re.compile(rf"\b(?:down|lower|reduce|decrease|drop|cut|knock|off|dim|soften|{_DOWNWARD})\b", re.IGNORECASE)
_OPEN, _CLOSE = re.compile(r"\bopen\b", re.IGNORECASE), re.compile(r"\b(?:close|shut)\b", re.IGNORECASE)
_WORDED = {"a couple of": 2.0, "a few": 3.0, "a": 1.0, "an": 1.0, "another": 1.0, "half a": 0.5, "half an": 0.5}
_TWICE = re.compile(r"\bdoubl\w+|\btwice (?:as|the|that)\b|\btwo times (?:as|the)\b", re.IGNORECASE)
_HALF = re.compile(r"\bhalv\w+\b|\bhalf (?:as|of|the|my|that)\b|\bin half\b", re.IGNORECASE)
_PART = re.compile(r"\b(?:a |one )?(?P<part>third|quarter) (?:of )?(?:the|my|that|as)\b", re.IGNORECASE)
_BY_A_SHARE = re.compile(
    rf"\bby (?:a |one )?(?P<share>half|third|quarter)\b|\b(?:a |one )?(?P<compared>third|quarter) {_COMPARED}", re.IGNORECASE
)


@dataclass(frozen=True)
class Amount:
    """What becomes of a level: `times` what it is, or up or down by `value`."""

    operation: Operation
    value: float
    times: bool = False


def amount_in(tool: Tool, clause: str) -> Amount | None:
    """The change of a level that a clause names in numbers; None where it names none, or a level to end at."""
    if tool.states == ("open", "closed"):  # half a window is open at 50 percent
        return None if tool.on == 0.0 else _of_an_opening(clause)
    if (factor := _factor(clause)) is not None:
        return Amount(Operation.SET, factor, times=True)
    direction = Operation.DOWN if _DOWN.search(clause) else Operation.UP if _UP.search(clause) else None
    if tool.name in BACK_IS_MORE and (way := _WAY.search(clause)):
        direction = Operation.DOWN if way[0].lower().startswith("forward") else Operation.UP
    found = _DIFFERENCE.search(clause)
    if found is None or direction is None or (number := _number(found)) is None:
        return None
    number *= tool.step if _STEPS.search(found[0]) else in_units(tool, found[0])
    if found["after"] and number > MOST_STEPS * tool.step and number >= tool.low:
        return None  # "turn the heating up 22"
    return Amount(direction, number)


def in_units(tool: Tool, clause: str) -> float:
    """What a number in `clause` is to be multiplied by to be in the tool's unit."""
    return 10.0 if tool.unit == "mm" and _CENTIMETRES.search(clause) else 1.0


def _of_an_opening(clause: str) -> Amount | None:
    """Of a window or a roof: how much further it is to be opened or closed."""
    direction = Operation.DOWN if _CLOSE.search(clause) else Operation.UP if _OPEN.search(clause) else None
    if direction is None:
        return None
    if by := _BY_A_SHARE.search(clause):
        share = share_in(by["share"] or by["compared"])
        return None if share is None else Amount(direction, share)
    found = _DIFFERENCE.search(clause)
    number = _number(found) if found is not None and not found["after"] else None
    return None if number is None else Amount(direction, number)


def _number(found: re.Match[str]) -> float | None:
    said = next(part for part in (found["by"], found["before"], found["after"]) if part).lower()
    numbers = [_WORDED[said]] if said in _WORDED else numbers_in(said)
    if len(numbers) != 1:
        return None
    return numbers[0] + (0.5 if found[0].lower().count(" and a half") and numbers[0] == int(numbers[0]) else 0.0)


def _factor(clause: str) -> float | None:
    """What a level is to be multiplied by; None where no such thing is said."""
    if by := _BY_A_SHARE.search(clause):
        share = (share_in(by["share"] or by["compared"]) or 0.0) / 100.0
        return 1.0 - share if _DOWN.search(clause) else 1.0 + share if _UP.search(clause) else None
    if _TWICE.search(clause):
        return 2.0
    if part := _PART.search(clause):
        return (share_in(part["part"]) or 0.0) / 100.0
    return 0.5 if _HALF.search(clause) else None
