"""The way back: laid over the fewest metres, driven without turning in the road, and known when the car is there."""

import itertools

import numpy as np
import pytest

from caravela.evaluate.route_follow import baseline_control
from caravela.world.maps.catalogue import load_town
from caravela.world.navigator import turns_round
from caravela.world.simulator import Simulator
from caravela.world.way_back import _onward, ends_of, metres_to, shortest_way, wants_back

WORLDS = 8


@pytest.mark.parametrize(
    ("words", "back"),
    [
        ("take me back", True),
        ("Bring us back to where we started, please", True),
        ("don't take me back", False),
        ("get us back on the motorway", False),
        ("bring us back some coffee", False),
        ("take me back home", False),
        ("take me back to the hotel", False),
        ("take me back to where I live", False),
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
    """Against Bellman and Ford's relaxation of every connection, until nothing gets shorter."""
    roads, compared = world.atlas.roads, 0
    for b in range(WORLDS):
        here, goal = int(world.state.lane[b, 0]), int(world.state.lane[(b + 1) % WORLDS, 0])
        found = shortest_way(roads, here, 0.0, {goal})
        assert (found is None) == (relaxed(roads, here, goal) is None)
        if found is not None:
            compared += 1
            assert found[0] == pytest.approx(relaxed(roads, here, goal), rel=1e-4)
            assert found[1][0] == here and found[1][-1] == goal
    assert compared >= 4


def relaxed(roads, here, goal):
    """Metres from the beginning of `here` to that of `goal`, a lane change as `CHANGE`."""
    best = {node: ahead for ahead, node in _onward(roads, (here, False), 0.0)}
    changed = True
    while changed:
        changed = False
        for node, ahead in list(best.items()):
            for further, following in _onward(roads, node, ahead):
                if further < best.get(following, np.inf) - 1e-6:
                    best[following], changed = further, True
    return best.get((goal, False))


def test_a_car_comes_back_once_and_then_drives_on(world):
    """Driven by the baseline, after half a minute."""
    for _ in range(300):
        world.advance(baseline_control(world.atlas, world.state))
    back = np.zeros(WORLDS, dtype=int)
    asked = [not world.request("take me back", world=b).startswith("no way") for b in range(WORLDS)]
    for _ in range(1800):
        world.advance(baseline_control(world.atlas, world.state))
        for b in np.flatnonzero([world.came_back(world=b) for b in range(WORLDS)]):
            back[b] += 1
            began = world._began[b]
            assert int(world.state.lane[b, 0]) in ends_of(world.atlas.roads, int(began)) or abs(ahead_of_start(world, b)) < 20.0
    assert sum(asked) >= 4
    assert (back <= 1).all() and back[asked].sum() >= sum(asked) - 1
    assert not back[~np.array(asked)].any()


def ahead_of_start(world, b):
    return metres_to(world.atlas.roads, world.state, b, int(world._began[b]), float(world._began_s[b])) or 0.0


def test_near_its_start_a_car_is_sent_no_round(world):
    for b in range(WORLDS):
        world.state.agents["lane_s"][b, 0] = max(world._began_s[b] - 30.0, 0.0)
        metres = world._began_s[b] - world.state.agents["lane_s"][b, 0]
        assert world.request("take me back", world=b) == f"back to the start in {metres:.0f} m"


def test_only_a_turn_that_is_granted_ends_the_way_back(world):
    drive_on(world)
    for b in range(WORLDS):
        if world.request("take me back", world=b).startswith("no way"):
            continue
        said = world.request("take the third left at the lights", world=b)
        assert world._goes_back[b] == said.startswith("no way")
        world.request("turn right", world=b)
        world.request("", world=b)
        assert not world._goes_back[b]
