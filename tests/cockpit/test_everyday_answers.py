"""Everyday questions and complaints that once went wrong: what is answered, what is moved by it, and what is left alone."""

from dataclasses import replace

import pytest

from caravela.cockpit import sentences
from caravela.cockpit.grading.grader import Car, path_of
from caravela.cockpit.outside.sight import AHEAD, LEFT, RIGHT, Seen
from caravela.core.request import START, GoTo


def heard(agent, car: Car, words: str):
    """The answer, and what it changed by path."""
    before = car.signals.snapshot()
    response = agent.hear(words)
    return response, {path: value for path, value in car.signals.snapshot().items() if value != before[path]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("who is driving right now", "I drive."),
        ("take over please", "to hands, never to words"),
        ("make a u-turn", "I don't turn round in the road"),
    ],
)
def test_what_words_alone_cannot_do_is_said(agent, said, told):
    response = agent.hear(said)
    assert told in response.text
    assert not response.requests and not response.changes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who are you?", sentences.WHO_I_AM),
        ("how are you", sentences.WHO_I_AM),
        ("what's the weather like?", "It is dry; 12 degrees outside. More of the weather I don't know."),
        ("how far is it?", "I don't know when we arrive."),
        ("what time is it?", sentences.NOT_MINE),
    ],
)
def test_small_questions_get_an_answer_and_move_nothing(agent, car, text, said):
    before = car.signals.snapshot()
    assert agent.hear(text).text == said
    assert car.signals.snapshot() == before and not car.requests


def test_the_weather_is_that_of_the_sensors(agent, car):
    car.meet({"rain": 60.0, "light": 2.0})
    assert agent.hear("what's the weather?").text == "It rains, and it is dark; 12 degrees outside. More of the weather I don't know."


@pytest.mark.parametrize("text", ["it's stuffy", "it's a bit stuffy in here", "let in some fresh air please"])
def test_who_finds_it_stuffy_gets_fresh_air(agent, car, text):
    car.meet({"climate.recirculation": True})
    agent.hear(text)
    assert car.signals[path_of("climate.recirculation")] is False


def test_who_asks_what_is_around_hears_of_every_side(agent, car):
    told = "I see no vehicle ahead. I can't tell what is on the left, on the right or behind us. I may miss people."
    assert agent.hear("who is around us?").text == told
    seen = (Seen("vehicle", LEFT, 8.0), Seen("person", RIGHT, 5.0))
    car.situation = replace(car.situation, lead=22.0, seen=seen, looks=(AHEAD,))
    assert agent.hear("who is around us?").text == (
        "I see a vehicle 22 metres ahead, a vehicle 8 metres on the left and a person 5 metres on the right. I can't tell what is behind us. "
        "I may miss people."
    )


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("go back", [GoTo(START)]),
        ("let's drive back", [GoTo(START)]),
        ("reverse", []),
        ("it smells in here", []),
        ("am I allowed to get out?", []),
        ("don't stop", []),
        ("don't stop the car", []),
    ],
)
def test_what_is_no_stop_and_no_turn_is_none(agent, car, text, wishes):
    response = agent.hear(text)
    assert [request.wish for request in car.requests] == wishes and not response.refused


def test_while_a_stop_holds_the_car_promises_nothing_in_passing(agent):
    agent.hear("stop the car")
    assert agent.hear("turn left").text == f"I turn left when the road allows. {sentences.FIRST_DRIVE_ON}"
    agent.hear("drive on")
    assert agent.hear("turn left").text == "I turn left when the road allows."


def test_why_so_slow_is_the_speed_that_was_asked_for(agent, car):
    agent.hear("drive at 30")
    car.situation = replace(car.situation, speed=8.2)
    assert agent.hear("why are you so slow?").text.startswith("Because you asked for at most 30 km/h")
    agent.hear("drive normally")
    assert "asked for" not in agent.hear("why are you so slow?").text


def test_an_order_of_its_own_is_no_answer_to_how_much(agent, car):
    agent.hear("set the temperature to 500")
    agent.hear("open the sunroof halfway")
    assert car.signals[path_of("sunroof.position")] == 50.0


@pytest.mark.parametrize("words", ["where are we going?", "what's our destination?", "where are you taking us?"])
def test_where_we_go_is_told_and_not_asked(agent, car, words):
    assert agent.hear(words).text == sentences.NO_DESTINATION
    agent.hear("take me back")
    assert "where we started" in agent.hear(words).text
    agent.hear("cancel the route")
    assert agent.hear(words).text == sentences.NO_DESTINATION and [request.wish for request in car.requests][:1] == [GoTo(START)]


@pytest.mark.parametrize("words", ["I'm cold but don't turn on the heating", "it's too loud, but don't turn the music down"])
def test_who_complains_and_forbids_the_remedy_gets_none(agent, car, words):
    response, changed = heard(agent, car, words)
    assert not changed and "leave" in response.text


def test_what_is_forbidden_beside_a_complaint_forbids_nothing_else(agent, car):
    _, changed = heard(agent, car, "I'm hot, but don't open the windows")
    assert [path.rpartition(".")[2] for path in changed] == ["Temperature"] * len(changed) and changed
    assert not heard(agent, car, "leave the windows")[1]


def test_everything_that_closes_is_windows_and_roof_and_what_opens_is_asked_about(agent, car):
    for tool in ("window.position@driver", "sunroof.position"):
        car.meet({tool: 50.0})
    heard(agent, car, "close everything")
    assert not any(car.signals[path_of(tool)] for tool in ("window.position@driver", "sunroof.position"))
    response, changed = heard(agent, car, "open everything")
    assert response.asked and not changed


@pytest.mark.parametrize("words", ["no faster than 40", "no faster than 30, please"])
def test_a_bound_that_begins_with_no_is_no_correction_of_a_stop(agent, car, words):
    agent.hear("stop here")
    agent.hear("drive on")
    agent.hear("stop here")
    before = len(car.requests)
    agent.hear(words)
    assert [type(request.wish).__name__ for request in car.requests[before:]] == ["CapSpeed"]
