"""One bundle through one backend at one precision, measured in a process of its own: memory first, then latency, the backend's peak, and every
part of the graph alone. What is shown are looks at real streets, one after the other."""

import multiprocessing
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from caravela.core.bundle import MODEL_FILE, OUTPUTS
from caravela.core.errors import BundleError, CaravelaError
from caravela.vehicle.bench import graph as graphs
from caravela.vehicle.bench import peak, roofline
from caravela.vehicle.bench.backends import Backend, backend
from caravela.vehicle.bench.clock import BUSY, Times, timed
from caravela.vehicle.bench.graph import Array, Graph
from caravela.vehicle.bench.operations import LAYERS, STAGES, Part, Work, count, inputs_of, matrix_operations, parts
from caravela.vehicle.bench.roofline import Chip

PART_CALLS = 60  # timed calls of every part
PATIENCE_S = 900.0  # that one trial may take


@dataclass(frozen=True)
class Job:
    """What is to be measured."""

    model: Path  # an .onnx file
    backend: str
    precision: str
    looks: Sequence[Mapping[str, Array]]  # inputs of batch 1
    threads: int = 1
    calls: int = 1000
    layers: bool = True  # time the graph's layers too, not its stages only


@dataclass(frozen=True)
class Measured:
    """What came of it."""

    times: Times
    load_s: float
    memory_mib: float  # the whole process, at its largest, before anything but the model ran
    added_mib: float  # of it by loading and running the model
    peak: float  # operations a second in large products
    chip: Chip
    outputs: dict[str, Array]  # of every look, stacked
    parts_s: dict[str, float] = field(default_factory=dict)  # by stage or layer, seconds of work


def run(job: Job) -> Measured:
    """Measure in a process of its own. Raises CaravelaError where that cannot be done."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, job), name=f"bench {job.backend} {job.precision}")
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE_S):
            raise CaravelaError(f"{job.backend} at {job.precision} did not end within {PATIENCE_S:.0f} s; expected seconds: leave it out.")
        answer = ours.recv()
    except EOFError:
        raise CaravelaError(
            f"the process that measures {job.backend} at {job.precision} died; try --backends with the other one."
        ) from None
    finally:
        process.kill()
        process.join()
    if isinstance(answer, Measured):
        return answer
    raise CaravelaError(str(answer))


def model_file(bundle: Path) -> Path:
    """The .onnx file of a bundle folder, or the file itself. Raises BundleError where there is none."""
    file = bundle / MODEL_FILE if bundle.is_dir() else bundle
    if not file.is_file():
        raise BundleError(f"no model at {file}; expected an .onnx file or a folder with {MODEL_FILE}: `caravela train export` makes one.")
    return file


def measure(job: Job) -> Measured:
    """Measure in this process, whose memory is what counts."""
    runs = backend(job.backend, job.precision)
    if runs is None:
        raise CaravelaError(
            f"{job.backend} has no {job.precision} on this processor; expected one of its own: see `caravela vehicle bench --help`."
        )
    before, looks = _memory_mib(), job.looks
    model = job.model.read_bytes()
    engines: list[Any] = []
    loading = timed(lambda _: engines.append(runs.load(model, looks[0], job.threads)), calls=1, warm=0)
    engine = engines[0]
    engine.run(looks[0])
    memory = _memory_mib()
    times = timed(lambda k: engine.run(looks[k % len(looks)]), calls=job.calls, warm=20)
    outputs = [engine.outputs(look) for look in looks]
    best = peak.matrix_peak(runs, threads=job.threads)
    chip = roofline.measured(runs, threads=job.threads, peak=best)
    graph = graphs.parse(model)
    marks = (STAGES, LAYERS) if job.layers else (STAGES,)
    took = _parts(graph, runs, looks[0], threads=job.threads, marks=marks)
    best = max(best, peak.matrix_peak(runs, threads=job.threads))  # before and after: the best is the peak
    stacked = {name: np.concatenate([each[name] for each in outputs]) for name in OUTPUTS}
    return Measured(times, float(loading.wall[0]), memory, memory - before, best, chip, stacked, took)


def _parts(
    graph: Graph, runs: Backend, look: Mapping[str, Array], *, threads: int, marks: Sequence[Sequence[tuple[str, str]]]
) -> dict[str, float]:
    """Seconds that each part takes alone, fed with what it was fed in the whole."""
    values = graphs.observe(graph, look)
    found: dict[str, float] = {}
    for part in (part for each in marks for part in parts(graph, each)):
        inputs = inputs_of(part, values)
        model = graphs.cut(graph, inputs=inputs, outputs=part.outputs)
        found.setdefault(part.name, peak.seconds(runs, model, inputs, threads, calls=PART_CALLS))  # "critic" is in both
    return found


@dataclass(frozen=True)
class Counted:
    """A graph's work, as a whole and part by part."""

    whole: list[Work]
    stages: dict[str, list[Work]]
    layers: dict[str, list[Work]]
    inputs: dict[str, int]  # bytes of every input of a decision

    @property
    def operations(self) -> float:
        """In products, a decision."""
        return matrix_operations(self.whole)


def counted(model: Path, look: Mapping[str, Array]) -> Counted:
    """Operations of an exported model, for one look. Raises BundleError where the file holds none."""
    graph = graphs.read(model)
    values, alive = graphs.observe(graph, look), graphs.live(graph)

    int8 = any(node.kind == "DequantizeLinear" for node in graph.nodes)

    def works(several: Sequence[Part]) -> dict[str, list[Work]]:
        return {part.name: count(part.nodes, values, alive=alive, int8=int8) for part in several}

    whole = count(graph.nodes, values, alive=alive, int8=int8)
    return Counted(whole, works(parts(graph, STAGES)), works(parts(graph, LAYERS)), {name: int(look[name].nbytes) for name in graph.inputs})


def is_int8(model: Path) -> bool:
    """Whether a model's products were quantised."""
    return any(node.kind == "DequantizeLinear" for node in graphs.read(model).nodes)


def busy(times: Times, *, threads: int) -> bool:
    """Whether somebody else was running meanwhile, as far as one thread can tell."""
    return threads == 1 and times.stretch > BUSY


def _serve(pipe: Any, job: Job) -> None:
    """The measuring process: the result, or what went wrong in a sentence."""
    try:
        pipe.send(measure(job))
    except CaravelaError as error:
        pipe.send(str(error))
    except Exception:  # what a backend raises shares no base class
        last = traceback.format_exc().strip().splitlines()[-1]
        pipe.send(f"{job.backend} cannot run '{job.model}' at {job.precision} ({last[:200]}); leave it out with --backends.")


def _memory_mib() -> float:
    """This process at its largest so far, MiB; where the system does not say, not a number."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next((float(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM")), float("nan"))
