"""The exported graph says what the model says, for any batch, in a file of half the size that knows what it is."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from caravela.core.bundle import OUTPUTS, SIGHT, BundleCard
from caravela.core.errors import BundleError
from caravela.core.kinematics import ACCELERATION_RANGE
from caravela.core.types import KNOTS, Camera, Rig, policy_rig
from caravela.model.config import VLAConfig
from caravela.model.export import example_inputs, export_onnx
from caravela.model.presets import nano
from caravela.model.vla import VLA


def _trained_like(config: VLAConfig) -> VLA:
    """Weights none of which is zero and running statistics that are not the initial ones."""
    torch.manual_seed(0)
    model = VLA(config)
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def _run(path: Path, inputs: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [*OUTPUTS, *SIGHT]
    return dict(zip(names, session.run(names, {name: value.numpy() for name, value in inputs.items()}), strict=True))


@pytest.mark.parametrize(("half", "tolerance"), [(False, 1e-4), (True, 5e-3)])
@pytest.mark.parametrize("size", ["tiny", "nano"])
def test_graph_and_model_agree(tmp_path: Path, tiny: VLAConfig, size: str, half: bool, tolerance: float):
    model = _trained_like(tiny if size == "tiny" else nano())
    path = tmp_path / "model.onnx"
    export_onnx(model, path, half=half)
    for batch in (1, 3):
        inputs = example_inputs(model, proposals=16, batch=batch)
        with torch.no_grad():
            actions = model.sample_actions(**inputs | {"has_route": inputs["has_route"] > 0.5})
        for name, got in _run(path, inputs).items():
            expected = getattr(actions, name).numpy()
            scale = max(1.0, float(np.abs(expected).max()))
            np.testing.assert_allclose(got, expected, atol=tolerance * scale, err_msg=name)


def test_a_graph_with_other_paces_says_what_the_model_says(tmp_path: Path, tiny: VLAConfig):
    model = _trained_like(replace(tiny, paces=(-2.0, 1.0), critic_trained=True, critic_caution=0.5))
    card = export_onnx(model, tmp_path / "model.onnx", half=False)
    inputs = example_inputs(model, proposals=16)
    with torch.no_grad():
        actions = model.sample_actions(**inputs | {"has_route": inputs["has_route"] > 0.5})
    said = _run(tmp_path / "model.onnx", inputs)
    knots, careless = said["knots"], replace(model.config, critic_caution=0.0)
    model.config = careless
    with torch.no_grad():
        tempted = model.sample_actions(**inputs | {"has_route": inputs["has_route"] > 0.5})
    assert (said["values"] < tempted.values.numpy() - 1e-3).all()
    assert knots.shape == (2, 16, KNOTS, 2)
    np.testing.assert_allclose(knots, actions.knots.numpy(), atol=1e-3)
    np.testing.assert_allclose(knots[:, -2, :, 0], np.clip(knots[:, 0, :, 0] - 2.0, *ACCELERATION_RANGE), atol=1e-4)
    assert VLAConfig.from_json(card.config) == replace(careless, critic_caution=0.5)


def test_nano_fits_its_size_and_tells_what_it_is(tmp_path: Path):
    path = tmp_path / "nano" / "model.onnx"
    card = export_onnx(VLA(nano()), path, data_version="towns-1", revision="abc", steps=4, proposals=8)
    assert path.stat().st_size < 11e6
    metadata = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_modelmeta().custom_metadata_map
    assert BundleCard.from_metadata(metadata, source="x") == card
    assert VLAConfig.from_json(card.config) == nano()
    assert (card.rig, card.data_version, card.git_revision, card.steps, card.proposals) == (policy_rig(), "towns-1", "abc", 4, 8)
    assert card.licence == "Apache-2.0"
    assert path.with_name("model.onnx.sha256").read_text() == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  model.onnx\n"
    assert {file.name for file in path.parent.iterdir()} == {"model.onnx", "model.onnx.sha256"}


def test_exporting_leaves_the_model_as_it_was(tmp_path: Path, model: VLA):
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    export_onnx(model, tmp_path / "model.onnx", steps=1)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_rig_that_does_not_fit_is_refused(tmp_path: Path, model: VLA):
    with pytest.raises(BundleError, match="1 cameras of 64x64"):
        export_onnx(model, tmp_path / "model.onnx", rig=Rig((Camera("front", width=64, height=64),)))


@pytest.mark.parametrize("paces", [(1.0,) * 16, (float("nan"),)])
def test_paces_that_leave_no_proposal_or_are_none_are_refused(tmp_path: Path, tiny: VLAConfig, paces: tuple[float, ...]):
    with pytest.raises(BundleError, match="expected fewer than the 16 proposals"):
        export_onnx(VLA(replace(tiny, paces=paces)), tmp_path / "model.onnx")
