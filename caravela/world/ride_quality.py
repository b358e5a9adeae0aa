"""What a ride does to people: accelerations weighted by ISO 2631-1:1997 (Wk vertical, Wd horizontal, Wf motion sickness), their root mean
square, and the motion-sickness dose. The weightings are the standard's analogue filters, evaluated at each frequency of a ride, so
nothing depends on how a filter is made digital; `SicknessFilter` is the one that runs in the car, tick by tick. A flat world shakes
nobody up and down: what the road's roughness adds comes from a quarter of a car on an ISO 8608 road, by spectrum. NumPy only."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Weighting:
    """One frequency weighting by the parameters of ISO 2631-1 table A.1: Hz, and resonant quality factors. Infinite where a part of
    the filter is absent."""

    high_pass: float  # f1
    low_pass: float  # f2
    velocity: tuple[float, float, float]  # f3, f4, Q4: from acceleration to velocity
    step: tuple[float, float, float, float]  # f5, Q5, f6, Q6: the upward step


NONE = math.inf
WK = Weighting(0.4, 100.0, (12.5, 12.5, 0.63), (2.37, 0.91, 3.35, 0.91))
WD = Weighting(0.4, 100.0, (2.0, 2.0, 0.63), (NONE, NONE, NONE, NONE))
WF = Weighting(0.08, 0.63, (NONE, 0.25, 0.86), (0.0625, 0.80, 0.10, 0.80))
PAD_S = 60.0  # s of rest before and after a ride, in which the slowest filter (0.08 Hz) rings out


def response(weighting: Weighting, frequency: Array) -> NDArray[np.complex128]:
    """The filter's complex gain (F,) at frequencies in Hz (ISO 2631-1 annex A: product of band limits, transition and step)."""
    p = 2j * math.pi * np.asarray(frequency, np.float64)
    w1, w2 = 2.0 * math.pi * weighting.high_pass, 2.0 * math.pi * weighting.low_pass
    gain = p**2 / (p**2 + math.sqrt(2.0) * w1 * p + w1**2) / (1.0 + math.sqrt(2.0) * p / w2 + (p / w2) ** 2)
    f3, f4, q4 = weighting.velocity
    if math.isfinite(f4):
        w3, w4 = 2.0 * math.pi * f3, 2.0 * math.pi * f4
        gain *= (1.0 + p / w3) / (1.0 + p / (q4 * w4) + (p / w4) ** 2)
    f5, q5, f6, q6 = weighting.step
    if math.isfinite(f5):
        w5, w6 = 2.0 * math.pi * f5, 2.0 * math.pi * f6
        gain *= (1.0 + p / (q5 * w5) + (p / w5) ** 2) / (1.0 + p / (q6 * w6) + (p / w6) ** 2) * (w5 / w6) ** 2
    return gain


def weighted(acceleration: Array, weighting: Weighting, *, step: float = STEP_S) -> Array:
    """A ride (T,) in m/s^2, weighted: (T,) m/s^2. What lies above half the sampling rate is not in it."""
    ride = np.asarray(acceleration, np.float64)
    if ride.ndim != 1 or not np.all(np.isfinite(ride)):
        raise CaravelaError(f"got accelerations of shape {ride.shape}, some perhaps not finite; expected one finite row, m/s^2.")
    pad = round(PAD_S / step)
    padded = np.concatenate([np.zeros(pad), ride, np.zeros(pad)])
    gain: NDArray[Any] = response(weighting, np.fft.rfftfreq(len(padded), step).astype(np.float64))
    spectrum = np.fft.rfft(padded) * gain
    return np.fft.irfft(spectrum, len(padded))[pad : pad + len(ride)]


def rms(signal: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(signal)))) if len(signal) else 0.0


def dose(longitudinal: Array, lateral: Array, *, step: float = STEP_S) -> float:
    """Motion-sickness dose of a ride, m/s^1.5: the square root of the integral over time of both horizontal accelerations (T,) squared,
    each weighted by Wf. ISO 2631-1 clause 9 defines the dose for vertical motion; that horizontal motion sickens in the same band is
    Griffin and Mills (2002) and Donohew and Griffin (2004). So doses compare rides with each other and say nothing of how many will be
    ill."""
    squares = np.square(weighted(longitudinal, WF, step=step)) + np.square(weighted(lateral, WF, step=step))
    return math.sqrt(float(squares.sum()) * step)


def discomfort(longitudinal: Array, lateral: Array, speed: Array, *, mass: float, step: float = STEP_S) -> float:
    """Vibration total value of a seated person, m/s^2 (ISO 2631-1 6.5, k = 1 on all axes): root sum of squares of the weighted RMS along
    (Wd), across (Wd) and up and down (Wk, by `vertical`). Below 0.315 "not uncomfortable", from 0.5 "fairly uncomfortable" (annex C).

    Args:
        longitudinal, lateral: (T,) m/s^2 in the rig frame.
        speed: (T,) m/s.
        mass: kg, laden.
    """
    up = vertical(mass) ** 2 * float(np.mean(speed)) if len(speed) else 0.0
    return math.sqrt(rms(weighted(longitudinal, WD, step=step)) ** 2 + rms(weighted(lateral, WD, step=step)) ** 2 + up)


# A quarter of a mid-size car, and the road: ISO 8608 class B (Gd at 0.1 cycles/m, waviness 2), an ordinary town street.
ROUGHNESS, REFERENCE = 64e-6, 0.1  # m^3, 1/m
UNSPRUNG, SPRING, DAMPER, TYRE = 40.0, 24_000.0, 1_800.0, 200_000.0  # kg, N/m, N s/m, N/m


def vertical(mass: float) -> float:
    """Wk-weighted vertical RMS on the seat rail per square root of speed, m/s^2 / (m/s)^0.5, of a car of `mass` kg in all.

    The road's displacement spectrum at speed v is Gd(f) = Gd0 n0^2 v / f^2 (ISO 8608), so the RMS grows with the root of the speed; the
    sprung mass follows it by the two-mass model."""
    frequency: Array = np.arange(0.1, 50.0, 0.025)
    s = 2j * math.pi * frequency
    sprung = mass / 4.0 - UNSPRUNG
    suspension = SPRING + DAMPER * s
    body = suspension * TYRE / ((sprung * s**2 + suspension) * (UNSPRUNG * s**2 + suspension + TYRE) - suspension**2)
    spectrum = ROUGHNESS * REFERENCE**2 / np.square(frequency)  # of 1 m/s
    felt = np.abs(s**2 * body) * np.abs(response(WK, frequency))
    return math.sqrt(float(np.sum(np.square(felt) * spectrum)) * float(frequency[1] - frequency[0]))


class SicknessFilter:
    """Wf as it runs in the car: four second-order sections by the bilinear transform, one step a tick, for a batch of signals."""

    def __init__(self, shape: tuple[int, ...], *, step: float = STEP_S) -> None:
        self._step = step
        self._sections = [_bilinear(numerator, denominator, step) for numerator, denominator in _sections(WF)]
        self._held = np.zeros((len(self._sections), 2, *shape))
        self.integral = np.zeros(shape)  # of the weighted square, m^2/s^3

    def __call__(self, acceleration: Array) -> Array:
        """Take one tick (…) in m/s^2; returns it weighted."""
        signal = np.asarray(acceleration, np.float64)
        for (b0, b1, b2, a1, a2), held in zip(self._sections, self._held, strict=True):
            out = b0 * signal + held[0]
            held[0] = b1 * signal - a1 * out + held[1]
            held[1] = b2 * signal - a2 * out
            signal = out
        self.integral += np.square(signal) * self._step
        return signal


Polynomial = tuple[float, float, float]  # of p^2, p, 1


def _sections(weighting: Weighting) -> list[tuple[Polynomial, Polynomial]]:
    """Numerator and denominator of each part of a weighting that has a transition without f3."""
    w1, w2 = 2.0 * math.pi * weighting.high_pass, 2.0 * math.pi * weighting.low_pass
    _, f4, q4 = weighting.velocity
    f5, q5, f6, q6 = weighting.step
    w4, w5, w6 = (2.0 * math.pi * f for f in (f4, f5, f6))
    share = (w5 / w6) ** 2
    return [
        ((1.0, 0.0, 0.0), (1.0, math.sqrt(2.0) * w1, w1**2)),
        ((0.0, 0.0, 1.0), (1.0 / w2**2, math.sqrt(2.0) / w2, 1.0)),
        ((0.0, 0.0, 1.0), (1.0 / w4**2, 1.0 / (q4 * w4), 1.0)),
        ((share / w5**2, share / (q5 * w5), share), (1.0 / w6**2, 1.0 / (q6 * w6), 1.0)),
    ]


def _bilinear(numerator: Polynomial, denominator: Polynomial, step: float) -> tuple[float, float, float, float, float]:
    """(b0, b1, b2, a1, a2) of a section at a sampling step, by p = 2/step (1 - 1/z) / (1 + 1/z)."""
    k = 2.0 / step
    (n2, n1, n0), (d2, d1, d0) = numerator, denominator
    top = (n2 * k * k + n1 * k + n0, 2.0 * (n0 - n2 * k * k), n2 * k * k - n1 * k + n0)
    bottom = (d2 * k * k + d1 * k + d0, 2.0 * (d0 - d2 * k * k), d2 * k * k - d1 * k + d0)
    return top[0] / bottom[0], top[1] / bottom[0], top[2] / bottom[0], bottom[1] / bottom[0], bottom[2] / bottom[0]
