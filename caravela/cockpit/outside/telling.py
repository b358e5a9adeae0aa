"""What is said of things outside, from what the car sees of them now. What is not read is not made up: neither a colour, nor a person where whoever
drives reads none, nor that a side is empty where nobody looks."""

import re

from caravela.cockpit.outside.referring import ANYBODY, Meant, Reference, reference_in, resolve
from caravela.cockpit.outside.requests import About, Regard
from caravela.cockpit.outside.sight import AHEAD, PEOPLE, PERSON, VEHICLE, VEHICLES, Seen, listed, place
from caravela.cockpit.situation import Situation

NEXT_PLACE = "I stop at the next safe place"
WHICH = "Which one do you mean?"
_STOP_AT = re.compile(
    r"\b(?:behind|in front of|next to|beside|near|by|at|after|before|past) (?:the |that |this |a )(?:next )?(?!side\b|kerb|curb|roadside|edge)(?P<thing>.+)",
    re.IGNORECASE,
)


def stopping(words: str, now: Situation) -> tuple[str, Regard | None]:
    """After a stop that was wished for somewhere: what the car sees of what was named, and the question that is open then; "" and None where
    no place was named. The stop itself waits for no answer."""
    found = _STOP_AT.search(words)
    if found is None:
        return "", None
    reference = reference_in(found[0])
    if reference is None or not _reads(reference, now):
        return f"I can't pick that out, so {NEXT_PLACE}.", None
    meant = resolve(reference, now.sights)
    if not meant.things:
        return f"{unseen(reference, now)}, so {NEXT_PLACE}.", None
    if len(meant.things) > 1:
        return f"{NEXT_PLACE}. {which(meant)}", Regard(About.STOP, reference)
    return stops_there(meant), None


def stops_there(meant: Meant) -> str:
    """After a stop near one thing."""
    (thing,) = meant.things
    if meant.sure:
        return f"{NEXT_PLACE}, behind the {thing.kind} {thing.where}."
    return f"I see the {thing.kind} {thing.where}, but not which one it is; {NEXT_PLACE}."


def which(meant: Meant) -> str:
    """The question which of several things is meant."""
    return f"I see {listed(meant.things)}. {WHICH}"


def unseen(reference: Reference, now: Situation) -> str:
    """That nothing fits, or that nobody could tell; without a full stop."""
    side = reference.side or next(iter(now.looks), AHEAD)
    if side not in now.looks:
        return f"I can't tell what is {place(side)}"
    if not _reads(reference, now):
        return "I can't tell: I don't see everybody there is"
    noun = VEHICLE if reference.kind in (*VEHICLES, ANYBODY) else reference.noun
    others = f"; I see {listed(now.sights)}" if now.sights else ""
    return f"I see no {noun} {place(side)}{others}"


def told(regard: Regard, meant: Meant, now: Situation) -> str:
    """The answer about one thing."""
    (thing,) = meant.things
    name = f"the {thing.kind} {thing.where}"
    doubt = "" if meant.sure else f"I see {name}, and can't tell whether it is the one. "
    match regard.about:
        case About.SIGHT:
            return doubt.strip() or f"Yes, {thing.where}."
        case About.DISTANCE:
            return doubt + ("I can't tell how far it is." if thing.distance is None else f"It is {thing.where}.")
        case About.PACE:
            return doubt + _pace(name if meant.sure else "it", thing, now)
        case About.GIVE_WAY:
            return f"I leave room for {name}." if meant.sure else f"{doubt}I leave room for it."
        case About.STOP:
            return stops_there(meant)


def _pace(name: str, thing: Seen, now: Situation) -> str:
    """How fast something is, and what the car sees that may be why."""
    if not thing.pace:
        return f"I can't tell how fast {name} is."
    light = f", and the light is {now.light}" if now.light in ("red", "yellow") else ""
    return f"{name[0].upper()}{name[1:]} {thing.pace}{light or '; why, I cannot see'}."


def _reads(reference: Reference, now: Situation) -> bool:
    """Would a thing of this kind be seen if it were there?"""
    return reference.kind not in PEOPLE or PERSON in now.reads or bool(resolve(reference, now.sights).things)
