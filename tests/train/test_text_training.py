"""The text head's training: it learns what thoughts hold, and is believed only where it knows something."""

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.commands._train_text import today
from caravela.train import text, text_judging
from caravela.train.text_judging import Told
from caravela.train.text_looks import Facts, Seen, TextTrainConfig
from caravela.words.grammar import KINDS, Fact

NOTHING, PERSON = (("nothing", math.nan),), (("person", 5.0),)


def seen(count):
    """Looks whose thoughts say who is on the left, and nothing of the right."""
    random = np.random.default_rng(0)
    left, right = random.random(count) < 0.5, random.random(count) < 0.2
    thought = (0.1 * random.standard_normal((count, 4, 256))).astype(np.float16)
    thought[:, 0, :16] += np.where(left, 2.0, -2.0)[:, None].astype(np.float16)
    truths = [{"left": PERSON if a else NOTHING, "right": PERSON if b else NOTHING} for a, b in zip(left, right, strict=True)]
    return Seen(thought, truths, [Facts("none", 80.0, 5.0, False)] * count)


def test_it_learns_what_thoughts_hold_and_keeps_what_it_learned(tmp_path):
    looks, config = seen(60), TextTrainConfig(steps=120, batch=48, warmup=10, check_every=120, checked=20, learning_rate=3e-3)
    told: list[str] = []
    head = text.learn(looks, looks, tmp_path, config=config, tell=told.append)
    answers = text_judging.ask(head, looks, questions=text_judging.HELD_OUT, seed=0)
    assert text_judging.tally(answers, looks)["left"].balanced > 0.7 and len(told) == 1  # 0.5 by saying always the same
    text.learn(looks, looks, tmp_path, config=config, tell=told.append)
    assert len(told) == 1  # once is enough


def test_who_always_says_the_same_is_not_believed():
    looks = seen(200)
    rows = np.arange(200)

    def say(left, right):
        nobody = Told(np.zeros(0, np.int64), [], np.zeros(0))
        return dict.fromkeys(text_judging.ROWS, nobody) | {"left": Told(rows, left, np.ones(200)), "right": Told(rows, right, np.ones(200))}

    knows = [Fact("left", row["left"][0][0], 5 if row["left"] == PERSON else None) for row in looks.truths]
    same = [Fact("right", "nothing")] * 200
    silent = say([None] * 200, [None] * 200)
    constant = say([Fact("left", "nothing")] * 200, same)
    assert text_judging.trust_of(say(knows, same), silent, constant, looks) == {"left": 0.0}
    assert set(text_judging.most_frequent(looks, looks)["right"].facts) == {Fact("right", "nothing")}


def test_what_was_seen_comes_back_from_the_disk(tmp_path):
    looks = seen(5)
    looks.save(tmp_path / "seen.npz")
    again = Seen.load(tmp_path / "seen.npz", context=False)
    assert again is not None and (again.thought == looks.thought).all() and again.facts == looks.facts
    assert [row["left"][0][0] for row in again.truths] == [row["left"][0][0] for row in looks.truths]
    assert Seen.load(tmp_path / "seen.npz", context=True) is None


@pytest.mark.parametrize(
    ("kind", "facts", "fact"),
    [
        ("why", Facts("red", 80.0, 0.0, False), Fact("why", "red")),
        ("why", Facts("red", 80.0, 0.0, True), Fact("why", "asked")),
        ("why", Facts("none", 12.0, 3.0, False), Fact("why", "vehicle", 12)),
        ("why", Facts("none", 80.0, 0.0, False), Fact("why", "unknown")),
        ("why", Facts("none", 80.0, 9.0, False), Fact("why", "going")),
        ("light", Facts("green", 80.0, 9.0, False), Fact("light", "green")),
        ("left", Facts("none", 80.0, 9.0, False), None),
        ("clear", Facts("red", 80.0, 9.0, False), Fact("clear", "red")),
        ("lead", Facts("none", 12.0, 9.0, False), Fact("lead", "vehicle", 12)),
    ],
)
def test_todays_templates_as_facts(kind, facts, fact):
    assert kind in KINDS and today(kind, facts) == fact
