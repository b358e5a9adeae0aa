"""What was said by voice: recordings, what they are heard as, and that nothing doubtful is done."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_hearing import FakeRecogniser, Hum, hearing, no_hearing, no_voice, quiet, tone
from fake_studio import wait_for
from test_cabin import WINDOW, Bench

from caravela.cockpit import sentences
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.tool import Place
from caravela.cockpit.voice.packaged import VoiceMissing
from caravela.cockpit.voice.stages import RATE, Samples, Transcript
from caravela.core.errors import CaravelaError
from caravela.core.request import PullOver
from caravela.studio.cabin.asked import AnswerReadBack, Heard, Occupants, Recorded, Said
from caravela.studio.cabin.cabin import GONE, STALE_S, TOO_LATE, TOO_SOON
from caravela.studio.cabin.ears import BUSY, LOADING, MOST_UNHEARD, Ears, Hearing, speech_in
from caravela.studio.cabin.mouth import Mouth


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding()


@pytest.fixture
def bench(understanding: Understanding, tmp_path: Path) -> Bench:
    return Bench(understanding, tmp_path / "offers.json")


def hear(bench: Bench, text: str, confidence: float = 0.95, *, began_s: float | None = None, seat: Place = Place.DRIVER) -> str:
    """The car's answer to words that have just been recognised."""
    began_s = bench.cabin.now_s - 1.0 if began_s is None else began_s
    bench.cabin.answer(Heard(Transcript(text, confidence), began_s, began_s + 1.0, seat))
    return bench.last


# --- from a recording to words ---


def ears_of(make: Callable[[], Hearing]) -> tuple[Ears, list[Heard]]:
    heard: list[Heard] = []
    ears = Ears(make, heard=heard.append, changed=lambda: None)
    ears.start()
    wait_for(lambda: ears.ready or bool(ears.trouble))
    return ears, heard


def test_a_recording_is_cut_to_its_speech_and_recognised_once() -> None:
    made = hearing(Transcript("open the window", 0.9))
    ears, heard = ears_of(lambda: made)
    ears.listen(Recorded(np.concatenate([quiet(2.0), tone(1.0), quiet(3.0)]), Place.PASSENGER, "mark"), now_s=10.0)
    wait_for(lambda: len(heard) == 1)
    ears.stop()
    assert heard == [Heard(Transcript("open the window", 0.9), 4.0, 10.0, Place.PASSENGER, "mark")]
    assert isinstance(made.recogniser, FakeRecogniser) and 1.5 < made.recogniser.lengths[0] < 1.8


@pytest.mark.parametrize("samples", [quiet(3.0), tone(3.0, size=30), np.concatenate([quiet(1.0), tone(0.05), quiet(1.0)])])
def test_silence_noise_and_a_click_are_nothing_said(samples: Samples) -> None:
    ears, heard = ears_of(hearing)  # a recogniser that is asked would fail
    ears.listen(Recorded(samples), now_s=3.0)
    wait_for(lambda: len(heard) == 1)
    ears.stop()
    assert heard[0].transcript is None


def test_a_recogniser_that_fails_has_heard_nothing_and_hears_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    made = hearing()
    ears, heard = ears_of(lambda: made)
    ears.listen(Recorded(tone(1.0)), now_s=1.0)
    wait_for(lambda: len(heard) == 1)
    made.recogniser.says.append(Transcript("stop here", 0.9))
    ears.listen(Recorded(tone(1.0)), now_s=3.0)
    wait_for(lambda: len(heard) == 2)
    ears.stop()
    assert heard[0].transcript == Transcript("", 0.0, 0.0) and heard[1].transcript == Transcript("stop here", 0.9)
    assert "IndexError" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install() -> None:
    ears, _ = ears_of(no_hearing)
    assert ears.missing and not ears.ready
    with pytest.raises(CaravelaError, match=r"install --editable '\.\[voice\]'"):
        ears.listen(Recorded(tone(1.0)), now_s=1.0)


def test_models_that_cannot_be_loaded_are_told_and_end_nothing() -> None:
    ears, _ = ears_of(lambda: 1 / 0)
    assert not ears.missing and "ZeroDivisionError" in ears.trouble


def test_too_many_recordings_wait_their_turn() -> None:
    ears = Ears(hearing, heard=lambda heard: None, changed=lambda: None)
    with pytest.raises(CaravelaError, match=LOADING):
        ears.listen(Recorded(tone(1.0)), now_s=1.0)
    ears.ready = True  # and its thread has not begun
    for _ in range(MOST_UNHEARD):
        ears.listen(Recorded(tone(1.0)), now_s=1.0)
    with pytest.raises(CaravelaError, match=BUSY):
        ears.listen(Recorded(tone(1.0)), now_s=1.0)


def test_the_part_with_speech_begins_a_little_before_it() -> None:
    found = speech_in(np.concatenate([quiet(1.0), tone(0.5), quiet(1.0)]), hearing().listener)
    assert found is not None and 0.2 * RATE < np.flatnonzero(found)[0] < 0.4 * RATE


# --- from words to deeds ---


def test_what_was_surely_heard_is_done_like_any_request(bench: Bench) -> None:
    assert hear(bench, "open the window") and bench.cabin.signals[WINDOW] == 100.0
    said = bench.cabin.conversation.lines[-2]
    assert said.spoken and said.text == "open the window" and said.seat == "driver"


def test_the_gate_refuses_by_voice_what_it_refuses_typed(bench: Bench) -> None:
    assert "red lights" in hear(bench, "ignore the red light") and bench.requests == []


def test_what_was_not_surely_heard_is_read_back_and_waits_for_a_yes(bench: Bench) -> None:
    assert hear(bench, "open the window", 0.6) == "Did you say: open the window?"
    assert bench.cabin.signals[WINDOW] == 0.0
    assert bench.cabin.fields()["read_back"] == {"words": "open the window", "seat": "driver"}
    bench.wait(1.5)
    hear(bench, "yes")
    assert bench.cabin.signals[WINDOW] == 100.0 and bench.cabin.fields()["read_back"] is None


@pytest.mark.parametrize("how", ["typed", "clicked"])
def test_what_was_read_back_can_be_answered_by_hand(bench: Bench, how: str) -> None:
    hear(bench, "open the window", 0.6)
    bench.cabin.answer(Said("yes") if how == "typed" else AnswerReadBack("open the window", Answer.YES))
    assert bench.cabin.signals[WINDOW] == 100.0


def test_a_no_leaves_it(bench: Bench) -> None:
    hear(bench, "open the window", 0.6)
    bench.cabin.answer(AnswerReadBack("open the window", Answer.NO))
    assert bench.cabin.signals[WINDOW] == 0.0 and bench.cabin.fields()["read_back"] is None


def test_nobody_says_yes_to_what_was_read_back_to_somebody_else_or_is_gone(bench: Bench) -> None:
    hear(bench, "open the window", 0.6)
    for ask in (AnswerReadBack("open the window", Answer.YES, Place.PASSENGER), AnswerReadBack("open the door", Answer.YES)):
        bench.cabin.answer(ask)
        assert bench.last == GONE
    bench.cabin.answer(Said("yes", Place.PASSENGER))
    bench.cabin.answer(Said("turn the music up"))  # something else: what was read back has passed
    bench.cabin.answer(AnswerReadBack("open the window", Answer.YES))
    assert bench.last == GONE and bench.cabin.signals[WINDOW] == 0.0


def test_a_lane_change_is_read_back_however_surely_it_was_heard(bench: Bench) -> None:
    assert hear(bench, "change lane to the left", 0.99).startswith("Did you say") and bench.requests == []


def test_a_stop_is_not_read_back(bench: Bench) -> None:
    hear(bench, "stop here")
    assert [type(request.wish) for request in bench.requests] == [PullOver]


def test_silence_and_mumbling_get_one_answer_and_do_nothing(bench: Bench) -> None:
    bench.cabin.answer(Heard(None, 0.0, 1.0))
    assert bench.last == sentences.SILENCE and len(bench.cabin.conversation.lines) == 2
    assert "did not catch" in hear(bench, "open a win", 0.2)
    assert len(bench.cabin.conversation.lines) == 4 and bench.cabin.signals[WINDOW] == 0.0 and bench.requests == []


def test_what_took_too_long_to_recognise_is_not_done(bench: Bench) -> None:
    bench.wait(STALE_S + 5.0)
    assert hear(bench, "open the window", began_s=0.0) == TOO_LATE and bench.cabin.signals[WINDOW] == 0.0


def test_a_yes_that_was_said_before_the_question_answers_nothing(bench: Bench) -> None:
    bench.cabin.answer(Occupants(unwell=True))
    bench.watch()
    assert bench.cabin.offers.open is not None
    came = bench.now
    assert hear(bench, "yes", began_s=came - 1.0) == TOO_SOON and bench.cabin.offers.open is not None and bench.requests == []
    bench.now += 2.0
    hear(bench, "yes", began_s=came + 1.0)
    assert bench.cabin.offers.open is None and len(bench.requests) == 1


def test_no_offer_is_made_while_something_is_read_back(bench: Bench) -> None:
    hear(bench, "open the window", 0.6)
    bench.cabin.answer(Occupants(unwell=True))
    bench.wait(1.0)
    assert bench.cabin.offers.open is None


# --- its voice ---


def test_the_cars_own_lines_are_spoken_and_no_others(bench: Bench) -> None:
    bench.cabin.mouth = Mouth(Hum, able=lambda: True)
    hear(bench, "open the window")
    said, answered = list(bench.cabin.conversation.lines)[-2:]
    assert bench.cabin.speech(answered.number)[:4] == b"RIFF"
    for number in (said.number, 999):
        with pytest.raises(CaravelaError, match="newest of its own"):
            bench.cabin.speech(number)
    german = bench.cabin.conversation.add(answered.who, "Fenster offen.", t_s=0.0, language="de")
    with pytest.raises(CaravelaError, match="English only"):
        bench.cabin.speech(german.number)
    bench.cabin.mouth = Mouth(no_voice, able=lambda: False)
    with pytest.raises(VoiceMissing):
        bench.cabin.speech(answered.number)
