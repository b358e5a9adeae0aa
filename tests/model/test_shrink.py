"""The small tier's build plans like the driver that it was made from, fits its budget, says what it is, and is made once."""

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.core.errors import BundleError, CaravelaError
from caravela.model import shrink as module
from caravela.model.export import example_inputs, export_onnx
from caravela.model.presets import from_dial
from caravela.model.quantise import in_eight_bits, quantise
from caravela.model.reopen import reopen, weights_digest
from caravela.model.shrink import BUDGET, rounded, shrink
from caravela.model.vla import VLA
from caravela.vehicle.bench.likeness import likeness
from caravela.vehicle.bench.trial import counted, is_int8
from caravela.vehicle.bundle import open_bundle, shipped


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    model = VLA(from_dial("tiny", depth=1))
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    path = tmp_path_factory.mktemp("float") / "model.onnx"
    export_onnx(model, path, data_version="test")
    looks = [{name: value.numpy() for name, value in example_inputs(model, proposals=16, batch=1).items()}]
    return path, looks


@pytest.fixture(scope="module")
def built(exported, tmp_path_factory):
    out = tmp_path_factory.mktemp("se") / "model.onnx"
    assert shrink(exported[0], out) == out.stat().st_size
    return out


def test_it_says_what_it_is_and_what_it_was(exported, built):
    one, other = open_bundle(exported[0]).card, open_bundle(built).card
    assert other.name == "se" and other.config == one.config and (other.rig, other.data_version) == (one.rig, one.data_version)


def test_it_plans_alike_and_is_smaller(exported, built):
    path, looks = exported
    told = likeness(built, path, looks=looks)
    assert 0.0 < told["plan_m"]["max"] < 0.1 and told["looks"] == 1
    assert likeness(path, path, looks=looks)["plan_m"]["max"] == 0.0
    assert built.stat().st_size < 0.62 * path.stat().st_size


def test_products_stay_in_floating_point_and_no_work_is_added(exported, built):
    path, looks = exported
    assert in_eight_bits(onnx.load(built).graph) and not is_int8(built), "the bench runs it as it runs the bundle"
    mine, theirs = counted(built, looks[0]), counted(path, looks[0])
    assert mine.operations == theirs.operations and mine.stages.keys() == theirs.stages.keys()
    assert sum(work.vector for work in mine.whole) <= sum(work.vector for work in theirs.whole)


def test_a_batch_runs_too(built):
    inputs = {name: value.numpy() for name, value in example_inputs(VLA(from_dial("tiny", depth=1)), proposals=16, batch=3).items()}
    assert open_bundle(built).session.run(["chosen"], inputs)[0].shape == (3,)


@pytest.mark.parametrize("axis", [0, 1])
def test_rounding_is_off_by_half_a_step_of_each_output_at_most(axis):
    values = np.random.default_rng(0).normal(size=(6, 9)).astype(np.float32) * np.logspace(-3, 3, 9, dtype=np.float32)
    values[:, 4] = values[4] = 0.0
    eight, scale = rounded(values, axis=axis)
    assert scale.shape == ((6, 1) if axis == 0 else (1, 9)) and np.abs(eight).max() == 127
    assert (np.abs(eight * scale - values) <= 0.501 * scale).all()


def test_the_driver_that_ships_fits_the_budget(tmp_path):
    assert shrink(shipped() / "model.onnx", tmp_path / "model.onnx") <= BUDGET
    assert open_bundle(tmp_path).card.name == "se"


def test_what_makes_no_small_tier_is_told(exported, built, tmp_path, monkeypatch):
    path, looks = exported
    for again in (shrink, lambda source, out: quantise(source, out, inputs=looks)):
        with pytest.raises(BundleError, match="in eight bits already"):
            again(built, tmp_path / "m.onnx")
    for opened in (reopen, weights_digest):
        with pytest.raises(BundleError, match=r"in eight bits.*that it was made from"):
            opened(built)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(CaravelaError, match="no readable ONNX model"):
        shrink(tmp_path / "bad.onnx", tmp_path / "m.onnx")
    monkeypatch.setattr(module, "BUDGET", 100_000)
    with pytest.raises(BundleError, match=r"MB as se; expected at most 0\.1"):
        shrink(path, tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()
