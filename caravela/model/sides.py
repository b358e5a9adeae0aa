"""One side of the road is enough. Left-hand traffic, seen in a mirror, is right-hand traffic: the model is shown all streets so, and its plans
are turned back. There is no side left that a driver could mistake."""

import torch
from torch import Tensor

MIRRORED_CAMERAS = (0, 1, 3, 2)  # of the policy's rig: the left one shows in the mirror what the right one sees


def sign(ego: Tensor) -> Tensor:
    """(B,) -1 where the ego (B, 3) says that traffic keeps to the left, else 1: where nobody knows, right-hand traffic is assumed."""
    return 1.0 - 2.0 * (ego[:, 2] > 0.5).to(ego.dtype)


def turn(images: Tensor, sign: Tensor) -> Tensor:
    """Images (B, C, ..., W), in a mirror where the sign is -1."""
    there = (sign < 0.0).reshape(-1, *[1] * (images.ndim - 1))
    return torch.where(there, images[:, list(MIRRORED_CAMERAS)].flip(-1), images)


def turn_vector(values: Tensor, sign: Tensor) -> Tensor:
    """Values (B, ..., n) whose second number is positive to the left, and whose third, if there is one, is the side; turned where the sign is -1."""
    factors = torch.stack([torch.ones_like(sign), *[sign] * (values.shape[-1] - 1)], -1)  # (B, n)
    return values * factors.reshape(-1, *[1] * (values.ndim - 2), values.shape[-1])
