"""The noise that proposals grow from: drawn once, the same from tick to tick, so that choices don't dither. numpy only, so
that training and the car draw alike."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import KNOTS, PROPOSALS


def proposal_noise(*, proposals: int = PROPOSALS, seed: int = 0) -> NDArray[np.float32]:
    """Standard normal noise (proposals, KNOTS, 2), in pairs of opposite sign so that the fan is balanced. Row 0 is never
    used: the first proposal is the regression's."""
    half = np.random.default_rng(seed).standard_normal((proposals // 2 + 1, KNOTS, 2), dtype=np.float32)
    return np.concatenate([np.zeros((1, KNOTS, 2), np.float32), np.stack([half, -half], 1).reshape(-1, KNOTS, 2)])[:proposals]
