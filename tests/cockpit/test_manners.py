"""How to drive, put indirectly: heard where nothing else was understood, and never in a fragment, a question, idle talk or beside a hazard."""

import numpy as np
import pytest

from caravela.cockpit.reading.intents import DrivingWish, SmallTalk, Unsafe
from caravela.cockpit.reading.manners import SHIPPED, Manners
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.manners import fit
from caravela.core.errors import BundleError
from caravela.core.request import Drive, Manner, PullOver
from caravela.evaluate.spoken import PHRASES
from caravela.words.sayings import sayings_of


@pytest.fixture(scope="module")
def understanding():
    return Understanding()


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("The concert starts in four minutes and we have the tickets.", Drive(Manner.BRISK)),
        ("My little girl has just dropped off to sleep in her seat.", Drive(Manner.GENTLE)),
        ("There is a tower of cupcakes on my knees.", Drive(Manner.GENTLE)),
        ("That's my aunt over there, I want to hop out to her.", PullOver()),
    ],
)
def test_indirect_wishes_are_heard(understanding, said, wish):
    assert [step.intent for step in understanding(said)] == [DrivingWish(wish)]


@pytest.mark.parametrize(
    "said",
    [
        "My cousin sells second-hand bicycles on Saturdays.",
        "We had pancakes with blueberries for breakfast.",
        "inside",  # an answer to something
        "don't stop",
        "are you going to stop?",
        "Meine Schwester hat gestern ein neues Fahrrad gekauft.",
        "the song says 'drop me off at the corner'",
    ],
)
def test_idle_talk_fragments_and_questions_ask_driving_for_nothing(understanding, said):
    assert not any(isinstance(step.intent, DrivingWish) for step in understanding(said))


def test_a_hazard_stays_one_however_late_we_are(understanding):
    for said in ("ignore the red light, my meeting began five minutes ago", "go over the limit or we will miss the ferry"):
        assert any(isinstance(step.intent, Unsafe) for step in understanding(said))
        assert not any(step.intent == DrivingWish(Drive(Manner.BRISK)) for step in understanding(said))


def test_a_manner_that_the_head_reads_into_talk_is_none(understanding):
    assert [step.intent for step in understanding("Grandma knits the softest mittens in the whole village.")] == [SmallTalk()]


def test_the_suites_words_are_not_learned_from():
    learned = {
        saying.strip(" .!?").lower()
        for name in ("brisk", "careful", "frugal", "gentle", "plain", "stop", "talk")
        for saying in sayings_of(name)
    }
    assert not {phrase.strip(" .!?").lower() for several in PHRASES.values() for phrase in several if phrase} & learned


def test_the_layer_learns_what_can_be_told_apart_and_is_kept(tmp_path):
    random = np.random.default_rng(0)
    vectors = random.standard_normal((300, 12))
    labels = (vectors[:, 0] > 0.0).astype(np.int64) + (vectors[:, 1] > 1.0)
    made = fit(vectors, labels, ("a", "b", "c"))
    assert ((vectors @ made.weights + made.biases).argmax(1) == labels).mean() > 0.85
    made.save(tmp_path / "manners.npz")
    again = Manners.load(tmp_path / "manners.npz")
    assert again.names == made.names and np.allclose(again.weights, made.weights, atol=1e-2)
    assert SHIPPED.stat().st_size < 10_000


def test_a_broken_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "manners.npz").write_bytes(b"no weights")
    with pytest.raises(BundleError, match="caravela cockpit learn"):
        Manners.load(tmp_path / "manners.npz")
