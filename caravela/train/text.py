"""Trains the text head of a driver that stays as it is: look at labelled looks once and keep the thoughts, learn to answer questions about
them, ask about looks from towns that neither saw, in words that the head never heard, and say how often the answer is right."""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from caravela.core.bundle import LIGHTS
from caravela.core.errors import CaravelaError
from caravela.model.heads import unscale_distance
from caravela.model.policy import TorchPolicy
from caravela.model.text import TextConfig, TextHead, answer
from caravela.model.vla import VLA
from caravela.train.collect import CollectConfig, Collector
from caravela.train.questions import HELD_OUT, QUESTIONS
from caravela.train.samples import ShardWriter, open_shard, to_batch
from caravela.train.teacher_driver import TeacherDriver
from caravela.train.threads import half_pays
from caravela.train.truths import Truth, asked_to_stop, best, kind_of, right, truths_of
from caravela.words import SentenceEncoder
from caravela.words.grammar import FACTS, FORMS, KINDS, VOCABULARY, Fact, parse, sentence
from caravela.world.maps.lane_graph import LaneGraph

CHUNK = 64
ROWS = ("why", "going", *KINDS[1:])  # of the table: why a car stops is also asked of one that does not
THRESHOLDS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
KNOWS = 0.1  # of the mean over truths, that a head must know more than who always says the same
LEAST = 10  # looks of a truth that count for the mean over truths
Tell = Callable[[str], None]


@dataclass(frozen=True)
class TextTrainConfig:
    """One run."""

    looks: int = 14_000  # at most, to learn from; the newest
    rounds: int = 2  # of drives in other towns: by the first, trust and the best step are chosen; about the others it is asked
    looks_per_round: int = 150  # in each of 16 worlds
    steps: int = 2000
    batch: int = 128
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: int = 150
    check_every: int = 500  # steps
    checked: int = 300  # looks of development that a check asks about
    least_shards: int = 4
    seed: int = 0


@dataclass(frozen=True)
class Facts:
    """What today's templates know of a look: the driver's small heads, the gauge, and whether somebody asked to stop."""

    light: str
    lead: float  # m
    speed: float  # m/s
    asked: bool


@dataclass
class Seen:
    """Looks that a driver has looked at."""

    thought: NDArray[np.float16]  # (N, thoughts, E)
    truths: list[dict[str, Truth]]
    facts: list[Facts]
    context: NDArray[np.float16] | None = None  # (N, S, E), where it is asked for

    def __len__(self) -> int:
        return len(self.thought)

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {"thought": self.thought, "truths": json.dumps(self.truths)}
        arrays["facts"] = json.dumps([[f.light, f.lead, f.speed, f.asked] for f in self.facts])
        partial = path.with_name(f".{path.name}")
        if self.context is not None:
            arrays["context"] = self.context
        np.savez(partial, **arrays)
        partial.rename(path)

    @staticmethod
    def load(path: Path, *, context: bool) -> "Seen | None":
        """None where there is no file, or none with the context that is asked for."""
        if not path.is_file():
            return None
        with np.load(path) as file:
            if context and "context" not in file.files:
                return None
            truths = [
                {kind: tuple((what, n) for what, n in truth) for kind, truth in row.items()} for row in json.loads(str(file["truths"]))
            ]
            facts = [Facts(*row) for row in json.loads(str(file["facts"]))]
            return Seen(file["thought"], truths, facts, file["context"] if context else None)


def joined(parts: Sequence[Seen]) -> Seen:
    """All of them."""
    contexts = [part.context for part in parts if part.context is not None]
    return Seen(
        np.concatenate([part.thought for part in parts]),
        [truths for part in parts for truths in part.truths],
        [facts for part in parts for facts in part.facts],
        np.concatenate(contexts) if contexts else None,
    )


def first_of(seen: Seen, count: int) -> Seen:
    """Some looks, spread over all."""
    rows = np.unique(np.linspace(0, len(seen) - 1, min(count, len(seen))).astype(np.int64))
    context = None if seen.context is None else seen.context[rows]
    return Seen(seen.thought[rows], [seen.truths[row] for row in rows], [seen.facts[row] for row in rows], context)


@torch.no_grad()
def look_at(model: VLA, arrays: dict[str, NDArray], *, context: bool) -> Seen:
    """What the driver makes of the looks of a shard."""
    thoughts, contexts, facts = [], [], []
    asked = asked_to_stop(arrays["words"])
    for first in range(0, len(arrays["ego"]), CHUNK):
        batch = to_batch({name: np.array(array[first : first + CHUNK]) for name, array in arrays.items()})
        whole, thought = model.embed_context(
            batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words.float()
        )
        read = model.eyes.facts(thought)
        thoughts.append(thought.half().numpy())
        if context:
            contexts.append(whole.half().numpy())
        for row in range(len(batch)):
            light = LIGHTS[int(read["light"][row].argmax())]
            lead = float(unscale_distance(read["lead"][row, 0]))
            facts.append(Facts(light, lead, float(batch.ego[row, 0]), bool(asked[first + row])))
    return Seen(np.concatenate(thoughts), truths_of(arrays), facts, np.concatenate(contexts) if context else None)


def look_at_shards(model: VLA, shards: Path, kept: Path, *, config: TextTrainConfig, context: bool, tell: Tell) -> list[Seen]:
    """The newest shards of a run, oldest first, each looked at once for all runs of this driver. Raises CaravelaError where there are too few."""
    found: list[Seen] = []
    count = 0
    for path in sorted(shards.glob("shard-*"), reverse=True):
        if count >= config.looks:
            break
        try:
            mark = hashlib.sha256((path / "ego.npy").read_bytes()).hexdigest()[:12]
            file = kept / f"{path.name}-{mark}.npz"
            seen = Seen.load(file, context=context)
            if seen is None:
                seen = look_at(model, open_shard(path).arrays, context=context)
                seen.save(file)
        except OSError:  # the run that writes them has taken it away
            continue
        found.insert(0, seen)
        count += len(seen)
        tell(f"looked at {count:,} looks")
    if len(found) < config.least_shards:
        raise CaravelaError(
            f"'{shards}' holds {len(found)} shards of looks; expected at least {config.least_shards}: `caravela train vla` writes them; give "
            "--shards the folder of a run."
        )
    return found


def look_elsewhere(
    model: VLA, graphs: Sequence[LaneGraph], driver: TeacherDriver, kept: Path, *, config: TextTrainConfig, context: bool, tell: Tell
) -> list[Seen]:
    """Looks of drives on other maps, half of them driven by the driver itself, by round."""
    student, random = TorchPolicy(model), np.random.default_rng(config.seed)
    parts = []
    for number in range(config.rounds):
        chosen = [graphs[i] for i in random.permutation(len(graphs))[: CollectConfig.maps]]
        seed = int(random.integers(1 << 31))
        file = kept / f"elsewhere-{number}-{config.looks_per_round}-{seed}.npz"
        seen = Seen.load(file, context=context)
        if seen is None:
            tell(f"driving elsewhere, round {number + 1} of {config.rounds}")
            collect = CollectConfig(looks=config.looks_per_round, judged_share=0.0, standstill_share=0.5)
            with tempfile.TemporaryDirectory() as folder:
                writer = ShardWriter(Path(folder), size=512, keep=10_000)
                Collector(chosen, driver, writer, config=collect, seed=seed).run(student, student_share=0.5)
                writer.flush()
                seen = joined([look_at(model, open_shard(path).arrays, context=context) for path in sorted(Path(folder).glob("shard-*"))])
            seen.save(file)
        parts.append(seen)
    return parts


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
        head.load_state_dict(torch.load(path, weights_only=True))
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
        if (step + 1) % config.check_every == 0 or step + 1 == config.steps:
            found = ask(head.eval(), checked, questions=QUESTIONS, seed=0, context=context)
            share = float(np.mean([row.balanced for row in tally(found, checked).values()]))
            tell(f"step {step + 1} of {config.steps}: loss {np.mean(losses[-config.check_every :]):.3f}, right {share:.1%} of development")
            head.train()
            if share > best_right:
                best_right, best_state = share, {name: value.clone() for name, value in head.state_dict().items()}
    head.load_state_dict(best_state)
    torch.save(best_state, path)
    return head.eval()


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
