"""Words that were mistyped: "opne the window". A word that nobody knows and that is one letter, or two that were swapped, from a word of our phrasings
is read as that word where only one reading makes sense. It is read back, and what touches driving or safety is asked about first."""

import functools
import itertools
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caravela.cockpit.acting.gate import ADULTS_ONLY
from caravela.cockpit.reading.clauses import unquoted
from caravela.cockpit.reading.intents import (
    CabinCall,
    DrivingWish,
    Follow,
    FollowUp,
    Missing,
    Question,
    Reply,
    Step,
    Unclear,
    Unsafe,
    stops,
)
from caravela.cockpit.sayings.phrasing import patterns
from caravela.cockpit.tools import TOOLS
from caravela.core.request import GoTo

SHORTEST = 3  # letters of a word that may be mistyped
MOST_WORDS = 2  # of a sentence that may be mistyped
MOST_READINGS = 3  # of a sentence that are tried, the likeliest first: each costs the encoder as much as the sentence itself
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Meant:
    """What a mistyped request is taken for. `harmless`: it may be done without asking first."""

    text: str
    steps: tuple[Step, ...]
    harmless: bool


def meant(text: str, steps: Sequence[Step], *, understand: Callable[[str], list[Step]], knows: Callable[[str], bool]) -> Meant | None:
    """What was meant by `text`, which was understood as `steps`; None where nothing in it is mistyped, or several readings are near."""
    if unquoted(text)[1] or any(stops(step.intent) or isinstance(step.intent, Unsafe | Reply) for step in steps):
        return None
    readings: dict[tuple[object, ...], Meant] = {}
    understood = bool(steps) and all(_asks_for_something(step) for step in steps)
    for near in _readings(text, _names(text, steps), knows, derived=not understood):
        again = understand(near)
        if again and all(_asks_for_something(step) for step in again):
            readings.setdefault(_asked(again), Meant(near, tuple(again), all(_is_harmless(step) for step in again)))
        if len(readings) > 1:
            return None
    if not readings:
        return None
    ((key, only),) = readings.items()
    return None if key == _asked(steps) else only


def _asked(steps: Sequence[Step]) -> tuple[object, ...]:
    """What steps ask for, whatever the words."""
    return tuple((step.intent, step.condition) for step in steps)


def _readings(text: str, names: str, knows: Callable[[str], bool], *, derived: bool) -> list[str]:
    """`text` with its mistyped words put right in every way; none where nothing is mistyped. Words of names are left alone. With `derived`
    also words that a letter at their end makes from one of ours: "smelly" is merely rare where it was understood."""
    typed = [
        found
        for found in _WORD.finditer(text)
        if len(found[0]) >= SHORTEST
        and (found.start() == 0 or found[0].islower())
        and found[0].lower() not in names
        and not knows(found[0])
    ]
    near = [_near(found[0].lower(), derived=derived) for found in typed]
    if not typed or len(typed) > MOST_WORDS or not all(near):
        return []
    readings = []
    ranked = sorted(itertools.product(*(enumerate(words) for words in near)), key=lambda words: sum(rank for rank, _ in words))
    for words in [[word for _, word in ranks] for ranks in ranked][:MOST_READINGS]:
        put_right = text
        for found, word in sorted(zip(typed, words, strict=True), key=lambda pair: -pair[0].start()):
            put_right = f"{put_right[: found.start()]}{word}{put_right[found.end() :]}"
        readings.append(put_right)
    return readings


def _near(word: str, *, derived: bool) -> list[str]:
    """Words of ours that are two swapped neighbours away, else those that are one letter away; those with its own beginning with `derived` alone.
    The likeliest first: with the same first letter, then the more usual."""
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    dropped = {a + b[1:] for a, b in halves if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    other = {a + letter + b[skip:] for a, b in halves for letter in string.ascii_lowercase for skip in (0, 1)}
    ours = usual_words()
    ending = {near for near in (dropped | other) & ours.keys() if derived or not near.startswith(word[:-1])}
    return sorted(swapped & ours.keys() or ending, key=lambda near: (near[0] != word[0], -ours[near], near))


@functools.cache
def usual_words() -> Counter[str]:
    """The words of what may be asked for, and of the things that it is asked of, and how often our phrasings use them."""
    texts = [
        text
        for pattern in patterns()
        if pattern.label in TOOLS or pattern.label.startswith(("drive.", "refuse.", "ask.", "follow."))
        for text in (pattern.pattern, *pattern.nouns)
    ]
    plain = re.sub(r"\{\w+\}", "", " ".join(texts).lower())
    return Counter(word for word in _WORD.findall(plain) if len(word) > SHORTEST)


def _names(text: str, steps: Sequence[Step]) -> str:
    """The free text that a request holds: a title, a person, a destination. What is taken for one as a whole was not understood."""
    found = []
    for step in steps:
        match step.intent:
            case CabinCall(call) if isinstance(call.value, str):
                found.append(call.value)
            case DrivingWish(GoTo(place)):
                found.append(place)
    return " ".join(name for name in found if name != text.strip(" .!?")).lower()


def _asks_for_something(step: Step) -> bool:
    which = isinstance(step.intent, Unclear) and len(step.intent.alternatives) == 2
    return which or isinstance(step.intent, CabinCall | DrivingWish | FollowUp | Question | Missing | Unsafe)


def _is_harmless(step: Step) -> bool:
    """May this be done at once? What is asked about or refused anyway may."""
    match step.intent:
        case CabinCall(call):
            return not (TOOLS[call.tool].standstill or call.tool.startswith(ADULTS_ONLY))
        case FollowUp(kind):
            return kind is not Follow.UNDO
    return isinstance(step.intent, Question | Missing | Unsafe | Unclear)
