"""Sayings for training the head, made from phrases/*.toml: a pattern, a noun for its `*`, words for its slots, a place, and the
wrapping that people put around a request. Each carries what it means, so that nothing is labelled by hand."""

import functools
import re
import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caravela.cockpit.tool import TAKES, Form, Operation
from caravela.cockpit.tools import TOOLS

FOLDER = Path(__file__).parent / "phrases"
NONE = "none"  # no operation, no zone
PER_PATTERN = 2  # sayings drawn from one pattern
NEGATED_SHARE = 0.35  # of patterns that are also said with a "don't"
TELLING = 4  # letters of a word by which conditions are told apart
_PALE = set(
    """a an the it its we re ve is are was be been has have had that this there here our us my to of at in on off out up down over and no not get
    gets got getting come comes coming go goes going gone start starts set sets take takes become becomes begin begins by more""".split()
)  # words that say nothing of what a condition is about
STEM = 7  # letters that tell a word from others
JOINED = 600  # sayings of several things
EVEN = 14  # sayings of an operation at least, however few its patterns
ZONE_SHARE = 0.35  # of sayings about what there is several of
NEGATED = "negated"  # "don't open the window"
SEVERAL = "several"  # more than one thing in one breath
JOINTS = (" and ", " and ", ", ", ", and ", " and also ", " but ", " plus ", " and please ")
_SLOT = re.compile(r"\{(\w+)\}")
_FILLS = {"number": "numbers", "text": "texts", "place": "places", "order": "orders"}


@dataclass(frozen=True)
class Saying:
    """What somebody may say, and what it means."""

    text: str
    label: str  # a tool's name, or another meaning: drive.turn, refuse.speeding, answer.yes, when.rain
    operation: str = NONE
    zone: str = NONE
    span: tuple[int, int] | None = None  # characters of the free text in it: a title, a contact, a destination

    @property
    def deed(self) -> str:
        """Meaning and operation together."""
        return f"{self.label} {self.operation}"


@dataclass(frozen=True)
class Pattern:
    """How something is said, before its blanks are filled."""

    pattern: str
    label: str
    operation: str = NONE
    nouns: tuple[str, ...] = ("",)


@functools.cache
def _slots() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "slots.toml").read_text(encoding="utf-8"))


@functools.cache
def zones() -> tuple[str, ...]:
    """Classes of the place that is meant."""
    return (NONE, *_slots()["zones"])


def spoken_zone(zone: str) -> str:
    """How a place is said after a request: " for the passenger"."""
    return str(_slots()["zones"][zone][0])


def choices_of(label: str) -> tuple[str, ...]:
    """What a choice's slot may hold."""
    return tuple(_slots()["choices"][label])


@functools.cache
def patterns() -> tuple[Pattern, ...]:
    """All patterns of training.toml."""
    table = tomllib.loads((FOLDER / "training.toml").read_text(encoding="utf-8"))
    found = []
    for name, entry in table["tools"].items():
        tool = TOOLS[name]
        default = table["forms"].get("level" if tool.form is Form.LEVEL else str(tool.form), {})
        nouns = tuple(entry.get("nouns", ("",)))
        for operation in TAKES[tool.form]:
            own, usual = entry.get(operation), default.get(operation, [])
            said = usual if own is None else [*own, *usual] if set(own) & set(usual) else own
            said = dict.fromkeys([*said, *entry.get(f"also_{operation}", ())])
            found += [Pattern(pattern, name, operation, nouns) for pattern in said]
    for part in ("driving", "refusals", "dialogue", "conditions"):
        found += [Pattern(pattern, label) for label, group in table[part].items() for pattern in group]
    return tuple(found)


@functools.cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Every word of the phrasings and of their nouns, and the stems of the longer ones. Small talk is left out: it holds other languages."""
    texts = [text for pattern in patterns() if pattern.label != "chat" for text in (pattern.pattern, *pattern.nouns)]
    words = frozenset(re.findall(r"[^\W\d_]+", " ".join(texts).lower()))
    return words, frozenset(word[:STEM] for word in words if len(word) > STEM)


def is_known(word: str) -> bool:
    """Is this a word of ours, or one made from its stem? The encoder may know it by scraps only."""
    words, stems = _known()
    return word.lower() in words or word.lower()[:STEM] in stems


def is_ours(word: str) -> bool:
    """Is this a word of our phrasings, letter by letter?"""
    return word.lower() in _known()[0]


@functools.cache
def _stems_of(label: str) -> frozenset[str]:
    return frozenset(stem for pattern in patterns() if pattern.label == label for stem in _telling(pattern.pattern))


def speaks_of(label: str, text: str) -> bool:
    """Does a text share a telling word with any phrasing of a meaning, if it has any? "When the moon is full" is no phrasing of the dark."""
    told = _telling(text)
    return not told or bool(told & _stems_of(label))


def _telling(text: str) -> set[str]:
    """The beginnings of the words that say what a text is about."""
    return {word[:TELLING] for word in re.findall(r"[a-z]+", text.lower()) if word not in _PALE and len(word) > 1}


@functools.cache
def noun_phrases(tool: str) -> frozenset[tuple[str, ...]]:
    """The nouns of a tool, word by word, without articles."""
    nouns = {noun for pattern in patterns() if pattern.label == tool for noun in (*pattern.nouns, TOOLS[tool].noun)}
    return frozenset(tuple(word for word in noun.lower().split() if word not in ("the", "my", "all")) for noun in nouns if noun)


def noun_words(tool: str) -> frozenset[str]:
    """The words of a tool's nouns."""
    return frozenset(word for noun in noun_phrases(tool) for word in noun)


@functools.cache
def labels() -> tuple[str, ...]:
    """Classes of what is meant, conditions last."""
    found = list(dict.fromkeys(pattern.label for pattern in patterns()))
    plain = [label for label in found if not label.startswith("when.")]
    return (*plain, NEGATED, SEVERAL, *(label for label in found if label.startswith("when.")))


@functools.cache
def deeds() -> tuple[str, ...]:
    """Classes of meaning and operation together."""
    found = dict.fromkeys(f"{pattern.label} {pattern.operation}" for pattern in patterns())
    return (*found, f"{NEGATED} {NONE}", f"{SEVERAL} {NONE}")


def draw(seed: int, *, per_pattern: int = PER_PATTERN) -> list[Saying]:
    """Sayings from every pattern: rare meanings are drawn more often, so that each has about as many. A pattern's sayings are the same
    whatever others there are."""
    counts: dict[tuple[str, str], int] = {}
    for pattern in patterns():
        key = (pattern.label, pattern.operation)
        counts[key] = counts.get(key, 0) + 1
    found = []
    for pattern in patterns():
        many = counts[pattern.label, pattern.operation]
        own = np.random.default_rng([seed, zlib.crc32(f"{pattern.label} {pattern.operation} {pattern.pattern}".encode())])
        found += [_say(pattern, own) for _ in range(max(per_pattern, round(EVEN / many)))]
        if pattern.operation in (Operation.ON, Operation.UP, Operation.SET) and own.random() < NEGATED_SHARE:
            found.append(_negated(pattern, own))
    return found + _joined(found, np.random.default_rng(seed))


def _joined(sayings: Sequence[Saying], random: np.random.Generator) -> list[Saying]:
    """Two or three different things in one breath."""
    alone = [saying for saying in sayings if saying.label in TOOLS or saying.label.startswith(("drive.", "refuse.r", "refuse.s"))]
    found = []
    for _ in range(JOINED):
        chosen = [alone[k] for k in random.choice(len(alone), 2 if random.random() < 0.8 else 3, replace=False)]
        text = str(random.choice(JOINTS)).join(saying.text.rstrip(".") for saying in chosen)
        found.append(Saying(_as_heard(text, random), SEVERAL))
    return found


def _say(pattern: Pattern, random: np.random.Generator) -> Saying:
    slots = _slots()
    text = pattern.pattern.replace("*", str(random.choice(pattern.nouns)))
    text, zone = _at_a_place(pattern, text, random)
    text, span = _filled(pattern.label, text, random)
    statement = bool(re.match(r"(I|it|we|the|my|is|are|what|how|when|why|who|that)\b", text))
    whole = not pattern.label.startswith(("when.", "answer.", "follow.", "chat", "unclear"))
    before = str(random.choice(slots["prefixes"])) if whole and not statement else ""
    after = str(random.choice(slots["suffixes"])) if whole else ""
    if span is not None:
        after = after if after in ("", " please") else ""
        span = (span[0] + len(before), span[1] + len(before))
    text = _as_heard(f"{before}{text}{after}", random)
    return Saying(text, pattern.label, pattern.operation, zone, span)


def _at_a_place(pattern: Pattern, text: str, random: np.random.Generator) -> tuple[str, str]:
    """A place in the car, where there are several of the tool."""
    if pattern.label not in TOOLS or not TOOLS[pattern.label].places or random.random() > ZONE_SHARE:
        return text, NONE
    zone = str(random.choice(zones()[1:]))
    phrase = str(random.choice(_slots()["zones"][zone]))
    noun = next((noun for noun in pattern.nouns if noun and noun in text), "")
    if noun and zone in ("driver", "passenger", "left", "right", "rear_left", "rear_right", "rear", "front") and random.random() < 0.4:
        named = {"driver": "the driver's", "passenger": "the passenger's"}.get(zone, f"the {zone.replace('_', ' ')}")
        return text.replace(noun, f"{named} {re.sub(r'^(the|my) ', '', noun)}"), zone
    if zone == "all" and noun.startswith("the ") and random.random() < 0.4:
        return text.replace(noun, f"all {noun}"), zone
    return text + phrase, zone


def _filled(label: str, text: str, random: np.random.Generator) -> tuple[str, tuple[int, int] | None]:
    """The slots of a text filled, and where its free text lies."""
    span = None
    while (found := _SLOT.search(text)) is not None:
        slot = found[1]
        if slot == "choice":
            options = _slots()["choices"][label]
        elif slot == "side":
            options = ["left", "right"]
        else:
            options = _slots()["contacts" if label == "phone.call" and slot == "text" else _FILLS[slot]]
        word = str(random.choice(options))
        text = text[: found.start()] + word + text[found.end() :]
        if slot in ("text", "place"):
            span = (found.start(), found.start() + len(word))
    return text, span


def _negated(pattern: Pattern, random: np.random.Generator) -> Saying:
    text, _ = _filled(pattern.label, pattern.pattern.replace("*", str(random.choice(pattern.nouns))), random)
    start = str(
        random.choice(["don't ", "do not ", "please don't ", "no need to ", "you don't have to ", "I don't want you to ", "never "])
    )
    return Saying(_as_heard(start + text, random), NEGATED)


def _as_heard(text: str, random: np.random.Generator) -> str:
    """The text as typed, or as speech recognition writes it: no capitals, no marks."""
    if random.random() < 0.5:
        return text
    return re.sub(r"[,.!?]", " ", text).lower() if random.random() < 0.5 else text + "."


def held_out(name: str) -> tuple[list[Saying], list[Saying]]:
    """Sayings that the head never trains on, of phrases/NAME.toml: for meaning with operation, and for the place."""
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    meant = []
    for key, group in table["sayings"].items():
        label, _, operation = key.partition(" ")
        meant += [Saying(text, label, operation or NONE) for text in group]
    return meant, [Saying(text, "", zone=zone) for zone, group in table["zones"].items() for text in group]
