"""Wishes in other words: the manner stays, the words change, and silence is at most talked over."""

import pytest

torch = pytest.importorskip("torch")

from caravela.train.phrases import MANNERS, STOP, TALK
from caravela.train.rephrase import Rephrasing
from caravela.words import SentenceEncoder


def manner_of(rephrasing, words):
    return rephrasing.manner[(words @ rephrasing.vectors.T).argmax(1)]


def test_a_wish_is_put_another_way_and_stays_that_wish():
    rephrasing = Rephrasing()
    stop = torch.from_numpy(SentenceEncoder().encode([STOP.phrases[0]] * 200)).half().float()
    other = rephrasing(stop, generator=torch.Generator().manual_seed(0))
    assert set(manner_of(rephrasing, other).tolist()) == {len(MANNERS)}
    changed = (other - stop).abs().max(1).values > 1e-2
    assert 0.6 < changed.float().mean() < 0.9


def test_silence_stays_silent_or_is_talked_over_and_strange_words_stay():
    rephrasing = Rephrasing()
    silent = rephrasing(torch.zeros(400, 384), generator=torch.Generator().manual_seed(0))
    spoken = silent.abs().sum(1) > 0.0
    assert 0.12 < spoken.float().mean() < 0.28
    assert set(manner_of(rephrasing, silent[spoken]).tolist()) == {len(MANNERS) + 1}
    strange = torch.from_numpy(SentenceEncoder().encode(["turn left at the church"] * 50))
    assert torch.equal(rephrasing(strange, generator=torch.Generator().manual_seed(0)), strange)


def test_talk_asks_for_nothing():
    assert not any(TALK.style)
