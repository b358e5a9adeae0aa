"""The sat-nav hears turns and motorways, and nothing else."""

import itertools

import numpy as np
import pytest

from caravela.world.maps.catalogue import load_town, towns
from caravela.world.maps.lane_graph import JUNCTION, LEFT, RIGHT, STRAIGHT
from caravela.world.navigator import at_lights, motorway_ahead, reroute, wanted_turn, wants_no_motorway
from caravela.world.simulator import Simulator


@pytest.mark.parametrize(
    ("words", "turn"),
    [
        ("turn left at the lights", (LEFT, 1)),
        ("take the second right, please", (RIGHT, 2)),
        ("go straight on", (STRAIGHT, 1)),
        ("faster", None),
        ("left or right, whatever", None),
        ("open the left window", None),
        ("her uncle left them a piano", None),
        ("pull over right here, all right?", None),
        ("turn right here", (RIGHT, 1)),
        ("go left a bit further on", (LEFT, 1)),
        ("take the next right there", (RIGHT, 1)),
        ("hang a right now", (RIGHT, 1)),
        ("turn left behind the church", (LEFT, 1)),
        ("we left early today", None),
        ("keep in the right lane", None),
        ("", None),
    ],
)
def test_which_turn_is_meant(words, turn):
    assert wanted_turn(words) == turn


@pytest.mark.parametrize("turn", [LEFT, RIGHT])
def test_a_new_route_makes_the_turn_and_stays_connected(turn):
    world = Simulator([load_town(towns()[0])], batch=8, traffic="none")
    lanes, successors = world.atlas.roads.lanes, world.atlas.roads.successors
    made = 0
    for b in range(8):
        if reroute(world.atlas.roads, world.state, b, turn=turn) is None:
            continue
        made += 1
        route = [int(lane) for lane in world.state.route[b, 0] if lane >= 0]
        assert turn in [int(lanes[lane]["turn"]) for lane in route if lanes[lane]["kind"] == JUNCTION]
        for lane, following in itertools.pairwise(route):
            onward = successors[lanes[lane]["successor_start"] : lanes[lane]["successor_end"]]
            assert following in onward or following in (lanes[lane]["left"], lanes[lane]["right"])
    assert made >= 4


def test_words_reach_the_driver_and_an_impossible_turn_changes_nothing():
    world = Simulator([load_town(towns()[0])], batch=1, traffic="none")
    before = world.state.route[0, 0].copy()
    assert world.request("gently, please") is None
    assert world.observe().words == ("gently, please",)
    assert np.array_equal(before, world.state.route[0, 0])


def test_the_sat_nav_says_what_it_did_and_what_it_could_not_do():
    world = Simulator([load_town(towns()[0])], batch=8, traffic="none")
    answers = [world.request("turn left", world=b) for b in range(8)]
    assert any(answer.startswith("left in ") for answer in answers)
    before = world.state.route.copy()
    assert "which stays as it was" in world.request("take the third left at the lights", world=0) or not np.array_equal(
        before[0], world.state.route[0]
    )


def test_at_the_lights_means_a_turn_that_lights_govern():
    assert at_lights("turn left at the lights") and not at_lights("turn left, lightly")
    for name in towns()[:4]:
        world = Simulator([load_town(name)], batch=8, traffic="none")
        lanes = world.atlas.roads.lanes
        for b in range(8):
            if reroute(world.atlas.roads, world.state, b, turn=LEFT, lit=True) is not None:
                governed = [int(lanes[k]["link"]) >= 0 for k in world.state.route[b, 0] if k >= 0 and lanes[k]["turn"] == LEFT]
                assert any(governed)


@pytest.mark.parametrize(
    ("words", "wish"),
    [("avoid the motorway", True), ("motorways are fine again", False), ("turn left", None), ("keep in the right lane", None)],
)
def test_whether_motorways_are_wanted(words, wish):
    assert wants_no_motorway(words) is wish


def test_a_route_past_the_motorway_is_connected_and_has_less_of_it():
    world = Simulator([load_town("fairhaven")], batch=32, traffic="none")
    roads = world.atlas.roads
    before = [motorway_ahead(roads, world.state, b) for b in range(32)]
    told = [world.request("avoid the motorway", world=b) for b in range(32)]
    after = [motorway_ahead(roads, world.state, b) for b in range(32)]
    assert all(now <= then for now, then in zip(after, before, strict=True))
    assert sum(now < then for now, then in zip(after, before, strict=True)) >= 3
    for b in range(32):
        assert ("way round" in told[b]) == (after[b] > 0), told[b]
        route = [int(lane) for lane in world.state.route[b, 0] if lane >= 0]
        for lane, following in itertools.pairwise(route):
            onward = roads.successors[roads.lanes[lane]["successor_start"] : roads.lanes[lane]["successor_end"]]
            assert following in onward or following in (roads.lanes[lane]["left"], roads.lanes[lane]["right"])


def test_where_there_is_no_motorway_its_avoidance_leaves_the_route_as_it_was():
    world = Simulator([load_town(towns()[0])], batch=1, traffic="none")
    before = world.state.route[0, 0].copy()
    assert "on the way ahead" in world.request("avoid the motorway")
    assert np.array_equal(before, world.state.route[0, 0])
