"""Stops: what is one is never lost, and what holds is ended by nobody but those who say so."""

import pytest

from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.reading.intents import stops
from caravela.cockpit.reading.stopping import drives_on, holds_a_stop, presses
from caravela.core.request import GoOn, PullOver

STOP, ON = PullOver(), GoOn()


def asked(car):
    return [request.wish for request in car.requests]


@pytest.fixture
def stopped(agent, car):
    """An agent in a car that stands because somebody said stop."""
    agent.hear("stop the car")
    car.meet({"standing": True})
    return agent


# --- what ends a stop ---


@pytest.mark.parametrize(
    "text",
    [
        "I'm off",
        "I want to get off",
        "let me get off",
        "off I go",
        "I'm going now",
        "got to go",
        "I must go now",
        "time to go",
        "resume the podcast",
    ],
)
def test_who_leaves_does_not_have_the_car_drive_on(stopped, car, text):
    stopped.hear(text)
    assert set(asked(car)) == {STOP}  # "I want to get off" asks for one more


@pytest.mark.parametrize("text", ["I'm off", "I must go now", "time to go"])
def test_who_goes_after_a_stop_is_asked_whether_to_drive_on(stopped, car, text):
    assert stopped.hear(text).text == "Shall I drive on?"
    assert [type(wish) for wish in asked(car)] == [PullOver]
    stopped.hear("yes")
    assert asked(car) == [STOP, ON]


@pytest.mark.parametrize("text", ["be right back", "hello", "one moment"])
def test_other_talk_after_a_stop_is_no_question_of_driving(stopped, car, text):
    stopped.hear(text)
    stopped.hear("yes")
    assert [type(wish) for wish in asked(car)] == [PullOver]


def test_a_yes_to_the_question_has_it_drive_on(stopped, car):
    assert stopped.hear("let us get moving again shall we").text == "Shall I drive on?"
    stopped.hear("yes please")
    assert asked(car) == [STOP, ON]


@pytest.mark.parametrize(
    "text",
    [
        "drive on",
        "carry on please",
        "go on",
        "continue",
        "keep driving",
        "ok, you can go now",
        "let's go",
        "set off again",
        "no wait, carry on",
        "continue our journey",
    ],
)
def test_words_for_driving_end_a_stop(stopped, car, text):
    stopped.hear(text)
    assert asked(car) == [STOP, ON]


@pytest.mark.parametrize(
    "text", ["weiter", "fahr weiter", "bitte weiterfahren", "du kannst jetzt weiterfahren", "继续", "走吧", "继续开车吧", "请继续行驶"]
)
def test_so_do_those_of_other_languages(text):
    assert drives_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "ich bin weg",
        "ich muss los",
        "我走了",
        "I need to go",
        "we must go",
        "go on strike",
        "the show must go on",
        "don't drive on",
        "weit",
    ],
)
def test_near_them_is_not_enough(text):
    assert not drives_on(text)


@pytest.mark.parametrize("text", ["I'll be back in a minute", "whenever you stop just drive on", "if a policeman stops us, drive on"])
def test_no_stop_is_ended_by_having_come_about(agent, car, text):
    agent.hear(text)
    agent.hear("stop the car")
    for facts in ({"standing": True}, {"seconds": 70}):
        car.meet(facts)
        agent.tick()
    assert asked(car) == [STOP] and not agent.waiting


@pytest.mark.parametrize(("text", "facts"), [("in two minutes drive on", {"seconds": 130}), ("when it rains drive on", {"rain": 60})])
def test_what_was_put_off_before_a_stop_does_not_end_it(agent, car, text, facts):
    agent.hear(text)
    assert agent.waiting == 1
    agent.hear("stop the car")
    car.meet({"standing": True} | facts)
    agent.tick()
    assert asked(car) == [STOP] and not agent.waiting


def test_what_is_put_off_after_it_does(stopped, car):
    stopped.hear("in two minutes drive on")
    car.meet({"seconds": 130})
    stopped.tick()
    assert asked(car) == [STOP, ON]


# --- what is open ---


def test_it_does_not_drive_on_with_a_door_open(stopped, car):
    stopped.hear("open my door")
    refused = stopped.hear("drive on")
    assert refused.refused and "door is open" in refused.text and asked(car) == [STOP]
    stopped.hear("close my door")
    stopped.hear("drive on")
    assert asked(car) == [STOP, ON]


@pytest.mark.parametrize("text", ["open my door", "unlock the doors", "open the boot", "open the bonnet"])
def test_at_a_red_light_nobody_is_let_out(agent, car, text):
    car.meet({"standing": True, "lamp": "red"})
    before = car.signals.snapshot()
    assert agent.hear(text).refused and car.signals.snapshot() == before


def test_a_door_that_opens_under_way_stops_the_car(agent, car):
    car.meet({"door.open@rear_driver": True})
    (told,) = agent.tick()
    assert "open" in told.text and asked(car) == [STOP]
    car.meet({"seconds": 10})
    assert agent.tick() == [] and asked(car) == [STOP]


def test_a_stop_for_it_that_driving_lost_is_asked_for_again(agent, car):
    car.meet({"door.open@rear_driver": True})
    agent.tick()
    car.meet({"asked_to_stop": False, "seconds": 3})
    assert agent.tick() == [] and asked(car) == [STOP, STOP]


def test_a_door_of_a_parked_car_is_nobody_s_business(agent, car):
    car.meet({"standing": True, "arrived": True, "door.open@driver": True})
    assert agent.tick() == [] and not car.requests


# --- what is a stop ---

STOPS = [
    "slam on the brakes", "hit the brakes", "brake", "brake!", "brake now", "emergency stop!", "stop when it's safe", "stop as soon as you can",
    "when it's safe, pull over", "stop the massage and the car", "there's a child on the road!", "a dog ran into the road", "I need to throw up",
    "I'm going to be sick", "brems!", "bremsen", "刹车", "急刹车",
]  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_a_stop_is_one_however_it_is_put(agent, car, text):
    response = agent.hear(text)
    assert [type(wish) for wish in asked(car)] == [PullOver] and not response.refused


@pytest.mark.parametrize(
    "text",
    [
        "brems!",
        "Bitte sofort anhalten",
        "da ist ein Kind auf der Straße",
        "ich muss mich übergeben",
        "快刹车",
        "停下来",
        "路上有小孩",
        "我要吐了",
    ],
)
def test_in_other_languages_a_stop_needs_no_extra(car, understanding, text, monkeypatch):
    monkeypatch.setattr("caravela.cockpit.languages.polyglot.installed", lambda: False)
    car.agent(understanding, Polyglot(understanding)).hear(text)
    assert [type(wish) for wish in asked(car)] == [PullOver]


@pytest.mark.parametrize("text", ["I think I'm having a heart attack", "I can't breathe", "my wife has collapsed", "this is an emergency"])
def test_whoever_needs_help_is_told_how_to_call_it(agent, car, text):
    response = agent.hear(text)
    assert asked(car) == [STOP] and "112" in response.text


def test_how_to_call_help_is_said_in_the_language_spoken(car, understanding, monkeypatch):
    monkeypatch.setattr("caravela.cockpit.languages.polyglot.installed", lambda: False)
    response = car.agent(understanding, Polyglot(understanding)).hear("Ich habe einen Herzinfarkt")
    assert asked(car) == [STOP] and "ruf 112 an" in response.text


def test_a_stop_beside_a_hazard_is_done(agent, car):
    before = car.signals.snapshot()
    assert agent.hear("open the window and run the red light and stop").refused
    assert asked(car) == [STOP] and car.signals.snapshot() == before


@pytest.mark.parametrize(
    "text",
    [
        "don't stop", "don't brake", "never stop", "play the song Stop the car", "play Brake", "a text from mum reads 'stop the car'", "the song says brake",
        "is there a child on the road?", "there's a child in the back", "stop the music", "stop the massage", "tell me about brakes", "are you going to stop?",
        "I feel a bit sick", "nicht bremsen", "别停", "不要刹车", "spiel das Lied Bremsen", "播放《刹车》", "有人吗", "我有心脏病", "you're going to run into traffic",
        "people are on the street",
    ],
)  # fmt: skip
def test_what_only_holds_such_words_is_none(understanding, text):
    assert not holds_a_stop(text) and not any(stops(step.intent) for step in understanding(text))


@pytest.mark.parametrize(
    ("words", "urgent"),
    [
        ("brake!", True),
        ("stop now", True),
        ("emergency stop", True),
        ("there is a child in the road", True),
        ("the car is on fire", True),
        ("sofort anhalten", True),
        ("急刹车", True),
        ("stop the car please", False),
        ("pull over", False),
        ("I need to throw up", False),
        ("my chest hurts", False),
        ("halt bitte an", False),
        ("停车", False),
        ("turn the music down now", False),
        ("stop the car and turn the music down now", False),
        ("Stop! There's a child in the road!", True),
        ("pull over, we're on fire", True),
        ("please stop, now!", True),
        ("Stopp, da ist ein Kind auf der Straße", True),
        ("halt sofort an", True),
        ("快停车", True),
        ("前面有个小孩", True),
    ],
)
def test_whether_a_stop_is_meant_for_this_instant(words, urgent):
    assert presses(words) == urgent


@pytest.mark.parametrize(
    ("words", "urgent"),
    [
        ("brake now!", True),
        ("stop, you're going to hit him", True),
        ("Stop! There's a child in the road!", True),
        ("sofort anhalten", True),
        ("立刻停车", True),
        ("please stop somewhere", False),
        ("halte bitte an", False),
        ("我要下车，停车", False),
    ],
)
def test_an_urgent_stop_reaches_driving_as_one(car, understanding, words, urgent):
    agent = car.agent(understanding, Polyglot(understanding))
    agent.hear(words)
    assert asked(car)[-1:] == [PullOver(at_once=urgent)]
    agent.hear("drive on")
    agent.hear("stop somewhere here please")
    assert asked(car)[-1] == PullOver()  # what was urgent once is not for good


def test_in_a_car_that_stands_before_the_driver_has_heard_of_a_stop_nobody_is_let_out(agent, car):
    agent.hear("stop the car")
    car.meet({"standing": True, "asked_to_stop": False})
    assert agent.hear("open my door").refused
