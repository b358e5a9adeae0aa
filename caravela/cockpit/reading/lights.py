"""Light without a word that says which: "turn on the light", "lights off". To the head that is any of our lamps, or unclear. One light is the
cabin's, and that of a seat its reading light; of lights in the plural some shine outside, so the car asks which. A whole clause has to be one:
"turn left at the lights" and "ignore the light" are none."""

import re

from caravela.cockpit.reading.intents import CabinCall, Intent, Unclear
from caravela.cockpit.reading.places import places_of, zone_named
from caravela.cockpit.tool import Call, Operation, Place

EITHER = ("light.dome", "light.headlights")  # what lights in the plural may be
_OPENS = re.compile(
    r"^(?:(?:please|now|and|then|also|just|hey|(?:can|could|would|will) you|(?:can|could|may) (?:i|we) have|"
    r"i(?:['’]d like| would like| want)(?: you)? to|let['’]s)[ ,]+)*",
    re.IGNORECASE,
)
_CLOSES = re.compile(r"(?:[ ,]+(?:please|now|again|for (?:me|us)|thanks|thank you|would you|will you|quickly))*\W*$", re.IGNORECASE)
_INSIDE = re.compile(r" (?:in here|inside(?: the car)?|in the (?:car|cabin))\b", re.IGNORECASE)
_AT_A_SEAT = re.compile(r" (?:(?:in|at) the (?:back|rear)(?: on the (?:left|right))?|back here|on my side|at my seat)\b", re.IGNORECASE)
_LAMP = r"(?:all )?(?:(?:the|our|my|this|that|a|some|any) )?lights?"
_TURNS = r"(?:turn|switch|put|flick|flip|click|get|leave)"
_PART = r"(?:back )?(?:on|off|out)"
_ASKS = re.compile(
    rf"{_TURNS} {_PART} {_LAMP}|(?:{_TURNS} )?{_LAMP} {_PART}|(?:kill|cut|douse) {_LAMP}|"
    r"(?:give (?:me|us)|make|(?:i|we) need|some|more)(?: some| more| a (?:bit|little)(?: more| of)?)* light",
    re.IGNORECASE,
)
_OFF = re.compile(r"\b(?:off|out|kill|cut|douse)\b", re.IGNORECASE)


def some_light(clause: str, seat: Place = Place.DRIVER, *, lefthand: bool = False) -> Intent | None:
    """What a clause asks of "the light"; None where it asks anything else, or says which light."""
    said = _CLOSES.sub("", _OPENS.sub("", clause, count=1))
    plain = _INSIDE.sub("", _AT_A_SEAT.sub("", said, count=1), count=1)
    if _ASKS.fullmatch(plain) is None:
        return None
    operation = Operation.OFF if _OFF.search(plain) else Operation.ON
    if _AT_A_SEAT.search(said) or re.search(r"\bmy\b", said, re.IGNORECASE):
        return CabinCall(Call("light.reading", operation, places_of(zone_named(said) or "speaker", seat, lefthand)))
    if plain == said and re.search(r"\blights\b", said, re.IGNORECASE):
        return Unclear(EITHER)
    return CabinCall(Call("light.dome", operation))
