"""Titles: who says "play the song Stop the car" names a song. What follows on such words is taken out like what stands in quotation marks, before
a request is cut and read, so that no title is an order."""

import re
from collections.abc import Callable, Sequence

from caravela.cockpit.reading.clauses import ASKED, STOP, STRONG, WEAK, WHEN

_PLAY = r"(?:play|put on|stick on|hear|hearing|listen to|listening to|tune (?:in )?to)(?: me| us)?"
_KIND = (
    r"(?:\w+ )?(?:songs?|tracks?|albums?|singles?|records?|tunes?|hits?|bands?|artists?|singers?|groups?|podcasts?|episodes?|shows?|audio ?books?|"
    r"playlists?|stations?|channels?|operas?|musicals?|soundtracks?)"
)
_CALLED = r"(?:called|named|titled|by|from|of)"
_NAMED = re.compile(
    rf"\b{_PLAY} (?:(?:the |that |my )?{_KIND}(?: {_CALLED})?|(?:a |some |any )?{_KIND} {_CALLED}) (?=\S)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:^|[,;.] |\band |\bthen )(?:(?:please|can you|could you|would you|now|just),? )*play (?:me |us )?(?=\S)", re.IGNORECASE
)
# small letters: what follows on "the song" and is no title, and what is played without a title
_HOW = re.compile(
    r"(?:on|in|at|for|from|with|i|we|you|louder|quieter|again|next|please|now|when|if|too|as well|and|then|instead|is|are|was|that|which)\b"
)
_OURS = re.compile(
    r"(?:(?:the|my|our|some|any|this|that|a|an) )?(?:music|songs?|tracks?|radio|next|previous|last|first|same|it|them|something|anything|one|another|other|"
    r"more|again|louder|quieter|with|on|in|at|album|playlist|podcast|news|station|films?|movies?|videos?|games?)\b"
)
_AFTER = re.compile(
    r"(?:[\s,]+(?:please|now|instead|for (?:me|us)|thanks|thank you|if you can|right away|at once))+[\s.!?]*$", re.IGNORECASE
)
_SOON = re.compile(r"\s+in\s+[\w-]+(?: [\w-]+)?\s+(?:minutes?|hours?|min)\b", re.IGNORECASE)
_ENDS = ".!?;"  # a sentence: the next one opens with a capital anyway
SURE = 0.5  # probability of one meaning from which what follows on "and" is a request and no part of a title
SURE_CONDITION = 0.3  # probability of a condition from which "when …" ends a title
SURE_MUSIC = 0.3  # probability of what is played below which a request to play is misread
MOST_NAMES = 10  # that placeholders count
MOST_WORDS = 12  # of a title

Chance = Callable[[str], float]


def taken_out(text: str, names: list[str], *, as_request: Chance, as_music: Chance, as_condition: Chance) -> str:
    """`text` with its titles replaced by placeholders, Q0X and on, as quoted words are; the titles are added to `names`. A title goes on until a
    request of several words follows on "and" or a full stop, or a bare stop, or "when …". `as_music` is how surely words ask for what is played."""
    for pattern, named in ((_NAMED, True), (_BARE, False)):
        at = 0
        while (found := pattern.search(text, at)) is not None and len(names) < MOST_NAMES:
            at = found.end()
            end = at + _length(text[at:], as_request, as_condition)
            title = text[at:end].strip(" .,!?")
            if (
                title
                and not re.match(r"Q\dX\b", title)
                and (_follows_its_kind(title) if named else _is_misread(title, as_request, as_music))
            ):
                names.append(title)
                text = f"{text[:at]}Q{len(names) - 1}X{text[end:]}"
    return text


def _follows_its_kind(title: str) -> bool:
    """Is what follows on "play the song" a title?"""
    return len(title.split()) <= MOST_WORDS and not _HOW.match(title)


def _is_misread(title: str, as_request: Chance, as_music: Chance) -> bool:
    """Would what follows on "play" be taken for an order, for nothing or be cut, were it no title? A stop in small letters is one."""
    small = title[0].islower()
    if len(title.split()) > MOST_WORDS or _OURS.match(title) or (small and STOP.fullmatch(title)):
        return False
    pieces = [title, *(piece for joint in (STRONG, WEAK) for piece in joint.split(title) if piece)]
    orders = any(as_request(piece) >= SURE and not as_music(piece) for piece in pieces)
    return orders or not all(STRONG.split(title)) or (not small and as_music(f"play {title}") < SURE_MUSIC)


def _length(rest: str, as_request: Chance, as_condition: Chance) -> int:
    """Letters of `rest`, which opens with a title, that belong to it."""
    ends = [found.start() for found in (_AFTER.search(rest), _SOON.search(rest)) if found is not None and found.start() > 0]
    for joint in _joints(rest):
        following = rest[joint.end() :]
        piece = min(STRONG.split(following)[0], WEAK.split(following)[0], key=len).strip(" ,.!?")
        in_title = piece[:1].isupper() and not set(joint[0]) & set(_ENDS)
        if not in_title and (STOP.fullmatch(piece) or (len(piece.split()) > 1 and as_request(piece) >= SURE)):
            ends.append(joint.start())
            break
    for when in WHEN.finditer(rest):
        if (
            when.start() > 0
            and when[0][0].islower()
            and not ASKED.match(rest, when.start())
            and as_condition(rest[when.end() :]) > SURE_CONDITION
        ):
            ends.append(when.start())
            break
    return len(rest[: min(ends, default=len(rest))].rstrip())


def _joints(rest: str) -> Sequence[re.Match[str]]:
    return sorted((found for pattern in (STRONG, WEAK) for found in pattern.finditer(rest)), key=lambda found: found.start())
