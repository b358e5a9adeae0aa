"""Stages in the simulator: a town or a map file, its scenery and its cameras. What a map costs to make is kept while it is
driven on, so that another weather, traffic or seed begins at once. It leaves out the learned world model."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Camera, Control, Rig
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.world import atlas as atlas_module
from caravela.world.atlas import Atlas
from caravela.world.cameras import Cameras
from caravela.world.compilation import compiling_told
from caravela.world.maps.catalogue import load_map, towns
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.scene import Scene
from caravela.world.simulator import TRAFFIC, Simulator
from caravela.world.state import WorldState
from caravela.world.weather import PRESETS


class SimulatedStages:
    """Makes stages for the drive loop; keeps the latest map."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._kept: tuple[str | Path, Atlas, Scene] | None = None

    def prepare(self, settings: DriveSettings, say: Callable[[str], None]) -> LaneGraph:
        """Read and build the map of `settings`, unless it is at hand. Raises CaravelaError for what cannot be read."""
        where = settings.map or settings.town
        if self._kept is None or self._kept[0] != where:
            say(f"reading the map of {settings.town} …")
            graph = load_map(where)
            say(f"building {graph.name}: {graph.car_km():.1f} km of lanes …")
            with compiling_told():
                self._kept = (where, atlas_module.build([graph]), Scene.build([graph]))
        return self._kept[1].graphs[0]

    def __call__(self, settings: DriveSettings, say: Callable[[str], None]) -> Stage:
        """The stage of `settings`. Raises CaravelaError for what is unknown or cannot be read."""
        graph = self.prepare(settings, say)
        assert self._kept is not None
        _, atlas, scene = self._kept
        say("setting the traffic going …")
        with compiling_told(
            lambda: say("compiling kernels, which is done once: a minute or two, more on a busy machine; then the traffic is set going …")
        ):
            world = Simulator(atlas, rig=self._rig, traffic=settings.traffic, weathers=(settings.weather,), scene=scene)
            world.step(Control(acceleration=np.zeros(1, np.float32), curvature=np.zeros(1, np.float32)))  # compiled before the clock runs
        return Stage(
            world=world,
            graph=graph,
            look=Look(scene),
            ask=world.request,
            came_back=world.came_back,
            prompt=world.prompt,
            stay_in_lane=world.stay_in_lane,
            clear_to_stop=world.clear_to_stop,
        )


class Look:
    """A state of the scene's worlds through any camera on the ego car."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._cameras: dict[Camera, Cameras] = {}

    def __call__(self, camera: Camera, state: WorldState) -> NDArray[np.uint8]:
        """(H, W, 3)"""
        if camera not in self._cameras:
            self._cameras[camera] = Cameras(self._scene, Rig((camera,)))
        return self._cameras[camera].render(state)[0, 0]


def weathers() -> Sequence[str]:
    """Names of the weathers on offer."""
    return tuple(PRESETS)


def traffics() -> Sequence[str]:
    """Names of the traffic densities on offer."""
    return tuple(TRAFFIC)


def town_names() -> Sequence[str]:
    """Names of the towns that ship."""
    return towns()
