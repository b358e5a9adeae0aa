"""Sound in and out of files: whatever PyAV decodes becomes 16 kHz mono frames, one after the other, so that a long recording needs no memory.
Left out: echo cancellation and gain; what is recorded is what is heard."""

import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from caravela.cockpit.voice.stages import FRAME, RATE, Audio, Samples
from caravela.core.errors import CaravelaError

LONGEST_S = 1800.0  # of a recording that is listened to


class SoundError(CaravelaError):
    """A recording that cannot be heard, or a reply that cannot be written."""


def frames_of(path: Path) -> Iterator[Samples]:
    """The frames (512,) of a recording, at 16 kHz; several channels are averaged, the last frame is filled with silence. Raises SoundError,
    at the first frame, for what is no recording, and where one becomes unreadable or too long."""
    rest = np.zeros(0, np.int16)
    frames = 0
    for piece in _decoded(path):
        rest = np.concatenate([rest, piece])
        whole = len(rest) // FRAME
        yield from rest[: whole * FRAME].reshape(whole, FRAME)
        rest, frames = rest[whole * FRAME :], frames + whole
        if frames * FRAME > LONGEST_S * RATE:
            raise SoundError(f"'{path}' is longer than {LONGEST_S / 60:.0f} minutes; give a shorter recording.")
    if frames == 0 and len(rest) == 0:
        raise SoundError(f"'{path}' holds no sound; expected a recording of speech.")
    if len(rest):
        yield np.concatenate([rest, np.zeros(FRAME - len(rest), np.int16)])


def _decoded(path: Path) -> Iterator[Samples]:
    import av

    if not path.is_file():
        raise SoundError(f"'{path}' is {'a folder' if path.is_dir() else 'not there'}; expected a recording, such as a .wav or .mp3 file.")
    if path.stat().st_size == 0:
        raise SoundError(f"'{path}' is empty; expected a recording, such as a .wav or .mp3 file.")
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise SoundError(f"'{path}' has no sound track; expected a recording of speech.")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for decoded in container.decode(audio=0):
                yield from (piece.to_ndarray()[0] for piece in resampler.resample(decoded))
            yield from (piece.to_ndarray()[0] for piece in resampler.resample(None))
    except (av.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)[:80]
        raise SoundError(f"'{path}' cannot be read as sound ({why}); expected a recording, such as a .wav or .mp3 file.") from error


def resampled(audio: Audio, rate: int = RATE) -> Samples:
    """The samples (m,) of `audio` at another rate."""
    import av

    if audio.rate == rate or len(audio.samples) == 0:
        return audio.samples
    frame = av.AudioFrame.from_ndarray(audio.samples[None], format="s16", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = audio.rate, Fraction(1, audio.rate), 0
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces = [piece.to_ndarray()[0] for piece in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(pieces)


def write_wav(path: Path, audio: Audio) -> None:
    """16-bit mono. Raises SoundError where it cannot be written."""
    try:
        with path.open("wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(audio.rate)
            wav.writeframes(audio.samples.astype("<i2").tobytes())
    except OSError as error:
        raise SoundError(f"cannot write '{path}' ({error.strerror}); give --out a file in a folder that you can write.") from error


def joined(pieces: list[Audio], *, pause_s: float = 0.4) -> Audio:
    """One after the other, with pauses between. All have one rate."""
    assert pieces and len({piece.rate for piece in pieces}) == 1
    pause = np.zeros(round(pause_s * pieces[0].rate), np.int16)
    return Audio(np.concatenate([part for piece in pieces for part in (pause, piece.samples)][1:]), pieces[0].rate)
