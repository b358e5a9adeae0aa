"""What is outside belongs to what is meant: one thing that fits, several, or none, by what the car sees at that moment."""

from dataclasses import replace

import pytest

from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.grading.grader import spelt
from caravela.cockpit.outside.referring import reference_in, resolve
from caravela.cockpit.outside.requests import About, regard_in
from caravela.cockpit.outside.sight import AHEAD, LEFT, PERSON, RIGHT, Seen

VAN_LEFT = Seen("van", LEFT, 8.0, 0.0)
BUS_AHEAD = Seen("bus", AHEAD, 25.0, 6.0)
CYCLIST = Seen("cyclist", RIGHT, 6.0, 3.0)


def sees(car, *things: Seen, **facts) -> None:
    """From now on the car sees these, on all sides."""
    car.situation = replace(car.situation, seen=things, looks=(AHEAD, LEFT, RIGHT), reads=("vehicle", PERSON), **facts)


@pytest.mark.parametrize(
    ("words", "fit", "sure"),
    [
        ("behind the van", (VAN_LEFT,), True),
        ("that red van", (VAN_LEFT,), False),  # nothing reads colours
        ("the vehicle on the left", (VAN_LEFT,), True),
        ("the bus on the left", (), False),
        ("that parked vehicle", (VAN_LEFT,), True),
        ("the moving one", (BUS_AHEAD,), True),
        ("that one", (VAN_LEFT, BUS_AHEAD), True),
        ("the nearest vehicle", (VAN_LEFT,), True),
        ("the cyclist", (CYCLIST,), True),
        ("that child", (), False),
    ],
)
def test_what_a_phrase_may_mean(words, fit, sure):
    meant = resolve(reference_in(words), (VAN_LEFT, BUS_AHEAD, CYCLIST))
    assert (meant.things, meant.sure) == (fit, sure)


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("why is that car so slow?", About.PACE),
        ("is the van moving", About.PACE),
        ("how far is the bus in front of us?", About.DISTANCE),
        ("do you see the cyclist?", About.SIGHT),
        ("please let the cyclist go first", About.GIVE_WAY),
        ("let him in", About.GIVE_WAY),
    ],
)
def test_what_is_asked_of_something_outside(words, about):
    assert regard_in(words).about is about


@pytest.mark.parametrize(
    "words", ["let the window down", "let me out", "let the cyclist go first and run the red light", "why is the seat so hot"]
)
def test_what_is_more_or_something_else(words):
    assert regard_in(words) is None


def test_the_shipped_driver_reads_one_vehicle_ahead_and_says_no_more(agent, car):
    assert agent.hear("do you see the pedestrian?").text.startswith("I can't tell: I don't see everybody")
    assert "can't tell what is on the left" in agent.hear("how far is that car on the left?").text
    car.situation = replace(car.situation, lead=22.0, lead_speed=3.4)
    assert agent.hear("why is that car so slow?").text == "The vehicle 22 metres ahead drives at 12 km/h; why, I cannot see."
    assert (
        agent.hear("how far is the van?").text
        == "I see the vehicle 22 metres ahead, and can't tell whether it is the one. It is 22 metres ahead."
    )
    car.situation = replace(car.situation, lead_speed=0.0, light="red")
    assert agent.hear("why has that car stopped?").text == "The vehicle 22 metres ahead stands, and the light is red."


def test_of_two_it_asks_which_and_takes_the_answer(agent, car):
    sees(car, VAN_LEFT, Seen("van", AHEAD, 30.0, 5.0))
    asked = agent.hear("why is that van so slow?")
    assert asked.asked and asked.text == "I see a van 8 metres on the left and a van 30 metres ahead. Which one do you mean?"
    answered = agent.hear("the one in front")
    assert answered.text == "The van 30 metres ahead drives at 18 km/h; why, I cannot see." and not answered.requests


def test_what_it_does_not_see_it_asks_for_and_does_nothing(agent, car):
    sees(car, VAN_LEFT)
    response = agent.hear("let the cyclist go first")
    assert response.asked and "I see no cyclist" in response.text and not car.requests


@pytest.mark.parametrize(("words", "wish"), [("let the bus go first", "KeepDistance"), ("give way to that cyclist", "Drive careful")])
def test_room_is_left_for_what_is_meant(agent, car, words, wish):
    sees(car, BUS_AHEAD, CYCLIST)
    response = agent.hear(words)
    assert [spelt(request) for request in car.requests] == [wish] and "I leave room for the" in response.text


def test_a_stop_waits_for_no_answer(agent, car):
    sees(car, VAN_LEFT, Seen("van", AHEAD, 30.0, 0.0))
    response = agent.hear("stop behind the van")
    assert [spelt(request) for request in response.requests] == ["PullOver"] and response.asked and "Which one" in response.text
    assert agent.hear("the left one").text == "I stop at the next safe place, behind the van 8 metres on the left."
    assert [spelt(request) for request in car.requests] == ["PullOver"]


def test_a_question_that_is_left_open_keeps_nobody_from_another_request(agent, car):
    sees(car, VAN_LEFT, Seen("van", AHEAD, 30.0, 0.0))
    agent.hear("stop behind the van")
    assert [spelt(request) for request in agent.hear("drive on").requests] == ["GoOn"]
    sees(car, VAN_LEFT, Seen("van", AHEAD, 30.0, 0.0))
    agent.hear("how far is the van?")
    assert [spelt(request) for request in agent.hear("turn left").requests] == ["TakeTurn left"]


def test_the_drivers_thought_says_what_is_meant_where_it_may_be_believed(car, understanding):
    thought = {"left": "There is a person on the left very close.", "right": "I see nothing on the right."}

    def explain(about, words):
        return next((said for side, said in thought.items() if side in words), None)

    agent = CockpitAgent(car.gate, look=lambda: car.situation, understanding=understanding, explain=explain)
    assert agent.hear("how far is that person?").text == "It is 5 metres on the left."
    assert agent.hear("do you see the car on the right?").text.startswith("I see no vehicle on the right")
    assert agent.hear("let the pedestrian cross").text == "I leave room for the person 5 metres on the left."
    thought.clear()
    assert agent.hear("do you see the car on the right?").text == "I can't tell what is on the right."


def test_what_is_on_a_side_is_told_where_it_is_seen(agent, car):
    sees(car, VAN_LEFT)
    assert agent.hear("what is that on the left?").text == "I see a van 8 metres on the left."
    assert agent.hear("what is on the right?").text == "I see nothing on the right."


@pytest.mark.parametrize(
    "words", ["what is ahead?", "is the light red?", "do you see a bus?", "is there a person ahead?", "why is that car so slow?"]
)
def test_where_nobody_looks_it_cannot_tell(agent, car, words):
    car.situation = replace(car.situation, looks=())
    response = agent.hear(words)
    assert response.text == "I can't tell what is ahead." and not response.asked


def test_a_stop_is_asked_for_where_nobody_looks_too(agent, car):
    car.situation = replace(car.situation, looks=())
    assert agent.hear("stop behind the van").text == "I can't tell what is ahead, so I stop at the next safe place."
    assert [spelt(request) for request in car.requests] == ["PullOver"]
