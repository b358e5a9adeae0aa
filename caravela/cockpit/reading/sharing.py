"""Things that share a verb: "close the windows and the roof" is two deeds, and "turn off the music and the AC" too. Each gets the verb that it lacks, so
that none is lost; so does a side, "turn left, then right"."""

import re

from caravela.cockpit.sayings.phrasing import noun_phrases
from caravela.cockpit.tools import TOOLS

_POLITE = r"(?:(?:please|can you|could you|would you|will you|and|now|then|also|just|hey car|okay|let['’]?s|i want you to|i['’]d like you to|don['’]?t|do not)[ ,]+)*"
_DEED = (
    r"open(?: up)?|close|shut|lock|unlock|(?:turn|switch|put|bring|pull|roll|wind|fold|flip|shut)(?: (?:on|off|up|down|in|out))?|activate|deactivate|enable|disable|"
    r"mute|unmute|dim|brighten|heat|warm|warm up|cool|ventilate|start|stop|kill|cut|raise|lower|silence|pop|unfold|set|increase|decrease|reduce"
)
_ARTICLE = r"(?:the|my|our|all(?: the)?|both|every|his|her)"
_TAIL = r"(?: (?:on|off|up|down|open|closed|shut|halfway|fully|completely|all the way|a (?:bit|little)|to \w+(?: percent| degrees)?))?"
_FIRST = re.compile(
    rf"(?P<lead>{_POLITE}(?:{_DEED})) (?P<noun>(?:{_ARTICLE} )?[\w'’-]+(?: [\w'’-]+){{0,4}}?)(?P<tail>{_TAIL})", re.IGNORECASE
)
_NEXT = re.compile(rf"(?P<noun>(?P<article>{_ARTICLE} )?[\w'’-]+(?: [\w'’-]+){{0,3}}?)(?P<tail>{_TAIL})", re.IGNORECASE)
_JOINT = re.compile(r"\s*,\s*(?:and|plus)\s+(?:also\s+)?|\s+(?:and|plus)\s+(?:also\s+)?|\s*,\s*", re.IGNORECASE)
_CLOSES = re.compile(r"(?:[ ,]+(?:please|now|too|as well|thanks|for me))+\W*$", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"\b(?:is|are|was|were|has|have|it|them|that|i|we|you|to|then|not|too|because|for|when|if|open|close|turn|switch|lock|unlock|play|call|drive|go|take|set)\b",
    re.IGNORECASE,
)
_SIDE = re.compile(
    r"(?:and |then |again )*(?P<which>(?:the )?(?:first|second|third|next) )?(?P<side>left|right)(?: again| there)?(?: please)?",
    re.IGNORECASE,
)


def shared(text: str) -> list[str]:
    """The requests of a text whose things share a verb, each with its own; none where no verb is shared."""
    close = _CLOSES.search(text)
    plain = text[: close.start()] if close is not None else text
    joints = list(_JOINT.finditer(plain))
    edges = [0, *(edge for joint in joints for edge in joint.span()), len(plain)]
    pieces = [plain[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True)]
    verb: re.Match[str] | None = None
    found: list[str] = []
    lent, waiting = False, 0  # pieces whose tail comes with the last of them: "turn the music and the AC off"
    for k, piece in enumerate(pieces):
        opens = _FIRST.fullmatch(piece)
        if opens is not None and not _NO_NOUN.search(opens["noun"]):
            verb, waiting = opens, 0 if opens["tail"] or _has_particle(opens["lead"]) else 1
            found.append(piece)
            continue
        bare = _NEXT.fullmatch(piece)
        if (
            verb is None
            or bare is None
            or _NO_NOUN.search(bare["noun"])
            or not (_is_ours(bare["noun"]) or (bare["article"] and _ends_with_and(joints[k - 1 :])))
        ):
            if opens is None and verb is None and found:
                found[-1] += f"{joints[k - 1][0]}{piece}"  # "play jazz and blues"
            else:
                found.append(piece)
            verb = None
            continue
        if bare["tail"] and waiting:
            found[-waiting:] = [f"{before}{bare['tail']}" for before in found[-waiting:]]
        elif bare["tail"] and _has_particle(verb["lead"]):
            return []  # "turn on the radio and the volume up"
        found.append(f"{verb['lead']} {bare['noun']}{bare['tail'] or verb['tail']}")
        waiting = waiting + 1 if waiting and not bare["tail"] else 0
        lent = True
    return found if lent else []


def as_turn(clause: str) -> str:
    """A side alone as the turn that it is beside another; "" where a clause is none."""
    found = _SIDE.fullmatch(clause.strip(" ,.!"))
    if found is None:
        return ""
    return f"take {found['which']}{found['side']}" if found["which"] else f"turn {found['side']}"


def _ends_with_and(joints: list[re.Match[str]]) -> bool:
    return bool(joints) and re.search(r"\b(?:and|plus)\b", joints[-1][0], re.IGNORECASE) is not None


def _has_particle(lead: str) -> bool:
    return re.search(r" (?:on|off|up|down|in|out)$", lead, re.IGNORECASE) is not None


def _is_ours(noun: str) -> bool:
    words = tuple(word for word in noun.lower().split() if word not in ("the", "my", "all", "our", "both", "every"))
    return words in (("lights",), ("light",)) or any(words in noun_phrases(tool) for tool in TOOLS)
