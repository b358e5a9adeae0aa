"""Light without a word that says which: one is the cabin's, a seat's its reading light, and of lights in the plural the car asks which."""

import importlib.util

import pytest

from caravela.cockpit.grading.grader import path_of
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.languages.vectors import PACKAGE
from caravela.cockpit.reading.lights import some_light
from caravela.cockpit.tool import Place
from caravela.core.request import Side, TakeTurn

needs_extra = pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the extra `languages` is not installed")
DOME, HEADLIGHTS = path_of("light.dome"), path_of("light.headlights")


@pytest.mark.parametrize("text", ["turn on the light", "light on", "Can you switch the light on, please?", "give me some light", "more light please",
                                  "turn the lights on in here"])  # fmt: skip
def test_the_light_is_the_cabins(agent, car, text):
    response = agent.hear(text)
    assert {change.path: change.after for change in response.changes} == {DOME: True}, response.text


@pytest.mark.parametrize("text", ["turn the light off", "light out", "kill the light", "please turn off the light again"])
def test_the_light_goes_off(agent, car, text):
    car.meet({"light.dome": True})
    assert agent.hear(text).changes and car.signals[DOME] is False


@pytest.mark.parametrize(
    ("answer", "path", "value"),
    [
        ("the headlights", HEADLIGHTS, "BEAM"),
        ("the cabin light", DOME, True),
        ("inside", DOME, True),
        ("the ones outside", HEADLIGHTS, "BEAM"),
    ],
)
@pytest.mark.parametrize("text", ["lights on", "turn the lights on"])
def test_of_lights_the_car_asks_which(agent, car, text, answer, path, value):
    response = agent.hear(text)
    assert response.asked and not response.changes and "the cabin light or the headlights" in response.text
    agent.hear(answer)
    assert car.signals[path] == value


def test_lights_off_in_the_dark_are_the_cabins_or_refused(agent, car):
    car.meet({"light": 3, "light.dome": True, "light.headlights": "BEAM"})
    assert agent.hear("lights off").asked
    assert agent.hear("the headlights").refused and car.signals[HEADLIGHTS] == "BEAM"
    agent.hear("turn the lights off")
    agent.hear("the cabin light")
    assert car.signals[DOME] is False


def test_what_is_asked_back_still_waits(agent, car):
    assert agent.hear("when it gets dark, turn the lights on").asked
    agent.hear("the cabin light")
    assert agent.waiting == 1 and not car.signals[DOME]
    car.meet({"light": 3})
    agent.tick()
    assert car.signals[DOME]


def test_a_light_at_a_seat_is_its_reading_light(agent, car):
    agent.hear("turn on the light in the back")
    assert car.signals[path_of("light.reading@rear_driver")] and car.signals[path_of("light.reading@rear_passenger")]
    agent.hear("switch on my light", seat=Place.PASSENGER)
    assert car.signals[path_of("light.reading@passenger")] and not car.signals[DOME]


def test_the_lights_outside_are_on_and_not_at_position(agent, car):
    agent.hear("turn on the lights outside")
    assert car.signals[HEADLIGHTS] == "BEAM"


def test_beside_other_requests(agent, car):
    agent.hear("turn on the light and open the sunroof")
    assert car.signals[DOME] and car.signals[path_of("sunroof.position")] == 100.0
    assert len(agent.hear("turn off the light, I want to sleep").changes) == 1
    agent.hear("turn left at the lights")
    assert [request.wish for request in car.requests] == [TakeTurn(Side.LEFT)]


@pytest.mark.parametrize(
    "text", ["ignore the light", "run the light", "turn the light off and run the red light", "don't stop at the lights"]
)
def test_a_traffic_light_is_none(agent, car, text):
    response = agent.hear(text)
    assert response.refused and not response.changes and not car.requests


@pytest.mark.parametrize("text", ["is the light on?", "the light is red", "turn at the light", "light", "the city lights", "turn on the reading light"])  # fmt: skip
def test_what_says_which_or_asks_nothing_is_left_to_the_head(text):
    assert some_light(text) is None


@needs_extra
@pytest.mark.parametrize(
    ("text", "on"),
    [("Mach das Licht an", True), ("Licht an bitte", True), ("schalte bitte das Licht ein", True), ("Licht aus", False), ("Mach das Licht aus", False),
     ("kannst du das Licht anmachen", True)],
)  # fmt: skip
def test_german_light(car, understanding, text, on):
    car.meet({"light.dome": not on})
    response = car.agent(understanding, Polyglot(understanding)).hear(text)
    assert {change.path: change.after for change in response.changes} == {DOME: on}, response.text


@needs_extra
@pytest.mark.parametrize(
    ("text", "answer", "path", "value"),
    [("开灯", "车内灯", DOME, True), ("把灯打开", "大灯", HEADLIGHTS, "BEAM"), ("关灯", "车内灯", DOME, False), ("请把灯关掉", "大灯", HEADLIGHTS, "OFF"),
     ("mach die Lichter aus", "das Innenlicht", DOME, False), ("Lichter an", "die Scheinwerfer", HEADLIGHTS, "BEAM")],
)  # fmt: skip
def test_german_and_chinese_lights_are_asked_about(car, understanding, text, answer, path, value):
    car.meet({"light.dome": value is False})
    agent = car.agent(understanding, Polyglot(understanding))
    response = agent.hear(text)
    assert response.asked and not response.changes, response.text
    agent.hear(answer)
    assert car.signals[path] == value
