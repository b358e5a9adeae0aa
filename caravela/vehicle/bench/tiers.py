"""Both tiers through every backend at every precision that it has, and what follows: utilisation, where the fastest stands, how far the cost
model is off, what int8 loses. One JSON object comes out; `page.py` tells it to people."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.core.types import HISTORY_S
from caravela.vehicle.bench import density, roofline, trial
from caravela.vehicle.bench.backends import backend
from caravela.vehicle.bench.clock import cores
from caravela.vehicle.bench.graph import Array
from caravela.vehicle.bench.operations import matrix_operations
from caravela.vehicle.bench.roofline import Chip
from caravela.vehicle.bench.trial import Counted, Job, Measured
from caravela.vehicle.bundle import open_bundle

TARGET, GOAL = 0.40, 0.60  # of the peak that the large tier's vision stage is to reach at batch 1, through its fastest backend
LAYER_STAGES = {"stem": "vision", "project": "vision"}  # the stage of a layer, where its first word does not say it
Say = Callable[[str], None]


@dataclass(frozen=True)
class Tier:
    """A size of the model."""

    name: str  # ultra, se, or that of a build which stands beside them
    model: Path
    about: str
    int8: bool

    @property
    def precisions(self) -> tuple[str, ...]:
        """What its products can be run in."""
        return ("int8",) if self.int8 else ("fp32", "bf16")


@dataclass(frozen=True)
class Row:
    """A tier through one backend at one precision."""

    tier: Tier
    backend: str
    precision: str
    measured: Measured


def bench(
    tiers: Sequence[Tier],
    *,
    looks: Sequence[Mapping[str, Array]],
    backends: Sequence[str],
    calls: int,
    threads: int,
    chips: Sequence[Chip],
    with_density: bool,
    say: Say,
) -> dict[str, Any]:
    """Measure everything; for JSON."""
    load = [round(value, 2) for value in os.getloadavg()]
    works = {tier.name: trial.counted(tier.model, looks[0]) for tier in tiers}
    rows = []
    for tier in tiers:
        for name, precision in ((name, precision) for precision in tier.precisions for name in backends):
            if backend(name, precision) is None:
                continue
            say(f"{tier.name}, {name}, {precision}: {calls} decisions, then every part alone …")
            job = Job(tier.model, name, precision, looks, threads=threads, calls=calls)
            rows.append(Row(tier, name, precision, trial.run(job)))
    peaks = peaks_of(rows)
    told = [row_told(row, works[row.tier.name], peaks=peaks, threads=threads, beside=rows[0].measured) for row in rows]
    if any(trial.busy(row.measured.times, threads=threads) for row in rows) or load[0] > 0.5 * cores():
        say("warning: the machine is busy, so latencies are too long; utilisation goes by the processor's time and holds.")
    result = {
        "tiers": {tier.name: _tier(tier, [row for row in told if row["tier"] == tier.name]) for tier in tiers},
        "vision": vision(told),
        "threads": threads,
        "looks": len(looks),
        "machine": machine(load),
        "busy": any(row["busy"] for row in told),
        "peaks_gops": {precision: {name: round(rate / 1e9, 1) for name, rate in each.items()} for precision, each in peaks.items()},
        "cost_model": cost_model(told),
        "chips": [_chip(chip, tiers, works) for chip in chips],
        "rows": told,
    }
    if with_density:
        say("information density: every camera and every frame, more and more coarsely …")
        result["density"] = _density(tiers[0], works[tiers[0].name], looks, threads=threads)
    return result


def peaks_of(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Operations a second in large products, by precision and backend."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        each = found.setdefault(row.precision, {})
        each[row.backend] = max(each.get(row.backend, 0.0), row.measured.peak)
    return found


def row_told(row: Row, counted: Counted, *, peaks: Mapping[str, Mapping[str, float]], threads: int, beside: Measured) -> dict[str, Any]:
    """One row for JSON. `beside` is what its decisions are compared with."""
    got, peak = row.measured, max(peaks[row.precision].values())
    work_s = got.times.work_s(threads)
    predicted = roofline.predict(counted.whole, got.chip, precision=row.precision)
    return {
        "tier": row.tier.name,
        "backend": row.backend,
        "precision": row.precision,
        "calls": len(got.times.wall),
        "latency_ms": latency(got),
        "work_ms": round(1e3 * work_s, 4),
        "busy": trial.busy(got.times, threads=threads),
        "load_s": round(got.load_s, 3),
        "memory_mib": _rounded(got.memory_mib),
        "added_mib": _rounded(got.added_mib),
        "file_mib": round(row.tier.model.stat().st_size / 2**20, 2),
        "million_operations": round(counted.operations / 1e6, 2),
        "peak_gops": round(peak / 1e9, 1),
        "utilisation": round(counted.operations / work_s / peak, 4),
        "stages": _parts(counted.stages, got, peak=peak, chip=got.chip, precision=row.precision, whole=counted),
        "layers": _parts(counted.layers, got, peak=peak, chip=got.chip, precision=row.precision, whole=counted),
        "predicted_ms": round(1e3 * predicted.seconds, 4),
        "prediction_error": round(predicted.seconds / work_s - 1.0, 4),
        "predicted_of": predicted.ms(),
        "energy_proxy_mj": round(1e3 * predicted.joules, 4),
        "processor_ms": round(1e3 * float(np.median(got.times.processor)), 4),
        "beside_fp32": agreement(got.outputs, beside.outputs),
    }


def latency(measured: Measured) -> dict[str, float]:
    """Percentiles of the wall's clock, ms."""
    shares = {"p50": 50.0, "p99": 99.0, "p99_9": 99.9, "max": 100.0}
    return {name: round(measured.times.percentile_ms(share), 3) for name, share in shares.items()}


def agreement(outputs: Mapping[str, Array], beside: Mapping[str, Array]) -> dict[str, float]:
    """How alike two models decide on the same looks: the share of the same choice, and how far apart their chosen plans are 2 s ahead, m."""
    standing = np.asarray(beside["knots"], np.float32).shape[0]
    look = {"ego": np.full((1, 2), 8.0, np.float32)}  # both from 8 m/s
    moved = []
    for k in range(standing):
        one, other = ({name: np.asarray(each[name])[k : k + 1] for name in ("knots", "chosen")} for each in (outputs, beside))
        moved.append(float(np.hypot(*(density.chosen(one, look) - density.chosen(other, look)))))
    same = np.asarray(outputs["chosen"]) == np.asarray(beside["chosen"])
    return {
        "same_choice": round(float(same.mean()), 4),
        "plan_moves_m_p50": round(float(np.percentile(moved, 50)), 4),
        "plan_moves_m_p95": round(float(np.percentile(moved, 95)), 4),
    }


def vision(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The vision stage of the first tier at batch 1, through the backend and at the precision that decide soonest: what one would drive with. A
    slower one that comes nearer to its own, lower peak counts for nothing."""
    found = [(row, part) for row in rows if row["tier"] == rows[0]["tier"] for part in row["stages"] if part["name"] == "vision"]
    if not found:
        return {}
    row, part = min(found, key=lambda each: each[0]["latency_ms"]["p50"])
    names, reached = {key: row[key] for key in ("tier", "backend", "precision")}, part["utilisation"]
    told = {"utilisation": reached, **names, "latency_ms": row["latency_ms"]["p50"], "target": TARGET, "goal": GOAL}
    return {**told, "met": reached >= TARGET, "goal_met": reached >= GOAL}


def cost_model(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How far predictions are from what was measured: the whole decisions, and all stages."""
    whole = [abs(row["prediction_error"]) for row in rows]
    stages = [abs(part["prediction_error"]) for row in rows for part in row["stages"]]
    return {
        "mean_error": round(float(np.mean(whole)), 4),
        "largest_error": round(max(whole), 4),
        "mean_error_of_stages": round(float(np.mean(stages)), 4) if stages else None,
    }


def lost(first: Path, second: Path) -> dict[str, Any]:
    """What the second of two results of `caravela evaluate run` loses, paired on the drives that they share. Raises CaravelaError where they
    share none."""
    import json

    results = []
    for path in (first, second):
        try:
            result = json.loads(path.read_text())
            rows = {(row["map"], row["seed"]): row for row in result["rows"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaravelaError(f"--lost: '{path}' is no result of `caravela evaluate run` ({type(error).__name__}: {error}).") from error
        results.append((str(result["policy"]), str(result["suite"]), rows))
    (name, suite, one), (other_name, other_suite, other) = results
    shared = sorted(one.keys() & other.keys())
    if suite != other_suite or not shared:
        raise CaravelaError(f"--lost: '{first}' ({suite}) and '{second}' ({other_suite}) share no drive; expected the same suite and seed.")
    success = np.array([[float(bool(each[key]["success"])) for each in (one, other)] for key in shared])
    score = np.array([[_score(each[key]) for each in (one, other)] for key in shared])
    return {
        "suite": suite,
        "policies": [name, other_name],
        "drives": len(shared),
        "maps": len({key[0] for key in shared}),
        "success": [round(float(value), 4) for value in success.mean(0)],
        "score": [round(float(value), 4) for value in score.mean(0)],
        "success_lost": _lost(success, [key[0] for key in shared]),
        "score_lost": _lost(score, [key[0] for key in shared]),
    }


def machine(load: Sequence[float]) -> dict[str, Any]:
    """Where it was measured."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {
        "processor": name,
        "cores": cores(),
        "load_average": list(load),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def stage_of(layer: str) -> str:
    """The stage that a layer belongs to."""
    first = layer.split()[0]
    return LAYER_STAGES.get(first, "vision" if first == "stage" else first)


def _parts(works: Mapping[str, Any], got: Measured, *, peak: float, chip: Chip, precision: str, whole: Counted) -> list[dict[str, Any]]:
    found = []
    for name, several in works.items():
        if name not in got.parts_s:
            continue
        seconds, operations = got.parts_s[name], matrix_operations(several)
        predicted = roofline.predict(several, chip, precision=precision, whole=whole.whole).seconds
        found.append(
            {
                "name": name,
                "stage": stage_of(name),
                "ms": round(1e3 * seconds, 4),
                "million_operations": round(operations / 1e6, 2),
                "utilisation": round(operations / seconds / peak, 4),
                "idle_ms": round(1e3 * (seconds - operations / peak), 4),
                "predicted_ms": round(1e3 * predicted, 4),
                "prediction_error": round(predicted / seconds - 1.0, 4),
            }
        )
    return found


def _tier(tier: Tier, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The promise of `--json`: the tier where it is fastest."""
    if not rows:
        raise CaravelaError(f"no backend runs the tier '{tier.name}' here; expected onnxruntime among --backends.")
    fastest = min(rows, key=lambda row: row["latency_ms"]["p50"])
    kept = ("backend", "precision", "latency_ms", "utilisation", "memory_mib", "file_mib", "energy_proxy_mj", "processor_ms", "beside_fp32")
    return {"about": tier.about, **{name: fastest[name] for name in kept}}


def _chip(chip: Chip, tiers: Sequence[Tier], works: Mapping[str, Counted]) -> dict[str, Any]:
    """What both tiers would take on a described chip."""
    found: dict[str, Any] = {"chip": roofline.told(chip), "predicted": []}
    for tier in tiers:
        for precision in (each for each in tier.precisions if each in chip.operations_per_s):
            cost = roofline.predict(works[tier.name].whole, chip, precision=precision)
            used = works[tier.name].operations / cost.seconds / chip.operations_per_s[precision]
            found["predicted"].append(
                {
                    "tier": tier.name, "precision": precision, "latency_ms": round(1e3 * cost.seconds, 4), "utilisation": round(used, 4),
                    **cost.ms(), "memory_mb": round(cost.memory_bytes / 1e6, 2), "energy_proxy_mj": round(1e3 * cost.joules, 4),
                }
            )  # fmt: skip
    return found


def _density(tier: Tier, counted: Counted, looks: Sequence[Mapping[str, Array]], *, threads: int) -> dict[str, Any]:
    opened = open_bundle(tier.model, threads=threads)
    names = [each.name for each in opened.session.get_outputs()]

    def decide(look: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(names, opened.session.run(names, dict(look)), strict=True))

    layers = {name: matrix_operations(works) for name, works in counted.layers.items() if stage_of(name) == "vision"}
    rig, config = opened.card.rig, opened.card.config
    seen = len(rig.cameras) * (rig.height // 32) * (rig.width // 32)
    tokens = seen / (seen + 1 + config.get("route_tokens", 2) + 1 + config.get("thoughts", 4))
    costs = density.costs(
        layers,
        cameras=len(rig.cameras),
        channels=2 + len(HISTORY_S),
        tokens=tokens,
        trunk=matrix_operations(counted.stages.get("trunk", [])),
    )
    uses = density.measure(looks, rig=rig, decide=decide, costs=costs)
    return density.told(uses, operations=counted.operations, inputs=counted.inputs)


def _score(row: Mapping[str, Any]) -> float:
    """Progress, zero where at fault, as the frontier scores it without what standing still makes."""
    return 0.0 if set(row["failures"]) - {"under_progress"} else float(row["progress"])


def _lost(pairs: np.ndarray, maps: Sequence[str]) -> dict[str, float]:
    """Mean of first minus second, and its 95 % interval by a bootstrap that draws whole maps."""
    names = sorted(set(maps))
    groups = [pairs[[k for k, each in enumerate(maps) if each == name]] for name in names]
    draw, means = np.random.default_rng(0), []
    for _ in range(2000):
        picked = np.concatenate([groups[k] for k in draw.integers(0, len(groups), len(groups))])
        means.append(float((picked[:, 0] - picked[:, 1]).mean()))
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": round(float((pairs[:, 0] - pairs[:, 1]).mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 1)
