"""A lane that somebody asks for: laid where the change can begin, told to the driver while it is due, and over when it has been made."""

import numpy as np
import pytest

from caravela.evaluate.route_follow import baseline_control
from caravela.world.kernels.routes import is_lateral
from caravela.world.lane_choice import FARTHEST, due, wanted_lane
from caravela.world.maps.catalogue import load_town
from caravela.world.mirrored import mirrored
from caravela.world.simulator import Simulator

WORLDS = 16


@pytest.mark.parametrize(
    ("words", "lefthand", "side"),
    [
        ("change to the left lane", False, "left"),
        ("please move over into the right lane", False, "right"),
        ("Overtake when it is safe", False, "left"),
        ("overtake when it is safe", True, "right"),
        ("don't overtake", False, None),
        ("Could you move over to the left-hand lane, please?", True, "left"),
        ("don't change to the left lane", False, None),
        ("get out of the right lane", False, None),
        ("go left into Mill Lane", False, None),
        ("overtake nobody", False, None),
        ("turn left", False, None),
        ("keep left", False, None),
        ("which lane is the right one?", False, None),
        ("", False, None),
    ],
)
def test_which_lane_is_wanted(words, lefthand, side):
    assert wanted_lane(words, lefthand=lefthand) == side


@pytest.fixture(scope="module")
def town():
    return load_town("dunmore")


@pytest.fixture
def world(town):
    return Simulator([town], batch=WORLDS, traffic="none")


def ask_all(world):
    """Every car for a lane, left and right in turn; {world: side} of those that found one."""
    answers = {b: world.request(f"change to the {('left', 'right')[b % 2]} lane", world=b) for b in range(WORLDS)}
    return {b: ("left", "right")[b % 2] for b, answer in answers.items() if not answer.startswith("no lane")}


def test_the_route_leads_over_and_on_from_there(world):
    roads, before = world.atlas.roads, world.state.route[:, 0].copy()
    asked = ask_all(world)
    assert len(asked) >= 6
    for b, side in asked.items():
        route = [int(lane) for lane in world.state.route[b, 0] if lane >= 0]
        pairs = list(zip(route, route[1:], strict=False))
        changes = [(lane, following) for lane, following in pairs if is_lateral(roads.lanes, lane, following)]
        assert any(int(roads.lanes[lane][side]) == following for lane, following in changes)
        for lane, following in set(pairs) - set(changes):
            row = roads.lanes[lane]
            assert following in roads.successors[int(row["successor_start"]) : int(row["successor_end"])]
    for b in set(range(WORLDS)) - set(asked):
        np.testing.assert_array_equal(world.state.route[b, 0], before[b])


def test_the_driver_hears_of_it_while_it_is_due_and_not_before_or_after(world):
    asked = ask_all(world)
    heard: dict[int, list[int]] = {b: [] for b in range(WORLDS)}
    made = dict.fromkeys(asked, False)
    for tick in range(400):
        for b, words in enumerate(world.observe().words):
            if words:
                assert words == f"change to the {asked[b]} lane" and due(world.atlas.roads, world.state, b)[0] == asked[b]
                heard[b].append(tick)
        world.advance(baseline_control(world.atlas, world.state))
        for b in asked:
            made[b] = made[b] or (len(heard[b]) > 0 and abs(float(world.state.lane_offset[b, 0])) < 0.5 and heard[b][-1] < tick)
    done = [b for b in asked if heard[b] and heard[b][-1] < 370]  # and some time is left after it
    assert len(done) >= 5 and all(made[b] for b in done)
    for b in done:
        assert heard[b] == list(range(heard[b][0], heard[b][-1] + 1))  # once, in one go
    assert not any(heard[b] for b in set(range(WORLDS)) - set(asked))


def test_a_turn_that_undoes_a_lane_change_says_so(world):
    asked, told = ask_all(world), 0
    for b in asked:
        answer = world.request("turn left", world=b)
        if b not in world._changes:
            told += 1
            assert answer.endswith(", and no other lane before it")
        else:
            assert "no other lane" not in answer
    assert told


def test_overtaking_is_on_the_right_where_traffic_keeps_left(town):
    world = Simulator([mirrored(town)], batch=WORLDS, traffic="none")
    answers = [world.request("overtake when it is safe", world=b) for b in range(WORLDS)]
    assert all("right" in answer for answer in answers) and any(answer.startswith("to the right lane") for answer in answers)


def test_who_is_told_to_stay_hears_of_no_change(world):
    asked = ask_all(world)
    for b in asked:
        world.stay_in_lane(world=b)
    for _ in range(200):
        assert not any(world.observe().words)
        world.advance(baseline_control(world.atlas, world.state))


def test_a_lane_reaches_the_sat_nav_and_leaves_what_was_said_before(world):
    world.request("drive gently", world=0)
    answer = world.request("change to the left lane", world=0)
    assert world.words[0] == "drive gently" and (str(int(FARTHEST)) in answer or "left lane" in answer)


def test_a_guided_drive_hears_of_the_changes_on_its_route(world):
    world.guided[:] = True
    heard = 0
    for _ in range(300):
        for b, words in enumerate(world.observe().words):
            now = due(world.atlas.roads, world.state, b)
            assert words == (f"change to the {now[0]} lane" if now else "")
            heard += bool(words)
        world.advance(baseline_control(world.atlas, world.state))
    assert heard > 50
