"""Understanding: phrasings that the head never trained on, and the exact parts around it: numbers, pieces, cuts, gradients."""

import numpy as np
import pytest

from caravela.cockpit.reading.clauses import cut, strong_parts, unquoted
from caravela.cockpit.reading.head import Head
from caravela.cockpit.reading.intents import CabinCall, DrivingWish, Missing, Slot, SmallTalk
from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.reading.wordpieces import piece_spans
from caravela.cockpit.sayings.learning import LearningConfig, Reads, classes, fit, learn, lessons_of, loss_and_gradients
from caravela.cockpit.sayings.measuring import measure
from caravela.cockpit.sayings.phrasing import draw, held_out
from caravela.cockpit.tool import Call, Operation
from caravela.core.errors import BundleError
from caravela.core.request import GoTo
from caravela.words import SentenceEncoder


def test_unseen_phrasings_are_understood(understanding, capsys):
    heard = measure(understanding)
    with capsys.disabled():
        print(f"\n  unseen phrasings: {heard.meaning / heard.sayings:.1%} meaning, {heard.operation / heard.sayings:.1%} with operation")
    assert heard.meaning >= 0.9 * heard.sayings and heard.operation >= 0.85 * heard.sayings


def test_unseen_phrasings_are_not_trained_on():
    trained = {saying.text.lower().strip(" .") for saying in draw(0)}
    told = {saying.text.lower().strip(" .") for part in held_out("unseen") for saying in part}
    assert not told & trained


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("set it to twenty one degrees", [21.0]),
        ("a hundred and twenty", [120.0]),
        ("21.5", [21.5]),
        ("120km/h", [120.0]),
        ("to 50%", [50.0]),
        ("warmer", []),
        ("between 20 and 30", [20.0, 30.0]),
    ],
)
def test_numbers(text, numbers):
    assert numbers_in(text) == numbers


def test_shares():
    assert share_in("open it halfway") == 50.0 and share_in("open it") is None


def test_pieces_lie_where_they_were_written():
    encoder = SentenceEncoder()
    text = "Navigate to Café Müller, please"
    spans = piece_spans(encoder.tokens(text), text)
    found = [text[a:b] for a, b in (span for span in spans if span is not None)]
    assert "".join(found).replace(",", "") == text.replace(" ", "").replace(",", "")


@pytest.mark.parametrize(
    "text", ["I am on the phone.", "I'm on the phone", "I am still on a call", "she is on the phone", "my wife is on the phone"]
)
def test_who_says_that_somebody_is_on_the_phone_asks_for_nothing(understanding, text):
    assert [step.intent for step in understanding(text)] == [SmallTalk()]


def test_words_about_the_phone_may_still_ask_for_something(understanding):
    assert understanding("get Julia on the phone")[0].intent == CabinCall(Call("phone.call", Operation.SET, value="Julia"))
    assert understanding("quiet, I'm on the phone")[0].intent == CabinCall(Call("media.volume", Operation.OFF))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("bring us to the old harbour", "old harbour"),
        ("bring us to the old harbor", "the old harbor"),
        ("bring us to the old market please", "the old market"),
    ],
)
def test_a_place_that_the_head_does_not_know_is_what_follows_to(understanding, text, place):
    (step,) = understanding(text)
    assert isinstance(step.intent, DrivingWish) and isinstance(step.intent.wish, GoTo)
    assert step.intent.wish.place.removeprefix("the ") == place.removeprefix("the ")


@pytest.mark.parametrize("text", ["I want to go somewhere", "navigate", "set a destination"])
def test_where_no_place_is_named_it_is_asked_for(understanding, text):
    assert [step.intent for step in understanding(text)] == [Missing("drive.go_to", Slot.TEXT)]


def test_quoted_words_are_taken_out():
    assert unquoted('play "drive 200" now') == ("play Q0X now", ["drive 200"])
    assert unquoted("it's 5 o'clock") == ("it's 5 o'clock", [])


def test_then_parts_a_request():
    assert strong_parts("turn left, then stop. open the window") == ["turn left", "stop", "open the window"]


def test_a_cut_is_made_only_where_both_halves_mean_something():
    sure = {"open the window": 0.9, "stop": 0.9, "play Simon and Garfunkel": 0.9, "play Simon": 0.8}
    assert cut("open the window and stop", lambda text: sure.get(text, 0.1)) == ["open the window", "stop"]
    assert cut("play Simon and Garfunkel", lambda text: sure.get(text, 0.1)) == ["play Simon and Garfunkel"]


def test_gradients_are_those_of_the_loss():
    config = LearningConfig(dropout=0.0, drop_token=0.0, drop_bag=0.0)
    lessons = lessons_of(draw(0)[::1500], SentenceEncoder())
    head = Head.new(classes(), np.random.default_rng(0), width=6)
    head.weights = {name: value.astype(np.float64) for name, value in head.weights.items()}
    head.weights["free"][:12] = 0.0  # what tells names apart does not shape the layers below
    rows = np.arange(len(lessons.mask))
    _, gradients = loss_and_gradients(head, lessons, rows, config, np.random.default_rng(0))
    random = np.random.default_rng(1)
    for name in ("token", "whole", "bag", "label", "b_token", "free"):
        direction = random.standard_normal(head.weights[name].shape)
        direction *= 1e-5 / np.linalg.norm(direction)
        losses = []
        for sign in (1.0, -1.0):
            moved = Head({**head.weights, name: head.weights[name] + sign * direction}, head.classes)
            losses.append(loss_and_gradients(moved, lessons, rows, config, np.random.default_rng(0))[0])
        told = float((gradients[name] * direction).sum())
        assert (losses[0] - losses[1]) / 2.0 == pytest.approx(told, rel=0.05, abs=1e-9), name


def test_weight_decay_falls_with_the_rate():
    config = LearningConfig(epochs=3, batch=8, rate=0.0, decay=1e-2)
    lessons = lessons_of(draw(0)[::1000], SentenceEncoder())
    head = Head.new(classes(), np.random.default_rng(0), width=4)
    before = head.weights["whole"].copy()
    fit(head, lessons, config, np.random.default_rng(0))
    steps = config.epochs * (len(lessons.mask) // config.batch)
    paces = 0.5 * (1.0 + np.cos(np.pi * np.arange(steps) / steps))
    assert steps >= 3
    np.testing.assert_allclose(head.weights["whole"], before * np.prod(1.0 - config.decay * paces), rtol=1e-4)


def test_a_head_survives_its_file(tmp_path, understanding):
    head = Head.new(classes(), np.random.default_rng(0), width=4)
    head.save(tmp_path / "head.npz")
    assert Head.load(tmp_path / "head.npz").classes == head.classes
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(BundleError, match="caravela cockpit learn"):
        Head.load(tmp_path / "torn.npz")


@pytest.mark.parametrize(("reads", "blind"), [(Reads.ENCODER, "bag"), (Reads.BAG, "token"), (Reads.BOTH, None)])
def test_a_head_may_be_made_to_read_one_of_its_inputs_alone(reads, blind):
    encoder = SentenceEncoder()
    lessons = lessons_of(draw(0)[::400], encoder)
    head = learn(LearningConfig(epochs=2, batch=8), encoder, lessons=lessons, reads=reads)
    assert {name for name in ("bag", "token") if not head.weights[name].any()} == ({blind} if blind else set())
