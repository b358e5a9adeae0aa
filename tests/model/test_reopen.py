"""An exported driver opens again as the torch model it was."""

import pytest
import torch
from conftest import synthetic_batch
from torch import nn

from caravela.core.errors import BundleError
from caravela.model.export import export_onnx
from caravela.model.presets import preset
from caravela.model.reopen import measure_norms, reopen
from caravela.model.vla import VLA


@pytest.fixture(scope="module")
def trained():
    """A model whose batch norms have seen pictures and whose weights all differ."""
    torch.manual_seed(3)
    model = VLA(preset("nano"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    model.train()
    for seed in range(2):
        model.vision(synthetic_batch(4, seed=seed).images)
    return model.eval()


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "model.onnx"
    export_onnx(trained, path)
    return path


def told(model, batch):
    with torch.no_grad():
        context, thought = model.embed_context(batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words)
        return model.action.regress(thought), model.critic(context, batch.proposals, speed=batch.ego[:, 0])[0]


def test_it_computes_what_it_did(trained, exported):
    again = reopen(exported.parent)
    for mine, theirs in zip(told(trained, synthetic_batch(3)), told(again, synthetic_batch(3)), strict=True):
        assert torch.allclose(mine, theirs, atol=5e-3)
    anew = {name.split(".")[1] for name in again.begun_anew}
    assert anew == {"birds_eye", "lamps"}, "heads for training only; those that say who shows where are in the file"
    assert torch.allclose(again.eyes.bodies.weight, trained.eyes.bodies.weight, atol=1e-3)


def test_norms_that_were_measured_change_nothing_and_make_training_the_same(exported):
    again, images = reopen(exported), synthetic_batch(6).images
    before = again.vision(images)
    measure_norms(again, images)
    norms = [module for module in again.modules() if isinstance(module, nn.BatchNorm2d)]
    assert any((norm.running_var - 1.0).abs().max() > 0.05 for norm in norms)
    assert torch.allclose(before, again.vision(images), atol=1e-4)
    assert torch.allclose(before, again.train().vision(images), atol=0.02)


def test_what_is_no_driver_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("not a model")
    with pytest.raises(BundleError, match="expected"):
        reopen(path)
