"""The stages put together: frames in, turns out. Each turn says what was heard, what the agent did, what is answered, and how long each part
took. Without a speaker the answers stay text."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from caravela.cockpit import sentences
from caravela.cockpit.voice import turns
from caravela.cockpit.voice.conversation import Answered, Conversation
from caravela.cockpit.voice.stages import FRAME_S, Audio, Listener, Recogniser, Samples, Speaker, Transcript
from caravela.cockpit.voice.turns import Moment, NothingSaid, Said, State, TooLong, TurnConfig, Woken

ECHO_S = 0.2  # after an answer has been played, until it has left the room and the loudspeaker's buffer


@dataclass(frozen=True)
class Turn:
    """One thing that was said to the car, and its answer. Times are seconds from the first frame."""

    began_s: float
    ended_s: float
    clear_s: float  # when it was clear that the speaker had finished
    transcript: Transcript
    answered: Answered
    speech: Audio | None
    recognise_ms: float
    agent_ms: float
    speak_ms: float

    @property
    def delay_s(self) -> float:
        """From the speaker's last sound to the car's first."""
        return self.clear_s - self.ended_s + (self.recognise_ms + self.agent_ms + self.speak_ms) / 1000.0


class Session:
    """Voice with one car. `clock` counts seconds of work, `plays` says whether an answer is played, and takes its time, before it listens on."""

    def __init__(
        self,
        listener: Listener,
        recogniser: Recogniser,
        conversation: Conversation,
        *,
        speaker: Speaker | None = None,
        config: TurnConfig = TurnConfig(),
        plays: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._listener, self._recogniser, self._conversation, self._speaker = listener, recogniser, conversation, speaker
        self._config, self._plays, self._clock = config, plays, clock
        self._state: State = turns.begin(config)
        self.t_s = 0.0
        self.speech_s = 0.0  # heard in all
        self.woken = 0  # times

    def hear(self, frame: Samples) -> Turn | None:
        """One more `frame` (512,) at 16 kHz: a turn if one is over."""
        noticed = self._listener.notice(frame)
        self.t_s += FRAME_S
        self.speech_s += FRAME_S * (noticed.speech >= self._config.speech)
        self._state, event = turns.step(self._state, Moment(self.t_s, frame, noticed), self._config)
        return self._met(event)

    def finish(self) -> Turn | None:
        """The recording is over."""
        return self._met(turns.finish(self._state))

    def tick(self) -> Turn | None:
        """What was put off and has come due, done and spoken now, unless somebody speaks: then it waits for the next call."""
        if turns.speaking(self._state, self.t_s) or (answered := self._conversation.tick()) is None:
            return None
        waits = self._state.phase is turns.Phase.AWAKE  # for an answer, which this is no reason to miss
        nothing = Said(np.zeros(0, np.int16), self.t_s, self.t_s, self.t_s, False)
        return self._turn(nothing, Transcript("", 0.0, 0.0), replace(answered, listen_on=answered.listen_on or waits))

    def _met(self, event: turns.Event | None) -> Turn | None:
        match event:
            case Said():
                return self._answer(event)
            case TooLong(t_s):
                return self._turn(
                    Said(np.zeros(0, np.int16), t_s, t_s, t_s, False), Transcript("", 0.0, 0.0), Answered("", sentences.TOO_LONG)
                )
            case Woken():
                self.woken += 1
            case NothingSaid() | None:
                pass
        return None

    def _answer(self, said: Said) -> Turn:
        began = self._clock()
        transcript = self._recogniser.recognise(said.samples)
        recognised = self._clock()
        answered = self._conversation.hear(transcript, t_s=said.t_s, named=said.named)
        return self._turn(said, transcript, answered, (recognised - began, self._clock() - recognised))

    def _turn(self, said: Said, transcript: Transcript, answered: Answered, took: tuple[float, float] = (0.0, 0.0)) -> Turn:
        began = self._clock()
        speech = self._speaker.speak(answered.text) if self._speaker is not None and answered.text else None
        spoken_ms = 1000.0 * (self._clock() - began)
        # Frames wait while the car works, so its voice is heard that much later than it was decided on.
        deaf_s = sum(took) + spoken_ms / 1000.0 + speech.seconds + ECHO_S if speech is not None and self._plays else 0.0
        self._state = turns.answered(self._state, self.t_s + deaf_s, self._config, listen_on=answered.listen_on)
        return Turn(said.began_s, said.ended_s, said.t_s, transcript, answered, speech, 1000.0 * took[0], 1000.0 * took[1], spoken_ms)
