"""Sayings in another language for training the reader, made from german.toml and chinese.toml: a pattern, a noun for its `*`, words for its
slots, and what people put around a request. Each carries what it means; English sayings of the same meanings join them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caravela.cockpit.languages.tongue import Tongue
from caravela.cockpit.sayings import phrasing
from caravela.cockpit.sayings.phrasing import NEGATED, NONE, SEVERAL

PER_FORM = 10  # patterns of a tool's form that are drawn for one operation
AT_LEAST = 10  # sayings of a meaning, about, however few its patterns
PER_ENGLISH = 9  # English sayings of a meaning that are drawn
NEGATED_EACH = 260  # sayings of what is not to be done, in a language
_SLOT = re.compile(r"\{(\w+)\}")
_FILLS = {"number": "numbers", "text": "texts", "place": "places", "order": "orders"}


@dataclass(frozen=True)
class Said:
    """What somebody may say, and the deed that it means: a meaning with its operation, as phrasing.deeds() names them."""

    text: str
    deed: str


def draw(tongue: Tongue, random: np.random.Generator) -> list[Said]:
    """Sayings of every meaning in a language: each pattern once as it stands, and once as somebody might wrap it."""
    said: list[Said] = []
    patterns = _patterns(tongue, random)
    many = Counter(deed for _, _, deed in patterns)
    for pattern, nouns, deed in patterns:
        for wrapped in (False, True, *[True] * (AT_LEAST // many[deed] - 2)):
            text = _filled(tongue, pattern.replace("*", str(random.choice(nouns))), deed, random)
            said.append(Said(_around(tongue, text, deed, random) if wrapped else text.lower(), deed))
    doing = [one for one in said if one.deed.split()[0] in phrasing.TOOLS and one.deed.split()[1] in ("on", "up", "off", "down")]
    for k in random.choice(len(doing), min(NEGATED_EACH, len(doing)), replace=False):
        around = str(random.choice(tongue.phrases["negated"]["around"]))
        said.append(Said(around.replace("%", doing[k].text), f"{NEGATED} {NONE}"))
    return said


def english(seed: int, random: np.random.Generator) -> list[Said]:
    """Some English sayings of every meaning but those of several things."""
    by_deed: dict[str, list[str]] = {}
    for saying in phrasing.draw(seed):
        if saying.label != SEVERAL:
            by_deed.setdefault(saying.deed, []).append(saying.text.lower())
    return [
        Said(texts[k], deed)
        for deed, texts in by_deed.items()
        for k in random.choice(len(texts), min(PER_ENGLISH * (1 + deed.endswith(NONE)), len(texts)), replace=False)
    ]


def plain(tongue: Tongue) -> set[str]:
    """Every pattern of a language with each of its nouns, slots unfilled: what nothing that is examined may be."""
    table = tongue.phrases
    found = {text.lower() for group in table["meanings"].values() for text in group}
    for entry in table["tools"].values():
        lists = [part for key, part in entry.items() if isinstance(part, list) and key not in ("nouns", "choices")]
        for group in (*lists, *table["forms"].get(entry["form"], {}).values()):
            found |= {pattern.replace("*", noun).lower() for pattern in group for noun in entry["nouns"]}
    return found


def _patterns(tongue: Tongue, random: np.random.Generator) -> list[tuple[str, Sequence[str], str]]:
    """(pattern, nouns, deed) of all that is trained on: all that is a tool's own, and some of what its form has."""
    table, known = tongue.phrases, set(phrasing.deeds())
    found: list[tuple[str, Sequence[str], str]] = []
    for name, entry in table["tools"].items():
        form = table["forms"].get(entry["form"], {})
        for operation in {**form, **{key: 0 for key in entry if key not in ("form", "nouns", "choices")}}:
            deed = f"{name} {operation}"
            if deed not in known:
                continue
            usual = form.get(operation, [])
            some = [usual[k] for k in random.permutation(len(usual))[:PER_FORM]]
            found += [(pattern, entry["nouns"], deed) for pattern in (*entry.get(operation, ()), *some)]
    return found + [(pattern, ("",), f"{label} {NONE}") for label, group in table["meanings"].items() for pattern in group]


def _filled(tongue: Tongue, text: str, deed: str, random: np.random.Generator) -> str:
    """The text with its slots filled."""
    table = tongue.phrases
    while (slot := _SLOT.search(text)) is not None:
        if slot[1] == "choice":
            options = table["tools"][deed.split()[0]]["choices"]
        elif slot[1] == "side":
            options = SIDES[tongue.name]["turn" if deed.startswith("drive.turn") else "lane"]
        else:
            options = table["contacts" if deed.startswith("phone.call") and slot[1] == "text" else _FILLS[slot[1]]]
        text = text[: slot.start()] + str(random.choice(options)) + text[slot.end() :]
    return text


SIDES = {
    "german": {"turn": ["links", "rechts"], "lane": ["linke", "rechte", "linken", "rechten", "links", "rechts"]},
    "chinese": {"turn": ["左", "右", "左", "右"], "lane": ["左", "右"]},
}


def _around(tongue: Tongue, text: str, deed: str, random: np.random.Generator) -> str:
    whole = not deed.startswith(("when.", "answer.", "follow.", "chat", "unclear", "ask.")) and not deed.endswith(" ask")
    before = str(random.choice(tongue.phrases["prefixes"])) if whole else ""
    after = str(random.choice(tongue.phrases["suffixes"])) if whole else ""
    return f"{before}{text}{after}".lower()
