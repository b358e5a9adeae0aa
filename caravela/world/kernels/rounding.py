"""Rounding down in 32 bits. `math.floor` of a float32 is an int64 to Numba, and an int64 beside a float32 makes a float64: slow on both
targets. Good for numbers of less than 2**31."""

import numpy as np
from numpy import float32

from caravela.world.kernels.scalar import inlined


@inlined
def whole(x):
    """The largest integer that is not above x, int32."""
    i = np.int32(x)
    return np.int32(i - np.int32(x < float32(i)))


@inlined
def fraction(x):
    """x less the largest integer that is not above it, in [0, 1]."""
    return x - float32(whole(x))
