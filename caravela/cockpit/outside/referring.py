"""Words for something outside: "the red van on the left", "that cyclist", "the car in front". They are held against what the car sees at this
moment; what fits may be one thing, several or none. Colours, makes and ages nothing reads: who names one is told so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from caravela.cockpit.outside.sight import AHEAD, BEHIND, LEFT, PEOPLE, PERSON, RIGHT, TWO_WHEELER, VEHICLE, VEHICLES, Seen

ANYBODY = "anybody"  # of "let him in"
_NOUNS = {
    "car": "car", "vehicle": VEHICLE, "one": VEHICLE, "guy": ANYBODY, "van": "van", "lorry": "lorry", "truck": "lorry", "bus": "bus", "coach": "bus",
    "taxi": "taxi", "cab": "taxi", "motorbike": "motorbike", "motorcycle": "motorbike", "tram": "tram", "tractor": "tractor",
    "ambulance": "ambulance", "cyclist": "cyclist", "bicycle": "cyclist", "bike": "cyclist", "person": PERSON, "pedestrian": PERSON, "man": PERSON,
    "woman": PERSON, "lady": PERSON, "people": PERSON, "pedestrians": PERSON, "cyclists": "cyclist", "child": "child", "kid": "child", "boy": "child",
    "girl": "child", "children": "child", "kids": "child", "him": ANYBODY, "her": ANYBODY, "them": ANYBODY,
}  # fmt: skip
_NOUN = "|".join(sorted((noun for noun in _NOUNS if noun not in ("him", "her", "them")), key=len, reverse=True))
_PLACE = (
    r"(?:in front|ahead|before us|behind us|(?:on|to|in) (?:the|our|my)(?: own)? (?:left|right)(?: side| lane| hand side)?|over there|there|"
    r"of us|beside us|next to us|from the (?:left|right))"
)
THING = (  # a phrase for one thing, as a pattern for those who look for one in a sentence
    rf"(?:(?P<pronoun>him|her|them)|(?:that|the|this|those|these|a|an) (?P<adjectives>(?:[a-z-]+ ){{0,2}}?)(?P<noun>{_NOUN})\b"
    rf"(?! (?:stop|park|station|lane|door|seat|window)\b))(?P<place>(?: (?:that is |which is )?{_PLACE})*)"
)
_THING = re.compile(rf"\b{THING}", re.IGNORECASE)
_PICK = re.compile(r"\b(?:next|nearest|nearer|closest|closer|first)\b", re.IGNORECASE)
_STANDING = re.compile(r"\b(?:parked|standing|stopped|waiting|broken)\b", re.IGNORECASE)
_MOVING = re.compile(r"\b(?:moving|driving|passing|slow|fast|overtaking|oncoming)\b", re.IGNORECASE)
_READ = set(
    "next nearest nearer closest closer first left right front rear other parked standing stopped waiting moving driving slow fast".split()
)


@dataclass(frozen=True)
class Reference:
    """What a phrase says of the thing that it means."""

    noun: str  # as it was said
    kind: str  # one of sight's kinds, or ANYBODY
    side: str | None = None
    moves: bool | None = None
    nearest: bool = False
    unread: str = ""  # a word of it that nothing reads, such as a colour


@dataclass(frozen=True)
class Meant:
    """What a reference may mean now. `sure`: it is what was named, as far as that can be read."""

    things: tuple[Seen, ...]
    sure: bool


def reference_in(words: str) -> Reference | None:
    """The first thing outside that `words` name; None where they name none."""
    found = _THING.search(words)
    return None if found is None else reference_of(found)


def reference_of(found: re.Match[str]) -> Reference:
    """What a match of THING names."""
    noun = (found["noun"] or found["pronoun"]).lower()
    adjectives = (found["adjectives"] or "").lower().split()
    said = " ".join((*adjectives, found["place"].lower()))
    unread = next((word for word in adjectives if word not in _READ), "")
    return Reference(noun, _NOUNS[noun], _side(said), _moves(said), _PICK.search(said) is not None, unread)


def narrowed(reference: Reference, answer: str) -> Reference | None:
    """`reference` with what an answer to "which one?" adds: a side, "the nearer one", another noun; None where it adds nothing."""
    side, moves, nearest = _side(answer.lower()), _moves(answer), _PICK.search(answer) is not None
    named = reference_in(answer)
    if named is not None and named.kind != VEHICLE:
        reference = replace(reference, noun=named.noun, kind=named.kind, unread=named.unread)
    elif side is None and moves is None and not nearest:
        return None
    return replace(
        reference, side=side or reference.side, moves=reference.moves if moves is None else moves, nearest=nearest or reference.nearest
    )


def resolve(reference: Reference, seen: Sequence[Seen]) -> Meant:
    """The things that a reference may mean: those that fit it surely, else those that may."""
    judged = [(thing, _fits(reference, thing)) for thing in seen]
    surely = tuple(thing for thing, fits in judged if fits == "surely")
    things = surely or tuple(thing for thing, fits in judged if fits)
    if reference.nearest and len(things) > 1 and all(thing.distance is not None for thing in things):
        things = (min(things, key=lambda thing: thing.distance or 0.0),)
    return Meant(things, bool(surely))


def _fits(reference: Reference, thing: Seen) -> str:
    """ "surely", "maybe" or "" for not at all."""
    if reference.side not in (None, thing.side) or (None not in (reference.moves, thing.moves) and reference.moves != thing.moves):
        return ""
    of = _of_kind(reference.kind, thing.kind)
    doubtful = reference.unread or (reference.moves is not None and thing.moves is None)
    return "maybe" if of == "surely" and doubtful else of


def _of_kind(named: str, seen: str) -> str:
    """Is what is seen of the kind that was named? Who sees a vehicle and no more cannot tell a van from a bus."""
    if named in (ANYBODY, seen) or (named == VEHICLE and seen in VEHICLES) or (named == PERSON and seen == "child"):
        return "surely"
    if named == "car" and seen == VEHICLE:
        return "surely"  # what people call one
    rides = seen == TWO_WHEELER and named in ("cyclist", "motorbike", VEHICLE)
    unsure = rides or (seen == VEHICLE and (named in VEHICLES or named == "cyclist")) or (seen == PERSON and named in PEOPLE)
    return "maybe" if unsure else ""


def _side(said: str) -> str | None:
    if "behind us" in said:
        return BEHIND
    sides = {side for side in (LEFT, RIGHT) if re.search(rf"\b{side}\b", said)}
    if len(sides) == 1:
        return sides.pop()
    return AHEAD if re.search(r"\b(?:in front|front|ahead|before us)\b", said) else None


def _moves(said: str) -> bool | None:
    return False if _STANDING.search(said) else True if _MOVING.search(said) else None
