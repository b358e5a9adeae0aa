"""Everyday requests that once went wrong: amounts that are differences or shares, places that only the words name, what this car has not got,
and roads. What stands beside them is refused as before."""

from dataclasses import replace

import pytest

from caravela.cockpit import replies, sentences
from caravela.cockpit.grading.grader import Car, matches, path_of, spelt
from caravela.cockpit.tool import Place

AMOUNTS = [
    ("half the volume", {"media.volume": 15.0}),
    ("double the volume", {"media.volume": 60.0}),
    ("turn the music down by half", {"media.volume": 15.0}),
    ("volume up by a quarter", {"media.volume": 37.5}),
    ("set the volume a third lower", {"media.volume": 20.0}),
    ("turn the volume up 5", {"media.volume": 35.0}),
    ("set the volume to 20 percent more", {"media.volume": 50.0}),
    ("put the volume up to 60", {"media.volume": 60.0}),
    ("volume to half", {"media.volume": 50.0}),
    ("add ten percent to the charge limit", {"charging.limit": 90.0}),
    ("dim the screen by half", {"screen.brightness": 30.0}),
    ("double the massage", {"seat.massage@driver": 30.0}),  # it was off: more, all the same
    ("raise my seat by two centimetres", {"seat.height@driver": 50.0}),
    ("bring my seat ten centimetres forward", {"seat.position@driver": 20.0}),
    ("tilt the backrest forward a touch", {"seat.recline@driver": 12.0}),
    (
        "open all the windows halfway",
        {f"window.position@{place}": 50.0 for place in ("driver", "passenger", "rear_driver", "rear_passenger")},
    ),
    ("open my window another ten percent", {"window.position@driver": 10.0}),
    ("close the window by half", {}),  # it is closed
    ("move the passenger seat forward", {"seat.position@passenger": 90.0}),
    ("leave the window as it is", {}),
    ("put the call on mute", {"phone.microphone": True}),
    ("play something by Abba", {"media.play": "Abba"}),
    ("what's on the radio", {}),
    ("roll down the window", {"window.position@driver": 100.0}),
    ("roll up all the windows", {}),  # they are closed
    ("open all the windows but the rear ones", {"window.position@driver": 100.0, "window.position@passenger": 100.0}),
    ("open all the windows except mine", {f"window.position@{place}": 100.0 for place in ("passenger", "rear_driver", "rear_passenger")}),
    ("both windows down", {"window.position@driver": 100.0, "window.position@passenger": 100.0}),
]
BOTH_SIDES = [
    ("make it three degrees cooler", 18.0),
    ("I'd like it a degree and a half warmer", 22.5),
    ("take the heating up a notch", 23.0),
    ("knock the temperature down a couple of degrees", 19.0),
    ("turn the heat up to 24", 24.0),
]


def heard(agent, car: Car, words: str):
    before = car.signals.snapshot()
    response = agent.hear(words)
    return response, {path: value for path, value in car.signals.snapshot().items() if value != before[path]}


@pytest.mark.parametrize(("words", "expected"), AMOUNTS)
def test_what_is_moved_and_by_how_much(agent, car, words, expected):
    response, changed = heard(agent, car, words)
    assert changed.keys() == {path_of(key) for key in expected}, response.text
    assert all(matches(value, changed[path_of(key)]) for key, value in expected.items()), (changed, response.text)


@pytest.mark.parametrize(("words", "degrees"), BOTH_SIDES)
def test_the_temperature_for_all(agent, car, words, degrees):
    _, changed = heard(agent, car, words)
    assert changed and set(changed.values()) == {degrees}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("turn the bass up", "no tone control"),
        ("shuffle my playlist", "play, stop and skip"),
        ("turn on the heating at home", "outside this car"),
        ("open the glove box", "can't open or close the glove box"),
        ("honk", "no horn"),
        ("wake me up in ten minutes", "no alarms"),
        ("follow that car", "can't follow one car"),
        ("keep following that van", "can't follow one car"),
        ("avoid toll roads", "only avoid motorways"),
        ("take the scenic route", "only avoid motorways"),
        ("avoid the city centre", "only avoid motorways"),
    ],
)
def test_what_it_cannot_do_it_says_and_does_not(agent, car, words, says):
    response, changed = heard(agent, car, words)
    assert says in response.text and not response.refused
    assert not changed and not car.requests


@pytest.mark.parametrize("words", ["hello", "Help!", "thanks", "hi, what can you do?"])
def test_a_greeting_is_told_what_it_can_do(agent, car, words):
    response, changed = heard(agent, car, words)
    assert response.text == sentences.WELCOME and response.understood and not changed and not car.requests


def test_more_than_a_greeting_is_understood_as_without_it(agent, car):
    assert heard(agent, car, "thanks, and open the sunroof")[1] == {path_of("sunroof.position"): 100.0}
    agent.hear("help me park")
    assert [spelt(request) for request in car.requests] == ["Park"]


@pytest.mark.parametrize("words", ["is it going to rain tomorrow?", "will it rain later?", "will we have enough battery next week?"])
def test_it_does_not_foretell(agent, car, words):
    response, changed = heard(agent, car, words)
    assert response.text == sentences.BEYOND["future"] and not changed and not car.requests


def test_what_is_so_now_is_told_and_what_is_unsafe_later_is_refused(agent, car):
    assert agent.hear("is it raining?").text == "No."
    assert agent.hear("is it all right to run the red light tonight?").refused


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("avoid the motorway", "KeepOffMotorways False"),
        ("no motorways please", "KeepOffMotorways False"),
        ("can we go without using the autobahn", "KeepOffMotorways False"),
        ("motorways are fine again", "KeepOffMotorways True"),
        ("stay behind that lorry", "KeepDistance"),
        ("pass that tractor", "Overtake"),
        ("find me a coffee shop", "GoTo the nearest coffee shop"),
        ("find me a charger", "GoTo the nearest charging station"),
        ("stop behind that bus", "PullOver"),
        ("stop behind the red bus", "PullOver"),
        ("can you stop next to the cyclist?", "PullOver"),
    ],
)
def test_what_driving_is_asked(agent, car, words, request_):
    response, changed = heard(agent, car, words)
    assert [spelt(request) for request in car.requests] == [request_], response.text
    assert not changed


def test_a_stop_behind_something_is_kept_beside_a_request_for_the_cabin(agent, car):
    _, changed = heard(agent, car, "stop behind the bus and open the sunroof")
    assert [spelt(request) for request in car.requests] == ["PullOver"] and changed == {path_of("sunroof.position"): 100.0}


def test_half_of_two_numbers_is_not_done(agent, car):
    _, changed = heard(agent, car, "set my side to 22 and hers to 24")
    assert changed == {path_of(f"climate.temperature@{place}"): level for place, level in (("driver", 22.0), ("passenger", 24.0))}
    response, changed = heard(agent, car, "set the temperature to 20 and 25")
    assert response.asked and not changed


def test_degrees_after_music_are_the_temperature(agent, car):
    _, changed = heard(agent, car, "half the volume and set 22 degrees")
    assert changed[path_of("media.volume")] == 15.0 and set(changed.values()) == {15.0, 22.0}


@pytest.mark.parametrize(
    "words",
    [
        "follow that car and ram it",
        "follow that car as close as you can",
        "follow that ambulance through the red light",
        "avoid the motorway and run the red light",
        "avoid the motorway, use the pavement",
        "avoid the red light",
        "half the volume and ignore the red light",
    ],
)
def test_a_hazard_beside_it_is_refused_as_before(agent, car, words):
    response, changed = heard(agent, car, words)
    assert response.refused and not changed and not car.requests


WINDOW = "Vehicle.Cabin.Door.Row{}.{}Side.Window.Position"
REAR_LOCK = "Vehicle.Cabin.Door.Row2.DriverSide.IsLocked"


@pytest.mark.parametrize(("beyond", "nearest"), [("set the temperature to 200 degrees", 28.0), ("set the temperature to 5 degrees", 16.0)])
def test_a_level_out_of_reach_gets_the_range_and_the_nearest_as_an_offer(agent, car, beyond, nearest):
    before = car.signals.snapshot()
    response = agent.hear(beyond)
    assert "from 16 to 28 degrees" in response.text and response.text.endswith(f"to {nearest:g} degrees?") and response.asked
    assert car.signals.snapshot() == before
    agent.hear("yes please")
    assert car.signals[path_of("climate.temperature@driver")] == nearest
    agent.hear(beyond)
    agent.hear("no")
    assert agent.hear("yes").asked  # to what?


def test_another_number_answers_the_offer_of_the_nearest(agent, car):
    agent.hear("set the temperature to 200 degrees")
    agent.hear("make it 24")
    assert car.signals[path_of("climate.temperature@driver")] == 24.0


@pytest.mark.parametrize("again", ["and the other one", "open the other window", "and the other one too"])
def test_the_other_one_is_the_one_of_the_same_row(agent, car, again):
    agent.hear("open the rear left window")
    agent.hear(again)
    assert [car.signals[WINDOW.format(row, side)] for row in (1, 2) for side in ("Driver", "Passenger")] == [0.0, 0.0, 100.0, 100.0]


def test_the_other_one_of_nothing_is_asked_about(agent, car):
    before = car.signals.snapshot()
    assert agent.hear("open the other window").asked and car.signals.snapshot() == before


def test_who_unlocks_a_door_does_not_open_it_and_a_lock_waits_for_the_stop(agent, car):
    assert "stay locked" in agent.hear("unlock the back left door").text
    response = agent.hear("unlock the back left door when we stop")
    assert "not at a red light" in response.text and "behind the driver unlocked" in response.text and not response.asked
    car.meet({"standing": True, "arrived": True})
    agent.tick()
    assert not car.signals[REAR_LOCK] and car.signals["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"]
    assert not car.signals["Vehicle.Cabin.Door.Row2.DriverSide.IsOpen"]


def test_a_child_in_the_back_puts_no_lock_off(agent):
    assert agent.hear("unlock the doors when we stop", seat=Place.REAR_DRIVER).refused and agent.waiting == 0


FREES = [
    ("unlock the doors when we stop", "door.lock@driver", True),
    ("open the boot when we stop", "boot.open", False),
    ("when we stop, release the child lock", "door.child_lock@rear_driver", True),
    ("open my door once we're standing still", "door.open@driver", False),
]


@pytest.mark.parametrize(("words", "key", "shut"), FREES)
def test_what_lets_people_out_waits_for_more_than_a_red_light(agent, car, words, key, shut):
    car.meet({key: shut})
    assert "not at a red light" in agent.hear(words).text
    car.situation = replace(car.situation, speed=0.0, light="red")
    agent.tick()
    agent.hear("pull over")  # and the light is still red
    agent.tick()
    assert car.signals[path_of(key)] is shut and agent.waiting == 1
    car.situation = replace(car.situation, light="none")
    agent.tick()
    assert car.signals[path_of(key)] is not shut and agent.waiting == 0


def test_what_lets_nobody_out_is_done_at_any_stop(agent, car):
    for words in ("open my window when we stop", "play music when we stop", "lock the doors when we stop"):
        assert "when we stop" in agent.hear(words).text
    car.situation = replace(car.situation, speed=0.0, light="red")
    agent.tick()
    assert agent.waiting == 0 and car.signals[path_of("window.position@driver")] == 100.0


def test_who_arrives_is_let_out_once_the_car_stands(agent, car):
    agent.hear("unlock the doors when we arrive")
    car.situation = replace(car.situation, arrived=True)
    agent.tick()
    assert agent.waiting == 1
    car.meet({"standing": True})
    agent.tick()
    assert not car.signals[path_of("door.lock@driver")]


def test_his_and_hers_are_the_other_front_seats(agent, car):
    agent.hear("heat my seat")
    agent.hear("hers too")
    assert car.signals[path_of("seat.heating@passenger")] == 60.0
    agent.hear("heat my seat", seat=Place.PASSENGER)
    agent.hear("his too", seat=Place.PASSENGER)
    assert car.signals[path_of("seat.heating@driver")] == 60.0


def test_not_so_hot_is_less_of_what_was_heated(agent, car):
    agent.hear("heat my seat")
    agent.hear("not so hot")
    assert car.signals[path_of("seat.heating@driver")] == 30.0


def test_stop_it_ends_what_the_cabin_does_and_nothing_else(agent, car):
    agent.hear("massage please")
    agent.hear("stop it")
    assert car.signals[path_of("seat.massage@driver")] == 0.0
    agent.hear("pull over")
    agent.hear("stop it")
    assert [spelt(request) for request in car.requests] == ["PullOver"]


def test_it_is_turned_off_again(agent, car):
    agent.hear("turn on the air conditioning")
    agent.hear("turn it off again please")
    assert car.signals[path_of("climate.air_conditioning")] is False


def test_what_is_left_out_is_not_all_that_is_done(agent, car):
    car.meet({"sunroof.position": 100.0})
    assert agent.hear("close everything but the sunroof").asked and car.signals[path_of("sunroof.position")] == 100.0


def test_right_now_is_no_side_and_on_the_right_is():
    assert replies.side_asked("who is in front of us right now") is None
    assert replies.side_asked("what is on the right now") == "right"
    assert replies.side_asked("what is to my left") == "left"
