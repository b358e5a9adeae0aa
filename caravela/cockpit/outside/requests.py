"""Requests and questions about something outside, by their form: "why is that car so slow?", "how far is the bus?", "let the cyclist go
first". A whole clause has to be one: what more is said may be anything, and the head reads it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from caravela.cockpit.outside.referring import THING, Reference, reference_of


class About(StrEnum):
    """What a sentence wants to know of, or wishes for, something outside."""

    PACE = "pace"
    DISTANCE = "distance"
    SIGHT = "sight"
    GIVE_WAY = "give_way"
    STOP = "stop"  # near it


_POLITE = r"(?:(?:please|can you|could you|would you|just|and|then|hey)[ ,]+)*"
_END = r"(?:[ ,]+(?:please|now|first|here|then|again|today))*\W*"
_GOES = r"(?:driv\w+|going|moving|travell?ing|crawling)"
_HALTS = r"(?:stopp\w+|stop|stand\w*|wait\w*|brak\w+|slow\w*(?: down)?)"
_FORMS: tuple[tuple[About, str], ...] = (
    (About.PACE, rf"why(?:['’]s| is| are) {THING} (?:{_GOES} )?(?:so|that|too|this) (?:slow|slowly|fast)"),
    (About.PACE, rf"why(?:['’]s| is| are| has| have| does| do| did) {THING} (?:not {_GOES}|n['’]t {_GOES}|{_HALTS}|go so slow(?:ly)?)"),
    (About.PACE, rf"how fast (?:is|are|does|do) {THING}(?: (?:{_GOES}|drive|go))?"),
    (About.PACE, rf"(?:is|are) {THING} (?:{_GOES}|standing|parked|stopping|stopped|slowing(?: down)?|braking)"),
    (About.DISTANCE, rf"how (?:far|close|near)(?: away)? (?:is|are) {THING}(?: away| from us)?"),
    (About.SIGHT, rf"(?:do|can|did) you (?:see|notice|spot) {THING}"),
    (About.GIVE_WAY, rf"{_POLITE}let {THING} (?:go|pass|past|in|by|through|merge|cross|over|overtake|turn)(?: (?:first|before us|ahead|us|in))?"),
    (About.GIVE_WAY, rf"{_POLITE}(?:wait for|give way to|yield to|make (?:way|room|space) for|give room to|leave room for) {THING}"),
)  # fmt: skip
_SPOT = (
    r"(?:the|that|this|a) (?:(?:next|first|second|last|zebra|pedestrian|traffic|bus) )*(?:crossing|crosswalk|junction|intersection|crossroads|"
    r"lights|roundabout|corner|bend|bridge|stop|station|shop|school|church|park|house|building|tree|sign)"
)
_STOPS_NEAR = re.compile(
    rf"{_POLITE}(?:stop|halt|pull (?:over|up|in))(?: the car| us)?(?: (?:right|just|close))?"
    rf" (?:behind|in front of|next to|beside|near|by|at|after|before|past|beyond) (?:{THING}|{_SPOT}){_END}",
    re.IGNORECASE,
)
_COMPILED = tuple((about, re.compile(rf"{form}{_END}", re.IGNORECASE)) for about, form in _FORMS)


@dataclass(frozen=True)
class Regard:
    """Something that is asked about, or wished for, what is outside."""

    about: About
    reference: Reference


def regard_in(clause: str) -> Regard | None:
    """What a clause asks of something outside; None for anything else."""
    for about, form in _COMPILED:
        if (found := form.fullmatch(clause)) is not None:
            return Regard(about, reference_of(found))
    return None


def stops_near(clause: str) -> bool:
    """Is this the wish to stop near something outside, and nothing besides? To the head "behind the bus" is a distance, and a red bus a light."""
    return _STOPS_NEAR.fullmatch(clause) is not None
