"""Names in a request: a title, a person, a place. The head says which word pieces belong to one; what people put around a name says where
it begins and ends, so that "Let It Be" is not cut to "Be"."""

import re
from collections.abc import Sequence

from caravela.cockpit.reading.head import Array
from caravela.cockpit.reading.wordpieces import piece_spans

Span = tuple[int, int]

NOBODY = {
    "somewhere",
    "there",
    "something",
    "somebody",
    "someone",
    "him",
    "her",
    "it",
    "them",
    "anything",
    "me",
    "us",
    "you",
    "a number",
}  # no names
LEAST_FREE = 0.15  # of the surest word piece of a name
FREE = 0.4  # probability from which a word piece belongs to a name
PLACEHOLDER = re.compile(r"Q(\d)X", re.IGNORECASE)  # of quoted words
GAP = 3  # words between two parts of one name
LED = 5  # words between what leads to a name and the part of it that the head found
_LEADS = {
    "media.play": re.compile(
        r"\b(?:play|put on|stick on|hear|hearing|listen to)\s+(?:me\s+|us\s+)?"
        r"(?:(?:the (?:song|album|track|band|podcast)|(?:something|anything|music|songs?|a song) (?:by|from|of))\s+)?",
        re.IGNORECASE,
    ),
    "phone.call": re.compile(r"\b(?:call|phone|dial|ring|telephone|buzz)\s+(?:up\s+)?", re.IGNORECASE),
    "drive.go_to": re.compile(r"\b(?:to|for|towards)\s+(?=\S)", re.IGNORECASE),
}
_TAIL = re.compile(
    r"(?:[\s,]+(?:please|now|instead|for (?:me|us)|thanks|thank you|if you can|right away|at once|"
    r"(?:on|at) (?:the|her|his|their|my) (?:phone|mobile|cell(?:phone)?)))+[\s.!?]*$",
    re.IGNORECASE,
)
_MORE = re.compile(r"\s*(?:,|\b(?:and|but|so|because|then)\b)", re.IGNORECASE)  # begins something else, unless the head takes it for a name
_BEFORE = re.compile(r"^(?:(?:me|us|we|some|a (?:bit|little) of)\s+)+", re.IGNORECASE)
_ANYTHING = re.compile(r"\b(?:something|anything|music|songs?|tracks?)\s+$", re.IGNORECASE)  # "something by Abba": the name is Abba
_BY = re.compile(r"^(?:by|from|of)\s+", re.IGNORECASE)
_AT_REST = re.compile(r"\b(home|work)\b", re.IGNORECASE)  # places that need no "to"
_TO = re.compile(r"\bto ((?:the|my|our) \w.*?)$", re.IGNORECASE)
_PLACE_ALONE = re.compile(r"(?:the|my|our) [a-z'’]+(?: [a-z'’]+)?", re.IGNORECASE)
_FIND = re.compile(
    r"\b(?:find|look for|search for|where(?:['’]s| is| can (?:i|we) (?:find|get)))\s+(?:me |us )?(?:an?|some|the (?:nearest|next|closest))\s+"
    r"(\w[\w ]*?)(?: nearby| near here| around here)?$",
    re.IGNORECASE,
)
_POLITE = r"(?:(?:please|can you|could you|would you|now|okay|hey car),? )*"
_CALLS = re.compile(rf"{_POLITE}(?:call|phone|dial|telephone) (?:up )?(?P<name>.+)", re.IGNORECASE)
_PLAYS = re.compile(rf"{_POLITE}play (?:me |us )?(?!(?:a|an|the) (?:song|album|track|music)$)(?P<name>.+)", re.IGNORECASE)


def name_of(label: str, clause: str, free: Array, pieces: list[str], names: Sequence[str]) -> str:
    """The free text of a clause for a meaning: what is quoted (`names`), or the longest run of word pieces that the head takes for a name.
    `free` (tokens,) is the head's probability for each of `pieces`."""
    quoted = PLACEHOLDER.search(clause)
    if quoted is not None and int(quoted[1]) < len(names):
        return names[int(quoted[1])]
    surest = float(free.max(initial=0.0))
    enough = min(FREE, 0.4 * surest) if surest > LEAST_FREE else FREE
    runs: list[Span] = []
    open_run = False
    for span, chance in zip(piece_spans(pieces, clause), free, strict=False):
        if span is None or chance < enough:
            open_run = False
        elif open_run:
            runs[-1] = (runs[-1][0], span[1])
        else:
            runs.append(span)
            open_run = True
    return name_in(label, clause, runs)


def name_in(label: str, clause: str, runs: list[Span]) -> str:
    """The name that `clause` holds for a meaning, from the runs of characters that the head takes for one; "" where there is none."""
    clause = _TAIL.sub("", clause)
    if label == "drive.go_to" and (sought := _FIND.search(clause)) is not None:
        return f"the nearest {sought[1]}"
    runs = [(start, min(end, len(clause))) for start, end in runs if start < len(clause)]
    if not runs:
        return _unmarked(label, clause)
    start, end = next(run[0] for run in runs if clause[run[1] : runs[-1][0]].count(" ") <= GAP), runs[-1][1]
    for first in dict.fromkeys((runs[0][0], start)):
        leads = [lead.end() for lead in _LEADS[label].finditer(clause) if lead.end() <= first] if label in _LEADS else []
        if leads and clause[leads[-1] : first].count(" ") <= LED:
            rest = "" if label == "drive.go_to" else _MORE.split(clause[end:], maxsplit=1)[0]
            start, end = leads[-1], end + (len(rest) if rest.count(" ") <= LED else 0)
            break
    name = _BEFORE.sub("", clause[start:end].strip(" .,!?"))
    if label == "media.play" and clause.lower().startswith(f"{name.lower()}") and name.lower().startswith("play "):
        name = name[len("play ") :]
    if _ANYTHING.search(clause[:start]):
        name = _BY.sub("", name)
    return "" if name.lower().removeprefix("go ") in NOBODY else name


def person_called(clause: str) -> str:
    """Whom a clause that opens with "call" is about; "" where it is no such clause."""
    found = _CALLS.fullmatch(_TAIL.sub("", clause).strip(" .!?"))
    return found["name"] if found is not None and found["name"].lower() not in NOBODY else ""


def _unmarked(label: str, clause: str) -> str:
    """A name where the head finds none."""
    if label == "phone.call":
        return person_called(clause)
    if label == "media.play":
        played = _PLAYS.fullmatch(clause.strip(" .!?"))
        return "" if played is None or played["name"].lower() in NOBODY else played["name"]
    if label != "drive.go_to":
        return ""
    if (alone := _PLACE_ALONE.fullmatch(clause.strip(" .!?"))) is not None:
        return alone[0]
    found = _TO.search(clause) or _AT_REST.search(clause)
    return found[1] if found is not None else ""
