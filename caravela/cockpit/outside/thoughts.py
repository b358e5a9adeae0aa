"""What the driving model's thought says of things outside: whoever explains is asked what is ahead, left and right, and its sentences are read back
as facts. It answers only of what it may be believed (vehicle/answers.py); where it says nothing, nothing is added."""

from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit.outside.sight import AHEAD, LEFT, PEOPLE, PERSON, RIGHT, VEHICLE, Seen
from caravela.cockpit.situation import Situation
from caravela.words.grammar import parse

QUESTIONS = {AHEAD: "what is ahead?", LEFT: "what is on the left?", RIGHT: "what is on the right?"}
NOTHING = "nothing"


def seeing(now: Situation, explain: Callable[[str, str], str | None]) -> Situation:
    """`now` with what the thought knows of each side. The vehicle ahead is the driver's own reading, where it has one."""
    facts = {side: parse(explain("what", question) or "") for side, question in QUESTIONS.items()}
    told = {side: fact for side, fact in facts.items() if fact is not None and fact.kind == side}
    known_ahead = now.lead is not None
    seen = tuple(
        Seen(fact.what, side, None if fact.number is None else float(fact.number))
        for side, fact in told.items()
        if fact.what != NOTHING and not (side == AHEAD and fact.what == VEHICLE and known_ahead)
    )
    reads = (*now.reads, *PEOPLE) if len(told) == len(QUESTIONS) and PERSON not in now.reads else now.reads
    return replace(now, seen=(*now.seen, *seen), looks=tuple(dict.fromkeys((*now.looks, *told))), reads=reads)
