"""The self-test, on real models: in a process of its own, it passes a good one and says what is wrong with others."""

import os
from pathlib import Path

import pytest

from caravela.core.bundle import ABROAD
from caravela.vehicle.bundle import shipped
from caravela.vehicle.ota.self_test import Verdict, examine


class Bomb:
    """Ends the process that receives it."""

    def __reduce__(self) -> tuple:
        return os._exit, (3,)


def test_a_good_model_passes():
    assert examine(shipped() / "model.onnx", drive=True) == Verdict("nano")


def test_what_is_no_model_is_told(tmp_path: Path):
    path = tmp_path / "x.onnx"
    path.write_bytes((shipped() / "model.onnx").read_bytes()[:-1000])
    verdict = examine(path, drive=False)
    assert "no readable ONNX model" in verdict.fault and not verdict.tier


def test_a_model_that_plans_nonsense_fails_only_when_driven(tmp_path: Path):
    onnx = pytest.importorskip("onnx", reason="spoiling a model for the test needs the extra 'train'")
    model = onnx.load(shipped() / "model.onnx")
    for weights in model.graph.initializer:
        if weights.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16) and len(weights.dims) > 1:
            weights.raw_data = b"\xff" * len(weights.raw_data)  # NaN
    kept = [entry for entry in model.metadata_props if entry.key != ABROAD]  # other eyes are another model's now, which is told before
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    path = tmp_path / "nan.onnx"
    onnx.save(model, path)
    assert examine(path, drive=False) == Verdict("nano")
    assert "plan not finite" in examine(path, drive=True).fault


def test_one_that_hangs_or_crashes_takes_nothing_along(tmp_path: Path):
    assert "did not answer within 0 s" in examine(shipped() / "model.onnx", drive=True, time_s=0.0).fault
    assert examine(Bomb(), drive=True).fault == "it ended the process that tried it (exit code 3)"  # type: ignore[arg-type]
