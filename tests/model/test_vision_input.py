"""Frames are fused the same way for training and driving."""

import numpy as np

from caravela.core.vision_input import fuse_frames


def test_newest_frame_keeps_its_colours_and_older_ones_their_brightness():
    images = np.zeros((2, 3, 4, 6, 8, 3), np.uint8)
    images[:, 0, 1] = (10, 20, 30)
    images[:, 1, 1] = 255
    images[1, 2, 3] = (0, 255, 0)
    fused = fuse_frames(images)
    assert fused.shape == (2, 4, 5, 6, 8) and fused.dtype == np.uint8
    assert fused[0, 1, :, 0, 0].tolist() == [10, 20, 30, 255, 0]
    assert fused[1, 3, 4].min() == 149  # 150 / 256 of 255
    assert not fused[:, 0].any()
