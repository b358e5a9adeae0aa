"""What may truly be answered: from the labels, as far as a camera could see, and no reason where there is none."""

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.train import phrases
from caravela.train.questions import HELD_OUT, QUESTIONS
from caravela.train.truths import best, right, truths_of
from caravela.words import SentenceEncoder
from caravela.words.grammar import KINDS, UNKNOWN, Fact

PERSON, VEHICLE = 4, 3


def look(**changes):
    """One look at an empty street at 8 m/s, braking, with everything known."""
    arrays = {
        "bev": np.zeros((1, 32, 32), np.uint8),
        "depth": np.full((1, 4, 12, 16), 80.0, np.float16),
        "words": np.zeros((1, 384), np.float16),
        "ego": np.array([[8.0, 0.0]], np.float32),
        "knots": np.full((1, 8, 2), [-2.0, 0.0], np.float32),
        "knots_valid": np.ones(1, bool),
        "light": np.zeros(1, np.int64),
        "light_valid": np.ones(1, bool),
        "stop_distance": np.full(1, 80.0, np.float32),
        "stop_valid": np.ones(1, bool),
        "lead": np.array([[80.0, 0.0]], np.float32),
        "lead_valid": np.ones(1, bool),
    }
    return truths_of(arrays | {name: np.asarray(value) for name, value in changes.items()})[0]


def bev(value, *, x, y):
    """A grid with one thing at (x, y) m in the rig frame."""
    grid = np.zeros((1, 32, 32), np.uint8)
    grid[0, int((x + 8.0) // 2.0), int(y + 16.0)] = value
    return grid


def test_sides_are_told_apart_and_walls_hide():
    there = bev(PERSON, x=5.0, y=6.5)
    truths = look(bev=there)
    assert truths["left"][0][0] == "person" and truths["right"][0][0] == "nothing"
    assert right(Fact("left", "person", 5), "left", truths["left"]) and not right(Fact("left", "vehicle", 5), "left", truths["left"])
    assert not right(Fact("left", "person", 40), "left", truths["left"])
    hidden = look(bev=there, depth=np.full((1, 4, 12, 16), 2.0, np.float16))
    assert hidden["left"][0][0] == "nothing"


def test_reasons_for_braking():
    assert look()["why"][0][0] == UNKNOWN
    assert best("why", look(light=[1], stop_distance=[12.0])["why"]) == Fact("why", "red")
    queue = look(light=[1], stop_distance=np.float32([25.0]), lead=np.float32([[9.0, 0.0]]))
    assert [what for what, _ in queue["why"]] == ["vehicle", "red"] and best("why", queue["why"]) == Fact("why", "vehicle", 10)
    assert look(bev=bev(PERSON, x=11.0, y=0.5))["why"][0][0] == "person"
    stop = SentenceEncoder().encode(phrases.STOP.phrases[:1])
    assert look(words=stop.astype(np.float16))["why"][0][0] == "asked"


def test_who_goes_does_not_stop_and_what_is_unclear_is_not_asked():
    going = look(knots=np.zeros((1, 8, 2), np.float32))
    assert "why" not in going and going["going"] == (("going", pytest.approx(math.nan, nan_ok=True)),)
    unclear = look(light_valid=[False], lead_valid=[False])
    assert not {"light", "lead", "clear", "why"} & unclear.keys()


def test_every_kind_has_questions_and_the_kept_ones_are_never_trained_on():
    assert QUESTIONS.keys() == HELD_OUT.keys() == set(KINDS)
    trained = {text for questions in QUESTIONS.values() for text in questions}
    assert not trained & {text for questions in HELD_OUT.values() for text in questions}
