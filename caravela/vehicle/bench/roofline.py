"""A cost model of accelerators: what a graph would take on a described chip. Each kernel takes the longest of three: its products at the chip's
peak (rounded up to whole tiles), its other operations, and its bytes, on or off the chip (roofline: Williams et al. 2009); and a launch besides.
Elementwise operations ride along with the kernel that feeds them. Nothing in it is fitted to the model's own latency."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError, unknown_name
from caravela.vehicle.bench import peak as peaks
from caravela.vehicle.bench.backends import PRECISIONS, Backend
from caravela.vehicle.bench.backends import backend as backend_at
from caravela.vehicle.bench.graph import live, observe, parse
from caravela.vehicle.bench.operations import Work, count

BYTES = {"fp32": 4.0, "bf16": 2.0, "int8": 1.0}  # of a number in a product
# J an operation and J a byte in 45 nm (Horowitz, ISSCC 2014): half a multiply and an add; a 1 MB cache; DRAM. A proxy: it ranks, it does not meter
OPERATION_J = {"fp32": 2.3e-12, "bf16": 0.75e-12, "int8": 0.15e-12}
VECTOR_J, ON_CHIP_J, MEMORY_J = 0.9e-12, 12.5e-12, 200e-12
RIDING = frozenset(  # elementwise: fused into the kernel before
    ("Add", "Sub", "Mul", "Div", "Relu", "Clip", "Max", "Min", "Neg", "Where", "Reciprocal", "Erf", "Exp", "Sigmoid", "Tanh", "Sqrt", "Pow")
    + ("QuantizeLinear", "DequantizeLinear", "Cast", "BatchNormalization")
)
FREE = frozenset(("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Expand", "Constant"))  # no byte moves


@dataclass(frozen=True)
class Chip:
    """What the model of a chip needs to know."""

    name: str
    operations_per_s: dict[str, float]  # in products, by precision; a multiply-add is two
    vector_per_s: float  # operations elsewhere, as operations.VECTOR counts them
    memory_bytes_per_s: float  # off the chip
    on_chip_bytes: int
    on_chip_bytes_per_s: float
    launch_s: float  # of a kernel
    tile: tuple[int, int, int] = (1, 1, 1)  # rows, columns and depth that a product is rounded up to
    about: str = ""


@dataclass(frozen=True)
class Cost:
    """What a graph takes on a chip."""

    seconds: float
    matrix_s: float  # of it bound by products,
    vector_s: float  # by other operations,
    bytes_s: float  # by bytes,
    launch_s: float  # and by launches
    joules: float  # of a 45 nm chip: the energy proxy
    memory_bytes: float  # that cross the chip's border in a decision

    def ms(self) -> dict[str, float]:
        """For JSON."""
        return {
            name.removesuffix("_s") + "_ms": round(1e3 * getattr(self, name), 4) for name in ("matrix_s", "vector_s", "bytes_s", "launch_s")
        }


def predict(works: Sequence[Work], chip: Chip, *, precision: str, whole: Sequence[Work] | None = None) -> Cost:
    """The cost of `works`, in the order in which they run. What stays on the chip is decided by `whole`, all that runs in a decision.
    Raises CaravelaError where the chip has no such precision."""
    if precision not in chip.operations_per_s:
        raise CaravelaError(f"the chip '{chip.name}' has no {precision}; it has {', '.join(chip.operations_per_s)}: describe that too.")
    rest = wider(chip, precision)
    held = footprint(works if whole is None else whole) * BYTES[precision] / BYTES["fp32"] <= chip.on_chip_bytes
    sums = {"matrix": 0.0, "vector": 0.0, "bytes": 0.0, "launch": 0.0}
    joules, crossing = 0.0, 0.0
    for kernel in kernels(works):
        runs_in = rest if any(work.wide for work in kernel) else precision
        width = BYTES[runs_in] / BYTES["fp32"]
        weights = sum(work.weights for work in kernel) * width
        moved = (kernel[0].read + kernel[-1].written) * width
        away = 0.0 if held else weights
        took = _bounds(kernel, chip, precision=runs_in, moved=moved + weights, away=away)
        bound = max(took, key=lambda name: took[name])
        sums[bound] += took[bound]
        sums["launch"] += chip.launch_s
        joules += sum(work.matrix for work in kernel) * OPERATION_J[runs_in] + sum(work.vector for work in kernel) * VECTOR_J
        joules += (moved + weights) * ON_CHIP_J + away * MEMORY_J
        crossing += away
    return Cost(sum(sums.values()), sums["matrix"], sums["vector"], sums["bytes"], sums["launch"], joules=joules, memory_bytes=crossing)


def _bounds(kernel: Sequence[Work], chip: Chip, *, precision: str, moved: float, away: float) -> dict[str, float]:
    """Seconds that each ceiling allows a kernel at best."""
    return {
        "matrix": sum(rounded(work, chip.tile) for work in kernel) / chip.operations_per_s[precision],
        "vector": sum(work.vector for work in kernel) / chip.vector_per_s,
        "bytes": max(moved / chip.on_chip_bytes_per_s, away / chip.memory_bytes_per_s),
    }


def wider(chip: Chip, precision: str) -> str:
    """What a chip runs those products in that an int8 graph leaves in floating point."""
    return next((each for each in ("bf16", "fp32") if each in chip.operations_per_s), precision) if precision == "int8" else precision


def kernels(works: Sequence[Work]) -> list[list[Work]]:
    """Works that run as one: each with the elementwise ones that follow it."""
    found: list[list[Work]] = []
    for work in works:
        if work.kind in FREE:
            continue
        if work.kind in RIDING and found:
            found[-1].append(work)
        else:
            found.append([work])
    return found


def rounded(work: Work, tile: tuple[int, int, int]) -> float:
    """Operations of a product with each of its sides rounded up to whole tiles."""
    if not work.matrix:
        return 0.0
    rows, columns, depth = (-(-size // step) * step for size, step in zip(work.size, tile, strict=True))
    return 2.0 * work.products * rows * columns * depth


def footprint(works: Sequence[Work]) -> float:
    """Bytes, in float32, of all weights and of the largest activations that stand at once."""
    seen: dict[str, int] = {work.name: work.weights for work in works}
    return sum(seen.values()) + max((work.read + work.written for work in works), default=0)


def measured(backend: Backend, *, threads: int, peak: float) -> Chip:
    """This machine as a chip, through a backend. What a kernel costs besides its work is what a made-up encoder takes beyond all that the other
    ceilings explain, shared among its kernels."""
    chip = Chip(
        name=f"this machine through {backend}",
        operations_per_s={backend.precision: peak, **_rest(backend, threads=threads)},
        vector_per_s=peaks.vector_rate(backend, threads=threads),
        memory_bytes_per_s=peaks.bandwidth(peaks.MEMORY),
        on_chip_bytes=peaks.on_chip_bytes(),
        on_chip_bytes_per_s=peaks.bandwidth(1 << 20),
        launch_s=0.0,
        tile=tile_of(_flags(), precision=backend.precision),
    )
    model, inputs = peaks.encoder(**peaks.ENCODER)
    graph = parse(model)
    works = count(graph.nodes, observe(graph, inputs), alive=live(graph))
    left = peaks.seconds(backend, model, inputs, threads) - predict(works, chip, precision=backend.precision).seconds
    return replace(chip, launch_s=max(left, 0.0) / len(kernels(works)))


def _rest(backend: Backend, *, threads: int) -> dict[str, float]:
    """The peak of what a backend runs in floating point beside int8."""
    if backend.precision != "int8":
        return {}
    floating = backend_at(backend.name, "bf16") or backend_at(backend.name, "fp32")
    assert floating is not None
    return {floating.precision: peaks.matrix_peak(floating, threads=threads)}


def _flags() -> list[str]:
    """What the processor says that it can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    return next((line.split() for line in lines if line.startswith("flags")), [])


def read_chip(path: Path) -> Chip:
    """A chip described in JSON, with the fields of `Chip`. Raises CaravelaError for anything else."""
    try:
        described = json.loads(path.read_text())
    except OSError as error:
        raise CaravelaError(f"cannot read the chip '{path}' ({error.strerror}); give --chip a JSON file.") from error
    except ValueError as error:
        raise CaravelaError(f"'{path}' is no JSON ({error}); expected a chip as `caravela vehicle bench` writes this machine.") from error
    return chip_of(described, source=str(path))


def chip_of(described: Any, *, source: str) -> Chip:
    """A chip from JSON. Raises CaravelaError, naming `source`, where it lacks something or means nothing."""
    needed = [field.name for field in fields(Chip) if field.name not in ("tile", "about")]
    if not isinstance(described, dict) or (missing := [name for name in needed if name not in described]):
        missing = needed if not isinstance(described, dict) else missing
        raise CaravelaError(f"the chip '{source}' lacks {', '.join(missing)}; expected the fields of `Chip` in vehicle/bench/roofline.py.")
    if unknown := sorted(described.keys() - {field.name for field in fields(Chip)}):
        raise unknown_name(f"field of the chip '{source}'", unknown[0], [field.name for field in fields(Chip)])
    rates = described["operations_per_s"]
    if not isinstance(rates, dict) or not rates or any(name not in PRECISIONS for name in rates):
        raise CaravelaError(
            f"the chip '{source}' has operations_per_s {str(rates)[:80]}; expected some of {', '.join(PRECISIONS)}, each a rate."
        )
    numbers = [*rates.values(), *(described[name] for name in needed if name not in ("name", "operations_per_s", "launch_s"))]
    tile = described.get("tile", (1, 1, 1))
    if not all(_positive(value) for value in numbers) or not (_positive(described["launch_s"]) or described["launch_s"] == 0):
        raise CaravelaError(f"the chip '{source}' holds a rate or size that is not above 0; expected operations, bytes and seconds.")
    if not isinstance(tile, list | tuple) or len(tile) != 3 or not all(isinstance(size, int) and size > 0 for size in tile):
        raise CaravelaError(f"the chip '{source}' has the tile {str(tile)[:40]}; expected rows, columns and depth, whole numbers above 0.")
    return Chip(**{**described, "tile": tuple(tile)})


def told(chip: Chip) -> dict[str, Any]:
    """For JSON; `read_chip` takes it back."""
    return {**asdict(chip), "tile": list(chip.tile)}


def tile_of(flags: Collection[str], *, precision: str) -> tuple[int, int, int]:
    """The tile of this processor's vector units: columns that a register holds, and the numbers that one instruction sums."""
    depth = {"fp32": 1, "bf16": 2, "int8": 4}[precision]
    return (1, 16 if "avx512f" in flags else 8 if "avx2" in flags else 4, depth)


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 < value < float("inf")
