"""The stages together, with stand-ins for the models: what is noticed, recognised and spoken is written down in the test."""

import numpy as np
import pytest

from caravela.cockpit.voice.conversation import Conversation
from caravela.cockpit.voice.session import Session
from caravela.cockpit.voice.stages import FRAME, FRAME_S, Audio, Noticed, Transcript
from caravela.cockpit.voice.turns import TurnConfig

SUNROOF = "Vehicle.Cabin.Sunroof.Position"


class LoudIsSpeech:
    """A listener for which whatever is loud is speech, and a frame that begins with -1 holds the wake word."""

    def notice(self, frame):
        return Noticed(0.9 if np.abs(frame).max() > 1000 else 0.0, bool(frame[0] == -1))

    def reset(self):
        pass


class Says:
    """A recogniser that has made up its mind."""

    def __init__(self, *transcripts):
        self.transcripts, self.heard = list(transcripts), []

    def recognise(self, samples):
        self.heard.append(len(samples))
        return self.transcripts.pop(0)


class Beeps:
    """A speaker of half a second a reply."""

    def speak(self, text):
        return Audio(np.ones(8_000, np.int16))


def play(session, seconds, loud, *, wake=False):
    found = []
    for number in range(round(seconds / FRAME_S)):
        frame = np.full(FRAME, loud, np.int16)
        frame[0] = -1 if wake and number == 0 else loud
        found.append(session.hear(frame))
    return [turn for turn in found if turn is not None]


@pytest.fixture
def ticking():
    """A clock of work that moves by 100 ms at each look."""
    looks = iter(range(10_000))
    return lambda: 0.1 * next(looks)


def test_a_sentence_becomes_a_deed_and_a_spoken_answer(agent, car, ticking):
    voice = Conversation(agent, name="Hey Jarvis")
    session = Session(LoudIsSpeech(), Says(Transcript("Hey Jarvis, open the sunroof.", 0.9)), voice, speaker=Beeps(), clock=ticking)
    assert play(session, 1, 10) + play(session, 2, 5000, wake=True) == []
    (turn,) = play(session, 1, 10)
    assert car.signals[SUNROOF] == 100.0 and turn.speech.seconds == 0.5 and session.woken == 1
    assert (turn.recognise_ms, turn.agent_ms, turn.speak_ms) == pytest.approx((100.0, 100.0, 100.0))
    assert turn.delay_s == pytest.approx(turn.clear_s - turn.ended_s + 0.3)


def test_what_was_put_off_is_done_and_spoken_once_nobody_speaks(agent, car):
    session = Session(LoudIsSpeech(), Says(Transcript("Yes.", 0.9)), Conversation(agent), speaker=Beeps(), config=TurnConfig(wake=False))
    agent.hear("in one minute open the sunroof")
    car.meet({"seconds": 61})
    assert play(session, 1, 5000) == [] and session.tick() is None and car.signals[SUNROOF] == 0.0
    assert len(play(session, 1, 10)) == 1
    turn = session.tick()
    assert car.signals[SUNROOF] == 100.0 and turn.speech.seconds == 0.5 and "sunroof" in turn.answered.text
    assert session.tick() is None


def test_what_was_put_off_takes_no_answer_away(agent, car):
    asks = Transcript("Hey Jarvis, set the temperature.", 0.9)
    voice = Conversation(agent, name="Hey Jarvis")
    session = Session(LoudIsSpeech(), Says(asks, Transcript("To 21.", 0.9)), voice)
    agent.hear("in one minute open the sunroof")
    (turn,) = play(session, 2, 5000, wake=True) + play(session, 1, 10)
    assert turn.answered.listen_on
    car.meet({"seconds": 61})
    assert session.tick().answered.response.changes
    assert len(play(session, 1, 5000) + play(session, 1, 10)) == 1, "it still waits for the temperature"


def test_without_a_speaker_the_answer_is_text(agent):
    session = Session(LoudIsSpeech(), Says(Transcript("How fast are we going?", 0.9)), Conversation(agent), config=TurnConfig(wake=False))
    (turn,) = play(session, 1, 5000) + play(session, 1, 10)
    assert turn.speech is None and "36" in turn.answered.text


def test_nothing_is_recognised_that_was_not_said_to_the_car(agent, car):
    recogniser = Says()
    session = Session(LoudIsSpeech(), recogniser, Conversation(agent, name="Hey Jarvis"))
    assert play(session, 3, 5000) + play(session, 3, 10) == [] and session.finish() is None
    assert recogniser.heard == [] and car.requests == []


def test_while_an_answer_plays_the_car_is_deaf(agent):
    asks = Transcript("Set the temperature.", 0.9)
    session = Session(LoudIsSpeech(), Says(asks, asks), Conversation(agent), speaker=Beeps(), config=TurnConfig(wake=False), plays=True)
    (turn,) = play(session, 1, 5000) + play(session, 0.7, 10)
    assert turn.answered.listen_on
    assert play(session, 0.4, 5000) + play(session, 1, 10) == []  # half a second of its own voice
    assert len(play(session, 0.5, 5000) + play(session, 1, 10)) == 1


def test_what_does_not_stop_is_answered_and_not_recognised(agent):
    recogniser = Says()
    session = Session(LoudIsSpeech(), recogniser, Conversation(agent), config=TurnConfig(wake=False))
    turns = play(session, 20, 5000)
    assert [turn.answered.response for turn in turns] == [None] and turns[0].answered.text and recogniser.heard == []
