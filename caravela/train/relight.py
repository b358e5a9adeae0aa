"""The same look in other light and with something on the glass: whoever sees a picture again and again remembers that picture, and does
worse on the next one."""

import torch
from torch import Tensor

GAIN, TINT, SHIFT = 0.25, 0.06, 12.0  # most that brightness is multiplied by more or less; a colour besides; grey levels added
HIDDEN_SHARE = 0.3  # of pictures that have a patch hidden
PATCH = (8, 28)  # pixels, its sides
GREY = 128
LUMA = torch.tensor([0.299, 0.587, 0.114])  # ITU-R BT.601


def relight(images: Tensor, *, generator: torch.Generator) -> Tensor:
    """Images (B, C, channels, H, W) uint8, red, green and blue first and brightness of older frames after: each camera in light of its
    own, some with a patch hidden in all frames. `generator` is on the CPU."""
    batch, cameras, channels, height, width = images.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator) * 2.0 - 1.0

    gain = (1.0 + GAIN * uniform(batch, 1, 1)) * (1.0 + 0.3 * GAIN * uniform(batch, cameras, 1)) * torch.ones(1, 1, channels)
    tint = 1.0 + TINT * uniform(batch, 1, 3)
    gain[..., :3] *= tint / (tint @ LUMA)[..., None]  # as bright as the older frames, which have no colour
    shift = SHIFT * uniform(batch, cameras, 1) * torch.ones(1, 1, channels)
    lit = images.float().mul_(gain[..., None, None].to(images.device)).add_(shift[..., None, None].to(images.device))
    lit = lit.clamp_(0.0, 255.0).to(torch.uint8)
    for sample, camera in torch.nonzero(torch.rand(batch, cameras, generator=generator) < HIDDEN_SHARE).tolist():
        tall, wide = torch.randint(*PATCH, (2,), generator=generator).tolist()
        top = int(torch.randint(0, max(height - tall, 1), (1,), generator=generator))
        left = int(torch.randint(0, max(width - wide, 1), (1,), generator=generator))
        lit[sample, camera, :, top : top + tall, left : left + wide] = GREY
    return lit
