"""Opposites, corrections and exclusions: what is taken back, left out or contradicted is not done, and what is put in its place is."""

import pytest

from caravela.cockpit.reading.intents import CabinCall, Contradiction, DrivingWish, FollowUp, Missing, Negated
from caravela.cockpit.tool import SEATS, Operation, Place
from caravela.core.request import PullOver, Side, TakeTurn

LEFT, RIGHT = TakeTurn(Side.LEFT), TakeTurn(Side.RIGHT)


def told(understanding, text):
    """The calls as (tool, operation, value), wishes as they are, and other intents as they are."""
    found = []
    for step in understanding(text):
        match step.intent:
            case CabinCall(call):
                found.append((call.tool, str(call.operation), call.value))
            case DrivingWish(wish):
                found.append(wish)
            case intent:
                found.append(intent)
    return found


@pytest.mark.parametrize(
    "text", ["open the doors", "open all the doors", "open the car doors", "open the rear doors", "open up the doors, quick", "could you open the doors", "doors open"]
)  # fmt: skip
def test_open_doors_are_never_locked_ones(understanding, text):
    assert told(understanding, text)[0][:2] == ("door.open", "on")


@pytest.mark.parametrize(
    ("text", "deed"),
    [
        ("close the doors", ("door.open", "off", None)),
        ("close the rear doors", ("door.open", "off", None)),
        ("lock the doors", ("door.lock", "on", None)),
        ("unlock the doors", ("door.lock", "off", None)),
        ("keep the doors closed", ("door.lock", "on", None)),
        ("open the boot", ("boot.open", "on", None)),
    ],
)
def test_locks_and_doors_are_two_things(understanding, text, deed):
    assert told(understanding, text) == [deed]


def test_doors_that_are_put_off_are_opened_too(understanding):
    assert told(understanding, "when we arrive open the doors") == [("door.open", "on", None)]


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("turn left then right then stop", [LEFT, RIGHT, PullOver()]),
        ("turn left and then right", [LEFT, RIGHT]),
        ("don't turn left, turn right", [Negated(), RIGHT]),
        ("turn left, no right, no left", [LEFT]),
        ("turn left no right", [RIGHT]),
        ("don't turn left", [Negated()]),
        ("don't overtake", [Negated()]),
        ("don't go to Berlin", [Negated()]),
        ("turn left and right", [Contradiction()]),
        ("make it warmer and colder", [Contradiction()]),
        ("temperature 22 and 24", [Contradiction()]),
    ],
)
def test_turns_and_opposites(understanding, text, wishes):
    assert told(understanding, text) == wishes


@pytest.mark.parametrize(
    ("text", "deed"),
    [
        ("set the temperature to 22 no 24", ("climate.temperature", "set", 24.0)),
        ("window half, no three quarters", ("window.position", "set", 75.0)),
        ("set the volume to 20, no 30", ("media.volume", "set", 30.0)),
        ("make it colder", ("climate.temperature", "down", None)),
        ("high beam on and leave it on", ("light.high_beam", "on", None)),
        ("turn the high beam on and keep it on", ("light.high_beam", "on", None)),
        ("no music", ("media.playback", "off", None)),
    ],
)
def test_the_last_word_counts(understanding, text, deed):
    assert told(understanding, text) == [deed]


@pytest.mark.parametrize("text", ["open the window, but not mine", "open the windows but not mine", "open all the windows, not mine"])
def test_what_is_left_out_is_not_done(understanding, text):
    (step,) = understanding(text)
    assert isinstance(step.intent, CabinCall) and set(step.intent.call.places) == set(SEATS) - {Place.DRIVER}


def test_what_is_named_with_a_not_is_left(understanding):
    assert told(understanding, "open the windows but not the roof") == [("window.position", "on", None), Negated()]
    assert told(understanding, "close the windows but leave the roof open") == [("window.position", "off", None), Negated()]


@pytest.mark.parametrize("text", ["temperature 22 for me and 24 for her", "22 for me, 24 for her", "set my side to 20 and hers to 24"])
def test_two_people_get_two_temperatures(understanding, text):
    first, second = (step.intent for step in understanding(text))
    assert (first.call.places if isinstance(first, CabinCall) else first.places) == (Place.DRIVER,)
    assert isinstance(second, FollowUp) and second.places == (Place.PASSENGER,) and second.value == 24.0


@pytest.mark.parametrize(("text", "tool"), [("warmer by 100", "climate.temperature"), ("volume up by 200 percent", "media.volume")])
def test_a_difference_out_of_reach_is_asked_about(understanding, text, tool):
    (step,) = understanding(text)
    assert isinstance(step.intent, Missing) and step.intent.meaning == tool and step.intent.call.operation is Operation.SET
