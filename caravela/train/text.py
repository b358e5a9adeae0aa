"""Trains the text head of a driver that stays as it is: from thoughts about looks (`text_looks.py`) and questions to answers, until it is
right most often (`text_judging.py`) about looks from towns that it did not learn from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from caravela.core.errors import CaravelaError
from caravela.model.text import TextConfig, TextHead
from caravela.train.questions import QUESTIONS
from caravela.train.run_files import read_tensors, replace_together, write_tensors
from caravela.train.text_judging import ask, tally
from caravela.train.text_looks import Seen, Tell, TextTrainConfig, first_of
from caravela.train.threads import half_pays
from caravela.train.truths import best, kind_of
from caravela.words import SentenceEncoder
from caravela.words.grammar import FACTS, FORMS, KINDS, VOCABULARY, sentence


@dataclass(frozen=True)
class Lessons:
    """Everything that can be asked about some looks: row by row a look, a kind and the fact to state; `chance` to be drawn."""

    look: NDArray[np.int64]
    kind: NDArray[np.int64]
    fact: NDArray[np.int64]
    chance: NDArray[np.float64]


def lessons_of(seen: Seen) -> Lessons:
    """Kinds are drawn alike, and what is rare more often than it is."""
    index = {fact: number for number, fact in enumerate(FACTS)}
    rows = [
        (look, KINDS.index(kind_of(name)), index[best(kind_of(name), truth)])
        for look, truths in enumerate(seen.truths)
        for name, truth in truths.items()
    ]
    look, kind, fact = np.array(rows, dtype=np.int64).T
    times = np.bincount(fact, minlength=len(FACTS))[fact]
    chance = 1.0 / np.sqrt(times)
    for number in range(len(KINDS)):
        if (kind == number).any():
            chance[kind == number] /= chance[kind == number].sum()
    return Lessons(look, kind, fact, chance / chance.sum())


def spelled() -> NDArray[np.int64]:
    """Words (facts, FORMS, longest + 1) of every sentence: its start, its words, stops to the end."""
    number = {word: place for place, word in enumerate(VOCABULARY)}
    longest = TextConfig().longest
    table = np.zeros((len(FACTS), FORMS, longest + 1), dtype=np.int64)
    for i, fact in enumerate(FACTS):
        for form in range(FORMS):
            words = [1 + form, *(number[word] for word in sentence(fact, form).split())]
            table[i, form, : len(words)] = words
    return table


def learn(seen: Seen, development: Seen, kept: Path, *, config: TextTrainConfig, tell: Tell, context: bool = False) -> TextHead:
    """A head that has learned from `seen`, as it was when it answered best about `development`. It is kept, and learns the same only once."""
    mark = hashlib.sha256(f"{config} {context} {len(development)}".encode() + seen.thought[:, 0, :8].tobytes()).hexdigest()[:12]
    path = kept / f"head-{mark}.pt"
    if path.is_file():
        head = TextHead(TextConfig(thoughts=seen.thought.shape[1], embedding=seen.thought.shape[2]))
        head.load_state_dict(read_tensors(path, mend="take it away, and it is learned anew"))
        return head.eval()
    torch.manual_seed(config.seed)
    random = np.random.default_rng(config.seed)
    head = TextHead(TextConfig(thoughts=seen.thought.shape[1], embedding=seen.thought.shape[2]))
    optimiser = torch.optim.AdamW(head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98))
    lessons, table, encoder = lessons_of(seen), torch.from_numpy(spelled()), SentenceEncoder()
    questions = [torch.from_numpy(encoder.encode(QUESTIONS[kind])) for kind in KINDS]
    given = seen.context if context else seen.thought
    assert given is not None
    checked, half = first_of(development, config.checked), half_pays()
    best_right, best_state, losses = -1.0, head.state_dict(), []
    for step in range(config.steps):
        warm = min(1.0, (step + 1) / config.warmup)
        rate = config.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1.0 + np.cos(np.pi * step / config.steps)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        rows = random.choice(len(lessons.look), size=config.batch, p=lessons.chance)
        words = table[lessons.fact[rows], random.integers(FORMS, size=config.batch)]
        asked = torch.stack([questions[k][random.integers(len(questions[k]))] for k in lessons.kind[rows]])
        thought = torch.from_numpy(given[lessons.look[rows]]).float()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            told = head(words[:, :-1], thought, asked)
        counts = torch.cat([torch.ones(len(rows), 1, dtype=torch.bool), words[:, 1:-1] != 0], 1)  # up to the first stop
        loss = F.cross_entropy(told[counts].float(), words[:, 1:][counts])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if not np.isfinite(losses[-1]):
            raise CaravelaError(
                f"the loss became infinite or no number at step {step}, and nothing was written; give looks of another run."
            )
        if (step + 1) % config.check_every == 0 or step + 1 == config.steps:
            found = ask(head.eval(), checked, questions=QUESTIONS, seed=0, context=context)
            share = float(np.mean([row.balanced for row in tally(found, checked).values()]))
            tell(f"step {step + 1} of {config.steps}: loss {np.mean(losses[-config.check_every :]):.3f}, right {share:.1%} of development")
            head.train()
            if share > best_right:
                best_right, best_state = share, {name: value.clone() for name, value in head.state_dict().items()}
    head.load_state_dict(best_state)
    replace_together({path: lambda part: write_tensors(part, best_state)})
    return head.eval()
