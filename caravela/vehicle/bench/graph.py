"""An ONNX graph as far as a benchmark needs it: its nodes and who feeds whom; every value's shape, found by running it once; and any
part of it cut out as a model of its own, with inputs of fixed shape."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from caravela.core.errors import BundleError
from caravela.vehicle.bench import wire

Array = NDArray[np.generic]
MODEL_GRAPH, MODEL_METADATA = 7, 14  # fields of onnx.ModelProto
NODE, NAME, INITIALIZER, INPUT, OUTPUT, VALUE_INFO = 1, 2, 5, 11, 12, 13  # of onnx.GraphProto
PINNED = 64  # numbers: whole-number values up to this size that cross a cut are shapes, and become constants

# onnx.TensorProto.DataType of the kinds that cross a cut
KINDS: dict[str, int] = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11,
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One operator."""

    name: str
    kind: str  # op_type
    inputs: tuple[str, ...]  # names of values; "" for one left out
    outputs: tuple[str, ...]
    raw: bytes  # as the file holds it


@dataclass(frozen=True)
class Graph:
    """A model's graph; nodes are in an order in which they can run."""

    head: bytes  # every field of the model but its graph and metadata
    nodes: tuple[Node, ...]
    initializers: dict[str, memoryview]  # by name, as the file holds them
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def producers(self) -> dict[str, Node]:
        """Which node makes a value, by its name."""
        return {name: node for node in self.nodes for name in node.outputs}


def read(path: Path) -> Graph:
    """The graph in an ONNX file. Raises BundleError where there is none."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise BundleError(
            f"cannot read '{path}' ({error.strerror}); expected an exported model: `caravela train export` makes one."
        ) from error
    except ValueError as error:
        raise BundleError(f"'{path}' is no readable ONNX model ({error}); restore the file or export it again.") from error


def parse(model: bytes) -> Graph:
    """The graph of a serialised model. Raises ValueError where the bytes hold none."""
    head, body = bytearray(), b""
    for number, value in wire.fields(model):
        if number == MODEL_GRAPH and not isinstance(value, int):
            body = bytes(value)
        elif number != MODEL_METADATA:
            head += wire.integer(number, value) if isinstance(value, int) else wire.block(number, value)
    if not body:
        raise ValueError("it holds no graph")
    parts: dict[int, list[memoryview]] = {number: [] for number in (NODE, INITIALIZER, INPUT, OUTPUT)}
    for number, value in wire.fields(body):
        if number in parts and not isinstance(value, int):
            parts[number].append(memoryview(value))
    initializers = {_named(raw, 8): raw for raw in parts[INITIALIZER]}
    inputs = [name for name in (_named(raw, 1) for raw in parts[INPUT]) if name not in initializers]
    outputs = [_named(raw, 1) for raw in parts[OUTPUT]]
    return Graph(bytes(head), tuple(map(_node, parts[NODE])), initializers, tuple(inputs), tuple(outputs))


def ancestors(graph: Graph, values: Iterable[str], *, stop: Collection[str] = ()) -> set[str]:
    """Names of all values that these are made from, themselves among them; it does not look behind those in `stop`."""
    producers, found, ahead = graph.producers(), set[str](), list(values)
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        found.add(name)
        if name not in stop and name in producers:
            ahead += [each for each in producers[name].inputs if each]
    return found


def live(graph: Graph) -> set[str]:
    """Names of the values that depend on what the inputs hold. The rest, shapes among it, is known once the shapes are, and costs
    nothing when the model runs: every backend folds it."""
    found = set(graph.inputs)
    for node in graph.nodes:
        if node.kind not in ("Shape", "Size") and found.intersection(node.inputs):
            found.update(node.outputs)
    return found


def observe(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Every value of the graph for these inputs, by name: the graph runs once, with all its values as outputs. Raises BundleError
    where it does not run."""
    names = [name for node in graph.nodes for name in node.outputs if name]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    given = {name: inputs[name] for name in graph.inputs}
    try:
        model = cut(graph, inputs=given, outputs=names, pin=False)
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        values = dict(zip(names, session.run(names, given), strict=True))
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise BundleError(f"the graph does not run ({str(error).splitlines()[0][:160]}); export it again.") from error
    constants = {name: tensor(raw) for name, raw in graph.initializers.items()}
    return constants | given | values


def cut(graph: Graph, *, inputs: Mapping[str, Array], outputs: Sequence[str], pin: bool = True) -> bytes:
    """The part of a graph that makes `outputs` from `inputs`, as a serialised model.

    Args:
        inputs: arrays of the kinds and shapes that the part is to take, by name.
        pin: make whole-number inputs of at most PINNED numbers constants; they are shapes.
    """
    pinned = {name: value for name, value in inputs.items() if pin and value.dtype == np.int64 and value.size <= PINNED}
    needed = ancestors(graph, outputs, stop=set(inputs))
    nodes = [node for node in graph.nodes if needed.intersection(node.outputs) and not set(node.outputs) <= inputs.keys()]
    used = {name for node in nodes for name in node.inputs}
    body = wire.blocks(NODE, [node.raw for node in nodes]) + wire.block(NAME, "part")
    body += wire.blocks(INITIALIZER, [raw for name, raw in graph.initializers.items() if name in used and name not in inputs])
    body += wire.blocks(INITIALIZER, [constant(name, value) for name, value in pinned.items() if name in used])
    body += wire.blocks(INPUT, [_value(name, value) for name, value in inputs.items() if name in used and name not in pinned])
    body += wire.blocks(OUTPUT, [wire.block(1, name) for name in outputs])
    return graph.head + wire.block(MODEL_GRAPH, body)


def build(
    nodes: Sequence[bytes], *, inputs: Mapping[str, Array], outputs: Sequence[str], constants: Mapping[str, Array], opset: int = 18
) -> bytes:
    """A model from nodes that `node` wrote, serialised."""
    body = wire.blocks(NODE, nodes) + wire.block(NAME, "made")
    body += wire.blocks(INITIALIZER, [constant(name, value) for name, value in constants.items()])
    body += wire.blocks(INPUT, [_value(name, value) for name, value in inputs.items()])
    body += wire.blocks(OUTPUT, [wire.block(1, name) for name in outputs])
    head = wire.integer(1, 8) + wire.block(8, wire.block(1, "") + wire.integer(2, opset))
    return head + wire.block(MODEL_GRAPH, body)


def node(kind: str, inputs: Sequence[str], output: str, *, axis: int | None = None, order: Sequence[int] = ()) -> bytes:
    """A node with one output, serialised; `axis` and a transposition's `order` are the attributes that ours need."""
    raw = wire.blocks(1, inputs) + wire.block(2, output) + wire.block(3, output) + wire.block(4, kind)
    if axis is not None:
        raw += wire.block(5, wire.block(1, "axis") + wire.integer(3, axis) + wire.integer(20, 2))  # AttributeProto, type INT
    if order:
        raw += wire.block(5, wire.block(1, "perm") + b"".join(wire.integer(8, each) for each in order) + wire.integer(20, 7))  # INTS
    return raw


def constant(name: str, value: Array) -> bytes:
    """An array as onnx.TensorProto."""
    dims = b"".join(wire.integer(1, size) for size in value.shape)
    return dims + wire.integer(2, KINDS[value.dtype.name]) + wire.block(8, name) + wire.block(9, np.ascontiguousarray(value).tobytes())


def tensor(raw: memoryview | bytes) -> Array:
    """The array in an onnx.TensorProto that holds raw data, as all files of ours do; zeros of its shape where the numbers lie elsewhere."""
    kind, data = 1, b""
    for number, value in wire.fields(raw):
        if number == 2 and isinstance(value, int):
            kind = value
        elif number == 9 and not isinstance(value, int):
            data = bytes(value)
    names = {number: name for name, number in KINDS.items()}
    dtype, shape = np.dtype(names.get(kind, "float32")), wire.integers(raw, 1)
    return np.frombuffer(data, dtype).reshape(shape) if data else np.zeros(shape, dtype)


def _node(raw: memoryview) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 3: [""], 4: [""]}
    for number, value in wire.fields(raw):
        if number in texts:
            texts[number].append(wire.text(value))
    return Node(texts[3][-1], texts[4][-1], tuple(texts[1]), tuple(texts[2]), bytes(raw))


def _named(raw: memoryview, number: int) -> str:
    return next((wire.text(value) for field, value in wire.fields(raw) if field == number), "")


def _value(name: str, value: Array) -> bytes:
    """onnx.ValueInfoProto of an array."""
    shape = wire.blocks(1, [wire.integer(1, size) for size in value.shape])
    kind = wire.integer(1, KINDS[value.dtype.name]) + wire.block(2, shape)
    return wire.block(1, name) + wire.block(2, wire.block(1, kind))
