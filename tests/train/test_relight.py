"""Other light: every picture changes, by no more than it may, in all its frames together."""

import pytest

torch = pytest.importorskip("torch")

from caravela.train.relight import GREY, HIDDEN_SHARE, relight


def test_brightness_changes_within_bounds_and_patches_hide_all_frames_alike():
    images = torch.full((64, 4, 5, 48, 64), 100, dtype=torch.uint8)
    lit = relight(images, generator=torch.Generator().manual_seed(1))
    assert lit.dtype == torch.uint8 and lit.shape == images.shape
    hidden = (lit == GREY).all(2)  # (B, C, H, W)
    share = float(hidden.flatten(2).any(-1).float().mean())
    assert abs(share - HIDDEN_SHARE) < 0.1
    seen = lit.float().where(~hidden[:, :, None], torch.nan)
    means = seen.flatten(3).nanmean(-1)
    assert 60.0 < float(means.min()) < 90.0 and 110.0 < float(means.max()) < 165.0
    assert float(means.std()) > 8.0
    assert torch.allclose(means[..., 3], means[..., 4])  # older frames in the same light
    brightness = means[..., :3] @ torch.tensor([0.299, 0.587, 0.114])
    assert float((brightness - means[..., 3]).abs().nan_to_num().max()) < 1.5
