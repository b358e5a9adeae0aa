"""A request cut into the things it asks for. Commas and "and" may or may not part two requests, so every way to cut is offered and
the head says which pieces mean something. Quoted words are taken out first: they are names, never orders."""

import itertools
import re
from collections.abc import Callable

STRONG = re.compile(r"\s*(?:,?\s*\b(?:and\s+)?(?:then|afterwards|after that)\b,?|;|(?<=\w)[.!?](?=\s|$))\s*", re.IGNORECASE)
WEAK = re.compile(r"\s*(?:,\s*(?:and|but|plus)\b(?:\s+(?:also|please))?|\b(?:and|but|plus)\b(?:\s+(?:also|please))?|,)\s*", re.IGNORECASE)
WHEN = re.compile(r"\b(?:as soon as|when(?:ever)?|once|the moment|if|after)\b\s+", re.IGNORECASE)
ASKED = re.compile(  # "when do we arrive" asks, and waits for nothing
    r"when(?:['’]s| (?:do|does|did|will|would|is|are|was|were|can|could|shall|should|may))\b", re.IGNORECASE
)
IN_MINUTES = re.compile(r"\bin\s+(?P<time>[\w\s-]{1,30}?\b(?:minutes?|hours?|min))\b[\s,]*", re.IGNORECASE)
BACKWARD = re.compile(r"^(?:\w+\s+){1,2}(?:it|them|that|this)$", re.IGNORECASE)  # "heat them": belongs to what was named before
_QUOTED = re.compile(r"[\"“”„«‘][^\"“”„«»’]{1,200}[\"“”»’]|(?<!\w)'[^']{2,200}'(?!\w)")
STOP = re.compile(r"(?:please )?(?:stop|halt|pull over)(?: (?:here|now|please|the car|at once|right here|right now))*", re.IGNORECASE)
WHOLE_COUNTS = 0.6  # of what a request that is not cut is sure of: two sure halves are two requests
SURE_PIECE = 0.4  # certainty that every piece must have
LIKELY_BREAKS = 4  # ends of an opening condition without a comma that are looked at twice
MOST_CUTS = 4  # places where a clause may be cut that are tried


def unquoted(text: str) -> tuple[str, list[str]]:
    """The text with quoted words replaced by Q0X, Q1X, …, and those words."""
    names: list[str] = []

    def keep(found: re.Match[str]) -> str:
        names.append(found[0].strip("\"“”„«»‘’'").strip())
        return f"Q{len(names) - 1}X"

    return _QUOTED.sub(keep, text), names


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


def conditional(text: str, *, is_condition: Callable[[str], float], is_request: Callable[[str], float]) -> tuple[str, str]:
    """(condition, request) of a clause that opens or closes with "when …"; the condition is "" where there is none."""
    timed = IN_MINUTES.search(text)
    if timed is not None and (timed.start() == 0 or timed.end() == len(text)):
        return timed["time"], (text[: timed.start()] + text[timed.end() :]).strip(" ,")
    found = WHEN.search(text)
    if found is None or ASKED.match(text, found.start()):
        return "", text
    if found.start() > 0:
        condition, request = text[found.end() :], text[: found.start()].strip(" ,")
        asked = is_request(request) < SURE_PIECE < is_request(text)  # "do you know when we arrive"
        return (condition, request) if is_condition(condition) > 0.3 and not asked else ("", text)
    rest = text[found.end() :]
    breaks = [place.start() for place in re.finditer(r",\s+", rest)] or [place.start() for place in re.finditer(r"\s+", rest)]
    chances = [(is_condition(rest[:at].strip(" ,")), at) for at in breaks[:12]]
    likely = sorted(chances, key=lambda found: -found[0])[:LIKELY_BREAKS]
    if not likely:
        return "", text
    surest, best = -1.0, likely[0][1]
    for chance, at in likely:
        if chance <= surest:
            break  # no request can make up for it: each is read by the encoder
        score = chance * is_request(rest[at:].strip(" ,"))
        surest, best = max((surest, best), (score, at), key=lambda found: found[0])
    return rest[:best].strip(" ,"), rest[best:].strip(" ,")
