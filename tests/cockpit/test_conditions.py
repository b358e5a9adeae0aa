"""What is put off: the whole of it, under the condition that was named; a condition or a time that the car cannot watch is asked about, and nothing is
done now instead."""

import pytest

from caravela.cockpit.reading.intents import Beyond, CabinCall, Condition, DrivingWish, Unclear
from caravela.cockpit.reading.sharing import shared
from caravela.cockpit.reading.times import minutes_in

RAIN, DRY, ARRIVE, OFF_THE_MOTORWAY = (Condition(kind) for kind in ("rain", "dry", "arrive", "leave_motorway"))
SHUT, WIPE = "window.position off", "wiper.front on"


def heard(understanding, text):
    """(what is asked of which tool, what it waits for) of a text."""
    return [
        (f"{step.intent.call.tool} {step.intent.call.operation}" if isinstance(step.intent, CabinCall) else step.intent, step.condition)
        for step in understanding(text)
    ]


@pytest.mark.parametrize(
    ("text", "condition", "deeds"),
    [
        ("when we leave the motorway open the windows and turn off the AC", OFF_THE_MOTORWAY, ["window.position on", "climate.air_conditioning off"]),
        ("when it rains close the windows and turn on the wipers", RAIN, [SHUT, WIPE]),
        ("when it rains close the windows, then turn on the wipers", RAIN, [SHUT, WIPE]),
        ("when it rains, close the windows, then turn on the wipers", RAIN, [SHUT, WIPE]),
        ("when it stops raining open the windows and turn off the wipers", DRY, ["window.position on", "wiper.front off"]),
        ("if it rains close the windows and the roof", RAIN, [SHUT, "sunroof.position off"]),
        ("when we arrive turn off the music and open the boot", ARRIVE, ["media.playback off", "boot.open on"]),
        ("please when it rains could you close the windows", RAIN, [SHUT]),
        ("turn on the wipers and close the windows when it rains", RAIN, [WIPE, SHUT]),
        ("in five minutes turn on the seat heating, then close the sunroof", Condition("minutes", 5.0), ["seat.heating on", "sunroof.position off"]),
        ("open my window in ten seconds", Condition("minutes", 1.0 / 6.0), ["window.position on"]),
        ("turn on the wipers in an hour and a half", Condition("minutes", 90.0), [WIPE]),
        ("when the battery hits 90 percent open the roof", Condition("charged", 90.0), ["sunroof.position on"]),
    ],
)  # fmt: skip
def test_a_condition_binds_all_that_follows_on_it(understanding, text, condition, deeds):
    assert heard(understanding, text) == [(deed, condition) for deed in deeds]


def test_a_condition_binds_no_further_than_its_sentence(understanding):
    assert heard(understanding, "when it rains, close the windows. turn on the wipers") == [(SHUT, RAIN), (WIPE, None)]


def test_a_condition_may_follow_on_a_request_that_has_none(understanding):
    (turn, now), closing = heard(understanding, "turn left and when it rains close the windows")
    assert isinstance(turn, DrivingWish) and now is None and closing == (SHUT, RAIN)


@pytest.mark.parametrize(
    "text",
    [
        "unless it rains open the sunroof",
        "open the sunroof unless it rains",
        "lock the car when I leave",
        "open the window when the passenger asks",
        "in a million minutes open the window",
        "in minus five minutes open the window",
        "in -5 minutes open the window",
        "in 0 minutes open the window",
        "in a few minutes open the window",
        "at 5 pm turn on the heating",
        "turn on the radio tomorrow",
        "when the battery hits 250 percent open the roof",
        "if it rains close the windows, otherwise open them",
    ],
)
def test_what_cannot_be_watched_is_asked_about_and_not_done_now(understanding, agent, car, text):
    assert [condition for _, condition in heard(understanding, text)] == [Unclear()]
    before = car.signals.snapshot()
    response = agent.hear(text)
    assert response.asked and not agent.waiting and car.signals.snapshot() == before


@pytest.mark.parametrize(
    "text", ["open the window for two minutes", "turn on the seat heating for ten minutes", "until we arrive keep the music low"]
)
def test_what_shall_end_by_itself_is_not_done_by_half(understanding, agent, car, text):
    assert heard(understanding, text) == [(Beyond("lasting"), None)]
    before = car.signals.snapshot()
    assert "end" in agent.hear(text).text and car.signals.snapshot() == before


@pytest.mark.parametrize(
    ("text", "deed"),
    [
        ("open the window if you can", "window.position on"),
        ("if it's possible, close the sunroof", "sunroof.position off"),
        ("close the window at once", "window.position off"),
        ("when do we arrive", "navigation.arrival ask"),
        ("do you know when we arrive", "navigation.arrival ask"),
        ("charge until 80 percent", "charging.limit set"),
    ],
)
def test_a_courtesy_or_a_question_waits_for_nothing(understanding, text, deed):
    assert heard(understanding, text) == [(deed, None)]


@pytest.mark.parametrize(
    "text",
    [
        "stop when it's safe",
        "stop as soon as you can",
        "stop the car when you see a pharmacy",
        "stop for five minutes",
        "if a child runs onto the road, stop",
    ],
)
def test_a_stop_waits_for_nothing_that_cannot_be_watched(agent, text):
    assert [type(request.wish).__name__ for request in agent.hear(text).requests] == ["PullOver"]


def test_seconds_are_told_as_seconds(agent):
    assert "in 10 seconds" in agent.hear("open my window in ten seconds").text
    assert "in 1 minute:" in agent.hear("open my window in a minute").text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("ten minutes", 10.0), ("half an hour", 30.0), ("three quarters of an hour", 45.0), ("an hour and a half", 90.0), ("two and a half minutes", 2.5),
     ("90 seconds", 1.5), ("a couple of minutes", 2.0), ("twenty-five minutes", 25.0), ("a million minutes", None), ("minus five minutes", None),
     ("-5 minutes", None), ("0 minutes", None), ("five to ten minutes", None), ("30 hours", None), ("the park", None)],
)  # fmt: skip
def test_a_time_is_understood_to_the_last_word_or_not_at_all(text, minutes):
    assert minutes_in(text) == (minutes if minutes is None else pytest.approx(minutes))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("close the windows and the roof", ["close the windows", "close the roof"]),
        ("turn the music and the AC off", ["turn the music off", "turn the AC off"]),
        ("close the windows and the roof and turn on the wipers", ["close the windows", "close the roof", "turn on the wipers"]),
        ("turn off the navigation voice and the lane warnings", ["turn off the navigation voice", "turn off the lane warnings"]),
        ("close the windows, the rain comes in", []),
        ("turn on the radio and the volume up", []),
        ("play Simon and the Garfunkels", []),
        ("open the window and the seat is cold", []),
    ],
)
def test_things_that_share_a_verb_each_get_it(text, pieces):
    assert shared(text) == pieces
