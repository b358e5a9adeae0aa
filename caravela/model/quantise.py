"""An exported model in eight bits: weights per channel, activations per tensor with ranges seen on calibration pictures. Products with
constant weights are quantised, in the stages that are asked for; attention's own products, norms, what integrates knots and what judges
them stay as they are."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from caravela.core.bundle import ABROAD, put_model
from caravela.core.errors import BundleError, CaravelaError
from caravela.model.export import halve, widen

Array = NDArray[np.generic]
STAGES = {"vision": ("/vision/",), "trunk": ("/trunk/",), "action": ("/action/", "/blocks.")}  # beginnings of their nodes' names
LEAST = 512  # numbers: smaller weights stay as they are


class _Looks:
    """Calibration inputs one by one, as onnxruntime's calibrator asks for them."""

    def __init__(self, inputs: Sequence[Mapping[str, Array]]) -> None:
        self._inputs: Iterator[Mapping[str, Array]] = iter(inputs)

    def get_next(self) -> dict[str, Array] | None:
        """The next ones, None after the last."""
        following = next(self._inputs, None)
        return None if following is None else dict(following)


def quantise(
    source: Path, out: Path, *, inputs: Sequence[Mapping[str, Array]], stages: Sequence[str] = tuple(STAGES), exact: float = 0.0
) -> int:
    """Write an int8 build of the exported model `source`; its card comes along, its fingerprint lies beside it. Returns how many products were quantised.

    Args:
        inputs: calibration inputs, batch 1, keyed as core.bundle.INPUTS.
        exact: share of the largest and smallest activations that may be cut off, 0 for none.

    Raises:
        BundleError where `source` is no model or is quantised already; CaravelaError for an unknown stage.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    if unknown := [stage for stage in stages if stage not in STAGES]:
        raise CaravelaError(f"unknown stage '{unknown[0]}'; expected some of {', '.join(STAGES)}.")
    try:
        model = onnx.load(source)
    except Exception as error:  # protobuf's and the system's own
        raise BundleError(f"'{source}' is no readable ONNX model ({str(error)[:160]}); export it again.") from error
    if in_eight_bits(model.graph):
        raise BundleError(f"'{source}' is in eight bits already; expected the model that it was made from.")
    widen(model.graph)  # the calibrator wants weights, not nodes
    chosen = _chosen(model.graph, [beginning for stage in stages for beginning in STAGES[stage]])
    with tempfile.TemporaryDirectory() as folder:
        plain, made = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, plain)
        quantize_static(
            plain, made, _Looks(inputs), quant_format=QuantFormat.QDQ, nodes_to_quantize=chosen, per_channel=True,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"], activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile if exact else CalibrationMethod.MinMax,
            extra_options={"CalibPercentile": 100.0 * (1.0 - exact), "CalibMovingAverage": False, "DedicatedQDQPair": False},
        )  # fmt: skip
        built = onnx.load(made)
    halve(built.graph, but="scale")
    del built.metadata_props[:]
    helper.set_model_props(built, {entry.key: entry.value for entry in model.metadata_props if entry.key != ABROAD})
    onnx.checker.check_model(built)
    put_model(out, built.SerializeToString())
    return len(chosen)


def in_eight_bits(graph: onnx.GraphProto) -> bool:
    """Whether some of its weights are kept in eight bits."""
    return any(weight.data_type == onnx.TensorProto.INT8 for weight in graph.initializer)


def _chosen(graph: onnx.GraphProto, beginnings: Sequence[str]) -> list[str]:
    """Names of the products to quantise: large constant weights, in the stages asked for."""
    sizes = {weight.name: int(np.prod(weight.dims)) for weight in graph.initializer}
    sizes |= {node.output[0]: sizes.get(node.input[0], 0) for node in graph.node if node.op_type in ("Transpose", "Identity")}
    return [
        node.name
        for node in graph.node
        if node.op_type in ("Conv", "MatMul", "Gemm") and sizes.get(node.input[1], 0) >= LEAST and node.name.startswith(tuple(beginnings))
    ]
