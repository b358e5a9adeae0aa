"""Where the teacher stands at a red light, when it drives and when it is imitated."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.model.batch import BEV_COLUMNS, BEV_ROWS, BEV_X, BEV_Y
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world import atlas
from caravela.world.kernels import events, labels, traffic
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
    right_there, short = stands_before_red(TeacherDriver(net)), stands_before_red(TeacherDriver(net, stops_short=1.2))
    assert len(right_there) >= 5 and len(short) >= 5
    assert 0.5 < np.median(right_there) < 2.0
    assert 0.7 < np.median(short) - np.median(right_there) < 1.7
    assert short.min() > 1.5
