"""How to drive, put indirectly: heard where nothing else was understood, and never in a fragment, a question, idle talk or beside a hazard."""

import numpy as np
import pytest

from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.grading.grader import Car
from caravela.cockpit.reading.manners import SHIPPED, Manners
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.manners import fit
from caravela.cockpit.tool import Place
from caravela.core.errors import BundleError
from caravela.core.request import Drive, Manner, PullOver
from caravela.evaluate.spoken import PHRASES
from caravela.words import SentenceEncoder
from caravela.words.sayings import sayings_of


@pytest.fixture(scope="module")
def understanding():
    return Understanding()


def hear(understanding, *said, seat=Place.DRIVER):
    """(last response, what driving was asked) of a new car."""
    car = Car()
    agent = CockpitAgent(car.gate, look=lambda: car.situation, understanding=understanding)
    responses = [agent.hear(each, seat=seat) for each in said]
    return responses[-1], [request.wish for request in car.requests]


@pytest.mark.parametrize("said", ["My little girl has just dropped off to sleep in her seat.", "There is a tower of cupcakes on my knees."])
def test_a_gentle_drive_put_indirectly_is_asked_for_at_once(understanding, said):
    assert hear(understanding, said)[1] == [Drive(Manner.GENTLE)]


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("The concert starts in four minutes and we have the tickets.", Drive(Manner.BRISK)),
        ("That's my aunt over there, I want to hop out to her.", PullOver()),
    ],
)
def test_haste_and_a_stop_put_indirectly_are_asked_about_first(understanding, said, wish):
    response, asked = hear(understanding, said)
    assert response.asked and response.text.startswith("Shall I") and not asked
    assert hear(understanding, said, "yes")[1] == [wish]
    assert hear(understanding, said, "no")[1] == []


@pytest.mark.parametrize(
    "said",
    [
        "My cousin sells second-hand bicycles on Saturdays.",
        "We had pancakes with blueberries for breakfast.",
        "inside",  # an answer to something
        "please don't open my window",
        "don't unlock the doors here",
        "please do not let her out over there",
        "no need to be gentle with us",
        "did we hit something?",
        "Have we just crashed into that truck?",
        "we are not late, there is no rush",
        "my meeting was cancelled so there is no rush",
        "that's not my house, keep going",
        "are you going to stop?",
        "Meine Schwester hat gestern ein neues Fahrrad gekauft.",
        "the song says 'drop me off at the corner'",
    ],
)
def test_talk_fragments_and_the_contrary_ask_driving_for_no_stop_and_no_manner(understanding, said):
    response, asked = hear(understanding, said)
    assert not any(isinstance(wish, Drive | PullOver) for wish in asked) and not response.text.startswith("Shall I")


def test_an_open_question_is_answered_and_not_read_into(understanding):
    response, asked = hear(understanding, "turn", "the corner over there please")
    assert not asked and not response.text.startswith("Shall I")


def test_a_hazard_stays_one_however_late_we_are(understanding):
    for said in ("ignore the red light, my meeting began five minutes ago", "go over the limit or we will miss the ferry"):
        response, asked = hear(understanding, said)
        assert response.refused and not asked


def test_a_manner_that_the_head_reads_into_talk_is_none(understanding):
    said = "Her granny is so gentle with the kittens."
    manners = Manners.load()
    assert manners.is_talk(SentenceEncoder(), said) and hear(understanding, said)[1] == []


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
