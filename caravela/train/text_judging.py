"""How right answers are: asked about looks, in words that may be new to the head, beside what templates say and what is true most often; and from
which chance on a head is believed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from caravela.model.text import TextHead, answer
from caravela.train.questions import HELD_OUT, QUESTIONS
from caravela.train.text_looks import Facts, Seen
from caravela.train.truths import best, kind_of, right
from caravela.words import SentenceEncoder
from caravela.words.grammar import FORMS, KINDS, VOCABULARY, Fact, parse

ROWS = ("why", "going", *KINDS[1:])  # of the table: why a car stops is also asked of one that does not
THRESHOLDS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
KNOWS = 0.1  # of the mean over truths, that a head must know more than who always says the same
LEAST = 10  # looks of a truth that count for the mean over truths


@dataclass(frozen=True)
class Told:
    """What was answered to one row of questions: per look that has the row's truth."""

    looks: NDArray[np.int64]
    facts: list[Fact | None]
    chance: NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    looks: int
    right: float
    balanced: float  # mean over what is true


@torch.no_grad()
def ask(head: TextHead, seen: Seen, *, questions: dict[str, tuple[str, ...]], seed: int, context: bool = False) -> dict[str, Told]:
    """Ask every row's question, in a phrasing drawn from `questions`, about every look that has a true answer to it."""
    random, encoder = np.random.default_rng(seed), SentenceEncoder()
    given = seen.context if context else seen.thought
    assert given is not None
    found = {}
    for name in ROWS:
        looks = np.array([look for look, truths in enumerate(seen.truths) if name in truths], dtype=np.int64)
        vectors = encoder.encode(questions[kind_of(name)])
        facts: list[Fact | None] = []
        chances: list[Tensor] = []
        for first in range(0, len(looks), 512):
            part = looks[first : first + 512]
            asked = torch.from_numpy(vectors[random.integers(len(vectors), size=len(part))])
            words, chance = answer(head, torch.from_numpy(given[part]).float(), asked, start=1 + int(random.integers(FORMS)))
            facts += [parse(" ".join(VOCABULARY[word] for word in row if word)) for row in words.tolist()]
            chances.append(chance)
        found[name] = Told(looks, facts, torch.cat(chances).double().numpy() if chances else np.zeros(0))
    return found


def rights(told: Told, name: str, seen: Seen) -> NDArray[np.bool_]:
    """Which answers of a row agree with the truth."""
    pairs = zip(told.looks, told.facts, strict=True)
    return np.array([right(fact, kind_of(name), seen.truths[look][name]) for look, fact in pairs], dtype=np.bool_)


def tally(answers: dict[str, Told], seen: Seen) -> dict[str, Share]:
    """The share of right answers of each row that was asked."""
    return {name: share_of(rights(told, name, seen), told.looks, name, seen) for name, told in answers.items() if len(told.looks)}


def share_of(agrees: NDArray[np.bool_], looks: NDArray[np.int64], name: str, seen: Seen) -> Share:
    return Share(len(looks), float(agrees.mean()), _balanced(agrees, [seen.truths[look][name][0][0] for look in looks]))


def _balanced(agrees: NDArray[np.bool_], whats: Sequence[str]) -> float:
    """The mean over what is true of the share of right answers; what is true of fewer than LEAST looks does not count."""
    truths = np.array(whats)
    means = [agrees[truths == what].mean() for what, times in Counter(whats).items() if times >= min(LEAST, len(whats))]
    return float(np.mean(means)) if means else float(agrees.mean())


Today = Callable[[str, Facts], Fact | None]  # the answer of today's templates to a kind of question


def templates(today: Today, seen: Seen) -> dict[str, Told]:
    """What today's templates answer to the same questions."""
    found = {}
    for name in ROWS:
        looks = np.array([look for look, truths in enumerate(seen.truths) if name in truths], dtype=np.int64)
        found[name] = Told(looks, [today(kind_of(name), seen.facts[look]) for look in looks], np.ones(len(looks)))
    return found


def trust_of(answers: dict[str, Told], others: dict[str, Told], same: dict[str, Told], seen: Seen) -> dict[str, float]:
    """By kind, the chance from which the head's answer is taken and below which today's: that by which both together are right most often.
    Left out is a kind for which that is never, and one of which the head knows hardly more than who always says the `same`: it would make
    things up."""
    trust: dict[str, float] = {}
    for kind in KINDS:
        rows = [name for name in ROWS if kind_of(name) == kind and len(answers[name].looks)]
        if not rows:
            continue
        agrees, other, constant = (np.concatenate([rights(told[name], name, seen) for name in rows]) for told in (answers, others, same))
        whats = [seen.truths[look][name][0][0] for name in rows for look in answers[name].looks]
        chance = np.concatenate([answers[name].chance for name in rows])
        gains = [np.where(chance >= threshold, agrees, other).mean() for threshold in THRESHOLDS]
        if max(gains) > other.mean() and _balanced(agrees, whats) > _balanced(constant, whats) + KNOWS:
            trust[kind] = THRESHOLDS[int(np.argmax(gains))]
    return trust


def together(answers: dict[str, Told], others: dict[str, Told], trust: dict[str, float]) -> dict[str, Told]:
    """What the car says: the head's answer where it is of the kind asked for and trusted, else today's."""
    found = {}
    for name, told in answers.items():
        least = trust.get(kind_of(name), np.inf)
        taken = [
            fact if fact is not None and fact.kind == kind_of(name) and chance >= least else other
            for fact, chance, other in zip(told.facts, told.chance, others[name].facts, strict=True)
        ]
        found[name] = Told(told.looks, taken, told.chance)
    return found


def most_frequent(learned: Seen, seen: Seen) -> dict[str, Told]:
    """The answer that was true most often in training, whatever is asked about."""
    found = {}
    for name in ROWS:
        rows = [row for row in ROWS if kind_of(row) == kind_of(name)]  # who is asked does not know whether the car stops
        counts = Counter(best(kind_of(row), truths[row]) for truths in learned.truths for row in rows if row in truths)
        looks = np.array([look for look, truths in enumerate(seen.truths) if name in truths], dtype=np.int64)
        fact = counts.most_common(1)[0][0] if counts else None
        found[name] = Told(looks, [fact] * len(looks), np.ones(len(looks)))
    return found


def compare(head: TextHead, learned: Seen, seen: Seen, *, today: Today, trust: dict[str, float]) -> dict[str, dict[str, Any]]:
    """One table of figures per row of questions, asked in words that were kept for this."""
    answers, others = ask(head, seen, questions=HELD_OUT, seed=1), templates(today, seen)
    shares = {
        "head": tally(answers, seen),
        "head_trained_phrasings": tally(ask(head, seen, questions=QUESTIONS, seed=1), seen),
        "today": tally(others, seen),
        "together": tally(together(answers, others, trust), seen),
        "most_frequent": tally(most_frequent(learned, seen), seen),
    }
    table: dict[str, dict[str, Any]] = {}
    for name, told in answers.items():
        if not len(told.looks):
            continue
        row: dict[str, Any] = {"looks": len(told.looks)}
        for who, by_row in shares.items():
            row[who] = {"right": round(by_row[name].right, 4), "balanced": round(by_row[name].balanced, 4)}
        sure = told.chance >= trust.get(kind_of(name), np.inf)
        row["trusted"] = round(float(sure.mean()), 4)
        row["right_where_trusted"] = round(float(rights(told, name, seen)[sure].mean()), 4) if sure.any() else None
        table[name] = row
    return table
