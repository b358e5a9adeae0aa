"""Answers from thoughts: only of a head that belongs to the driver, only where it is sure, and of the stop that was meant."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from caravela.core.bundle import MODEL_FILE
from caravela.core.errors import BundleError
from caravela.core.text_card import TEXT_FILE, TextCard
from caravela.vehicle.answers import Account, Answer, AnswerHead
from caravela.vehicle.bundle import shipped
from caravela.words.grammar import LONGEST, VOCABULARY, Fact

CARD = TextCard("0" * 64, VOCABULARY, LONGEST, {"why": 0.5, "left": 0.5}, {})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A folder with a driver's file and an untrained head of its own."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    from caravela.model.text import TextConfig, TextHead, export_text

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bundle")
    (folder / MODEL_FILE).write_bytes(b"a driver")
    own = replace(CARD, driver=hashlib.sha256(b"a driver").hexdigest())
    export_text(TextHead(TextConfig()), folder / TEXT_FILE, own)
    return folder


def test_a_head_answers_for_its_own_driver(bundle):
    head = AnswerHead.beside(bundle)
    assert head is not None
    answer = head.answer("why did you stop?", np.zeros((4, 256), np.float32))
    assert 0.0 < answer.chance <= 1.0 and set(answer.text.split()) <= set(VOCABULARY)


def test_no_head_is_none_and_another_drivers_is_refused(bundle, tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(b"another driver")
    assert AnswerHead.beside(tmp_path) is None
    (tmp_path / TEXT_FILE).write_bytes((bundle / TEXT_FILE).read_bytes())
    with pytest.raises(BundleError, match=r"answers for the driver [0-9a-f]{12}, and the one here is [0-9a-f]{12}: `caravela train text`"):
        AnswerHead.beside(tmp_path)


def test_what_is_no_head_is_refused(tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(b"a driver")
    (tmp_path / TEXT_FILE).write_bytes(b"no head")
    with pytest.raises(BundleError, match="no readable ONNX"):
        AnswerHead.beside(tmp_path)
    with pytest.raises(BundleError, match="is an ONNX file but no text head"):
        AnswerHead(shipped() / MODEL_FILE, driver="0")


class Parrot:
    """Answers with what the thought holds."""

    card = CARD

    def __init__(self):
        self.said = Answer("because the light is red", 0.9, Fact("why", "red"))

    def answer(self, question, thought, *, form=0):
        return replace(self.said, text=f"{self.said.text} {thought[0, 0]:.0f}")


def thought(value):
    return np.full((4, 256), value, np.float32)


def test_a_stop_is_remembered_for_who_asks_afterwards():
    account = Account(Parrot())
    assert account.answer("why", "why did you stop") is None
    for t_s, speed in ((0.0, 5.0), (1.0, 0.1), (2.0, 0.0), (3.0, 4.0)):
        account.see(thought(t_s), speed=speed, t_s=t_s)
    assert account.answer("why", "why did you stop") == "Because the light is red 1."
    assert account.answer("why", "why are you so slow") == "Because the light is red 3."
    account.see(thought(90.0), speed=4.0, t_s=90.0)
    assert account.answer("why", "why did you stop") == "Because the light is red 90."
    account.see(thought(0.0), speed=4.0, t_s=0.0)  # another drive
    assert account.answer("why", "why did you stop") == "Because the light is red 0."


@pytest.mark.parametrize(
    ("about", "chance", "fact"),
    [
        ("why", 0.4, Fact("why", "red")),  # not sure enough
        ("what", 0.9, Fact("why", "red")),  # an answer to something else
        ("what", 0.9, Fact("right", "nothing")),  # a kind that is never believed
        ("why", 0.9, None),  # no sentence
        ("speed", 0.9, Fact("speed", "standing")),  # the gauge knows
    ],
)
def test_what_is_not_to_be_believed_is_not_said(about, chance, fact):
    account = Account(Parrot())
    account.head.said = Answer("words", chance, fact)
    account.see(thought(0.0), speed=0.0, t_s=0.0)
    assert account.answer(about, "why are we standing") is None


def test_who_asks_about_one_side_hears_of_that_side():
    account = Account(Parrot())
    account.head.said = Answer("i see nothing on the left", 0.9, Fact("left", "nothing"))
    account.see(thought(0.0), speed=3.0, t_s=0.0)
    assert account.answer("what", "what is on the right") is None
    assert account.answer("what", "what is on the left") is not None
    account.forget()
    assert account.answer("what", "what is on the left") is None


class Mirrored(Parrot):
    """Knows what is on the left of its thoughts."""

    def answer(self, question, thought, *, form=0):
        self.asked = question
        return Answer("i see a person on the left", 0.9, Fact("left", "person"))


def test_of_a_thought_in_a_mirror_left_is_right():
    account = Account(Mirrored())
    account.see(thought(0.0), speed=3.0, t_s=0.0, mirrored=True)
    assert account.answer("what", "what is on the right") == "I see a person on the right."
    assert account.head.asked == "what is on the left"
    assert account.answer("what", "what is on the left") is None
