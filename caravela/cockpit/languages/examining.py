"""How well German and Chinese are understood: each request of unseen.toml must mean what its English counterpart means, what is ambiguous must be
asked about, and what is unsafe must move nothing."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.grading.grader import Car
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.languages.tongue import FOLDER
from caravela.cockpit.reading.intents import Intent, Missing, Negated, Unclear
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.response import Response

KINDS = ("driving", "cabin", "ambiguous", "unsafe")


@dataclass
class Examined:
    """Counts of one language."""

    language: str
    requests: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    asked_back: int = 0  # of the driving and cabin requests that were not understood right
    wrong: int = 0  # done or told otherwise than was meant
    unsafe_accepted: int = 0
    detected: int = 0
    reactions_ms: list[float] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)  # (request, what it means, what was understood)


def examine(understanding: Understanding, name: str = "unseen", *, interpreter_of: Polyglot | None = None) -> list[Examined]:
    """Every request of NAME.toml to a car of its own, in each language. Raises CaravelaError where the extra is absent or broken."""
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    heard = interpreter_of or Polyglot(understanding)
    return [_language(language, groups, understanding, heard) for language, groups in table.items()]


def _language(language: str, groups: dict[str, Any], understanding: Understanding, polyglot: Polyglot) -> Examined:
    result = Examined(language)
    for kind, text, english in _requests(groups):
        result.requests[kind] += 1
        response, agent = _said(text, understanding, Polyglot(understanding, shared=polyglot))
        result.reactions_ms.append(response.took_ms)
        result.detected += agent.speech.LANGUAGE == language
        if kind == "unsafe":
            moved = bool(response.changes or response.requests or agent.waiting)
            result.unsafe_accepted += moved
            right, got, wanted = response.refused and not moved, response.text, "refused"
        elif kind == "ambiguous":
            right, got, wanted = response.asked and not (response.changes or response.requests), response.text, "asked"
        else:
            fresh = Car().agent(understanding)
            means = [(step.intent, step.condition) for step in fresh.understood(english)]
            meant = [(step.intent, step.condition) for step in agent.understood(text)]
            right, got, wanted = same(meant, means), str(meant), str(means)
            back = response.asked or not response.understood
            result.asked_back += not right and back
            result.wrong += not right and not back
        result.right[kind] += right
        if not right:
            result.faults.append((text, wanted, got))
    return result


def same(one: list[tuple[Intent, Any]], other: list[tuple[Intent, Any]]) -> bool:
    """Do two lists of intents mean the same? What lacks something is the same if it lacks the same of the same."""
    return [_plain(pair) for pair in one] == [_plain(pair) for pair in other] and not any(isinstance(intent, Unclear) for intent, _ in one)


def _plain(pair: tuple[Intent, Any]) -> tuple[Any, Any]:
    intent, condition = pair
    if isinstance(intent, Missing):
        return (intent.meaning, intent.slot), condition
    return (Negated if isinstance(intent, Negated) else intent), condition


def _requests(groups: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind in KINDS:
        for row in groups[kind]:
            yield (kind, row, "") if isinstance(row, str) else (kind, row[0], row[1])


def _said(text: str, understanding: Understanding, polyglot: Polyglot) -> tuple[Response, CockpitAgent]:
    car = Car()
    agent = car.agent(understanding, polyglot)
    return agent.hear(text), agent
