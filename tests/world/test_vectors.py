"""What the teacher sees: right numbers, and nothing that the rig could not see."""

import math

import numpy as np
import pytest
from crossroads import EAST_IN, EAST_OVER, GREEN_S, LIMIT, NORTH_IN, NORTH_OVER, WEST_OUT, WIDTH, YELLOW_S, put

from caravela.core.frames import to_rig
from caravela.core.types import ROUTE_POINTS, ROUTE_SPACING, Control
from caravela.world.kernels import vectors
from caravela.world.kernels.vectors import EDGE, EGO, LOOKAHEAD, OBJECT, OBJECTS, PATH, ROW, observe
from caravela.world.simulator import Simulator, Traffic

RULES_AT = EGO + PATH + EDGE


def look(simulator):
    """(row, objects that are seen) of the ego car."""
    agents = simulator.state.agents.shape[1]
    rows, objects = np.zeros((1, agents, ROW), np.float32), np.zeros((1, agents, OBJECTS, OBJECT), np.float32)
    mask = np.zeros((1, agents, OBJECTS), np.bool_)
    observe(simulator.atlas.roads, simulator.state.arrays(), rows, objects, mask, True)
    return rows[0, 0], objects[0, 0][mask[0, 0]]


@pytest.fixture
def pair(crossing_atlas):
    simulator = Simulator(crossing_atlas, traffic="none")
    simulator.traffic = Traffic(1, 0, 0)
    simulator.flags, simulator.parts = np.zeros((1, 2), np.int32), np.zeros((1, 2, simulator.parts.shape[2]), np.float32)
    simulator._action = np.zeros((1, 2, 2), np.float32)
    simulator.reset(0)
    simulator.state.agents["controller"][0, 1] = 1
    simulator.state.signal_clock[:] = 0.0
    return simulator


def test_ego_numbers(crossing):
    put(crossing, lane=EAST_IN, s=100.0, speed=9.0, offset=0.6, turned=0.1)
    row, _ = look(crossing)
    assert row[0] == pytest.approx(9.0 / 15.0)
    assert row[3] == pytest.approx(0.3)
    assert row[4] == pytest.approx(math.sin(0.1), abs=1e-5)
    assert row[6] == pytest.approx(LIMIT / 15.0)
    assert row[12] == -1.0  # traffic keeps right


def test_path_points_lie_on_the_path_ahead(crossing):
    put(crossing, lane=EAST_IN, s=100.0, speed=9.0, offset=0.5, turned=-0.05)
    row, _ = look(crossing)
    state = crossing.state
    ahead = np.stack([state.x[0, 0] + LOOKAHEAD, np.full(len(LOOKAHEAD), -WIDTH / 2)], -1)
    expected = to_rig(ahead, x=state.x[0, 0], y=state.y[0, 0], heading=state.heading[0, 0])
    path = row[EGO : EGO + PATH].reshape(-1, 4)
    reach = 5.0 + LOOKAHEAD
    assert path[:, 0] * reach == pytest.approx(expected[:, 0], abs=0.02)
    assert path[:, 1] * reach / 3.0 == pytest.approx(expected[:, 1], abs=0.02)


def test_edges_of_the_road(crossing):
    put(crossing, lane=EAST_IN, s=100.0)
    row, _ = look(crossing)
    left, right, oncoming = (float(v) * 4.0 for v in row[EGO + PATH : EGO + PATH + 3])
    assert left == pytest.approx(1.5 * WIDTH, abs=0.8)  # its own half lane and all of the other
    assert right == pytest.approx(0.5 * WIDTH, abs=0.8)
    assert oncoming == pytest.approx(0.5 * WIDTH, abs=0.8)


@pytest.mark.parametrize(("clock", "column"), [(0.0, 12), (GREEN_S + 1.0, 11), (GREEN_S + YELLOW_S + 1.0, 10)])
def test_the_light_ahead_is_seen_as_it_is(crossing, clock, column):
    crossing.state.signal_clock[:] = clock
    put(crossing, lane=EAST_IN, s=280.0)
    crossing.advance(Control(np.float32([0.0]), np.float32([0.0])))
    row, _ = look(crossing)
    rules = row[RULES_AT:]
    assert rules[0] == 1.0
    front = (
        300.0 - float(crossing.state.lane_s[0, 0]) - 0.5 * float(crossing.state.length[0, 0]) - float(crossing.state.centre_offset[0, 0])
    )
    assert rules[1] == pytest.approx(front / 30.0, abs=1e-4)
    assert [rules[k] for k in (10, 11, 12)] == [float(column == k) for k in (10, 11, 12)]


def test_how_long_the_light_still_lasts_is_not_seen(crossing):
    rows = []
    for clock in (1.0, GREEN_S - 0.5):
        crossing.state.signal_clock[:] = clock
        put(crossing, lane=EAST_IN, s=280.0)
        crossing.advance(Control(np.float32([0.0]), np.float32([0.0])))
        rows.append(look(crossing)[0])
    assert np.array_equal(rows[0], rows[1])


def test_another_car_is_where_it_is(pair):
    put(pair, lane=EAST_IN, s=100.0, speed=8.0, turned=0.05)
    put(pair, lane=WEST_OUT, s=160.0, speed=5.0, agent=1)  # 40 m ahead, coming
    _, objects = look(pair)
    assert len(objects) == 1
    state = pair.state
    cos, sin = np.cos(state.heading[0, 1]), np.sin(state.heading[0, 1])
    centre = np.array([[state.x[0, 1] + cos * state.centre_offset[0, 1], state.y[0, 1] + sin * state.centre_offset[0, 1]]])
    expected = to_rig(centre, x=state.x[0, 0], y=state.y[0, 0], heading=state.heading[0, 0])[0]
    assert objects[0, 0] * 20.0 == pytest.approx(expected[0], abs=0.01)
    assert objects[0, 1] * 10.0 == pytest.approx(expected[1], abs=0.01)
    assert objects[0, 14] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("lane", "s", "seen"),
    [
        (EAST_IN, 140.0, True),  # 40 m ahead
        (EAST_IN, 90.0, False),  # right behind: no camera looks there
        (EAST_IN, 180.0, False),  # 80 m ahead
    ],
)
def test_only_what_the_rig_could_see_is_seen(pair, lane, s, seen):
    put(pair, lane=EAST_IN, s=100.0)
    put(pair, lane=lane, s=s, agent=1)
    assert len(look(pair)[1]) == int(seen)


def test_a_building_hides_a_car(pair):
    """The building stands at -60 < x < -30, 20 < y < 40."""
    put(pair, lane=EAST_IN, s=265.0)  # x = -45
    put(pair, lane=EAST_IN, s=265.0, agent=1)
    pair.state.agents["x"][0, 1], pair.state.agents["y"][0, 1] = -45.0, 48.0
    assert len(look(pair)[1]) == 0
    pair.state.agents["x"][0, 1], pair.state.agents["y"][0, 1] = -5.0, 35.0
    assert len(look(pair)[1]) == 1


def test_what_was_seen_is_remembered_for_a_second(pair):
    put(pair, lane=EAST_IN, s=100.0)
    put(pair, lane=EAST_IN, s=140.0, agent=1)
    assert len(look(pair)[1]) == 1
    put(pair, lane=EAST_IN, s=90.0, agent=1)
    pair.state.time[0] += 0.9
    assert len(look(pair)[1]) == 1
    pair.state.time[0] += 0.2
    assert len(look(pair)[1]) == 0


def test_the_nearest_come_first_and_the_rest_is_left_out(atlas):
    simulator = Simulator(atlas, batch=1, traffic="dense")
    me = simulator.state.agents[0]
    distance = []
    for k in range(60):
        if k % 15 == 0:
            simulator.reset(k)
            me = simulator.state.agents[0]
        simulator.advance(Control(np.float32([0.0]), np.float32([0.0])))
        _, objects = look(simulator)
        assert len(objects) <= OBJECTS
        distance.append(np.hypot(objects[:, 0] * 20.0, objects[:, 1] * 10.0))
        behind = objects[:, 0] * 20.0 < -2.0
        order = distance[-1] + 25.0 * behind
        assert (np.diff(order[~behind]) > -6.0).all()  # sorted by the axle's distance, told by the centre's
    assert max(len(d) for d in distance) > 0
    assert me["controller"][0] == 1


def test_who_gives_way_to_whom_is_told(pair):
    put(pair, lane=NORTH_IN, s=285.0)
    put(pair, lane=EAST_IN, s=285.0, agent=1)
    row, objects = look(pair)
    assert len(objects) == 1 and objects[0, 17] == 1.0
    put(pair, lane=EAST_IN, s=285.0)
    put(pair, lane=NORTH_IN, s=285.0, agent=1)
    _, objects = look(pair)
    assert len(objects) == 1 and objects[0, 17] == 0.5
    assert NORTH_OVER != EAST_OVER and row.shape == (ROW,)


def test_sat_nav_points_lie_on_the_axis_ten_metres_apart(crossing):
    put(crossing, lane=EAST_IN, s=100.0)
    crossing._route_offset[:] = 0.0
    points = crossing.sat_nav()[0]
    assert points.shape == (ROUTE_POINTS, 2)
    assert points[:, 0] == pytest.approx(ROUTE_SPACING * np.arange(1, ROUTE_POINTS + 1), abs=0.01)
    assert points[:, 1] == pytest.approx(WIDTH / 2, abs=0.01)  # the axis lies to the left of the lane
    assert vectors.STYLE == 8
