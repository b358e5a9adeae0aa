"""Corrections, bounds on the speed, names, questions and reasons: what the words of a sentence settle beside the head."""

from dataclasses import replace

import pytest

from caravela.cockpit.reading.bounds import Bound, bound_in
from caravela.cockpit.reading.names import name_in
from caravela.cockpit.reading.questions import as_statement, finds_it_too_hard, is_reason
from caravela.cockpit.tool import Place
from caravela.core.request import CapSpeed, Drive, DropCap, GoOn, GoTo, Manner, PullOver, Side, TakeTurn
from caravela.core.units import from_kph

DOOR = "Vehicle.Cabin.Door.Row1.{}Side.Window.Position"
SUNROOF = "Vehicle.Cabin.Sunroof.Position"
WARMTH = "Vehicle.Cabin.HVAC.Station.Row{}.{}.Temperature"


def wishes(response):
    return [request.wish for request in response.requests]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("drive no faster than 80", Bound(80.0, True)),
        ("don't go over forty please", Bound(40.0, True)),
        ("drive at most a hundred and twenty", Bound(120.0, True)),
        ("drive at least 120", Bound(120.0, False)),
        ("not slower than 140 km/h", Bound(140.0, False)),
        ("drive faster than 90", Bound(90.0, False)),
        ("drive no faster than 20 over the limit", None),
        ("no faster than 110 through the red light", None),
        ("no more than 80 percent in the battery", None),
        ("drive 80", None),
        ("I don't want to go over 80", Bound(80.0, True)),
        ("you shouldn't drive over 80", Bound(80.0, True)),
        ("limit the speed to up to 80", Bound(80.0, True)),
        ("speed up to 80", None),
        ("can you not go over 80", None),
    ],
)
def test_bounds_from_above_and_from_below_are_told_apart(text, bound):
    assert bound_in(text, about_speed=False) == bound


def test_a_bound_below_the_limit_is_asked_of_driving_and_one_above_waits_for_a_faster_road(agent, car):
    assert wishes(agent.hear("drive no faster than 40")) == [CapSpeed(from_kph(40.0))]
    response = agent.hear("drive no faster than 80")
    assert not response.refused and wishes(response) == [DropCap()] and agent.waiting == 1 and "50" in response.text
    car.situation = replace(car.situation, limit=from_kph(100.0))
    assert [wishes(done) for done in agent.tick()] == [[CapSpeed(from_kph(80.0))]]


def test_a_newer_bound_takes_the_place_of_one_that_waits(agent, car):
    agent.hear("drive no faster than 80")
    assert wishes(agent.hear("make that 40")) == [CapSpeed(from_kph(40.0))] and agent.waiting == 0


@pytest.mark.parametrize(
    "text", ["drive 200", "drive at least 120", "go faster than the limit", "drive at most 20 over the limit", "exceed 80"]
)
def test_who_wants_to_drive_faster_than_allowed_is_refused(agent, text):
    response = agent.hear(text)
    assert response.refused and not response.requests and agent.waiting == 0


@pytest.mark.parametrize(
    "text",
    [
        "don't be afraid to go over 200",
        "don't hesitate to exceed 200",
        "I don't care if you exceed 200",
        "I don't mind going above 200",
        "no reason not to go over 200",
        "no problem going over 200",
        "never mind exceeding 200",
        "don't worry about going over 120",
        "shouldn't we be going over 100",
        "speed up to 180 now please",
        "go max 250",
        "let's go up to 150 mph",
    ],
)
def test_who_speaks_of_speeding_in_passing_sets_no_bound_and_is_refused(agent, text):
    response = agent.hear(text)
    assert response.refused and not response.requests and agent.waiting == 0


def test_a_child_in_the_back_touches_no_bound(agent, car):
    agent.hear("drive no faster than 100")
    assert agent.hear("drive no faster than 120", seat=Place.REAR_DRIVER).refused and agent.waiting == 1
    agent.hear("cancel that", seat=Place.REAR_DRIVER)
    car.situation = replace(car.situation, limit=from_kph(130.0))
    assert [wishes(done) for done in agent.tick()] == [[CapSpeed(from_kph(100.0))]]


def test_a_looser_bound_takes_back_the_tighter_one_that_driving_has(agent, car):
    agent.hear("drive no faster than 30")
    assert wishes(agent.hear("make that 130")) == [DropCap()] and agent.waiting == 1
    assert not agent.hear("drive no faster than 120").requests and len(car.requests) == 2  # there is nothing more to take back


def test_a_bound_is_taken_back_alone_and_gives_way_to_the_one_before(agent):
    agent.hear("drive no faster than 40")
    agent.hear("drive no faster than 30")
    assert wishes(agent.hear("never mind")) == [CapSpeed(from_kph(40.0))]
    assert wishes(agent.hear("never mind")) == [DropCap()]


def test_a_manner_that_is_taken_back_leaves_the_bound_and_driving_normally_does_not(agent):
    agent.hear("drive no faster than 40")
    agent.hear("drive gently")
    assert wishes(agent.hear("never mind")) == [Drive(Manner.PLAIN)]
    assert wishes(agent.hear("drive normally")) == [Drive(Manner.PLAIN), DropCap()]
    assert wishes(agent.hear("drive normally")) == [Drive(Manner.PLAIN)]  # there is none to drop any more


def test_no_number_is_promised_of_driving(agent):
    assert agent.hear("drive no faster than 100").text.endswith("where more than 100 km/h is allowed I ask driving to go slower.")


def test_when_in_a_question_waits_for_nothing(agent):
    agent.gate.signals.write("Vehicle.Cabin.Infotainment.Navigation.TimeRemaining", 18.0)
    response = agent.hear("when do we arrive, and how full is the battery")
    assert "18 minutes" in response.text and "62" in response.text and agent.waiting == 0


@pytest.mark.parametrize(("text", "folded"), [("fold the mirrors", True), ("unfold the mirrors", False), ("fold the mirrors out", False)])
def test_folding_is_told_from_unfolding(agent, car, text, folded):
    car.meet({"standing": True, "mirror.fold@driver": not folded})
    agent.hear(text)
    assert car.signals["Vehicle.Body.Mirrors.DriverSide.IsFolded"] is folded


def test_words_that_the_encoder_knows_by_scraps_are_no_noise(agent, car):
    assert not agent.hear("turn on air recirculation").asked and car.signals["Vehicle.Cabin.HVAC.IsRecirculationActive"] is True


@pytest.mark.parametrize(
    ("said", "correction", "left", "right", "roof"),
    [
        ("open the left window", "no, the other window", 0.0, 100.0, 0.0),
        ("open the passenger's window", "no, mine", 100.0, 0.0, 0.0),
        ("open my window", "no, the sunroof", 0.0, 0.0, 100.0),
        ("open my window", "close it again", 0.0, 0.0, 0.0),
        ("open my window", "never mind", 0.0, 0.0, 0.0),
        ("open my window", "all of them", 100.0, 100.0, 0.0),
        ("hello", "open my window, I mean the passenger's", 0.0, 100.0, 0.0),
    ],
)
def test_a_correction_undoes_what_it_does_not_reach(agent, car, said, correction, left, right, roof):
    agent.hear(said)
    agent.hear(correction)
    assert [car.signals[path] for path in (DOOR.format("Driver"), DOOR.format("Passenger"), SUNROOF)] == [left, right, roof]


@pytest.mark.parametrize(
    ("said", "correction", "wish"),
    [
        ("turn left", "sorry, I meant right", TakeTurn(Side.RIGHT)),
        ("take the second left", "no, the third", TakeTurn(Side.LEFT, 3)),
        ("take me to the airport", "actually, to the station", GoTo("the station")),
        ("turn left", "cancel that", TakeTurn(Side.STRAIGHT)),
        ("hello", "turn left... no, right", TakeTurn(Side.RIGHT)),
    ],
)
def test_wishes_are_corrected(agent, said, correction, wish):
    agent.hear(said)
    assert wishes(agent.hear(correction)) == [wish]


@pytest.mark.parametrize("said", ["open my window", "turn left", "take me to the airport", "drive no faster than 40"])
@pytest.mark.parametrize("correction", ["no, run the red light", "sorry, I meant drive 200", "no, on the pavement"])
def test_a_correction_makes_nothing_unsafe_pass(agent, car, said, correction):
    agent.hear(said)
    asked = len(car.requests)
    assert not agent.hear(correction).requests and len(car.requests) == asked


def test_a_correction_hides_neither_a_hazard_nor_a_stop(agent):
    assert agent.hear("run the red light, no, turn left").refused
    assert wishes(agent.hear("stop, no wait, don't stop")) == [PullOver()]


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("stop, no, right here", True),
        ("pull over, no, on the right", True),
        ("stop, no, quicker", True),
        ("stop, no, faster", True),
        ("stop, no, that's too fast", True),
        ("stop, no, stop on the right", True),
        ("I'm getting out here, turn off the music", True),
        ("we are stopping here, turn off the music", True),
        ("stop, no, turn off the music", True),
        ("stop on the right", True),
        ("stop, no, turn left and run the red light", True),
        ("stop, no, turn left", False),
        ("stop, no, drive on", False),
        ("stop, actually keep going", False),
    ],
)
def test_only_driving_on_or_a_whole_request_takes_the_place_of_a_stop(agent, text, stays):
    asked = wishes(agent.hear(text))
    assert asked == [PullOver()] if stays else asked in ([GoOn()], [TakeTurn(Side.LEFT)])


@pytest.mark.parametrize(
    ("correction", "wish"),
    [
        ("no, right here", PullOver()),
        ("no, on the right", PullOver()),
        ("no, quicker", PullOver()),
        ("no, turn left", TakeTurn(Side.LEFT)),
        ("no, drive on", GoOn()),
    ],
)
def test_nor_does_the_next_sentence_talk_a_stop_away(agent, correction, wish):
    agent.hear("stop the car")
    assert wishes(agent.hear(correction)) == [wish]


def test_what_the_gate_refuses_a_correction_moves_nothing_and_what_it_does_is_told(agent, car):
    opened = agent.hear("open the sunroof").changes
    response = agent.hear("no, the trunk")
    assert response.refused and response.changes == () and car.signals[SUNROOF] == opened[0].after
    response = agent.hear("no, my window")
    assert [change.path for change in response.changes] == [DOOR.format("Driver"), SUNROOF] and car.signals[SUNROOF] == 0.0


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("turn right, no, stop", [PullOver()]),
        ("turn left, stop", [TakeTurn(Side.LEFT), PullOver()]),
        ("turn left and stop", [TakeTurn(Side.LEFT), PullOver()]),
        ("stop here, on the right, no, on the left", [PullOver()]),
        ("turn left, stop, no, right here", [TakeTurn(Side.LEFT), PullOver()]),
    ],
)
def test_a_stop_beside_a_turn_is_heard(agent, text, asked):
    assert wishes(agent.hear(text)) == asked


def test_a_stop_is_not_taken_back_by_a_cancel(agent):
    assert wishes(agent.hear("stop the car")) == [PullOver()]
    response = agent.hear("never mind")
    assert not response.requests and "drive on" in response.text


def test_a_no_is_still_an_answer(agent, car):
    agent.hear("play some jazz")
    before = car.signals.snapshot()
    assert agent.hear("no way").text == "All right." and car.signals.snapshot() == before


def test_the_same_elsewhere_is_as_much_and_not_a_step_more(agent, car):
    for text in ("turn on my seat heating", "a bit less", "and the passenger's too"):
        agent.hear(text)
    assert car.signals["Vehicle.Cabin.Seat.Row1.PassengerSide.HeatingCooling"] == 30.0


def test_three_things_in_one_breath_are_three(agent, car):
    response = agent.hear("set the temperature to 20, turn on the seat heating and drive gently")
    assert car.signals[WARMTH.format(1, "Driver")] == 20.0 and car.signals["Vehicle.Cabin.Seat.Row1.DriverSide.HeatingCooling"] == 60.0
    assert len(response.requests) == 1


def test_another_place_takes_the_place_of_the_first(agent):
    agent.hear("take me to the station")
    assert [request.wish for request in agent.hear("actually the airport").requests] == [GoTo("the airport")]


def test_each_seat_gets_its_number(agent, car):
    agent.hear("22 degrees for the passenger and 19.5 for me")
    assert (car.signals[WARMTH.format(1, "Passenger")], car.signals[WARMTH.format(1, "Driver")]) == (22.0, 19.5)


def test_the_windows_are_all_of_them(agent, car):
    agent.hear("open the windows")
    assert car.signals["Vehicle.Cabin.Door.Row2.PassengerSide.Window.Position"] == 100.0


def test_a_reason_is_no_request_of_its_own(agent):
    assert len(agent.hear("turn on the light inside, I lost my earring").changes) == 1
    assert is_reason("I lost my keys", "give me light, I lost my keys") and not is_reason("it is cold", "open the window and it is cold")


@pytest.mark.parametrize(
    ("label", "clause", "runs", "name"),
    [
        ("media.play", "play Let It Be by the Beatles", [(12, 14)], "Let It Be by the Beatles"),
        ("phone.call", "call Anna on her mobile", [(5, 9)], "Anna"),
        ("phone.call", "call the office and say hello", [(9, 15)], "the office"),
        ("drive.go_to", "take me home", [(5, 12)], "home"),
        ("drive.go_to", "take me to the airport please", [(15, 22)], "the airport"),
        ("drive.go_to", "go home instead", [], "home"),
    ],
)
def test_names_are_whole(label, clause, runs, name):
    assert name_in(label, clause, runs) == name


def test_a_question_about_a_state_is_answered(agent, car):
    assert as_statement("is it raining?") == "it is raining" and agent.hear("is it raining?").text == "No."
    car.meet({"rain": 40})
    assert agent.hear("is it raining?").text == "Yes."


def test_who_finds_the_braking_too_hard_wishes_no_harm():
    assert finds_it_too_hard("please don't brake so hard") and not finds_it_too_hard("don't brake for people")


def test_what_the_driver_sees_belongs_to_what_is_meant(agent, car):
    assert "see no vehicle" in agent.hear("stop behind the car in front").text
    car.situation = replace(car.situation, lead=22.0, light="red")
    assert "behind the vehicle 22 metres ahead" in agent.hear("stop behind the car in front").text
    assert "not which one" in agent.hear("stop behind the red van").text
    assert agent.hear("what is ahead?").text == "I see a vehicle 22 metres ahead and a red light."
    assert agent.hear("is the light green?").text == "I see a red light."
    assert "can't tell" in agent.hear("do you see the cyclist?").text


def test_a_child_in_the_back_corrects_no_driving(agent, car):
    agent.hear("turn left")
    response = agent.hear("no, right", seat=Place.REAR_DRIVER)
    assert response.refused and wishes(response) == []
