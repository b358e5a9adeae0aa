"""Agent-steps a second of self-play, end to end, on the processor and on an NVIDIA GPU side by side, and how far the GPU's worlds are from the
processor's after some ticks of the same seed and actions: `python benchmarks/self_play.py` (extras `train` and `cuda`). Neither sets incidents.
NUMBA_NUM_THREADS says how many threads the processor's worlds take. Writes results/self_play.json."""

import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
import tyro
from timing import machine

from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S
from caravela.train.self_play import device_named
from caravela.train.teacher import TeacherConfig, TeacherRun
from caravela.train.threads import use_threads
from caravela.world import atlas as atlas_module
from caravela.world import state as state_module
from caravela.world.atlas import Atlas
from caravela.world.kernels import step as kernels
from caravela.world.kernels.tick import REWARD_PARTS
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, STYLE, observe
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.on_device import DeviceWorlds, Gpu

GOAL = 1_000_000.0  # agent-steps/s without cameras, on a card of the H200's class
ELSEWHERE = 0.01  # m from which an agent counts as elsewhere
RENEWED = 0.01  # share of learners that begin anew in a tick while states are compared


@dataclass(frozen=True)
class Options:
    worlds: tuple[int, ...] = (128, 1024, 4096, 16384)
    """Worlds at once on the GPU."""
    processor_worlds: tuple[int, ...] = (128,)
    """The same on the processor."""
    rounds: int = 3
    """Collections, and updates by them, that are timed; the median counts. The first one, in which kernels compile, does not."""
    horizon: int = 32
    """Steps of a collection."""
    compared: int = 256
    """Worlds whose states are compared."""
    ticks: tuple[int, ...] = (1, 10, 50, 100)
    """Ticks after which they are."""
    threads: int = 1
    """Threads of the network on the processor."""
    quick: bool = False
    """Few worlds, once: shows that it runs, not to be quoted."""
    seed: int = 0
    out: Path | None = Path("results/self_play.json")
    """The figures; None writes none."""
    json: bool = False
    """Print one JSON object as the last line."""


def rates(atlas: Atlas, worlds: int, device: torch.device, *, options: Options) -> dict[str, Any]:
    """Agent-steps/s of looking, choosing and stepping, and with learning; learners who are in no world don't count."""
    config = TeacherConfig(worlds=worlds, horizon=options.horizon, incident_every=0.0, seed=options.seed)
    config = replace(config, minibatch=max(config.minibatch * worlds // TeacherConfig().worlds, 1))
    played, learned, first = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        run = TeacherRun(atlas, Path(folder), config, device=device)
        for number in range(options.rounds + 1):
            began = time.perf_counter()
            run.collect()  # ends with figures on the processor, as `learn` does: nothing is under way after it
            collected = time.perf_counter()
            run.learn()
            done, steps = time.perf_counter(), int(run.rollout.present.sum())
            if number:
                played.append(steps / (collected - began))
                learned.append(steps / (done - began))
            else:
                first = done - began
    return {
        "device": device.type,
        "worlds": worlds,
        "learners": worlds * config.learners,
        "agents": worlds * (config.learners + config.cars + config.parked + config.walkers),
        "agent_steps_per_s": float(np.median(played)),
        "with_learning_per_s": float(np.median(learned)),
        "first_round_s": round(first, 2),
    }


def apart(atlas: Atlas, gpu: Gpu, *, worlds: int, ticks: tuple[int, ...], seed: int) -> list[dict[str, float]]:
    """How far states that began alike lie apart after each of `ticks`: the processor's and those of `gpu`."""
    config = TeacherConfig()
    learners, others = config.learners, (config.cars, config.parked, config.walkers)
    agents, random = learners + sum(others), np.random.default_rng(seed)
    state = state_module.empty(worlds, agents=agents, links=atlas.links, signals=atlas.signals, seed=seed)
    state.map[:] = np.arange(worlds) % len(atlas.graphs)
    mine = np.full(worlds, learners, np.int32)
    kernels.populate(atlas.roads, state.arrays(), mine, *(np.full(worlds, count, np.int32) for count in others))
    device, respawn = DeviceWorlds(atlas, state, watched=learners, gpu=gpu), np.ones(worlds, np.bool_)
    flags, parts = np.zeros((worlds, agents), np.int32), np.zeros((worlds, agents, REWARD_PARTS), np.float32)
    action, rows = np.zeros((worlds, agents, 2), np.float32), []
    for tick in range(1, max(ticks) + 1):
        action[:, :learners, 0] = random.uniform(-1.0, 2.0, (worlds, learners))
        action[:, :learners, 1] = random.uniform(-0.003, 0.003, (worlds, learners))
        kernels.step(atlas.roads, state.arrays(), action, flags, parts, respawn)
        gpu.write(device.buffers.action, action)
        device.step()
        done = random.random((worlds, agents)) < RENEWED
        kernels.replace(atlas.roads, state.arrays(), done, mine)
        gpu.write(device.buffers.done, done)
        device.replace()
        if tick in ticks:
            rows.append({"ticks": tick, "seconds": round(tick * STEP_S, 1)} | _compared(atlas, state, device, flags=flags))
    return rows


def _compared(atlas: Atlas, state: state_module.WorldState, device: DeviceWorlds, *, flags: np.ndarray) -> dict[str, float]:
    """Of all agents who are there on either side, and of what learners see who are in the same place on both."""
    other, count = device.fetch(), device.watched
    rows = np.zeros((*state.x.shape, ROW), np.float32)
    observe(
        atlas.roads,
        state.arrays(),
        rows,
        np.zeros((*state.x.shape, OBJECTS, OBJECT), np.float32),
        np.zeros((*state.x.shape, OBJECTS), np.bool_),
        False,
    )
    device.observe()
    there = (state.controller != state_module.ABSENT) | (other.controller != state_module.ABSENT)
    gap = np.hypot(state.x - other.x, state.y - other.y)
    alike = (gap < ELSEWHERE) & (state.controller == other.controller) & (state.route == other.route).all(-1)
    both = (there & alike)[:, :count] & (state.controller == state_module.EXTERNAL)[:, :count]
    seen = np.abs(rows[:, :count] - device.gpu.fetch(device.buffers.rows))[both][:, :-STYLE]
    return {
        "median_gap_m": float(np.median(gap[there])),
        "most_gap_of_the_alike_m": float(gap[there & alike].max(initial=0.0)),
        "share_elsewhere": float((~alike)[there].mean()),
        "share_of_other_flags": float((flags != device.gpu.fetch(device.buffers.flags))[there].mean()),
        "share_of_rows_apart": float((seen > 1e-3).mean()) if seen.size else 0.0,
    }


def measure(options: Options) -> dict[str, Any]:
    """Every case, and what is missing here."""
    use_threads(options.threads)
    atlas = atlas_module.build([load_town(name) for name in towns()[: 2 if options.quick else None]])
    result: dict[str, Any] = {
        "goal": GOAL,
        "machine": machine(),
        "numba_threads": numba.get_num_threads(),
        "torch_threads": options.threads,
    }
    result |= {"quick": options.quick, "rows": [], "apart": [], "gpu": None, "gpu_missing": None}
    for worlds in options.processor_worlds:
        result["rows"].append(told(rates(atlas, worlds, torch.device("cpu"), options=options)))
    try:
        device = device_named("cuda")
    except CaravelaError as error:
        result["gpu_missing"] = str(error)
        print(f"n/a on a GPU: {error}", file=sys.stderr)
        return result
    result["gpu"] = torch.cuda.get_device_name()
    for worlds in options.worlds:
        result["rows"].append(told(rates(atlas, worlds, device, options=options)))
    for row in apart(atlas, Gpu(), worlds=options.compared, ticks=options.ticks, seed=options.seed):
        result["apart"].append(row)
        print(
            f"after {row['ticks']:4d} ticks of {options.compared} worlds  {row['share_elsewhere']:.2%} of agents elsewhere, the others "
            f"{row['most_gap_of_the_alike_m']:.1e} m apart at most (median of all {row['median_gap_m']:.1e}); other flags {row['share_of_other_flags']:.2%}; "
            f"numbers of rows more than 0.001 apart {row['share_of_rows_apart']:.1e}",
            file=sys.stderr,
        )
    return result


def told(row: dict[str, Any]) -> dict[str, Any]:
    """The row, once it has been said."""
    print(
        f"{row['worlds']:6d} worlds of {row['agents'] // row['worlds']} agents, {row['learners']:6d} learners  {row['device']:4s}  "
        f"{row['agent_steps_per_s']:12,.0f} agent-steps/s  {row['with_learning_per_s']:12,.0f} with learning  (first round {row['first_round_s']:.1f} s)",
        file=sys.stderr,
        flush=True,
    )
    return row


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    if options.quick:
        options = replace(options, worlds=(16,), processor_worlds=(16,), rounds=1, horizon=8, compared=8, ticks=(1, 10))
    result = measure(options)
    if options.out is not None and not options.quick:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
