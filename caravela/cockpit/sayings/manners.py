"""Training of the layer that reads how to drive, put indirectly, on what the driver learns from, too: softmax regression in numpy, a minute."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.reading.manners import TALK, WISHES, Manners
from caravela.words import SentenceEncoder
from caravela.words.sayings import sayings_of

NAMES = (*WISHES, "plain", TALK)
STEPS = 300
RATE = 0.3  # Adam's, falling to nearly zero
RIDGE = 1e-4  # of the weights' squares, halved
BETAS = (0.9, 0.99)


def learn_manners(encoder: SentenceEncoder, *, tell: Callable[[str], None] = lambda line: None) -> Manners:
    """The layer, from every saying as it is written and as it may be heard."""
    said = [(form, index) for index, name in enumerate(NAMES) for saying in sayings_of(name) for form in dict.fromkeys(_forms(saying))]
    tell(f"{len(said)} sayings about how to drive")
    return fit(encoder.encode([text for text, _ in said]).astype(np.float64), np.array([index for _, index in said]), NAMES)


def fit(vectors: NDArray[np.float64], labels: NDArray[np.int64], names: Sequence[str]) -> Manners:
    """Softmax regression of labels (N,) on vectors (N, E), rare labels counted for more, by the root of how rare they are."""
    weights, biases = np.zeros((vectors.shape[1], len(names))), np.zeros(len(names))
    counted = 1.0 / np.sqrt(np.bincount(labels, minlength=len(names)).clip(1))[labels]
    counted /= counted.sum()
    means = [np.zeros_like(weights), np.zeros_like(biases)]
    squares = [np.zeros_like(weights), np.zeros_like(biases)]
    for step in range(1, STEPS + 1):
        logits = vectors @ weights + biases
        chances = np.exp(logits - logits.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        chances[np.arange(len(labels)), labels] -= 1.0
        wrong = chances * counted[:, None]
        for k, (value, slope) in enumerate(((weights, vectors.T @ wrong + RIDGE * weights), (biases, wrong.sum(0)))):
            means[k] = BETAS[0] * means[k] + (1.0 - BETAS[0]) * slope
            squares[k] = BETAS[1] * squares[k] + (1.0 - BETAS[1]) * slope**2
            mean, square = means[k] / (1.0 - BETAS[0] ** step), squares[k] / (1.0 - BETAS[1] ** step)
            value -= RATE * (1.02 - step / STEPS) * mean / (np.sqrt(square) + 1e-8)
    return Manners(tuple(names), weights.astype(np.float32), biases.astype(np.float32))


def _forms(saying: str) -> tuple[str, ...]:
    return saying, re.sub(r"[,.!?]", " ", saying).lower(), f"{saying.rstrip('.')}."
