"""Signal heads of the shipped towns: whatever governs a car can be seen by it."""

import numpy as np
import pytest

from caravela.world import regions
from caravela.world.furniture import Furniture, add_signals, approaches
from caravela.world.maps import lane_graph
from caravela.world.maps.catalogue import load_town, towns


class Open:
    """Room everywhere."""

    def at(self, x, y):
        return np.full(np.shape(x), 9.0)


def shows(graph, link):
    """What the lamps of a link look like, phase by phase."""
    signal, slot = graph.link_signal[link], graph.link_slot[link]
    states = graph.phase_state[graph.signal_phase_start[signal] : graph.signal_phase_start[signal + 1], slot]
    return signal, *np.where(states == lane_graph.LAMP_GREEN_YIELD, lane_graph.LAMP_GREEN, states).tolist()


@pytest.mark.parametrize("town", towns())
def test_every_signalled_way_has_a_head_of_its_own_program_in_every_region(town):
    graph, furniture = load_town(town), Furniture()
    add_signals(graph, Open(), furniture)
    _, _, lamps, links = furniture.arrays()
    found, protected = approaches(graph), 0
    for region in range(len(regions.REGIONS)):
        for approach in found:
            faces = np.abs((lamps[:, 3] - approach.heading) % (2 * np.pi) - np.pi) < 0.2
            near = np.hypot(lamps[:, 0] - approach.x, lamps[:, 1] - approach.y) < 90.0
            mine = faces & near & (lamps[:, 6].astype(int) >> region & 1 == 1)
            seen = {shows(graph, link) for link in links[mine] if link >= 0}
            ways = {
                shows(graph, int(graph.lane_link[way]))
                for lane in approach.lanes
                for way in graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
                if graph.lane_link[way] >= 0
            }
            protected += len(ways) > 1
            assert ways <= seen
    if town in ("alderton", "dunmore"):
        assert protected > 0  # turns with a phase of their own, whose heads were missing once
