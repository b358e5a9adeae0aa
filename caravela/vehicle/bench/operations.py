"""Counts operations in an ONNX graph, node by node, from the shapes that its values really have. A multiply-add is two operations.
Only what depends on the inputs counts: what a backend computes once, at load, is no work. Bytes are those of inputs and outputs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from caravela.vehicle.bench.graph import Array, Graph, Node, ancestors, live

MATRIX = ("Conv", "MatMul", "Gemm")
# of each element of the output; transcendental functions as a polynomial of about this many steps
VECTOR: dict[str, float] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Relu", "Clip", "Max", "Min", "Neg", "Where", "Reciprocal", "Greater", "Equal"), 1.0),
    **dict.fromkeys(("Erf", "Exp", "Sigmoid", "Tanh", "Sin", "Cos", "Sqrt", "Pow"), 12.0),
    "Softmax": 16.0,
    "LayerNormalization": 8.0,
    "BatchNormalization": 2.0,
    "MaxPool": 9.0,
    "QuantizeLinear": 3.0,
    "DequantizeLinear": 2.0,
}
# the graph's parts in order, each with the beginning of its nodes' names; a part is all that its last such node needs
STAGES = (("vision", "/vision/"), ("trunk", "/trunk/"), ("action", "/head"), ("critic", ""))
LAYERS = (
    ("stem", "/vision/stem/"),
    *((f"stage {8 << k}", f"/vision/stages/stages.{k}/") for k in range(3)),
    ("project", "/vision/"),
    *((f"trunk {k + 1}", f"/trunk/blocks.{k}/") for k in range(64)),
    ("action 1", "/head/"),
    *((f"action {k + 1}", f"/head_{k}/") for k in range(1, 64)),
    ("critic", ""),
)


@dataclass(frozen=True)
class Work:
    """What one node does."""

    name: str
    kind: str
    matrix: float  # operations in products
    vector: float  # operations elsewhere
    read: int  # bytes of activations
    weights: int  # bytes of constants
    written: int  # bytes
    size: tuple[int, int, int] = (0, 0, 0)  # rows, columns and depth of its product
    products: int = 1  # of that size
    wide: bool = False  # an int8 graph leaves this product in floating point


@dataclass(frozen=True)
class Part:
    """Nodes that belong together, with the names of the values that they take and give."""

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def count(nodes: Sequence[Node], values: Mapping[str, Array], *, alive: set[str], int8: bool = False) -> list[Work]:
    """The work of each of these nodes that depends on an input. In an `int8` graph, products whose weights are not eight bits wide are told."""
    narrow = {name for node in nodes if node.kind == "DequantizeLinear" for name in node.outputs}
    works = [(node, _work(node, values, alive)) for node in nodes if not alive.isdisjoint(node.outputs)]
    return [replace(work, wide=int8 and work.matrix > 0.0 and node.inputs[1] not in narrow) for node, work in works]


def matrix_operations(works: Sequence[Work]) -> float:
    """Operations in matrix products and convolutions."""
    return sum(work.matrix for work in works)


def parts(graph: Graph, marks: Sequence[tuple[str, str]] = STAGES) -> list[Part]:
    """The graph split at `marks`: each part is what the last node whose name begins so needs, and no earlier part has. A mark that no
    node bears is passed over."""
    rest, found = list(graph.nodes), []
    for name, beginning in marks:
        last = next((node for node in reversed(graph.nodes) if node.name.startswith(beginning) and node.kind != "Constant"), None)
        if last is None:
            continue
        needed = ancestors(graph, last.outputs if beginning else graph.outputs)
        mine = [node for node in rest if needed.intersection(node.outputs)]
        taken = {id(node) for node in mine}
        rest = [node for node in rest if id(node) not in taken]
        if mine:
            found.append((name, mine))
    return [_part(graph, name, mine) for name, mine in found]


def _part(graph: Graph, name: str, nodes: Sequence[Node]) -> Part:
    """With its borders. What depends on no input is copied into every part that needs it, so it crosses none."""
    alive, made = live(graph), {output for node in nodes for output in node.outputs}
    names = {id(node) for node in nodes}
    wanted = set(graph.outputs).union(*(node.inputs for node in graph.nodes if id(node) not in names))
    outputs = sorted(made & wanted & alive)
    inputs = ancestors(graph, outputs, stop=alive - made) & (alive - made)  # a picture whose shape alone is asked for is among them
    return Part(name, tuple(nodes), tuple(sorted(inputs)), tuple(outputs))


def _work(node: Node, values: Mapping[str, Array], alive: set[str]) -> Work:
    into = [name for name in node.inputs if name]
    out = values[node.outputs[0]]
    matrix, size, products = _product(node, values) if node.kind in MATRIX else (0.0, (0, 0, 0), 1)
    return Work(
        name=node.name,
        kind=node.kind,
        matrix=matrix,
        vector=VECTOR.get(node.kind, 0.0) * out.size,
        read=sum(values[name].nbytes for name in into if name in alive),
        weights=sum(values[name].nbytes for name in into if name not in alive),
        written=sum(values[name].nbytes for name in node.outputs if name),
        size=size,
        products=products,
    )


def _product(node: Node, values: Mapping[str, Array]) -> tuple[float, tuple[int, int, int], int]:
    """Operations, (rows, columns, depth) of a product and how many of them there are."""
    first, second = values[node.inputs[0]], values[node.inputs[1]]
    out = values[node.outputs[0]]
    if node.kind == "Conv":  # weights (out, in / groups, *kernel); the picture's places are the rows
        depth = math.prod(second.shape[1:])
        rows, columns, products = out.size // second.shape[0], second.shape[0], 1
    elif node.kind == "Gemm":  # either operand may be turned over
        rows, columns = out.shape
        depth, products = first.size // rows, 1
    else:
        depth, columns = first.shape[-1], out.shape[-1] if second.ndim > 1 else 1
        products = math.prod(second.shape[:-2])
        rows = out.size // max(columns * products, 1)
    return 2.0 * out.size * depth, (int(rows), int(columns), int(depth)), max(int(products), 1)


def inputs_of(part: Part, values: Mapping[str, Array]) -> dict[str, Array]:
    """What a part takes, as it was seen."""
    return {name: np.asarray(values[name]) for name in part.inputs}
