"""A microphone, with a stand-in for `sounddevice`: frames come as they are recorded, and what cannot be opened is one sentence."""

import importlib.util
import sys
import types

import numpy as np
import pytest

from caravela.cockpit.voice import microphone
from caravela.cockpit.voice.stages import FRAME, Audio


@pytest.fixture
def device(monkeypatch):
    """A module that records three frames, or as many as are set, as soon as it is opened."""
    fake = types.ModuleType("sounddevice")
    fake.frames = 3
    fake.played = []

    class InputStream:
        def __init__(self, *, callback, blocksize, samplerate, channels, dtype):
            assert (blocksize, samplerate, channels, dtype) == (FRAME, 16_000, 1, "int16")
            self.callback = callback

        def __enter__(self):
            for number in range(fake.frames):
                self.callback(np.full((FRAME, 1), number, np.int16), FRAME, None, None)

        def __exit__(self, *_):
            pass

    fake.InputStream = InputStream
    fake.play = lambda samples, rate: fake.played.append((len(samples), rate))
    find = importlib.util.find_spec
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: object() if name == "sounddevice" else find(name, *rest))
    return fake


def test_frames_come_as_they_are_recorded(device):
    frames = microphone.frames()
    assert [int(next(frames)[0]) for _ in range(3)] == [0, 1, 2]
    frames.close()


def test_what_waited_longest_is_dropped(device):
    device.frames = microphone.MOST_WAITING + 2
    frames = microphone.frames()
    assert [int(next(frames)[0]) for _ in range(microphone.MOST_WAITING)] == list(range(2, microphone.MOST_WAITING + 2))
    frames.close()


def test_answers_are_played(device):
    microphone.play(Audio(np.zeros(240, np.int16), 24_000))
    assert device.played == [(240, 24_000)]


def test_a_microphone_that_cannot_be_opened_is_one_sentence(device, monkeypatch):
    def fails(**_):
        raise RuntimeError("Error querying device -1")

    monkeypatch.setattr(device, "InputStream", fails)
    with pytest.raises(microphone.MicrophoneError, match="give a recording instead"):
        next(microphone.frames())
