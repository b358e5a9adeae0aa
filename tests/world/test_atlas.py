"""The atlas: many maps as one set of arrays, and the navigation grid against a reference in numpy."""

import dataclasses
import math

import numpy as np
import pytest
from crossroads import ARM, EAST_IN, EAST_OUT, EAST_OVER, HALF, NORTH_OUT, WIDTH, crossroads

from caravela.core.errors import MapError
from caravela.world import atlas as atlas_module
from caravela.world.kernels.navigation import (
    ANY_DIRECTION,
    BUILDING,
    CELL,
    KERB_TOLERANCE,
    OFF_ROAD,
    cell_at,
    code_heading,
    heading_code,
    line_of_sight,
)
from caravela.world.maps.lane_graph import ROAD


def grid_of(atlas, m=0):
    """(x0, y0, cells (rows, columns)) of one map."""
    place = atlas.roads.maps[m]
    cells = atlas.roads.grid[place["grid_start"] : place["grid_start"] + place["rows"] * place["columns"]]
    return float(place["grid_x"]), float(place["grid_y"]), cells.reshape(place["rows"], place["columns"])


def test_grid_holds_lanes_junction_building_and_nothing_else(crossing_atlas):
    x0, y0, cells = grid_of(crossing_atlas)
    graph = crossing_atlas.graphs[0]
    x = x0 + (np.arange(cells.shape[1]) + 0.5) * CELL
    y = y0 + (np.arange(cells.shape[0]) + 0.5) * CELL
    x, y = np.meshgrid(x, y)
    expected = np.full(cells.shape, -1)  # -1: too near an edge to say
    off = np.full(cells.shape, np.inf)
    heading = np.zeros(cells.shape)
    for lane in np.flatnonzero(graph.lane_kind == ROAD):
        a, b = graph.lane_point_start[lane], graph.lane_point_start[lane + 1] - 1
        (xa, ya), (xb, yb) = (graph.point_x[a], graph.point_y[a]), (graph.point_x[b], graph.point_y[b])  # they are straight
        ux, uy = (xb - xa) / math.hypot(xb - xa, yb - ya), (yb - ya) / math.hypot(xb - xa, yb - ya)
        beyond = np.maximum(np.maximum(-((x - xa) * ux + (y - ya) * uy), (x - xb) * ux + (y - yb) * uy), 0.0)
        distance = np.hypot(np.abs((y - ya) * ux - (x - xa) * uy), 3.0 * beyond)  # the ends are not what is tested
        nearer = distance < off
        off, heading = np.where(nearer, distance, off), np.where(nearer, math.atan2(uy, ux), heading)
    reach = WIDTH / 2 + KERB_TOLERANCE
    on_lane, off_lane = off < reach - 0.05, off > 3.0 * CELL + reach
    junction = np.maximum(np.abs(x), np.abs(y))
    building = (x > -60) & (x < -30) & (y > 20) & (y < 40)
    clear = off_lane & (junction > HALF + WIDTH)  # lanes that cross the junction reach over its corners
    expected[clear & ~building] = OFF_ROAD
    expected[clear & building] = BUILDING
    expected[junction < HALF - 0.3] = ANY_DIRECTION
    known = expected >= 0
    assert known.mean() > 0.8
    assert np.array_equal(cells[known], expected[known])
    lanes = on_lane & (junction > HALF + 1.0) & (np.abs(off - WIDTH / 2) > 0.3)
    assert lanes.sum() > 4000
    turned = (np.vectorize(code_heading.py_func)(cells[lanes]) - heading[lanes] + math.pi) % (2 * math.pi) - math.pi
    assert np.abs(turned).max() < 0.02


def test_heading_codes_are_good_to_a_degree():
    for heading in np.linspace(-7.0, 7.0, 1001):
        code = heading_code.py_func(heading)
        assert 2 <= code <= 254
        off = (code_heading.py_func(code) - heading + math.pi) % (2 * math.pi) - math.pi
        assert abs(off) <= math.pi / 253 + 1e-9


def test_nothing_lies_outside_the_grid(crossing_atlas):
    roads = crossing_atlas.roads
    for x, y in ((-1e4, 0.0), (1e4, 0.0), (0.0, -1e4), (0.0, 1e4)):
        assert cell_at(roads.maps, roads.grid, 0, x, y) == OFF_ROAD
    assert cell_at(roads.maps, roads.grid, 0, 0.0, 0.0) == ANY_DIRECTION


def test_a_building_hides_what_is_behind_it(crossing_atlas):
    roads = crossing_atlas.roads
    assert not line_of_sight(roads.maps, roads.grid, 0, -45.0, 0.0, -45.0, 60.0)
    assert line_of_sight(roads.maps, roads.grid, 0, -20.0, 0.0, -20.0, 60.0)
    assert line_of_sight(roads.maps, roads.grid, 0, -45.0, 0.0, -45.0, 15.0)


def test_lanes_of_every_map_keep_their_neighbours(atlas):
    offset, edges = 0, set()
    for m, graph in enumerate(atlas.graphs):
        lanes = atlas.roads.lanes[offset : offset + graph.lanes]
        assert atlas.roads.maps[m]["lane_start"] == offset
        for k in range(0, graph.lanes, 7):
            mine = atlas.roads.successors[lanes[k]["successor_start"] : lanes[k]["successor_end"]]
            assert np.array_equal(mine - offset, graph.successor[graph.successor_start[k] : graph.successor_start[k + 1]])
            foes = atlas.roads.conflicts[lanes[k]["conflict_start"] : lanes[k]["conflict_end"]]
            assert np.array_equal(foes["lane"] - offset, graph.conflict[graph.conflict_start[k] : graph.conflict_start[k + 1]])
            points = atlas.roads.points[lanes[k]["point_start"] : lanes[k]["point_end"]]
            assert np.array_equal(points["x"], graph.point_x[graph.lane_point_start[k] : graph.lane_point_start[k + 1]])
            assert lanes[k]["left"] == (graph.lane_left[k] + offset if graph.lane_left[k] >= 0 else -1)
        mine = set(lanes["edge"][lanes["edge"] >= 0].tolist())
        assert not mine & edges  # two maps never share an edge
        edges |= mine
        offset += graph.lanes


def test_reach_is_the_longest_way_on(crossing_atlas):
    reach = crossing_atlas.roads.lanes["reach"]
    assert reach[EAST_OUT] == pytest.approx(ARM)
    assert reach[EAST_OVER] == pytest.approx(2 * HALF + ARM)
    assert reach[EAST_IN] == pytest.approx(ARM + 2 * HALF + ARM, abs=1.0)
    assert reach[NORTH_OUT] == pytest.approx(ARM)


def test_a_map_without_road_for_cars_is_refused():
    graph = dataclasses.replace(crossroads(), lane_use=np.full(10, 2, np.uint8), name="cycleways")
    with pytest.raises(MapError, match=r"cycleways.*0 m.*at least 50 m"):
        atlas_module.build([graph])
