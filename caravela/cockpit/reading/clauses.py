"""A request cut into the things it asks for. Commas and "and" may or may not part two requests, so every way to cut is offered and
the head says which pieces mean something. Quoted words are taken out first: they are names, never orders."""

import itertools
import re
from collections.abc import Callable

THEN = re.compile(r"\s*,?\s*\b(?:and\s+)?(?:then|afterwards|after that)\b,?\s*", re.IGNORECASE)
ENDS = re.compile(r"\s*(?:;|(?<=\w)[.!?](?=\s|$))\s*")  # of a sentence
STRONG = re.compile(rf"{THEN.pattern}|{ENDS.pattern}", re.IGNORECASE)
WEAK = re.compile(r"\s*(?:,\s*(?:and|but|plus)\b(?:\s+(?:also|please))?|\b(?:and|but|plus)\b(?:\s+(?:also|please))?|,)\s*", re.IGNORECASE)
WHEN = re.compile(
    r"\b(?:as soon as|(?<!\beven )when(?:ever)?|(?<!\bat )once(?! (?:more|again)\b)|(?<!\bfor )(?<!\bat )the moment|(?<!\beven )(?<!\bas )(?<!\bwhat )if|after)\b\s+",
    re.IGNORECASE,
)
ASKED = re.compile(  # "when do we arrive" asks, and waits for nothing
    r"when(?:['’]s| (?:do|does|did|will|would|is|are|was|were|can|could|shall|should|may))\b", re.IGNORECASE
)
BACKWARD = re.compile(r"^(?:\w+\s+){1,2}(?:it|them|that|this)$", re.IGNORECASE)  # "heat them": belongs to what was named before
_QUOTED = re.compile(r"[\"“”„«‘][^\"“”„«»’]{1,200}[\"“”»’]|(?<!\w)'[^']{2,200}'(?!\w)")
STOP = re.compile(r"(?:please )?(?:stop|halt|pull over)(?: (?:here|now|please|the car|at once|right here|right now))*", re.IGNORECASE)
WHOLE_COUNTS = 0.6  # of what a request that is not cut is sure of: two sure halves are two requests
SURE_PIECE = 0.4  # certainty that every piece must have
MOST_CUTS = 4  # places where a clause may be cut that are tried


def unquoted(text: str) -> tuple[str, list[str]]:
    """The text with quoted words replaced by Q0X, Q1X, …, and those words."""
    names: list[str] = []

    def keep(found: re.Match[str]) -> str:
        names.append(found[0].strip("\"“”„«»‘’'").strip())
        return f"Q{len(names) - 1}X"

    return _QUOTED.sub(keep, text), names


def sentences_of(text: str) -> list[str]:
    """What full stops and semicolons part."""
    return [part.strip(" ,.!?") for part in ENDS.split(text) if part.strip(" ,.!?")]


def strong_parts(text: str) -> list[str]:
    """Sentences, and what "then" and the like part."""
    return [part.strip(" ,.!?") for part in STRONG.split(text) if part.strip(" ,.!?")]


def cut(text: str, confidence: Callable[[str], float]) -> list[str]:
    """The cut of `text` at commas and "and" whose least certain piece is the most certain. `confidence` is 0 for what means nothing."""
    joints = list(WEAK.finditer(text))[:MOST_CUTS]
    best, best_score = [text], WHOLE_COUNTS * confidence(text)
    for count in range(1, len(joints) + 1):
        for chosen in itertools.combinations(joints, count):
            edges = [0, *(edge for joint in chosen for edge in (joint.start(), joint.end())), len(text)]
            pieces = [text[a:b].strip(" ,") for a, b in zip(edges[::2], edges[1::2], strict=True)]
            if not all(pieces) or any(BACKWARD.search(piece) for piece in pieces[1:]):
                continue
            sure = [confidence(piece) for piece in pieces]
            score = min(chance * (WHOLE_COUNTS if WEAK.search(piece) else 1.0) for chance, piece in zip(sure, pieces, strict=True))
            if min(sure) > SURE_PIECE and score > best_score:
                best, best_score = pieces, score
    return best
