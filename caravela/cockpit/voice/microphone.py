"""A microphone and a loudspeaker, through `sounddevice` (the extra `microphone`). Where there is none, one sentence."""

import contextlib
import importlib.util
import queue
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from caravela.cockpit.voice.stages import FRAME, RATE, Audio, Samples
from caravela.core.errors import CaravelaError, install_hint

MOST_WAITING = 1000  # frames, 32 s; older ones are dropped while the car thinks longer than that


class MicrophoneError(CaravelaError):
    """No microphone can be opened."""


def frames() -> Iterator[Samples]:
    """Frames (512,) at 16 kHz from the default microphone, until the reader stops. Raises MicrophoneError where there is none."""
    sounddevice = _device()
    waiting: queue.Queue[Samples] = queue.Queue(MOST_WAITING)

    def take(heard: Samples, *_: object) -> None:
        if waiting.full():
            with contextlib.suppress(queue.Empty):  # the reader was quicker
                waiting.get_nowait()
        waiting.put_nowait(heard[:, 0].copy())

    try:
        stream = sounddevice.InputStream(samplerate=RATE, channels=1, dtype="int16", blocksize=FRAME, callback=take)
    except Exception as error:  # PortAudio's own errors have no common root with the others that come from drivers
        raise MicrophoneError(f"no microphone can be opened ({str(error)[:80]}); give a recording instead.") from error
    with stream:
        while True:
            yield waiting.get()


def play(audio: Audio) -> None:
    """Through the default loudspeaker; returns at once."""
    _device().play(audio.samples.astype(np.int16), audio.rate)


def _device() -> ModuleType:
    if importlib.util.find_spec("sounddevice") is None:
        raise MicrophoneError(f"no recording is given, and a microphone needs `{install_hint('microphone')}`; give a recording instead.")
    try:
        import sounddevice
    except OSError as error:  # its wheel for Linux brings no PortAudio
        raise MicrophoneError(f"a microphone needs the PortAudio library ({str(error)[:60]}); install it, or give a recording.") from error
    return sounddevice
