"""What a driving model is shown: per camera the newest RGB frame and the brightness of the two older ones, stacked as
channels. One picture per camera and tick then carries motion too. The trainer, the exported model and the car share it."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import HISTORY_S

VISION_CHANNELS = 3 + len(HISTORY_S) - 1  # red, green, blue now; luma at -0.2 s; luma at -0.6 s

_LUMA = np.array([77, 150, 29], dtype=np.uint16)  # ITU-R BT.601 weights of R, G, B in 1/256; their sum is 256


def fuse_frames(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stack a camera's history as channels.

    Args:
        images: (B, T, C, H, W, 3) RGB, newest frame first, ages as HISTORY_S.

    Returns:
        (B, C, VISION_CHANNELS, H, W): RGB of the newest frame, then the luma of each older one.
    """
    assert images.ndim == 6 and images.shape[1] == len(HISTORY_S) and images.shape[-1] == 3, images.shape
    batch, _, cameras, height, width, _ = images.shape
    fused = np.empty((batch, cameras, VISION_CHANNELS, height, width), dtype=np.uint8)
    for channel in range(3):
        fused[:, :, channel] = images[:, 0, ..., channel]
    for age in range(1, len(HISTORY_S)):
        luma = images[:, age, ..., 0] * _LUMA[0]
        luma += images[:, age, ..., 1] * _LUMA[1]
        luma += images[:, age, ..., 2] * _LUMA[2]
        fused[:, :, 2 + age] = luma >> 8
    return fused
