"""The world in a mirror: the same drive on the other side of the road."""

import numpy as np
import pytest

from caravela.core.types import Control
from caravela.world import atlas as atlas_module
from caravela.world.kernels import events
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.mirrored import mirror, mirrored
from caravela.world.simulator import Simulator
from caravela.world.state import IDM

TICKS = 150


def test_twice_mirrored_is_as_before(towns):
    for graph in towns:
        again = mirrored(mirrored(graph))
        for name in vars(graph):
            assert np.array_equal(getattr(again, name), getattr(graph, name)), name
        assert mirrored(graph).lefthand != graph.lefthand


def test_outlines_stay_counter_clockwise(towns):
    def area(graph: LaneGraph, k: int) -> float:
        x, y = (
            values[graph.building_start[k] : graph.building_start[k + 1]].astype(np.float64)
            for values in (graph.building_x, graph.building_y)
        )
        return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())

    for k in range(0, len(towns[0].building_start) - 1, 7):
        assert area(mirrored(towns[0]), k) == pytest.approx(area(towns[0], k), rel=1e-3)
        assert area(towns[0], k) > 0.0


def test_a_drive_in_the_mirror_is_the_same_drive(atlas, towns):
    """Traffic and lights included, for as long as nobody has come back elsewhere by chance."""
    here = Simulator(atlas, batch=6, traffic="light")
    there = Simulator(atlas_module.build([mirrored(town) for town in towns]), batch=6, traffic="light")
    here.state.agents["controller"][:, 0] = IDM
    there.state = mirror(here.state)
    idle = Control(np.zeros(6, np.float32), np.zeros(6, np.float32))
    for simulator in (here, there):
        simulator._respawn[:] = False
        for _ in range(TICKS):
            simulator.advance(idle)
    assert here.state.odometer[:, 0].sum() > 200.0
    assert np.array_equal(here.state.lamp, there.state.lamp)
    back = mirror(there.state)
    apart = np.hypot(back.x - here.state.x, back.y - here.state.y)
    assert np.quantile(apart, 0.95) < 0.05 and np.median(apart) < 1e-3
    assert np.abs(back.heading[:, 0] - here.state.heading[:, 0]).max() < 0.01
    assert not (there.flags[:, 0] & (events.ROUTE_MISSED | events.OFF)).any()


def test_the_ways_that_lanes_run_turn_with_the_streets(towns):
    there = Simulator(atlas_module.build([mirrored(towns[0])]), batch=1, traffic="none")
    there.state = mirror(Simulator(atlas_module.build([towns[0]]), batch=1, traffic="none").state)
    there.advance(Control(np.zeros(1, np.float32), np.zeros(1, np.float32)))
    assert not there.flags[0, 0] & events.WRONG_WAY
    there.state.agents["heading"] += np.pi
    there.advance(Control(np.zeros(1, np.float32), np.zeros(1, np.float32)))
    assert there.flags[0, 0] & events.WRONG_WAY
