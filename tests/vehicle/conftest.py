"""A small exported model, made once, and an observation to show it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caravela.core.types import ROUTE_POINTS, Observation


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle folder with an untrained model that is large enough to disagree with itself when something is wrong."""
    torch = pytest.importorskip("torch", reason="exporting a model for the test needs the extra 'train'")
    from caravela.model.export import export_onnx
    from caravela.model.presets import from_dial
    from caravela.model.vla import VLA

    torch.manual_seed(0)
    model = VLA(from_dial("tiny", depth=1))
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    folder = tmp_path_factory.mktemp("bundle")
    export_onnx(model, folder / "model.onnx", data_version="test")
    (folder / "model.txt").write_text("not a model")
    from caravela.model.checkpoint import save_checkpoint

    save_checkpoint(folder / "checkpoint.safetensors", model, data_version="test")
    return folder


@pytest.fixture
def observe() -> Callable[..., Observation]:
    """Observations of noise: `observe(batch, words=...)`."""

    def make(batch: int, *, words: str = "", cameras: int = 4, seed: int = 0) -> Observation:
        random = np.random.default_rng(seed)
        return Observation(
            t_us=np.zeros(batch, np.int64),
            images=random.integers(0, 256, (batch, 3, cameras, 96, 128, 3), dtype=np.uint8),
            speed=random.uniform(0.0, 15.0, batch).astype(np.float32),
            yaw_rate=np.zeros(batch, np.float32),
            route=random.uniform(0.0, 40.0, (batch, ROUTE_POINTS, 2)).astype(np.float32),
            has_route=np.ones(batch, np.bool_),
            words=(words,) * batch,
        )

    return make
