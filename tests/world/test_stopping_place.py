"""Where a car that brakes now would come to rest: in no junction, on no crossing."""

import numpy as np
import pytest

from caravela.world.maps.catalogue import load_town
from caravela.world.maps.lane_graph import JUNCTION
from caravela.world.simulator import Simulator
from caravela.world.stopping_place import clear_to_stop


@pytest.fixture(scope="module")
def world():
    world = Simulator([load_town("alderton")], batch=16, traffic="none")
    world.reset(3)
    return world


def put(world, b, *, place, s, speed):
    """The car on the lane of its route with that place, s m along it."""
    ego = world.state.agents[b, 0]
    ego["route_at"], ego["lane"], ego["lane_s"], ego["speed"] = place, ego["route"][place], s, speed


def junction_of(world, b):
    """(place on the route of a junction that a long road leads to, that road's length in m)."""
    lanes, route = world.atlas.roads.lanes, world.state.agents[b, 0]["route"]
    for k in range(1, len(route) - 1):
        before, lane = int(route[k - 1]), int(route[k])
        if lane < 0:
            break
        if lanes[lane]["kind"] == JUNCTION and lanes[before]["length"] > 60.0 and before not in (lanes[lane]["left"], lanes[lane]["right"]):
            return k, float(lanes[before]["length"])
    return None


@pytest.fixture(scope="module")
def starts(world):
    found = [(b, *junction) for b in range(world.batch) if (junction := junction_of(world, b)) is not None]
    assert len(found) > 4
    return found


def clear(world, b):
    return clear_to_stop(world.atlas.roads, world.state, b)


def test_a_car_that_stands_in_a_junction_is_not_clear(world, starts):
    for b, place, _ in starts:
        put(world, b, place=place, s=3.0, speed=0.0)
        assert not clear(world, b)


def test_far_before_a_junction_a_slow_car_is_clear_and_a_fast_one_is_not(world, starts):
    for b, place, length in starts:
        put(world, b, place=place - 1, s=length - 30.0, speed=3.0)
        slow = clear(world, b)
        put(world, b, place=place - 1, s=length - 30.0, speed=12.0)  # comes to rest 21 to 55 m ahead
        assert slow and not clear(world, b)


def with_crossing(world, lane, s):
    """The roads with one crossing more, straight over a lane `s` m along it, as the map's only one."""
    roads = world.atlas.roads
    points = roads.points[int(roads.lanes[lane]["point_start"]) : int(roads.lanes[lane]["point_end"])]
    heading = points["heading"][int(np.searchsorted(points["s"], s))]
    x, y = np.interp(s, points["s"], points["x"]), np.interp(s, points["s"], points["y"])
    row = np.zeros(1, roads.crossings.dtype)
    row["x0"], row["y0"] = x - 3.0 * np.sin(heading), y + 3.0 * np.cos(heading)
    row["x1"], row["y1"] = x + 3.0 * np.sin(heading), y - 3.0 * np.cos(heading)
    row["width"] = 4.0
    maps = roads.maps.copy()
    maps["crossing_start"], maps["crossing_end"] = 0, 1
    return roads._replace(crossings=row, maps=maps)


def test_on_a_crossing_no_car_is_clear(world, starts):
    for b, place, _ in starts:
        roads = with_crossing(world, int(world.state.agents[b, 0]["route"][place - 1]), 25.0)
        at = {s: (put(world, b, place=place - 1, s=s, speed=0.0), clear_to_stop(roads, world.state, b))[1] for s in (10.0, 24.0, 34.0)}
        assert at == {10.0: True, 24.0: False, 34.0: True}
