"""Routes and projection, against references that walk polylines in plain numpy."""

import numpy as np
import pytest
from crossroads import EAST_IN, EAST_TO_NORTH, NORTH_OUT, put

from caravela.core.types import Control
from caravela.world.kernels.routes import SLIDE_FROM, project, slide
from caravela.world.kernels.traffic import SAMPLES, SPACING, sample_path
from caravela.world.maps.lane_graph import CAR, JUNCTION, ROAD, U_TURN
from caravela.world.simulator import Simulator
from caravela.world.state import IDM, ROUTE_LANES


def polyline(roads, lanes):
    """(n, 2) points of lanes, end to end."""
    parts = [roads.points[roads.lanes[k]["point_start"] : roads.lanes[k]["point_end"]] for k in lanes]
    xy = np.concatenate([np.stack([p["x"], p["y"]], -1).astype(np.float64) for p in parts])
    keep = np.concatenate([[True], np.hypot(*np.diff(xy, axis=0).T) > 1e-3])
    return xy[keep]


def along(points, s):
    """The point(s) (2, ...) that lie s m along a polyline."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    return np.array([np.interp(s, length, points[:, 0]), np.interp(s, length, points[:, 1])])


def is_beside(lanes, lane, other):
    return other in (lanes[lane]["left"], lanes[lane]["right"])


def routes_of(simulator):
    for b in range(simulator.batch):
        for i in np.flatnonzero(simulator.state.controller[b] == IDM):
            yield simulator.state.route[b, i]


@pytest.fixture(scope="module")
def busy(atlas):
    return Simulator(atlas, batch=3, traffic="dense")


def test_projection_finds_the_nearest_point_of_the_lane(atlas):
    roads, random = atlas.roads, np.random.default_rng(0)
    lanes = np.flatnonzero((roads.lanes["length"] > 8.0) & (roads.lanes["use"] & CAR > 0))
    for lane in random.choice(lanes, 150):
        s, offset = random.uniform(2.0, roads.lanes[lane]["length"] - 2.0), random.uniform(-1.5, 1.5)
        points = polyline(roads, [lane])
        ux, uy = along(points, s + 0.01) - along(points, s - 0.01)
        x, y = along(points, s) + offset * np.array([-uy, ux]) / np.hypot(ux, uy)
        fine = np.arange(max(0.0, s - 9.0), min(roads.lanes[lane]["length"], s + 9.0), 0.005)
        distance = np.hypot(*(along(points, fine) - np.array([[x], [y]])))
        guess = np.float32(s + random.uniform(-3.0, 3.0))
        got_s, got_offset = project(roads.lanes, roads.points, np.int32(lane), guess, np.float32(x), np.float32(y))
        assert abs(got_offset) == pytest.approx(distance.min(), abs=0.02)
        assert got_s == pytest.approx(fine[distance.argmin()], abs=0.15 + 0.1 * abs(offset))
        assert np.sign(got_offset) == np.sign(offset) or abs(offset) < 0.05


def test_walking_along_a_route_is_walking_along_its_lanes(busy):
    roads, walked = busy.atlas.roads, 0
    out = np.empty((SAMPLES, 3), dtype=np.float32)
    for route in routes_of(busy):
        lanes = [int(k) for k in route if k >= 0]
        if any(is_beside(roads.lanes, a, b) for a, b in zip(lanes, lanes[1:])) or roads.lanes[lanes]["length"].sum() < 80.0:
            continue
        walked += 1
        points = polyline(roads, lanes)
        sample_path(roads.lanes, roads.points, route.copy(), 0, 1.0, out)
        expected = np.stack([along(points, 1.0 + k * SPACING) for k in range(SAMPLES)])
        assert np.abs(out[:, :2] - expected).max() < 0.1  # gaps of a millimetre between lanes add up
    assert walked >= 5


def test_a_lane_change_slides_smoothly_onto_the_lane_beside(atlas):
    lanes = atlas.roads.lanes
    found = np.flatnonzero((lanes["left"] >= 0) & (lanes["length"] > 60.0))
    assert len(found), "no town has two lanes side by side"
    lane = int(found[0])
    left = int(lanes[lane]["left"])
    across = 0.5 * (lanes[lane]["width"] + lanes[left]["width"])
    offsets = np.array([slide(lanes, lane, left, float(s)) for s in np.arange(0.0, 60.0, 0.5)])
    assert offsets[0] == 0.0 and slide(lanes, lane, left, SLIDE_FROM) == 0.0
    assert offsets[-1] == pytest.approx(across, rel=1e-6)
    assert (np.diff(offsets) >= 0.0).all() and np.diff(offsets).max() < 0.08
    assert slide(lanes, left, lane, 60.0) == pytest.approx(-across, rel=1e-6)
    assert slide(lanes, lane, lane, 30.0) == 0.0


def test_random_routes_are_connected_drivable_and_never_turn_round(busy):
    lanes, successors = busy.atlas.roads.lanes, busy.atlas.roads.successors
    checked = 0
    for route in routes_of(busy):
        chain = [int(k) for k in route if k >= 0]
        assert (route[len(chain) :] == -1).all()
        for lane, following in zip(chain, chain[1:]):
            onward = successors[lanes[lane]["successor_start"] : lanes[lane]["successor_end"]]
            assert following in onward or is_beside(lanes, lane, following)
            assert lanes[following]["use"] & CAR
            assert not (lanes[following]["kind"] == JUNCTION and lanes[following]["turn"] == U_TURN)
            checked += 1
        if len(chain) < ROUTE_LANES:  # it ends where the road does
            last = chain[-1]
            onward = successors[lanes[last]["successor_start"] : lanes[last]["successor_end"]]
            assert all(not lanes[k]["use"] & CAR or (lanes[k]["kind"] == JUNCTION and lanes[k]["turn"] == U_TURN) for k in onward)
    assert checked > 300


def test_starts_have_the_road_that_was_wanted(atlas):
    simulator = Simulator(atlas, batch=24, traffic="none")
    for b in range(simulator.batch):
        route = [int(k) for k in simulator.state.route[b, 0] if k >= 0]
        lanes = atlas.roads.lanes
        metres = sum(float(lanes[a]["length"]) for a, f in zip(route, [*route[1:], -1]) if f < 0 or not is_beside(lanes, a, f))
        assert metres - simulator.state.lane_s[b, 0] > 200.0
        assert lanes[route[0]]["kind"] == ROAD


def test_driving_moves_along_the_route_as_far_as_the_wheels_roll(crossing):
    put(crossing, lane=EAST_IN, s=270.0, speed=6.0, route=[EAST_IN, EAST_TO_NORTH])
    way = polyline(crossing.atlas.roads, [EAST_IN, EAST_TO_NORTH, NORTH_OUT])
    rolled, before = 0.0, float(crossing.state.odometer[0, 0])
    for _ in range(110):
        state = crossing.state
        aim = along(way, 270.0 + rolled + 5.0)
        dx, dy = aim[0] - state.x[0, 0], aim[1] - state.y[0, 0]
        side = dy * np.cos(state.heading[0, 0]) - dx * np.sin(state.heading[0, 0])
        crossing.advance(Control(np.float32([6.0 - state.speed[0, 0]]), np.float32([2.0 * side / (dx * dx + dy * dy)])))
        rolled += float(state.speed[0, 0]) * 0.1
        assert state.route[0, 0, state.route_at[0, 0]] == state.lane[0, 0]
        assert abs(state.lane_offset[0, 0]) < 1.0
    assert state.lane[0, 0] == NORTH_OUT  # round the corner and on
    assert float(state.odometer[0, 0]) - before == pytest.approx(rolled, rel=0.03)
