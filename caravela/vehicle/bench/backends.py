"""Runs a serialised graph: ONNX Runtime, which comes with the base, and OpenVINO (extra `fast`). Both get fixed shapes and a number of
threads; what they give back is the same, and a test holds them to it."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import onnxruntime

from caravela.core.errors import CaravelaError, install_hint, unknown_name
from caravela.vehicle.bench.graph import Array

PRECISIONS = ("fp32", "bf16", "int8")  # of the products; sums are wider


class Engine(Protocol):
    """A graph, loaded and ready for inputs of fixed shapes."""

    def run(self, inputs: Mapping[str, Array]) -> None:
        """Once; what comes out stays inside. Inputs that the graph does not take are passed over."""

    def outputs(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """What comes out, by name."""


@dataclass(frozen=True)
class Backend:
    """A runtime at one precision."""

    name: str
    precision: str
    load: Callable[[bytes, Mapping[str, Array], int], Engine]

    def __str__(self) -> str:
        return f"{self.name}, {self.precision}"


def installed(name: str) -> bool:
    """Whether a backend can be used here."""
    return name == "onnxruntime" or importlib.util.find_spec("openvino") is not None


def backend(name: str, precision: str) -> Backend | None:
    """A backend at a precision; None where it has none. Raises CaravelaError for an unknown name or a missing package.

    ONNX Runtime's CPU provider multiplies in float32 and int8 and knows no bfloat16. Of an int8 graph, it runs what is not quantised in
    float32, OpenVINO in bfloat16."""
    if name == "onnxruntime":
        return Backend(name, precision, OnnxRuntime) if precision != "bf16" else None
    if name != "openvino":
        raise unknown_name("backend", name, ("onnxruntime", "openvino"))
    if not installed(name):
        raise CaravelaError(f"got --backends openvino, which is not installed; install it with: {install_hint('fast')}.")
    return Backend(name, precision, _openvino("f32" if precision == "fp32" else "bf16"))


class OnnxRuntime:
    """ONNX Runtime on the CPU."""

    def __init__(self, model: bytes, inputs: Mapping[str, Array], threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 4
        options.add_free_dimension_override_by_name("batch", 1)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._takes = [each.name for each in self._session.get_inputs()]
        self._names = [each.name for each in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, Array]) -> None:
        self._session.run(self._names, {name: inputs[name] for name in self._takes})

    def outputs(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(self._names, self._session.run(self._names, {name: inputs[name] for name in self._takes}), strict=True))


def _openvino(hint: str) -> Callable[[bytes, Mapping[str, Array], int], Engine]:
    return lambda model, inputs, threads: OpenVino(model, inputs, threads, hint=hint)


class OpenVino:
    """OpenVINO on the CPU; `hint` is the precision of its products where the graph leaves it open: f32 or bf16."""

    def __init__(self, model: bytes, inputs: Mapping[str, Array], threads: int, *, hint: str = "f32") -> None:
        import openvino

        core = openvino.Core()
        read = core.read_model(model)
        read.reshape({port.any_name: openvino.PartialShape(list(inputs[port.any_name].shape)) for port in read.inputs})
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # a pinned thread waits for whoever else runs on its core
        }
        self._request = core.compile_model(read, "CPU", settings).create_infer_request()
        self._takes = [port.any_name for port in read.inputs]
        self._names = [port.any_name for port in read.outputs]

    def run(self, inputs: Mapping[str, Array]) -> None:
        self._request.infer({name: inputs[name] for name in self._takes}, share_inputs=True, share_outputs=True)

    def outputs(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        # inputs are shared here too: a call that copies them would write into those that the call before had shared
        found = self._request.infer({name: inputs[name] for name in self._takes}, share_inputs=True)
        return {name: found[place].copy() for place, name in enumerate(self._names)}
