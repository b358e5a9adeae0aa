"""For every deed one English sentence that says it: what a request in another language becomes. They are chosen among our own training
phrases, each being the one that the English head is surest of, and kept in english.json."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

from caravela.cockpit.reading.intents import CabinCall, Garbled, Step, Unclear
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.phrasing import NEGATED, NONE, SEVERAL, patterns, spoken_zone
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import BundleError

SHIPPED = Path(__file__).parent / "english.json"
MOST_TRIED = 40  # phrases of a deed
ENOUGH = 0.8  # probability of a phrase's deed from which no other phrase is tried
ZONES_TRIED = ("passenger", "rear_right", "all")
SAMPLES = {"number": "20", "choice": "normal", "side": "left", "text": "“Q”", "place": "“Q”", "order": "drive faster"}
WITHOUT_SLOT = "light.headlights"  # one choice only can be asked for: automatic
NEEDED = {
    "drive.turn": "side",
    "drive.lane": "side",
    "drive.go_to": "place",
    "drive.speed": "number",
    "follow.value": "number",
    "when.minutes": "number",
    "media.play": "text",
    "phone.call": "text",
}


@functools.cache
def sentences() -> Mapping[str, str]:
    """Deed -> sentence with its slots. Raises BundleError."""
    try:
        return dict(json.loads(SHIPPED.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BundleError(
            f"'{SHIPPED}' is no table of sentences ({type(error).__name__}); make it with `caravela cockpit learn-languages`."
        ) from error


def choose(understanding: Understanding) -> dict[str, str]:
    """For every deed the first sentence that is surely understood, with places after it too; else the surest that is understood at all."""
    tried: dict[str, dict[str, float]] = {}
    for pattern in patterns():
        deed = f"{pattern.label} {pattern.operation}"
        own = tried.setdefault(deed, {})
        for noun in pattern.nouns[:2]:
            sentence = pattern.pattern.replace("*", noun)
            if max(own.values(), default=0.0) >= ENOUGH or len(own) >= MOST_TRIED:
                break
            if sentence not in own and _fits(pattern.label, pattern.operation, sentence):
                own[sentence] = _sureness(understanding, pattern.label, pattern.operation, sentence)
    chosen = {deed: max(own, key=own.__getitem__) for deed, own in tried.items() if own and max(own.values()) > 0.0}
    return {**chosen, f"{NEGATED} {NONE}": "don't open the window"}


def sample(sentence: str, label: str) -> str:
    """A sentence with something in its slots."""
    from caravela.cockpit.sayings.phrasing import choices_of

    filled = {**SAMPLES, "choice": choices_of(label)[0] if "{choice}" in sentence else ""}
    return sentence.format(**filled)


def _fits(label: str, operation: str, sentence: str) -> bool:
    """Has it the slots that are filled, and no other?"""
    slots = set(re.findall(r"\{(\w+)\}", sentence))
    if label == WITHOUT_SLOT and operation == "set":
        return not slots
    if label in NEEDED or operation == "set":
        return slots == ({NEEDED[label]} if label in NEEDED else slots & {"number", "choice", "text"}) and len(slots) == 1
    return slots <= {"order"} and label != SEVERAL


def _sureness(understanding: Understanding, label: str, operation: str, sentence: str) -> float:
    """Probability of the deed, the least with any place after it; 0 where it is taken for something else, or for several things."""
    text, condition = sample(sentence, label), label.startswith("when.")
    if understanding.zone(text) != NONE or not (condition or _alone(understanding(text), f"{label} {operation}")):
        return 0.0
    zones = (NONE, *ZONES_TRIED) if label in TOOLS and TOOLS[label].places else (NONE,)
    least = 1.0
    for zone in zones:
        said = text if zone == NONE else f"{text}{spoken_zone(zone)}"
        if (
            understanding.meaning(said, condition=condition) != (label, "" if operation == NONE else operation)
            or understanding.zone(said) != zone
        ):
            return 0.0 if zone == NONE else 0.01
        least = min(least, understanding.sureness(said, f"{label} {operation}"))
    return least


def _alone(steps: list[Step], deed: str) -> bool:
    """Is this one step that waits for nothing, and of a tool only what the deed says?"""
    if len(steps) != 1 or steps[0].condition is not None:
        return False
    match steps[0].intent:
        case CabinCall(call):
            return f"{call.tool} {call.operation}" == deed
        case Unclear() | Garbled():
            return deed.startswith("unclear")
    return True
