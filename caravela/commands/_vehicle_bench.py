"""`caravela vehicle bench`: the tiers on this machine, and `caravela vehicle quantise`: a driver in eight bits. Looks come from the world, the
measuring from the vehicle."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError, install_hint, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from caravela.core.bundle import BundleCard
    from caravela.vehicle.bench.tiers import Tier

CACHE = Path("runs/bench")
BACKENDS = ("onnxruntime", "openvino")
CALIBRATION_LOOKS, CALIBRATION_SEED = 48, 100
LOOKS_SEED = 200
TIERS = ("se",)  # that can be made of another bundle
INT8 = "int8"  # the row of the large tier in eight bits throughout
QUICK = {"calls": 60, "looks": 8}


@dataclass(frozen=True)
class BenchOptions:
    """Measure the tiers on this machine: latency, utilisation, memory, energy and information density, beside what a cost model predicts."""

    ultra: Path | None = None
    """The large tier's bundle; by default the model that ships."""
    se: Path | None = None
    """The small tier's bundle; by default the one that ships."""
    int8: bool = True
    """Also measure the large tier with weights and activations in eight bits, made here (extra `train`), which is what --lost is about."""
    also: tuple[Path, ...] = ()
    """More bundles to set beside the tiers, under their folders' names: another export, fewer steps."""
    backends: tuple[str, ...] = BACKENDS
    """onnxruntime, openvino (extra `fast`)."""
    calls: int = 1500
    """Timed decisions of each row; p99.9 needs thousands."""
    threads: int = 1
    """Threads of the model."""
    looks: int = 24
    """Looks at streets that are shown, one after the other."""
    chip: tuple[Path, ...] = ()
    """Chips described in JSON (docs/vehicle.md) to predict latencies for."""
    lost: tuple[Path, ...] = ()
    """Two results of `caravela evaluate run` on the same drives, the large tier's and the int8 one's: what int8 loses."""
    density: bool = True
    """Measure the information density too."""
    out: Path | None = Path("results/bench.json")
    """The figures."""
    plot: Path = CACHE
    """Folder for utilisation.html and utilisation.png."""
    quick: bool = False
    """Few calls, to see that it runs; not to be quoted."""


@dataclass(frozen=True)
class QuantiseOptions:
    """Make an int8 build of a bundle: weights and activations, whose ranges come from looks at the towns that ship (training side); or, with
    --tier se, the weights alone, in a file of at most 5 MB. Needs the extra `train`."""

    bundle: tyro.conf.Positional[Path | None] = None
    """A bundle folder or an .onnx file; by default the model that ships."""
    out: Path = CACHE / "int8"
    """The bundle's folder."""
    stages: tuple[str, ...] = ("vision", "trunk")
    """What is quantised: vision, trunk, action."""
    looks: int = CALIBRATION_LOOKS
    """Looks that ranges are taken from; with --tier, that its plans are compared on."""
    tier: str | None = None
    """se: the small tier's build, which plans like the bundle and says how nearly. By default none: weights and activations."""


def run_quantise(options: QuantiseOptions) -> dict[str, Any]:
    """Render, calibrate, write. Raises CaravelaError for bad options, BundleError for what is no model."""
    if options.tier is not None:
        return _run_tier(options, tier=options.tier)
    from caravela.core.bundle import MODEL_FILE
    from caravela.vehicle.bench.trial import model_file
    from caravela.vehicle.bundle import shipped

    if not 1 <= options.looks <= 1000:
        raise CaravelaError(f"--looks is {options.looks}; expected 1 to 1,000.")
    source, out = model_file(options.bundle or shipped()), options.out / MODEL_FILE
    count = make_int8(source, out, stages=options.stages, looks=options.looks)
    return {"bundle": str(options.out), "products": count, "bytes": out.stat().st_size, "bytes_before": source.stat().st_size}


def _run_tier(options: QuantiseOptions, *, tier: str) -> dict[str, Any]:
    """The small tier's build, and how like the bundle it plans."""
    from caravela.core.bundle import MODEL_FILE
    from caravela.vehicle.bench.likeness import likeness
    from caravela.vehicle.bench.trial import model_file
    from caravela.vehicle.bundle import open_bundle, shipped

    if tier not in TIERS:
        raise unknown_name("tier", tier, TIERS)
    if options.stages != QuantiseOptions.stages:
        raise CaravelaError(f"got --stages {' '.join(options.stages)} and --tier {tier}, which keeps every weight in eight bits; give one.")
    if not 1 <= options.looks <= 1000:
        raise CaravelaError(f"--looks is {options.looks}; expected 1 to 1,000.")
    source, out = model_file(options.bundle or shipped()), options.out / MODEL_FILE
    try:
        from caravela.model.shrink import shrink
    except ModuleNotFoundError as error:
        raise CaravelaError(
            f"making a tier needs the package {error.name}, which is not installed; install it with: {install_hint('train')}."
        ) from error
    size = shrink(source, out)
    looks = shown(open_bundle(source).card, count=options.looks, seed=LOOKS_SEED)
    told = {"bundle": str(options.out), "name": open_bundle(out).card.name, "bytes": size, "bytes_before": source.stat().st_size}
    return told | likeness(out, source, looks=looks)


def make_int8(source: Path, out: Path, *, stages: "Sequence[str]" = ("vision", "trunk"), looks: int = CALIBRATION_LOOKS) -> int:
    """Write the int8 build of `source`; how many products were quantised. Raises CaravelaError where the extra is missing."""
    try:
        from caravela.model.quantise import quantise
    except ModuleNotFoundError as error:
        raise CaravelaError(
            f"making an int8 build needs the package {error.name}, which is not installed; install it with: {install_hint('train')}, "
            "or leave it out with --no-int8."
        ) from error
    from caravela.vehicle.bundle import open_bundle

    return quantise(source, out, inputs=shown(open_bundle(source).card, count=looks, seed=CALIBRATION_SEED), stages=stages)


def shown(card: "BundleCard", *, count: int, seed: int) -> "list[dict[str, np.ndarray]]":
    """Looks as the graph of this card takes them."""
    from caravela.commands._bench_looks import looks, model_inputs
    from caravela.core.sampling import proposal_noise

    say(f"{count} looks at the towns that ship (rendered once) …")
    noise = proposal_noise()
    seen = looks(card.rig, count=count, seed=seed, folder=CACHE)
    return [model_inputs(each, noise=noise, ego_values=card.ego_values) for each in seen]


def run_bench(options: BenchOptions) -> dict[str, Any]:
    """Measure, predict, draw, write. Raises CaravelaError for bad options."""
    import json

    from caravela.vehicle.bench import chart, roofline, tiers
    from caravela.vehicle.bundle import open_bundle

    _check(options)
    lost = tiers.lost(*options.lost) if options.lost else None
    chips = [roofline.read_chip(path) for path in options.chip]
    if options.out is not None:
        writable(options.out)
    both = _tiers(options)
    looks = QUICK["looks"] if options.quick else options.looks
    inputs = shown(open_bundle(both[0].model).card, count=looks, seed=LOOKS_SEED)
    result = tiers.bench(
        both,
        looks=inputs,
        backends=options.backends,
        calls=QUICK["calls"] if options.quick else options.calls,
        threads=options.threads,
        chips=chips,
        with_density=options.density,
        say=say,
    )
    result |= {"int8_lost": lost, "quick": options.quick, "git_revision": git_revision()}
    lines = chart.rows(result["rows"])
    files = {kind: options.plot / f"utilisation.{kind}" for kind in ("html", "png")}
    try:
        options.plot.mkdir(parents=True, exist_ok=True)
        title = f"Where compute sits idle: a decision on {result['machine']['processor']}, {options.threads} thread(s)"
        files["html"].write_text(chart.html(lines, title=title))
        chart.png(files["png"], lines, title=title)
        if options.out is not None:
            options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(options.plot, error) from error
    return {**result, "plots": [str(path) for path in files.values()], "out": None if options.out is None else str(options.out)}


def _check(options: BenchOptions) -> None:
    from caravela.vehicle.bench.backends import backend
    from caravela.vehicle.bench.clock import cores

    for name in options.backends:
        if name not in BACKENDS:
            raise unknown_name("backend", name, BACKENDS)
        backend(name, "fp32")
    if not options.backends:
        raise CaravelaError(f"got no --backends; expected some of {', '.join(BACKENDS)}.")
    if not 10 <= options.calls <= 1_000_000:
        raise CaravelaError(f"--calls is {options.calls}; expected 10 to 1,000,000.")
    if not 1 <= options.threads <= cores():
        raise CaravelaError(f"--threads is {options.threads}; expected 1 to {cores()}, the cores of this machine.")
    if not 1 <= options.looks <= 1000:
        raise CaravelaError(f"--looks is {options.looks}; expected 1 to 1,000.")
    if options.lost and len(options.lost) != 2:
        raise CaravelaError(f"--lost got {len(options.lost)} file(s); expected two: the large tier's result and the int8 one's.")


def _tiers(options: BenchOptions) -> "list[Tier]":
    """Both tiers, then what is to stand beside them."""
    from caravela.vehicle.bench.tiers import Tier
    from caravela.vehicle.bench.trial import is_int8, model_file
    from caravela.vehicle.bundle import open_bundle, shipped

    ultra, small = model_file(options.ultra or shipped()), model_file(options.se or shipped("se"))
    about = "the model that ships" if options.ultra is None else str(options.ultra)
    large = Tier("ultra", ultra, f"{open_bundle(ultra).card.name}: {about}", is_int8(ultra))
    about = "the small tier that ships, its weights in eight bits, widened when it is loaded" if options.se is None else str(options.se)
    both = [large, Tier("se", small, f"{open_bundle(small).card.name}: {about}", is_int8(small))]
    others = [Tier(path.resolve().name, model_file(path), f"{path}", is_int8(model_file(path))) for path in options.also]
    eight = options.int8 and not large.int8
    names = [tier.name for tier in (*both, *others)] + [INT8] * eight
    if taken := [name for name in names if names.count(name) > 1]:
        raise CaravelaError(f"--also has '{taken[0]}' twice or as a tier's name; expected folders of different names: rename one.")
    return [*both, *([_int8(large)] if eight else []), *others]


def _int8(large: "Tier") -> "Tier":
    """The large tier's build in eight bits, made where it is not there yet."""
    from caravela.core.bundle import MODEL_FILE
    from caravela.vehicle.bench.tiers import Tier
    from caravela.vehicle.bundle import open_bundle

    bundle = open_bundle(large.model)
    made = CACHE / f"int8-{bundle.sha256()[:12]}" / MODEL_FILE
    if not made.is_file():
        say("making the int8 build of the large tier …")
        make_int8(large.model, made)
    return Tier(INT8, made, f"{bundle.card.name} with weights and activations in eight bits (vision and trunk)", True)


def show_bench(result: dict[str, Any]) -> None:
    """Tables for people."""
    from caravela.vehicle.bench.page import summary

    for line in summary(result):
        print(line)
    print(f"drawn in {' and '.join(result['plots'])}; figures in {result['out']}")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
