"""Push to talk: what a page recorded becomes words, in a thread of its own, so that recognising a sentence holds up neither ticks nor what is
typed. What the words are worth, and what is done, is the cabin's affair. The models are those of the extra `voice`; they hear English."""

import queue
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from caravela.cockpit.voice.packaged import PackagedListener, VoiceMissing, WhisperRecogniser
from caravela.cockpit.voice.stages import FRAME, FRAME_S, Listener, Recogniser, Samples, Transcript
from caravela.cockpit.voice.turns import TurnConfig
from caravela.core.errors import CaravelaError, install_hint
from caravela.studio.cabin.asked import Heard, Recorded

HELD = TurnConfig(wake=False)  # a button is held: everything in a recording is meant for the car
LONGEST_S = HELD.longest_s  # of a recording
EXTRA = install_hint("voice")
STOP_S = 20.0  # that the end waits for a model that is being loaded
MOST_UNHEARD = 4  # recordings that wait to be recognised
WAIT_S = 10.0  # for a cabin that is busy
BUSY = "I still listen to what was said before. Please say that again in a moment."
LOADING = "My hearing is not awake yet. Please type, or say it again in a moment."


@dataclass(frozen=True)
class Hearing:
    """What hears: `listener` tells speech from silence, `recogniser` turns it into text."""

    listener: Listener
    recogniser: Recogniser


def packaged_hearing() -> Hearing:
    """The packages of the extra `voice`. Raises VoiceMissing without it."""
    return Hearing(PackagedListener(None), WhisperRecogniser())


class Ears:
    """Recordings in, `heard` called for each; `changed` is called once it is known whether the car hears."""

    def __init__(self, make: Callable[[], Hearing], *, heard: Callable[[Heard], None], changed: Callable[[], None]) -> None:
        self._make, self._heard, self._changed = make, heard, changed
        self._waiting: queue.Queue[tuple[Recorded, float] | None] = queue.Queue(MOST_UNHEARD)
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
        self.ready = False
        self.missing = False  # the extra is not installed
        self.trouble = ""  # why nothing is heard; "" while that is not known

    def start(self) -> None:
        """Begin to load, then to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, once it has loaded or heard what it is at: a process that ends in the middle of either is aborted."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_S)

    def listen(self, recorded: Recorded, *, now_s: float) -> None:
        """Hear a recording that ended at `now_s`. Raises CaravelaError with a sentence for the page where that cannot be."""
        if not self.ready:
            raise CaravelaError(self.trouble or LOADING)
        try:
            self._waiting.put_nowait((recorded, now_s))
        except queue.Full:
            raise CaravelaError(BUSY) from None

    def _run(self) -> None:
        try:
            hearing = self._make()
        except CaravelaError as error:
            self.missing, self.trouble = isinstance(error, VoiceMissing), str(error)
            self._changed()
            return
        except Exception as error:
            traceback.print_exc()
            self.trouble = f"the car's hearing cannot be loaded ({type(error).__name__}); install it anew with `{EXTRA}`, or type."
            self._changed()
            return
        self.ready = True
        self._changed()
        while (waiting := self._waiting.get()) is not None:
            recorded, ended_s = waiting
            transcript = _recognised(recorded, hearing)
            self._heard(Heard(transcript, ended_s - recorded.seconds, ended_s, recorded.seat, recorded.mark))


def speech_in(samples: Samples, listener: Listener) -> Samples | None:
    """The part (m,) of a recording (n,) from its first speech to its last, with a little around it; None where nobody spoke."""
    listener.reset()
    whole = np.pad(samples, (0, -len(samples) % FRAME))
    voiced = [listener.notice(frame).speech >= HELD.speech for frame in whole.reshape(-1, FRAME)]
    if sum(voiced) * FRAME_S < HELD.onset_s - 1e-9:
        return None
    around, places = round(HELD.before_s / FRAME_S), np.flatnonzero(voiced)
    return whole[FRAME * max(int(places[0]) - around, 0) : FRAME * (int(places[-1]) + 1 + around)]


def _recognised(recorded: Recorded, hearing: Hearing) -> Transcript | None:
    """A recording's words, None for silence. A fault of ours is told, and counts as words that nobody can make out."""
    try:
        speech = speech_in(recorded.samples, hearing.listener)
        return None if speech is None else hearing.recogniser.recognise(speech)
    except Exception:
        traceback.print_exc()
        return Transcript("", 0.0, 0.0)
