"""Our side of the world's benchmark: what is stepped and drawn, how the cost grows, and which pass takes what share of it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import numba
import numpy as np
import passes
from timing import Rate, Sample, measured, sample

from caravela.core.types import Camera, Control, Rig, policy_rig
from caravela.world import arena as arena_module
from caravela.world import cameras as cameras_module
from caravela.world.arena import Arena
from caravela.world.atlas import Atlas, build
from caravela.world.kernels import render, step, vectors
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator, traffic_named
from caravela.world.state import EXTERNAL, IDM, LEARNED

Table = list[dict[str, Any]]
# what the passes of a frame and of a tick are called in a table, by the kernels in them
FRAME_PASSES = {
    "gather_moving": "find and prepare what moves",
    "gather_standing": "find and prepare what stands",
    "cast_solids": "cast rays at bodies and walls",
    "lay_decals": "shadows and headlights on the ground",
    "shade_all": "ground, sky and shading",
    "blend_thins": "poles, signs and wires",
    "splat_lamps": "lamps",
    "mirror_road": "wet road",
    "rain": "rain before the lens",
    "develop": "exposure and film",
}
TICK_PASSES = {
    "set_lights": "signals",
    "look_ahead": "drivers",
    "choose": "drivers",
    "decide": "learned drivers",
    "advance": "dynamics",
    "go_on": "dynamics",
    "judge": "events",
    "come_back": "coming back",
    "end": "coming back",
    "observe": "observation vectors",
}


@dataclass(frozen=True)
class Place:
    """Maps and what stands on them."""

    names: tuple[str, ...]
    atlas: Atlas
    scene: Scene


@cache
def place(count: int) -> Place:
    """The first `count` towns that ship, with their scene."""
    names = towns()[:count]
    graphs = [load_town(name) for name in names]
    return Place(names, build(graphs), Scene.build(graphs))


def rig_of(cameras: int, *, width: int, height: int) -> Rig:
    """The policy's cameras in their order, beginning anew after the fourth, at this resolution."""
    known = policy_rig().cameras
    return Rig(tuple(replace(known[k % len(known)], width=width, height=height) for k in range(cameras)))


def rig_json(rig: Rig) -> list[dict[str, float]]:
    """The cameras as the peer takes them."""

    def row(camera: Camera) -> dict[str, float]:
        x, y, z = camera.position
        return {
            "x": x,
            "y": y,
            "z": z,
            "yaw": camera.yaw,
            "pitch": camera.pitch,
            "fov": camera.fov,
            "width": camera.width,
            "height": camera.height,
        }

    return [row(camera) for camera in rig.cameras]


class Drive:
    """A simulator whose cars all drive themselves."""

    def __init__(
        self, where: Place, *, batch: int, rig: Rig | None, traffic: str = "light", weather: str = "day", threads: int = 1
    ) -> None:
        numba.set_num_threads(threads)
        scene = where.scene if rig else None
        self.simulator = Simulator(where.atlas, batch=batch, rig=rig, traffic=traffic, weathers=(weather,), scene=scene)
        self.simulator.state.controller[:, 0] = IDM
        self.cameras = len(rig.cameras) if rig else 0
        self._still = Control(np.zeros(batch, np.float32), np.zeros(batch, np.float32))

    def step(self) -> None:
        """0.1 s of every world, all cameras drawn."""
        self.simulator.step(self._still)

    def draw(self) -> float:
        """The cameras of every world, nothing moves; returns frames."""
        assert self.simulator.cameras is not None
        self.simulator.cameras.render(self.simulator.state)
        return float(self.simulator.batch * self.cameras)

    def frames(self) -> float:
        self.step()
        return float(self.simulator.batch * self.cameras)

    def agent_steps(self) -> float:
        """One step; returns vehicles that drove: parked cars and walkers are there but not counted."""
        self.step()
        return float(driving(self.simulator.state.controller))


def driving(controller: np.ndarray) -> int:
    return int(np.isin(controller, (IDM, EXTERNAL, LEARNED)).sum())


class SelfPlay:
    """The arena: every learner is stepped, judged and shown its vectors."""

    def __init__(self, where: Place, *, batch: int, learners: int, threads: int = 1) -> None:
        numba.set_num_threads(threads)
        self.arena = Arena(where.atlas, batch=batch, learners=learners, cars=0, parked=0, walkers=0)
        self._action = np.tile(np.array([0.5, 0.0], np.float32), (batch * learners, 1))

    def agent_steps(self) -> float:
        self.arena.step(self._action)
        return float(self.arena.look().present.sum())


def growth(where: Place, *, width: int, height: int, seconds: float, repetitions: int, quick: bool) -> dict[str, Callable[[], Table]]:
    """How cost grows, one thread: what measures the table for worlds, agents, cameras and pixels."""
    short = slice(None, None, 2) if quick else slice(None)

    def measure(work: Callable[[], float]) -> Rate:
        print(".", end="", file=sys.stderr, flush=True)
        return measured(work, seconds=seconds, repetitions=repetitions)

    def frames(
        x: dict[str, Any], *, batch: int = 8, cameras: int = 1, size: tuple[int, int] = (width, height), traffic: str = "light"
    ) -> dict[str, Any]:
        rate = measure(Drive(where, batch=batch, rig=rig_of(cameras, width=size[0], height=size[1]), traffic=traffic).frames)
        return {
            **x,
            "camera_fps": rate.json(),
            "ms_per_frame": _ms(rate),
            "ms_per_step_of_all_worlds": round(_ms(rate) * batch * cameras, 4),
        }

    def ticks(x: dict[str, Any], *, batch: int) -> dict[str, Any]:
        rate = measure(Drive(where, batch=batch, rig=None).agent_steps)
        return {**x, "agent_steps_per_s": rate.json(), "us_per_agent_step": round(1e6 / rate.cpu, 3)}

    def learners(count: int) -> dict[str, Any]:
        rate = measure(SelfPlay(where, batch=16, learners=count).agent_steps)
        return {"learners": count, "agent_steps_per_s": rate.json(), "us_per_agent_step": round(1e6 / rate.cpu, 3)}

    sizes = [(64, 36), (128, 72), (256, 144), (512, 288)][short]
    worlds, sizes = (1, 4, 16, 64)[short], [(64, 36), (128, 72), (256, 144), (512, 288)][short]
    counted = [{"traffic": name, "agents": traffic_named(name).agents} for name in ("none", "light", "dense")[short]]
    return {
        "worlds": lambda: [frames({"worlds": n}, batch=n) for n in worlds],
        "worlds_without_cameras": lambda: [ticks({"worlds": n}, batch=n) for n in (*worlds, 256)],
        "agents": lambda: [frames(x, traffic=x["traffic"]) for x in counted],
        "agents_without_cameras": lambda: [learners(n) for n in (2, 4, 8, 16, 32)[short]],
        "cameras": lambda: [frames({"cameras": n}, cameras=n) for n in (1, 2, 4, 8)[short]],
        "pixels": lambda: [frames({"width": w, "height": h, "pixels": w * h}, batch=4, size=(w, h)) for w, h in sizes],
    }


def _ms(rate: Rate) -> float:
    return round(1e3 / rate.cpu, 4)


def shares(where: Place, *, width: int, height: int, weathers: Sequence[str], seconds: float) -> dict[str, Any]:
    """Share of time of each pass of a camera frame, by weather, and of a tick, one thread."""
    rig = rig_of(4, width=width, height=height)
    frames = {f"camera frame, {weather}": _frame_shares(where, rig, weather=weather, seconds=seconds) for weather in weathers}
    return frames | {"tick": _tick_shares(where, seconds=seconds)}


def _frame_shares(where: Place, rig: Rig, *, weather: str, seconds: float) -> dict[str, Any]:
    drive = Drive(where, batch=8, rig=rig, weather=weather)
    timed = passes.timed(render.draw_views, "draw_view")
    spent = timed.spent()

    def draw_views(*arguments: Any) -> None:
        timed.kernel(*arguments, spent)

    with patch.object(cameras_module, "draw_views", draw_views):
        for _ in range(3):
            drive.step()  # compile and warm up
        spent[:] = 0
        whole = sample(drive.frames, seconds=seconds)
    views = int(whole.count)
    return _table(timed.labels, spent, calls=views, names=FRAME_PASSES, per="frame", whole=whole)


def _tick_shares(where: Place, *, seconds: float) -> dict[str, Any]:
    """A tick of the arena with traffic of every kind; observation vectors are a kernel of their own, timed beside it."""
    numba.set_num_threads(1)
    world = Arena(where.atlas, batch=16, learners=8, cars=8, parked=6, walkers=4)
    timed = passes.timed(step.step, "_tick")
    spent = timed.spent()
    action = np.tile(np.array([0.5, 0.0], np.float32), (16 * 8, 1))

    def stepped(*arguments: Any) -> None:
        timed.kernel(*arguments, spent)

    def once() -> float:
        world.step(action)
        return 16.0

    with patch.object(arena_module, "step", stepped):
        for _ in range(20):
            once()
        spent[:] = 0
        whole = sample(once, seconds=seconds)
    ticks = int(whole.count)
    looks = sample(lambda: _observe(world), seconds=seconds)
    observing = looks.cpu_s / looks.count * ticks * 1e6
    labels, times = (*timed.labels, "observe"), np.append(spent, int(observing))
    return _table(labels, times, calls=ticks, names=TICK_PASSES, per="world and tick", whole=whole)


def _observe(world: Arena) -> float:
    vectors.observe(world.atlas.roads, world.state.arrays(), world._rows, world._objects, world._mask, False)
    return float(world.batch)


def _table(labels: Sequence[str], spent: np.ndarray, *, calls: int, names: dict[str, str], per: str, whole: Sample) -> dict[str, Any]:
    """Microseconds a call and share of the whole, by name; what the clock itself took is taken off."""
    cost, found = passes.clock_cost(), dict[str, float]()
    for label, microseconds in zip(labels, spent, strict=True):
        name = next((names[kernel] for kernel in label.split("+") if kernel in names), label)
        own = max(float(microseconds) / calls - (0.0 if label == "observe" else cost), 0.0)
        found[name] = found.get(name, 0.0) + own
    total = sum(found.values())
    rows = [
        {"pass": name, f"us_per_{per.replace(' ', '_')}": round(us, 3), "share": round(us / total, 4)}
        for name, us in sorted(found.items(), key=lambda item: -item[1])
    ]
    return {"passes": rows, f"us_per_{per.replace(' ', '_')}": round(total, 2), "measured": calls, "processor_s": round(whole.cpu_s, 2)}
