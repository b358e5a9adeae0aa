"""Which traffic lamps are lit in which 32 x 32 pixels of which picture: the label that teaches eyes to read lights of a few
pixels. Hidden lamps are found by the depth that the renderer kept."""

import math

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Rig
from caravela.model.config import STRIDE
from caravela.world.kernels import bundles
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_GREEN_YIELD, LAMP_RED, LAMP_RED_YELLOW, LAMP_YELLOW
from caravela.world.scene import Scene
from caravela.world.state import WorldState

RED, YELLOW, GREEN = 1, 2, 3  # classes as core.bundle.LIGHTS; the renderer's roles are one less
LEAST_RADIUS = 0.3  # px
FARTHEST = 90.0  # m
SLACK = 0.6  # m, a lamp sits this much before what carries it
_SHINES = {RED: (LAMP_RED, LAMP_RED_YELLOW), YELLOW: (LAMP_YELLOW, LAMP_RED_YELLOW), GREEN: (LAMP_GREEN, LAMP_GREEN_YIELD)}


class LampLabels:
    """The signal lamps of a scene's maps."""

    def __init__(self, scene: Scene, rig: Rig) -> None:
        self.rig, self.arrays = rig, scene.arrays
        self.of_map = [self._lamps_of(m) for m in range(len(scene.arrays.places))]

    def _lamps_of(self, m: int) -> NDArray[np.int64]:
        """Rows of the map's signal lamps, from the grid of standing things."""
        place, arrays = self.arrays.places[m], self.arrays
        first = arrays.grid_start[place["grid_at"]]
        cells = int(place["grid_x"]) * int(place["grid_y"])
        items = arrays.grid_items[first : arrays.grid_start[place["grid_at"] + cells]]
        rows = items[items // bundles.ENTRY == bundles.LAMP] % bundles.ENTRY
        return rows[arrays.lamp_link[rows] >= 0].astype(np.int64)

    def cells(self, state: WorldState, depth: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(B, C, rows, columns) class of the largest lit lamp in each cell, 0 for none, given depth (B, C, H, W) m."""
        height, width = self.rig.height, self.rig.width
        out = np.zeros((len(state.worlds), len(self.rig.cameras), height // STRIDE, width // STRIDE), dtype=np.uint8)
        for b in range(len(state.worlds)):
            rows = self.of_map[int(state.map[b])]
            lamps, links = self.arrays.lamp[rows], self.arrays.lamp_link[rows]
            shown = state.lamp[b, links]
            role = lamps[:, 5].astype(np.int64) + 1
            lit = np.zeros(len(rows), dtype=bool)
            for kind, states in _SHINES.items():
                lit |= (role == kind) & np.isin(shown, states)
            lit &= (lamps[:, 6].astype(np.int64) >> int(state.look[b]) & 1) > 0
            ego = state.agents[b, 0]
            lit &= np.hypot(lamps[:, 0] - ego["x"], lamps[:, 1] - ego["y"]) < FARTHEST
            if lit.any():
                for c in range(len(self.rig.cameras)):
                    self._mark(out[b, c], depth[b, c], lamps[lit], role[lit], ego, c)
        return out

    def _mark(
        self,
        cells: NDArray[np.uint8],
        depth: NDArray[np.float32],
        lamps: NDArray[np.float32],
        role: NDArray[np.int64],
        ego: np.void,
        c: int,
    ) -> None:
        camera = self.rig.cameras[c]
        cos, sin = math.cos(ego["heading"]), math.sin(ego["heading"])
        eye = np.array(
            [
                ego["x"] + cos * camera.position[0] - sin * camera.position[1],
                ego["y"] + sin * camera.position[0] + cos * camera.position[1],
                camera.position[2],
            ]
        )
        yaw = ego["heading"] + camera.yaw
        fore = np.array([math.cos(yaw) * math.cos(camera.pitch), math.sin(yaw) * math.cos(camera.pitch), math.sin(camera.pitch)])
        right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
        up = np.cross(right, fore)
        offset = lamps[:, :3] - eye
        ahead = offset @ fore
        with np.errstate(divide="ignore", invalid="ignore"):
            column = camera.focal * (offset @ right) / ahead + 0.5 * camera.width
            line = 0.5 * camera.height - camera.focal * (offset @ up) / ahead
        radius = camera.focal * lamps[:, 4] / np.maximum(ahead, 0.1)
        facing = np.cos(lamps[:, 3]) * -offset[:, 0] + np.sin(lamps[:, 3]) * -offset[:, 1] > 0.15 * np.hypot(offset[:, 0], offset[:, 1])
        seen = (
            (ahead > 0.5)
            & facing
            & (radius >= LEAST_RADIUS)
            & (column >= 0)
            & (column < camera.width)
            & (line >= 0)
            & (line < camera.height)
        )
        for k in np.flatnonzero(seen)[np.argsort(radius[seen])]:  # the largest is written last
            if ahead[k] < depth[int(line[k]), int(column[k])] + SLACK:
                cells[int(line[k]) // STRIDE, int(column[k]) // STRIDE] = role[k]
