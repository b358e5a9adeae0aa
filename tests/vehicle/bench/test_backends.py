"""Both backends give the same, at each precision as near as that allows; and measuring leaves what it was given as it was."""

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.vehicle.bench import peak
from caravela.vehicle.bench.backends import backend, installed

needs_openvino = pytest.mark.skipif(not installed("openvino"), reason="needs the extra `fast`")


def engine(name, precision, model, inputs):
    found = backend(name, precision)
    assert found is not None
    return found.load(model, inputs, 1)


@needs_openvino
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("bf16", 0.05)])
def test_openvino_gives_what_onnxruntime_gives(precision, tolerance):
    model, inputs = peak.encoder(blocks=1, tokens=16, width=32, heads=2)
    one = engine("onnxruntime", "fp32", model, inputs).outputs(inputs)
    other = engine("openvino", precision, model, inputs).outputs(inputs)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(other[name], one[name], atol=tolerance * np.abs(one[name]).max())


@pytest.mark.parametrize("name", ["onnxruntime", pytest.param("openvino", marks=needs_openvino)])
def test_inputs_stay_as_they_were_and_each_gets_its_own_answer(name):
    model, first = peak.products(8, chain=2, int8=False)
    second = {"x": first["x"] * -3.0}
    kept = {"first": first["x"].copy(), "second": second["x"].copy()}
    made = engine(name, "fp32", model, first)
    made.run(first)
    theirs = made.outputs(second)
    mine = made.outputs(first)
    assert (first["x"] == kept["first"]).all() and (second["x"] == kept["second"]).all()
    np.testing.assert_allclose(theirs["y1"], mine["y1"] * -3.0, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["onnxruntime", pytest.param("openvino", marks=needs_openvino)])
def test_an_int8_product_runs_in_both(name):
    model, inputs = peak.products(32, chain=2, int8=True)
    (got,) = engine(name, "int8", model, inputs).outputs(inputs).values()
    assert got.shape == (32, 32) and np.unique(got).size > 10


def test_what_a_backend_has_not_is_told():
    assert backend("onnxruntime", "bf16") is None
    with pytest.raises(CaravelaError, match="did you mean openvino"):
        backend("openvinos", "fp32")


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr("caravela.vehicle.bench.backends.installed", lambda name: False)
    with pytest.raises(CaravelaError, match=r"pip install --editable '\.\[fast\]'"):
        backend("openvino", "fp32")
