"""How fast at most, or at least: bounds on the speed, as people put them. A sentence vector holds "no faster than 80" and "faster than 80"
for neighbours; to who drives they are opposites. Only what is a bound and nothing besides is read here: the head reads the rest."""

import re
from dataclasses import dataclass, field

from caravela.cockpit.reading.numbers import numbers_in

KM_PER_MILE = 1.609344
FASTEST_ROAD = 130.0  # km/h; what is more is asked for on no road
MILES = re.compile(r"\b(mph|miles)\b", re.IGNORECASE)
# between a negation and its "over" stand these words and no others: who says "don't be afraid to go over 200" sets no bound, nor does who
# asks "can we not go over 100"
_NOT = r"\b(?:no|(?<!\bi )(?<!\bwe )(?<!\byou )not|never|nothing|don['’]?t|shouldn['’]?t|mustn['’]?t|without)\b"
_GAP = r"(?: want(?: you| us| it)? to| let (?:it|us|the car))?(?: (?:ever|be|to|any|much|drive|driving|go|going|get|getting|travel|travelling)){0,4}?"
_ABOVE = r"faster|quicker|more|over|above|beyond|exceed(?:ing|s)?|past"
_BELOW = r"slower|less|under|below|beneath"
_NUMBER = r"(?P<number>\d[\d.,]*|(?:(?:a|one|two|three) hundred(?: and)?[ -]?)?(?:[a-z]+(?:ty|teen|een))?(?:[ -]?(?:one|two|three|four|five|six|seven|eight|nine))?|ten)"
_BOUND = re.compile(
    rf"(?P<no>{_NOT}{_GAP} )?"
    rf"(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|(?P<most>at (?:the )?most|max(?:imum|imal)?|up to)|(?P<least>at (?:the )?least|min(?:imum|imal)?))"
    rf"(?: than| of)? (?:about |around )?{_NUMBER}(?: ?(?:km/?h|kmh|kph|mph|(?:kilomet\w+|miles)(?: (?:per|an) hour)?|k))?(?![\w%°])",
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(
    rf"{_NUMBER}(?P<unit> ?(?:km/?h|kmh|kph|mph|k|(?:kilomet\w+|miles)(?: (?:per|an) hour)?))?,? (?:max(?:imum)?|at (?:the )?most|tops|or (?:less|slower))(?![\w%°])",
    re.IGNORECASE,
)  # "50 mph max"
_HOLDS = re.compile(r"\b(?:keep|stay|limit)(?: (?:it|at|to|the|our|speed))* $", re.IGNORECASE)  # "speed up to 180" bounds nothing
_DRIVING = re.compile(
    r"\b(drive|driving|go|going|travel|speed|cruise|exceed\w*|faster|slower|quicker|km/?h|kmh|kph|mph)\b|km/?h", re.IGNORECASE
)
# what may stand beside a bound without changing it; anything else leaves the clause to the head
_INNOCENT = set(
    """a again at be can car could cruise do drive driving for from go going hey here i it just keep let lets let's like limit me my need now okay ok our
    please really shall should speed stay that the thank thanks to today travel travelling um us want we would you your with i'd i'm you're we're""".split()
)


@dataclass(frozen=True)
class Bound:
    """A bound that was named, in km/h. `plain`: put so that it has one sense ("no faster than", "at most"); "max 80" may be either."""

    kph: float
    at_most: bool
    plain: bool = field(default=False, compare=False)


def bound_in(clause: str, *, about_speed: bool) -> Bound | None:
    """The one bound of a clause that names nothing else; None where there is none. `about_speed`: the head takes it for one about speed,
    else the clause has to say so."""
    if (first := _NUMBER_FIRST.search(clause)) is not None and not _BOUND.search(clause):
        clause = f"{clause[: first.start()]}at most {first['number']}{first['unit'] or ''}{clause[first.end() :]}"
    found = list(_BOUND.finditer(clause))
    if len(found) != 1 or not (about_speed or _DRIVING.search(clause)):
        return None
    (bound,) = found
    numbers = numbers_in(bound["number"])
    rest = re.findall(r"[\w'’%°]+", (clause[: bound.start()] + " " + clause[bound.end() :]).lower().replace("’", "'"))
    if len(numbers) != 1 or not set(rest) <= _INNOCENT:
        return None
    upward = bound["above"] is not None or bound["least"] is not None
    at_most = (not upward) != (bound["no"] is not None and (bound["above"] or bound["below"]) is not None)
    if bound["no"] and (bound["most"] or bound["least"]):
        return None  # "not at least 80" may be either
    most = (bound["most"] or "").lower()
    if most == "up to" and not _HOLDS.search(clause[: bound.start()]):
        return None
    kph = numbers[0] * (KM_PER_MILE if MILES.search(clause) else 1.0)
    return Bound(kph, at_most, plain=bound["no"] is not None or most.startswith("at"))


def is_above(clause: str) -> bool:
    """Does this speak of going over a number, without one plain "not" to it?"""
    over = [found for found in _BOUND.finditer(clause) if found["above"] is not None]
    return any(found["no"] is None or re.search(_NOT, clause[: found.start()], re.IGNORECASE) is not None for found in over)
