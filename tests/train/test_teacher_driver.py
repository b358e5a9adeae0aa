"""Where the teacher stands at a red light, when it drives and when it is imitated."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.model.batch import BEV_COLUMNS, BEV_ROWS, BEV_X, BEV_Y
from caravela.train.collect import CollectConfig
from caravela.train.teacher_driver import RIGHT_AHEAD, TeacherDriver, _stop_short, load_teacher
from caravela.world import atlas
from caravela.world.kernels import events, labels, traffic
from caravela.world.kernels.vectors import AHEAD, IS_RED, LINE, LINE_SCALE, OBJECT, OBJECTS, ROW, RULES, STYLE, observe
from caravela.world.maps.catalogue import load_town
from caravela.world.simulator import Simulator

CARS = 48


def stands_before_red(driver: TeacherDriver) -> np.ndarray:
    """m from the front to the line of the red light that each of many cars has come to stand at, of those that stand first at one."""
    simulator = Simulator(atlas.build([load_town("alderton")]), batch=CARS, traffic="none")
    simulator.reset(3)
    found = np.full(CARS, np.nan)
    for _ in range(250):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        facts = np.zeros((CARS, labels.FACTS), np.float32)
        bird = np.zeros((CARS, BEV_ROWS, BEV_COLUMNS), np.uint8)
        labels.facts(simulator.atlas.roads, simulator.state.arrays(), np.array(BEV_X, np.float32), np.array(BEV_Y, np.float32), facts, bird)
        red = (facts[:, labels.LINK] >= 0) & (facts[:, labels.LAMP] == traffic.RED) & (simulator.state.timer[:, 0] > 2.0)
        found = np.where(np.isnan(found) & red, facts[:, labels.STOP], found)
        assert not ((simulator.flags[:, 0] & events.RED_LIGHT) & red).any()
    return found[found < 6.0]


def test_a_teacher_that_is_imitated_stops_short_of_the_line_and_stays_there():
    net = load_teacher(SHIPPED_TEACHER)
    by = CollectConfig().stops_short
    right_there, short = stands_before_red(TeacherDriver(net)), stands_before_red(TeacherDriver(net, stops_short=by))
    assert len(right_there) >= 5 and len(short) >= 5
    assert 0.5 < np.median(right_there) < 2.0
    assert abs(np.median(short) - np.median(right_there) - by) < 0.5
    assert short.min() > by


def test_a_line_put_no_nearer_is_told_as_the_world_tells_it():
    simulator = Simulator(atlas.build([load_town("alderton")]), batch=CARS, traffic="none")
    simulator.reset(3)
    driver = TeacherDriver(load_teacher(SHIPPED_TEACHER))
    for _ in range(40):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
    agents = simulator.state.agents.shape[1]
    rows, objects = np.zeros((CARS, agents, ROW), np.float32), np.zeros((CARS, agents, OBJECTS, OBJECT), np.float32)
    observe(simulator.atlas.roads, simulator.state.arrays(), rows, objects, np.zeros((CARS, agents, OBJECTS), np.bool_), True)
    told = rows[:, 0, -STYLE - RULES : -STYLE].copy()
    shortened = told.copy()
    _stop_short(shortened, simulator.state.speed[:, 0], by=0.0)
    distance = told[:, LINE] * LINE_SCALE
    far = (distance > RIGHT_AHEAD) & (distance < 59.0)  # none is told as farther than 60 m
    assert (told[far, IS_RED] * told[far, AHEAD]).sum() >= 5
    np.testing.assert_allclose(shortened[far], told[far], atol=1e-5)
