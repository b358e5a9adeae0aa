"""The sayings that a driver is trained with."""

import re

import numpy as np

from caravela.train.phrases import MANNERS, STOP, TALK, draw

EVERY = (*MANNERS, STOP, TALK)


def test_every_manner_is_asked_for_in_many_ways_and_no_way_asks_for_two():
    said = [" ".join(re.findall(r"[a-z']+", phrase.lower())) for manner in EVERY for phrase in manner.phrases]
    assert all(len(manner.phrases) >= 50 for manner in EVERY)
    assert all(said) and len(said) == len(set(said))


def test_words_drawn_come_with_the_style_that_they_ask_for():

    words, styles = draw(np.random.default_rng(0), 400, spoken_share=0.5)
    style_of = {phrase: manner.style for manner in (*MANNERS, TALK) for phrase in manner.phrases} | {"": TALK.style}
    assert 150 < sum(map(bool, words)) < 250
    assert all(np.allclose(style, style_of[word]) for word, style in zip(words, styles, strict=True))
