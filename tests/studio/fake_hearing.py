"""Ears that hear what a test says, and a voice that hums."""

import numpy as np

from caravela.cockpit.voice.packaged import VoiceMissing
from caravela.cockpit.voice.stages import RATE, Audio, Noticed, Samples, Transcript
from caravela.studio.cabin.ears import Hearing

LOUD = 500  # mean of the samples' sizes from which a frame is speech


class FakeListener:
    """Loud is speech."""

    def notice(self, frame: Samples) -> Noticed:
        return Noticed(float(np.abs(frame.astype(int)).mean() > LOUD))

    def reset(self) -> None:
        pass


class FakeRecogniser:
    """Hears one of `says` after the other; `lengths` are of what it was given, s."""

    def __init__(self, *says: Transcript) -> None:
        self.says, self.lengths = list(says), []

    def recognise(self, samples: Samples) -> Transcript:
        self.lengths.append(len(samples) / RATE)
        return self.says.pop(0)


class Hum:
    """A voice: 0.2 s of a tone, whatever it is to say."""

    def speak(self, text: str) -> Audio:
        return Audio(tone(0.2))


def tone(seconds: float, *, size: int = 8000, pitch: float = 220.0) -> Samples:
    """(n,) of a tone of `pitch` Hz."""
    t_s = np.arange(round(seconds * RATE)) / RATE
    return np.round(size * np.sin(2.0 * np.pi * pitch * t_s)).astype(np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def hearing(*says: Transcript) -> Hearing:
    return Hearing(FakeListener(), FakeRecogniser(*says))


def no_hearing() -> Hearing:
    raise VoiceMissing("voice needs a package that is not installed; run `.venv/bin/pip install --editable '.[voice]'`.")


def no_voice() -> Hum:
    raise VoiceMissing("voice needs a package that is not installed; run `.venv/bin/pip install --editable '.[voice]'`.")
