"""The same wish in other words: what was said at a look is put another way each time the look is learned from, and over some of the silent looks
somebody talks of something else. A few sayings would be learnt by heart, and whatever is said would be taken for a wish."""

import functools

import torch
from torch import Tensor

from caravela.train.phrases import MANNERS, STOP, TALK
from caravela.words import SentenceEncoder

REPHRASED, TALKED = 0.8, 0.2  # shares of looks with words that get others, and of silent ones that get talk
ALIKE = 0.98  # cosine from which a sentence is one of ours, whose vectors are kept in half precision


@functools.cache
def _vectors(phrases: tuple[str, ...]) -> Tensor:
    """(P, 384) float32"""
    return torch.from_numpy(SentenceEncoder().encode(list(phrases))).float()


class Rephrasing:
    """Sentence vectors of all sayings, by manner."""

    def __init__(self, *, talked: float = TALKED) -> None:
        """`talked`: the share of silent looks over which somebody talks."""
        manners = (*MANNERS, STOP, TALK)
        self.vectors = _vectors(tuple(phrase for manner in manners for phrase in manner.phrases))  # (P, 384)
        counts = torch.tensor([len(manner.phrases) for manner in manners])
        self.manner = torch.repeat_interleave(torch.arange(len(manners)), counts)  # (P,)
        self.first, self.counts, self.talk = counts.cumsum(0) - counts, counts, len(manners) - 1
        self.talked = talked

    def __call__(self, words: Tensor, *, generator: torch.Generator) -> Tensor:
        """Words (B, 384), zeros where nothing was said, in other words of the same manner. `generator` is on the CPU."""
        said = words.float().cpu()
        alike, nearest = (said @ self.vectors.T).max(1)
        silent = said.abs().sum(1) == 0.0
        chance = torch.rand(len(said), generator=generator)
        manner = torch.where(silent, self.talk, self.manner[nearest])
        other = self.first[manner] + (torch.rand(len(said), generator=generator) * self.counts[manner]).long()
        changes = torch.where(silent, chance < self.talked, (alike > ALIKE) & (chance < REPHRASED))
        return torch.where(changes[:, None], self.vectors[other], said).to(words)
