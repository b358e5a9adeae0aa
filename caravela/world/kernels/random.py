"""A counter-based random stream per world (SplitMix64, Steele et al. 2014): the same seed gives the same bits."""

import numpy as np

from caravela.world.kernels.compiling import kernel


@kernel
def uniform(worlds, b):
    """The next number in [0, 1) of world b's stream; advances it."""
    z = worlds[b].random + np.uint64(0x9E3779B97F4A7C15)
    worlds[b].random = z
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float32(np.float64(z >> np.uint64(40)) * (1.0 / 16777216.0))
