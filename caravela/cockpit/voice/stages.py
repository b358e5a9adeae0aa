"""The three seams of voice: who listens, who recognises, who speaks. Whatever stands behind them is replaceable; nothing else in this folder
knows a package by name except `packaged.py`."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16_000  # Hz of everything that is heard
FRAME = 512  # samples, 32 ms: what the voice activity detector takes at a time
FRAME_S = FRAME / RATE

Samples = NDArray[np.int16]  # (n,) mono


@dataclass(frozen=True)
class Audio:
    """Mono sound. `samples` (n,) int16 at `rate` Hz."""

    samples: Samples
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class Noticed:
    """What a listener made of one frame."""

    speech: float  # probability that somebody speaks, 0 to 1
    woken: bool = False  # the wake word has just been said


@dataclass(frozen=True)
class Transcript:
    """What was said, as far as the recogniser can tell."""

    text: str
    confidence: float  # mean probability of a word piece, 0 to 1
    speech: float = 1.0  # probability that it was speech at all


class Listener(Protocol):
    """Wake word and voice activity, frame by frame."""

    def notice(self, frame: Samples) -> Noticed:
        """`frame` (512,) at 16 kHz. Frames follow each other without a gap, or after `reset`."""
        ...

    def reset(self) -> None: ...


class Recogniser(Protocol):
    """Speech to text."""

    def recognise(self, samples: Samples) -> Transcript:
        """`samples` (n,) at 16 kHz, n > 0."""
        ...


class Speaker(Protocol):
    """Text to speech."""

    def speak(self, text: str) -> Audio: ...
