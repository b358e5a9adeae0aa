"""Learned traffic beside baseline traffic on the same maps from the same starts: how it goes and what it costs, with nobody else driving:
`python benchmarks/traffic.py`. Writes results/traffic.json."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import tyro
from numba import njit

from caravela.core.types import Control
from caravela.core.units import STEP_S
from caravela.evaluate.places import read_folder
from caravela.world import atlas as atlas_module
from caravela.world.atlas import Atlas
from caravela.world.kernels import events
from caravela.world.kernels.events import collisions
from caravela.world.simulator import Simulator
from caravela.world.state import BICYCLE, IDM, LEARNED, StateArrays

STANDS = 0.2  # m/s, below which a car stands


@dataclass(frozen=True)
class Options:
    maps: Path = Path(".cache/maps/test")
    """A folder of maps; one world drives on each."""
    traffic: tuple[str, ...] = ("light", "learned")
    """What is compared: light, dense, learned, learned-dense."""
    seconds: float = 180.0
    """Of driving."""
    seed: int = 5
    out: Path = Path("results/traffic.json")
    """The figures."""


@njit
def _touching(state: StateArrays, bits: np.ndarray) -> None:
    """Write who touches whom, bits (B, A), of the traffic of either kind."""
    for b in range(bits.shape[0]):
        for i in range(bits.shape[1]):
            moving = state.agents[b, i].controller == IDM or state.agents[b, i].controller == LEARNED
            bits[b, i] = collisions(state, b, i) if moving else 0


def measure(atlas: Atlas, traffic: str, *, seconds: float, seed: int) -> dict[str, Any]:
    """Drive one world a map; bicycles are there but not counted, since the baseline rides them in either traffic."""
    batch = len(atlas.graphs)
    simulator = Simulator(atlas, batch=batch, traffic=traffic)
    simulator.reset(seed)
    mind = LEARNED if simulator.traffic.learned else IDM
    simulator.state.controller[:, 0] = mind
    idle = Control(np.zeros(batch, np.float32), np.zeros(batch, np.float32))
    counts = dict.fromkeys(("collisions", "at_fault_collisions", "off_road", "red_lights"), 0)
    metres = standing = ticks = took = 0.0
    before, bits = np.zeros_like(simulator.flags), np.zeros_like(simulator.flags)
    for _ in range(round(seconds / STEP_S)):
        mine = (simulator.state.controller == mind) & (simulator.state.kind != BICYCLE)
        began = time.process_time()
        simulator.advance(idle)
        took += time.process_time() - began
        if mind == LEARNED:
            bits = simulator.flags  # who collided is elsewhere by now
        else:
            _touching(simulator.state.arrays(), bits)
            bits |= simulator.flags & events.RED_LIGHT
        fresh = mine & (bits & events.COLLISION > 0) & ((before & events.COLLISION == 0) | (mind == LEARNED))
        counts["collisions"] += int(fresh.sum())
        counts["at_fault_collisions"] += int((fresh & (bits & events.AT_FAULT > 0)).sum())
        counts["off_road"] += int((mine & (simulator.flags & events.OFF > 0)).sum())  # the baseline is not judged, it keeps to its path
        counts["red_lights"] += int((mine & (bits & events.RED_LIGHT > 0)).sum())
        metres += float(simulator.state.speed[mine].sum()) * STEP_S
        standing += float((simulator.state.speed[mine] < STANDS).sum())
        ticks += float(mine.sum())
        before = bits.copy()
    km = metres / 1000.0
    return {
        "km": round(km, 1),
        "mean_speed_mps": round(metres / (ticks * STEP_S), 2),
        "standing_share": round(standing / ticks, 3),
        **{f"{name}_per_km": round(count / km, 3) for name, count in counts.items()},
        "agent_steps_per_core_s": round(ticks / took),
    }


def main(options: Options) -> dict[str, Any]:
    """All kinds of traffic, one after the other."""
    numba.set_num_threads(1)
    atlas = atlas_module.build([place.graph for place in read_folder(options.maps)])
    for traffic in options.traffic:  # compiled before the clock runs
        measure(atlas, traffic, seconds=STEP_S, seed=options.seed)
    shown = {name: measure(atlas, name, seconds=options.seconds, seed=options.seed) for name in options.traffic}
    result = {"maps": len(atlas.graphs), "seconds": options.seconds, "seed": options.seed, "traffic": shown}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return result


if __name__ == "__main__":
    print(json.dumps(main(tyro.cli(Options, description=__doc__))))
    print("cars in a collision count each; learned ones that left the road come back elsewhere", file=sys.stderr)
