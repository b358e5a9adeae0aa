"""The baseline to beat: the Intelligent Driver Model along the route, with all that a simulator knows and no camera. Agent 0
stays EXTERNAL while it drives, so that it is judged like any other."""

from typing import Any

import numpy as np

from caravela.core.types import Control
from caravela.world.atlas import Atlas
from caravela.world.kernels import traffic
from caravela.world.kernels.compiling import allocating_kernel
from caravela.world.state import WorldState


@allocating_kernel
def _drive_all(roads: Any, state: Any, out: Any) -> None:
    """out (B, 2): acceleration m/s^2 and curvature 1/m that the baseline wants for agent 0 of every world."""
    agents = state.agents.shape[1]
    path = np.empty((traffic.SAMPLES, 3), dtype=np.float32)
    lanes = np.empty(agents, dtype=np.int32)
    distances = np.empty(agents, dtype=np.float32)
    for b in range(state.agents.shape[0]):
        lanes[:] = -1
        distances[:] = 1e3
        for i in range(agents):
            if traffic.on_route(state, b, i):
                lane, distance = traffic.next_junction(
                    roads.lanes, state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
                )
                lanes[i], distances[i] = lane, distance
        acceleration, curvature = traffic.drive(roads, state, b, 0, path, lanes, distances)
        out[b, 0], out[b, 1] = acceleration, curvature


def baseline_control(atlas: Atlas, state: WorldState) -> Control:
    """What the baseline driver wants for the ego car of every world."""
    wanted = np.zeros((len(state.worlds), 2), dtype=np.float32)
    _drive_all(atlas.roads, state.arrays(), wanted)
    return Control(acceleration=wanted[:, 0], curvature=wanted[:, 1])
