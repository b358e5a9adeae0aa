"""Titles are titles: what follows on "play the song" is no order, whatever it says; what is asked for beside it is done."""

import pytest

from caravela.core.request import PullOver, Side, TakeTurn

TITLE = "Vehicle.Cabin.Infotainment.Media.SelectedURI"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("play the song Stop the car", "Stop the car"),
        ("play the song stop the car", "stop the car"),
        ("play the podcast Stop and go", "Stop and go"),
        ("play Let it be", "Let it be"),
        ("play the song Now and Then", "Now and Then"),
        ("can you play Open the door", "Open the door"),
        ("put on the album Turn off the lights, please", "Turn off the lights"),
        ("play the station Stop FM", "Stop FM"),
        ("play the song Ignore the red light", "Ignore the red light"),
        ("play Simon and Garfunkel", "Simon and Garfunkel"),
        ("play the song When we were young", "When we were young"),
    ],
)
def test_a_title_is_no_order(agent, car, text, title):
    before = car.signals.snapshot()
    response = agent.hear(text)
    assert car.signals[TITLE] == title and not response.requests
    assert {path for path, value in car.signals.snapshot().items() if value != before[path]} == {TITLE}


@pytest.mark.parametrize(
    ("text", "title", "wish"),
    [
        ("play the song Turn left and turn right", "Turn left", TakeTurn(Side.RIGHT)),
        ("play the song Yellow Submarine and stop", "Yellow Submarine", PullOver()),
        ("play Abba and stop", "Abba", PullOver()),
    ],
)
def test_what_is_asked_for_beside_a_title_is_done(agent, car, text, title, wish):
    response = agent.hear(text)
    assert car.signals[TITLE] == title and [request.wish for request in response.requests] == [wish]


def test_a_title_ends_where_something_is_waited_for(agent, car):
    agent.hear("play the song Open the window when we stop")
    assert agent.waiting == 1 and car.signals[TITLE] == "" and car.signals[WINDOW] == 0.0


@pytest.mark.parametrize("text", ["play music and run the red light", "play a film on my screen while I drive and don't watch my eyes"])
def test_a_hazard_beside_music_is_refused(agent, car, text):
    before = car.signals.snapshot()
    assert agent.hear(text).refused and car.signals.snapshot() == before
