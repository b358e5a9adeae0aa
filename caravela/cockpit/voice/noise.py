"""What a car's microphone hears besides a voice, made from numbers: an engine, low-pass noise with its harmonics, and a babble of voices that say
nothing. Levels are told as the signal-to-noise ratio over the speech itself, not over the pauses."""

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.voice.stages import RATE, Samples

ENGINE_HZ = 33.0  # of a four-cylinder engine at 1000 turns a minute
CUTOFF_HZ = 150.0  # above which road and engine noise falls by 12 dB an octave
TALKERS = 6  # of the babble
AUDIBLE = 300.0  # of int16 from which a sample belongs to speech


def engine(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Engine and road, (length,), of power 1."""
    hertz = np.fft.rfftfreq(length, 1.0 / RATE)
    spectrum = (rng.normal(size=len(hertz)) + 1j * rng.normal(size=len(hertz))) / (1.0 + (hertz / CUTOFF_HZ) ** 2)
    noise = np.fft.irfft(spectrum, length)
    noise /= noise.std()
    seconds = np.arange(length) / RATE
    for harmonic in range(1, 7):
        noise += 0.4 / harmonic * np.sin(2.0 * np.pi * (ENGINE_HZ * harmonic * seconds + rng.uniform()))
    return noise / noise.std()


def babble(length: int, rng: np.random.Generator, talk: list[Samples]) -> NDArray[np.float64]:
    """Voices, (length,), of power 1: `talk` read backwards at other pitches, so that it has speech's spectrum and rhythm and no words."""
    mixed = np.zeros(length)
    for talker in range(TALKERS):
        voice = talk[talker % len(talk)].astype(np.float64)[::-1]
        pitched = np.interp(np.arange(0.0, len(voice) - 1.0, 0.8 + 0.09 * talker), np.arange(len(voice)), voice)
        turned = np.roll(np.tile(pitched, length // len(pitched) + 1), -int(rng.integers(len(pitched))))
        mixed += turned[:length] / pitched.std()
    return mixed / mixed.std()


def mixed(speech: Samples, noise: NDArray[np.float64], snr_db: float) -> Samples:
    """`speech` (n,) with `noise` (n,) of power 1 under it."""
    clean = speech.astype(np.float64)
    loud = clean[np.abs(clean) > AUDIBLE]
    power = float(np.mean(loud**2)) if len(loud) else 1.0
    return np.clip(clean + noise * np.sqrt(power) * 10.0 ** (-snr_db / 20.0), -32768, 32767).astype(np.int16)
