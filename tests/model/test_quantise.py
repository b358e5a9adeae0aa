"""An int8 build drives like the model that it was made from, is smaller, and keeps its card."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.core.errors import BundleError, CaravelaError
from caravela.model.export import example_inputs, export_onnx
from caravela.model.presets import from_dial
from caravela.model.quantise import quantise
from caravela.model.vla import VLA
from caravela.vehicle.bench import graph
from caravela.vehicle.bench.trial import counted, is_int8
from caravela.vehicle.bundle import open_bundle


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    model = VLA(from_dial("tiny", depth=1))
    path = tmp_path_factory.mktemp("float") / "model.onnx"
    export_onnx(model, path, data_version="test")
    several = (example_inputs(model, proposals=16, batch=1, seed=seed) for seed in range(4))
    looks = [{name: value.numpy() for name, value in each.items()} for each in several]
    return path, looks


@pytest.fixture(scope="module")
def built(exported, tmp_path_factory):
    path, looks = exported
    out = tmp_path_factory.mktemp("int8") / "model.onnx"
    return out, quantise(path, out, inputs=looks[:3], stages=("vision", "trunk"))


def test_the_int8_build_opens_with_the_same_card(exported, built):
    one, other = open_bundle(exported[0]), open_bundle(built[0])
    assert one.card == other.card and is_int8(built[0]) and not is_int8(exported[0])


def test_products_are_quantised_where_asked_and_nowhere_else(built):
    out, count = built
    nodes = graph.read(out).nodes
    producers = {name: node for node in nodes for name in node.outputs}
    done = [
        node.name for node in nodes if node.kind in ("Conv", "MatMul") and producers.get(node.inputs[1], node).kind == "DequantizeLinear"
    ]
    assert len(done) == count > 8 and all(name.startswith(("/vision/", "/trunk/")) for name in done)


def test_it_says_nearly_the_same(exported, built):
    path, looks = exported
    one, other = (open_bundle(each).session.run(["knots", "thought"], looks[3]) for each in (path, built[0]))  # not measured on
    for exact, rough in zip(one, other, strict=True):
        assert 0.0 < np.abs(exact - rough).max() < 0.25 * np.abs(exact).max(), "rounded, and not by much"


def test_what_stays_in_floating_point_is_told_from_what_does_not(exported, built):
    work = counted(built[0], exported[1][0])
    assert all(each.wide for each in work.stages["action"] if each.matrix)
    vision = [each for each in work.stages["vision"] if each.kind == "Conv"]
    assert not vision[0].wide, "small short cuts stay, the stem does not"
    assert not any(each.wide for each in counted(exported[0], exported[1][0]).whole)
    assert work.operations == counted(exported[0], exported[1][0]).operations


def test_a_batch_runs_too(built):
    model = VLA(from_dial("tiny", depth=1))
    inputs = {name: value.numpy() for name, value in example_inputs(model, proposals=16, batch=3).items()}
    assert open_bundle(built[0]).session.run(["chosen"], inputs)[0].shape == (3,)


def test_what_cannot_be_quantised_is_told(exported, built, tmp_path):
    path, looks = exported
    with pytest.raises(BundleError, match="in eight bits already"):
        quantise(built[0], tmp_path / "m.onnx", inputs=looks)
    with pytest.raises(CaravelaError, match="unknown stage 'eyes'"):
        quantise(path, tmp_path / "m.onnx", inputs=looks, stages=("eyes",))
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(BundleError, match="no readable ONNX model"):
        quantise(tmp_path / "bad.onnx", tmp_path / "m.onnx", inputs=looks)
