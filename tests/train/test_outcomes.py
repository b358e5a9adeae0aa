"""What becomes of plans, on a shipped town."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.core.types import KNOTS, Control
from caravela.train.outcomes import excuse, outcomes
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world import atlas
from caravela.world.kernels import events
from caravela.world.kernels.tick import RED_LIGHT, REWARD_PARTS
from caravela.world.kernels.traffic import RED
from caravela.world.kernels.vectors import STYLE
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.maps.lane_graph import LAMP_GREEN, LEFT, RIGHT, STRAIGHT
from caravela.world.navigator import reroute
from caravela.world.roaming import Roaming
from caravela.world.simulator import Simulator


@pytest.fixture(scope="module")
def driven():
    """Eight ego cars that the teacher has brought to speed, with the driver."""
    driver = TeacherDriver(load_teacher(SHIPPED_TEACHER))
    simulator = Simulator(atlas.build([load_town(towns()[0])]), batch=8, traffic="light")
    simulator.reset(5)
    for _ in range(60):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
    return simulator, driver


def plans(*, acceleration, curvature):
    knots = np.zeros((8, 1, KNOTS, 2), dtype=np.float32)
    knots[..., 0], knots[..., 1] = acceleration, curvature
    return knots


def test_leaving_the_road_is_a_failure_and_worth_less_than_the_teachers_own_plan(driven):
    simulator, driver = driven
    own = driver.label(simulator.atlas, simulator.state).knots[:, None]
    astray = plans(acceleration=2.0, curvature=0.2)
    knots, style = np.concatenate([own, astray], axis=1), np.zeros((8, STYLE), dtype=np.float32)
    returns, failed = outcomes(simulator.atlas, simulator.state, knots, driver=driver, style=style, seed=1)
    assert failed[:, 0].sum() <= 1
    assert failed[:, 1].sum() >= 6
    assert (returns[:, 0] > returns[:, 1] + 0.2).sum() >= 7
    assert ((returns >= 0.0) & (returns <= 1.0)).all()


def test_trying_out_leaves_the_world_as_it_was(driven):
    simulator, driver = driven
    before = simulator.state.copy()
    style = np.zeros((8, STYLE), dtype=np.float32)
    outcomes(simulator.atlas, simulator.state, plans(acceleration=0.5, curvature=0.0), driver=driver, style=style, seed=1)
    for mine, theirs in zip(before._parts(), simulator.state._parts(), strict=True):
        assert (mine == theirs).all()
    simulator.advance(Control(np.zeros(8, np.float32), np.zeros(8, np.float32)))


def test_who_is_shown_no_route_may_turn_off_the_hidden_one():
    """The teacher's own plan for one way, judged while the hidden route takes another: a fault with a route, and none without."""
    driver = TeacherDriver(load_teacher(SHIPPED_TEACHER))
    simulator = Simulator(atlas.build([load_town(towns()[0])]), batch=8, traffic="none")
    simulator.reset(5)
    roaming, style = Roaming(simulator.atlas), np.zeros((8, STYLE), dtype=np.float32)
    bound, free = [], []
    for tick in range(400):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        if tick % 10:
            continue
        own = driver.label(simulator.atlas, simulator.state).knots[:, None]
        other = simulator.state.copy()
        near = np.zeros(8, dtype=np.bool_)
        for world in np.flatnonzero(other.speed[:, 0] > 3.0):
            turn = int(_next_turn(simulator, world))
            metres = reroute(simulator.atlas.roads, other, int(world), turn=LEFT if turn != LEFT else RIGHT)
            near[world] = metres is not None and metres < 18.0 and abs(own[world, 0, :, 1]).max() > 0.05
        if near.any():
            kwargs = {"driver": driver, "style": style, "seed": 1, "roaming": roaming}
            bound += list(outcomes(simulator.atlas, other, own, roams=np.zeros_like(near), **kwargs)[0][near, 0])
            free += list(outcomes(simulator.atlas, other, own, roams=near, **kwargs)[0][near, 0])
    assert len(free) >= 3
    assert min(free) > 0.4 > min(bound) and np.mean(free) > np.mean(bound) + 0.05


def test_a_red_light_of_the_hidden_way_alone_is_no_fault_of_who_is_shown_no_route():
    simulator = Simulator(atlas.build([load_town(towns()[0])]), batch=4, traffic="none")
    roaming = Roaming(simulator.atlas)
    link = simulator.atlas.roads.lanes["link"]
    lane, ways = next((k, ways) for k, ways in roaming.ways.items() if (link[ways] >= 0).all() and len(set(link[ways])) > 1)
    others = int(next(link[w] for w in ways if link[w] != link[lane]))
    simulator.state.lamp[:, link[ways]] = RED
    simulator.state.lamp[1:, others] = LAMP_GREEN
    flags, parts = np.full(4, events.RED_LIGHT, dtype=np.int32), np.zeros((4, REWARD_PARTS), dtype=np.float32)
    parts[:, RED_LIGHT] = 1.0
    roams = np.array([True, True, False, True])
    excuse(roaming, simulator.state, np.full(4, lane, dtype=np.int32), roams=roams, flags=flags, parts=parts)
    assert (flags > 0).tolist() == [True, False, True, False]  # red for all ways; excused; on its route; excused
    assert parts[:, RED_LIGHT].tolist() == [1.0, 0.0, 1.0, 0.0]


def _next_turn(simulator, world):
    """Which way the route of a car turns at the junction ahead."""
    ego, lanes = simulator.state.agents[world, 0], simulator.atlas.roads.lanes
    ahead = [int(lane) for lane in ego["route"][ego["route_at"] :] if lane >= 0]
    return next((lanes[lane]["turn"] for lane in ahead if lanes[lane]["turn"] in (LEFT, RIGHT, STRAIGHT)), STRAIGHT)
