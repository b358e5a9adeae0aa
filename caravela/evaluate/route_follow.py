"""The baseline to beat: the Intelligent Driver Model along the route, with all that a simulator knows and no camera. Agent 0
stays EXTERNAL while it drives, so that it is judged like any other. Also says which junction an ego car comes to next."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Control
from caravela.world.atlas import Atlas
from caravela.world.kernels import traffic
from caravela.world.kernels.compiling import allocating_kernel, kernel
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


@kernel
def _junctions_ahead(roads: Any, state: Any, out: Any) -> None:
    for b in range(state.agents.shape[0]):
        ego = state.agents[b, 0]
        lane, _ = traffic.next_rule(roads.lanes, ego.route, ego.route_at, ego.lane_s, 0.5 * ego.length + ego.centre_offset)
        out[b] = lane


def baseline_control(atlas: Atlas, state: WorldState) -> Control:
    """What the baseline driver wants for the ego car of every world."""
    wanted = np.zeros((len(state.worlds), 2), dtype=np.float32)
    _drive_all(atlas.roads, state.arrays(), wanted)
    return Control(acceleration=wanted[:, 0], curvature=wanted[:, 1])


def junctions_ahead(atlas: Atlas, state: WorldState) -> NDArray[np.int32]:
    """(B,) the junction lane that each ego car comes to within 80 m, or else the one that it is on; -1 for none."""
    lanes = np.empty(len(state.worlds), dtype=np.int32)
    _junctions_ahead(atlas.roads, state.arrays(), lanes)
    return lanes
