"""Whose turn it is, without any model: frames are made up, and what a listener notices in them is written down beside them."""

import numpy as np
import pytest

from caravela.cockpit.voice import turns
from caravela.cockpit.voice.stages import FRAME, FRAME_S, Noticed
from caravela.cockpit.voice.turns import Moment, NothingSaid, Phase, Said, TooLong, TurnConfig, Woken

CONFIG = TurnConfig()
HELD = TurnConfig(wake=False)


class Tape:
    """Plays made-up sound into the state machine and collects what comes of it."""

    def __init__(self, config=CONFIG):
        self.config, self.state, self.t_s, self.events = config, turns.begin(config), 0.0, []

    def play(self, seconds, *, speech=0.0, loud=100, woken=False):
        """`loud` is the level, int16; with `woken` the wake word is noticed in the last frame."""
        count = round(seconds / FRAME_S)
        for number in range(count):
            self.t_s += FRAME_S
            frame = np.full(FRAME, loud, np.int16)
            moment = Moment(self.t_s, frame, Noticed(speech, woken and number == count - 1))
            self.state, event = turns.step(self.state, moment, self.config)
            if event is not None:
                self.events.append(event)
        return self

    def kinds(self):
        return [type(event) for event in self.events]


def test_speech_without_the_wake_word_is_nobodys():
    tape = Tape().play(2).play(5, speech=0.99, loud=5000).play(2)
    assert tape.events == [] and tape.state.phase is Phase.ASLEEP and turns.finish(tape.state) is None


def test_the_wake_word_alone_wakes_and_then_gives_up():
    tape = Tape().play(2).play(0.8, speech=0.9, loud=5000, woken=True).play(CONFIG.patience_s + 0.1)
    assert tape.kinds() == [Woken, NothingSaid] and tape.state.phase is Phase.ASLEEP


def test_a_sentence_in_one_breath_keeps_the_wake_word_and_ends_in_silence():
    tape = Tape().play(2).play(0.8, speech=0.9, loud=5000, woken=True).play(1.5, speech=0.9, loud=5000).play(1)
    assert tape.kinds() == [Woken, Said]
    said = tape.events[1]
    assert said.named and said.began_s < 2.0 < said.ended_s == pytest.approx(4.3, abs=0.05)
    assert said.t_s - said.ended_s == pytest.approx(CONFIG.end_s, abs=2 * FRAME_S)
    assert len(said.samples) / 16_000 == pytest.approx(said.t_s - said.began_s, abs=2 * FRAME_S)


def test_a_short_pause_does_not_end_a_sentence():
    tape = Tape().play(2).play(0.8, speech=0.9, loud=5000, woken=True)
    tape.play(1, speech=0.9, loud=5000).play(0.5).play(1, speech=0.9, loud=5000).play(1)
    assert tape.kinds() == [Woken, Said] and tape.events[1].ended_s > 5.0


def test_a_click_is_no_sentence():
    tape = Tape(HELD).play(1).play(0.1, speech=0.9, loud=9000).play(3)
    assert tape.events == [] and turns.finish(tape.state) is None


def test_the_end_is_found_among_other_voices():
    """A babble that counts as speech throughout, 10 dB below the speaker."""
    tape = Tape().play(3, speech=0.9, loud=1500).play(0.8, speech=0.9, loud=5000, woken=True).play(2, speech=0.9, loud=5000)
    tape.play(1.5, speech=0.9, loud=1500)
    assert tape.kinds() == [Woken, Said] and tape.events[1].ended_s == pytest.approx(5.8, abs=0.4)


def test_what_does_not_stop_is_given_up():
    tape = Tape().play(1).play(0.8, speech=0.9, loud=5000, woken=True).play(CONFIG.longest_s + 1, speech=0.9, loud=5000)
    assert tape.kinds() == [Woken, TooLong] and tape.state.phase is Phase.DEAF


def test_the_car_does_not_hear_itself():
    tape = Tape().play(2).play(0.8, speech=0.9, loud=5000, woken=True).play(1, speech=0.9, loud=5000).play(1)
    assert tape.state.phase is Phase.DEAF
    tape.play(1, speech=0.9, loud=5000, woken=True)
    tape.state = turns.answered(tape.state, tape.t_s + 2.0, CONFIG, listen_on=True)
    tape.play(1.9, speech=0.9, loud=8000, woken=True)  # its own voice, with the wake word in it
    assert tape.kinds() == [Woken, Said] and tape.state.phase is Phase.AWAKE


def test_after_a_question_no_wake_word_is_needed_and_otherwise_it_is():
    for listen_on, expected in ((True, [Said]), (False, [])):
        tape = Tape()
        tape.state = turns.answered(tape.state, 0.0, CONFIG, listen_on=listen_on)
        tape.play(1).play(1, speech=0.9, loud=5000).play(1)
        assert tape.kinds() == expected
        assert not any(event.named for event in tape.events)


def test_with_a_button_held_every_sentence_is_meant_and_nobody_gives_up():
    tape = Tape(HELD).play(20).play(1, speech=0.9, loud=5000).play(1)
    assert tape.kinds() == [Said] and not tape.events[0].named
    assert tape.events[0].began_s == pytest.approx(20.0 - HELD.before_s, abs=0.05)


def test_the_end_of_a_recording_ends_a_sentence():
    tape = Tape(HELD).play(1).play(1, speech=0.9, loud=5000)
    assert tape.events == [] and isinstance(turns.finish(tape.state), Said)


def test_a_long_sleep_keeps_little():
    tape = Tape().play(60)
    assert len(tape.state.kept) * FRAME_S <= CONFIG.before_wake_s + 2 * FRAME_S
