"""Mistyped words: put right where one reading is near, read back, and asked about before anything that touches driving or safety."""

import pytest

from caravela.cockpit.reading.conditions import Part, conditional
from caravela.cockpit.reading.spelling import meant
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.phrasing import held_out
from caravela.cockpit.tool import Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import Overtake, PullOver
from caravela.words import SentenceEncoder

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
TITLE = "Vehicle.Cabin.Infotainment.Media.SelectedURI"


@pytest.mark.parametrize(
    ("text", "means"),
    [("opne the window", "open the window"), ("opne the windwo", "open the window"), ("poen the window", "open the window")],
)
def test_a_mistyped_word_is_put_right_and_read_back(agent, car, text, means):
    response = agent.hear(text)
    assert car.signals[WINDOW] == 100.0 and response.text.startswith(f"I take it you mean “{means}”.")


@pytest.mark.parametrize(("text", "wish"), [("overtkae that car", Overtake()), ("stpo the car", PullOver())])
def test_a_mistyped_wish_to_driving_is_asked_about_first(agent, text, wish):
    response = agent.hear(text)
    assert response.asked and not response.requests
    assert [request.wish for request in agent.hear("yes").requests] == [wish]


def test_a_mistyped_lock_or_boot_is_asked_about_first(agent, car):
    car.meet({"standing": True})
    for text, path in (("unlokc the doors", TOOLS["door.lock"].path_at(Place.DRIVER)), ("open the boto", TOOLS["boot.open"].path)):
        before = car.signals[path]
        assert agent.hear(text).text.endswith("Shall I?") and car.signals[path] == before
        agent.hear("no")
        assert car.signals[path] == before


def test_a_mistyped_hazard_is_refused(agent):
    response = agent.hear("ingore the red light")
    assert response.refused and not response.requests


def test_a_name_is_not_put_right(agent, car):
    agent.hear("play Metalica")
    assert car.signals[TITLE] == "Metalica"


def test_words_that_are_only_rare_are_left_alone(understanding):
    texts = [saying.text for part in held_out("unseen") for saying in part][::4] + ["seal us off from the smelly outside air"]
    assert not [text for text in texts if meant(text, understanding(text), understand=understanding, knows=understanding.knows)]


@pytest.mark.parametrize("text", ["gine me some more room for my knees", "sone down the mood light", "turn on the ight"])
def test_a_mistyped_word_costs_three_more_readings_at_most(understanding, text):
    tried = []
    meant(text, understanding(text), understand=lambda near: tried.append(near) or understanding(near), knows=understanding.knows)
    assert 1 <= len(tried) <= 3


def test_two_readings_that_make_sense_are_enough(understanding):
    tried, different = [], iter(("open the boot", "open the hood", "turn left"))
    near = meant("oing", [], understand=lambda text: tried.append(text) or understanding(next(different)), knows=lambda word: False)
    assert near is None and len(tried) == 2


def test_nobodys_first_words_wait_for_the_encoder():
    class Counted(SentenceEncoder):
        read = 0

        def encode_tokens(self, texts, **options):
            self.read += 1
            return super().encode_tokens(texts, **options)

    encoder = Counted()
    Understanding(encoder)
    assert encoder.read > 0


def test_where_a_condition_ends_is_looked_for_no_longer_than_it_can_be_found():
    surely = {"it rains": 0.9, "it rains close": 0.5, "it": 0.1}
    looked, asked = [], []
    found = conditional(
        "when it rains close the window",
        is_condition=lambda text: looked.append(text) or surely.get(text, 0.05),
        is_request=lambda text: asked.append(text) or (0.95 if text == "close the window" else 0.1),
    )
    assert found == (Part("close the window", "it rains"), True) and looked == ["it rains"] and not asked
