"""What is done with a transcript: surely heard, read back, or nobody's. No model of voice takes part."""

import pytest

from caravela.cockpit import sentences
from caravela.cockpit.tool import Place
from caravela.cockpit.voice import conversation
from caravela.cockpit.voice.conversation import AGAIN, GIVES_UP, LEFT, YES, Conversation, without_name
from caravela.cockpit.voice.stages import Transcript

SUNROOF = "Vehicle.Cabin.Sunroof.Position"
NAME = "Hey Jarvis"


@pytest.fixture
def voice(agent):
    return Conversation(agent, name=NAME)


def sure(text):
    return Transcript(text, 0.9)


def unsure(text):
    return Transcript(text, 0.6)


def test_what_was_surely_heard_is_done(voice, car):
    answered = voice.hear(sure("Hey Jarvis, open the sunroof."), t_s=1.0, named=True)
    assert car.signals[SUNROOF] == 100.0 and answered.heard == "open the sunroof." and not answered.listen_on


def test_what_may_be_wrong_is_read_back_and_done_after_a_yes(voice, car):
    answered = voice.hear(unsure("Hey Jarvis, open the sunroof."), t_s=1.0, named=True)
    assert answered.text == "Did you say: open the sunroof?" and answered.listen_on and answered.response is None
    assert car.signals[SUNROOF] == 0.0
    voice.hear(sure("Yes, please."), t_s=4.0)
    assert car.signals[SUNROOF] == 100.0


@pytest.mark.parametrize(
    ("next_said", "reply"),
    [(sure("No."), LEFT), (unsure("Yes."), AGAIN), (Transcript("Yes.", 0.9, speech=0.1), AGAIN), (Transcript("", 0.0, 0.0), AGAIN)],
)
def test_without_a_sure_yes_nothing_is_done(voice, car, next_said, reply):
    before = car.signals.snapshot()
    voice.hear(unsure("Hey Jarvis, open the sunroof."), t_s=1.0, named=True)
    assert voice.hear(next_said, t_s=4.0).text == reply
    assert car.signals.snapshot() == before and car.requests == []


def test_an_unsure_yes_is_asked_for_again_and_then_counts(voice, car):
    voice.hear(unsure("Hey Jarvis, open the sunroof."), t_s=1.0, named=True)
    voice.hear(unsure("Yes."), t_s=4.0)
    voice.hear(sure("Yes."), t_s=7.0)
    assert car.signals[SUNROOF] == 100.0


def test_a_yes_that_comes_late_confirms_nothing(voice, car):
    voice.hear(unsure("Hey Jarvis, open the sunroof."), t_s=1.0, named=True)
    voice.hear(sure("Yes."), t_s=1.0 + conversation.ANSWER_WITHIN_S + 1.0)
    assert car.signals[SUNROOF] == 0.0


def test_another_wish_takes_the_place_of_the_one_read_back(voice, car):
    before = car.signals.snapshot()
    voice.hear(unsure("Hey Jarvis, fold the mirrors."), t_s=1.0, named=True)
    voice.hear(sure("Open the sunroof."), t_s=4.0)
    voice.hear(sure("Yes."), t_s=8.0)
    assert {path for path, value in car.signals.snapshot().items() if value != before[path]} == {SUNROOF}


@pytest.mark.parametrize("wish", ["Overtake the van.", "Change to the left lane.", "Drive on."])
def test_what_weighs_much_is_read_back_however_surely_it_was_heard(voice, car, wish):
    assert voice.hear(sure(f"Hey Jarvis, {wish}"), t_s=1.0, named=True).listen_on and car.requests == []
    voice.hear(sure("Yes."), t_s=4.0)
    assert len(car.requests) == 1


def test_a_stop_is_not_read_back(voice, car):
    voice.hear(sure("Hey Jarvis, stop the car."), t_s=1.0, named=True)
    assert len(car.requests) == 1


def test_a_hazard_is_refused_after_a_yes_too(voice, car):
    before = car.signals.snapshot()
    voice.hear(unsure("Hey Jarvis, ignore the red light."), t_s=1.0, named=True)
    assert voice.hear(sure("Yes."), t_s=4.0).response.refused and car.signals.snapshot() == before and car.requests == []


def test_without_the_wake_word_in_the_transcript_it_is_read_back(voice, car):
    """It was noticed, and the recogniser heard something else: one of them is wrong."""
    assert voice.hear(sure("If you can teach artists, open the sunroof."), t_s=1.0, named=True).listen_on
    assert car.signals[SUNROOF] == 0.0


@pytest.mark.parametrize(
    "transcript", [Transcript("", 0.0, 0.0), Transcript("Open the sunroof.", 0.3), Transcript("Open the sunroof.", 0.9, 0.2)]
)
def test_what_is_no_speech_does_nothing_and_is_not_asked_about_for_ever(voice, car, transcript):
    before = car.signals.snapshot()
    told = [voice.hear(transcript, t_s=float(number)) for number in range(3)]
    assert [answered.text for answered in told] == [AGAIN, AGAIN, GIVES_UP] and not told[-1].listen_on
    assert car.signals.snapshot() == before and car.requests == []


def test_a_breath_is_no_end_of_a_request(voice, car):
    """Recognisers write "We are late. Get a move on.": one wish, not two."""
    voice.hear(sure("Hey Jarvis. We are late. Get a move on."), t_s=1.0, named=True)
    assert len(car.requests) == 1
    assert voice.hear(sure("Pull it up. Dr. Smith is here."), t_s=3.0).heard == "Pull it up, Dr. Smith is here."


def test_the_name_alone_is_answered(voice):
    answered = voice.hear(sure("Hey Jarvis."), t_s=1.0, named=True)
    assert answered.text == YES and answered.listen_on and answered.response is None


def test_the_agents_own_question_is_answered_by_voice(voice, car):
    assert voice.hear(sure("Hey Jarvis, set the temperature."), t_s=1.0, named=True).listen_on
    answered = voice.hear(sure("21 degrees."), t_s=4.0)
    assert "21" in answered.text and not answered.listen_on


def test_the_seat_is_handed_on(agent, car):
    voice = Conversation(agent, seat=Place.REAR_DRIVER)
    assert voice.hear(sure("open the sunroof"), t_s=1.0).response.changes[0].path == SUNROOF


def test_ten_thousand_characters_are_answered(voice, car):
    before = car.signals.snapshot()
    assert voice.hear(sure("open the sunroof " * 600), t_s=1.0).text == sentences.TOO_LONG and car.signals.snapshot() == before


@pytest.mark.parametrize(
    ("text", "rest", "found"),
    [
        ("Hey Jarvis, turn left.", "turn left.", True),
        ("Hey, Travis turn left.", "turn left.", True),
        ("and then? Hey Jarvis, turn left.", "turn left.", True),
        ("Hey Jarvis.", "", True),
        ("Turn left.", "Turn left.", False),
        ("open the sunroof and drive us to see Jarvis", "open the sunroof and drive us to see Jarvis", False),
        ("", "", False),
    ],
)
def test_the_wake_word_is_taken_off(text, rest, found):
    assert without_name(text, NAME) == (rest, found)
