"""`caravela vehicle cycles`: tens of thousands of control cycles at L4, recorded, and how many took longer than a tick."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._numbers import within
from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.vehicle.bench.cycles import Cycles
    from caravela.vehicle.bundle import Bundle
    from caravela.vehicle.journal import Journal
    from caravela.vehicle.loop import Loop, Tick

CYCLES = 36_000  # an hour of driving
A_RECORDING = 3_000  # cycles; an hour in one file takes gigabytes


@dataclass(frozen=True)
class CyclesOptions:
    """Run the car's loop at L4 as fast as it goes, the model in a process of its own and all of it recorded, pictures included, and count the cycles
    that take longer than 100 ms."""

    cycles: int = CYCLES
    """How many; 36,000 are an hour of driving."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    looks: int = 24
    """Looks at streets that are shown, one after the other."""
    out: Path | None = Path("results/cycles.json")
    """The figures."""


def run_cycles(options: CyclesOptions) -> dict[str, Any]:
    """Loop, record, count, write. Raises CaravelaError for bad options, for a recording that ends early, and where the car does not drive at L4."""
    import json
    import time

    from caravela.core.modes import Mode
    from caravela.vehicle.bench.tiers import machine
    from caravela.vehicle.bundle import open_bundle, shipped
    from caravela.vehicle.loop import DEADLINE_S

    within(10, 10_000_000, cycles=options.cycles)
    within(1, 1000, looks=options.looks)
    if options.out is not None:
        writable(options.out)
    bundle = open_bundle(options.policy or shipped())
    where, began = machine([round(value, 2) for value in os.getloadavg()]), time.perf_counter()
    done, size = _measured(bundle, options)
    if done.modes[Mode.L4] != options.cycles:
        raise CaravelaError(
            f"only {done.modes[Mode.L4]:,} of {options.cycles:,} cycles were at L4; give --policy a model that drives these looks."
        )
    result = {
        **done.told(),
        "deadline_ms": 1e3 * DEADLINE_S,
        "model": bundle.card.name,
        "model_sha256": bundle.sha256(),
        "recorded_mb": round(size / 1e6, 1),
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


def _measured(bundle: "Bundle", options: CyclesOptions) -> "tuple[Cycles, int]":
    """The cycles, and how many bytes were recorded."""
    from functools import partial

    from caravela.commands._bench_looks import looks
    from caravela.commands._vehicle_bench import CACHE, LOOKS_SEED, say
    from caravela.commands._vehicle_run import RunOptions, make_loop
    from caravela.vehicle.bench.cycles import run
    from caravela.vehicle.loop import DEADLINE_S
    from caravela.vehicle.planner import ModelProcess
    from caravela.vehicle.policy import OnnxPolicy

    rig, tenth = bundle.card.rig, max(options.cycles // 10, 1)
    shown = looks(rig, count=options.looks, seed=LOOKS_SEED, folder=CACHE)
    planner = ModelProcess(partial(OnnxPolicy, bundle.path))
    try:
        loop = make_loop(RunOptions(mode="l4", deadline_ms=1e3 * DEADLINE_S), rig, planner)
        with Recordings(bundle, loop) as recordings:

            def between(done: int) -> None:
                recordings.between(done)
                if done % tenth == 0:
                    say(f"{done:,} cycles …")

            cycles = run(loop, shown, cycles=options.cycles, record=recordings.write, between=between)
    finally:
        planner.close()
    return cycles, recordings.size


class Recordings:
    """Records a drive with all its pictures to one temporary file after the other; each is closed and taken away between two cycles."""

    def __init__(self, bundle: "Bundle", loop: "Loop") -> None:
        import tempfile

        self._bundle, self._loop, self.size = bundle, loop, 0  # bytes
        self._folder = tempfile.TemporaryDirectory(prefix="cycles-")
        self._journal = self._open()

    def __enter__(self) -> "Recordings":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with suppress(*(() if kind is None else (CaravelaError,))):  # what ended the drive is told, not what that did to its recording
                self._close()
        finally:
            self._folder.cleanup()

    def write(self, tick: "Tick") -> None:
        """Part of a cycle: in a car it is the same thread."""
        from caravela.vehicle.journal import Place

        self._journal.write(tick, place=Place(), tenures=self._loop.ledger.tenures)

    def between(self, done: int) -> None:
        """Between two cycles. Raises CaravelaError where the recording has ended before its time: what was measured would leave it out."""
        if self._journal.failure or done % A_RECORDING == 0:
            self._close()
            self._journal = self._open()

    def _open(self) -> "Journal":
        from caravela import __version__
        from caravela.vehicle.journal import Journal, Software

        bundle, tenure = self._bundle, self._loop.ledger.tenures[-1]
        software = Software(__version__, bundle.card.name, bundle.sha256())
        return Journal(self._path, rig=bundle.card.rig, software=software, first=tenure, epoch_ns=0)

    @property
    def _path(self) -> Path:
        return Path(self._folder.name) / "cycles.mcap"

    def _close(self) -> None:
        self._journal.close()
        self.size += self._path.stat().st_size
        self._path.unlink()
        if self._journal.failure:
            raise CaravelaError(self._journal.failure)


def show_cycles(result: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{result['cycles']:,} control cycles at L4 by {result['model']}, recorded ({result['recorded_mb']:,.0f} MB): {result['over_100_ms']} over "
        f"100 ms, the longest {result['max_ms']:.1f} ms, half of them within {result['p50_ms']:.1f} ms, 99.9 % within {result['p99_9_ms']:.1f} ms; "
        f"{result['without_plan_in_time']} without a plan of their own within {result['deadline_ms']:.0f} ms (load "
        f"{result['machine']['load_average'][0]} before)"
    )
