"""How many views a second the cameras draw, on the processor and on an NVIDIA GPU side by side, and how far their pictures differ; and how many
agent-steps a second with four cameras where world and pictures stay on the GPU: `python benchmarks/cameras.py` (extra `cuda`).
NUMBA_NUM_THREADS says how many threads the processor takes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numba
import numpy as np
import tyro
from numba import cuda

from caravela.core.errors import CaravelaError
from caravela.core.types import policy_rig
from caravela.world import atlas
from caravela.world.cameras import Cameras, Truth
from caravela.world.maps.catalogue import load_town
from caravela.world.on_device import DeviceWorlds
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator
from caravela.world.weather import PRESETS, preset

TOWNS = ("alderton", "brookmere", "dunmore")
GOAL = 100_000.0  # agent-steps/s with four cameras, on a card of the H200's class


@dataclass(frozen=True)
class Options:
    worlds: tuple[int, ...] = (16, 64, 256, 1024)
    """How many worlds are seen at once, each through the driver's four cameras, in all weathers."""
    rounds: int = 7
    """Times that each is drawn; the median counts."""


def seconds(draw: Callable[[], Any], *, rounds: int) -> tuple[float, float]:
    """Of the first time, in which a GPU's kernels are compiled, and the median of those after it."""
    took = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        draw()
        took.append(time.perf_counter() - began)
    return took[0], statistics.median(took[1:])


def step_and_look(worlds: DeviceWorlds, cameras: Cameras) -> None:
    """A tick of every world, and what the cameras of its ego car see then."""
    worlds.step()
    for _ in cameras.draw_on_device(worlds):
        pass
    cuda.synchronize()


def apart(one: Truth, other: Truth) -> str:
    """How far two renderings of the same lie apart."""
    off = np.abs(one.images.astype(int) - other.images)
    depth = np.abs(one.depth - other.depth) > 1e-3 * other.depth
    return (
        f"values of pictures more than 1 of 255 apart {(off > 1).mean():.1e}, classes {(one.semantics != other.semantics).mean():.1e}, "
        f"depths {depth.mean():.1e}; pixels of an agent at most {np.abs(one.visible_pixels - other.visible_pixels).max()}"
    )


def main(options: Options) -> None:
    towns = [load_town(name) for name in TOWNS]
    roads, scene, weathers = atlas.build(towns), Scene.build(towns), [preset(name) for name in PRESETS]
    both = {"cpu": Cameras(scene, policy_rig())}
    try:
        both["cuda"] = Cameras(scene, policy_rig(), device="cuda")
    except CaravelaError as error:
        print(error)
    print(f"{numba.get_num_threads()} threads of the processor")
    for count in options.worlds:
        drives = Simulator(roads, batch=count, traffic="light")
        drives.reset(seed=3)
        drives.state.weather[:] = [weathers[i % len(weathers)] for i in range(count)]
        for device, cameras in both.items():
            for what, draw in (("pictures", cameras.render), ("with truth", cameras.render_truth)):
                first, usual = seconds(partial(draw, drives.state), rounds=options.rounds)
                views = count * len(cameras.rig.cameras)
                print(
                    f"{count:5d} worlds  {device:4s}  {what:10s}  {1e3 * usual:8.1f} ms  {views / usual:8.0f} views/s  (first time {first:.2f} s)"
                )
        if len(both) == 2:
            first, usual = seconds(partial(step_and_look, DeviceWorlds(roads, drives.state), both["cuda"]), rounds=options.rounds)
            print(f"{count:5d} worlds  cuda  tick and pictures, which stay there  {count / usual:8.0f} agent-steps/s  (goal {GOAL:,.0f})")
            print(f"{count:5d} worlds  {apart(*(cameras.render_truth(drives.state) for cameras in both.values()))}")


if __name__ == "__main__":
    main(tyro.cli(Options))
