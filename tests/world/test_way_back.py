"""The way back: laid over the fewest metres, driven without turning in the road, and known when the car is there."""

import itertools

import numpy as np
import pytest

from caravela.world.maps.catalogue import load_town
from caravela.world.maps.lane_graph import JUNCTION
from caravela.world.navigator import turns_round
from caravela.world.simulator import Simulator
from caravela.world.way_back import ends_of, shortest_way, wants_back

WORLDS = 8


@pytest.mark.parametrize(
    ("words", "back"),
    [
        ("take me back", True),
        ("Could you bring us back to where we started?", True),
        ("drive us straight back now", True),
        ("take me back home", False),
        ("take me back to the hotel", False),
        ("back off a little", False),
        ("go back to the motorway", False),
        ("", False),
    ],
)
def test_who_wants_back(words, back):
    assert wants_back(words) == back


@pytest.fixture
def world():
    return Simulator([load_town("alderton")], batch=WORLDS, traffic="none")


def drive_on(world, lanes=6):
    """Put every car some lanes further along its route, as if it had driven there."""
    for b in range(world.batch):
        ego = world.state.agents[b, 0]
        at = min(lanes, int((ego["route"] >= 0).sum()) - 2)
        ego["route_at"], ego["lane"], ego["lane_s"] = at, ego["route"][at], 0.0


def test_the_way_is_connected_and_ends_where_the_drive_began(world):
    roads, began = world.atlas.roads, world.state.lane[:, 0].copy()
    drive_on(world)
    found = 0
    for b in range(WORLDS):
        said = world.request("take me back", world=b)
        route = [int(lane) for lane in world.state.route[b, 0] if lane >= 0]
        if said.startswith("no way"):
            continue
        found += 1
        at = int(world.state.agents["route_at"][b, 0])
        assert set(route[at + 1 :]) & ends_of(roads, int(began[b]))
        for lane, following in itertools.pairwise(route):
            row = roads.lanes[lane]
            onward = roads.successors[row["successor_start"] : row["successor_end"]]
            assert following in onward or following in (row["left"], row["right"])
        assert not any(turns_round(roads, lane) for lane in route[at:])
    assert found >= WORLDS // 2


def test_no_other_way_is_shorter(world):
    """The way's metres are those of its lanes, and going on from its first lane is as long as all but that lane."""
    roads = world.atlas.roads
    for b in range(WORLDS):
        here, goal = int(world.state.lane[b, 0]), int(world.state.lane[(b + 1) % WORLDS, 0])
        found = shortest_way(roads, here, 0.0, {goal})
        if found is None or len(found[1]) < 3 or any(_changes(roads, found[1])):
            continue
        metres, way = found
        assert metres == pytest.approx(sum(float(roads.lanes[lane]["length"]) for lane in way[:-1]), rel=1e-4)
        rest = shortest_way(roads, way[1], 0.0, {goal})
        assert rest is not None and rest[0] == pytest.approx(metres - float(roads.lanes[here]["length"]), rel=1e-4)


def _changes(roads, way):
    return [following in (roads.lanes[lane]["left"], roads.lanes[lane]["right"]) for lane, following in itertools.pairwise(way)]


def test_it_is_back_only_after_it_has_left(world):
    b = next(b for b in range(WORLDS) if roads_beyond(world, b))
    began, s = int(world.state.lane[b, 0]), float(world.state.agents["lane_s"][b, 0])
    ego = world.state.agents[b, 0]
    world.request("take me back", world=b)
    assert not world.is_back(world=b)  # it has not gone anywhere
    ego["lane"] = ego["route"][1]
    world._away[b] = True  # what `advance` notes when the car comes onto another lane
    assert not world.is_back(world=b)
    ego["lane"], ego["lane_s"] = began, s
    assert world.is_back(world=b)
    world.request("", world=b)  # taken back
    assert not world.is_back(world=b)


def roads_beyond(world, b):
    lane = int(world.state.lane[b, 0])
    return world.atlas.roads.lanes[lane]["kind"] != JUNCTION and shortest_way(world.atlas.roads, lane, 0.0, {lane}) is not None


def test_another_request_ends_the_way_back(world):
    drive_on(world)
    world.request("take me back")
    assert world._goes_back[0]
    world.request("turn left at the next junction")
    assert not world._goes_back[0]
    np.testing.assert_array_equal(world._goes_back[1:], False)
