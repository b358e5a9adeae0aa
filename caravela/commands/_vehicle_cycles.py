"""`caravela vehicle cycles`: tens of thousands of control cycles, and how many took longer than a tick."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

CYCLES = 36_000  # an hour of driving


@dataclass(frozen=True)
class CyclesOptions:
    """Run the car's loop as fast as it goes, the model in a process of its own, and count the cycles that take longer than 100 ms."""

    cycles: int = CYCLES
    """How many; 36,000 are an hour of driving."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    looks: int = 24
    """Looks at streets that are shown, one after the other."""
    out: Path | None = Path("results/cycles.json")
    """The figures."""


def run_cycles(options: CyclesOptions) -> dict[str, Any]:
    """Loop, count, write. Raises CaravelaError for bad options."""
    import json
    import time
    from functools import partial

    from caravela.commands._bench_looks import looks
    from caravela.commands._vehicle_bench import CACHE, LOOKS_SEED, say
    from caravela.commands._vehicle_run import RunOptions, make_loop
    from caravela.vehicle.bench.cycles import run
    from caravela.vehicle.bench.tiers import machine
    from caravela.vehicle.bundle import open_bundle, shipped
    from caravela.vehicle.loop import DEADLINE_S
    from caravela.vehicle.planner import ModelProcess
    from caravela.vehicle.policy import OnnxPolicy

    if not 10 <= options.cycles <= 10_000_000:
        raise CaravelaError(f"--cycles is {options.cycles}; expected 10 to 10,000,000.")
    if not 1 <= options.looks <= 1000:
        raise CaravelaError(f"--looks is {options.looks}; expected 1 to 1,000.")
    if options.out is not None:
        writable(options.out)
    path = options.policy or shipped()
    bundle = open_bundle(path)
    shown = looks(bundle.card.rig, count=options.looks, seed=LOOKS_SEED, folder=CACHE)
    where, tenth, began = machine([round(value, 2) for value in os.getloadavg()]), max(options.cycles // 10, 1), time.perf_counter()
    planner = ModelProcess(partial(OnnxPolicy, path))
    try:
        loop = make_loop(RunOptions(mode="l4", deadline_ms=1e3 * DEADLINE_S), bundle.card.rig, planner)
        done = run(loop, shown, cycles=options.cycles, progress=lambda n: say(f"{n:,} cycles …") if n % tenth == 0 else None)
    finally:
        planner.close()
    result = {
        **done.told(),
        "deadline_ms": 1e3 * DEADLINE_S,
        "model": bundle.card.name,
        "model_sha256": bundle.sha256(),
        "wall_s": round(time.perf_counter() - began, 1),
        "machine": where,
        "git_revision": git_revision(),
    }
    if options.out is not None:
        try:
            options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
        except OSError as error:
            raise unwritable(options.out, error) from error
    return {**result, "out": None if options.out is None else str(options.out)}


def show_cycles(result: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{result['cycles']:,} control cycles: {result['over_100_ms']} over 100 ms, the longest {result['max_ms']:.1f} ms, half of them within "
        f"{result['p50_ms']:.1f} ms, 99.9 % within {result['p99_9_ms']:.1f} ms; {result['without_plan_in_time']} without a plan of their own within "
        f"{result['deadline_ms']:.0f} ms (load {result['machine']['load_average'][0]} before)"
    )
