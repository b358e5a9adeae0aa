"""Ultra SE, the small tier: a driver in a file of at most 5 MB. Large weights are kept in eight bits, each output's with a scale of its own,
and turned back once, when the file is loaded: what drives computes in floating point, as fast as before. What the exporter wrote twice is
kept once. It leaves out activations in eight bits, which are faster and less faithful: `quantise` makes those."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from caravela.core.bundle import BundleCard, put_model
from caravela.core.errors import BundleError
from caravela.model.export import halve, widen
from caravela.model.quantise import in_eight_bits

TIER = "se"  # what such a bundle calls itself
BUDGET = 5_000_000  # bytes of the file
EIGHT_FROM = 16_384  # numbers; smaller weights stay in half precision: all of them take a tenth of a megabyte more, and they matter
LARGEST = 127
_SCALE = ".scale"


def shrink(source: Path, out: Path) -> int:
    """Write the small tier's build of the exported model `source` and its fingerprint. Returns the file's bytes. Raises BundleError where
    `source` is no driver, is in eight bits already, or does not fit into BUDGET."""
    try:
        model = onnx.load(source)
        card = BundleCard.from_metadata({entry.key: entry.value for entry in model.metadata_props}, source=f"'{source}'")
    except BundleError:
        raise
    except Exception as error:  # protobuf's and the system's own
        raise BundleError(f"'{source}' is no readable ONNX model ({str(error)[:160]}); export it again.") from error
    if in_eight_bits(model.graph):
        raise BundleError(f"'{source}' is in eight bits already; expected the model that it was made from.")
    widen(model.graph)
    _keep_once(model.graph)
    _eight(model.graph)
    halve(model.graph, but=_SCALE)
    _name_shortly(model.graph)
    del model.metadata_props[:]
    helper.set_model_props(model, {**card.to_metadata(), "caravela.name": TIER})
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    if len(content) > BUDGET:
        raise BundleError(
            f"'{source}' takes {len(content) / 1e6:.2f} MB as {TIER}; expected at most {BUDGET / 1e6:g}: train a smaller one, as "
            "`caravela train vla se` does."
        )
    put_model(out, content)
    return len(content)


def _keep_once(graph: onnx.GraphProto) -> None:
    """Equal constants once, as weights; equal nodes once; identities and what nobody asks for not at all."""
    outputs = {value.name for value in graph.output}
    same: dict[str, str] = {}  # a value by the name that stays
    constants: dict[tuple[object, ...], onnx.TensorProto] = {}
    made: dict[tuple[object, ...], onnx.NodeProto] = {}

    def keep(value: onnx.TensorProto, name: str) -> None:
        array = numpy_helper.to_array(value)
        kept = constants.setdefault((value.data_type, array.shape, array.tobytes()), numpy_helper.from_array(array, name=name))
        same[name] = kept.name

    for weight in graph.initializer:
        keep(weight, weight.name)
    for node in graph.node:
        inputs = [same.get(name, name) for name in node.input]
        del node.input[:]
        node.input.extend(inputs)
        ends = not outputs.isdisjoint(node.output)
        if node.op_type == "Identity" and not ends:
            same[node.output[0]] = inputs[0]
        elif node.op_type == "Constant" and not ends and node.attribute[0].name == "value":
            keep(node.attribute[0].t, node.output[0])
        else:
            attributes = sorted(each.SerializeToString() for each in node.attribute)
            key = (id(node),) if ends else (node.op_type, tuple(inputs), tuple(attributes), len(node.output))
            same |= dict(zip(node.output, made.setdefault(key, node).output, strict=True))
    wanted, nodes = set(outputs), list[onnx.NodeProto]()
    for node in reversed(made.values()):
        if not wanted.isdisjoint(node.output):
            wanted.update(node.input)
            node.ClearField("doc_string")
            nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))  # a copy: the graph's own are taken away below
    kept = [weight for weight in constants.values() if weight.name in wanted]
    for field, those in ((graph.node, nodes[::-1]), (graph.initializer, kept), (graph.value_info, [])):
        del field[:]
        field.extend(those)


def _eight(graph: onnx.GraphProto) -> None:
    """Large float32 weights in eight bits, and the two nodes that turn them back; ONNX Runtime folds both when it loads the file."""
    axes, kept, nodes = _outputs_axes(graph), list[onnx.TensorProto](), list[onnx.NodeProto]()
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != onnx.TensorProto.FLOAT or values.size < EIGHT_FROM or weight.name not in axes:
            kept.append(weight)
            continue
        eight, scale = rounded(values, axis=axes[weight.name])
        name = weight.name
        kept += [numpy_helper.from_array(eight, name=f"{name}.eight"), numpy_helper.from_array(scale, name=f"{name}{_SCALE}")]
        nodes.append(helper.make_node("Cast", [f"{name}.eight"], [f"{name}.wide"], to=onnx.TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.wide", f"{name}{_SCALE}"], [name]))
    nodes += graph.node
    for field, those in ((graph.node, nodes), (graph.initializer, kept)):
        del field[:]
        field.extend(those)


def rounded(values: NDArray[np.float32], *, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers within LARGEST, of the shape of `values`, and the scales that they are multiplied by, of size 1 but along `axis`."""
    others = tuple(k for k in range(values.ndim) if k != axis)
    largest = np.abs(values).max(axis=others, keepdims=True)
    scale = (np.where(largest > 0.0, largest, 1.0) / LARGEST).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale


def _outputs_axes(graph: onnx.GraphProto) -> dict[str, int]:
    """Which axis of each product's weight its outputs lie along, by name."""
    axes: dict[str, int] = {}
    for node in graph.node:
        turned = any(each.name == "transB" and each.i for each in node.attribute)
        if node.op_type == "Conv" or (node.op_type == "Gemm" and turned):
            axes[node.input[1]] = 0
        elif node.op_type in ("MatMul", "Gemm"):
            axes[node.input[1]] = -1
    axes |= {node.input[0]: 0 for node in graph.node if node.op_type == "Transpose" and node.output[0] in axes}
    shapes = {weight.name: weight.dims for weight in graph.initializer}
    return {name: axis % len(shapes[name]) for name, axis in axes.items() if name in shapes}


def _name_shortly(graph: onnx.GraphProto) -> None:
    """Values by number; inputs, outputs and nodes keep their names, by which the car and the bench know them."""
    short = {value.name: value.name for value in (*graph.input, *graph.output)} | {"": ""}
    for weight in graph.initializer:
        weight.name = short.setdefault(weight.name, f"{len(short):x}")
    for node in graph.node:
        for names in (node.input, node.output):
            those = [short.setdefault(name, f"{len(short):x}") for name in names]
            del names[:]
            names.extend(those)
