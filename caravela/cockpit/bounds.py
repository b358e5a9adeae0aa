"""How fast at most, or at least: bounds on the speed, as people put them. A sentence vector holds "no faster than 80" and "faster than 80"
for neighbours; to who drives they are opposites. Only what is a bound and nothing besides is read here: the head reads the rest."""

import re
from dataclasses import dataclass

from caravela.cockpit.numbers import numbers_in

KM_PER_MILE = 1.609344
MILES = re.compile(r"\b(mph|miles)\b", re.IGNORECASE)
_NOT = r"\b(?:no|not|never|nor|nothing|don['’]?t|isn['’]?t|shouldn['’]?t|mustn['’]?t|without)\b"
_ABOVE = r"faster|quicker|more|over|above|beyond|exceed(?:ing|s)?|past"
_BELOW = r"slower|less|under|below|beneath"
_NUMBER = r"(?P<number>\d[\d.,]*|(?:(?:a|one|two|three) hundred(?: and)?[ -]?)?(?:[a-z]+(?:ty|teen|een))?(?:[ -]?(?:one|two|three|four|five|six|seven|eight|nine))?|ten)"
_BOUND = re.compile(
    rf"(?P<no>{_NOT}(?: \w+){{0,4}}? )?"
    rf"(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|(?P<most>at (?:the )?most|max(?:imum|imal)?|up to)|(?P<least>at (?:the )?least|min(?:imum|imal)?))"
    rf"(?: than| of)? (?:about |around )?{_NUMBER}(?: ?(?:km/?h|kmh|kph|mph|(?:kilomet\w+|miles)(?: (?:per|an) hour)?|k))?(?![\w%°])",
    re.IGNORECASE,
)
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
    """A bound that was named, in km/h."""

    kph: float
    at_most: bool


def bound_in(clause: str, *, about_speed: bool) -> Bound | None:
    """The one bound of a clause that names nothing else; None where there is none. `about_speed`: the head takes it for one about speed,
    else the clause has to say so."""
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
    return Bound(numbers[0] * (KM_PER_MILE if MILES.search(clause) else 1.0), at_most)
