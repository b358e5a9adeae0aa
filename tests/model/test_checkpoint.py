"""A checkpoint brings back the same model; a damaged or foreign one is told in a sentence; the last good one survives."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from caravela.core.errors import BundleError
from caravela.model import checkpoint as files
from caravela.model.checkpoint import load_checkpoint, save_checkpoint
from caravela.model.vla import VLA


@pytest.fixture
def path(tmp_path: Path, model: VLA) -> Path:
    file = tmp_path / "runs" / "last.safetensors"
    save_checkpoint(
        file, model, data_version="towns-1", extra={"adam.step": torch.tensor(7.0)}, progress={"samples": 1234, "seed": 3}, revision="abc"
    )
    return file


def test_all_comes_back(path: Path, model: VLA):
    loaded = load_checkpoint(path)
    assert loaded.model.config == model.config
    for (name, ours), theirs in zip(model.state_dict().items(), loaded.model.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    assert loaded.progress == {"samples": 1234, "seed": 3} and loaded.extra["adam.step"] == 7.0
    assert (loaded.data_version, loaded.git_revision) == ("towns-1", "abc")
    assert not loaded.model.training


@pytest.mark.parametrize("keep", [0, 5, 200, 100_000])
def test_a_truncated_file_is_refused(path: Path, keep: int):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BundleError, match="damaged"):
        load_checkpoint(path)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "none.safetensors")
    file = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, file)
    with pytest.raises(BundleError, match="not a Caravela checkpoint"):
        load_checkpoint(file)
    file.write_text("hello")
    with pytest.raises(BundleError, match="damaged"):
        load_checkpoint(file)


def test_another_version_or_other_scales_are_refused(path: Path, model: VLA, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "VERSION", 99)
    with pytest.raises(BundleError, match="version 1; this program reads version 99"):
        load_checkpoint(path)
    monkeypatch.undo()
    monkeypatch.setattr(files.action_space, "ACCELERATION_SCALE", 4.0)
    with pytest.raises(BundleError, match="other action scales"):
        load_checkpoint(path)


def test_weights_that_do_not_fit_the_config_are_refused(path: Path, model: VLA):
    header = {"format": files.FORMAT, "version": files.VERSION, "normalisation": files.normalisation(), "config": model.config.to_json()}
    save_file({"model.x": torch.zeros(1)}, path, metadata={"caravela": json.dumps(header)})
    with pytest.raises(BundleError, match="does not fit its own config"):
        load_checkpoint(path)


def test_the_last_good_file_survives_a_failed_write(path: Path, model: VLA, monkeypatch: pytest.MonkeyPatch):
    before = path.read_bytes()

    def half_written(tensors: dict[str, torch.Tensor], file: Path, metadata: dict[str, str]) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "save_file", half_written)
    with pytest.raises(BundleError, match="No space left"):
        save_checkpoint(path, model, data_version="towns-2")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
