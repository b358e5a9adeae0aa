"""The eyes can learn lamps of two pixels: the smallest thing that a drive depends on."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from caravela.model.batch import Batch
from caravela.model.presets import nano
from caravela.model.vla import VLA

COLOURS = torch.tensor([[0, 0, 0], [255, 40, 30], [255, 190, 40], [40, 255, 120]], dtype=torch.uint8)  # none, red, yellow, green


def _scene(size: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Four blurred noises; somewhere in the second a dark box with one 2x2 lamp lit, or none."""
    rgb = F.interpolate(200.0 * torch.rand(size * 4, 3, 6, 8, generator=generator), size=(96, 128), mode="bilinear")
    rgb = (rgb + 8.0 * torch.randn(rgb.shape, generator=generator)).clamp(0, 255).to(torch.uint8).view(size, 4, 3, 96, 128)
    light = torch.randint(0, 4, (size,), generator=generator)
    lamps = torch.zeros(size, 4, 3, 4, dtype=torch.uint8)
    for row, state in enumerate(light.tolist()):
        y, x = (int(torch.randint(4, high, (1,), generator=generator)) for high in (60, 120))
        rgb[row, 1, :, y : y + 8, x : x + 4] = 25
        if state:
            top, left = y + 1 + 2 * (state - 1), x + 1
            rgb[row, 1, :, top : top + 2, left : left + 2] = COLOURS[state][:, None, None]
            lamps[row, 1, top // 32, left // 32] = state
    luma = rgb.float().mean(2, keepdim=True).to(torch.uint8)
    return {"images": torch.cat([rgb, luma, luma], 2), "light": light, "lamps": lamps}


@pytest.mark.long
def test_lamps_of_two_pixels_are_read_after_8000_samples(make_batch: Callable[..., Batch]):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    model, steps = VLA(nano()).train(), 250
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    plain = make_batch(64)
    inputs = {"ego": plain.ego, "route": plain.route, "has_route": plain.has_route, "words": plain.words}
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 1e-3 * min(1.0, (step + 1) / 50) * (1.0 - step / steps)
        half = {name: value[:32] for name, value in inputs.items()}
        optimiser.zero_grad()
        model.compute_loss(Batch(**half, **_scene(32, generator)))["total"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    scene = _scene(64, generator)
    batch = replace(plain, images=scene["images"])
    with torch.no_grad():
        thought = model.eval().embed_context(batch.images, **inputs)[1]
        right = (model.eyes.facts(thought)["light"].argmax(-1) == scene["light"]).float().mean()
    assert right >= 0.97
