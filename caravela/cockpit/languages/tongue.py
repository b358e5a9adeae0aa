"""What has to be known word by word of a language that the car is spoken to in: numbers, sides, places, choices, names, and the words that
turn a meaning round. Vectors hold "left" and "right" for neighbours, so none of these is left to them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from caravela.cockpit.reading.intents import Hazard
from caravela.cockpit.tool import Operation

FOLDER = Path(__file__).parent
UPWARD = frozenset({Operation.ON, Operation.UP, Operation.MAX})
DOWNWARD = frozenset({Operation.OFF, Operation.DOWN, Operation.MIN})


@dataclass(frozen=True)
class Tongue:
    """A language. Patterns are searched in one clause, in any case."""

    name: str  # german: its phrases are NAME.toml
    called: str  # in the language itself
    words: Callable[[str], list[str]]  # of a text, as the reader's bag counts them
    numbers: Callable[[str], list[float]]
    share: Callable[[str], float | None]  # percent: "half"
    sides: Mapping[str, re.Pattern[str]]  # left, right
    zones: Sequence[tuple[re.Pattern[str], str]]  # the first that is found counts
    aside: re.Pattern[str]  # courtesies, and words for a place in the car, that stand beside a request
    ordinals: Sequence[tuple[re.Pattern[str], int]]
    choices: Mapping[str, Sequence[tuple[re.Pattern[str], str]]]  # tool -> (pattern, the choice in English)
    names: Mapping[str, Sequence[re.Pattern[str]]]  # meaning -> patterns whose group is a name
    stand_ins: Mapping[str, str]  # meaning -> a name that the reader knows
    nobody: re.Pattern[str]  # a name that is none
    seen: re.Pattern[str]  # asks what is there: nothing that it names is a request
    roads: Sequence[tuple[re.Pattern[str], str]]  # whole clauses about motorways, and what they are in English
    settled: Sequence[
        tuple[re.Pattern[str], str]
    ]  # whole clauses whose meaning words alone tell: a deed, or "beyond" and what there is none of
    light: Callable[
        [str], tuple[tuple[str, ...], Operation] | None
    ]  # a whole clause about "the light": the tools that it may be, on or off
    polite: re.Pattern[str]  # opens a question that asks for a deed
    places: Mapping[str, str]  # well-known destinations -> English
    trim: re.Pattern[str]  # what may follow a name and is none of it
    negation: re.Pattern[str]
    soft: re.Pattern[str]  # a negation that wishes for less, or for a bound: "not so loud"
    turned: Sequence[tuple[re.Pattern[str], frozenset[Operation]]]  # words, and the operations that they rule out
    turned_of: Mapping[str, Sequence[tuple[re.Pattern[str], frozenset[Operation]]]]  # the same for tools that have words of their own
    hazards: Sequence[tuple[re.Pattern[str], Hazard]]  # beside these no wish to driving is believed
    by: re.Pattern[str]  # a number is a difference
    to: re.Pattern[str]  # a number is a goal
    strong: re.Pattern[str]  # parts requests
    weak: re.Pattern[str]  # may part requests
    conditions: Sequence[re.Pattern[str]]  # groups `when` and `what`
    unless: re.Pattern[str]  # opens or joins what is to be done if something is not so: nothing that is watched
    lasting: re.Pattern[str]  # something that shall end by itself
    lends: Callable[[list[str]], list[str]]  # pieces that share a verb, each with it; as they are where they share none
    waits: re.Pattern[str]  # opens a request that surely waits for something
    timed: Sequence[re.Pattern[str]]  # groups `when`, a time from now, and what comes before and after
    second: re.Pattern[str]
    hour: re.Pattern[str]
    half_hour: re.Pattern[str]
    quarter: re.Pattern[str]  # of an hour
    strictly: re.Pattern[str]  # a time from now that is understood to the last word

    @cached_property
    def phrases(self) -> dict[str, Any]:
        """The table of NAME.toml."""
        import tomllib

        return tomllib.loads((FOLDER / f"{self.name}.toml").read_text(encoding="utf-8"))


def found(patterns: Sequence[tuple[re.Pattern[str], Any]], text: str) -> Any:
    """What belongs to the first pattern that `text` holds; None where it holds none."""
    return next((value for pattern, value in patterns if pattern.search(text)), None)


def listed(pairs: Mapping[str, Any]) -> list[tuple[re.Pattern[str], Any]]:
    """Patterns of a table, compiled, any case."""
    return [(re.compile(pattern, re.IGNORECASE), value) for pattern, value in pairs.items()]


def compiled(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
