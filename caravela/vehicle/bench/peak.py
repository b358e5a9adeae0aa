"""What a backend can do at its best on this machine: the rate of large matrix products, and the smaller constants of its cost model. All from
little graphs that are made here and run like the model."""

from pathlib import Path

import numpy as np

from caravela.vehicle.bench import graph
from caravela.vehicle.bench.backends import Backend
from caravela.vehicle.bench.clock import timed
from caravela.vehicle.bench.graph import Array
from caravela.vehicle.bench.operations import VECTOR

SIZES = (256, 512, 1024)  # of square products; the best counts
CHAIN = 3  # products in a row
GELU = (512, 256)  # numbers on which elementwise operations are timed
ENCODER = {"blocks": 4, "tokens": 64, "width": 192, "heads": 4}  # made up, on which a launch is measured
MEMORY = 256 << 20  # bytes that no cache holds
ON_CHIP = 32 << 20  # bytes of the last cache where the system does not say


def matrix_peak(backend: Backend, *, threads: int, calls: int = 15) -> float:
    """Operations a second in large products at the backend's precision: the best size's median."""
    best = 0.0
    for size in SIZES:
        model, inputs = products(size, chain=CHAIN, int8=backend.precision == "int8")
        best = max(best, CHAIN * 2.0 * size**3 / seconds(backend, model, inputs, threads, calls=calls))
    return best


def vector_rate(backend: Backend, *, threads: int) -> float:
    """Elementwise operations a second, as `operations.VECTOR` counts them, in a GELU."""
    x = np.random.default_rng(0).standard_normal(GELU, dtype=np.float32)
    half = {"root": np.array(2.0**0.5, np.float32), "one": np.array(1.0, np.float32), "half": np.array(0.5, np.float32)}
    steps = [("Div", "x", "root"), ("Erf", "y0"), ("Add", "y1", "one"), ("Mul", "x", "y2"), ("Mul", "y3", "half")]
    nodes = [graph.node(kind, inputs, f"y{k}") for k, (kind, *inputs) in enumerate(steps)]
    model = graph.build(nodes, inputs={"x": x}, outputs=["y4"], constants=half)
    return sum(VECTOR[kind] for kind, *_ in steps) * x.size / seconds(backend, model, {"x": x}, threads)


def seconds(backend: Backend, model: bytes, inputs: dict[str, Array], threads: int, *, calls: int = 100) -> float:
    """What a model takes, s."""
    engine = backend.load(model, inputs, threads)
    return timed(lambda _: engine.run(inputs), calls=calls).work_s(threads)


def encoder(*, blocks: int, tokens: int, width: int, heads: int) -> tuple[bytes, dict[str, Array]]:
    """A made-up transformer encoder as a model, and its input (tokens, width): pre-norm attention and a GELU layer, weights at random. What
    backends do between products is measured on it, so that nothing is fitted to the model that is to be predicted."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((tokens, width), dtype=np.float32)
    constants: dict[str, Array] = {
        "one": np.ones(width, np.float32), "root": np.array(2.0**0.5, np.float32), "unit": np.array(1.0, np.float32),
        "half": np.array(0.5, np.float32), "split": np.array([tokens, 3, heads, width // heads], np.int64),
        "merge": np.array([tokens, width], np.int64), **{f"part{k}": np.array(k, np.int64) for k in range(3)},
    }  # fmt: skip
    nodes: list[bytes] = []

    def add(kind: str, *inputs: str, axis: int | None = None, order: tuple[int, ...] = ()) -> str:
        output = f"v{len(nodes)}"
        nodes.append(graph.node(kind, inputs, output, axis=axis, order=order))
        return output

    def linear(value: str, inputs: int, outputs: int) -> str:
        name = f"w{len(nodes)}"
        constants[name] = draw.standard_normal((inputs, outputs), dtype=np.float32) / np.float32(inputs**0.5)
        constants[f"{name}.bias"] = np.zeros(outputs, np.float32)
        return add("Add", add("MatMul", value, name), f"{name}.bias")

    value = "x"
    for _ in range(blocks):
        mixed = add("Reshape", linear(add("LayerNormalization", value, "one", axis=-1), width, 3 * width), "split")
        query, key, told = (
            add("Transpose", add("Gather", mixed, f"part{k}", axis=1), order=(1, 2, 0) if k == 1 else (1, 0, 2)) for k in range(3)
        )
        seen = add("MatMul", add("Softmax", add("MatMul", query, key), axis=-1), told)
        seen = add("Reshape", add("Transpose", seen, order=(1, 0, 2)), "merge")
        value = add("Add", value, linear(seen, width, width))
        wide = linear(add("LayerNormalization", value, "one", axis=-1), width, 2 * width)
        bent = add("Mul", add("Mul", wide, add("Add", add("Erf", add("Div", wide, "root")), "unit")), "half")
        value = add("Add", value, linear(bent, 2 * width, width))
    inputs: dict[str, Array] = {"x": x}
    return graph.build(nodes, inputs=inputs, outputs=[value], constants=constants), inputs


def bandwidth(size: int) -> float:
    """Bytes a second, read and written, of copying `size` bytes."""
    source, target = np.ones(size // 2, np.uint8), np.zeros(size // 2, np.uint8)
    return size / timed(lambda _: np.copyto(target, source), calls=9 if size >= MEMORY else 200).work_s(1)


def on_chip_bytes() -> int:
    """Size of the last cache."""
    found = [_bytes(path) for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    return max(found, default=ON_CHIP)


def products(size: int, *, chain: int, int8: bool) -> tuple[bytes, dict[str, Array]]:
    """A chain of square products by constants, as a model, and its input. In int8 each is quantised as `model.quantise` does it."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((size, size), dtype=np.float32)
    constants: dict[str, Array] = {}
    nodes, before = [], "x"
    if int8:
        constants |= {"scale": np.array(0.04, np.float32), "zero": np.array(128, np.uint8)}
        constants |= {"scales": np.full(size, 1.0 / (40.0 * size**0.5), np.float32), "zeros": np.zeros(size, np.int8)}
    for k in range(chain):
        if int8:
            constants[f"w{k}"] = draw.integers(-127, 128, (size, size), dtype=np.int8)
            nodes += [
                graph.node("QuantizeLinear", [before, "scale", "zero"], f"q{k}"),
                graph.node("DequantizeLinear", [f"q{k}", "scale", "zero"], f"d{k}"),
                graph.node("DequantizeLinear", [f"w{k}", "scales", "zeros"], f"v{k}", axis=1),
                graph.node("MatMul", [f"d{k}", f"v{k}"], f"y{k}"),
            ]
        else:
            constants[f"w{k}"] = draw.standard_normal((size, size), dtype=np.float32) / np.float32(size**0.5)
            nodes.append(graph.node("MatMul", [before, f"w{k}"], f"y{k}"))
        before = f"y{k}"
    if int8:  # so that the last product is followed by what follows the others
        nodes += [
            graph.node("QuantizeLinear", [before, "scale", "zero"], "q"),
            graph.node("DequantizeLinear", ["q", "scale", "zero"], "y"),
        ]
        before = "y"
    inputs: dict[str, Array] = {"x": x}
    return graph.build(nodes, inputs=inputs, outputs=[before], constants=constants), inputs


def _bytes(path: Path) -> int:
    """A cache's size as the kernel writes it, as in 32768K; 0 where it cannot be read."""
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    return int(text[:-1]) << {"K": 10, "M": 20}.get(text[-1], 0) if text[-1] in "KM" else int(text or 0)
