"""Training of the head, in numpy: cross-entropy for meaning, operation and place, and per token for free text; Adam, dropped-out
word vectors, weight decay. Minutes on one core."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.reading.head import ANSWERS, MAX_TOKENS, Array, Head, softmax
from caravela.cockpit.reading.wordpieces import BAG, bag_of, piece_spans
from caravela.cockpit.sayings.phrasing import Saying, deeds, draw, labels, zones
from caravela.cockpit.tool import Operation
from caravela.words import EMBEDDING, SentenceEncoder


@dataclass(frozen=True)
class LearningConfig:
    """How the head is trained."""

    epochs: int = 20
    batch: int = 96
    rate: float = 1.5e-3  # Adam's, falling to zero along a cosine
    decay: float = 6e-5  # of weights, per step, times the share that the rate has fallen to: half of it over a whole training
    dropout: float = 0.15  # of the token vectors' entries, and of the pooled ones
    drop_token: float = 0.08  # of whole tokens
    drop_bag: float = 0.4  # of the words in the bag: what they say must not drown what they mean
    smoothing: float = 0.03  # of the labels
    seed: int = 0


@dataclass(frozen=True)
class Lessons:
    """Sayings as the head sees them, padded: N sayings, T tokens."""

    tokens: NDArray[np.float16]  # (N, T, EMBEDDING)
    mask: NDArray[np.bool_]  # (N, T)
    bag: NDArray[np.float32]  # (N, BAG)
    answers: dict[str, NDArray[np.int64]]  # (N,) class per answer
    free: NDArray[np.bool_]  # (N, T) the token belongs to a free text


def classes() -> dict[str, tuple[str, ...]]:
    """What the head tells apart."""
    return {"label": labels(), "operation": ("none", *Operation), "deed": deeds(), "zone": zones()}


def lessons_of(sayings: Sequence[Saying], encoder: SentenceEncoder, *, tell: Callable[[str], None] = lambda line: None) -> Lessons:
    """Encode every saying alone, as in the car."""
    count = len(sayings)
    tokens = np.zeros((count, MAX_TOKENS, EMBEDDING), np.float16)
    mask = np.zeros((count, MAX_TOKENS), np.bool_)
    free = np.zeros((count, MAX_TOKENS), np.bool_)
    bag = np.zeros((count, BAG), np.float32)
    index = {answer: {name: place for place, name in enumerate(names)} for answer, names in classes().items()}
    answers = {answer: np.zeros(count, np.int64) for answer in ANSWERS}
    for row, saying in enumerate(sayings):
        vectors, there = encoder.encode_tokens([saying.text], max_tokens=MAX_TOKENS)
        tokens[row], mask[row] = vectors[0], there[0]
        pieces = encoder.tokens(saying.text, max_tokens=MAX_TOKENS)
        bag[row] = bag_of(pieces)
        for answer in ANSWERS:
            answers[answer][row] = index[answer][getattr(saying, answer)]
        if saying.span is not None:
            for place, span in enumerate(piece_spans(pieces, saying.text)):
                free[row, place] = span is not None and span[0] >= saying.span[0] and span[1] <= saying.span[1]
        if row % 2000 == 1999:
            tell(f"{row + 1} of {count} sayings encoded")
    return Lessons(tokens, mask, bag, answers, free)


class Reads(StrEnum):
    """What a head reads: all, or one of its two inputs alone, to see what each is worth."""

    BOTH = "encoder and bag"
    ENCODER = "encoder alone"
    BAG = "bag alone"


def learn(
    config: LearningConfig,
    encoder: SentenceEncoder,
    *,
    lessons: Lessons | None = None,
    reads: Reads = Reads.BOTH,
    tell: Callable[[str], None] = lambda line: None,
) -> Head:
    """A head trained on generated sayings, or on `lessons` that were made of them."""
    random = np.random.default_rng(config.seed)
    lessons = lessons or lessons_of(draw(config.seed), encoder, tell=tell)
    head = Head.new(classes(), random)
    fit(head, blinded(head, lessons, reads), config, random, tell=tell)
    return head


def blinded(head: Head, lessons: Lessons, reads: Reads) -> Lessons:
    """`lessons` with nothing in what is not read, and `head` made, in place, to read nothing there: weights that begin at zero and see zeros stay so."""
    if reads is Reads.ENCODER:
        head.weights["bag"][:] = 0.0
        return replace(lessons, bag=np.broadcast_to(np.float32(0.0), lessons.bag.shape))
    if reads is Reads.BAG:
        head.weights["token"][:] = 0.0
        head.weights["free"][-EMBEDDING:] = 0.0
        return replace(lessons, tokens=np.broadcast_to(np.float16(0.0), lessons.tokens.shape))
    return lessons


def fit(
    head: Head, lessons: Lessons, config: LearningConfig, random: np.random.Generator, *, tell: Callable[[str], None] = lambda line: None
) -> None:
    """Train `head` in place. The rate and the decay fall together along one cosine, as decoupled decay wants it (Loshchilov and Hutter
    2019, algorithm 2): with a decay that stays, the last steps, whose rate is nearly zero, would do nothing but shrink the weights."""
    optimiser = Adam(head.weights)
    count = len(lessons.mask)
    steps = config.epochs * (count // config.batch)
    done = 0
    for epoch in range(config.epochs):
        order, losses = random.permutation(count), []
        for first in range(0, count - config.batch + 1, config.batch):
            rows = order[first : first + config.batch]
            loss, gradients = loss_and_gradients(head, lessons, rows, config, random)
            pace = 0.5 * (1.0 + np.cos(np.pi * done / steps))
            optimiser.step(gradients, rate=config.rate * pace, decay=config.decay * pace)
            losses.append(loss)
            done += 1
        tell(f"epoch {epoch + 1} of {config.epochs}: loss {np.mean(losses):.3f}")


class Adam:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), in place."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self._square = {name: np.zeros_like(value) for name, value in weights.items()}
        self._steps = 0

    def step(self, gradients: dict[str, Array], *, rate: float, decay: float) -> None:
        self._steps += 1
        for name, gradient in gradients.items():
            mean, square, weight = self._mean[name], self._square[name], self._weights[name]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient * gradient - square)
            unbiased = mean / (1.0 - 0.9**self._steps)
            scale = np.sqrt(square / (1.0 - 0.999**self._steps)) + 1e-8
            weight -= rate * unbiased / scale + decay * weight * (not name.startswith("b_"))


def loss_and_gradients(
    head: Head, lessons: Lessons, rows: NDArray[np.int64], config: LearningConfig, random: np.random.Generator
) -> tuple[float, dict[str, Array]]:
    """The mean loss of some sayings (B) and its gradient for every weight."""
    w = head.weights
    longest = int(lessons.mask[rows].sum(axis=1).max())
    mask = lessons.mask[rows, :longest]  # (B, T)
    kept = mask & (random.random(mask.shape) >= config.drop_token)
    kept[:, 0] = mask[:, 0]
    tokens = lessons.tokens[rows, :longest].astype(np.float32)  # (B, T, E)
    tokens *= (random.random(tokens.shape, dtype=np.float32) >= config.dropout) / (1.0 - config.dropout)
    batch = len(rows)

    # forward
    before = tokens @ w["token"] + w["b_token"]
    hidden = np.maximum(before, 0.0) * kept[..., None]  # (B, T, W)
    counts = kept.sum(axis=1, keepdims=True).astype(np.float32)  # (B, 1)
    highest = hidden.argmax(axis=1)  # (B, W)
    pooled = np.concatenate([hidden.sum(axis=1) / counts, np.take_along_axis(hidden, highest[:, None], axis=1)[:, 0]], axis=1)
    drop = ((random.random(pooled.shape) >= config.dropout) / (1.0 - config.dropout)).astype(np.float32)
    pooled = pooled * drop  # (B, 2 W)
    bag = lessons.bag[rows] * (random.random((batch, BAG), dtype=np.float32) >= config.drop_bag)
    whole = np.maximum(pooled @ w["whole"] + bag @ w["bag"] + w["b_whole"], 0.0)  # (B, W)

    # losses and backward through the answers
    gradients: dict[str, Array] = {}
    back = np.zeros_like(whole)
    loss = 0.0
    for answer in ANSWERS:
        chances = softmax(whole @ w[answer] + w[f"b_{answer}"])  # (B, classes)
        wanted: Array = np.full_like(chances, config.smoothing / chances.shape[1])
        wanted[np.arange(batch), lessons.answers[answer][rows]] += 1.0 - config.smoothing
        loss += float(-(wanted * np.log(chances + 1e-9)).sum() / batch)
        error: Array = (chances - wanted) * np.float32(1.0 / batch)
        gradients[answer], gradients[f"b_{answer}"] = whole.T @ error, error.sum(axis=0)
        back += error @ w[answer].T
    context = np.concatenate([np.broadcast_to(whole[:, None], (batch, longest, whole.shape[1])), hidden, tokens], axis=2)
    chance = 1.0 / (1.0 + np.exp(-(context @ w["free"] + w["b_free"])[..., 0]))  # (B, T)
    truth = lessons.free[rows, :longest]
    loss += float(-np.where(truth, np.log(chance + 1e-9), np.log(1.0 - chance + 1e-9))[mask].sum() / mask.sum())
    error = ((chance - truth) * mask / mask.sum()).astype(np.float32)[..., None]  # (B, T, 1)
    gradients["free"], gradients["b_free"] = np.einsum("btc,bto->co", context, error, optimize=True), error.sum(axis=(0, 1))
    back += (error @ w["free"][: whole.shape[1]].T).sum(axis=1)

    # backward through the layers; what tells names apart does not shape the token layer
    back *= whole > 0.0
    gradients["whole"], gradients["b_whole"] = pooled.T @ back, back.sum(axis=0)
    gradients["bag"] = bag.T @ back
    width = whole.shape[1]
    pool = (back @ w["whole"].T) * drop  # (B, 2 W)
    inner = np.broadcast_to((pool[:, :width] / counts)[:, None], hidden.shape).copy()
    at = np.take_along_axis(inner, highest[:, None], axis=1) + pool[:, None, width:]
    np.put_along_axis(inner, highest[:, None], at, axis=1)
    inner *= (before > 0.0) & kept[..., None]
    flat = inner.reshape(-1, width)
    gradients["token"], gradients["b_token"] = tokens.reshape(-1, EMBEDDING).T @ flat, flat.sum(axis=0)
    return loss, gradients
