"""A power law through a few points: a straight line through their logarithms by least squares, and Student's interval of its slope. It
has no floor: what no amount of data or compute takes away cannot be told apart from a small exponent by four points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caravela.evaluate.statistics import student

LEAST_POINTS = 4  # of fewer there is no interval


@dataclass(frozen=True)
class PowerLaw:
    """y = scale * x ** -exponent."""

    scale: float
    exponent: float
    interval: tuple[float, float] | None  # of the exponent, 95 %; none of fewer than LEAST_POINTS points
    spread: float  # root mean square of the points' distance from the line, in natural logarithms
    points: int

    def __call__(self, x: float) -> float:
        return self.scale * x**-self.exponent


def fit(x: Sequence[float], y: Sequence[float]) -> PowerLaw:
    """The law through points whose numbers are all above 0, of at least two different x."""
    assert len(x) == len(y) and len(set(x)) >= 2 and min(*x, *y) > 0.0, (x, y)
    across, up = np.log(np.asarray(x, dtype=np.float64)), np.log(np.asarray(y, dtype=np.float64))
    wide = across - across.mean()
    slope = float((wide * up).sum() / (wide**2).sum())
    rest = up - up.mean() - slope * wide
    interval = None
    if len(x) >= LEAST_POINTS:
        freedom = len(x) - 2
        error = math.sqrt(float((rest**2).sum()) / freedom / float((wide**2).sum()))
        half = student(freedom) * error
        interval = (-slope - half, -slope + half)
    scale = math.exp(float(up.mean()) - slope * float(across.mean()))
    return PowerLaw(scale=scale, exponent=-slope, interval=interval, spread=float(np.sqrt((rest**2).mean())), points=len(x))
