"""Everyday requests that once went wrong: amounts that are differences or shares, places that only the words name, what this car has not got,
and roads. What stands beside them is refused as before."""

from dataclasses import replace

import pytest

from caravela.cockpit import replies, sentences
from caravela.cockpit.grading.grader import Car, matches, path_of, spelt
from caravela.cockpit.outside.sight import AHEAD, LEFT, RIGHT, Seen
from caravela.cockpit.tool import Place
from caravela.core.request import START, GoTo

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
