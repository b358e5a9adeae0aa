"""Which junction an ego car comes to next."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Atlas
from caravela.world.kernels import traffic
from caravela.world.kernels.compiling import kernel
from caravela.world.state import WorldState


@kernel
def _junctions_ahead(roads: Any, state: Any, out: Any) -> None:
    for b in range(state.agents.shape[0]):
        ego = state.agents[b, 0]
        lane, _ = traffic.next_rule(roads.lanes, ego.route, ego.route_at, ego.lane_s, 0.5 * ego.length + ego.centre_offset)
        out[b] = lane


def junctions_ahead(atlas: Atlas, state: WorldState) -> NDArray[np.int32]:
    """(B,) the junction lane that each ego car comes to within 80 m, or else the one that it is on; -1 for none."""
    lanes = np.empty(len(state.worlds), dtype=np.int32)
    _junctions_ahead(atlas.roads, state.arrays(), lanes)
    return lanes
